"""A picture of what one segment attends to, layer by layer, and of its best matches.

After Casey et al. 2021, figure 16: lines lead from the segment to what it attends to, the more
opaque the more it does. A row a layer, the target on the left and its references beside it; the
last row shows the best matches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.color.pixels import to_display
from ant_core.formats.png import encode_png

__all__ = ["SheetDrawing", "SheetRow", "draw_attention"]

_WIDTH = 440  # pixels of one drawing
_GAP, _HEAD = 12, 26  # between tiles; above a row, for its title
_GROUND, _TEXT = (250, 250, 248), (60, 62, 66)
_LINE, _SEGMENT, _MATCH = (20, 150, 70), (255, 210, 90), (120, 190, 255)
_FAINT = 0.02  # of the largest weight: lines below it are not drawn
_FONT = cv2.FONT_HERSHEY_DUPLEX


@dataclass(frozen=True)
class SheetDrawing:
    """One drawing of the sheet.

    Attributes
    ----------
    title : str
    image : (H, W) or (H, W, C)
        The line art, of any depth that `ant_core.color.pixels` knows.
    labels : (H, W) int32
        Segments from 1, 0 = line.
    centroid : (N, 2) float
        Their centres x, y in pixels.
    """

    title: str
    image: NDArray[Any]
    labels: NDArray[np.int32]
    centroid: NDArray[np.floating[Any]]


@dataclass(frozen=True)
class SheetRow:
    """What one row shows: weights, (K,) in [0, 1], of segments (K, 2) as drawing and segment id.

    Drawing 0 is the target, 1 the first reference. `labelled` says how many of the largest get
    their rank written beside them, and are painted.
    """

    title: str
    places: NDArray[np.int32]
    weights: NDArray[np.float32]
    labelled: int = 0


def draw_attention(
    drawings: Sequence[SheetDrawing], segment: int, rows: Sequence[SheetRow]
) -> bytes:
    """Draw the sheet; a packed PNG.

    drawings: the target first; segment: its segment in question, from 1.
    """
    tiles = [_tile(drawing) for drawing in drawings]
    scales = [tile.shape[1] / d.labels.shape[1] for tile, d in zip(tiles, drawings, strict=True)]
    tiles[0] = _painted(tiles[0], drawings[0], segment, _SEGMENT)
    bands = [_row(drawings, tiles, scales, segment, row) for row in rows]
    return encode_png(np.vstack([_title_band(drawings, bands[0].shape[1]), *bands]))


def _tile(drawing: SheetDrawing) -> NDArray[np.uint8]:
    height, width = drawing.labels.shape
    size = (_WIDTH, max(1, round(height * _WIDTH / width)))
    image = drawing.image if drawing.image.ndim == 3 else drawing.image[..., None]
    color, alpha = to_display(image)
    rgb = color * alpha + 255 * (1 - alpha)
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).round().astype(np.uint8)


def _painted(
    tile: NDArray[np.uint8], drawing: SheetDrawing, segment: int, color: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """Tint a segment, under its lines."""
    inside = (drawing.labels == segment).astype(np.float32)
    share = cv2.resize(inside, tile.shape[1::-1], interpolation=cv2.INTER_AREA)[..., None]
    tinted = tile * (1 - share + share * np.array(color, np.float32) / 255)
    return tinted.astype(np.uint8)


def _row(
    drawings: Sequence[SheetDrawing],
    tiles: Sequence[NDArray[np.uint8]],
    scales: Sequence[float],
    segment: int,
    row: SheetRow,
) -> NDArray[np.uint8]:
    order = np.argsort(-row.weights, kind="stable")
    shown = list(tiles)
    for rank in range(row.labelled):
        at, other = row.places[order[rank]]
        shown[at] = _painted(shown[at], drawings[at], int(other), _MATCH)
    height = max(tile.shape[0] for tile in shown)
    lefts = [i * (_WIDTH + _GAP) for i in range(len(shown))]
    band = np.full((height + _HEAD, lefts[-1] + _WIDTH, 3), _GROUND, np.uint8)
    for left, tile in zip(lefts, shown, strict=True):
        band[_HEAD : _HEAD + tile.shape[0], left : left + _WIDTH] = tile

    def point(at: int, other: int) -> tuple[int, int]:
        x, y = drawings[at].centroid[other - 1] * scales[at]
        return round(float(x)) + lefts[at], round(float(y)) + _HEAD

    start = point(0, segment)
    band = _lines(band, start, [point(*map(int, p)) for p in row.places], row.weights)
    for rank in range(row.labelled):
        x, y = point(*map(int, row.places[order[rank]]))
        _write(band, str(rank + 1), (x + 4, y - 4))
    _write(band, row.title, (4, _HEAD - 8))
    return band


def _lines(
    band: NDArray[np.uint8],
    start: tuple[int, int],
    ends: Sequence[tuple[int, int]],
    weights: NDArray[np.float32],
) -> NDArray[np.uint8]:
    """Draw lines of the weights' opacity into a band, the strongest last."""
    most = float(weights.max(initial=0))
    for index in np.argsort(weights, kind="stable"):
        opacity = float(weights[index]) / most if most > 0 else 0.0
        if opacity < _FAINT:
            continue
        over = band.copy()
        cv2.line(over, start, ends[index], _LINE, 2, cv2.LINE_AA)
        cv2.circle(over, ends[index], 4, _LINE, -1, cv2.LINE_AA)
        band[:] = cv2.addWeighted(over, opacity, band, 1 - opacity, 0)
    return band


def _title_band(drawings: Sequence[SheetDrawing], width: int) -> NDArray[np.uint8]:
    band = np.full((_HEAD, width, 3), _GROUND, np.uint8)
    for index, drawing in enumerate(drawings):
        _write(band, drawing.title, (index * (_WIDTH + _GAP) + 4, _HEAD - 8))
    return band


def _write(band: NDArray[np.uint8], text: str, at: tuple[int, int]) -> None:
    cv2.putText(band, text, at, _FONT, 0.5, _TEXT, 1, cv2.LINE_AA)
