"""What people do to line drawings: a clean drawing in ink becomes a picture as they come in.

The circumstances are those of `scripts/benchmark.py wild`, here as variations of training clips.
Each has a style, which decides what the pen draws, and a treatment of the finished ink. What stays
the same through a clip comes from the style's seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.ink.ink_style import InkStyle
from ant_core.training.synthesis.ink.noise import field, grid

__all__ = ["CIRCUMSTANCES", "styled", "treated"]

Plane = NDArray[np.float32]  # (H, W) share of ink, 0..1
Picture = NDArray[np.uint8]  # (H, W) grey or (H, W, 3) RGB
Color = tuple[int, int, int]

_FULL_PX = 1920  # lengths are told for a drawing of this longer side
_HOLE_PX = (10, 16, 24, 36)  # widest holes of "gaps" at full size

_GROUNDS: tuple[tuple[Color, Color], ...] = (  # of the ink and of the ground
    ((110, 70, 40), (0, 0, 0)),
    ((255, 255, 255), (0, 0, 0)),
    ((200, 30, 40), (0, 0, 0)),
    ((30, 50, 160), (150, 150, 150)),
)


@dataclass(frozen=True)
class InkCircumstance:
    """One thing that people do to a drawing.

    Attributes
    ----------
    style
        Style of the clip, generator of the clip, scale (longer side by `_FULL_PX`) -> the style of
        its clips.
    treat
        Ink, generator of the clip, generator of the frame -> the picture.
    """

    style: Callable[[InkStyle, np.random.Generator, float], InkStyle]
    treat: Callable[[Plane, np.random.Generator, np.random.Generator], Picture]


def styled(style: InkStyle, name: str, shape: tuple[int, int]) -> InkStyle:
    """Return the style of a clip in a circumstance; `shape` is H, W of its drawings."""
    scale = max(shape) / _FULL_PX
    # Lines of one colour: what becomes of trace lines on other grounds is not known.
    plain = replace(style, trace=(), traced=0.0, circumstance=name)
    return CIRCUMSTANCES[name].style(plain, np.random.default_rng(style.seed), scale)


def treated(ink: Plane, style: InkStyle, rng: np.random.Generator) -> Picture:
    """Return the picture of finished ink in its style's circumstance."""
    return CIRCUMSTANCES[style.circumstance].treat(ink, np.random.default_rng(style.seed), rng)


def _grey(ink: Plane) -> Picture:
    return np.rint(255 * (1 - np.clip(ink, 0, 1))).astype(np.uint8)


def _mixed(ink: Plane, ground: Plane | Color, color: Color) -> Picture:
    """Put ink of a colour on a ground, one colour or (H, W, 3)."""
    share = ink[..., None]
    mixed = np.asarray(ground, np.float32) * (1 - share) + np.asarray(color, np.float32) * share
    return np.clip(mixed, 0, 255).round().astype(np.uint8)


def _same(style: InkStyle, clip: np.random.Generator, scale: float) -> InkStyle:
    return style


def _of_width(full_px: float, least_px: float) -> Callable[..., InkStyle]:
    """Return a style of solid lines of a width, told at full size."""

    def style(style: InkStyle, clip: np.random.Generator, scale: float) -> InkStyle:
        width = max(least_px, full_px * scale)
        return replace(style, width_px=width, texture=0.0, pressure=0.0, hard=False, ink=0)

    return style


def _short_of_edge(ink: Plane, clip: np.random.Generator, rng: np.random.Generator) -> Picture:
    """Lines end before the edge of the canvas."""
    px = int(clip.choice((2, 4, 8)))
    drawn = np.zeros_like(ink)
    drawn[px:-px, px:-px] = ink[px:-px, px:-px]
    return _grey(drawn)


def _pixel_pen(style: InkStyle, clip: np.random.Generator, scale: float) -> InkStyle:
    return replace(style, width_px=1.6, width_noise=0.0, taper_px=0.0, hard=True, blur_px=0.0)


