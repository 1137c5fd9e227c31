"""Circumstances of the wild benchmark: one function each from a clean figure to a picture.

Every function is pure: figure and random generator in, picture and ground truth out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks import wild_figures
from scripts.benchmarks.wild_figures import OVERSAMPLE, Figure, Truth, cover, painting, truth

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


Make = Callable[[Figure, np.random.Generator], Variant]


@dataclass(frozen=True)
class Circumstance:
    """What people do to a drawing.

    Attributes
    ----------
    about : "lines", "painted" (the painted frame alone is hurt) or "unusable" (an error is right)
    text : what it is
    make : builds the picture
    width_px : line width of the clean drawing to compare with, None for the ordinary one
    redrawn : whether lines of that width are essential, so that drawn ink cannot be used
    few_segments : whether the number of segments must stay within 1.5 times that of the clean one
    """

    about: str
    text: str
    make: Make
    width_px: float | None = None
    redrawn: bool = False
    few_segments: bool = False


def grey(ink: Plane) -> Picture:
    """Black ink on white."""
    return np.rint(255 * (1 - ink)).astype(np.uint8)


def mixed(ink: Plane, ground: Plane | tuple[int, int, int], color: tuple[int, int, int]) -> Picture:
    """Ink of a colour on a ground, one colour or (H, W, 3)."""
    under = np.asarray(ground, np.float32)
    share = ink[..., None]
    return np.clip(under * (1 - share) + np.float32(color) * share, 0, 255).round().astype(np.uint8)


def _noise(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> Plane:
    """Smooth noise of unit deviation."""
    noise = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), sigma)
    return np.asarray(noise / noise.std(), np.float32)


def clean(figure: Figure, rng: np.random.Generator, width_px: float | None = None) -> Variant:
    """Black closed lines on white: what every circumstance is compared with."""
    ink = cover(figure, width_px)
    return Variant(grey(ink), truth(figure, ink), painting(figure))


def short_of_edge(figure: Figure, rng: np.random.Generator, px: int) -> Variant:
    """Lines end before the edge of the canvas."""
    ink = cover(figure)
    right = truth(figure, ink)
    drawn = ink.copy()
    drawn[:px], drawn[-px:], drawn[:, :px], drawn[:, -px:] = 0, 0, 0, 0
    # Where a line runs along the edge, within the erased rim, nothing was left to close.
    return Variant(grey(drawn), right, painting(figure))


def holes(
    figure: Figure,
    rng: np.random.Generator,
    hole_px: tuple[float, float],
    width_px: float | None = None,
    count: int = 14,
) -> Variant:
    """Bare holes of these widths where two colours would join, every other beside a junction."""
    width = figure.width_px if width_px is None else width_px
    closed = cover(figure, width_px)
    cut, cuts = _cuts(figure, rng, hole_px, width, count)
    return Variant(
        grey(cover(figure, width_px, cut)), truth(figure, closed, cuts), painting(figure)
    )


def _cuts(
    figure: Figure,
    rng: np.random.Generator,
    hole_px: tuple[float, float],
    width_px: float,
    count: int,
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Choose holes: border pixels to leave out, and x, y in pixels and the parts of each."""
    pair = wild_figures.borders(figure.parts)
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
    closed = (cover(figure, 1.6) >= 0.35).astype(np.float32)
    drawn = closed.copy()
    ys, xs = np.nonzero(closed)
    for i in rng.choice(len(ys), len(ys) // 45, replace=False):
        drawn[max(0, ys[i] - 1) : ys[i] + 2, max(0, xs[i] - 1) : xs[i] + 2] = 0
    return Variant(grey(drawn), truth(figure, closed), painting(figure))


def dry_brush(figure: Figure, rng: np.random.Generator) -> Variant:
    """Lines of 12 px, a fifth of their ink missing in streaks along the stroke."""
    ink = cover(figure, 12)
    streak = _streaks(figure, rng)
    level = np.quantile(streak[ink > 0.5], 0.2)
    drawn = ink * np.clip((streak - level) * 4 + 0.5, 0, 1)
    return Variant(grey(drawn), truth(figure, ink), painting(figure))


def _streaks(figure: Figure, rng: np.random.Generator) -> Plane:
    """Noise drawn out along the borders (line integral convolution, Cabral and Leedom, 1993)."""
    drawn = (wild_figures.borders(figure.parts) > 0) | figure.details
    distance = cv2.distanceTransform((~drawn).astype(np.uint8), cv2.DIST_L2, 5)
    smooth = cv2.GaussianBlur(distance[::OVERSAMPLE, ::OVERSAMPLE], (0, 0), 2)
    across = np.stack([cv2.Sobel(smooth, cv2.CV_32F, *d) for d in ((1, 0), (0, 1))])
    along = np.stack([-across[1], across[0]]) / np.maximum(np.hypot(*across), 1e-6)
    shape = figure.shape
    noise = _noise(rng, shape, 0.7)
    ys, xs = np.indices(shape).astype(np.float32)
    total = np.zeros(shape, np.float32)
    for step in range(-6, 7):
        at = (xs + step * along[0], ys + step * along[1])
        total += cv2.remap(noise, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    pressure = _noise(rng, shape, 12)
    return np.asarray(total / total.std() + 0.4 * pressure, np.float32)


def soft_pencil(figure: Figure, rng: np.random.Generator) -> Variant:
    """Lines of at least 4 px blurred over 4 px, at 70 % opacity: no pixel is solid."""
    closed = cv2.GaussianBlur(cover(figure, max(4, 5 * figure.scale)), (0, 0), 4)
    # The visible line: what is darker than a third of its own darkest pixels.
    strength = np.quantile(closed[closed > 0.1], 0.95)
    seen = np.clip(closed / strength, 0, 1) * (closed > strength / 3)
    return Variant(
        grey(closed * np.float32(0.7)), truth(figure, seen.astype(np.float32)), painting(figure)
    )


def faint_scan(figure: Figure, rng: np.random.Generator) -> Variant:
    """Faint pencil scanned: grain, pressure, tinted paper lit unevenly."""
    closed = cover(figure, max(2, 3 * figure.scale))
    shape = figure.shape
    pressure = np.clip(0.34 + 0.07 * _noise(rng, shape, 20), 0.2, 0.6)
    grain = np.clip(0.85 + 0.3 * _noise(rng, shape, 0.8), 0.25, 1.3)
    ys, xs = np.indices(shape).astype(np.float32)
    light = 1 - 0.16 * (xs / shape[1] - 0.2) ** 2 - 0.12 * (ys / shape[0] - 0.4) ** 2
    paper = np.float32([238, 230, 212]) * light[..., None]
    paper = (
        paper + 3.0 * _noise(rng, shape, 0.6)[..., None] + 2.0 * _noise(rng, shape, 5)[..., None]
    )
    ink = cv2.GaussianBlur(closed, (0, 0), 0.5) * pressure * grain
    lines = mixed(ink.astype(np.float32), paper.astype(np.float32), (40, 38, 44))
    return Variant(lines, truth(figure, closed), painting(figure))


def pen_bubbles(figure: Figure, rng: np.random.Generator) -> Variant:
    """Pen lines of 9 px, bubbles of up to 5 px inside the stroke."""
    width = 9.0
    closed = cover(figure, width)
    drawn = (wild_figures.borders(figure.parts) > 0) | figure.details
    distance = cv2.distanceTransform((~drawn).astype(np.uint8), cv2.DIST_L2, 5)
    inside = distance[::OVERSAMPLE, ::OVERSAMPLE] / OVERSAMPLE
    ys, xs = np.nonzero(inside < width / 2 - 1.8)
    bare = np.zeros(figure.shape, np.float32)
    shift = 4  # fractional bits of cv2.circle
    for i in rng.choice(len(ys), len(ys) // 60, replace=False):
        # The rim of the stroke stays whole.
        radius = rng.uniform(0.8, width / 2 - 0.9 - inside[ys[i], xs[i]])
        at = np.rint((np.array([xs[i], ys[i]]) + rng.uniform(-0.4, 0.4, 2)) * 2**shift)
        centre = (int(at[0]), int(at[1]))
        cv2.circle(bare, centre, round(radius * 2**shift), 1.0, -1, cv2.LINE_AA, shift)
    return Variant(grey(closed * (1 - bare)), truth(figure, closed), painting(figure))


def on_ground(
    figure: Figure,
    rng: np.random.Generator,
    color: tuple[int, int, int],
    ground: tuple[int, int, int] = (0, 0, 0),
) -> Variant:
    """Lines of a colour on an opaque ground of another."""
    ink = cover(figure)
    return Variant(mixed(ink, ground, color), truth(figure, ink), painting(figure))


def chalkboard(figure: Figure, rng: np.random.Generator) -> Variant:
    """Chalk on a dark green board, both grained, the board wiped unevenly."""
    closed = cover(figure, max(3, 5 * figure.scale))
    shape = figure.shape
    board = np.float32([44, 66, 56]) + 5 * _noise(rng, shape, 30)[..., None]
    board = board + 2 * _noise(rng, shape, 0.7)[..., None]
    chalk = np.clip(0.85 + 0.2 * _noise(rng, shape, 0.8), 0.35, 1)
    lines = mixed((closed * chalk).astype(np.float32), board.astype(np.float32), (226, 228, 220))
    return Variant(lines, truth(figure, closed), painting(figure))


def rough_sketch(figure: Figure, rng: np.random.Generator) -> Variant:
    """Black ink over a light-blue sketch of searching strokes and construction lines."""
    ink = cover(figure)
    shape, full = figure.shape, figure.scale
    sketch = np.zeros(shape, np.float32)
    ys, xs = np.indices(shape).astype(np.float32)
    line = cover(replace(figure, ink=None), max(1.2, 2 * full))
    for _ in range(3):  # the same strokes searched for again and again
        at = [plane + (7 * full + 1) * _noise(rng, shape, 30 * full + 6) for plane in (xs, ys)]
        strength = np.clip(0.5 + 0.35 * _noise(rng, shape, 14 * full + 4), 0, 1)
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
    return Variant(mixed(ink, under, (0, 0, 0)), truth(figure, ink), painting(figure))


def cmyk(figure: Figure, rng: np.random.Generator, alpha: bool) -> Variant:
    """Rich black lines in CMYK, on white paper or on transparency."""
    ink = cover(figure)
    full = np.rint(255 * ink[..., None] * np.float32([0.6, 0.5, 0.4, 1])).astype(np.uint8)
    if alpha:
        solid = np.where(ink[..., None] > 0, np.uint8([153, 128, 102, 255]), 0).astype(np.uint8)
        full = np.dstack([solid, np.rint(255 * ink).astype(np.uint8)])
    return Variant(full, truth(figure, ink), painting(figure), cmyk=True)


def _on_paper(variant: Variant) -> Variant:
    """Paint the bare ground white and opaque, as formats without alpha do."""
    colors = variant.truth.colors.copy()
    colors[colors[:, 3] == 0] = 255
    painted = variant.painted.copy()
    painted[painted[..., 3] == 0] = 255
    return replace(variant, painted=painted[..., :3], truth=replace(variant.truth, colors=colors))


def painted_jpeg(figure: Figure, rng: np.random.Generator) -> Variant:
    """The painted frame went through JPEG."""
    variant = _on_paper(clean(figure, rng))
    quality = int(rng.integers(75, 91))
    _, packed = cv2.imencode(
        ".jpg", variant.painted[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    decoded = cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1]
    return replace(variant, painted=np.ascontiguousarray(decoded, np.uint8), tolerance=6)


def painted_noise(figure: Figure, rng: np.random.Generator) -> Variant:
    """Every pixel of the painted frame is off by a few steps."""
    variant = clean(figure, rng)
    off = np.rint(rng.normal(0, 1.5, (*figure.shape, 3)))
    return replace(variant, painted=_shaded(variant.painted, off), tolerance=6)


def painted_dither(figure: Figure, rng: np.random.Generator) -> Variant:
    """Flat colours dithered between two near ones in a 4 x 4 pattern."""
    variant = clean(figure, rng)
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
    height, width = figure.shape
    pattern = np.tile(bayer, (height // 4 + 1, width // 4 + 1))[:height, :width]
    off = np.where(pattern >= 8, 3, -3)[..., None]
    return replace(variant, painted=_shaded(variant.painted, off), tolerance=6)


def _shaded(painted: Picture, off: NDArray[np.float64] | NDArray[np.int64]) -> Picture:
    """Change the colours of what is painted, not its alpha."""
    moved = painted.copy()
    solid = painted[..., 3] > 0
    moved[solid, :3] = np.clip(painted[..., :3] + off, 0, 255).astype(np.uint8)[solid]
    return moved


def painted_smooth(figure: Figure, rng: np.random.Generator) -> Variant:
    """Edges between the painted colours are anti-aliased over some pixels."""
    variant = clean(figure, rng)
    painted = variant.painted.astype(np.float32)
    painted[..., :3] *= painted[..., 3:] / 255
    soft = cv2.GaussianBlur(painted, (0, 0), max(0.8, 1.5 * figure.scale))
    soft[..., :3] /= np.maximum(soft[..., 3:], 1e-3) / 255
    return replace(variant, painted=np.clip(soft, 0, 255).round().astype(np.uint8))


def painted_dabs(figure: Figure, rng: np.random.Generator) -> Variant:
    """One dab of the brush in every region, which does not fill it."""
    variant = clean(figure, rng)
    right = variant.truth
    painted = np.zeros((*figure.shape, 4), np.uint8)
    depth = cv2.distanceTransform((right.labels > 0).astype(np.uint8), cv2.DIST_L2, 5)
    for region in range(1, len(right.colors)):
        inside = np.where(right.labels == region, depth, 0)
        y, x = np.unravel_index(int(inside.argmax()), inside.shape)
        dab = np.zeros(figure.shape, np.uint8)
        cv2.circle(dab, (int(x), int(y)), max(1, round(0.45 * inside[y, x])), 1, -1)
        painted[(dab > 0) & (right.labels == region)] = right.colors[region]
    return replace(variant, painted=painted)


def painted_shift(figure: Figure, rng: np.random.Generator) -> Variant:
    """The painted frame lies some px beside its lines."""
    variant = clean(figure, rng)
    reach = max(4.0, 12 * figure.scale)
    angle = rng.uniform(0, 2 * np.pi)
    move = np.float32([[1, 0, round(reach * np.cos(angle))], [0, 1, round(reach * np.sin(angle))]])
    size = figure.shape[::-1]
    moved = cv2.warpAffine(
        variant.painted, move, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    return replace(variant, painted=np.asarray(moved, np.uint8))


def unusable(figure: Figure, rng: np.random.Generator, ground: int, noise: float) -> Variant:
    """Black lines on black, or no lines at all: one tone, with or without noise."""
    shape = figure.shape
    tone = np.clip(ground + noise * rng.standard_normal(shape), 0, 255).round().astype(np.uint8)
    variant = clean(figure, rng)
    return replace(variant, lines=np.repeat(tone[..., None], 3, axis=2))


def _every() -> dict[str, Circumstance]:
    """All circumstances by name."""
    found = {
        f"edge {px} px": Circumstance(
            "lines", f"lines end {px} px before the canvas edge", partial(short_of_edge, px=px)
        )
        for px in (2, 4, 8)
    }
    found["thin dashes"] = Circumstance(
        "lines", "binarised 1.6 px lines, 3 px holes", thin_dashes, 1.6, redrawn=True
    )
    for width in (1, 2, 4, 8, 14):
        make = partial(holes, hole_px=(10, 10), width_px=width)
        found[f"gap 10, line {width}"] = Circumstance(
            "lines", f"10 px gaps in {width} px lines", make, width, redrawn=True
        )
    for times in (2, 3):
        found[f"holes x{times}"] = Circumstance(
            "lines", f"holes of the bench widened {times} times", partial(_wide, times=times)
        )
        found[f"holes {times} gaps"] = Circumstance(
            "lines", f"holes of {times} times 12 px at 1080p", partial(_beyond, times=times)
        )
    found |= {
        "dry brush": Circumstance(
            "lines", "12 px lines, a fifth of the ink missing", dry_brush, 12, True, True
        ),
        "soft pencil": Circumstance(
            "lines", "blur 4 px, 70 % opacity", soft_pencil, None, redrawn=True
        ),
        "faint scan": Circumstance(
            "lines", "faint pencil, grain, tinted uneven paper", faint_scan, None, False, True
        ),
        "pen bubbles": Circumstance(
            "lines", "9 px pen lines with bubbles", pen_bubbles, 9, True, True
        ),
        "brown on black": Circumstance(
            "lines", "brown lines, black picture", partial(on_ground, color=(110, 70, 40))
        ),
        "white on black": Circumstance(
            "lines", "white lines, black picture", partial(on_ground, color=(255, 255, 255))
        ),
        "red on black": Circumstance(
            "lines", "red lines, black picture", partial(on_ground, color=(200, 30, 40))
        ),
        "blue on grey": Circumstance(
            "lines",
            "blue lines, mid-grey picture",
            partial(on_ground, color=(30, 50, 160), ground=(150, 150, 150)),
        ),
        "chalkboard": Circumstance("lines", "chalk on a dark board", chalkboard),
        "rough sketch": Circumstance("lines", "light-blue sketch under the ink", rough_sketch),
        "cmyk": Circumstance("lines", "CMYK TIFF lines", partial(cmyk, alpha=False)),
        "cmyk alpha": Circumstance("lines", "CMYK TIFF with alpha", partial(cmyk, alpha=True)),
        "painted jpeg": Circumstance("painted", "JPEG, quality 75 to 90", painted_jpeg),
        "painted noise": Circumstance("painted", "noise on every pixel", painted_noise),
        "painted dither": Circumstance("painted", "dithered flat colours", painted_dither),
        "painted smooth": Circumstance("painted", "anti-aliased edges", painted_smooth),
        "painted dabs": Circumstance("painted", "dabs that do not fill", painted_dabs),
        "painted shift": Circumstance("painted", "shifted against its lines", painted_shift),
        "black on black": Circumstance(
            "unusable", "black lines, black picture", partial(unusable, ground=0, noise=0)
        ),
        "one tone": Circumstance("unusable", "grey alone", partial(unusable, ground=170, noise=0)),
        "bare paper": Circumstance(
            "unusable", "white alone", partial(unusable, ground=255, noise=0)
        ),
        "all dark": Circumstance("unusable", "dark noise", partial(unusable, ground=14, noise=4)),
    }
    return found


def _wide(figure: Figure, rng: np.random.Generator, times: int) -> Variant:
    """The holes of the bench drawings, 3.2 to 7.7 px at 1080p, widened."""
    step = times * figure.scale
    return holes(figure, rng, (3.2 * step, 7.7 * step))


def _beyond(figure: Figure, rng: np.random.Generator, times: int) -> Variant:
    """Holes wider than what geometry alone closed: the default gap was 12 px at 1080p."""
    return holes(figure, rng, (12.0 * times * figure.scale,) * 2)


CIRCUMSTANCES = _every()
