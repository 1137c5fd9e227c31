"""Two boxes that move sideways, with the truth about them."""

from __future__ import annotations

import numpy as np

from ant_core.training.data.flow_labels import FlowFrame

SIZE = (48, 96)


def boxes(at):
    """Draw two boxes; return contour, colours, and the truth of each pixel 0 to 2."""
    contour, color = np.full(SIZE, 255, np.uint8), np.zeros((*SIZE, 3), np.uint8)
    inside = np.zeros(SIZE, np.int32)
    color[:] = (9, 9, 9)
    for number, left in enumerate((at, at + 40), 1):
        contour[8:40, left : left + 32] = 0
        contour[10:38, left + 2 : left + 30] = 255
        color[8:40, left : left + 32] = (200, 50 * number, 0)
        inside[8:40, left : left + 32] = number
    return contour, color, inside


def flow_frames(places):
    for index, at in enumerate(places):
        contour, color, inside = boxes(at)
        flow = {}
        for way, other in (("forward", index + 1), ("backward", index - 1)):
            if 0 <= other < len(places):
                flow[way] = np.zeros((*SIZE, 2), np.float32)
                flow[way][inside > 0, 0] = places[other] - at
        yield FlowFrame(contour, flow.get("forward"), flow.get("backward"), color)
