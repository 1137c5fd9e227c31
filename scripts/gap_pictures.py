#!/usr/bin/env python3
"""Draw the pictures of "Gaps and lines" in the docker's manual, as the docker shows segments.

    python scripts/gap_pictures.py

Drawings of the benchmark "wild" go to an engine as the docker sends them, and what it answers to
"Check segments" is laid beside them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from numpy.typing import NDArray

from krita_plugin.propagate_colors.link.protocol import Engine
from scripts.benchmarks import wild_variants
from scripts.benchmarks.wild_circumstances import CIRCUMSTANCES
from scripts.benchmarks.wild_figures import Figure, load

Picture = NDArray[np.uint8]

PICTURES = Path(__file__).resolve().parents[1] / "krita_plugin" / "propagate_colors" / "pictures"
SIZE_PX = 960  # longer side of every drawing
# What is shown of the figure, rows and columns of its pixels.
HEAD, FIGURE, FACE = np.s_[20:470, 260:710], np.s_[0:960, 150:810], np.s_[140:620, 310:670]
BAR_PX, EDGE_PX = 26, 3
LAYER = {"model": "RGBA", "depth": "U8"}
KINDS = {
    "faint scan": "Faint scan, uneven paper",
    "white on black": "Light lines on dark",
    "rough sketch": "Blue sketch below the ink",
    "blue on grey": "Colored lines on gray",
    "dry brush": "Dry brush",
    "thin dashes": "Broken, hair-thin lines",
}


def main() -> int:
    """Draw them; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=PICTURES, help="folder")
    out = parser.parse_args().out
    with Engine() as engine:
        engine.start(device="cpu")
        for name, picture in (
            ("gaps_slider", _slider(engine)),
            ("gaps_by_colors", _by_colors(engine)),
            ("line_kinds", _kinds(engine)),
        ):
            path = out / f"{name}.png"
            cv2.imwrite(str(path), _few_colors(picture), [cv2.IMWRITE_PNG_COMPRESSION, 9])
            print(path)
    return 0


def _slider(engine: Engine) -> Picture:
    """One open drawing, and its segments at three places of the slider."""
    drawn = CIRCUMSTANCES["holes 3 gaps"].make(_figure(), _rng(5))
    shot = _Shot(engine, "slider", [drawn.lines])
    seen = {"Open lines": shot.lines[0]}
    for gap_px, title in ((0, "0 px"), (None, "Auto"), (40, "40 px")):
        seen[title] = shot.segments(1, gap_px)
    return _sheet({title: picture[FIGURE] for title, picture in seen.items()}, 290, 2)


def _by_colors(engine: Engine) -> Picture:
    """A painted frame whose face runs into its hair, before and after a run."""
    drawn = wild_variants.holes(_figure(), _rng(9), (40, 40), None, 10)
    shot = _Shot(engine, "colors", [drawn.lines])
    before = shot.segments(1, None)
    shot.propagate(drawn.painted)
    seen = {
        "Lines": shot.lines[0],
        "What you painted": _on_white(_bgra(drawn.painted)),
        "Before a run": before,
        "After it": shot.segments(1, None),
    }
    return _sheet({title: picture[FACE] for title, picture in seen.items()}, 290, 2)


def _kinds(engine: Engine) -> Picture:
    """Drawings of many kinds, each beside its segments."""
    seen = {}
    for name, title in KINDS.items():
        drawn = CIRCUMSTANCES[name].make(_figure(), _rng(3))
        shot = _Shot(engine, name, [drawn.lines])
        seen[title] = np.hstack([shot.lines[0][HEAD], shot.segments(1, None)[HEAD]])
    return _sheet(seen, 340, 2)


class _Shot:
    """Drawings in an engine, numbered from 1."""

    def __init__(self, engine: Engine, name: str, lines: Sequence[Picture]) -> None:
        self._engine, self._name = engine, name
        packed = [_bgra(picture) for picture in lines]
        self._height, self._width = packed[0].shape[:2]
        self.lines = [_on_white(picture) for picture in packed]
        self._box = [0, 0, self._width, self._height]
        size = {"width": self._width, "height": self._height}
        engine.ask("open_shot", shot=name, line=LAYER, color=LAYER, **size)
        for frame, picture in enumerate(packed, 1):
            layer = {"box": self._box, "bytes": picture.nbytes}
            place: dict[str, Any] = {"shot": name, "frame": frame, "hash": str(frame)}
            engine.ask("add_drawing", picture.tobytes(), layers=[layer], **place)

    def segments(self, frame: int, gap_px: float | None) -> Picture:
        """Return what "Check segments" shows of a frame, (H, W, 3) BGR."""
        asked = {"frame": frame, "gap_px": gap_px, "max_side": SIZE_PX}
        head, data = self._engine.ask("preview", shot=self._name, **asked)
        shown = np.frombuffer(data, np.uint8).reshape(head["height"], head["width"], 4)
        return np.ascontiguousarray(shown[:, :, :3])

    def propagate(self, painted: Picture) -> None:
        """Color the shot from its first frame, (H, W, 4) RGBA."""
        picture = _bgra(painted)
        place: dict[str, Any] = {"shot": self._name, "frame": 1, "hash": "painted"}
        place |= {"origin": "painted", "box": self._box, "bytes": picture.nbytes}
        self._engine.ask("add_reference", picture.tobytes(), **place)
        frames = list(range(1, len(self.lines) + 1))
        self._engine.ask("propagate", shot=self._name, frames=frames, references=[1], gap_px=None)


def _figure() -> Figure:
    return load("portrait", SIZE_PX, 0)


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _bgra(picture: Picture) -> Picture:
    """Return grey, RGB or RGBA as Krita's bytes have it."""
    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    if picture.shape[2] == 3:
        picture = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    return np.ascontiguousarray(picture[:, :, [2, 1, 0, 3]])


def _on_white(picture: Picture) -> Picture:
    alpha = picture[:, :, 3:] / 255
    return np.asarray((picture[:, :, :3] * alpha + 255 * (1 - alpha)).round(), np.uint8)


def _sheet(panels: dict[str, Picture], width_px: int, columns: int) -> Picture:
    """Lay panels of one width side by side, each below its title."""
    done = [_panel(title, picture, width_px) for title, picture in panels.items()]
    rows = [np.hstack(done[at : at + columns]) for at in range(0, len(done), columns)]
    return np.asarray(np.vstack(rows), np.uint8)


def _panel(title: str, picture: Picture, width_px: int) -> Picture:
    height = round(width_px * picture.shape[0] / picture.shape[1])
    small = cv2.resize(picture, (width_px, height), interpolation=cv2.INTER_AREA)
    bar = np.full((BAR_PX, width_px, 3), 255, np.uint8)
    cv2.putText(bar, title, (2, 18), cv2.FONT_HERSHEY_DUPLEX, 0.45, (60, 60, 60), 1, cv2.LINE_AA)
    whole = cv2.rectangle(small, (0, 0), (width_px - 1, height - 1), (200, 200, 200), 1)
    edges = ((EDGE_PX, EDGE_PX), (EDGE_PX, EDGE_PX), (0, 0))
    return np.pad(np.vstack([bar, whole]), edges, constant_values=255)


def _few_colors(picture: Picture) -> Picture:
    """Return it in 52 levels a channel, which pack better and still show the tone of paper."""
    return np.asarray((picture.astype(np.int32) + 2) // 5 * 5, np.uint8)


if __name__ == "__main__":
    sys.exit(main())
