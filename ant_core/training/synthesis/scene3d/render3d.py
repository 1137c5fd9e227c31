"""Rendering to exact ids with OpenGL: an integer plane, depth and normals, no anti-aliasing.

moderngl opens a context without a window (EGL); Mesa's llvmpipe serves where there is no GPU.
Lines inside a part come from jumps of depth and sharp bends of the surface.  Optical flow is exact:
every vertex is also placed where it is in the frames around, and the differences are interpolated.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

# One process uses one core; generation in parallel starts more processes.  Read when Mesa loads.
os.environ.setdefault("LP_NUM_THREADS", "1")
import moderngl

from ant_core.errors import DeviceUnavailable
from ant_core.training.synthesis.scene3d.gltf import Floats

__all__ = [
    "Planes",
    "Renderer",
    "Sight",
    "crease_edges",
    "depth_edges",
    "look_at",
    "perspective",
    "without_specks",
]

_FLOW = "#define FLOW"
_REST = "#define REST"

_VERTEX = """
uniform mat4 projection;
uniform mat4 view;
in vec3 position;
in vec3 normal;
in int part;
flat out int f_part;
out vec3 f_normal;
out float f_depth;
#ifdef REST
in vec3 rest;
out vec3 f_rest;
#endif
#ifdef FLOW
uniform mat4 here;
uniform mat4 after;
uniform mat4 before;
in vec3 position_after;
in vec3 position_before;
out vec4 f_here;
out vec4 f_after;
out vec4 f_before;
// One way for all three, or what stands still would move by a rounding.
vec4 place(mat4 camera, vec3 point) { return camera * vec4(point, 1.0); }
#endif
void main() {
    vec4 seen = view * vec4(position, 1.0);
    gl_Position = projection * seen;
    f_part = part;
    f_normal = mat3(view) * normal;
    f_depth = -seen.z;
#ifdef REST
    f_rest = rest;
#endif
#ifdef FLOW
    f_here = place(here, position);
    f_after = place(after, position_after);
    f_before = place(before, position_before);
#endif
}
"""

_FRAGMENT = """
flat in int f_part;
in vec3 f_normal;
in float f_depth;
layout(location = 0) out int id;
layout(location = 1) out vec4 surface;
#ifdef REST
in vec3 f_rest;
layout(location = 3) out vec4 material;
#endif
#ifdef FLOW
uniform vec2 half_size;
in vec4 f_here;
in vec4 f_after;
in vec4 f_before;
layout(location = 2) out vec4 flow;
// What comes to lie beside or behind the other camera leaves the picture, but not to infinity.
vec2 pixels(vec4 point) { return point.xy / max(point.w, 0.05) * half_size; }
#endif
void main() {
    id = f_part;
    vec3 n = normalize(f_normal);
    surface = vec4(gl_FrontFacing ? n : -n, f_depth);
#ifdef REST
    material = vec4(f_rest, 1.0);
#endif
#ifdef FLOW
    flow = vec4(pixels(f_after), pixels(f_before)) - pixels(f_here).xyxy;
#endif
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
    forward, backward
        (H, W, 2) float32 pixels, x to the right and y down, from each pixel to where its point of
        the surface lies in the frame after and before, seen there or not; 0 where nothing is.
        None where no such frame was given.
    rest
        (H, W, 3) float32, where the point of the surface lies while its figure stands at rest: the
        same on it at all times; None where it was not asked for.
    """

    ids: NDArray[np.int32]
    depth: Floats
    normals: Floats
    forward: Floats | None = None
    backward: Floats | None = None
    rest: Floats | None = None


@dataclass(frozen=True)
class Sight:
    """Where the same vertices are in another frame, and the camera that sees them there.

    Attributes
    ----------
    view, projection
        (4, 4) world -> camera, and camera -> clip space.
    positions
        (V, 3) float32 in the world, in the order of the frame that is rendered.
    """

    view: Floats
    projection: Floats
    positions: Floats

    @property
    def camera(self) -> Floats:
        """World -> clip space, (4, 4)."""
        return self.projection @ self.view


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
    """An OpenGL context with our shaders; keeps its targets while the size stays."""

    def __init__(self) -> None:
        self._gl = _context()
        self._programs: dict[tuple[bool, bool], Any] = {}
        self._size: tuple[int, int] | None = None
        self._target: Any = None

    def _program(self, flows: bool, rest: bool) -> Any:
        key = flows, rest
        if key not in self._programs:
            names = [name for name, wanted in ((_FLOW, flows), (_REST, rest)) if wanted]
            head = "\n".join(["#version 330", *names, ""])
            self._programs[key] = self._gl.program(
                vertex_shader=head + _VERTEX, fragment_shader=head + _FRAGMENT
            )
        return self._programs[key]

    def _resize(self, height: int, width: int) -> None:
        if self._size == (height, width):
            return
        if self._target is not None:
            for attachment in (*self._target.color_attachments, self._target.depth_attachment):
                attachment.release()
            self._target.release()
        size = (width, height)
        # Id; normal and depth; both flows; the place at rest.
        kinds = ((1, "i4"), (4, "f4"), (4, "f4"), (4, "f4"))
        colors = [self._gl.texture(size, count, dtype=kind) for count, kind in kinds]
        self._target = self._gl.framebuffer(colors, self._gl.depth_renderbuffer(size))
        self._size = (height, width)

    def render(
        self,
        size: tuple[int, int],
        sight: Sight,
        *,
        normals: Floats,
        parts: NDArray[np.int32],
        faces: NDArray[np.int32],
        after: Sight | None = None,
        before: Sight | None = None,
        rest: Floats | None = None,
    ) -> Planes:
        """Draw triangles, both sides, nearest first.

        Parameters
        ----------
        size
            (H, W) in pixels.
        sight
            The vertices, and the camera that sees them.
        normals, parts
            (V, 3) float32 in the world; (V,) int32 id > 0, one for all corners of a face.
        faces
            (F, 3) int32.
        after, before
            The same vertices in the frames around, for flow; where only one is given, the other
            flow is None.
        rest
            (V, 3) float32, the vertices at rest, where `Planes.rest` is wanted.
        """
        self._resize(*size)
        flows = after is not None or before is not None
        program = self._program(flows, rest is not None)
        matrices = {"view": sight.view, "projection": sight.projection}
        vertices: dict[str, NDArray[Any]] = {
            "position": np.asarray(sight.positions, np.float32),
            "normal": np.asarray(normals, np.float32),
            "part": np.asarray(parts, np.int32),
        }
        if rest is not None:
            vertices["rest"] = np.asarray(rest, np.float32)
        if flows:
            matrices["here"] = sight.camera
            for name, other in (("after", after or sight), ("before", before or sight)):
                matrices[name] = other.camera
                vertices[f"position_{name}"] = np.asarray(other.positions, np.float32)
            program["half_size"].value = (size[1] / 2, size[0] / 2)
        for name, matrix in matrices.items():
            program[name].write(np.ascontiguousarray(matrix.T, np.float32).tobytes())
        self._draw(program, vertices, faces)
        ids, surface = self._read(0, 1, "i4"), self._read(1, 4, "f4")
        planes = Planes(ids[..., 0], np.ascontiguousarray(surface[..., 3]), surface[..., :3].copy())
        if rest is not None:
            planes = replace(planes, rest=self._read(3, 4, "f4")[..., :3].copy())
        if not flows:
            return planes
        # OpenGL's y goes up, a picture's down.
        both = self._read(2, 4, "f4") * np.array((1, -1, 1, -1), np.float32)
        forward, backward = both[..., :2].copy(), both[..., 2:].copy()
        return replace(
            planes,
            forward=forward if after is not None else None,
            backward=backward if before is not None else None,
        )

    def _draw(
        self, program: Any, vertices: dict[str, NDArray[Any]], faces: NDArray[np.int32]
    ) -> None:
        gl = self._gl
        formats = {"part": "1i"}
        content = [
            (gl.buffer(np.ascontiguousarray(values).tobytes()), formats.get(name, "3f"), name)
            for name, values in vertices.items()
        ]
        index = gl.buffer(np.ascontiguousarray(faces, np.int32).tobytes())
        array = gl.vertex_array(program, content, index, 4)
        self._target.use()
        gl.enable_only(gl.DEPTH_TEST)
        self._target.clear(0.0, 0.0, 0.0, 0.0)
        array.render(gl.TRIANGLES)
        for thing in (array, index, *(buffer for buffer, _, _ in content)):
            thing.release()

    def _read(self, attachment: int, count: int, kind: str) -> NDArray[Any]:
        """Return a target as (H, W, count), top row first."""
        assert self._size is not None
        data = self._target.read(components=count, attachment=attachment, dtype=kind, alignment=1)
        plane = np.frombuffer(data, kind).reshape(*self._size, count)
        return np.ascontiguousarray(plane[::-1])  # OpenGL counts rows from the bottom


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
