"""Small drawn shots: a few ink boxes that move, with their true colours."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

# x, y, width, height of each box in frame 0 and its colour; the ground is the first.
GROUND = (40, 60, 90, 255)
BOXES = (
    ((10, 12, 24, 20), (220, 40, 40, 255)),
    ((46, 10, 28, 26), (30, 200, 60, 255)),
    ((20, 44, 40, 22), (250, 220, 10, 255)),
)
SIZE = (80, 96)  # height, width
SHADE = (20, 10, 60, 128)  # of a shadow layer


def line_drawing(step: int, boxes=BOXES, size=SIZE) -> np.ndarray:
    """Return (H, W) uint8: black ink on white paper, every box `step` pixels to the right."""
    image = np.full(size, 255, np.uint8)
    for (x, y, width, height), _ in boxes:
        cv2.rectangle(image, (x + step, y), (x + step + width, y + height), 0, 2)
    return image


def painting(step: int, boxes=BOXES, size=SIZE, ground=GROUND) -> np.ndarray:
    """Return (H, W, 4) uint8 RGBA: the same boxes filled."""
    image = np.empty((*size, 4), np.uint8)
    image[:] = ground
    for (x, y, width, height), color in boxes:
        image[y : y + height + 1, x + step : x + step + width + 1] = color
    return image


def shadow() -> np.ndarray:
    """Return (H, W, 4) uint8 RGBA: a shadow on all of the last box in frame 0, else nothing."""
    image = np.zeros((*SIZE, 4), np.uint8)
    x, y, width, height = BOXES[-1][0]
    image[y : y + height + 1, x : x + width + 1] = SHADE
    return image


def save(path: Path, image: np.ndarray) -> None:
    """Write a PNG of a grey, RGB or RGBA array."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if image.ndim == 3:
        code = cv2.COLOR_RGB2BGR if image.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
        image = cv2.cvtColor(image, code)
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())


def load(path: Path) -> np.ndarray:
    """Read a PNG as grey, RGB or RGBA."""
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if image.ndim == 2:
        return image
    code = cv2.COLOR_BGR2RGB if image.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    return cv2.cvtColor(image, code)


def make_shot(root: Path, frames=range(1, 6), painted=(1,), pad: int = 4) -> Path:
    """Lay out SHOT/line and SHOT/color; frame n shows the boxes n pixels to the right."""
    for frame in frames:
        save(root / "line" / f"{frame:0{pad}d}.png", line_drawing(frame - min(frames)))
        if frame in painted:
            save(root / "color" / f"{frame:0{pad}d}.png", painting(frame - min(frames)))
    return root
