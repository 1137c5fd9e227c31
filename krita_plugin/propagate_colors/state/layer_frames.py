"""What a layer that we write holds, key for key, and whose it is: the colours, or a moved one."""

from __future__ import annotations

from typing import Any, Callable, Iterator

from ..pauses import pauses
from . import journal as journals
from . import layers, review
from .journal import Journal
from .model import FrameState
from .pixels import Box, Format
from .review import SeenKey


class LayerFrames:
    """The keys of one layer; the journal is that of the whole document."""

    document: Any
    journal: Journal
    color: str | None  # the layer's id
    color_format: Format
    seen: dict[int, SeenKey]  # of the layer's keys
    failures: dict[int, str]  # of the last run
    save: Callable[[], None]
    is_reference: Callable[[int], bool]
    unsaved: bool  # whether the journal followed Krita's undo since it was saved
    on: set[int]  # frames that the artist named as his, as a reference or as none
    off: set[int]
    _unknown: set[str]  # hashes
    _engine_hashes: dict[str, str]

    @property
    def box(self) -> Box:
        """x, y, width and height of the document in pixels."""
        return (0, 0, self.document.width, self.document.height)

    @property
    def canvas_px(self) -> int:
        """Return the number of pixels of the canvas."""
        return int(self.document.width * self.document.height)

    def _key_times(self) -> list[int]:
        """Return where the layer has pixels of its own."""
        layer = None if self.color is None else self.document.layer(self.color)
        if layer is None:
            return []
        return [0] if layer.is_still() else layer.key_times()

    def look_at(self, time: int) -> bytes | None:
        """Read one key of the layer and note what it holds; None when there is no key."""
        layer = None if self.color is None else self.document.layer(self.color)
        there = layer is not None and (layer.has_key(time) or (time == 0 and layer.is_still()))
        data = layer.read(time, self.box) if there else None
        if data is None:
            self.seen.pop(time, None)
        else:
            with pauses.measure("hash"):
                self.seen[time] = review.seen(data, self.color_format)
        self._follow_history(time)
        return data

    def _follow_history(self, time: int) -> None:
        """Let the journal follow Krita's own undo and redo of what we wrote or took back."""
        held, entry = self.seen.get(time), self.journal.entry(self.color, time)
        if entry is not None and held is not None and held.hash == entry.after:
            return
        back = held is not None and not held.blank
        if back and self.journal.revive(self.color, time, held.hash):
            if entry is None:
                self.on.discard(time)  # listed for what the artist had painted instead
            self.unsaved = True
            return
        if entry is not None and review.is_as_before(held, entry.before):
            self.journal.forget(self.color, time)
            self.unsaved = True

    def state(self, time: int) -> str:
        """Return whose pixels the layer has at a time, as last seen."""
        seen = self.seen.get(time)
        unknown = seen is not None and seen.hash in self._unknown
        if time in self.on or time in self.off:
            unknown = False
        origin = None if seen is None or seen.blank else self.journal.origin(seen.hash)
        state = review.state_of(seen, self.journal.entry(self.color, time), unknown, origin)
        if state == FrameState.TODO and time in self.failures:
            return FrameState.FAILED
        return state

    def entry_of(self, time: int) -> journals.Entry | None:
        """Return the entry that tells of the very pixels which a frame holds."""
        entry, seen = self.journal.entry(self.color, time), self.seen.get(time)
        return entry if entry is not None and seen and seen.hash == entry.after else None

    def _is_stray(self, time: int) -> bool:
        """Tell whether a frame holds pixels that we wrote formerly or elsewhere."""
        seen = self.seen.get(time)
        if seen is None or seen.blank or self.entry_of(time) is not None:
            return False
        return self.journal.origin(seen.hash) is not None

    def adopt(self, time: int) -> None:
        """Give stray pixels an entry of their own, since something is now said about them."""
        if self._is_stray(time):
            seen, old = self.seen[time], self.journal.entry(self.color, time)
            state = self.journal.origin(seen.hash)
            model, before = ("", journals.PRUNED) if old is None else (old.model, old.before)
            entry = journals.Entry(self.color, time, state, model, before, seen.hash, {})
            self.journal.record(entry)

    def wrote(self, entry: journals.Entry, engine_hash: str) -> None:
        """Note a frame that was just written; whether the artist made it a reference stays."""
        times = (time for time, seen in self.seen.items() if seen.hash == entry.after)
        if any(time != entry.time and self.state(time) == FrameState.ARTIST for time in times):
            entry.summary[journals.COPY] = True  # a drawing that is shown again
        self._engine_hashes[entry.after] = engine_hash
        self.journal.record(entry)
        self.failures.pop(entry.time, None)

    def known_to_engine(self, time: int) -> str:
        """Return the hash by which the engine knows the pixels of a frame that we wrote.

        It counts what lies outside a plane as zeros. Krita's transparent pixel is another one in
        some colour models (in CMYK it carries ink), so the two hashes can differ.
        """
        held = self.seen[time].hash
        return self._engine_hashes.get(held, held)

    def undid(self, uuid: str, time: int) -> None:
        """Note a frame that was given back."""
        self.journal.forget(uuid, time)


class MovedLayer(LayerFrames):
    """A further layer of a shot, a shadow layer say, that goes with the segments.

    What is painted there and not noted as ours is the artist's: it is learned from, never written.
    """

    def __init__(self, shot: Any, uuid: str) -> None:
        self._shot = shot
        self.document, self.color = shot.document, uuid
        self.seen, self.failures = {}, {}
        self.on, self.off = set(), set()
        self._unknown, self._engine_hashes = set(), {}
        self.save = shot.save

    @property
    def journal(self) -> Journal:
        """The document's."""
        return self._shot.journal

    @property
    def unsaved(self) -> bool:
        """The shot's."""
        return self._shot.unsaved

    @unsaved.setter
    def unsaved(self, value: bool) -> None:
        self._shot.unsaved = value

    @property
    def color_format(self) -> Format:
        """Return how the layer stores pixels."""
        return layers.format_of(self._shot.info(self.color))

    @property
    def name(self) -> str:
        """Return the layer's name; "" when it was deleted."""
        info = self._shot.info(self.color)
        return "" if info is None else info.name

    def is_reference(self, time: int) -> bool:
        """Tell whether a frame is learned from, so that it is never written."""
        return self.state(time) not in {FrameState.TODO, FrameState.PREDICTED}

    def painted(self) -> list[int]:
        """Return the frames that are learned from."""
        return [t for t in sorted(self.seen) if not self.seen[t].blank and self.is_reference(t)]

    def scan(self) -> Iterator[int]:
        """Read and hash every key; yields the time after each one."""
        times = self._key_times()
        self.seen = {time: seen for time, seen in self.seen.items() if time in times}
        for time in times:
            self.look_at(time)
            yield time

    def known(self) -> dict[str, str]:
        """Return the hashes by which the engine knows what is not learned from, by frame.

        That is what may be written over, and what came out blank and was accepted.
        """
        painted = set(self.painted())
        times = [t for t in sorted(self.seen) if t not in painted]
        return {str(time): self.known_to_engine(time) for time in times}

    def accept(self, time: int) -> None:
        """Note the artist's yes to what we wrote on a frame."""
        self._set_state(time, journals.ACCEPTED)

    def take_back_accept(self, time: int) -> None:
        """Let a frame be written again."""
        self._set_state(time, journals.PREDICTED)

    def _set_state(self, time: int, state: str) -> None:
        if time not in self.seen:  # since the document was opened
            self.look_at(time)
        entry = self.entry_of(time)
        if entry is not None:
            entry.state = state
