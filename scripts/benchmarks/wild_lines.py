"""Lines of the wild benchmark's figures, whole or with holes, and what is right for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks import drawings
from scripts.benchmarks.wild_figures import INK, OVERSAMPLE, Figure


@dataclass(frozen=True)
class Truth:
    """What is right for one drawing.

    Attributes
    ----------
    labels : (H, W) int32, region of every pixel, 0 = ink
    colors : (R + 1, 4) uint8 RGBA, colour of every region
    joins : (G, 2) int64, the two regions that each hole in a line would join
    counted_px : smallest region that counts
    """

    labels: NDArray[np.int32]
    colors: NDArray[np.uint8]
    joins: NDArray[np.int64]
    counted_px: int

    def counted(self) -> NDArray[np.int64]:
        """Regions that count."""
        area = np.bincount(self.labels.ravel())
        area[0] = 0
        return np.flatnonzero(area >= self.counted_px)


@lru_cache(maxsize=2)
def borders(figure: Figure) -> NDArray[np.int64]:
    """Name the two parts that meet at every border pixel; not to be modified.

    Returns
    -------
    (2H, 2W) int64
        0 off the borders, else lower * K + higher number of the parts; K = highest number + 1.
    """
    parts = figure.parts
    base = int(parts.max()) + 1
    pair = np.zeros(parts.shape, np.int64)
    wide = parts.astype(np.int64)
    for here, there, into in (
        (wide[1:], wide[:-1], pair[1:]),
        (wide[:, 1:], wide[:, :-1], pair[:, 1:]),
    ):
        low, high = np.minimum(here, there), np.maximum(here, there)
        into[...] = np.where((low != high) & (into == 0), low * base + high, into)
    return pair


@lru_cache(maxsize=2)
def apart(figure: Figure) -> NDArray[np.float32]:
    """Distance of every pixel to the middle of the nearest line: (2H, 2W) in its own pixels."""
    return _distance(_middles(figure))


def _middles(figure: Figure) -> NDArray[np.bool_]:
    return (borders(figure) > 0) | figure.details


def _distance(drawn: NDArray[np.bool_]) -> NDArray[np.float32]:
    plane = (~drawn).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(plane, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


@lru_cache(maxsize=8)
def closed(figure: Figure, width_px: float | None = None) -> NDArray[np.float32]:
    """Draw the lines without a hole.

    Parameters
    ----------
    width_px : float or None
        Width of the lines; None for the ordinary one. Lines drawn by hand keep theirs.

    Returns
    -------
    (H, W) float32
        Share of ink of every pixel; not to be modified.
    """
    return figure.ink if figure.ink is not None else _inked(figure, width_px, apart(figure))


def cut_open(figure: Figure, width_px: float | None, cut: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Draw the lines as `closed` does, without the border pixels of `cut`, (2H, 2W) bool."""
    middles = _middles(figure)
    if figure.ink is not None:
        return np.asarray(figure.ink * ~_cut_ink(middles, cut), np.float32)
    return _inked(figure, width_px, _distance(middles & ~cut))


def _inked(
    figure: Figure, width_px: float | None, distance: NDArray[np.float32]
) -> NDArray[np.float32]:
    width = figure.width_px if width_px is None else width_px
    cover = np.clip(width * OVERSAMPLE / 2 + 0.5 - distance, 0, 1)
    size = (cover.shape[1] // OVERSAMPLE, cover.shape[0] // OVERSAMPLE)
    return np.asarray(cv2.resize(cover, size, interpolation=cv2.INTER_AREA), np.float32)


def _cut_ink(drawn: NDArray[np.bool_], cut: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of hand-drawn ink that lie nearest to a border pixel left out."""
    if not cut.any():
        return np.zeros([side // OVERSAMPLE for side in cut.shape], np.bool_)
    _, nearest = drawings.nearest_to(drawn)
    return cut.ravel()[nearest][::OVERSAMPLE, ::OVERSAMPLE]


@lru_cache(maxsize=8)
def closed_truth(figure: Figure, width_px: float | None = None) -> Truth:
    """Find the regions of the lines that `closed` draws."""
    return truth(figure, closed(figure, width_px))


def truth(figure: Figure, ink: NDArray[np.float32]) -> Truth:
    """Find the regions that closed lines enclose: (H, W) float32 ink without any hole."""
    labels = drawings.components(ink < INK)
    parts = figure.parts[::OVERSAMPLE, ::OVERSAMPLE]
    count, base = int(labels.max()) + 1, int(parts.max()) + 1
    votes = np.bincount(labels.ravel() * np.int64(base) + parts.ravel(), minlength=count * base)
    colors = figure.colors[votes.reshape(count, base).argmax(axis=1)]
    return Truth(labels, colors, np.zeros((0, 2), np.int64), figure.counted_px)


def joins(figure: Figure, right: Truth, cuts: NDArray[np.float64]) -> Truth:
    """Name the regions that holes would join: (G, 4), x, y in pixels and the parts beside it."""
    parts = figure.parts[::OVERSAMPLE, ::OVERSAMPLE]
    pairs = [_sides(right.labels, parts, cut) for cut in cuts]
    kept = np.array([pair for pair in pairs if pair is not None], np.int64).reshape(-1, 2)
    return replace(right, joins=kept)


def _sides(
    labels: NDArray[np.int32], parts: NDArray[np.int32], cut: NDArray[np.float64]
) -> tuple[int, int] | None:
    """The regions on both sides of a hole, or None where one is hidden under ink."""
    x, y, reach = int(cut[0]), int(cut[1]), 20
    window = np.s_[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
    found = []
    for part in cut[2:]:
        inside = labels[window][(parts[window] == part) & (labels[window] > 0)]
        if inside.size == 0:
            return None
        found.append(int(np.bincount(inside).argmax()))
    return (found[0], found[1]) if found[0] != found[1] else None


def painting(figure: Figure) -> NDArray[np.uint8]:
    """Paint the figure flat: (H, W, 4) uint8 RGBA, colours meet in the middle of the lines."""
    return figure.colors[figure.parts[::OVERSAMPLE, ::OVERSAMPLE]]
