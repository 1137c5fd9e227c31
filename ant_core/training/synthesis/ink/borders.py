"""Where the lines of a drawing run: the borders of its planes of ids, and lines inside parts."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.ink.ink_style import InkStyle
from ant_core.training.synthesis.ink.noise import coin
from ant_core.training.synthesis.source import SourceFrame

__all__ = ["Border", "find_border", "wrinkles"]

_OWN_INK = 96  # cover from which a source's own ink is a line


@dataclass(frozen=True)
class Border:
    """Border pixels of a frame in raster order, P of them.

    Attributes
    ----------
    mask
        (H, W) bool, where they lie.
    y, x
        (P,) int64.
    low, high
        (P,) int64 part ids on both sides; equal for lines inside a part.
    kind
        (P,) uint8: 0 = ink, else 1 + index of the colour of a trace line.
    """

    mask: NDArray[np.bool_]
    y: NDArray[np.int64]
    x: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    kind: NDArray[np.uint8]


def _wrinkle(part: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw one curve over a part's mask, given in units of its box.

    It crosses the part, or ends inside like a crease, or lies inside like the line of a nose.
    """
    x0, y0, w, h = cv2.boundingRect(part)
    angle = rng.uniform(0, 2 * np.pi)
    across = np.array([np.cos(angle), np.sin(angle)])
    offset = rng.uniform(-0.35, 0.35) * np.array([-across[1], across[0]])
    bow = rng.uniform(-0.25, 0.25) * np.array([-across[1], across[0]])
    start, stop = (
        (-0.75, 0.75),
        (-0.75, rng.uniform(-0.2, 0.25)),
        (-0.25, rng.uniform(-0.1, 0.3)),
    )[rng.choice(3, p=(0.35, 0.4, 0.25))]
    t = np.linspace(start, stop, 24)[:, None]
    points = 0.5 + offset + t * across + (0.56 - t**2) * bow
    curve = np.rint(points * (w, h) + (x0, y0)).astype(np.int32)
    line = np.zeros_like(part)
    cv2.polylines(line, [curve], isClosed=False, color=1)
    return np.asarray(line & part, dtype=np.uint8)


def wrinkles(ids: NDArray[np.int32], style: InkStyle) -> NDArray[np.bool_]:
    """Return (H, W) one to three lines on some of the large parts; the same in every frame."""
    lines = np.zeros(ids.shape, dtype=np.uint8)
    if style.wrinkles <= 0:
        return lines.astype(bool)
    area = np.bincount(ids.ravel())
    parts = np.flatnonzero(area > max(400, 60 * style.width_px**2))
    parts = parts[(parts > 0) & (coin(style.seed + 1, parts) < style.wrinkles)]
    for part in parts[np.argsort(-area[parts], kind="stable")][:12]:
        curve_rng = np.random.default_rng((style.seed, int(part)))
        mask = (ids == part).astype(np.uint8)
        for _ in range(int(curve_rng.integers(1, 4))):
            lines |= _wrinkle(mask, curve_rng)
    return lines.astype(bool)


def find_border(
    frame: SourceFrame, style: InkStyle, inner: NDArray[np.bool_], strokes: NDArray[np.bool_]
) -> Border:
    """Find where ids or shades change, and add lines to them.

    Parameters
    ----------
    frame
        Planes of ids; ``frame.edges`` are lines of ink.  No border lies at ``frame.ink``.
    style
        Decides which borders are trace lines.
    inner
        (H, W) further lines inside parts; trace lines where the style has any.
    strokes
        (H, W) further lines of ink.
    """
    ids = frame.ids
    fine = ids if frame.shade is None else ids * 4 + frame.shade
    inked = strokes if frame.edges is None else strokes | frame.edges
    mask = inked | inner
    mask[:, :-1] |= fine[:, :-1] != fine[:, 1:]
    mask[:-1] |= fine[:-1] != fine[1:]
    if frame.ink is not None:
        mask &= cv2.dilate(frame.ink, np.ones((5, 5), np.uint8)) < _OWN_INK
    y, x = np.nonzero(mask)
    here, other = _sides(ids, y, x)
    low, high = np.minimum(here, other), np.maximum(here, other)
    kind = np.zeros(len(y), dtype=np.uint8)
    if style.trace:
        kind = _kinds(low, high, np.maximum(*_sides(fine, y, x)), style)
        kind[inked[y, x]] = 0
        kind[_under_ink(mask.shape, y, x, kind, style.width_px)] = 0
    return Border(mask, y, x, low, high, kind)


def _sides(
    plane: NDArray[np.int32], y: NDArray[np.int64], x: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the values at border pixels and across the border, each (P,) int64."""
    here = plane[y, x].astype(np.int64)
    right = plane[y, np.minimum(x + 1, plane.shape[1] - 1)].astype(np.int64)
    down = plane[np.minimum(y + 1, plane.shape[0] - 1), x].astype(np.int64)
    return here, np.where(right != here, right, down)


def _kinds(
    low: NDArray[np.int64], high: NDArray[np.int64], fine: NDArray[np.int64], style: InkStyle
) -> NDArray[np.uint8]:
    """Return which borders are trace lines: 0 or 1 + index of the colour, (P,) uint8.

    Each depth of shade has its colour, and so has each pair of parts that is traced.
    """
    pair = low * 65536 + high
    inside = low == high
    across = (low > 0) & (coin(style.seed + 2, pair) < style.traced)
    number = np.where(inside, fine % 4, pair) % len(style.trace)
    return np.where(inside | across, 1 + number, 0).astype(np.uint8)


def _under_ink(
    shape: tuple[int, ...],
    y: NDArray[np.int64],
    x: NDArray[np.int64],
    kind: NDArray[np.uint8],
    width_px: float,
) -> NDArray[np.bool_]:
    """Tell which border pixels lie where lines of ink run: ink covers trace lines, (P,) bool."""
    ink = np.zeros(shape, dtype=np.uint8)
    ink[y[kind == 0], x[kind == 0]] = 1
    side = 2 * round(width_px / 2) + 1
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(ink, pen)[y, x], dtype=bool)
