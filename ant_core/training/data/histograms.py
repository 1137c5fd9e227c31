"""Histograms of luminance and of motion, as AnimeRun's section 3.3 and figure 4 count them.

The paper shows its own as curves and prints no numbers of them, so that only what it says in words
can be held beside: real animation (ATD-12K) is biased to dark colours, and motions above 120 pixels
of a 960 x 540 picture occur.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["LUMINANCE_EDGES", "SPEED_EDGES", "Histograms"]

LUMINANCE_EDGES = np.arange(0, 257, 32)  # of [0, 255]
SPEED_EDGES = np.array([0, 1, 2, 5, 10, 20, 50, 120, np.inf])  # px of a 960 x 540 picture
_SIZE = (960, 540)


def _no_luminance() -> NDArray[np.int64]:
    return np.zeros(len(LUMINANCE_EDGES) - 1, np.int64)


def _no_speed() -> NDArray[np.int64]:
    return np.zeros(len(SPEED_EDGES) - 1, np.int64)


@dataclass
class Histograms:
    """Numbers of pixels by luminance and by speed, over frames and pairs of frames."""

    luminance: NDArray[np.int64] = field(default_factory=_no_luminance)
    speed: NDArray[np.int64] = field(default_factory=_no_speed)

    def add_picture(self, picture: NDArray[np.uint8]) -> None:
        """Count all pixels of a picture, (H, W, 3) uint8 RGB or (H, W, 4) RGBA; alpha is left."""
        if not picture.size:
            return
        grey = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY)
        self.luminance += np.histogram(grey, LUMINANCE_EDGES)[0]

    def add_flow(self, flow: NDArray[np.float32]) -> None:
        """Count the pixels of a flow, (H, W, 2) float32 px, as if its picture were 960 x 540."""
        height, width = flow.shape[:2]
        scale = np.array([_SIZE[0] / width, _SIZE[1] / height])
        speed = np.linalg.norm(flow * scale, axis=-1)
        self.speed += np.histogram(speed[np.isfinite(speed)], SPEED_EDGES)[0]

    def join(self, other: Histograms) -> None:
        """Add what was counted elsewhere."""
        self.luminance += other.luminance
        self.speed += other.speed

    def as_lists(self) -> dict[str, list[int]]:
        """Return the numbers, ready for JSON; `Histograms.from_lists` takes them back."""
        return {"luminance": self.luminance.tolist(), "speed": self.speed.tolist()}

    @classmethod
    def from_lists(cls, stored: Mapping[str, Sequence[int]]) -> Histograms:
        """Return what `as_lists` gave."""
        return cls(**{name: np.array(counts, np.int64) for name, counts in stored.items()})

    def shares(self) -> dict[str, dict[str, float]]:
        """Return the share of pixels by bin, "from-to", where anything was counted."""
        found = {
            "luminance": (self.luminance, LUMINANCE_EDGES),
            "speed_px": (self.speed, SPEED_EDGES),
        }
        return {
            name: {
                f"{low:g}-{high:g}": round(float(count / counts.sum()), 4)
                for low, high, count in zip(edges, edges[1:], counts, strict=False)
            }
            for name, (counts, edges) in found.items()
            if counts.sum()
        }
