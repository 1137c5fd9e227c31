"""Image sequences: one PNG file a frame, in folders, named as animators name them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ant_core.formats.base import FrameInfo
from ant_core.formats.files import WholeFiles, read_bytes
from ant_core.formats.pattern import NameTemplate, Sequence, find_sequence
from ant_core.formats.png import check_png, decode_png, encode_png

__all__ = ["PngReader", "PngWriter"]


class PngReader:
    """The PNG files that a folder or pattern names; implements `FrameReader`.

    Parameters
    ----------
    pattern : str or path
        See `ant_core.formats.pattern`.
    base : Path, optional
        What relative patterns start from.
    """

    def __init__(self, pattern: str | os.PathLike[str], base: Path | None = None) -> None:
        self._take(find_sequence(pattern, base))
        self.pattern = str((base or Path()) / pattern)

    @classmethod
    def nothing(cls, folder: Path) -> PngReader:
        """Return the reader of a folder that need not exist: no frames."""
        reader = cls.__new__(cls)
        reader._take(Sequence(folder, {}, None, ()))
        reader.pattern = str(folder)
        return reader

    def _take(self, sequence: Sequence) -> None:
        self.folder = sequence.folder
        self.template = sequence.template
        self.ignored = sequence.ignored
        self._files = sequence.files
        self._frames = tuple(sequence.files)

    @property
    def frames(self) -> tuple[int, ...]:
        return self._frames

    def name(self, frame: int) -> str:
        """Return the file name of a frame, without its folder."""
        return self._files[frame]

    def place(self, frame: int) -> str:
        return str(self.folder / self._files[frame])

    def raw(self, frame: int) -> bytes:
        return read_bytes(self.folder / self._files[frame])

    def probe(self, frame: int) -> FrameInfo:
        return check_png(self.raw(frame), self.place(frame))

    def read(self, frame: int) -> NDArray[Any]:
        return decode_png(self.raw(frame), self.place(frame))


class PngWriter:
    """PNG files in one folder; implements `FrameWriter`.

    Parameters
    ----------
    folder : Path
        Must exist.
    template : NameTemplate
        How new frames are named.
    names : dict of int to str
        Frames whose name is already given: those of the references.
    extra_chunks : bytes
        See `encode_png`.
    files : WholeFiles
        Shared with whoever must clean up after an interruption.
    """

    def __init__(
        self,
        folder: Path,
        template: NameTemplate,
        names: dict[int, str],
        files: WholeFiles,
        extra_chunks: bytes = b"",
    ) -> None:
        self.folder = folder
        self._template = template
        self._names = names
        self._files = files
        self._extra_chunks = extra_chunks

    def path(self, frame: int) -> Path:
        return self.folder / (self._names.get(frame) or self._template.name(frame))

    def encode(self, pixels: NDArray[Any]) -> bytes:
        return encode_png(pixels, self._extra_chunks)

    def write(self, frame: int, data: bytes) -> None:
        self._files.write(self.path(frame), data)
