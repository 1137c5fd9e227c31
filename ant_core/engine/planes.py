"""What a painting program sent: packed pictures by frame, and how a run reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ant_core.color.krita_layers import Box, LayerFormat
from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError
from ant_core.formats.base import FrameInfo
from ant_core.formats.packed import box_of, pack, unpack

__all__ = ["AskedShade", "MemoryFrames", "PackedPicture", "PictureStore", "take_picture"]


@dataclass(frozen=True)
class AskedShade:
    """A further layer as a run names it.

    Attributes
    ----------
    layer : str
        The program's own name for it.
    painted : sequence of int
        Its frames that are painted by hand: learned from, never given other pixels.
    known : dict of int to str
        Hash of the plane that the program still has, by frame: not sent again.
    """

    layer: str
    painted: Sequence[int]
    known: Mapping[int, str]


@dataclass(frozen=True)
class PackedPicture:
    """A packed picture, the digest that its sender gave it, and where it comes from."""

    digest: str
    packed: bytes
    place: str

    @property
    def is_blank(self) -> bool:
        """Whether nothing is painted on it."""
        return box_of(self.packed)[2] == 0


class PictureStore:
    """Packed pictures by frame; frames that show the same picture share it.

    A picture that no frame shows any more is dropped here; the last runs keep theirs.
    """

    def __init__(self) -> None:
        self._frames: dict[int, PackedPicture] = {}

    def find(self, digest: str) -> PackedPicture | None:
        """Return the picture of a digest, None when no frame shows it."""
        return next((kept for kept in self.frames.values() if kept.digest == digest), None)

    @property
    def frames(self) -> dict[int, PackedPicture]:
        """The pictures by frame, as they are now; later changes do not show in it."""
        return dict(self._frames)

    @property
    def digests(self) -> set[str]:
        """The digests of all pictures."""
        return {kept.digest for kept in self.frames.values()}

    def put(self, frame: int, kept: PackedPicture) -> None:
        """Give a frame a picture, instead of the one it had."""
        self._frames[frame] = kept

    def remove(self, frame: int) -> None:
        """Take away the picture of a frame, if it has one."""
        self._frames.pop(frame, None)


def take_picture(form: LayerFormat, box: Box, data: bytes, size: tuple[int, int]) -> bytes:
    """Pack a painted picture that came as the raw bytes of a box of a canvas of `size`."""
    canvas = form.decode(data, box, size)
    # What lies under full transparency shows nowhere, but would widen the box.
    canvas[canvas[:, :, -1] == 0] = 0
    return pack(canvas)


class MemoryFrames:
    """Packed pictures of one layer; implements `FrameReader`.

    Parameters
    ----------
    kept : dict of int to PackedPicture
        By frame.
    size : (int, int)
        Height and width of the canvas.
    pixels : PixelFormat
        Of every picture.
    """

    def __init__(
        self, kept: Mapping[int, PackedPicture], size: tuple[int, int], pixels: PixelFormat
    ) -> None:
        self._kept = dict(sorted(kept.items()))
        self._size = size
        self._pixels = pixels

    @property
    def frames(self) -> tuple[int, ...]:
        """Frame numbers, rising."""
        return tuple(self._kept)

    def place(self, frame: int) -> str:
        """Say where the frame comes from, as the program that sent it named it."""
        return self.kept(frame).place

    def probe(self, frame: int) -> FrameInfo:
        """Describe the picture; it was checked when it was sent."""
        pixels = self._pixels
        digest = self.kept(frame).digest
        return FrameInfo(*self._size, pixels.channels, pixels.depth, digest, pixels.floating)

    def read(self, frame: int) -> NDArray[Any]:
        """Return the pixels, (H, W) or (H, W, C) of the layer's format."""
        return unpack(self.raw(frame), self._size, self._pixels.channels, self._pixels.dtype)

    def raw(self, frame: int) -> bytes:
        """Return the picture as it is kept, packed."""
        return self.kept(frame).packed

    def kept(self, frame: int) -> PackedPicture:
        """Return a frame as it was sent; InputError where it was not."""
        if frame not in self._kept:
            raise InputError(f"frame {frame} has no picture here: send it before the run")
        return self._kept[frame]
