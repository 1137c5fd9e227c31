"""Vector shapes -> exact planes of ids.

Skia fills the paths without anti-aliasing and without colour management, so that an id written as a
colour comes back as the same id.
"""

from __future__ import annotations

import re

import numpy as np
import skia
from numpy.typing import NDArray

__all__ = [
    "IDENTITY",
    "Affine",
    "Contour",
    "IdCanvas",
    "affine",
    "build_path",
    "compose",
    "contour_area",
    "contour_length",
    "contour_points",
    "parse_contours",
    "polygon",
]

#: x' = a*x + c*y + tx, y' = b*x + d*y + ty, stored as (a, b, c, d, tx, ty).
Affine = tuple[float, float, float, float, float, float]

#: Commands M, L, Q with their numbers; closed at the end.
Contour = list[tuple[str, tuple[float, ...]]]

IDENTITY: Affine = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

_TOKEN = re.compile(r"[MLQZ]|-?[0-9.]+(?:e-?[0-9]+)?")


def compose(outer: Affine, inner: Affine) -> Affine:
    """Return the map that applies ``inner`` first and ``outer`` after it."""
    a, b, c, d, tx, ty = outer
    e, f, g, h, sx, sy = inner
    return (
        a * e + c * f,
        b * e + d * f,
        a * g + c * h,
        b * g + d * h,
        a * sx + c * sy + tx,
        b * sx + d * sy + ty,
    )


def affine(
    angle: float = 0.0,
    scale: float | tuple[float, float] = 1.0,
    move: tuple[float, float] = (0.0, 0.0),
    about: tuple[float, float] = (0.0, 0.0),
) -> Affine:
    """Scale, then rotate by ``angle`` radians, both about ``about``, then move."""
    sx, sy = scale if isinstance(scale, tuple) else (scale, scale)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    a, b, c, d = cos * sx, sin * sx, -sin * sy, cos * sy
    x, y = about
    return (a, b, c, d, x - a * x - c * y + move[0], y - b * x - d * y + move[1])


def parse_contours(d: str) -> list[Contour]:
    """Parse SVG path syntax of absolute M, L, Q and Z into contours of (command, numbers).

    Lone points without a line are left out.
    """
    contours: list[Contour] = []
    command, numbers = "M", []
    for token in _TOKEN.findall(d):
        if token in "MLQZ":
            command = token
            continue
        numbers.append(float(token))
        if len(numbers) == (4 if command == "Q" else 2):
            if command == "M":
                contours.append([])
            contours[-1].append((command, tuple(numbers)))
            command = "L" if command == "M" else command
            numbers = []
    return [contour for contour in contours if len(contour) > 1]


def contour_points(contour: Contour) -> NDArray[np.float64]:
    """Return all points of a contour, control points included, (P, 2)."""
    return np.array([n for _, numbers in contour for n in numbers]).reshape(-1, 2)


def contour_area(points: NDArray[np.float64]) -> float:
    """Return the area inside a closed polygon by the shoelace formula."""
    x, y = points[:, 0], points[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def contour_length(points: NDArray[np.float64]) -> float:
    """Return the length of a closed polygon's border."""
    step = points - np.roll(points, 1, axis=0)
    return float(np.hypot(step[:, 0], step[:, 1]).sum())


def build_path(contours: list[Contour]) -> skia.Path:
    """Return one even-odd path of closed contours."""
    builder = skia.PathBuilder()
    builder.setFillType(skia.PathFillType.kEvenOdd)
    for contour in contours:
        for command, numbers in contour:
            if command == "M":
                builder.moveTo(*numbers)
            elif command == "L":
                builder.lineTo(*numbers)
            else:
                builder.quadTo(*numbers)
        builder.close()
    return builder.detach()


def polygon(points: NDArray[np.floating], smooth: bool = False) -> skia.Path:
    """Return a closed path through (P, 2) points; ``smooth`` rounds every corner off."""
    builder = skia.PathBuilder()
    middles = (points + np.roll(points, -1, axis=0)) / 2
    start = middles[-1] if smooth else points[0]
    builder.moveTo(float(start[0]), float(start[1]))
    for point, middle in zip(points, middles, strict=True):
        if smooth:
            builder.quadTo(float(point[0]), float(point[1]), float(middle[0]), float(middle[1]))
        else:
            builder.lineTo(float(point[0]), float(point[1]))
    builder.close()
    return builder.detach()


class IdCanvas:
    """An (H, W) plane that paths are filled into, each with its id (0..65535)."""

    def __init__(self, height: int, width: int) -> None:
        self._pixels = np.zeros((height, width, 4), dtype=np.uint8)
        self._surface = skia.Surface(self._pixels)  # kept: the canvas is freed with its surface
        self._canvas = self._surface.getCanvas()
        self._paint = skia.Paint(AntiAlias=False)

    def fill(self, path: skia.Path, matrix: Affine, part: int) -> None:
        """Fill ``path``, mapped by ``matrix`` to pixels, with the id ``part``."""
        a, b, c, d, tx, ty = matrix
        self._canvas.setMatrix(skia.Matrix.MakeAll(a, c, tx, b, d, ty, 0, 0, 1))
        self._paint.setColor(skia.ColorSetRGB(part & 255, part >> 8, 0))
        self._canvas.drawPath(path, self._paint)

    def plane(self) -> NDArray[np.int32]:
        """Return the ids, (H, W) int32; a copy."""
        low = self._pixels[..., 0].astype(np.int32)  # a surface over an array is RGBA
        return low | (self._pixels[..., 1].astype(np.int32) << 8)
