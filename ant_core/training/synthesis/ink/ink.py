"""Planes of ids -> line drawings that look drawn: redrawn shapes, living width, gaps, texture.

Order of the work on one frame: bend the planes (the shapes are drawn anew), find where ids change,
give every such border pixel a pen width (0 = no line here), spread the ink from the nearest border
pixel, draw some of it twice.  The ids come back bent as well, so that they stay under the lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.ink.borders import Border, find_border, wrinkles
from ant_core.training.synthesis.ink.circumstances import treated
from ant_core.training.synthesis.ink.ink_style import InkStyle, draw_style
from ant_core.training.synthesis.ink.noise import coin, field, grid
from ant_core.training.synthesis.ink.shadows import with_shadows
from ant_core.training.synthesis.ink.sketch import overshoots, redrawn_widths, stray
from ant_core.training.synthesis.ink.trace_lines import compose
from ant_core.training.synthesis.source import SourceFrame

__all__ = ["Drawn", "InkStyle", "draw", "draw_style"]


@dataclass(frozen=True)
class Drawn:
    """A line drawing and the truth under it.

    Attributes
    ----------
    image
        (H, W) uint8, 255 = paper, dark = ink; (H, W, 3) RGB where the style has trace lines, and in
        some circumstances, which may have other grounds.
    ids
        (H, W) int32 part ids, bent as the lines are.
    """

    image: NDArray[np.uint8]
    ids: NDArray[np.int32]


def _bend(frame: SourceFrame, style: InkStyle, rng: np.random.Generator) -> SourceFrame:
    """Displace all planes alike by a smooth random field."""
    both = ((style.bend_px, style.bend_wave_px), (style.wobble_px, 12.0))
    waves = [(size, wave) for size, wave in both if size > 0.05]
    if not waves:
        return frame
    shape = frame.ids.shape
    x, y = grid(shape)
    for size, wave in waves:
        x += size * field(rng, shape, wave)
        y += size * field(rng, shape, wave)
    maps = cv2.convertMaps(x, y, cv2.CV_16SC2, nninterpolation=True)

    def move(plane: NDArray[np.uint16] | NDArray[np.uint8]) -> NDArray[np.integer]:
        moved = cv2.remap(plane, *maps, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, dtype=plane.dtype)

    ids = move(frame.ids.astype(np.uint16)).astype(np.int32)
    edges = None if frame.edges is None else move(frame.edges.astype(np.uint8)).astype(bool)
    shade = None if frame.shade is None else move(frame.shade).astype(np.uint8)
    ink = frame.ink
    if ink is not None:
        moved = cv2.remap(ink, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        ink = np.asarray(moved, dtype=np.uint8)
    return SourceFrame(ids, edges, shade, ink=ink)


def _lines(frame: SourceFrame, style: InkStyle, rng: np.random.Generator) -> Border:
    """Find all lines of a frame, those that run beyond corners among them."""
    inner = wrinkles(frame.ids, style)
    border = find_border(frame, style, inner, np.zeros_like(inner))
    beyond = overshoots(border.mask, style, rng)
    return find_border(frame, style, inner, beyond) if beyond.any() else border


def _widths(border: Border, style: InkStyle, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the pen width at each border pixel, (P,) float32; 0 = no line."""
    shape = border.mask.shape
    width = np.full(len(border.y), style.width_px, dtype=np.float64)
    width[border.low == 0] *= style.outline
    width[border.low == border.high] *= style.inner
    if style.width_noise > 0:
        noise = field(rng, shape, 60.0)[border.y, border.x]
        width *= np.clip(1 + style.width_noise * noise, 0.35, 1.9)
    if style.taper_px > 0:
        width *= _taper(border, style, rng)
    width = np.maximum(width, 0.8)
    if style.dropped > 0:
        pair = border.low * 65536 + border.high
        left_out = (coin(style.seed, pair) < style.dropped) & (border.low > 0)
        width[left_out & (border.low != border.high)] = 0
    count = rng.poisson(style.gaps * len(border.y) / 1000)
    for i in rng.integers(0, max(1, len(border.y)), count if len(border.y) else 0):
        radius = rng.uniform(0.5, style.gap_px) / 2
        near = np.hypot(border.y - border.y[i], border.x - border.x[i]) <= radius
        width[near] = 0
    return np.asarray(width, dtype=np.float32)


