"""The output folder of a shot: what may be written there, what must be left alone.

Implements `ant_core.propagation.output.Output` with files in the format of the painted frames.

Pixels that were changed since we wrote them belong to the artist: such a file is kept and its frame
treated as locked. A file that we never wrote is not touched at all.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError, OutputError, UsageError
from ant_core.files import WholeFiles, same_file
from ant_core.formats.base import FrameInfo
from ant_core.formats.pattern import NameTemplate
from ant_core.formats.pictures import picture_format
from ant_core.formats.sequence import SequenceReader, SequenceWriter
from ant_core.locks import alone
from ant_core.output.contact_sheet import draw_crop, make_thumbnail
from ant_core.propagation.memory import RunState
from ant_core.propagation.output import RunNotes
from ant_core.propagation.result import COLOR, FrameResult

__all__ = ["OutputFolder"]

_COPY = "shot "  # and a file's name: the hash of a picture that was copied from the shot


class OutputFolder:
    """OUT with its painted frames, report and memory.

    Parameters
    ----------
    root : Path
        Need not exist; nothing is made before `prepare`.
    lines, colors : SequenceReader
        The inputs, which must not be overwritten and which give the names.
    references : sequence of int
        Painted frames: they keep the names that they have.
    suffix : str
        Of the files where there is no painted frame whose format they could have.
    layer : str
        Folder of the frames in OUT.
    state : RunState, optional
        Shared with another layer of OUT.

    Raises
    ------
    UsageError
        When inputs would be overwritten.
    """

    def __init__(
        self,
        root: Path,
        lines: SequenceReader,
        colors: SequenceReader,
        references: Sequence[int],
        files: WholeFiles,
        suffix: str = ".png",
        *,
        layer: str = COLOR,
        state: RunState | None = None,
    ) -> None:
        self.path = root
        self.folder = root / layer
        self._layer = layer
        self._layers: list[OutputFolder] = []
        self.files = files
        self._colors = colors
        for reader in (lines, colors):
            if same_file(self.folder, reader.folder) or same_file(root, reader.folder):
                raise UsageError(
                    f"--out {root} would write into the input folder {reader.folder}: choose "
                    "another output folder"
                )
        self.state = state or RunState(root / ".ant_core", files)
        self._lines = lines
        names = {frame: colors.name(frame) for frame in references}
        colors.check_one_format()
        self._extras = b""
        if references:
            with contextlib.suppress(InputError):  # told with more detail when the shot is loaded
                self._extras = colors.extras(references[0])
        template = _naming(lines, colors, suffix)
        self.writer = SequenceWriter(self.folder, template, names, files, self._extras)
        self.packing = self.writer.format.name
        self._present: dict[int, str | None] = {}

    def further(self, layer: str, colors: SequenceReader, painted: Sequence[int]) -> OutputFolder:
        """Return the output of a further layer: OUT/LAYER, with the same memory.

        Parameters
        ----------
        colors : SequenceReader
            Its painted frames, of which `painted` are used.
        """
        other = OutputFolder(
            self.path, self._lines, colors, painted, self.files, layer=layer, state=self.state
        )
        self._layers.append(other)
        return other

    @property
    def format_key(self) -> str:
        """The format of the files, and what they say of how their values are meant."""
        return f"{self.packing} {self._extras.hex()}"

    @property
    def report_path(self) -> Path:
        """Where the report lies."""
        return self.path / "report.json"

    @property
    def sheet_path(self) -> Path:
        """Where the contact sheet lies."""
        return self.path / "contact_sheet.png"

    @property
    def page_path(self) -> Path:
        """Where the review page lies."""
        return self.path / "review.html"

    @property
    def notes_path(self) -> Path:
        """Where the notes of a review lie."""
        return self.path / "review_notes.json"

    def place(self, frame: int) -> str:
        """Return the path of the frame's picture, for messages."""
        return str(self.file(frame))

    def file(self, frame: int) -> Path:
        """Return the path of the frame's picture."""
        return self.writer.path(frame)

    def encode(self, painted: NDArray[Any]) -> bytes:
        """Pack a painted frame, (H, W, C), in the folder's format."""
        return self.writer.encode(painted)

    thumbnail = staticmethod(make_thumbnail)

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Keep the folder from other processes; OutputError when one of them has it."""
        return alone(self.state.folder, self.path, self.files)

    crop = staticmethod(draw_crop)

    def prepare(self) -> None:
        """Make the folders and take away what a killed run left unfinished."""
        folders = [self.folder, *(other.folder for other in self._layers)]
        for folder in folders:
            self.files.make_folder(folder)
        for folder in (self.path, *folders):
            WholeFiles.sweep(folder)
        self.state.prepare()

    def finish(self, results: Mapping[int, FrameResult], notes: RunNotes) -> None:
        """Nothing is left to do: every frame lies in a file of its own."""

    def survey(
        self, frames: Sequence[int], painted: Sequence[int], locked: Sequence[int], overwrite: bool
    ) -> list[int]:
        """Look at the painted files that are already there.

        Parameters
        ----------
        frames : sequence of int
            What the run will write.
        painted : sequence of int
            Reference frames, whose files come from the shot.
        locked : sequence of int
            Frames that the user locked.
        overwrite : bool
            Whether files that others wrote or changed may be replaced.

        Returns
        -------
        list of int
            Frames whose file was changed since we wrote it, and which are therefore kept.

        Raises
        ------
        OutputError
            When a file is in the way that no run wrote, or the copy of a reference was changed.
        """
        known, fixed, edited = set(painted), set(locked), []
        for frame in frames:
            path = self.writer.path(frame)
            data = self._read(path)
            self._present[frame] = hashlib.sha256(data).hexdigest() if data is not None else None
            if data is None or frame in fixed or overwrite:
                continue
            written = self.state.file_hash(self._name(frame))
            ours = (written, self.state.replaced_hash(self._name(frame)))
            if self._present[frame] in ours or not self._is_whole(data):
                continue
            if frame in known and data == self._colors.raw(frame):
                continue  # a change that was moved to the shot, as the message below asks
            if written is None:
                raise OutputError(
                    f"{path} is in the way and was not written by an earlier run: choose an empty "
                    f"--out folder, keep it with --lock {frame}, or pass --overwrite"
                )
            if frame in known:
                raise OutputError(
                    f"{path} was changed, but frame {frame} is painted in the shot: move the "
                    "change there, or pass --overwrite"
                )
            edited.append(frame)
        return edited

    def is_intact(self, frame: int) -> bool:
        """Tell whether the frame's file is there as an earlier run wrote it."""
        present = self._present.get(frame)
        return present is not None and present == self.state.file_hash(self._name(frame))

    def has_ours(self, frame: int) -> bool:
        """Tell whether the frame's file is one that a run made, also a stopped one, and not blank.

        One that was copied from what the artist painted does not count.
        """
        path, name = self.writer.path(frame), self._name(frame)
        data = self._read(path)
        if data is None:
            return False
        digest = hashlib.sha256(data).hexdigest()
        ours = self.state.file_hash(name), self.state.replaced_hash(name)
        if digest not in ours or digest == self.state.file_hash(_COPY + name):
            return False
        info = self.writer.format.check(data, str(path))
        pixels = PixelFormat(info.depth, info.channels, info.floating)
        image = pixels.convert(self.writer.format.decode(data, str(path)), str(path))
        part = np.s_[..., -1:] if pixels.has_alpha else np.s_[...]
        return bool((image[part] != pixels.bare()[part]).any())

    def probe(self, frame: int) -> FrameInfo:
        """Check and describe the painted file of a frame; InputError when it is missing."""
        path = self.writer.path(frame)
        data = self._read(path)
        if data is None:
            raise InputError(
                f"frame {frame} is locked but {path} does not exist: run once without the lock, "
                "or put the file there"
            )
        return self.writer.format.check(data, str(path))

    def read(self, frame: int) -> NDArray[Any]:
        """Return the pixels of the painted file of a frame."""
        self.probe(frame)
        path = self.writer.path(frame)
        return self.writer.format.decode(path.read_bytes(), str(path))

    def raw(self, frame: int) -> bytes:
        """Return the painted file of a frame, byte for byte."""
        self.probe(frame)
        return self.writer.path(frame).read_bytes()

    def put(self, frame: int, data: bytes, *, copied: bool = False) -> None:
        """Write the painted file of a frame, unless the same bytes are there already."""
        digest = hashlib.sha256(data).hexdigest()
        name, present = self._name(frame), self._present.get(frame)
        copy = digest if copied else ""
        if (self.state.file_hash(_COPY + name) or "") != copy:
            self.state.note_file(_COPY + name, copy, None)
        # Noted first, old and new: whichever a stopped run leaves in place is known to be ours.
        self.state.note_file(name, digest, present if present != digest else None)
        if present != digest:
            self.writer.write(frame, data)
            self._present[frame] = digest
            self.state.note_replaced(name)

    def remove(self, frame: int) -> None:
        """Take away our file of a frame that could not be coloured this time."""
        if self.is_intact(frame):
            with contextlib.suppress(OSError):
                self.writer.path(frame).unlink()
            self._present[frame] = None

    def _name(self, frame: int) -> str:
        """Return what the memory calls a frame's file."""
        name = self.writer.path(frame).name
        return name if self._layer == COLOR else f"{self._layer}/{name}"

    def _is_whole(self, data: bytes) -> bool:
        """Return False for a damaged picture, which may be replaced."""
        try:
            self.writer.format.check(data, "")
        except InputError:
            return False
        return True

    @staticmethod
    def _read(path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise OutputError(
                f"{path} cannot be read ({error.strerror}): choose another --out folder or "
                "change its permissions"
            ) from error


def _naming(lines: SequenceReader, colors: SequenceReader, suffix: str) -> NameTemplate:
    """Name new frames as the painted ones are; their padding is the lines' where it is unclear."""
    template = colors.template or lines.template
    if template is None:
        return NameTemplate("", 4, suffix)
    padding = template.padding
    if not padding and lines.template is not None:
        padding = lines.template.padding
    ending = Path(template.name(0)).suffix
    if colors.template is not None:
        made = picture_format(f"0{ending}").suffix  # of layered files
        suffix = ending if made is None else made
    body = template.suffix.removesuffix(ending)
    return NameTemplate(template.prefix, padding, body + suffix)