def _dashes(ink: Plane, clip: np.random.Generator, rng: np.random.Generator) -> Picture:
    """Binarised thin lines with a hole of 3 x 3 px every few dozen pixels."""
    drawn = (ink > 0).astype(np.float32)
    y, x = np.nonzero(drawn)
    for i in rng.choice(len(y), len(y) // 45, replace=False):
        drawn[max(0, y[i] - 1) : y[i] + 2, max(0, x[i] - 1) : x[i] + 2] = 0
    return _grey(drawn)


def _gappy(style: InkStyle, clip: np.random.Generator, scale: float) -> InkStyle:
    """Lines of any width with holes wider than geometry alone would close."""
    return replace(
        style,
        width_px=float(clip.choice((1, 2, 4, 8, 14))) * max(scale, 0.5),
        gaps=float(clip.uniform(0.3, 1.5)),
        gap_px=max(4.0, float(clip.choice(_HOLE_PX)) * scale),
    )


def _plain(ink: Plane, clip: np.random.Generator, rng: np.random.Generator) -> Picture:
    return _grey(ink)


def _dry_brush(ink: Plane, clip: np.random.Generator, rng: np.random.Generator) -> Picture:
    """A fifth of the ink is missing, in streaks along the stroke."""
    streak = _streaks(ink, rng)
    solid = ink > 0.5
    level = np.quantile(streak[solid], 0.2) if solid.any() else 0.0
    return _grey(ink * np.clip((streak - level) * 4 + 0.5, 0, 1))


def _streaks(ink: Plane, rng: np.random.Generator) -> Plane:
    """Noise drawn out along the strokes (line integral convolution, Cabral and Leedom, 1993)."""
    depth = cv2.distanceTransform((ink > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    smooth = cv2.GaussianBlur(depth, (0, 0), 2)
    across = np.stack([cv2.Sobel(smooth, cv2.CV_32F, *d) for d in ((1, 0), (0, 1))])
    along = np.stack([-across[1], across[0]]) / np.maximum(np.hypot(*across), 1e-6)
    noise = field(rng, ink.shape, 0.7)
    x, y = grid(ink.shape)
    total = np.zeros(ink.shape, np.float32)
    for step in range(-6, 7):
        at_x, at_y = (
            np.float32(step) * way + plane for way, plane in zip(along, (x, y), strict=True)
        )
        total += cv2.remap(noise, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(total / max(float(total.std()), 1e-6), np.float32)


def _dry_grain(ink: Plane, clip: np.random.Generator, rng: np.random.Generator) -> Picture:
    """A fifth of the ink is missing, in specks of one or a few pixels."""
    grain = field(rng, ink.shape, 0.6)
    solid = ink > 0.5
    level = np.quantile(grain[solid], 0.2) if solid.any() else 0.0
    return _grey(ink * (grain >= level))


def _blurred(style: InkStyle, clip: np.random.Generator, scale: float) -> InkStyle:
    return replace(_of_width(5, 4)(style, clip, scale), blur_px=4.0)


def _soft_pencil(ink: Plane, clip: np.random.Generator, rng: np.random.Generator) -> Picture:
    """No pixel is solid."""
    return _grey(ink * np.float32(0.7))


def _faint_scan(ink: Plane, clip: np.random.Generator, rng: np.random.Generator) -> Picture:
    """Faint pencil scanned: grain, pressure, tinted paper lit unevenly."""
    shape = ink.shape
    pressure = np.clip(0.34 + 0.07 * field(rng, shape, 20), 0.2, 0.6)
    grain = np.clip(0.85 + 0.3 * field(rng, shape, 0.8), 0.25, 1.3)
    x, y = grid(shape)
    light = 1 - 0.16 * (x / shape[1] - 0.2) ** 2 - 0.12 * (y / shape[0] - 0.4) ** 2
    paper = np.array([238, 230, 212], np.float32) * light[..., None]
    paper += (3.0 * field(rng, shape, 0.6) + 2.0 * field(rng, shape, 5))[..., None]
    soft = cv2.GaussianBlur(ink, (0, 0), 0.5)
    return _mixed(np.asarray(soft * pressure * grain, np.float32), paper, (40, 38, 44))


def _bubbles(ink: Plane, clip: np.random.Generator, rng: np.random.Generator) -> Picture:
    """Bubbles of up to 5 px inside the stroke."""
    depth = cv2.distanceTransform((ink > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    y, x = np.nonzero(depth > 1.8)
    bare = np.zeros(ink.shape, np.float32)
    for i in rng.choice(len(y), len(y) // 40, replace=False):
        # The rim of the stroke stays whole.
        radius = rng.uniform(0.8, max(0.9, min(2.5, depth[y[i], x[i]] - 0.9)))
        at = (int(x[i]) << 4, int(y[i]) << 4)
        cv2.circle(bare, at, round(radius * 16), 1.0, -1, cv2.LINE_AA, 4)
    return _grey(ink * (1 - bare))


def _on_ground(ink: Plane, clip: np.random.Generator, rng: np.random.Generator) -> Picture:
    """Lines of a colour on an opaque ground of another."""
    color, ground = _GROUNDS[int(clip.integers(len(_GROUNDS)))]
    return _mixed(ink, ground, color)


def _chalkboard(ink: Plane, clip: np.random.Generator, rng: np.random.Generator) -> Picture:
    """Chalk on a dark green board, both grained, the board wiped unevenly."""
    board = np.array([44, 66, 56], np.float32) + 5 * field(rng, ink.shape, 30)[..., None]
    board = board + 2 * field(rng, ink.shape, 0.7)[..., None]
    chalk = np.clip(0.85 + 0.2 * field(rng, ink.shape, 0.8), 0.35, 1)
    return _mixed(np.asarray(ink * chalk, np.float32), board, (226, 228, 220))


def _over_sketch(ink: Plane, clip: np.random.Generator, rng: np.random.Generator) -> Picture:
    """Black ink over a light-blue sketch of searching strokes and construction lines."""
    shape, full = ink.shape, max(ink.shape) / _FULL_PX
    sketch = np.zeros(shape, np.float32)
    x, y = grid(shape)
    for _ in range(3):  # the same strokes searched for again and again
        at_x, at_y = (
            np.asarray(plane + (7 * full + 1) * field(rng, shape, 30 * full + 6), np.float32)
            for plane in (x, y)
        )
        strength = np.clip(0.5 + 0.35 * field(rng, shape, 14 * full + 4), 0, 1)
        sketch = np.maximum(sketch, cv2.remap(ink, at_x, at_y, cv2.INTER_LINEAR) * strength)
    plane = np.zeros(shape, np.uint8)
    thick = max(1, round(2 * full))
    for _ in range(10):
        centre = rng.uniform(0.2, 0.8, 2) * shape[::-1]
        axes = rng.uniform(0.06, 0.3, 2) * min(shape)
        box = (centre.tolist(), axes.tolist(), float(rng.uniform(0, 180)))
        cv2.ellipse(plane, box, 200, thick, cv2.LINE_AA)
        start, end = (rng.uniform(0, 1, (2, 2)) * shape[::-1]).astype(int)
        cv2.line(plane, start.tolist(), end.tolist(), 150, thick, cv2.LINE_AA)
    sketch = np.maximum(sketch, plane.astype(np.float32) / 255)
    under = _mixed(sketch, (255, 255, 255), (150, 198, 240)).astype(np.float32)
    return _mixed(ink, under, (0, 0, 0))


CIRCUMSTANCES = {
    "edge": InkCircumstance(_same, _short_of_edge),
    "dashes": InkCircumstance(_pixel_pen, _dashes),
    "gaps": InkCircumstance(_gappy, _plain),
    "dry_brush": InkCircumstance(_of_width(12, 6), _dry_brush),
    "dry_grain": InkCircumstance(_of_width(12, 6), _dry_grain),
    "soft_pencil": InkCircumstance(_blurred, _soft_pencil),
    "faint_scan": InkCircumstance(_of_width(3, 2), _faint_scan),
    "bubbles": InkCircumstance(_of_width(9, 7), _bubbles),
    "ground": InkCircumstance(_same, _on_ground),
    "chalkboard": InkCircumstance(_of_width(5, 3), _chalkboard),
    "sketch": InkCircumstance(_same, _over_sketch),
}
