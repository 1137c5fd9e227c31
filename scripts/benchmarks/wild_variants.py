"""What is done to the lines in the wild benchmark: a function each, from a clean figure on.

Every function is pure: figure and random generator in, picture and ground truth out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks.drawings import noise
from scripts.benchmarks.wild_figures import OVERSAMPLE, Figure
from scripts.benchmarks.wild_lines import (
    Truth,
    apart,
    borders,
    closed,
    closed_truth,
    cut_open,
    joins,
    painting,
    truth,
)

Plane = NDArray[np.float32]
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Variant:
    """One figure in one circumstance.

    Attributes
    ----------
    lines : (H, W) or (H, W, C) uint8
        Grey, RGB, RGBA or, with `cmyk`, CMYK and CMYK with alpha.
    truth : Truth
    painted : (H, W, 3 | 4) uint8, the frame painted by the artist
    tolerance : largest difference of a channel that still counts as the right colour; regions of
        one colour must then have come out alike
    cmyk : whether `lines` is in CMYK
    """

    lines: Picture
    truth: Truth
    painted: Picture
    tolerance: int = 0
    cmyk: bool = False


def grey(ink: Plane) -> Picture:
    """Black ink on white."""
    return np.rint(255 * (1 - ink)).astype(np.uint8)


def mixed(ink: Plane, ground: Plane | tuple[int, int, int], color: tuple[int, int, int]) -> Picture:
    """Ink of a colour on a ground, one colour or (H, W, 3)."""
    under = np.asarray(ground, np.float32)
    share = ink[..., None]
    return np.clip(under * (1 - share) + np.float32(color) * share, 0, 255).round().astype(np.uint8)


def clean(figure: Figure, rng: np.random.Generator, width_px: float | None = None) -> Variant:
    """Black closed lines on white: what every circumstance is compared with."""
    right = closed_truth(figure, width_px)
    return Variant(grey(closed(figure, width_px)), right, painting(figure))


def short_of_edge(figure: Figure, rng: np.random.Generator, px: int) -> Variant:
    """Lines end before the edge of the canvas."""
    drawn = closed(figure).copy()
    drawn[:px], drawn[-px:], drawn[:, :px], drawn[:, -px:] = 0, 0, 0, 0
    return Variant(grey(drawn), closed_truth(figure), painting(figure))


def holes(
    figure: Figure,
    rng: np.random.Generator,
    hole_px: tuple[float, float],
    width_px: float | None = None,
    count: int = 14,
) -> Variant:
    """Bare holes of these widths where two colours would join, every other beside a junction."""
    width = figure.width_px if width_px is None else width_px
    cut, cuts = _cuts(figure, rng, hole_px, width, count)
    right = joins(figure, closed_truth(figure, width_px), cuts)
    return Variant(grey(cut_open(figure, width_px, cut)), right, painting(figure))


def _cuts(
    figure: Figure,
    rng: np.random.Generator,
    hole_px: tuple[float, float],
    width_px: float,
    count: int,
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Choose holes: border pixels to leave out, and x, y in pixels and the parts of each."""
    pair = borders(figure)
    base = int(figure.parts.max()) + 1
    low, high = pair // base, pair % base
    area = np.bincount(figure.parts.ravel(), minlength=base)
    junction = _junctions(pair)
    to_junction = cv2.distanceTransform((~junction).astype(np.uint8), cv2.DIST_L2, 5)
    ys, xs = np.nonzero(
        (figure.colors[low] != figure.colors[high]).any(axis=2)
        & (np.minimum(area[low], area[high]) >= 4 * OVERSAMPLE**2 * figure.counted_px)
    )
    cut = np.zeros(pair.shape, np.bool_)
    taken = np.zeros(pair.shape, np.uint8)
    kept: list[tuple[float, float, int, int]] = []
    for place in rng.permutation(len(ys)):
        if len(kept) == count:
            break
        y, x = int(ys[place]), int(xs[place])
        half = OVERSAMPLE * (rng.uniform(*hole_px) + width_px) / 2
        away = to_junction[y, x] - half
        # Beside a junction the hole begins where the ink of the other line ends.
        room = OVERSAMPLE * width_px * (0.3 if len(kept) % 2 else 1.5)
        most = OVERSAMPLE * width_px * 1.5 if len(kept) % 2 else np.inf
        if taken[y, x] or not room <= away <= most:
            continue
        gone = _along(pair, y, x, half)
        if gone is None:
            continue
        cut[gone] = True
        cv2.circle(taken, (x, y), round(3 * half + 24 * OVERSAMPLE * figure.scale), 1, -1)
        kept.append((x / OVERSAMPLE, y / OVERSAMPLE, int(low[y, x]), int(high[y, x])))
    return cut, np.array(kept, np.float64).reshape(-1, 4)


