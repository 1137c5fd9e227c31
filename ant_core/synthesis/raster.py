"""Vector shapes -> exact planes of ids.

Skia fills the paths without anti-aliasing and without colour management, so that an id written as a
colour comes back as the same id.
"""

from __future__ import annotations

import re

import numpy as np
import skia
from numba import njit
from numpy.typing import NDArray

__all__ = ["Affine", "Contour", "IdCanvas", "affine", "compose", "contour_area", "contour_length", "merge_islands", "parse_contours", "polygon"]

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
        self._surface = skia.Surface(self._pixels)  # kept: the canvas dies with its surface
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


@njit(cache=True)  # type: ignore[untyped-decorator]
def _root(parent: NDArray[np.int32], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True)  # type: ignore[untyped-decorator]
def _components(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Label 4-connected areas of equal id 0, 1, ... (every pixel, paper too)."""
    h, w = ids.shape
    labels = np.empty((h, w), np.int32)
    parent = np.empty(h * w // 2 + w + 2, np.int32)
    count = 0
    for y in range(h):
        for x in range(w):
            left = x > 0 and ids[y, x - 1] == ids[y, x]
            up = y > 0 and ids[y - 1, x] == ids[y, x]
            if left:
                labels[y, x] = labels[y, x - 1]
                if up:
                    a, b = _root(parent, labels[y, x]), _root(parent, labels[y - 1, x])
                    parent[max(a, b)] = min(a, b)
            elif up:
                labels[y, x] = labels[y - 1, x]
            else:
                if count == len(parent):
                    parent = np.concatenate((parent, np.empty_like(parent)))
                parent[count] = count
                labels[y, x] = count
                count += 1
    names = np.full(count, -1, np.int32)
    named = 0
    for i in range(count):
        root = _root(parent, i)
        if names[root] < 0:
            names[root] = named
            named += 1
        names[i] = names[root]
    for y in range(h):
        for x in range(w):
            labels[y, x] = names[labels[y, x]]
    return labels


@njit(cache=True)  # type: ignore[untyped-decorator]
def _island_borders(
    labels: NDArray[np.int32], small: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """List the pixel pairs (small area, other area) along the border of small areas."""
    h, w = labels.shape
    inside = np.empty(1024, np.int32)
    outside = np.empty(1024, np.int32)
    n = 0
    for y in range(h):
        if n + 4 * w > len(inside):
            inside = np.concatenate((inside, np.empty(len(inside) + 4 * w, np.int32)))
            outside = np.concatenate((outside, np.empty(len(outside) + 4 * w, np.int32)))
        for x in range(w):
            a = labels[y, x]
            for dy, dx in ((0, 1), (1, 0)):
                if y + dy < h and x + dx < w:
                    b = labels[y + dy, x + dx]
                    if a != b and small[a]:
                        inside[n], outside[n], n = a, b, n + 1
                    if a != b and small[b]:
                        inside[n], outside[n], n = b, a, n + 1
    return inside[:n].copy(), outside[:n].copy()


def merge_islands(ids: NDArray[np.int32], min_area_px: int) -> NDArray[np.int32]:
    """Give every connected area under ``min_area_px`` the id of the neighbour it borders on most.

    Areas are merged smallest first and follow one another, so that a group of specks ends in one
    large neighbour.  Returns a new (H, W) int32 plane.
    """
    labels = _components(ids)
    area = np.bincount(labels.ravel())
    small = area < min_area_px
    if not small.any() or small.all():
        return ids.copy()
    inside, outside = _island_borders(labels, small)
    joint, length = np.unique(inside.astype(np.int64) * len(area) + outside, return_counts=True)
    pairs = np.stack(np.divmod(joint, len(area)), axis=1)
    # A neighbour that stays wins over one that is itself merged away.
    weight = length + np.where(small[pairs[:, 1]], 0, 1_000_000)
    order = np.lexsort((pairs[:, 1], -weight, pairs[:, 0]))
    first = np.unique(pairs[order, 0], return_index=True)[1]
    chosen = pairs[order][first]
    target = np.arange(len(area))
    for a, b in chosen[np.argsort(area[chosen[:, 0]], kind="stable")]:
        if target[b] != a:  # two specks that know only each other stay as they are
            target[a] = b
    for _ in range(16):
        target = target[target]
    owner = np.empty(len(area), dtype=np.int32)
    owner[labels] = ids
    return owner[target][labels]
