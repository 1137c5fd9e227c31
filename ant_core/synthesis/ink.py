"""Planes of ids -> line drawings that look drawn: redrawn shapes, living width, gaps, texture.

Order of the work on one frame: bend the planes (the shapes are drawn anew), find where ids change,
give every such border pixel a pen width (0 = no line here), spread the ink from the nearest border
pixel.  The ids come back bent as well, so that they stay under the lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.synthesis.source import SourceFrame

__all__ = ["Drawn", "InkStyle", "draw", "draw_style"]


@dataclass(frozen=True)
class InkStyle:
    """How one clip is drawn.  Lengths are in pixels of the drawing."""

    seed: int  # decides what stays the same through the clip: left-out lines, wrinkles
    width_px: float  # pen width, 1..8
    width_noise: float = 0.0  # 0 even .. 0.5 lively
    outline: float = 1.0  # factor on the width where a part meets the paper
    inner: float = 1.0  # factor on the width of lines inside a part (shadow borders, creases)
    taper_px: float = 0.0  # length over which strokes thin out towards some of their ends
    bend_px: float = 0.0  # size of the slow bending of shapes, new in every frame
    bend_wave_px: float = 200.0  # its wavelength
    wobble_px: float = 0.0  # the same, small and fast: an unsteady hand
    gaps: float = 0.0  # breaks in 1000 px of line
    gap_px: float = 3.0  # widest of them
    dropped: float = 0.0  # share of the lines between two parts that are left out
    wrinkles: float = 0.0  # share of the large parts with a line across them
    specks: int = 0  # dots of dirt
    hard: bool = False  # no anti-aliasing
    blur_px: float = 0.0  # softness of a scan
    texture: float = 0.0  # 0 solid ink .. 1 dry brush
    ink: int = 0  # grey of full ink


@dataclass(frozen=True)
class Drawn:
    """A line drawing and the truth under it.

    Attributes
    ----------
    image
        (H, W) uint8, 255 = paper, dark = ink.
    ids
        (H, W) int32 part ids, bent as the lines are.
    """

    image: NDArray[np.uint8]
    ids: NDArray[np.int32]


def draw_style(rng: np.random.Generator, height: int) -> InkStyle:
    """Draw a random style for a clip of drawings ``height`` pixels tall."""
    widest = np.clip(height / 130, 2.0, 8.0)
    width = float(np.exp(rng.uniform(np.log(1.0), np.log(widest))))
    hand = float(rng.choice((0.0, 0.5, 1.0, 2.0), p=(0.1, 0.3, 0.4, 0.2)))
    hard = rng.random() < 0.15
    return InkStyle(
        seed=int(rng.integers(2**31)),
        width_px=width,
        width_noise=float(rng.choice((0.0, rng.uniform(0.1, 0.5)))),
        outline=float(rng.choice((1.0, rng.uniform(1.0, 1.8)))),
        inner=float(rng.uniform(0.5, 1.0)),
        taper_px=float(rng.choice((0.0, rng.uniform(4, 16)))),
        bend_px=hand * 0.004 * height * rng.uniform(0.3, 1.5),
        bend_wave_px=height * rng.uniform(0.08, 0.35),
        wobble_px=hand * 0.0008 * height * rng.uniform(0.2, 1.5),
        gaps=float(rng.choice((0.0, rng.uniform(0.0, 1.5)), p=(0.4, 0.6))),
        gap_px=float(rng.choice((2.0, 3.0, 6.0), p=(0.45, 0.45, 0.1))),
        dropped=float(rng.choice((0.0, rng.uniform(0, 0.04)))),
        wrinkles=float(rng.choice((0.0, rng.uniform(0, 0.3)))),
        specks=int(rng.choice((0.0, rng.uniform(1, 25)), p=(0.6, 0.4))),
        hard=hard,
        blur_px=0.0 if hard else float(rng.choice((0.0, rng.uniform(0.3, 0.8)))),
        texture=float(rng.choice((0.0, rng.uniform(0.1, 0.8)), p=(0.65, 0.35))),
        ink=int(rng.choice((0.0, rng.uniform(0, 90)))),
    )


def _field(rng: np.random.Generator, shape: tuple[int, int], wave_px: float) -> NDArray[np.float32]:
    """Return smooth noise of unit variance, (H, W) float32."""
    rows, columns = (max(2, int(np.ceil(n / wave_px)) + 1) for n in shape)
    coarse = rng.standard_normal((rows, columns)).astype(np.float32)
    noise = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(noise, dtype=np.float32)


def _bend(frame: SourceFrame, style: InkStyle, rng: np.random.Generator) -> SourceFrame:
    """Displace all planes alike by a smooth random field."""
    both = ((style.bend_px, style.bend_wave_px), (style.wobble_px, 12.0))
    waves = [(size, wave) for size, wave in both if size > 0.05]
    if not waves:
        return frame
    h, w = frame.ids.shape
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    for size, wave in waves:
        x += size * _field(rng, (h, w), wave)
        y += size * _field(rng, (h, w), wave)
    maps = cv2.convertMaps(x, y, cv2.CV_16SC2, nninterpolation=True)

    def move(plane: NDArray[np.uint16] | NDArray[np.uint8]) -> NDArray[np.integer]:
        moved = cv2.remap(plane, *maps, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, dtype=plane.dtype)

    ids = move(frame.ids.astype(np.uint16)).astype(np.int32)
    edges = None if frame.edges is None else move(frame.edges.astype(np.uint8)).astype(bool)
    shade = None if frame.shade is None else move(frame.shade).astype(np.uint8)
    return SourceFrame(ids, edges, shade)


def _coin(seed: int, keys: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each key that depends on seed and key alone."""
    mixed = (keys.astype(np.uint64) + np.uint64(seed)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return (mixed >> np.uint64(40)).astype(np.float64) / 2.0**24


def _wrinkle(part: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw one curve over a part's mask, given in units of its box; it may end inside the part."""
    x0, y0, w, h = cv2.boundingRect(part)
    angle = rng.uniform(0, 2 * np.pi)
    across = np.array([np.cos(angle), np.sin(angle)])
    offset = rng.uniform(-0.25, 0.25) * np.array([-across[1], across[0]])
    reach = 0.75 if rng.random() < 0.6 else rng.uniform(0.0, 0.3)
    bow = rng.uniform(-0.25, 0.25) * np.array([-across[1], across[0]])
    t = np.linspace(-0.75, reach, 24)[:, None]
    points = 0.5 + offset + t * across + (0.56 - t**2) * bow
    curve = np.rint(points * (w, h) + (x0, y0)).astype(np.int32)
    line = np.zeros_like(part)
    cv2.polylines(line, [curve], isClosed=False, color=1)
    return np.asarray(line & part, dtype=np.uint8)


def _wrinkles(ids: NDArray[np.int32], style: InkStyle) -> NDArray[np.bool_] | None:
    """Return lines across some of the large parts; the same parts and curves in every frame."""
    if style.wrinkles <= 0:
        return None
    area = np.bincount(ids.ravel())
    parts = np.flatnonzero(area > max(400, 60 * style.width_px**2))
    parts = parts[(parts > 0) & (_coin(style.seed + 1, parts) < style.wrinkles)]
    lines = np.zeros(ids.shape, dtype=np.uint8)
    for part in parts[np.argsort(-area[parts], kind="stable")][:8]:
        curve_rng = np.random.default_rng((style.seed, int(part)))
        lines |= _wrinkle((ids == part).astype(np.uint8), curve_rng)
    return lines.astype(bool)


@dataclass
class _Border:
    """Border pixels of a frame in raster order, P of them.

    Attributes
    ----------
    mask
        (H, W) bool, where they lie.
    y, x
        (P,) int64.
    low, high
        (P,) int64 part ids on both sides; equal for lines inside a part.
    """

    mask: NDArray[np.bool_]
    y: NDArray[np.int64]
    x: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]


def _border(frame: SourceFrame, inner: NDArray[np.bool_] | None) -> _Border:
    """Find where ids or shades change, and add the lines ``inner`` and ``frame.edges``."""
    ids = frame.ids
    fine = ids if frame.shade is None else ids * 4 + frame.shade
    mask = np.zeros(ids.shape, dtype=bool)
    mask[:, :-1] = fine[:, :-1] != fine[:, 1:]
    mask[:-1] |= fine[:-1] != fine[1:]
    for extra in (frame.edges, inner):
        if extra is not None:
            mask |= extra
    y, x = np.nonzero(mask)
    here = ids[y, x].astype(np.int64)
    right = ids[y, np.minimum(x + 1, ids.shape[1] - 1)].astype(np.int64)
    down = ids[np.minimum(y + 1, ids.shape[0] - 1), x].astype(np.int64)
    other = np.where(right != here, right, down)
    return _Border(mask, y, x, np.minimum(here, other), np.maximum(here, other))


def _widths(border: _Border, style: InkStyle, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the pen width at each border pixel, (P,) float32; 0 = no line."""
    shape = border.mask.shape
    width = np.full(len(border.y), style.width_px)
    width[border.low == 0] *= style.outline
    width[border.low == border.high] *= style.inner
    if style.width_noise > 0:
        noise = _field(rng, shape, 60.0)[border.y, border.x]
        width *= np.clip(1 + style.width_noise * noise, 0.35, 1.9)
    if style.taper_px > 0:
        width *= _taper(border, style, rng)
    width = np.maximum(width, 0.8)
    if style.dropped > 0:
        pair = border.low * 65536 + border.high
        left_out = (_coin(style.seed, pair) < style.dropped) & (border.low > 0)
        width[left_out & (border.low != border.high)] = 0
    count = rng.poisson(style.gaps * len(border.y) / 1000)
    for i in rng.integers(0, max(1, len(border.y)), count if len(border.y) else 0):
        radius = rng.uniform(0.5, style.gap_px) / 2
        near = np.hypot(border.y - border.y[i], border.x - border.x[i]) <= radius
        width[near] = 0
    return np.asarray(width, dtype=np.float32)


def _taper(border: _Border, style: InkStyle, rng: np.random.Generator) -> NDArray[np.float64]:
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


def _spread(border: _Border, width: NDArray[np.float32], style: InkStyle) -> NDArray[np.float32]:
    """Return the ink cover of every pixel, 0..1: the pen of the nearest border pixel reaches it."""
    if len(border.y) == 0:
        return np.zeros(border.mask.shape, dtype=np.float32)
    free = (~border.mask).astype(np.uint8)
    distance, nearest = cv2.distanceTransformWithLabels(
        free, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(len(border.y) + 1, dtype=np.float32)
    table[nearest[border.y, border.x]] = width
    half = table[nearest] / 2
    # The border is a stair of whole pixels; a little blur of the distance makes its edge smooth.
    # At the line's middle, and only there, that blur lifts the distance by 0.4 px: taken off again.
    lift = 0.4 * np.clip(1 - distance / 2, 0, 1)
    smooth = np.maximum(cv2.GaussianBlur(distance, (0, 0), 0.8) - lift, 0)
    cover = np.clip(half - smooth + 0.5, 0, 1)
    cover[half == 0] = 0
    return np.asarray(cover > 0.5 if style.hard else cover, dtype=np.float32)


def _specks(
    cover: NDArray[np.float32], style: InkStyle, rng: np.random.Generator
) -> NDArray[np.float32]:
    h, w = cover.shape
    for _ in range(rng.poisson(style.specks) if style.specks else 0):
        center = (int(rng.integers(w)), int(rng.integers(h)))
        radius = 0 if rng.random() < 0.6 else int(rng.integers(1, 3))
        cv2.circle(cover, center, radius, float(rng.uniform(0.3, 1.0)), -1)
    return cover


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
    bent = _bend(frame, style, rng)
    border = _border(bent, _wrinkles(bent.ids, style))
    cover = _spread(border, _widths(border, style, rng), style)
    if style.texture > 0:
        grain = _field(rng, cover.shape, 2.5)
        cover = cover * np.clip(1 - style.texture * np.maximum(grain, 0) * 0.6, 0, 1)
    cover = _specks(cover, style, rng)
    if style.blur_px > 0:
        cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), style.blur_px), dtype=np.float32)
    image = np.rint(255 - (255 - style.ink) * np.clip(cover, 0, 1)).astype(np.uint8)
    return Drawn(image, bent.ids)
