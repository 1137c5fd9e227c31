"""A drawn shot of three frames that is coloured as every other shot is, and looked at."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.doctor.check import Check

if TYPE_CHECKING:
    from ant_core.api.model import Model

__all__ = ["color_shot", "self_test"]

_SIZE = (180, 240)  # height, width
_STEP = 5  # pixels that the figure goes to the right from frame to frame
_FRAMES = 3
_GROUND = (214, 226, 240)
# Ellipses of a figure in frame 0: centre x, y, half axes, colour; later ones lie over earlier ones.
_PARTS = (
    ((100, 112, 34, 46), (200, 40, 52)),  # coat
    ((100, 46, 26, 30), (240, 200, 168)),  # face
    ((100, 26, 34, 13), (52, 60, 130)),  # hat
    ((58, 110, 13, 34), (120, 160, 60)),  # sleeves
    ((142, 110, 13, 34), (120, 160, 60)),
    ((82, 166, 16, 10), (70, 44, 30)),  # shoes
    ((118, 166, 16, 10), (70, 44, 30)),
    ((100, 112, 9, 9), (250, 214, 60)),  # badge
)


def self_test(model: Model) -> Check:
    """Colour the shot and compare every pixel beside the lines with the true colours."""
    started = time.perf_counter()
    right, total = color_shot(model)
    seconds = time.perf_counter() - started
    facts = {
        "right": right,
        "segments": total,
        "drawings": _FRAMES,
        "seconds": round(seconds, 3),
        "device": model.device,
    }
    text = f"{right} of {total} fills right, {_FRAMES} drawings in {seconds:.2f} s"
    if right == total:
        return Check("self_test", text, facts=facts)
    remedy = "install the engine again; if this stays, report it with the output of --json"
    return Check("self_test", text, "problem", remedy, facts)


def color_shot(model: Model) -> tuple[int, int]:
    """Propagate from the first frame to the others; return how many parts are right, and of all.

    A part is right where every pixel of it that is not near a line has exactly its colour.
    """
    from ant_core.api.propagate import propagate

    lines = [_drawn(step)[0] for step in range(_FRAMES)]
    result = propagate(lines, [_drawn(0)[1]], model=model, rough="ignore")
    right = total = 0
    for step in range(1, _FRAMES):
        _, true, parts = _drawn(step)
        found = result[step].image
        same = (found == true).all(axis=2)
        for part in np.unique(parts[parts >= 0]):
            total += 1
            right += bool(same[parts == part].all())
    return right, total


def _drawn(step: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int16]]:
    """Return lines (H, W), painting (H, W, 3), and the part of each pixel, (H, W), -1 near lines.

    The ground is part 0.
    """
    lines = np.full(_SIZE, 255, np.uint8)
    painting = np.empty((*_SIZE, 3), np.uint8)
    painting[:] = _GROUND
    parts = np.zeros(_SIZE, np.int16)
    for number, ((x, y, wide, high), color) in enumerate(_PARTS, 1):
        place = ((x + _STEP * step, y), (wide, high), 0, 0, 360)
        for picture, value in ((painting, color), (parts, number), (lines, 255)):
            cv2.ellipse(picture, *place, value, cv2.FILLED)
        cv2.ellipse(lines, *place, 0, 2)
    near = cv2.dilate(255 - lines, np.ones((5, 5), np.uint8)) > 0
    parts[near] = -1
    return lines, painting, parts
