"""Drawings made in the test."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def scribble(seed: int, height: int = 160, width: int = 220) -> Picture:
    """Random strokes, outlines with breaks, and specks, black on white."""
    rng = np.random.default_rng(seed)
    page = np.full((height, width), 255, np.uint8)
    for _ in range(rng.integers(4, 10)):
        thickness = int(rng.integers(1, 5))
        points = rng.integers(0, (width, height), (int(rng.integers(2, 6)), 2)).astype(np.int32)
        cv2.polylines(page, [points], bool(rng.integers(2)), 0, thickness, cv2.LINE_AA)
    for _ in range(rng.integers(2, 6)):
        center = tuple(int(v) for v in rng.integers(20, (width - 20, height - 20)))
        start = int(rng.integers(360))
        radius = int(rng.integers(8, 60))
        # The missing arc is about 5 px long at any radius.
        cv2.ellipse(
            page, center, (radius, radius), 0, start, start + 360 - 300 // radius, 0, 2, cv2.LINE_AA
        )
    for y, x in rng.integers(0, (height, width), (20, 2)):
        page[y, x] = 60
    return page


@pytest.fixture(name="scribble")
def scribble_fixture() -> Callable[..., Picture]:
    return scribble
