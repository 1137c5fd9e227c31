"""The pieces of drawings that are looked at."""

from __future__ import annotations

import threading
from collections import OrderedDict

from ant_core.color.pixels import PixelFormat
from ant_core.engine.planes import MemoryFrames, PackedPicture
from ant_core.errors import InputError
from segmentation import Pieces, extract_lines, find_pieces

__all__ = ["LabelCache"]

_KEPT = 4  # label maps, of 4 bytes a pixel each


class LabelCache:
    """Divides drawings on demand and keeps the last few; threads may share it.

    Parameters
    ----------
    size : (int, int)
        Height and width of the canvas.
    pixels : PixelFormat
        Of the line drawings.
    """

    def __init__(self, size: tuple[int, int], pixels: PixelFormat) -> None:
        self._size = size
        self._pixels = pixels
        self._lock = threading.Lock()
        self._items: OrderedDict[tuple[str, float | None], Pieces] = OrderedDict()

    def get(self, frame: int, kept: PackedPicture, gap_px: float | None) -> Pieces:
        """Return the pieces of a drawing.

        Raises
        ------
        InputError
            When it cannot be segmented, or not with this gap width.
        """
        key = (kept.digest, gap_px)
        with self._lock:
            if key not in self._items:
                image = MemoryFrames({frame: kept}, self._size, self._pixels).read(frame)
                try:
                    self._items[key] = find_pieces(extract_lines(image), gap_px)
                except ValueError as error:
                    raise InputError(f"frame {frame} cannot be segmented: {error}") from error
            self._items.move_to_end(key)
            while len(self._items) > _KEPT:
                self._items.popitem(last=False)
            return self._items[key]
