"""Darkness to a line mask: crisp ink, soft brushes, grain."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation import _line_kernels as kernels

# A pixel is ink from a fifth of the drawing's own full ink upwards: anti-aliased rims then
# belong to the line, and holes in pencil grain close.
_INK_SHARE = 0.2
# Of thin lines the rim is too large a part: less of it is taken for lines up to this width.
_THIN_INK_SHARE = 0.28
_THIN_PX = 2.5
# Below this darkness there is only paper grain and compression noise.
_FAINTEST = 20

# Noise of this deviation is smoothed away before anything is read.
_NOISY = 2.0
# Neighbours this far apart tell noise: grain is correlated over a pixel or two.
_NOISE_LAG_PX = 4
_NOISE_SAMPLES = 1000
# Deviations of noise that ink must exceed: anywhere, and somewhere in each stroke.
_ABOVE_NOISE = (3.5, 7.0)
# Noise is smoothed by the first of these (sigma in pixels) that leaves lines clear of it: the
# threshold above noise is then at most this share of full ink, so that lines keep their width.
_SMOOTHINGS = (0.0, 0.7, 1.0, 1.4, 2.0)
_CLEAR_SHARE = 0.3
# Specks of grain are smaller than this share of a squared line width.
_GRAIN_SHARE = 1.5
_GRAIN_PX = 6

# Lines whose steepest rim takes this share of full ink a pixel, or less, are soft.
_SOFT = 0.3
# Less of a rise than this share of full ink is no rim.
_FLAT_SHARE = 0.03
# From this share of full ink on soft ink is solid: a fill, not a line.
_SOLID_SHARE = 0.6
# Hills of darkness that rise less than this share of full ink are no line.
_RISE_SHARE = 0.02


def mask(darkness: NDArray[np.uint8], counts: NDArray[np.int64]) -> tuple[NDArray[np.bool_], float]:
    """Tell ink from paper.

    Parameters
    ----------
    darkness : (H, W) uint8, 255 = full ink; not modified
    counts : (256,) int64, how many pixels have each darkness; not modified

    Returns
    -------
    (H, W) bool, and the typical line width in pixels, 0.0 without ink
    """
    noise = deviation(darkness)
    if noise >= _NOISY:
        return _grained(darkness)
    full = full_ink(counts)
    ink = darkness >= max(_FAINTEST, round(_INK_SHARE * full))
    rise = steepness(darkness, ink, full) if min(darkness.shape) > 1 else 0.0
    if 0 < rise < _SOFT * full:
        return _soft(darkness, full, rise)
    width = float(kernels.line_width(ink))
    if 0 < width < _THIN_PX:
        ink = darkness >= max(_FAINTEST, round(_THIN_INK_SHARE * full))
        width = float(kernels.line_width(ink))
    return ink, width


def full_ink(counts: NDArray[np.int64], faintest: int = _FAINTEST) -> int:
    """Darkness of the drawing's own full ink: the 95th percentile of what is not paper."""
    inked = counts.copy()
    inked[:faintest] = 0
    if not inked.any():
        return 0
    return int(np.searchsorted(np.cumsum(inked), inked.sum() * 0.95))


