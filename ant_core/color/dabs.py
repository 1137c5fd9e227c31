"""Dabs: paint that does not fill its segment, told from a neighbour's that came over a line."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.color.pixels import PixelFormat, from_codes, to_codes, to_levels

__all__ = ["PAPER_LEVELS", "Blobs"]

PAPER_LEVELS = 40  # opaque paper is bare up to here, for noise
_LEAST_PX = 4  # of a dab
_GOOD_PART = 0.3  # of a segment, from which on paint is meant however it lies
_OVERLAP_PX = 3  # paint reaches this far over a line by blending and careless edges


class Blobs:
    """Connected paint of a painted frame; different colours that touch are one blob.

    Parameters
    ----------
    labels : (H, W) int32, 0 = line; not modified
    image : (H, W, C) of the format; not modified
    pixels : PixelFormat
    paper : (G,)
        Codes (`to_codes`) of what is bare in this picture.
    """

    def __init__(
        self,
        labels: NDArray[np.int32],
        image: NDArray[Any],
        pixels: PixelFormat,
        paper: NDArray[Any],
    ) -> None:
        self._labels, self._image, self._pixels, self._paper = labels, image, pixels, paper

    def dab(
        self, at: NDArray[np.int64], depth: NDArray[np.float32], bare: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Mark the pixels of dabs of paint in a segment.

        Paint counts where it lies mostly in this segment, or keeps off its rim, or reaches its
        middle, deeper than a neighbour's comes over a line, or covers a good part of it.

        Parameters
        ----------
        at : (P,) int64
            Offsets of the segment's pixels; not modified.
        depth : (P,) float32
            How deep in the segment they lie, in pixels: 0 on the rim.
        bare : (P,) bool
            Which are not painted.

        Returns
        -------
        (P,) bool
        """
        blobs, area = self._connected
        blob = blobs[at]
        # Without what lies under lines, where paints of two segments may meet.
        mostly = (2 * np.bincount(blob, minlength=len(area[0])) > area[1]) & (area[0] >= _LEAST_PX)
        blob = np.where(bare, 0, blob)
        here = np.bincount(blob, minlength=len(mostly))
        deepest, nearest = np.zeros(len(mostly)), np.full(len(mostly), np.inf)
        np.maximum.at(deepest, blob, depth)
        np.minimum.at(nearest, blob, depth)
        middle = max(_OVERLAP_PX, float(depth.max()) / 2)
        meant = (nearest >= 1) | (deepest > middle) | (here > _GOOD_PART * len(at))
        dab = (here > 0) & (mostly | (meant & (here >= _LEAST_PX)))
        dab[0] = False
        return np.asarray(dab[blob])

    @cached_property
    def _connected(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Blob of every pixel, 0 = bare, and the pixels of each blob, all and off the lines."""
        count, found = cv2.connectedComponents(self._painted().astype(np.uint8), connectivity=8)
        blobs = np.asarray(found, np.int32).ravel()
        segments = blobs[self._labels.ravel() > 0]
        areas = [np.bincount(part, minlength=count) for part in (blobs, segments)]
        return blobs, np.array(areas)

    def _painted(self) -> NDArray[np.bool_]:
        """Mark the pixels that are not bare, (H, W) bool."""
        pixels, painted = self._pixels, np.ones(self._labels.shape, np.bool_)
        opaque = self._paper
        if pixels.has_alpha:
            painted &= self._image[:, :, -1] != 0
            clear = to_codes(np.zeros((1, pixels.channels), pixels.dtype), pixels)
            opaque = opaque[opaque != clear]
        for color in to_levels(from_codes(opaque, pixels), pixels):
            levels = to_levels(self._image.reshape(-1, pixels.channels), pixels)
            off = np.abs(levels - color).max(axis=1)
            painted &= (off > PAPER_LEVELS).reshape(painted.shape)
        return painted
