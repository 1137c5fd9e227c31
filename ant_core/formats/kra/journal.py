"""The annotation `propagate_colors/journal` of a document, with what others put into it kept."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core import __version__
from ant_core.errors import InputError
from ant_core.formats.kra.journal_format import (
    COPY,
    DESCRIPTION,
    KIND,
    LIMIT,
    MOVED,
    Entries,
    Entry,
    NewerSchema,
    Plane,
    pack_result,
)
from ant_core.formats.kra.spaces import Space

__all__ = [
    "COPY",
    "DESCRIPTION",
    "KIND",
    "LIMIT",
    "MOVED",
    "Entry",
    "KraJournal",
    "Plane",
    "pack_plane",
    "pack_result",
    "plane_hash",
]


def plane_hash(image: NDArray[Any], space: Space) -> str:
    """Hash a frame on the canvas in the bytes that Krita hands out.

    Parameters
    ----------
    image : (H, W, C) of the space's format
    """
    return hashlib.blake2b(space.format.encode(image), digest_size=16).hexdigest()


def pack_plane(image: NDArray[Any], space: Space) -> Plane:
    """Pack a frame, (H, W, C) of the space's format; the box holds whole rows of the canvas."""
    raw = np.ascontiguousarray(image).view(np.uint8)  # a negative zero is no zero
    rows = np.flatnonzero(raw.any(axis=(1, 2)))
    digest = plane_hash(image, space)
    if len(rows) == 0:
        return Plane(digest, (0, 0, 0, 0), b"")
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    data = space.format.encode(image[top:bottom])
    return Plane(digest, (0, top, image.shape[1], bottom - top), zlib.compress(data, 6))


class KraJournal(Entries):
    """The annotation; `document` is all of its JSON but the entries.

    Parameters
    ----------
    data : bytes, optional
        As stored; a new journal without.
    place : str
        The document, for messages.

    Raises
    ------
    InputError
        When it is damaged or of a newer version.
    """

    def __init__(self, data: bytes | None = None, place: str = "") -> None:
        super().__init__()
        self.document: dict[str, Any] = {
            "layers": {},
            "settings": {"gap_px": None, "first": None, "last": None, "model_sheets": []},
            "references": {"on": [], "off": []},
            "hints": {"schema": 1, "hints": [], "locks": []},
        }
        if data is not None:
            self.document |= self._read(data, place)

    def _read(self, data: bytes, place: str) -> dict[str, Any]:
        try:
            return self.read(data)
        except NewerSchema:
            raise InputError(
                f"{place} was worked on with a newer version of Propagate Colors: update ant_core"
            ) from None
        except ValueError:
            raise InputError(
                f"the notes of Propagate Colors in {place} are damaged, so that what it coloured "
                "cannot be told from what was painted: open the document in Krita and save it "
                "with the docker, or take it from a backup"
            ) from None

    @property
    def references_on(self) -> set[int]:
        """Frames that the artist made references."""
        return set(self.document["references"]["on"])

    @property
    def references_off(self) -> set[int]:
        """Frames that the artist said are none."""
        return set(self.document["references"]["off"])

    def dump(self, limit: int = LIMIT) -> bytes:
        """Return the annotation, with what is needed least left out above `limit` bytes."""
        return self.write(f"ant_core {__version__}", self.document, limit)
