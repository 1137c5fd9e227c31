"""Painted shadows for parts without: a band along the side that is turned from the light."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.ink.ink_style import InkStyle
from ant_core.training.synthesis.ink.noise import coin, field, grid
from ant_core.training.synthesis.puppet.islands import merge_islands
from ant_core.training.synthesis.source import SourceFrame

__all__ = ["with_shadows"]

_MOST_PARTS = 16  # the largest; an artist spends no shadow on a nail


def with_shadows(frame: SourceFrame, style: InkStyle) -> SourceFrame:
    """Give some of the large parts a shadow, the same ones in every frame of a clip.

    A pixel is in the shadow where the way to the light leaves its part soon: over its edge or
    under a part that covers it.  Frames that have shade already are returned as they are.
    """
    if style.shadows <= 0 or frame.shade is not None:
        return frame
    depth = _depths(frame.ids, style)
    if not depth.any():
        return frame
    rng = np.random.default_rng((style.seed, 3))
    turn = rng.uniform(0, 2 * np.pi)
    shape = frame.ids.shape
    x, y = grid(shape)
    far = depth[frame.ids] * np.clip(1 + 0.4 * field(rng, shape, 0.1 * shape[0]), 0.3, 2)
    x += np.cos(turn) * far
    y += np.sin(turn) * far
    ids = frame.ids.astype(np.uint16)
    towards = cv2.remap(ids, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    dark = (towards != frame.ids) & (far > 0)
    smooth = cv2.medianBlur(dark.astype(np.uint8), 7)
    whole = merge_islands(smooth, max(40, round(12 * style.width_px**2)))
    return replace(frame, shade=whole.astype(np.uint8))


def _depths(ids: NDArray[np.int32], style: InkStyle) -> NDArray[np.float32]:
    """Return how deep each part's shadow is, in pixels; 0 for parts without."""
    area = np.bincount(ids.ravel())
    least = np.sort(area[1:])[-_MOST_PARTS:].min(initial=0)
    chosen = coin(style.seed + 3, np.arange(len(area))) < style.shadows
    chosen &= area >= max(least, 400, 100 * style.width_px**2)
    chosen[0] = False
    share = 0.08 + 0.25 * coin(style.seed + 4, np.arange(len(area)))
    return np.where(chosen, share * np.sqrt(area), 0).astype(np.float32)
