"""The circumstances of the wild benchmark by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from scripts.benchmarks.wild_figures import Figure
from scripts.benchmarks.wild_painted import (
    painted_dabs,
    painted_dither,
    painted_jpeg,
    painted_noise,
    painted_shift,
    painted_smooth,
)
from scripts.benchmarks.wild_variants import (
    Variant,
    bench_holes,
    chalkboard,
    clean,
    cmyk,
    dry_brush,
    dry_grain,
    faint_scan,
    holes,
    on_ground,
    pen_bubbles,
    rough_sketch,
    short_of_edge,
    soft_pencil,
    thin_dashes,
    wide_holes,
)

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


def unusable(figure: Figure, rng: np.random.Generator, ground: int, noise: float) -> Variant:
    """Black lines on black, or no lines at all: one tone, with or without noise."""
    shape = figure.shape
    tone = np.clip(ground + noise * rng.standard_normal(shape), 0, 255).round().astype(np.uint8)
    variant = clean(figure, rng)
    return replace(variant, lines=np.repeat(tone[..., None], 3, axis=2))


def _lines() -> dict[str, Circumstance]:
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
            "lines", f"holes of the bench widened {times} times", partial(bench_holes, times=times)
        )
        found[f"holes {times} gaps"] = Circumstance(
            "lines", f"holes of {times} times 12 px at 1080p", partial(wide_holes, times=times)
        )
    return found | {
        "dry brush": Circumstance(
            "lines", "12 px lines, a fifth of the ink missing", dry_brush, 12, True, True
        ),
        "dry grain": Circumstance(
            "lines", "12 px lines, a fifth of the ink missing in specks", dry_grain, 12, True, True
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
    }


_PAINTED = {
    "painted jpeg": Circumstance("painted", "JPEG, quality 75 to 90", painted_jpeg),
    "painted noise": Circumstance("painted", "noise on every pixel", painted_noise),
    "painted dither": Circumstance("painted", "dithered flat colours", painted_dither),
    "painted smooth": Circumstance("painted", "anti-aliased edges", painted_smooth),
    "painted dabs": Circumstance("painted", "dabs that do not fill", painted_dabs),
    "painted shift": Circumstance("painted", "shifted against its lines", painted_shift),
}
_UNUSABLE = {
    "black on black": Circumstance(
        "unusable", "black lines, black picture", partial(unusable, ground=0, noise=0)
    ),
    "one tone": Circumstance("unusable", "grey alone", partial(unusable, ground=170, noise=0)),
    "bare paper": Circumstance("unusable", "white alone", partial(unusable, ground=255, noise=0)),
    "all dark": Circumstance("unusable", "dark noise", partial(unusable, ground=14, noise=4)),
}
CIRCUMSTANCES = _lines() | _PAINTED | _UNUSABLE
