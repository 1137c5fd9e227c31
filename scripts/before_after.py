#!/usr/bin/env python3
"""Draw the README's picture: the painted frame, another frame's lines, and its colours.

    python scripts/before_after.py --out docs/images/before_after.png

Colours the bundled shot with the embedded model.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SHOT = ROOT / "samples" / "saha"
FRAME = "0005.png"
PANEL = np.s_[20:1080, 300:1640]  # of the shot's 1080 x 1920 pixels: the figure
WIDTH = 480  # of a panel
TITLES = ("You paint one frame", "You draw the next", "It is coloured")


def main() -> int:
    """Colour the shot, lay three panels side by side, write them; returns the exit code."""
    from ant_core.cli import main as ant_core

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs/images/before_after.png")
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as folder:
        code = ant_core(["propagate", str(SHOT), "--out", folder])
        if code not in (0, 3):
            return code
        first = drawn("0001.png", [SHOT / "color"], WIDTH)
        lines = drawn(FRAME, [], WIDTH)
        colored = drawn(FRAME, [Path(folder) / "color"], WIDTH)
    panels = [_titled(p, title) for p, title in zip((first, lines, colored), TITLES, strict=True)]
    cv2.imwrite(str(out), np.hstack(panels), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return 0


def drawn(
    name: str, layers: Sequence[Path], width_px: int, read_lines: int = cv2.IMREAD_GRAYSCALE
) -> NDArray[np.uint8]:
    """Return the shot's lines over painted layers, each a folder, over white; one panel, BGR."""
    ink = np.atleast_3d(cv2.imread(str(SHOT / "line" / name), read_lines)[PANEL]) / 255.0
    picture = np.full((*ink.shape[:2], 3), 255.0)
    for layer in layers:
        painted = cv2.imread(str(layer / name), cv2.IMREAD_UNCHANGED)[PANEL].astype(float)
        alpha = painted[:, :, 3:] / 255
        picture = picture * (1 - alpha) + painted[:, :, :3] * alpha
    side = (width_px, round(width_px * ink.shape[0] / ink.shape[1]))
    small = cv2.resize(picture * ink, side, interpolation=cv2.INTER_AREA)
    return np.asarray(small.round(), np.uint8)


def _titled(panel: NDArray[np.uint8], title: str) -> NDArray[np.uint8]:
    """Put a title above a panel."""
    bar = np.full((44, panel.shape[1], 3), 255, np.uint8)
    cv2.putText(bar, title, (12, 29), cv2.FONT_HERSHEY_DUPLEX, 0.7, (60, 60, 60), 1, cv2.LINE_AA)
    return np.vstack([bar, panel])


if __name__ == "__main__":
    sys.exit(main())
