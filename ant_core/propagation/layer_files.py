"""Puts what goes with the drawings of a run into the files of the further layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.propagation.shades import Shade

__all__ = ["LayerFiles"]


class LayerFiles:
    """The files of the further layers, those left out that are kept as they are.

    Parameters
    ----------
    shades : sequence of Shade
    size : (int, int)
        Height and width of the shot.
    """

    def __init__(self, shades: Sequence[Shade], size: tuple[int, int]) -> None:
        self._shades = shades
        self._size = size

    def intact(self, frames: Sequence[int]) -> bool:
        """Tell whether every file of every layer is there as an earlier run wrote it."""
        return all(
            frame in shade.kept or shade.output.is_intact(frame)
            for shade in self._shades
            for frame in frames
        )

    def encode(self, layers: Mapping[str, NDArray[Any]]) -> dict[str, bytes]:
        """Pack the layers that `Mover.paint` returned."""
        return {
            shade.name: shade.output.encode(layers[shade.name])
            for shade in self._shades
            if shade.name in layers
        }

    def put(self, frames: Sequence[int], shown: Sequence[int], packed: Mapping[str, bytes]) -> None:
        """Put a drawing's layers in place for some of the frames that show it.

        Parameters
        ----------
        frames : sequence of int
            The frames to write.
        shown : sequence of int
            All frames that show the drawing.
        packed : dict of str to bytes
            See `encode`. A layer that is painted by hand is copied from the nearest of `shown`; one
            that is neither gets a file of nothing.
        """
        for shade in self._shades:
            for frame in frames:
                own = shade.nearest(frame, shown)
                if frame in shade.kept:
                    continue
                if own is not None:
                    shade.output.put(frame, shade.raw(own))
                elif shade.name in packed:
                    shade.output.put(frame, packed[shade.name])
                else:
                    shade.output.put(frame, self._nothing(shade))

    def _nothing(self, shade: Shade) -> bytes:
        height, width = self._size
        empty = np.empty((height, width, shade.pixels.channels), shade.pixels.dtype)
        empty[:] = shade.pixels.bare()
        return shade.output.encode(empty)

    def share(self, frames: Sequence[int], shown: Sequence[int], origin: int) -> None:
        """Give frames the layers of a drawing that is done, which has the same lines.

        shown: the frames that show the drawing of `frames`; where a layer is painted on one of
        them, they get that instead.
        """
        for shade in self._shades:
            for frame in frames:
                if frame in shade.kept:
                    continue
                own = shade.nearest(frame, shown)
                if own is not None:
                    shade.output.put(frame, shade.raw(own))
                elif shade.digest(origin):
                    shade.output.put(frame, shade.raw(origin))
                elif shade.output.is_intact(origin):
                    shade.output.put(frame, shade.output.raw(origin))
                else:  # a painted frame with nothing in this layer, which was not asked for itself
                    shade.output.put(frame, self._nothing(shade))

    def remove(self, frame: int) -> None:
        """Take away our files of a frame that could not be coloured this time."""
        for shade in self._shades:
            if frame not in shade.kept:
                shade.output.remove(frame)

    def places(self, frame: int) -> dict[str, str]:
        """Say where the layers of a frame lie."""
        return {shade.name: shade.output.place(frame) for shade in self._shades}
