"""What every format gives and takes: frames with their own numbers, read and written one by one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ant_core.errors import AntError, InputError

if TYPE_CHECKING:  # a command line is read before NumPy is loaded
    from numpy.typing import NDArray

__all__ = ["FrameInfo", "FrameReader", "door"]


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
def door(place: str, damaged: Callable[[str, object], InputError]) -> Iterator[None]:
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