def _junctions(pair: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Border pixels with a border of two other parts beside them, and those at the edge."""
    high = pair.astype(np.float32)
    low = np.where(pair > 0, high, np.float32(np.inf)).astype(np.float32)
    around = np.ones((3, 3), np.uint8)
    junction = (pair > 0) & (cv2.dilate(high, around) != cv2.erode(low, around))
    edge = np.zeros(pair.shape, np.bool_)
    edge[[0, -1]], edge[:, [0, -1]] = True, True
    return np.asarray(junction | (edge & (pair > 0)))


def _along(
    pair: NDArray[np.int64], y: int, x: int, half: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Border pixels of one pair within `half` of a place, None where the border ends sooner."""
    reach = int(np.ceil(half)) + 1
    top, left = max(0, y - reach), max(0, x - reach)
    window = pair[top : y + reach + 1, left : x + reach + 1]
    ys, xs = np.nonzero(window == pair[y, x])
    near = np.hypot(ys + top - y, xs + left - x)
    inside = near <= half
    # A border that goes on beyond the hole on both sides leaves stroke ends to close between.
    if np.count_nonzero(~inside) < 2 or inside.all():
        return None
    return ys[inside] + top, xs[inside] + left


def thin_dashes(figure: Figure, rng: np.random.Generator) -> Variant:
    """Binarised lines of 1.6 px with a hole of 3 x 3 px every 22 px."""
    whole = (closed(figure, 1.6) >= 0.35).astype(np.float32)
    drawn = whole.copy()
    ys, xs = np.nonzero(whole)
    for i in rng.choice(len(ys), len(ys) // 45, replace=False):
        drawn[max(0, ys[i] - 1) : ys[i] + 2, max(0, xs[i] - 1) : xs[i] + 2] = 0
    return Variant(grey(drawn), truth(figure, whole), painting(figure))


def dry_brush(figure: Figure, rng: np.random.Generator) -> Variant:
    """Lines of 12 px, a fifth of their ink missing in streaks along the stroke."""
    ink = closed(figure, 12)
    streak = _streaks(figure, rng)
    level = np.quantile(streak[ink > 0.5], 0.2)
    drawn = ink * np.clip((streak - level) * 4 + 0.5, 0, 1)
    return Variant(grey(drawn), closed_truth(figure, 12), painting(figure))


def dry_grain(figure: Figure, rng: np.random.Generator) -> Variant:
    """Lines of 12 px, a fifth of their ink missing in specks of one or a few pixels."""
    ink = closed(figure, 12)
    grain = noise(rng, figure.shape, 0.6)
    bare = grain < np.quantile(grain[ink > 0.5], 0.2)
    return Variant(grey(ink * ~bare), closed_truth(figure, 12), painting(figure))


def _streaks(figure: Figure, rng: np.random.Generator) -> Plane:
    """Noise drawn out along the borders (line integral convolution, Cabral and Leedom, 1993)."""
    smooth = cv2.GaussianBlur(apart(figure)[::OVERSAMPLE, ::OVERSAMPLE], (0, 0), 2)
    across = np.stack([cv2.Sobel(smooth, cv2.CV_32F, *d) for d in ((1, 0), (0, 1))])
    along = np.stack([-across[1], across[0]]) / np.maximum(np.hypot(*across), 1e-6)
    shape = figure.shape
    grain = noise(rng, shape, 0.7)
    ys, xs = np.indices(shape).astype(np.float32)
    total = np.zeros(shape, np.float32)
    for step in range(-6, 7):
        at = (xs + step * along[0], ys + step * along[1])
        total += cv2.remap(grain, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    pressure = noise(rng, shape, 12)
    return np.asarray(total / total.std() + 0.4 * pressure, np.float32)


def soft_pencil(figure: Figure, rng: np.random.Generator) -> Variant:
    """Lines of at least 4 px blurred over 4 px, at 70 % opacity: no pixel is solid."""
    soft = cv2.GaussianBlur(closed(figure, max(4, 5 * figure.scale)), (0, 0), 4)
    # The visible line: what is darker than a third of its own darkest pixels.
    strength = np.quantile(soft[soft > 0.1], 0.95)
    seen = np.clip(soft / strength, 0, 1) * (soft > strength / 3)
    return Variant(
        grey(soft * np.float32(0.7)), truth(figure, seen.astype(np.float32)), painting(figure)
    )


def faint_scan(figure: Figure, rng: np.random.Generator) -> Variant:
    """Faint pencil scanned: grain, pressure, tinted paper lit unevenly."""
    width = max(2, 3 * figure.scale)
    shape = figure.shape
    pressure = np.clip(0.34 + 0.07 * noise(rng, shape, 20), 0.2, 0.6)
    grain = np.clip(0.85 + 0.3 * noise(rng, shape, 0.8), 0.25, 1.3)
    ys, xs = np.indices(shape).astype(np.float32)
    light = 1 - 0.16 * (xs / shape[1] - 0.2) ** 2 - 0.12 * (ys / shape[0] - 0.4) ** 2
    paper = np.float32([238, 230, 212]) * light[..., None]
    paper = paper + 3.0 * noise(rng, shape, 0.6)[..., None] + 2.0 * noise(rng, shape, 5)[..., None]
    ink = cv2.GaussianBlur(closed(figure, width), (0, 0), 0.5) * pressure * grain
    lines = mixed(ink.astype(np.float32), paper.astype(np.float32), (40, 38, 44))
    return Variant(lines, closed_truth(figure, width), painting(figure))


def pen_bubbles(figure: Figure, rng: np.random.Generator) -> Variant:
    """Pen lines of 9 px, bubbles of up to 5 px inside the stroke."""
    width = 9.0
    inside = apart(figure)[::OVERSAMPLE, ::OVERSAMPLE] / OVERSAMPLE
    ys, xs = np.nonzero(inside < width / 2 - 1.8)
    bare = np.zeros(figure.shape, np.float32)
    shift = 4  # fractional bits of cv2.circle
    for i in rng.choice(len(ys), len(ys) // 40, replace=False):
        # The rim of the stroke stays whole.
        radius = rng.uniform(0.8, width / 2 - 0.9 - inside[ys[i], xs[i]])
        at = np.rint((np.array([xs[i], ys[i]]) + rng.uniform(-0.4, 0.4, 2)) * 2**shift)
        centre = (int(at[0]), int(at[1]))
        cv2.circle(bare, centre, round(radius * 2**shift), 1.0, -1, cv2.LINE_AA, shift)
    return Variant(
        grey(closed(figure, width) * (1 - bare)), closed_truth(figure, width), painting(figure)
    )


def on_ground(
    figure: Figure,
    rng: np.random.Generator,
    color: tuple[int, int, int],
    ground: tuple[int, int, int] = (0, 0, 0),
) -> Variant:
    """Lines of a colour on an opaque ground of another."""
    ink = closed(figure)
    return Variant(mixed(ink, ground, color), closed_truth(figure), painting(figure))


def chalkboard(figure: Figure, rng: np.random.Generator) -> Variant:
    """Chalk on a dark green board, both grained, the board wiped unevenly."""
    width = max(3, 5 * figure.scale)
    shape = figure.shape
    board = np.float32([44, 66, 56]) + 5 * noise(rng, shape, 30)[..., None]
    board = board + 2 * noise(rng, shape, 0.7)[..., None]
    chalk = np.clip(0.85 + 0.2 * noise(rng, shape, 0.8), 0.35, 1)
    lines = mixed(
        (closed(figure, width) * chalk).astype(np.float32),
        board.astype(np.float32),
        (226, 228, 220),
    )
    return Variant(lines, closed_truth(figure, width), painting(figure))


def rough_sketch(figure: Figure, rng: np.random.Generator) -> Variant:
    """Black ink over a light-blue sketch of searching strokes and construction lines."""
    ink = closed(figure)
    shape, full = figure.shape, figure.scale
    sketch = np.zeros(shape, np.float32)
    ys, xs = np.indices(shape).astype(np.float32)
    line = closed(replace(figure, ink=None), max(1.2, 2 * full))
    for _ in range(3):  # the same strokes searched for again and again
        at = [plane + (7 * full + 1) * noise(rng, shape, 30 * full + 6) for plane in (xs, ys)]
        strength = np.clip(0.5 + 0.35 * noise(rng, shape, 14 * full + 4), 0, 1)
        sketch = np.maximum(sketch, cv2.remap(line, *at, cv2.INTER_LINEAR) * strength)
    plane = np.zeros(shape, np.uint8)
    for _ in range(10):
        centre = rng.uniform(0.2, 0.8, 2) * shape[::-1]
        axes = rng.uniform(0.06, 0.3, 2) * min(shape)
        box = (centre.tolist(), axes.tolist(), float(rng.uniform(0, 180)))
        cv2.ellipse(plane, box, 200, max(1, round(2 * full)), cv2.LINE_AA)
        start, end = (rng.uniform(0, 1, (2, 2)) * shape[::-1]).astype(int)
        cv2.line(plane, start.tolist(), end.tolist(), 150, max(1, round(2 * full)), cv2.LINE_AA)
    sketch = np.maximum(sketch, plane.astype(np.float32) / 255)
    under = mixed(sketch, (255, 255, 255), (150, 198, 240)).astype(np.float32)
    return Variant(mixed(ink, under, (0, 0, 0)), closed_truth(figure), painting(figure))


def cmyk(figure: Figure, rng: np.random.Generator, alpha: bool) -> Variant:
    """Rich black lines in CMYK, on white paper or on transparency."""
    ink = closed(figure)
    full = np.rint(255 * ink[..., None] * np.float32([0.6, 0.5, 0.4, 1])).astype(np.uint8)
    if alpha:
        solid = np.where(ink[..., None] > 0, np.uint8([153, 128, 102, 255]), 0).astype(np.uint8)
        full = np.dstack([solid, np.rint(255 * ink).astype(np.uint8)])
    return Variant(full, closed_truth(figure), painting(figure), cmyk=True)


def bench_holes(figure: Figure, rng: np.random.Generator, times: int) -> Variant:
    """The holes of the bench drawings, 3.2 to 7.7 px at 1080p, widened."""
    step = times * figure.scale
    return holes(figure, rng, (3.2 * step, 7.7 * step))


def wide_holes(figure: Figure, rng: np.random.Generator, times: int) -> Variant:
    """Holes wider than what geometry alone closed: the default gap was 12 px at 1080p."""
    return holes(figure, rng, (12.0 * times * figure.scale,) * 2)
