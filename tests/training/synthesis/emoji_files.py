"""A small cast of our own in the files that scripts/fetch_drawn.py writes for the emoji."""

import json
from pathlib import Path

from tests.training.synthesis.drawn_files import SAME

SKIN, SHIRT, DARK = "#ffcc00", "#00aaee", "#222222"


def fill(d: str, color: str) -> dict:
    """Return one shape as the files have it."""
    return {"d": d, "fill": color, "even_odd": False, "matrix": SAME}


def box(x: float, y: float, wide: float, high: float) -> str:
    """Return a rectangle."""
    return f"M{x} {y}h{wide}v{high}h{-wide}Z"


def person(wide: float, eye: float = 1.6) -> list[dict]:
    """Return a trunk with two arms in one path, a head on it and two eyes in one path."""
    return [
        fill(box(4, 14, 5, 3) + box(23, 14, 5, 3), SKIN),
        fill(box(16 - wide / 2, 13, wide, 17), SHIRT),
        fill(box(11, 3, 10, 11), SKIN),
        fill(box(12.5, 6, eye, eye) + box(17.5, 6, eye, eye), DARK),
        fill(box(14, 11, 4, 0.2), DARK),
    ]


def write_cast(root: Path, count: int = 11) -> None:
    """Write `count` people as man and woman, and as many animals."""
    for kind in ("people", "animals"):
        (root / kind).mkdir(parents=True)
    for i in range(count):
        drawings = {
            f"people/man-act{i:02d}": person(15 + i / 10),
            f"people/woman-act{i:02d}": person(15 + i / 10, eye=2.0),
            f"animals/animal{i:02d}": person(17 + i / 10),
        }
        for name, items in drawings.items():
            (root / f"{name}.json").write_text(json.dumps(items))
