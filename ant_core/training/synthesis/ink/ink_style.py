"""How one clip is drawn, and the dice that decide it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ant_core.training.synthesis.ink.trace_lines import RGB, draw_colors

__all__ = ["InkStyle", "draw_style"]


@dataclass(frozen=True, kw_only=True)
class InkStyle:
    """How one clip is drawn.  Lengths are in pixels of the drawing."""

    seed: int  # decides what stays the same through the clip: left-out lines, wrinkles
    width_px: float  # pen width, 1..10
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
    wrinkles: float = 0.0  # share of the large parts with lines across them or in them
    shadows: float = 0.0  # share of the large parts with a shadow, where the source has no shade
    trace: tuple[RGB, ...] = ()  # colours of the borders of shade; none = they are drawn in ink
    traced: float = 0.0  # share of the borders between two parts that are trace lines as well
    redrawn: float = 0.0  # share of the ink that is drawn twice
    redrawn_px: float = 0.0  # how far the second stroke strays from the first
    redrawn_wave_px: float = 80.0  # length of such a stroke
    overshoot: float = 0.0  # share of the corners that a stroke runs beyond
    overshoot_px: float = 8.0  # longest way beyond
    specks: int = 0  # dots of dirt
    hard: bool = False  # no anti-aliasing
    blur_px: float = 0.0  # softness of a scan
    texture: float = 0.0  # 0 solid ink .. 1 dry brush or pencil
    grain_px: float = 2.5  # size of the grains of that texture
    pressure: float = 0.0  # how much the ink pales along a stroke, 0..1
    ink: int = 0  # grey of full ink
    circumstance: str = ""  # what is done to the drawing, see `circumstances`; "" = nothing


def _width(rng: np.random.Generator, height: int) -> float:
    """Draw a pen width: fine to broad, and in an eighth of the clips a marker's 6..10 at 1080p."""
    if rng.random() < 0.12:
        return float(rng.uniform(max(2.0, height / 180), max(2.5, height / 108)))
    widest = np.clip(height / 150, 2.0, 7.2)
    return float(np.exp(rng.uniform(np.log(1.0), np.log(widest))))


def _surface(rng: np.random.Generator) -> dict[str, Any]:
    """Draw what the ink looks like: pixel pen, ink, dry ink or pencil."""
    if rng.random() < 0.12:
        return {
            "blur_px": float(rng.uniform(0.3, 0.7)),
            "texture": float(rng.uniform(0.6, 1.0)),
            "grain_px": float(rng.uniform(1.2, 2.0)),
            "pressure": float(rng.uniform(0.3, 0.8)),
            "ink": int(rng.uniform(30, 110)),
        }
    hard = rng.random() < 0.15
    return {
        "hard": hard,
        "blur_px": 0.0 if hard else float(rng.choice((0.0, rng.uniform(0.3, 0.8)))),
        "texture": float(rng.choice((0.0, rng.uniform(0.1, 0.8)), p=(0.7, 0.3))),
        "ink": int(rng.choice((0.0, rng.uniform(0, 90)))),
    }


def _sketch(rng: np.random.Generator, height: int, width_px: float) -> dict[str, Any]:
    """Draw how sketchy the strokes are: two thirds of the clips are clean."""
    found: dict[str, Any] = {}
    if rng.random() < 0.22:
        found["redrawn"] = float(rng.uniform(0.05, 0.7))
        found["redrawn_px"] = float(0.5 * width_px + height * rng.uniform(0.0008, 0.003))
        found["redrawn_wave_px"] = float(height * rng.uniform(0.05, 0.2))
    if rng.random() < 0.22:
        found["overshoot"] = float(rng.uniform(0.05, 0.5))
        found["overshoot_px"] = float(width_px + height * rng.uniform(0.004, 0.015))
    return found


def draw_style(rng: np.random.Generator, height: int) -> InkStyle:
    """Draw a random style for a clip of drawings ``height`` pixels tall."""
    width = _width(rng, height)
    hand = float(rng.choice((0.0, 0.5, 1.0, 2.0), p=(0.1, 0.3, 0.4, 0.2)))
    trace = draw_colors(rng) if rng.random() < 0.45 else ()
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
        wrinkles=float(rng.choice((0.0, rng.uniform(0, 0.5)), p=(0.35, 0.65))),
        shadows=float(rng.uniform(0.2, 1.0)) if rng.random() < (0.75 if trace else 0.25) else 0.0,
        trace=trace,
        traced=float(rng.choice((0.0, rng.uniform(0, 0.15)))) if trace else 0.0,
        specks=int(rng.choice((0.0, rng.uniform(1, 25)), p=(0.6, 0.4))),
        **_sketch(rng, height, width),
        **_surface(rng),
    )
