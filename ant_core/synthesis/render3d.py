"""Rendering to exact ids with OpenGL: an integer plane, depth and normals, no anti-aliasing.

moderngl opens a context without a window (EGL); Mesa's llvmpipe serves where there is no GPU.
Lines inside a part come from jumps of depth and sharp bends of the surface.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

# One process uses one core; generation in parallel starts more processes.  Read when Mesa loads.
os.environ.setdefault("LP_NUM_THREADS", "1")
import moderngl

from ant_core.errors import DeviceUnavailable
from ant_core.synthesis.gltf import Floats

__all__ = [
    "Planes",
    "Renderer",
    "crease_edges",
    "depth_edges",
    "look_at",
    "perspective",
    "without_specks",
]

_VERTEX = """
#version 330
uniform mat4 projection;
uniform mat4 view;
in vec3 position;
in vec3 normal;
in int part;
flat out int f_part;
out vec3 f_normal;
out float f_depth;
void main() {
    vec4 seen = view * vec4(position, 1.0);
    gl_Position = projection * seen;
    f_part = part;
    f_normal = mat3(view) * normal;
    f_depth = -seen.z;
}
"""

_FRAGMENT = """
#version 330
flat in int f_part;
in vec3 f_normal;
in float f_depth;
layout(location = 0) out int id;
layout(location = 1) out vec4 surface;
void main() {
    id = f_part;
    vec3 n = normalize(f_normal);
    surface = vec4(gl_FrontFacing ? n : -n, f_depth);
}
"""


@dataclass(frozen=True)
class Planes:
    """One rendered frame.

    Attributes
    ----------
    ids
        (H, W) int32, 0 where nothing is.
    depth
        (H, W) float32 distance from the camera's plane, 0 where nothing is.
    normals
        (H, W, 3) float32 in the camera's axes (x right, y up, z towards the camera).
    """

    ids: NDArray[np.int32]
    depth: Floats
    normals: Floats


def perspective(fov_y: float, aspect: float, near: float, far: float) -> Floats:
    """Return the (4, 4) OpenGL projection; ``fov_y`` in radians."""
    f = 1 / np.tan(fov_y / 2)
    matrix = np.zeros((4, 4), np.float32)
    matrix[0, 0], matrix[1, 1] = f / aspect, f
    matrix[2, 2], matrix[2, 3] = (far + near) / (near - far), 2 * far * near / (near - far)
    matrix[3, 2] = -1
    return matrix


def look_at(eye: NDArray[np.floating], target: NDArray[np.floating], roll: float = 0.0) -> Floats:
    """Return (4, 4): world -> camera at ``eye`` towards ``target``, y up, rolled by radians."""
    back = (eye - target) / max(float(np.linalg.norm(eye - target)), 1e-9)
    right = np.cross([0.0, 1.0, 0.0], back)
    right = right / max(float(np.linalg.norm(right)), 1e-9)
    up = np.cross(back, right)
    c, s = np.cos(roll), np.sin(roll)
    axes = np.stack((c * right + s * up, c * up - s * right, back))
    matrix = np.eye(4, dtype=np.float32)
    matrix[:3, :3], matrix[:3, 3] = axes, -axes @ eye
    return matrix


def _context() -> Any:
    options: dict[str, Any] = {"standalone": True, "backend": "egl"}
    try:
        return moderngl.create_context(**options)
    except Exception as error:  # moderngl raises bare Exceptions of several libraries
        raise DeviceUnavailable(
            f"No OpenGL context without a window can be opened ({error}): "
            "install EGL and Mesa (Debian: libegl1 libgl1-mesa-dri)."
        ) from error


class Renderer:
    """An OpenGL context with the one shader we need; keeps its targets while the size stays."""

    def __init__(self) -> None:
        self._gl = _context()
        self._program = self._gl.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        self._size: tuple[int, int] | None = None
        self._target: Any = None

    def _resize(self, height: int, width: int) -> None:
        if self._size == (height, width):
            return
        if self._target is not None:
            for attachment in (*self._target.color_attachments, self._target.depth_attachment):
                attachment.release()
            self._target.release()
        size = (width, height)
        colors = [self._gl.texture(size, 1, dtype="i4"), self._gl.texture(size, 4, dtype="f4")]
        self._target = self._gl.framebuffer(colors, self._gl.depth_renderbuffer(size))
        self._size = (height, width)

    def render(
        self,
        size: tuple[int, int],
        view: Floats,
        projection: Floats,
        *,
        positions: Floats,
        normals: Floats,
        parts: NDArray[np.int32],
        faces: NDArray[np.int32],
    ) -> Planes:
        """Draw triangles, both sides, nearest first.

        Parameters
        ----------
        size
            (H, W) in pixels.
        view, projection
            (4, 4) world -> camera, and camera -> clip space.
        positions, normals, parts
            (V, 3), (V, 3) float32 in the world; (V,) int32 id > 0, one for all corners of a face.
        faces
            (F, 3) int32.
        """
        self._resize(*size)
        gl, program = self._gl, self._program
        program["view"].write(np.ascontiguousarray(view.T, np.float32).tobytes())
        program["projection"].write(np.ascontiguousarray(projection.T, np.float32).tobytes())
        buffers = [
            gl.buffer(np.ascontiguousarray(positions, np.float32).tobytes()),
            gl.buffer(np.ascontiguousarray(normals, np.float32).tobytes()),
            gl.buffer(np.ascontiguousarray(parts, np.int32).tobytes()),
        ]
        index = gl.buffer(np.ascontiguousarray(faces, np.int32).tobytes())
        formats = (("3f", "position"), ("3f", "normal"), ("1i", "part"))
        content = [(b, f, name) for b, (f, name) in zip(buffers, formats, strict=True)]
        array = gl.vertex_array(program, content, index, 4)
        self._target.use()
        gl.enable_only(gl.DEPTH_TEST)
        self._target.clear(0.0, 0.0, 0.0, 0.0)
        array.render(gl.TRIANGLES)
        planes = self._read(*size)
        for thing in (array, index, *buffers):
            thing.release()
        return planes

    def _read(self, height: int, width: int) -> Planes:
        ids = np.frombuffer(
            self._target.read(components=1, attachment=0, dtype="i4", alignment=1), np.int32
        )
        surface = np.frombuffer(
            self._target.read(components=4, attachment=1, dtype="f4", alignment=1), np.float32
        ).reshape(height, width, 4)
        # OpenGL counts rows from the bottom.
        ids = np.ascontiguousarray(ids.reshape(height, width)[::-1])
        depth = np.ascontiguousarray(surface[::-1, :, 3])
        return Planes(ids, depth, np.ascontiguousarray(surface[::-1, :, :3]))


def _jumps(depth: Floats, least: float) -> NDArray[np.bool_]:
    """Mark (H, W) pixels on the near side of a jump of depth to the next column."""
    step = np.diff(depth, axis=1)
    size = np.abs(step)
    around = np.zeros_like(size)
    # A slope has steps like its neighbours', a jump stands alone.
    around[:, 1:] = size[:, :-1]
    around[:, :-1] = np.maximum(around[:, :-1], size[:, 1:])
    jump = size - around > least
    marked = np.zeros(depth.shape, bool)
    marked[:, :-1] |= jump & (step > 0)
    marked[:, 1:] |= jump & (step < 0)
    return marked


def depth_edges(planes: Planes, least: float) -> NDArray[np.bool_]:
    """Mark where one part passes in front of itself.

    Parameters
    ----------
    planes
        A rendered frame.
    least
        Smallest jump of depth, in world units.

    Returns
    -------
    (H, W) bool
        Pixels on the near side of a jump, inside parts only.
    """
    depth = np.where(planes.ids > 0, planes.depth, planes.depth.max() * 2)
    marked = _jumps(depth, least) | _jumps(depth.T, least).T
    return marked & _inside(planes.ids)


def crease_edges(planes: Planes, angle: float) -> NDArray[np.bool_]:
    """Mark (H, W) where a part bends by more than ``angle`` radians from pixel to pixel."""
    least = np.float32(np.cos(angle))
    n, marked = planes.normals, np.zeros(planes.ids.shape, bool)
    marked[:, 1:] |= np.einsum("hwc,hwc->hw", n[:, 1:], n[:, :-1]) < least
    marked[1:] |= np.einsum("hwc,hwc->hw", n[1:], n[:-1]) < least
    return marked & _inside(planes.ids)


def _inside(ids: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Mark pixels whose four neighbours have the same id; elsewhere a line is drawn anyway."""
    inside = ids > 0
    across = ids[:, 1:] == ids[:, :-1]
    down = ids[1:] == ids[:-1]
    inside[:, 1:] &= across
    inside[:, :-1] &= across
    inside[1:] &= down
    inside[:-1] &= down
    return inside


def without_specks(edges: NDArray[np.bool_], least_px: int) -> NDArray[np.bool_]:
    """Return edges without connected pieces of fewer than ``least_px`` pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        edges.astype(np.uint8), connectivity=8
    )
    keep = stats[:count, cv2.CC_STAT_AREA] >= least_px
    keep[0] = False
    kept: NDArray[np.bool_] = keep[labels]
    return kept
