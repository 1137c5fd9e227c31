"""The output of a run that writes no files: packed frames and records, kept in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.palette import Palette
from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError
from ant_core.formats.base import FrameInfo
from ant_core.formats.packed import box_of, pack, unpack
from ant_core.propagation.record import Record, pack_record, unpack_record

__all__ = ["MemoryOutput", "MemoryState"]


class MemoryState:
    """Implements `ant_core.propagation.output.Memory`; records are kept packed."""

    def __init__(self) -> None:
        self._records: dict[str, bytes] = {}
        self._frames: dict[int, str] = {}
        self._pixels: dict[str, str] = {}

    def pixels_of(self, digest: str) -> str | None:
        """Return the pixel hash noted for a digest, None where there is none."""
        return self._pixels.get(digest)

    def note_pixels(self, digest: str, pixels: str) -> None:
        """Keep the pixel hash of a digest."""
        self._pixels[digest] = pixels

    def record_of(self, frame: int) -> str | None:
        """Return the name of the frame's record, None where there is none."""
        return self._frames.get(frame)

    def note_record(self, frame: int, name: str) -> None:
        """Keep the name of the frame's record."""
        self._frames[frame] = name

    def begin(self, name: str, frames: Collection[int]) -> None:
        """See `Memory.begin`."""
        others = [frame for frame, record in list(self._frames.items()) if record == name]
        for frame in {*frames, *others} & self._frames.keys():
            self._frames[frame] = ""

    def load(self, name: str, palette: Palette) -> Record | None:
        """Return a record by its name, None where there is none."""
        data = self._records.get(name)
        return unpack_record(data, palette) if data is not None else None

    def save(self, name: str, record: Record, palette: Palette) -> None:
        """Keep a record, packed, under its name."""
        self._records[name] = pack_record(record, palette)

    def finish(self, live_digests: Collection[str]) -> None:
        """Forget records that no frame uses; runs of a part of the shot leave the rest alone."""
        del live_digests
        used = set(self._frames.values())
        self._records = {name: data for name, data in self._records.items() if name in used}

    def close(self) -> None:
        """There is nothing to close."""

    def copy(self) -> MemoryState:
        """Return a state that goes on from here without changing this one."""
        other = MemoryState()
        other._records = dict(self._records)
        other._frames = dict(self._frames)
        other._pixels = dict(self._pixels)
        return other

    def forget_frame(self, frame: int) -> None:
        """A frame is gone; its record goes with the next run, if no other frame uses it."""
        self._frames.pop(frame, None)

    def keep_pixels(self, digests: Collection[str]) -> None:
        """Forget the pixel hashes of drawings that are gone."""
        known = self._pixels
        self._pixels = {digest: known[digest] for digest in digests if digest in known}


class MemoryOutput:
    """Painted frames in memory; implements `ant_core.propagation.output.Output`.

    Parameters
    ----------
    size : (int, int)
        Height and width of every frame in pixels.
    pixels : PixelFormat
        Of every frame.
    """

    packing = "pixels in memory"
    format_key = ""

    def __init__(self, size: tuple[int, int], pixels: PixelFormat) -> None:
        self.state = MemoryState()
        self.size = size
        self.pixels = pixels
        self._frames: dict[int, bytes] = {}
        self._present: Mapping[int, bytes] = {}
        self._on_put: Callable[[int], None] = lambda _: None

    def begin(self, present: Mapping[int, bytes], on_put: Callable[[int], None]) -> None:
        """Begin a run.

        Parameters
        ----------
        present : dict of int to bytes
            Packed pictures that the caller has now: of frames that no run here has painted.
        on_put : callable
            Told of every frame that is put in place, also on the thread that writes.
        """
        self._present = present
        self._on_put = on_put

    def go_on_from(self, other: MemoryOutput) -> None:
        """Take over, as a copy, what another output of the same size and format has."""
        if (other.size, other.pixels) == (self.size, self.pixels):
            self.state = other.state.copy()
            self._frames = dict(other._frames)

    def place(self, frame: int) -> str:
        """Name the frame, for messages."""
        return f"colors of frame {frame}"

    def is_intact(self, frame: int) -> bool:
        """Tell whether the frame was put."""
        return frame in self._frames

    def has_ours(self, frame: int) -> bool:
        return frame in self._frames and box_of(self._frames[frame])[2] > 0

    def probe(self, frame: int) -> FrameInfo:
        """Describe what a locked frame shows now; InputError when nothing is known of it."""
        pixels = self.pixels
        digest = hashlib.sha256(self.raw(frame)).hexdigest()
        return FrameInfo(*self.size, pixels.channels, pixels.depth, digest, pixels.floating)

    def read(self, frame: int) -> NDArray[Any]:
        """Return the pixels that the frame has now, (H, W, C); InputError when it has none."""
        return unpack(self.raw(frame), self.size, self.pixels.channels, self.pixels.dtype)

    def raw(self, frame: int) -> bytes:
        """Return the frame as packed, ours before the caller's; InputError when there is none."""
        if frame in self._frames:
            return self._frames[frame]
        if frame in self._present:
            return self._present[frame]
        raise InputError(
            f"frame {frame} is locked but its colours are not known: color it without the lock "
            "first"
        )

    def encode(self, painted: NDArray[Any]) -> bytes:
        """Pack a painted frame, (H, W, C)."""
        return pack(painted)

    def thumbnail(self, line: NDArray[Any], painted: NDArray[Any]) -> bytes:
        """Empty: the caller has the frames themselves."""
        del line, painted
        return b""

    def crop(
        self, line: NDArray[Any], painted: NDArray[Any], inside: NDArray[np.bool_], *, dark: bool
    ) -> bytes:
        """There is no page: the program shows segments itself."""
        del line, painted, inside, dark
        return b""

    def put(self, frame: int, data: bytes) -> None:
        """Keep a packed frame and tell the caller of it."""
        self._frames[frame] = data
        self._on_put(frame)

    def remove(self, frame: int) -> None:
        """Forget the frame, if it was put."""
        self._frames.pop(frame, None)
