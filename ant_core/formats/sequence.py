"""Image sequences: one file a frame, in folders, named as animators name them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ant_core.errors import InputError
from ant_core.files import WholeFiles, read_bytes
from ant_core.formats.base import FrameInfo, PictureFormat
from ant_core.formats.pattern import NameTemplate, Sequence, find_sequence
from ant_core.formats.pictures import SUFFIXES, picture_format

if TYPE_CHECKING:  # a command line is read before NumPy is loaded
    from numpy.typing import NDArray

__all__ = ["SequenceReader", "SequenceWriter"]


class SequenceReader:
    """The pictures that a folder or pattern names; implements `FrameReader`.

    Parameters
    ----------
    pattern : str or path
        See `ant_core.formats.pattern`.
    base : Path, optional
        What relative patterns start from.
    lines : bool
        Whether the line layers of layered files are wanted; their colour layers otherwise.
    like : iterable of int, optional
        Frames of another sequence, whose drawings have the same numbers here.
    layer : str, optional
        The layer of OpenEXR files that is wanted; the only or the plain one otherwise.
    """

    def __init__(
        self,
        pattern: str | os.PathLike[str],
        base: Path | None = None,
        *,
        lines: bool = False,
        like: Iterable[int] = (),
        layer: str | None = None,
    ) -> None:
        self._take(find_sequence(pattern, base, like), lines, layer)
        self.pattern = str((base or Path()) / pattern)

    @classmethod
    def nothing(cls, folder: Path) -> SequenceReader:
        """Return the reader of a folder that need not exist: no frames."""
        reader = cls.__new__(cls)
        reader._take(Sequence(folder, {}, None, ()), lines=False)
        reader.pattern = str(folder)
        return reader

    def _take(self, sequence: Sequence, lines: bool, layer: str | None = None) -> None:
        self.folder = sequence.folder
        self.template = sequence.template
        self.ignored = sequence.ignored
        self._files = sequence.files
        self._frames = tuple(sequence.files)
        self._lines = lines
        self._layer = layer

    @property
    def frames(self) -> tuple[int, ...]:
        """Frame numbers of the files' names, rising."""
        return self._frames

    @property
    def has_layers(self) -> bool:
        """Whether any file is of a format of which a layer can be chosen."""
        return any(self.format(frame).alone is not None for frame in self._frames)

    def name(self, frame: int) -> str:
        """Return the file name under which a frame is written, without its folder.

        That of the file read; of layered files with the suffix of what is made of them.
        """
        path = Path(self._files[frame])
        suffix = self.format(frame).suffix
        return path.name if suffix is None else path.stem + suffix

    def place(self, frame: int) -> str:
        """Return the path of the file."""
        return str(self.folder / self._files[frame])

    def format(self, frame: int) -> PictureFormat:
        """Return the picture format of a frame, by its name."""
        return picture_format(self._files[frame], lines=self._lines, layer=self._layer)

    def raw(self, frame: int) -> bytes:
        """Return the picture as stored; one of several in a file alone, packed for its `name`."""
        data = read_bytes(self.folder / self._files[frame])
        form = self.format(frame)
        if form.alone is not None:
            return form.alone(data, self.place(frame))
        return data if form.suffix is None else form.encode(self.read(frame), b"")

    def probe(self, frame: int) -> FrameInfo:
        """Check the file and describe the picture; InputError when it is missing or damaged."""
        data = read_bytes(self.folder / self._files[frame])
        return self.format(frame).check(data, self.place(frame))

    def read(self, frame: int) -> NDArray[Any]:
        """Return the pixels, (H, W) or (H, W, C), of the file's depth."""
        data = read_bytes(self.folder / self._files[frame])
        return self.format(frame).decode(data, self.place(frame))

    def extras(self, frame: int) -> bytes:
        """Return all that a frame's file says of how its values are meant and packed."""
        data = read_bytes(self.folder / self._files[frame])
        return self.format(frame).extras(data, self.place(frame))

    def remarks(self) -> list[str]:
        """Return what the artist must know of the files: a sentence each, often none.

        Lines need no exact values, so that JPEG is worth a word for colours alone.
        """
        texts = []
        copies = [name for name in self.ignored if Path(name).suffix.lower() in SUFFIXES]
        unread = [name for name in self.ignored if name not in copies]
        for names, why in (
            (unread, "their format cannot be read"),
            (copies, "the frame is there without loss too"),
        ):
            if names:
                texts.append(f"left out because {why}: {_few(names)} in {self.folder}")
        texts += self._passed_over()
        lossy = [self._files[frame] for frame in self._frames if self.format(frame).lossy]
        if lossy and not self._lines:
            texts.append(
                "painted frames saved as JPEG have noise in their colours, so that what is read "
                f"may be a few levels off what was painted: save {_few(lossy)} in {self.folder} "
                "as PNG"
            )
        return texts

    def _passed_over(self) -> list[str]:
        """Return a sentence where layers are left out that may be meant, told by the first file."""
        for frame in self._frames[:1]:
            form, place = self.format(frame), self.place(frame)
            if form.passed_over is not None:
                names = form.passed_over(read_bytes(self.folder / self._files[frame]), place)
                if names:
                    return [
                        f"{place} has the layers {', '.join(names)} beside its plain picture, "
                        "which is taken: choose one of them with --layer NAME"
                    ]
        return []

    def check_one_format(self) -> None:
        """Refuse sequences of files in several formats: what is written could be either."""
        kinds = {Path(self.name(frame)).suffix.lower(): frame for frame in self._frames}
        if len({picture_format(f"0{suffix}").name for suffix in kinds}) > 1:
            first, second = list(kinds.values())[:2]
            raise InputError(
                f"{self.place(first)} and {self.place(second)} are of two formats: save all "
                "painted frames in one"
            )


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


class SequenceWriter:
    """Picture files in one folder, written whole or not at all.

    Parameters
    ----------
    folder : Path
        Must exist.
    template : NameTemplate
        How new frames are named; its suffix tells the format.
    names : dict of int to str
        Frames whose name is already given: those of the references.
    extras : bytes
        See `PictureFormat.extras`.
    files : WholeFiles
        Shared with the caller, which cleans up after an interruption.
    """

    def __init__(
        self,
        folder: Path,
        template: NameTemplate,
        names: dict[int, str],
        files: WholeFiles,
        extras: bytes = b"",
    ) -> None:
        self.folder = folder
        self.format = picture_format(template.name(0))
        self._template = template
        self._names = names
        self._files = files
        self._extras = extras

    def path(self, frame: int) -> Path:
        """Return where the file of a frame lies, written or not."""
        return self.folder / (self._names.get(frame) or self._template.name(frame))

    def encode(self, pixels: NDArray[Any]) -> bytes:
        """Pack a picture, (H, W, C) of the shot's format."""
        return self.format.encode(pixels, self._extras)

    def write(self, frame: int, data: bytes) -> None:
        """Write the packed picture of a frame whole; OutputError when that is refused."""
        self._files.write(self.path(frame), data)