def _taper(border: Border, style: InkStyle, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return factors that thin strokes out towards a third of the junctions."""
    thick = cv2.filter2D(border.mask.astype(np.uint8), -1, np.ones((3, 3), np.uint8))
    y, x = np.nonzero(border.mask & (thick >= 5))
    ends = rng.random(len(y)) < 0.33
    far = np.ones(border.mask.shape, dtype=np.uint8)
    far[y[ends], x[ends]] = 0
    if far.all():
        return np.ones(len(border.y))
    distance = cv2.distanceTransform(far, cv2.DIST_L2, 3)[border.y, border.x]
    return np.clip(0.3 + 0.7 * distance / style.taper_px, 0.3, 1.0)


class _Pen:
    """Spreads ink from border pixels; knows for every pixel the nearest and how far it is."""

    def __init__(self, border: Border) -> None:
        distance, self._nearest = cv2.distanceTransformWithLabels(
            (~border.mask).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        self._label = self._nearest[border.y, border.x]
        # The border is a stair of whole pixels; a little blur of the distance smooths its edge.
        # At the line's middle, and only there, that blur lifts the distance by 0.4 px: taken off.
        lift = 0.4 * np.clip(1 - distance / 2, 0, 1)
        self._distance = np.maximum(cv2.GaussianBlur(distance, (0, 0), 0.8) - lift, 0)

    def of_nearest(self, value: NDArray[np.generic]) -> NDArray[np.generic]:
        """Give every pixel the value of its nearest border pixel: (P,) -> (H, W)."""
        table = np.zeros(len(value) + 1, dtype=value.dtype)
        table[self._label] = value
        return table[self._nearest]

    def cover(self, width: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the ink cover of every pixel, (H, W) 0..1, for widths (P,) at the border."""
        half = np.asarray(self.of_nearest(width), dtype=np.float32) / 2
        cover = np.clip(half - self._distance + 0.5, 0, 1)
        cover[half == 0] = 0
        return np.asarray(cover, dtype=np.float32)


def _spread(
    border: Border, style: InkStyle, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the cover of all strokes, (H, W) 0..1, and the kind of line there, (H, W) uint8."""
    if len(border.y) == 0:
        shape = border.mask.shape
        return np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.uint8)
    width = _widths(border, style, rng)
    pen = _Pen(border)
    cover = pen.cover(width)
    kind = np.asarray(pen.of_nearest(border.kind), dtype=np.uint8)
    if style.redrawn > 0:
        second = stray(pen.cover(redrawn_widths(border, width, style, rng)), style, rng)
        kind[second > cover] = 0
        cover = np.maximum(cover, second)
    return np.asarray(cover > 0.5 if style.hard else cover, dtype=np.float32), kind


def _surface(
    cover: NDArray[np.float32], style: InkStyle, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Give ink its texture: strokes that pale where the hand is light, and grain."""
    if style.pressure > 0:
        light = np.maximum(field(rng, cover.shape, 70.0), 0)
        cover = cover * np.clip(1 - 0.5 * style.pressure * light, 0.35, 1)
    if style.texture > 0:
        grain = field(rng, cover.shape, style.grain_px)
        cover = cover * np.clip(1 - style.texture * np.maximum(grain, 0) * 0.6, 0, 1)
    return cover


def _specks(
    cover: NDArray[np.float32], style: InkStyle, rng: np.random.Generator
) -> NDArray[np.float32]:
    h, w = cover.shape
    for _ in range(rng.poisson(style.specks) if style.specks else 0):
        center = (int(rng.integers(w)), int(rng.integers(h)))
        radius = 0 if rng.random() < 0.6 else int(rng.integers(1, 3))
        cv2.circle(cover, center, radius, float(rng.uniform(0.3, 1.0)), -1)
    return cover


def _soft(cover: NDArray[np.float32], style: InkStyle) -> NDArray[np.float32]:
    if style.blur_px > 0:
        cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), style.blur_px), dtype=np.float32)
    return np.clip(cover, 0, 1)


def draw(frame: SourceFrame, style: InkStyle, rng: np.random.Generator) -> Drawn:
    """Draw one frame in ink.

    Parameters
    ----------
    frame
        Planes of ids; not modified.
    style
        The clip's style.
    rng
        What differs from frame to frame; the same state gives the same drawing.
    """
    bent = with_shadows(_bend(frame, style, rng), style)
    cover, kind = _spread(_lines(bent, style, rng), style, rng)
    if bent.ink is not None:
        own = bent.ink.astype(np.float32) / 255
        kind[own > cover] = 0
        cover = np.maximum(cover, own > 0.5 if style.hard else own)
    cover = _surface(cover, style, rng)
    traced = np.where(kind > 0, cover, np.float32(0))
    ink = _soft(_specks(np.where(kind > 0, np.float32(0), cover), style, rng), style)
    if style.circumstance:
        return Drawn(treated(np.maximum(ink, _soft(traced, style)), style, rng), bent.ids)
    if style.trace:
        return Drawn(compose(ink, _soft(traced, style), kind, style.trace, style.ink), bent.ids)
    return Drawn(np.rint(255 - (255 - style.ink) * ink).astype(np.uint8), bent.ids)