def deviation(plane: NDArray[Any], lag: int = _NOISE_LAG_PX) -> float:
    """Standard deviation of a plane's noise; drawing on less than a third of it does not count.

    Told from the median difference of pixels `lag` apart, which lines and slow changes of the
    paper do not move (a normal difference's median is 0.954 deviations of a single value). 0.0
    where the plane is too small to tell.
    """
    rows = plane[:: max(1, plane.size // 250_000)]
    if rows.shape[0] * (rows.shape[1] - lag) < _NOISE_SAMPLES or rows.shape[1] <= lag:
        return 0.0
    apart = cv2.absdiff(rows[:, lag:], rows[:, :-lag])
    return _quantile(kernels.histogram(apart), 0.5) / 0.954


def steepness(darkness: NDArray[np.uint8], ink: NDArray[np.bool_], full: int) -> float:
    """Grey levels that the rims of lines rise by in a pixel; 0.0 without ink."""
    step = max(1, darkness.size // 500_000)
    here, above = slice(1, None, step), slice(0, -1, step)
    rise = cv2.max(
        cv2.absdiff(darkness[here, 1:], darkness[above, 1:]),
        cv2.absdiff(darkness[here, 1:], darkness[here, :-1]),
    )
    inked = ink.view(np.uint8)
    near = cv2.max(inked[here, 1:], cv2.max(inked[above, 1:], inked[here, :-1]))
    counts = cv2.calcHist([rise], [0], near, [256], [0, 256]).ravel().astype(np.int64)
    # Inside a line nothing rises; of its rim a tenth is steepest, be it thin or soft.
    counts[: max(2, round(_FLAT_SHARE * full))] = 0
    return _quantile(counts, 0.9)


def _quantile(counts: NDArray[np.int64], share: float) -> float:
    """Value below which a share of counted values lies, read linearly within a grey level."""
    total = np.cumsum(counts)
    if total[-1] == 0:
        return 0.0
    wanted = share * total[-1]
    value = int(np.searchsorted(total, wanted))
    before = total[value] - counts[value]
    # Level v holds what was rounded to it: v - 0.5 to v + 0.5, of differences 0 to 0.5 for v = 0.
    inside = (wanted - before) / counts[value]
    return float(value - 0.5 + inside) if value else float(0.5 * inside)


def _soft(darkness: NDArray[np.uint8], full: float, rise: float) -> tuple[NDArray[np.bool_], float]:
    """Read lines without a rim: ink is where darkness bends down, which is the line's hill.

    A blurred stroke's profile bends down between its two steepest places (Marr and Hildreth,
    1980), at any pressure and any distance to the next stroke.
    """
    # A normal profile of deviation s and height 1 rises by 0.6 / s a pixel at most.
    softness = 0.6 * full / rise
    darkness = darkness.astype(np.float32)
    fine = cv2.GaussianBlur(darkness, (0, 0), max(0.5, 0.4 * softness))
    broad = cv2.GaussianBlur(darkness, (0, 0), max(0.8, 0.7 * softness))
    bend = fine - broad
    least = _RISE_SHARE * full
    # Between near strokes darkness bends up however dark it is; inside a fill it is flat.
    ink = (bend >= least) & (fine >= _INK_SHARE * full)
    ink |= (bend >= -least) & (fine >= _SOLID_SHARE * full)
    return ink, float(kernels.line_width(ink))


def _grained(darkness: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], float]:
    """Read lines through noise: smoothed as little as need be, and only what rises well above.

    Returns a mask without ink where no line can be told.
    """
    for sigma in _SMOOTHINGS:
        # Twice the scale, so that little noise is not lost in rounding.
        plane = cv2.convertScaleAbs(darkness, alpha=2) if darkness.max() < 128 else darkness
        smooth = cv2.GaussianBlur(plane, (0, 0), sigma) if sigma else plane
        counts = kernels.histogram(smooth)
        base = _quantile(counts, 0.5)
        left = max(deviation(smooth, _NOISE_LAG_PX + round(4 * sigma)), 0.5)
        sure = smooth >= base + _ABOVE_NOISE[1] * left
        full = full_ink(counts, int(base + _ABOVE_NOISE[1] * left)) - base
        if _ABOVE_NOISE[0] * left <= _CLEAR_SHARE * full:
            break
    share = _THIN_INK_SHARE if sigma else _INK_SHARE
    low = base + max(_ABOVE_NOISE[0] * left, share * full)
    return _rooted(smooth >= low, sure)


def _rooted(ink: NDArray[np.bool_], sure: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], float]:
    """Keep the 8-connected pieces of ink that hold sure ink and are larger than a speck."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(
        ink.view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    width = float(kernels.line_width(ink))
    least = max(_GRAIN_PX, _GRAIN_SHARE * width * width)
    keep = np.bincount(pieces[sure], minlength=count) > 0
    keep &= stats[:, cv2.CC_STAT_AREA] >= least
    keep[0] = False
    ink = keep[pieces]
    return ink, float(kernels.line_width(ink))
