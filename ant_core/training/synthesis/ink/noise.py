"""Smooth noise, and coins that fall the same way in every frame of a clip."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["coin", "field", "grid"]


def field(rng: np.random.Generator, shape: tuple[int, int], wave_px: float) -> NDArray[np.float32]:
    """Return smooth noise of about unit variance, (H, W) float32."""
    rows, columns = (max(2, int(np.ceil(n / wave_px)) + 1) for n in shape)
    coarse = rng.standard_normal((rows, columns)).astype(np.float32)
    noise = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(noise, dtype=np.float32)


def coin(seed: int, keys: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each key that depends on seed and key alone."""
    mixed = (keys.astype(np.uint64) + np.uint64(seed)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return (mixed >> np.uint64(40)).astype(np.float64) / 2.0**24


def grid(shape: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the x and y of every pixel, each (H, W) float32, fresh and writable."""
    x, y = np.meshgrid(np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32))
    return x, y
