#!/usr/bin/env python3
"""Paint the bundled shot's shadow layer and its shaded reference, and draw docs/images/shade.png.

    python scripts/shade_sample.py              paints samples/saha/shadow and samples/saha/shaded
    python scripts/shade_sample.py --picture    colours the shot with both and draws the picture

Shadows lie along the lower right of every segment, as if light came from the upper left. The
shaded reference has a gradient on every large segment and stripes on some.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.before_after import SHOT, drawn  # noqa: E402
from segmentation import expand_labels, extract_lines, segment  # noqa: E402

NAME = "0001.png"
_SHADOW = (90, 30, 40, 110)  # blue, green, red, alpha
_OFFSET = (-22, -16)  # pixels that the light's side of a segment reaches over it
_LEAST_AREA = 4000  # pixels of the segments that the shaded reference shades
_STRIPE_PX = 14
_FRAMES = ("0001.png", "0004.png", "0006.png", "0008.png")
_WIDTH = 360


def main() -> int:
    """Paint or draw; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--picture", action="store_true", help="colour the shot and draw")
    if parser.parse_args().picture:
        return _draw(ROOT / "docs" / "images" / "shade.png")
    color = cv2.imread(str(SHOT / "color" / NAME), cv2.IMREAD_UNCHANGED)
    line = cv2.cvtColor(cv2.imread(str(SHOT / "line" / NAME)), cv2.COLOR_BGR2RGB)
    labels = expand_labels(segment(extract_lines(line)).labels)
    for folder, image in (("shadow", _shadow(labels, color)), ("shaded", _shaded(labels, color))):
        (SHOT / folder).mkdir(exist_ok=True)
        cv2.imwrite(str(SHOT / folder / NAME), image, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return 0


def _shadow(labels: NDArray[np.int32], color: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the shadow layer, (H, W, 4) BGRA: where the segment moved by the offset is another."""
    height, width = labels.shape
    shift = np.array([[1, 0, _OFFSET[0]], [0, 1, _OFFSET[1]]], np.float32)
    moved = cv2.warpAffine(
        labels.astype(np.float32), shift, (width, height), flags=cv2.INTER_NEAREST
    )
    dark = (moved.astype(np.int32) != labels) & (color[..., 3] > 0)
    smooth = cv2.medianBlur(dark.astype(np.uint8), 9) > 0
    image = np.zeros_like(color)
    image[smooth & (color[..., 3] > 0)] = _SHADOW
    return image


def _shaded(labels: NDArray[np.int32], color: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the painted frame with gradients and stripes, (H, W, 4) BGRA."""
    image = color.astype(np.float64)
    rows, columns = np.indices(labels.shape)
    for number in range(1, int(labels.max()) + 1):
        inside = (labels == number) & (color[..., 3] > 0)
        if inside.sum() < _LEAST_AREA:
            continue
        y = rows[inside]
        light = 1.1 - 0.45 * (y - y.min()) / (np.ptp(y) + 1)
        if number % 3 == 0:
            light *= 1 - 0.25 * ((columns[inside] + y) // _STRIPE_PX % 2)
        image[inside, :3] *= light[:, None]
    return np.clip(image, 0, 255).astype(np.uint8)


def _draw(out: Path) -> int:
    """Colour the shot with its shadow layer, and from its shaded reference; two rows of frames."""
    from ant_core.cli import main as ant_core

    with tempfile.TemporaryDirectory() as folder:
        layers, surfaces = Path(folder) / "layers", Path(folder) / "surfaces"
        runs = (
            (layers, ["--shade", "shadow"]),
            (surfaces, ["--color", "shaded", "--surface", "auto"]),
        )
        for place, options in runs:
            code = ant_core(["propagate", str(SHOT), "--out", str(place), *options])
            if code not in (0, 3):
                return code
        rows = [
            [drawn(name, shown, _WIDTH, cv2.IMREAD_COLOR) for name in _FRAMES]
            for shown in ([layers / "color", layers / "shadow"], [surfaces / "color"])
        ]
    cv2.imwrite(str(out), np.vstack([np.hstack(row) for row in rows]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
