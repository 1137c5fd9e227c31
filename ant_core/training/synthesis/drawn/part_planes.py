"""One part of a drawn figure -> planes: the artist's ink and the regions that it bounds.

A region is what a connected stretch of one fill is after the ink of the same part is taken away,
or bare paper that this ink encloses.  Lines of another part that cross it do not divide it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from ant_core.training.synthesis.drawn.drawn_parts import DrawnShape
from ant_core.training.synthesis.puppet.raster import Affine, IdCanvas, compose

__all__ = ["PartPlanes", "half_width", "part_planes"]

_INK = 128  # cover from which a pixel is the line's, not the region's


@dataclass(frozen=True)
class PartPlanes:
    """A part in its figure's still pose, h x w pixels of it.

    Attributes
    ----------
    corner
        (x, y) of the planes' first pixel in the figure's still picture.
    ink
        (h, w) uint8, 255 = ink.
    regions
        (h, w) uint16, 0 = nothing of this part, else a number from 1; also under the ink, where it
        is that of the nearest pixel.
    fills
        Number of a region less 1 -> its fill; "" = bare paper that ink encloses.
    """

    corner: tuple[int, int]
    ink: NDArray[np.uint8]
    regions: NDArray[np.uint16]
    fills: tuple[str, ...]


class _InkCanvas:
    """Ink with smooth edges, 0..255; a fill takes away what lies under it."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._pixels = np.zeros((*shape, 4), dtype=np.uint8)
        self._surface = skia.Surface(self._pixels)
        self._canvas = self._surface.getCanvas()

    def add(self, path: skia.Path, matrix: Affine, *, is_ink: bool, rim_px: float) -> None:
        """Fill a path; ink with a rim is a line of `rim_px` along the inside of its edge."""
        a, b, c, d, tx, ty = matrix
        self._canvas.save()
        self._canvas.setMatrix(skia.Matrix.MakeAll(a, c, tx, b, d, ty, 0, 0, 1))
        paint = skia.Paint(AntiAlias=True, Color=skia.ColorBLACK)
        if is_ink and not rim_px:
            paint.setColor(skia.ColorWHITE)
        self._canvas.drawPath(path, paint)
        if is_ink and rim_px:
            self._canvas.clipPath(path, doAntiAlias=True)
            scale = float(np.sqrt(abs(a * d - b * c)))
            pen = skia.Paint(AntiAlias=True, Color=skia.ColorWHITE, StrokeWidth=2 * rim_px / scale)
            pen.setStyle(skia.Paint.kStroke_Style)
            self._canvas.drawPath(path, pen)
        self._canvas.restore()

    def plane(self) -> NDArray[np.uint8]:
        return self._pixels[..., 0].copy()


def _box(shapes: Sequence[DrawnShape], to_pixels: Affine) -> tuple[int, int, int, int]:
    """Return x0, y0, width, height in pixels that hold all shapes, with 3 pixels around."""
    corners = []
    for shape in shapes:
        a, b, c, d, tx, ty = compose(to_pixels, shape.matrix)
        bounds = skia.Matrix.MakeAll(a, c, tx, b, d, ty, 0, 0, 1).mapRect(shape.path.getBounds())
        corners.append((bounds.left(), bounds.top(), bounds.right(), bounds.bottom()))
    low, high = np.array(corners)[:, :2].min(0), np.array(corners)[:, 2:].max(0)
    x0, y0 = (int(n) for n in np.floor(low) - 3)
    width, height = (int(n) for n in np.ceil(high) + 3 - (x0, y0))
    return x0, y0, width, height


def part_planes(
    shapes: Sequence[DrawnShape], to_pixels: Affine, *, rim_px: float, least_px: int
) -> PartPlanes:
    """Draw a part.

    Parameters
    ----------
    shapes
        From back to front, at least one.
    to_pixels
        The figure's units -> pixels of its still picture.
    rim_px
        0 leaves ink as it is; else broad black masses become regions with a line of this width
        around them, as hair is drawn that is to be coloured.
    least_px
        Smaller regions belong to the nearest other.
    """
    x0, y0, width, height = _box(shapes, to_pixels)
    to_crop = compose((1.0, 0.0, 0.0, 1.0, -float(x0), -float(y0)), to_pixels)
    owners, inks = IdCanvas(height, width), _InkCanvas((height, width))
    for i, shape in enumerate(shapes, 1):
        matrix = compose(to_crop, shape.matrix)
        inks.add(shape.path, matrix, is_ink=shape.is_ink, rim_px=rim_px)
        if rim_px or not shape.is_ink:
            owners.fill(shape.path, matrix, i)
    ink, owner = inks.plane(), owners.plane()
    masses = np.array([False, *(shape.is_ink for shape in shapes)])
    regions, fills = np.zeros_like(owner), []
    for number, area in _areas(owner, ink < _INK):
        if masses[number] and half_width(area) < 1.5 * rim_px:  # a line, which stays black
            ink[area] = 255
            continue
        if np.count_nonzero(area) < least_px:
            continue
        fills.append(shapes[number - 1].fill if number else "")
        regions[area] = len(fills)
    outside = (owner == 0) & (ink < _INK) & (regions == 0)
    return PartPlanes((x0, y0), ink, _spread(regions, outside), tuple(fills))


def half_width(area: NDArray[np.bool_]) -> float:
    """Return the largest distance of a pixel of the area from its edge."""
    padded = np.pad(area, 1).astype(np.uint8)
    return float(cv2.distanceTransform(padded, cv2.DIST_L2, 5).max())


def _areas(
    owner: NDArray[np.int32], is_free: NDArray[np.bool_]
) -> list[tuple[int, NDArray[np.bool_]]]:
    """Return (owner, area) of every connected stretch of one owner; 0 where ink encloses paper."""
    found = []
    for number in np.unique(owner[is_free]):
        mask = ((owner == number) & is_free).astype(np.uint8)
        count, labels = cv2.connectedComponents(mask, connectivity=4, ltype=cv2.CV_32S)
        beyond = labels[0, 0] if number == 0 else -1  # around the part there is always paper
        found += [(int(number), labels == i) for i in range(1, count) if i != beyond]
    return found


def _spread(regions: NDArray[np.int32], outside: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """Give pixels of no region and not outside the value of the nearest pixel that has one."""
    known = (regions > 0) | outside
    _, nearest = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(int(nearest.max()) + 1, dtype=np.uint16)
    table[nearest[known]] = regions[known]
    return np.asarray(table[nearest], dtype=np.uint16)
