"""What the plugin knows of one document: choices, journal, what the colour layer held when read."""

from __future__ import annotations

from typing import Any, Container, Iterator

from ..pauses import pauses
from . import journal as journals
from . import journal_reading, layers, review, timeline
from .answers import Answers
from .digests import Digests
from .journal import Journal, JournalError
from .model import FrameRow, FrameState
from .pixels import Box, Format
from .review import Seen


class Shot(Answers):
    """The state of one open document; changed by jobs, read by the controller."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.infos: list[Any] = []
        self.lines: list[timeline.LineLayer] = []  # bottom first, as composed
        self.seen: dict[int, Seen] = {}  # of the colour layer's keys
        self.scanned = False
        self.failures: dict[int, str] = {}  # of the last run
        self.taught: dict[int, bytes] = {}  # packed results of references in the last run
        self._compared: tuple[Any, int, bytes] | None = None  # what was last looked at for paint
        self.unsaved = False  # whether the journal followed Krita's undo since it was saved
        self.trouble = ""  # why the annotation could not be read
        self._unknown: set[str] = set()  # hashes
        self._unread: bytes | None = None
        self._engine_hashes: dict[str, str] = {}
        self.digests = Digests(self.results)
        self._had_journal = False
        self.journal = self._open_journal()
        choices = self.journal.choices
        self.chosen = {name for name in ("lines", "color") if getattr(choices, name)}

    def _open_journal(self) -> Journal:
        data = self.document.read_annotation(journals.KIND)
        self._had_journal = bool(data)
        if not data:
            return Journal()
        try:
            return journal_reading.load(bytes(data))
        except JournalError as error:
            self.trouble = str(error)
            self._unread = bytes(data)
            return Journal()

    def save(self) -> None:
        """Write the journal into the document; one that could not be read is kept beside it."""
        if self._unread is not None:
            self.document.write_annotation(journals.KEPT_KIND, journals.DESCRIPTION, self._unread)
            self._unread = None
        self._note_artists_frames()
        self.unsaved = False
        self.document.write_annotation(journals.KIND, journals.DESCRIPTION, self.journal.dump())

    def _note_artists_frames(self) -> None:
        """List the artist's references by name: on reopening, an unlisted frame is unknown."""
        journal = self.journal
        for time in self.seen:
            unlisted = time not in journal.off and journal.entry(self.color, time) is None
            if unlisted and self.state(time) == FrameState.ARTIST:
                journal.on.add(time)

    # ---- layers and times

    def look(self) -> None:
        """Read the layer list and the keys of the line layers; propose what was not chosen."""
        self.infos = self.document.layers()
        known = {info.uuid for info in self.infos}
        choices = self.journal.choices
        former = choices.color
        choices.lines = [uuid for uuid in choices.lines if uuid in known]
        if not choices.lines:
            self.chosen.discard("lines")
        if choices.color is not None and choices.color not in known:
            choices.color = None
            self.chosen.discard("color")
        self._propose()
        if choices.color != former:
            self._forget_frames()
        self.read_line_keys()

    def _propose(self) -> None:
        """Follow the layers that the artist makes until he chooses some himself."""
        choices = self.journal.choices
        if "lines" not in self.chosen:
            choices.lines, color = layers.propose(self.infos)
        else:
            color = layers.find_color_layer(self.infos, self.info(choices.lines[0]))
        if "color" not in self.chosen:
            choices.color = color

    def choose(self, **choices: Any) -> None:
        """Take what the artist chose; a field of Choices each."""
        for name, value in choices.items():
            setattr(self.journal.choices, name, value)
        self.chosen.update(choices)
        if "color" in choices:
            self._forget_frames()
        self.look()

    def read_line_keys(self) -> None:
        """Read where the line layers have keys now."""
        self.lines = self.current_lines()

    def current_lines(self) -> list[timeline.LineLayer]:
        """Return the chosen line layers with their keys, bottom first."""
        order = [info for info in reversed(self.infos) if info.uuid in self.journal.choices.lines]
        now = self.document.layers_by_uuid() if order else {}
        return [self._line_layer(info, now) for info in order]

    def _line_layer(self, info: Any, now: dict[str, Any]) -> timeline.LineLayer:
        def keys(one: Any) -> list[int]:
            return now[one.uuid].key_times() if one.uuid in now else []

        if info.kind == layers.PAINT:
            return timeline.LineLayer(info.uuid, tuple(keys(info)))
        inside = layers.members(self.infos, info.uuid)
        times = {time for member in inside for time in keys(member)}
        return timeline.LineLayer(info.uuid, tuple(sorted(times)), grouped=True)

    def info(self, uuid: str | None) -> Any:
        """Return the LayerInfo; None when there is no such layer."""
        return next((info for info in self.infos if info.uuid == uuid), None)

    @property
    def color(self) -> str | None:
        return self.journal.choices.color

    @property
    def box(self) -> Box:
        return (0, 0, self.document.width, self.document.height)

    @property
    def line_format(self) -> Format | None:
        """Return how the line layers store pixels; None when none is chosen."""
        info = self.info(self.lines[0].uuid) if self.lines else None
        return None if info is None else layers.format_of(info)

    @property
    def color_format(self) -> Format:
        """Return how the colour layer stores pixels; one yet to be made is as the document."""
        info = self.info(self.color)
        if info is not None:
            return layers.format_of(info)
        return layers.document_format(self.document)

    @property
    def range(self) -> tuple[int, int]:
        """Return the first and last frame to colour, within the animation."""
        start, end = self.document.clip
        choices = self.journal.choices
        first = start if choices.first is None else min(max(start, choices.first), end)
        last = end if choices.last is None else max(first, min(end, choices.last))
        return first, last

    def drawing_times(self) -> list[int]:
        """Return where drawings begin within the range."""
        return timeline.drawing_times(self.lines, *self.range)

    def _forget_frames(self) -> None:
        """Another colour layer was chosen: nothing is known of its frames."""
        self.seen, self.failures, self.taught = {}, {}, {}
        self.scanned = False

    # ---- states

    def scan(self, again: Container[int] | None = None) -> Iterator[int]:
        """Read and hash the colour layer's keys; yields the time after each one.

        `again`: of the keys that were read before, only these; None: all.
        """
        color, times = self.color, self._color_times()
        self.seen = {time: seen for time, seen in self.seen.items() if time in times}
        for time in times:
            if again is None or time in again or time not in self.seen:
                self.look_at(time)
                yield time
                if self.color != color:  # what was read is forgotten; another scan comes
                    return
        if not self.scanned and self._had_journal:
            self._unknown = {seen.hash for time, seen in self.seen.items() if self._absent(time)}
        self.scanned = True

    def _color_times(self) -> list[int]:
        """Return where the colour layer has pixels of its own."""
        layer = None if self.color is None else self.document.layer(self.color)
        if layer is None:
            return []
        return [0] if layer.is_still() else layer.key_times()

    def _absent(self, time: int) -> bool:
        journal = self.journal
        return (
            not self.seen[time].blank
            and journal.entry(self.color, time) is None
            and time not in journal.on | journal.off
        )

    def look_at(self, time: int) -> bytes | None:
        """Read one key of the colour layer and note what it holds; None when there is no key."""
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

    def painted_at(self, time: int) -> bool:
        """Look whether a key holds other pixels than last; compared as they are, without a hash."""
        layer = None if self.color is None else self.document.layer(self.color)
        if layer is None or not (layer.has_key(time) or (time == 0 and layer.is_still())):
            return False
        data = layer.read(time, self.box)
        if self._compared is not None and self._compared == (self.color, time, data):
            return False
        self._compared = (self.color, time, data)
        before = self.seen.get(time)
        self.look_at(time)
        return self.seen.get(time) != before

    def _follow_history(self, time: int) -> None:
        """Let the journal follow Krita's own undo and redo of what we wrote or took back."""
        held, entry = self.seen.get(time), self.journal.entry(self.color, time)
        if entry is not None and held is not None and held.hash == entry.after:
            return
        back = held is not None and not held.blank
        if back and self.journal.revive(self.color, time, held.hash):
            self.journal.on.discard(time)  # listed for what the artist had painted instead
            self.unsaved = True
            return
        if entry is not None and review.is_as_before(held, entry.before):
            self.journal.forget(self.color, time)
            self.unsaved = True

    def state(self, time: int) -> str:
        """Return whose pixels the colour layer has at a time, as last seen."""
        seen = self.seen.get(time)
        unknown = seen is not None and seen.hash in self._unknown
        if time in self.journal.on or time in self.journal.off:
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

    def _adopt(self, time: int) -> None:
        """Give stray pixels an entry of their own, since something is now said about them."""
        if self._is_stray(time):
            seen, old = self.seen[time], self.journal.entry(self.color, time)
            state = self.journal.origin(seen.hash)
            model, before = ("", journals.PRUNED) if old is None else (old.model, old.before)
            entry = journals.Entry(self.color, time, state, model, before, seen.hash, {})
            self.journal.record(entry)

    def is_reference(self, time: int) -> bool:
        """Tell whether a frame's colours teach others."""
        journal = self.journal
        if self._is_stray(time):  # listed as one it may be for what the artist painted there
            return False
        return review.is_reference(self.state(time), time, journal.on, journal.off)

    def references(self) -> list[int]:
        """Return the reference frames of the whole timeline that show a drawing."""
        found = [time for time in sorted(self.seen) if self.is_reference(time)]
        return [time for time in found if timeline.drawing_at(self.lines, time).parts]

    def targets(self) -> list[int]:
        """Return the frames that a run may write."""
        return [
            time
            for time in self.drawing_times()
            if review.may_write(self.state(time)) and not self.is_reference(time)
        ]

    def rows(self) -> list[FrameRow]:
        """Return one row a frame of the range."""
        times = self.drawing_times()
        first, last = self.range
        return [self._row(time, times) for time in range(first, last + 1)]

    def _row(self, time: int, times: list[int]) -> FrameRow:
        state = self.state(time)
        if time not in times and state == FrameState.TODO:
            return FrameRow(time, FrameState.HOLD, held_from=timeline.held_key(times, time))
        entry = self.entry_of(time)
        error = self.failures.get(time, "")
        return review.frame_row(time, state, self.is_reference(time), entry, error)

    def wrote(self, entry: journals.Entry, engine_hash: str) -> None:
        """Note a frame that was just written."""
        self._engine_hashes[entry.after] = engine_hash
        self.journal.record(entry)
        self.journal.on.discard(entry.time)
        self.journal.off.discard(entry.time)
        self.failures.pop(entry.time, None)

    def known_to_engine(self, time: int) -> str:
        """Return the hash by which the engine knows the pixels of a frame that we wrote.

        It counts what lies outside a plane as zeros. Krita's transparent pixel is another one in
        some colour models (in CMYK it carries ink), so the two hashes can differ.
        """
        held = self.seen[time].hash
        return self._engine_hashes.get(held, held)

    def shown_at(self, time: int) -> int:
        """Return the time of the colour key that the timeline shows at a time."""
        held = timeline.held_key(sorted(self.seen), time)
        return time if held is None else held

    def keys_changed(self) -> bool:
        """Tell whether a key of the colour layer was made or removed since it was looked at."""
        layer = None if self.color is None else self.document.layer(self.color)
        if layer is None or layer.is_still():
            return False
        return self.scanned and set(layer.key_times()) != set(self.seen)

    def undid(self, uuid: str, time: int) -> None:
        """Note a frame that was given back."""
        self.journal.forget(uuid, time)

    def kept(self, time: int, result: dict[str, Any]) -> None:
        """Note the engine's new word on a frame whose pixels stay."""
        self._adopt(time)
        entry = self.journal.entry(self.color, time)
        if entry is not None:
            entry.summary = review.summarize(result)
            entry.packed_result = journals.pack_result(result)

    # ---- results

    def result(self, time: int) -> dict[str, Any] | None:
        """Return the engine's result for a frame that is ours, or as a reference was read."""
        entry = self.entry_of(time)
        if entry is None:
            return journals.unpack_result(self.taught.get(time, b""))
        return entry.result

    def results(self) -> list[journals.Entry]:
        """Return the entries of our frames, which have the results."""
        found = (self.entry_of(time) for time in sorted(self.seen))
        return [entry for entry in found if entry is not None]
