"""A .kra file as the output of a run: the shot's document with painted frames in its colour layer.

Implements `ant_core.propagation.output.Output`. Frames are kept beside the file while the run goes
on, in `.ant_core/NAME`, so that a stopped run goes on from them; the file itself is written at the
end, whole or not at all. What the artist painted, in the shot or later in the output, is never
written over.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError, OutputError
from ant_core.files import WholeFiles
from ant_core.formats.base import FrameInfo
from ant_core.formats.kra.document import KraDocument, Layer
from ant_core.formats.kra.frames import PackedFrame
from ant_core.formats.kra.journal import Journal, Plane
from ant_core.formats.kra.owners import Painted, color_keys
from ant_core.formats.kra.reader import read_plane
from ant_core.formats.kra.spaces import Space
from ant_core.formats.kra.writer import NewLayer, kra_pieces
from ant_core.locks import alone
from ant_core.output.contact_sheet import draw_crop, make_thumbnail
from ant_core.output.kra_journal import merge_hints, note_layers, note_references, note_result
from ant_core.propagation.memory import RunState
from ant_core.propagation.output import RunNotes
from ant_core.propagation.result import FrameResult

__all__ = ["ColorLayer", "KraOutput"]

_ARTISTS = ("artist", "accepted", "unknown")  # nothing of theirs is written over
_COPY = "shot "  # and a frame: the hash of a picture that was taken over from the shot
_HINTS = "hints"  # under which those of the shot are remembered
_DOCUMENT = "document"  # under which the hash of the whole file is remembered
_BLOCK = 1 << 20


@dataclass(frozen=True)
class ColorLayer:
    """The colour layer of a document, with whose each of its keys is.

    Attributes
    ----------
    document : KraDocument
    layer : Layer or NewLayer
    journal : Journal or None
    painted : dict of int to Painted
        By time; empty for a new layer.
    """

    document: KraDocument
    layer: Layer | NewLayer
    journal: Journal | None
    painted: Mapping[int, Painted]

    @property
    def space(self) -> Space:
        if isinstance(self.layer, NewLayer):
            return self.layer.space
        return self.document.space(self.layer)

    def frames_of(self, *owners: str) -> list[int]:
        """Return the times of the keys that belong to one of these."""
        return [time for time, item in self.painted.items() if item.owner in owners]

    def read(self, frame: int) -> NDArray[Any]:
        """Return the picture of a key, (H, W, C)."""
        assert isinstance(self.layer, Layer)
        key = next(key for key in color_keys(self.layer) if key.time == frame)
        return read_plane(self.document, self.layer, key)


class KraOutput:
    """OUT.kra, its report, contact sheet and memory.

    Parameters
    ----------
    path : Path
        Of the file that is written; nothing is made before `prepare`.
    color : ColorLayer
        Of the shot's document, which everything else is taken from.
    earlier : ColorLayer or None
        Of the file that lies at `path` already, where that is another one.
    line_uuids : sequence of str
        The line layers, bottom first, for the journal.
    files : WholeFiles
    """

    packing = "a frame of a Krita document"
    format_key = ""

    def __init__(
        self,
        path: Path,
        color: ColorLayer,
        earlier: ColorLayer | None,
        line_uuids: Sequence[str],
        files: WholeFiles,
    ) -> None:
        self.path = path
        self.files = files
        self._color = color
        self._earlier = earlier
        self._line_uuids = line_uuids
        self._space = color.space
        self._size = color.document.height, color.document.width
        self._folder = path.parent / ".ant_core" / path.name
        self.state = RunState(self._folder, files)
        # Pictures that stay what they are; those of `earlier` are brought over.
        self._fixed = set(color.frames_of(*_ARTISTS))
        self._kept: set[int] = set()
        if earlier is not None:
            kept = set(earlier.frames_of(*_ARTISTS)) - self._fixed
            # Not what the shot itself had painted then, and has no longer.
            self._kept = {f for f in kept if not self._is_copy(f, earlier)}

    @property
    def report_path(self) -> Path:
        return self.path.with_suffix(".report.json")

    @property
    def sheet_path(self) -> Path:
        return self.path.with_suffix(".contact_sheet.png")

    @property
    def page_path(self) -> Path:
        return self.path.with_suffix(".review.html")

    @property
    def notes_path(self) -> Path:
        return self.path.with_suffix(".review_notes.json")

    @property
    def kept(self) -> list[int]:
        """Frames that the artist painted or accepted in the output, and which are brought over."""
        return sorted(self._kept)

    @property
    def was_saved_since(self) -> bool:
        """Whether the output was saved after the last run, other than the shot itself."""
        return self._earlier is not None and _hash_of_file(self.path) not in self._written()

    @property
    def hints(self) -> dict[str, Any]:
        """Hints document that the docker left, in the shot or since then in the output."""
        output = self._earlier.journal if self._earlier is not None else None
        try:
            last = json.loads(self.state.file_hash(_HINTS) or "{}")
        except ValueError:
            last = {}
        return merge_hints(
            self._shot_hints, output.document["hints"] if output is not None else None, last
        )

    @property
    def _shot_hints(self) -> dict[str, Any]:
        journal = self._color.journal or Journal()
        return dict(journal.document["hints"])

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Keep the document from other processes; OutputError when one of them has it."""
        return alone(self._folder, self.path, self.files)

    def prepare(self) -> None:
        """Make the folders and take away what a killed run left unfinished."""
        self.files.make_folder(self._folder / "frames")
        for folder in (self.path.parent, self._folder / "frames"):
            WholeFiles.sweep(folder)
        self.state.prepare()

    def check_references(self, references: Sequence[int]) -> None:
        """Refuse to drop a picture of the output that was painted over a reference's copy."""
        if self._earlier is None:
            return
        for frame in references:
            now, then = self._earlier.painted.get(frame), self._color.painted[frame]
            if now is None or now.owner == "blank" or now.hash == then.hash:
                continue
            if not self._is_copy(frame, self._earlier):
                raise OutputError(
                    f"frame {frame} was changed in {self.path}, but it is painted in the shot: "
                    "move the change there, or pass --overwrite"
                )

    def _is_copy(self, frame: int, earlier: ColorLayer) -> bool:
        """Tell whether the output still has what the last run took over from the shot."""
        return self.state.file_hash(f"{_COPY}{frame}") == earlier.painted[frame].hash

    def place(self, frame: int) -> str:
        return f"{self.path} frame {frame}"

    def file(self, frame: int) -> Path:
        return self.path

    def _cached(self, frame: int) -> Path:
        return self._folder / "frames" / f"{frame:04d}"

    def _packed(self, frame: int) -> bytes | None:
        try:
            data = self._cached(frame).read_bytes()
        except OSError:
            return None
        known = self.state.file_hash(str(frame))
        return data if hashlib.sha256(data).hexdigest() == known else None

    def is_intact(self, frame: int) -> bool:
        return frame in self._fixed or frame in self._kept or self._packed(frame) is not None

    def probe(self, frame: int) -> FrameInfo:
        """Check and describe the picture that the output has of a frame."""
        pixels = self._space.pixels
        digest = hashlib.sha256(self.raw(frame)).hexdigest()
        return FrameInfo(*self._size, pixels.channels, pixels.depth, digest, pixels.floating)

    def read(self, frame: int) -> NDArray[Any]:
        return PackedFrame.parse(self.raw(frame)).image(self._space, self._size, self.place(frame))

    def raw(self, frame: int) -> bytes:
        for source in (self._earlier, self._color):
            if source is not None and frame in source.painted:
                if source is self._earlier and frame in self._fixed:
                    continue
                if source.painted[frame].owner != "blank":
                    return PackedFrame.of(source.read(frame), self._space).dump()
        data = self._packed(frame)
        if data is None:
            raise InputError(
                f"frame {frame} is locked but {self.path} has no picture of it: run once without "
                "the lock"
            )
        return data

    def encode(self, painted: NDArray[Any]) -> bytes:
        return PackedFrame.of(painted, self._space).dump()

    def thumbnail(self, line: NDArray[Any], painted: NDArray[Any]) -> bytes:
        return make_thumbnail(line, painted)

    def crop(
        self, line: NDArray[Any], painted: NDArray[Any], inside: NDArray[np.bool_], *, dark: bool
    ) -> bytes:
        return draw_crop(line, painted, inside, dark=dark)

    def put(self, frame: int, data: bytes) -> None:
        """Keep a painted frame for `finish`; one that the artist painted stays as it is."""
        if frame in self._fixed or frame in self._kept:
            return
        digest = hashlib.sha256(data).hexdigest()
        if self._packed(frame) is None or self.state.file_hash(str(frame)) != digest:
            # A file whose note is of other bytes counts as absent, whichever comes first.
            self.state.note_file(str(frame), digest, None)
            self.files.write(self._cached(frame), data)

    def remove(self, frame: int) -> None:
        with contextlib.suppress(OSError):
            self._cached(frame).unlink()

    # ---- the file itself

    def finish(self, results: Mapping[int, FrameResult], notes: RunNotes) -> None:
        """Write the document, with the journal; the one before it is kept where it is replaced.

        Raises
        ------
        OutputError
            When the disk is full or refuses; what lies at the path stays as it was then.
        InputError
            When one of the documents was saved while the run was under way; likewise.
        """
        fixed = self._fixed | self._kept
        done = {frame: item for frame, item in results.items() if frame not in fixed}
        done = {frame: item for frame, item in done.items() if item.role != "failed"}
        brought = self._kept | (self._ours_of_earlier() - {*results})
        frames = {frame: self._loader(frame) for frame in done}
        frames |= {frame: self._bringer(frame) for frame in brought}
        journal = self._journal(done, brought, notes)
        pieces = kra_pieces(self._color.document, self._color.layer, frames, journal.dump())
        try:
            self._replace(pieces)
            self.state.note_file(_HINTS, json.dumps(self._shot_hints), None)
            for frame in self._fixed:
                self.state.note_file(f"{_COPY}{frame}", self._color.painted[frame].hash, None)
        finally:
            self.state.close()

    def _replace(self, pieces: Iterable[bytes]) -> None:
        """Put the document in place, after a backup of what no run of ours has written."""
        before = _hash_of_file(self.path) if self.path.exists() else None
        if before is not None and before not in self._written():
            self._back_up()
            before = None
        # A link stays one: what it points to is the document.
        target = Path(os.path.realpath(self.path))
        self.files.write_pieces(target, self._noted(pieces, before), durable=True)

    def _ours_of_earlier(self) -> set[int]:
        """Frames that an earlier run coloured, which this one may not have been asked for."""
        found = self._earlier.frames_of("predicted") if self._earlier is not None else ()
        return {*found} - self._fixed

    def _journal(
        self, done: Mapping[int, FrameResult], brought: set[int], notes: RunNotes
    ) -> Journal:
        color = self._color
        journal = color.journal or Journal()
        if self._earlier is not None and self._earlier.journal is not None:
            journal = self._earlier.journal
        journal.document["hints"] = self.hints
        note_layers(journal, self._line_uuids, color.layer.uuid)
        if notes.gap_px is not None:
            journal.document["settings"]["gap_px"] = notes.gap_px
        artists = set(color.frames_of("artist"))
        if self._earlier is not None:
            artists |= brought & set(self._earlier.frames_of("artist"))
        for frame in artists:
            journal.forget(color.layer.uuid, frame)
        note_references(journal, artists)
        for frame, result in done.items():
            after = PackedFrame.parse(self._packed(frame) or b"").hash
            before = functools.partial(self._before, frame)
            note_result(journal, color.layer.uuid, result, after, before, notes)
        return journal

    def _before(self, frame: int) -> Plane | None:
        """Return what the shot's document has at a frame: nothing, or a key without a picture."""
        if frame not in self._color.painted:
            return None
        return Plane.of(self._color.read(frame), self._space)

    def _loader(self, frame: int) -> Callable[[], bytes]:
        def load() -> bytes:
            data = self._packed(frame)
            if data is None:
                raise OutputError(
                    f"{self._cached(frame)} changed while the run was under way: run again"
                )
            return PackedFrame.parse(data).tiles(str(self._cached(frame)))

        return load

    def _bringer(self, frame: int) -> Callable[[], bytes]:
        return lambda: PackedFrame.parse(self.raw(frame)).tiles(self.place(frame))

    def _written(self) -> tuple[str | None, str | None]:
        """Return the hashes of what runs have written; a killed one may not have got to it."""
        return self.state.file_hash(_DOCUMENT), self.state.replaced_hash(_DOCUMENT)

    def _noted(self, pieces: Iterable[bytes], before: str | None) -> Iterator[bytes]:
        """Pass the file on and note its hash just before it gets its name.

        Were it noted later, a run killed in between would take its own file for the artist's,
        and its next run put it in the place of the backup.

        Raises
        ------
        InputError
            When one of the documents was saved while the run was under way.
        """
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
            yield piece
        for color in (self._color, self._earlier):
            if color is not None:
                color.document.archive.check_unchanged()
        self.state.note_file(_DOCUMENT, digest.hexdigest(), before)

    def _back_up(self) -> None:
        backup = self.path.with_name(self.path.name + "~")
        if self._written() == (None, None):
            # What a run writes is remembered; where the memory is gone, this file may be one, and
            # the backup the artist's only original.
            backup = _unused(backup)
        part = self.path.with_name(f".part-{secrets.token_hex(8)}~")
        try:
            shutil.copy2(self.path, part)
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.replace(backup)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            raise OutputError(
                f"the backup {backup} cannot be written ({error.strerror}), so {self.path} was "
                "left as it is: free some space or change its permissions"
            ) from error


def _unused(backup: Path) -> Path:
    """Return SHOT.kra~, or SHOT.kra~2, SHOT.kra~3, ... where that is there."""
    number = 2
    free = backup
    while free.exists():
        free, number = backup.with_name(f"{backup.name}{number}"), number + 1
    return free


def _hash_of_file(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be read ({error.strerror}): change its permissions or choose another "
            "--out"
        ) from error
    return digest.hexdigest()
