"""One layer of a .kra file as an output: which of its keys are the artist's, and pictures to come.

Frames are kept beside the file while the run goes on, so that a stopped run goes on from them. What
the artist painted, in the shot or later in the output, is never written over.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ant_core.errors import InputError, OutputError
from ant_core.files import WholeFiles
from ant_core.formats.base import FrameInfo
from ant_core.formats.kra.document import DocumentLayer, KraDocument
from ant_core.formats.kra.frames import PackedFrame
from ant_core.formats.kra.journal import COPY, KraJournal, Plane, pack_plane
from ant_core.formats.kra.owners import OwnedKey, color_keys, survey
from ant_core.formats.kra.reader import read_plane
from ant_core.formats.kra.spaces import Space
from ant_core.formats.kra.writer import NewLayer, Painting
from ant_core.output.contact_sheet import draw_crop, make_thumbnail
from ant_core.propagation.memory import RunState

__all__ = ["ARTISTS", "KraLayer", "PaintedLayer"]

ARTISTS = ("artist", "accepted", "unknown")  # nothing of theirs is written over
_COPY = "shot "  # and a frame: the hash of a picture that was taken over from the shot


@dataclass(frozen=True)
class PaintedLayer:
    """A painted layer of a document, with whose each of its keys is.

    Attributes
    ----------
    document : KraDocument
    layer : DocumentLayer or NewLayer
    journal : KraJournal or None
    painted : dict of int to OwnedKey
        By time; empty for a new layer.
    """

    document: KraDocument
    layer: DocumentLayer | NewLayer
    journal: KraJournal | None
    painted: Mapping[int, OwnedKey]

    @classmethod
    def surveyed(
        cls,
        document: KraDocument,
        layer: DocumentLayer,
        journal: KraJournal | None,
        threads: int | None = None,
    ) -> PaintedLayer:
        """Look at every key of a layer; see `survey`."""
        return cls(document, layer, journal, survey(document, layer, journal, threads=threads))

    @property
    def space(self) -> Space:
        """How its pixels are stored."""
        if isinstance(self.layer, NewLayer):
            return self.layer.space
        return self.document.space(self.layer)

    def frames_of(self, *owners: str) -> list[int]:
        """Return the times of the keys that belong to one of these."""
        return [time for time, item in self.painted.items() if item.owner in owners]

    def is_copy(self, frame: int) -> bool:
        """Tell whether a key of ours has the very pixels of one that the artist painted."""
        assert isinstance(self.layer, DocumentLayer)
        entry = None if self.journal is None else self.journal.entry(self.layer.uuid, frame)
        return entry is not None and bool(entry.summary.get(COPY))

    def read(self, frame: int) -> NDArray[Any]:
        """Return the picture of a key, (H, W, C)."""
        assert isinstance(self.layer, DocumentLayer)
        key = next(key for key in color_keys(self.layer) if key.time == frame)
        return read_plane(self.document, self.layer, key)


class KraLayer:
    """The output of a run on one layer of a document; implements `propagation.output.Output`.

    Parameters
    ----------
    path : Path
        Of the file that is written.
    layer : PaintedLayer
        Of the shot's document.
    earlier : PaintedLayer or None
        Of the file that lies at `path` already, where that is another one.
    key : str
        Begins the names under which the memory has the frames of this layer, and names their
        folder; "" for the colours.
    carried : bool
        Whether this run leaves it as an earlier one made it.
    """

    packing = "a frame of a Krita document"
    format_key = ""

    def __init__(
        self,
        path: Path,
        layer: PaintedLayer,
        earlier: PaintedLayer | None,
        files: WholeFiles,
        *,
        state: RunState,
        key: str = "",
        carried: bool = False,
    ) -> None:
        self.path = path
        self.files = files
        self.state = state
        self.painted = layer
        self.earlier = earlier
        self._key = key
        self._space = layer.space
        self._size = layer.document.height, layer.document.width
        self._frames = state.folder / f"frames{key}"
        self._carried = carried
        self._ours: set[int] = set()  # frames that this run has put, or found as it put them
        # Pictures that stay what they are; those of `earlier` are brought over.
        self._fixed = set(layer.frames_of(*ARTISTS))
        self._kept: set[int] = set()
        if earlier is not None:
            kept = set(earlier.frames_of(*ARTISTS)) - self._fixed
            # Not what the shot itself had painted then, and has no longer.
            self._kept = {f for f in kept if not self._is_copy(f, earlier)}

    @property
    def kept(self) -> list[int]:
        """Frames that the artist painted or accepted in the output, and which are brought over."""
        return sorted(self._kept)

    def make_folder(self) -> None:
        """Make the folder of pictures and take away what a killed run left unfinished."""
        self.files.make_folder(self._frames)
        WholeFiles.sweep(self._frames)

    def check_painted(self, frames: Sequence[int]) -> None:
        """Refuse to drop a picture of the output that was painted over a copy of the shot's."""
        if self.earlier is None:
            return
        for frame in frames:
            now, then = self.earlier.painted.get(frame), self.painted.painted[frame]
            if now is None or now.owner in ("blank", "predicted") or now.hash == then.hash:
                continue
            if not self._is_copy(frame, self.earlier):
                raise OutputError(
                    f"{self.place(frame)} was changed, but it is painted in the shot: move the "
                    "change there, or pass --overwrite"
                )

    def _is_copy(self, frame: int, earlier: PaintedLayer) -> bool:
        """Tell whether the output still has what the last run took over from the shot."""
        return self.state.file_hash(self._copy(frame)) == earlier.painted[frame].hash

    def _copy(self, frame: int) -> str:
        return f"{_COPY}{self._name(frame)}"

    def _name(self, frame: int) -> str:
        return f"{self._key} {frame}" if self._key else str(frame)

    def place(self, frame: int) -> str:
        """Name the document, the layer and the frame."""
        layer = f" {self.painted.layer.name}" if self._key else ""
        return f"{self.path}{layer} frame {frame}"

    def file(self, frame: int) -> Path:
        """Return the path of the document, which holds every frame."""
        return self.path

    def _cached(self, frame: int) -> Path:
        return self._frames / f"{frame:04d}"

    def _packed(self, frame: int) -> bytes | None:
        try:
            data = self._cached(frame).read_bytes()
        except OSError:
            return None
        known = self.state.file_hash(self._name(frame))
        return data if hashlib.sha256(data).hexdigest() == known else None

    def is_intact(self, frame: int) -> bool:
        """Tell whether the frame stays as it is, or is there as an earlier run wrote it."""
        if frame in self._fixed or frame in self._kept:
            return True
        if self._packed(frame) is None:
            return False
        self._ours.add(frame)
        return True

    def has_ours(self, frame: int) -> bool:
        """Tell whether a document shows on the frame what a run has moved there.

        What the artist has erased since, or what is a copy of his own, does not count.
        """
        source = self._source(frame)
        if source is None or source.painted[frame].owner != "predicted":
            return False
        if source is self.painted and self.earlier is not None and frame in self.earlier.painted:
            return False  # erased in the output, which shows more than the shot
        return not source.is_copy(frame) and bool(source.read(frame)[..., -1].any())

    def probe(self, frame: int) -> FrameInfo:
        """Check and describe the picture that the output has of a frame."""
        pixels = self._space.pixels
        digest = hashlib.sha256(self.raw(frame)).hexdigest()
        return FrameInfo(*self._size, pixels.channels, pixels.depth, digest, pixels.floating)

    def read(self, frame: int) -> NDArray[Any]:
        """Return the frame's pixels on the canvas, (H, W, C) of the layer's colour space."""
        return self._image(frame, self.raw(frame))

    def _image(self, frame: int, data: bytes) -> NDArray[Any]:
        return PackedFrame.parse(data).image(self._space, self._size, self.place(frame))

    def _source(self, frame: int) -> PaintedLayer | None:
        """Return the layer that shows a frame now: of the earlier output, or of the shot."""
        for source in (self.earlier, self.painted):
            if source is None or (source is self.earlier and frame in self._fixed):
                continue
            if frame in source.painted and source.painted[frame].owner != "blank":
                return source
        return None

    def raw(self, frame: int) -> bytes:
        """Return the frame as packed: ours, else what the documents hold."""
        data = self._packed(frame) if frame in self._ours else None
        if data is not None:  # what the documents have is of a run before
            return data
        source = self._source(frame)
        if source is not None:
            return PackedFrame.of(source.read(frame), self._space).dump()
        data = self._packed(frame)
        if data is None:
            raise InputError(
                f"frame {frame} is locked but {self.path} has no picture of it: run once without "
                "the lock"
            )
        return data

    def encode(self, painted: NDArray[Any]) -> bytes:
        """Pack a painted frame, (H, W, C) of the layer's colour space."""
        return PackedFrame.of(painted, self._space).dump()

    thumbnail = staticmethod(make_thumbnail)

    crop = staticmethod(draw_crop)

    def put(self, frame: int, data: bytes, *, copied: bool = False) -> None:
        """Keep a painted frame for `finish`; one that the artist painted stays as it is."""
        if frame in self._fixed or frame in self._kept:
            return
        self._ours.add(frame)
        digest = hashlib.sha256(data).hexdigest()
        if self._packed(frame) is None or self.state.file_hash(self._name(frame)) != digest:
            # A file whose note is of other bytes counts as absent, whichever comes first.
            self.state.note_file(self._name(frame), digest, None)
            self.files.write(self._cached(frame), data)

    def remove(self, frame: int) -> None:
        """Delete the frame that an earlier run packed, if there is one."""
        with contextlib.suppress(OSError):
            self._cached(frame).unlink()

    # ---- what the document gets

    def done(self, frames: Collection[int]) -> list[int]:
        """Return those of some frames that show a picture of ours."""
        if self._carried:
            return []
        return sorted({*frames} - self._fixed - self._kept)

    def brought(self, frames: Collection[int]) -> set[int]:
        """Return the frames brought over from the earlier output, by a run over `frames`."""
        ours = self.earlier.frames_of("predicted") if self.earlier is not None else ()
        # An earlier run coloured frames that this one may not have been asked for.
        asked = set() if self._carried else {*frames}
        return self._kept | ({*ours} - self._fixed - asked)

    def painting(self, done: Collection[int], brought: Collection[int]) -> Painting:
        """Return the layer with the pictures of some frames."""
        frames: dict[int, Callable[[], bytes]] = {f: self._loader(f) for f in done if self._new(f)}
        return Painting(self.painted.layer, frames | {f: self._bringer(f) for f in brought})

    def _new(self, frame: int) -> bool:
        """Tell whether the shot's document has another picture than the frame is to show."""
        return frame in self._ours or self._source(frame) is not self.painted

    def artists(self, brought: Collection[int]) -> set[int]:
        """Return the frames that the artist painted, in the shot or in the output."""
        found = set(self.painted.frames_of("artist"))
        if self.earlier is not None:
            found |= {*brought} & set(self.earlier.frames_of("artist"))
        return found

    def is_copy(self, digest: str, brought: Collection[int]) -> bool:
        """Tell whether these are the pixels of a frame that the artist painted or accepted."""
        found = {self.painted.painted[frame].hash for frame in self._fixed}
        if self.earlier is not None:
            kept = self._kept & {*brought}
            found |= {self.earlier.painted[frame].hash for frame in kept}
        return digest in found

    def after(self, frame: int) -> str:
        """Return the hash of our picture of a frame."""
        source = None if frame in self._ours else self._source(frame)
        if source is not None:
            return source.painted[frame].hash
        return PackedFrame.parse(self._picture(frame)).hash

    def before(self, frame: int) -> Plane | None:
        """Return what the shot's document has at a frame: nothing, or a key without a picture."""
        if frame not in self.painted.painted:
            return None
        return pack_plane(self.painted.read(frame), self._space)

    def note_copies(self) -> None:
        """Remember the pictures that were taken over from the shot."""
        for frame in self._fixed:
            self.state.note_file(self._copy(frame), self.painted.painted[frame].hash, None)

    def check_unchanged(self) -> None:
        """Raise InputError when one of the documents was saved while the run was under way."""
        for source in (self.painted, self.earlier):
            if source is not None:
                source.document.archive.check_unchanged()

    def _loader(self, frame: int) -> Callable[[], bytes]:
        place = str(self._cached(frame)) if frame in self._ours else self.place(frame)
        return lambda: PackedFrame.parse(self._picture(frame)).tiles(place)

    def _picture(self, frame: int) -> bytes:
        """Return what a frame is to show: what this run put, or what stays, of a locked one."""
        if frame not in self._ours:
            return self.raw(frame)
        data = self._packed(frame)
        if data is None:
            raise OutputError(
                f"{self._cached(frame)} changed while the run was under way: run again"
            )
        return data

    def _bringer(self, frame: int) -> Callable[[], bytes]:
        return lambda: PackedFrame.parse(self.raw(frame)).tiles(self.place(frame))
