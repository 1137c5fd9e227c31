"""A small style of our own in the files that scripts/fetch_drawn.py writes."""

import json
from pathlib import Path

import numpy as np

SAME = [1, 0, 0, 1, 0, 0]


def ring(x: float, y: float, outer: float, inner: float) -> str:
    """Return a square frame of ink around (x, y), to be filled even-odd."""
    return " ".join(f"M{x - r} {y - r}h{2 * r}v{2 * r}h{-2 * r}Z" for r in (outer, inner))


def shape(d: str, fill: str = "#000000", even_odd: bool = True) -> dict:
    """Return one shape as the files have it."""
    return {"d": d, "fill": fill, "even_odd": even_odd, "matrix": SAME}


def write_style(root: Path, count: int = 11) -> None:
    """Write `count` heads, eyes, mouths and bodies, none like another."""
    figure = [{"part": "body", "matrix": SAME}, {"part": "head", "matrix": [1, 0, 0, 1, 100, 0]}]
    root.mkdir(parents=True)
    (root / "figure.json").write_text(json.dumps(figure))
    for i in range(count):
        wide = 70 + i
        skin = f"M{100 - wide} 20H{100 + wide}V{180 + i}H{100 - wide}Z" + " " * 150
        places = [{"part": name, "matrix": [1, 0, 0, 1, 0, i]} for name in ("eyes", "mouth")]
        parts = {
            "head": [shape(skin, "skin"), shape(ring(100, 100, wide, wide - 6)), *places],
            "eyes": [shape(ring(x, 70, 16 + i / 2, 8)) for x in (60, 140)],
            "mouth": [shape(ring(100, 140, 22 + i / 2, 14))],
            "body": [
                shape(f"M60 180H340V{360 + i}H60Z", "#ffffff"),
                shape(ring(200, 270, 100 + i, 92)),
                shape(f"M195 200h8v{150 + i}h-8Z"),
            ],
        }
        for category, items in parts.items():
            (root / category).mkdir(exist_ok=True)
            path = root / category / f"{category}{i:02d}.json"
            path.write_text(json.dumps(items))


def assert_same_clip(one, two):
    """Compare planes, flow and colours of two clips."""
    for a, b in zip(one.frames, two.frames, strict=True):
        assert np.array_equal(a.ids, b.ids)
        assert np.array_equal(a.ink, b.ink)
        for flow in ("forward", "backward"):
            one_flow, two_flow = getattr(a, flow), getattr(b, flow)
            assert (one_flow is None) == (two_flow is None)
            assert one_flow is None or np.array_equal(one_flow, two_flow, equal_nan=True)
    assert one.colors == two.colors
