"""A .kra file as the output of a run: the shot's document with painted frames in its layers.

The file itself is written at the end, whole or not at all. What else a run keeps lies beside it,
in `.ant_core/NAME`.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ant_core.errors import OutputError
from ant_core.files import WholeFiles
from ant_core.formats.kra.journal import KraJournal
from ant_core.formats.kra.writer import kra_pieces
from ant_core.locks import alone
from ant_core.output.kra_journal import merge_hints, note_frame, note_layers, note_references
from ant_core.output.kra_layer import KraLayer, PaintedLayer
from ant_core.propagation.memory import RunState
from ant_core.propagation.output import RunNotes
from ant_core.propagation.result import FrameResult

__all__ = ["KraOutput"]

_HINTS = "hints"  # under which those of the shot are remembered
_DOCUMENT = "document"  # under which the hash of the whole file is remembered


class KraOutput(KraLayer):
    """OUT.kra, its report, contact sheet and memory.

    Parameters
    ----------
    path : Path
        Of the file that is written; nothing is made before `prepare`.
    color : PaintedLayer
        Of the shot's document, which everything else is taken from.
    earlier : PaintedLayer or None
        Of the file that lies at `path` already, where that is another one.
    line_uuids : sequence of str
        The line layers, bottom first, for the journal.
    """

    def __init__(
        self,
        path: Path,
        color: PaintedLayer,
        earlier: PaintedLayer | None,
        line_uuids: Sequence[str],
        files: WholeFiles,
    ) -> None:
        self._folder = path.parent / ".ant_core" / path.name
        super().__init__(path, color, earlier, files, state=RunState(self._folder, files))
        self._line_uuids = line_uuids
        self._layers: list[KraLayer] = [self]

    def further(
        self, layer: PaintedLayer, earlier: PaintedLayer | None, *, carried: bool = False
    ) -> KraLayer:
        """Return the output of a further layer of the document, with the same memory.

        carried: see `KraLayer`.
        """
        # The uuid is what the document says: it names no folder.
        key = "-" + hashlib.sha256(layer.layer.uuid.encode()).hexdigest()[:16]
        other = KraLayer(
            self.path, layer, earlier, self.files, state=self.state, key=key, carried=carried
        )
        self._layers.append(other)
        return other

    @property
    def report_path(self) -> Path:
        """Where the report lies: beside the document."""
        return self.path.with_suffix(".report.json")

    @property
    def sheet_path(self) -> Path:
        """Where the contact sheet lies: beside the document."""
        return self.path.with_suffix(".contact_sheet.png")

    @property
    def page_path(self) -> Path:
        """Where the review page lies: beside the document."""
        return self.path.with_suffix(".review.html")

    @property
    def notes_path(self) -> Path:
        """Where the notes of a review lie: beside the document."""
        return self.path.with_suffix(".review_notes.json")

    @property
    def was_saved_since(self) -> bool:
        """Whether the output was saved after the last run, other than the shot itself."""
        return self.earlier is not None and _hash_of_file(self.path) not in self._written()

    @property
    def hints(self) -> dict[str, Any]:
        """Hints document that the docker left, in the shot or since then in the output."""
        output = self.earlier.journal if self.earlier is not None else None
        try:
            last = json.loads(self.state.file_hash(_HINTS) or "{}")
        except ValueError:
            last = {}
        return merge_hints(
            self._shot_hints, output.document["hints"] if output is not None else None, last
        )

    @property
    def _shot_hints(self) -> dict[str, Any]:
        journal = self.painted.journal or KraJournal()
        return dict(journal.document["hints"])

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Keep the document from other processes; OutputError when one of them has it."""
        return alone(self._folder, self.path, self.files)

    def prepare(self) -> None:
        """Make the folders and take away what a killed run left unfinished."""
        for layer in self._layers:
            layer.make_folder()
        WholeFiles.sweep(self.path.parent)
        self.state.prepare()

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
        usable = {frame for frame, item in results.items() if item.role != "failed"}
        done = [(layer, layer.done(usable), layer.brought(results)) for layer in self._layers]
        journal = self._journal(results, done, notes)
        paintings = [layer.painting(frames, brought) for layer, frames, brought in done]
        pieces = kra_pieces(self.painted.document, paintings, journal.dump())
        try:
            self._replace(pieces)
            self.state.note_file(_HINTS, json.dumps(self._shot_hints), None)
            for layer in self._layers:
                layer.note_copies()
        finally:
            self.state.close()

    def _replace(self, pieces: Iterable[bytes]) -> None:
        """Put the document in place, after a backup of what no run of ours has written."""
        before = _hash_of_file(self.path) if self.path.exists() else None
        if before is not None and before not in self._written():
            self._back_up(before)
            before = None
        # A link stays one: what it points to is the document.
        target = Path(os.path.realpath(self.path))
        self.files.write_pieces(target, self._noted(pieces, before), durable=True)

    def _journal(
        self,
        results: Mapping[int, FrameResult],
        done: Sequence[tuple[KraLayer, Sequence[int], set[int]]],
        notes: RunNotes,
    ) -> KraJournal:
        journal = self.painted.journal or KraJournal()
        if self.earlier is not None and self.earlier.journal is not None:
            journal = self.earlier.journal
        journal.document["hints"] = self.hints
        note_layers(journal, self._line_uuids, self.painted.layer.uuid)
        if notes.gap_px is not None:
            journal.document["settings"]["gap_px"] = notes.gap_px
        note_references(journal, self.artists(done[0][2]))
        for layer, frames, brought in done:
            uuid = layer.painted.layer.uuid
            for frame in layer.artists(brought):
                journal.forget(uuid, frame)
            for frame in frames:
                after, before = layer.after(frame), functools.partial(layer.before, frame)
                about = {"copy": layer.is_copy(after, brought), "further": layer is not self}
                note_frame(journal, uuid, results[frame], after, before, notes, **about)
        return journal

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
        for layer in self._layers:
            layer.check_unchanged()
        self.state.note_file(_DOCUMENT, digest.hexdigest(), before)

    def _back_up(self, document: str) -> None:
        """Copy the document, of this hash, unless a run that was killed right after has done so."""
        backup, size = self.path.with_name(self.path.name + "~"), self.path.stat().st_size
        for other in _backups(backup):
            if other.stat().st_size == size and _hash_of_file(other) == document:
                return
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


def _backups(backup: Path) -> list[Path]:
    """Return SHOT.kra~ and SHOT.kra~2, SHOT.kra~3, ... as far as they are there."""
    found = backup.parent.glob(glob.escape(backup.name) + "*")
    numbers = ((path, path.name.removeprefix(backup.name)) for path in found if path.is_file())
    return [path for path, number in sorted(numbers) if not number or number.isdecimal()]


def _unused(backup: Path) -> Path:
    """Return SHOT.kra~, or SHOT.kra~2, SHOT.kra~3, ... where that is there."""
    number = 2
    free = backup
    while free.exists():
        free, number = backup.with_name(f"{backup.name}{number}"), number + 1
    return free


def _hash_of_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise OutputError(
            f"{path} cannot be read ({error.strerror}): change its permissions or choose another "
            "--out"
        ) from error
