"""What every format gives and takes: frames with their own numbers, read and written one by one."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ant_core.errors import AntError, InputError

if TYPE_CHECKING:  # a command line is read before NumPy is loaded
    from numpy.typing import NDArray

__all__ = ["FrameInfo", "FrameReader", "PictureFormat", "library_errors", "need"]


@dataclass(frozen=True)
class FrameInfo:
    """One picture, checked to be whole, without its pixels.

    Attributes
    ----------
    height, width : int
        Pixels.
    channels : int
        Of the array that `read` returns, as in `ant_core.color.pixels`.
    depth : int
        Bits a channel of the array that `read` returns: 8, 16, or 32 where `floating`.
    digest : str
        Hash of all that decides the pixels; equal digests mean equal pixels, the reverse need
        not hold (the same pixels can be packed in two ways).
    floating : bool
        Whether the values are floating-point numbers.
    """

    height: int
    width: int
    channels: int
    depth: int
    digest: str
    floating: bool = False


@dataclass(frozen=True, kw_only=True)
class PictureFormat:
    """How one format is read and written.

    Attributes
    ----------
    name : str
        For messages.
    check : callable
        (data, place) -> FrameInfo; InputError when the file is damaged or of another kind.
    decode : callable
        (data, place) -> (H, W) or (H, W, C) in the values of the file.
    encode : callable
        (pixels, extras) -> bytes: a file with those pixels, packed like the one that the
        extras come from.
    extras : callable
        (data, place) -> bytes: all that a file says of how its values are meant and packed;
        nothing of a format that `encode` does not write.
    suffix : str or None
        Of the files that `encode` makes; None where it is that of the file read.
    lossy : bool
        Whether the values are not those that were painted.
    alone : callable or None
        (data, place) -> a file with nothing but the picture that `decode` gives; None where files
        hold no other.
    passed_over : callable or None
        (data, place) -> names of layers of the file that are left out though none was chosen.
    """

    name: str
    check: Callable[[bytes, str], FrameInfo]
    decode: Callable[[bytes, str], NDArray[Any]]
    encode: Callable[[NDArray[Any], bytes], bytes]
    extras: Callable[[bytes, str], bytes] = lambda _data, _place: b""
    suffix: str | None = None
    lossy: bool = False
    alone: Callable[[bytes, str], bytes] | None = None
    passed_over: Callable[[bytes, str], tuple[str, ...]] | None = None


class FrameReader(Protocol):
    """The pictures of one layer, each under the frame number its source gives it."""

    @property
    def frames(self) -> tuple[int, ...]:
        """Frame numbers in rising order; gaps and any start are fine."""

    def place(self, frame: int) -> str:
        """Say where the frame comes from, for messages and reports."""

    def probe(self, frame: int) -> FrameInfo:
        """Check the picture and describe it; InputError when it is missing or damaged."""

    def read(self, frame: int) -> NDArray[Any]:
        """Return its pixels: (H, W) grey or (H, W, C), of the depth that `probe` tells."""

    def raw(self, frame: int) -> bytes:
        """Return the picture as stored, byte for byte."""


@contextlib.contextmanager
def library_errors(place: str, damaged: Callable[[str, object], InputError]) -> Iterator[None]:
    """Turn every exception that a library raises of a file into an error of our tree.

    Parameters
    ----------
    place : str
        The file, for messages.
    damaged : callable
        (place, why) -> the error that says so.
    """
    try:
        yield
    except AntError:
        raise
    except MemoryError:
        raise InputError(
            f"{place} needs more memory than there is: close other programs, or export it smaller"
        ) from None
    except Exception as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise damaged(place, why) from None


def need(module: str, what: str) -> Any:
    """Import a library of the `formats` extra; InputError says how to get it when it is missing."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise InputError(
            f'{what} files need a library that is not installed: pip install "ant-core[formats]"'
        ) from None
