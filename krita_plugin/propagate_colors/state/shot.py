"""What the plugin knows of one document: choices, journal, what the colour layer held when read."""

from __future__ import annotations

from typing import Any, Container, Iterable, Iterator

from . import journal as journals
from . import layers, review, timeline
from .answers import Answers
from .digests import Digests
from .journal import Journal, JournalError
from .layer_frames import LayerFrames, MovedLayer
from .mistakes import Frames, MistakeList
from .model import FrameRow, FrameState
from .pixels import Format
from .review import SeenKey


class DocumentShot(LayerFrames, Answers):
    """The state of one open document; changed by jobs, read by the controller."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.infos: list[Any] = []
        self.lines: list[timeline.LineLayer] = []  # bottom first, as composed
        self.seen: dict[int, SeenKey] = {}  # of the colour layer's keys
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
        self.mistakes = MistakeList()
        self._moved: dict[str, MovedLayer] = {}
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
            return journals.load(bytes(data))
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
        """Follow the layers that the artist makes until he chooses some himself.

        One that was chosen to move along is none for colours: a run would paint over it.
        """
        choices = self.journal.choices
        moved = set(choices.moved) - ({*choices.lines} if "lines" in self.chosen else set())
        infos = [info for info in self.infos if info.uuid not in moved]
        if "lines" not in self.chosen:
            choices.lines, color = layers.propose(infos)
        else:
            color = layers.find_color_layer(infos, self.info(choices.lines[0]))
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
        """Uuid of the layer with the colours; None where there is none yet."""
        return self.journal.choices.color

    @property
    def on(self) -> set[int]:
        """The frames that the artist made references."""
        return self.journal.on

    @property
    def off(self) -> set[int]:
        """The frames that the artist said are none."""
        return self.journal.off

    def layer(self, uuid: str) -> LayerFrames:
        """Return what a layer that we write holds: of the colours, or of a moved one."""
        if uuid == self.color:
            return self
        if uuid not in self._moved:
            self._moved[uuid] = MovedLayer(self, uuid)
        return self._moved[uuid]

    def also_moved(self) -> list[MovedLayer]:
        """Return the further layers that were chosen to go with the segments."""
        return [self.layer(uuid) for uuid in self.moved_layers()]

    def moved_layers(self) -> list[str]:
        """Return the ids of those layers that are there, and neither lines nor the colours.

        The others stay chosen: Krita's undo may bring a deleted layer back.
        """
        choices = self.journal.choices
        free = {info.uuid for info in self.infos} - {choices.color}
        free -= layers.with_members(self.infos, choices.lines)
        return [uuid for uuid in choices.moved if uuid in free]

    def moved_at(self, time: int) -> list[MovedLayer]:
        """Return the further layers that we wrote at a time, chosen now or formerly."""
        others = [info.uuid for info in self.infos if info.uuid != self.color]
        return [self.layer(uuid) for uuid in others if self.journal.is_moved(uuid, time)]

    def ever_moved(self) -> list[MovedLayer]:
        """Return the further layers that we wrote."""
        moved = {*self.moved_layers(), *self.journal.moved_layers()} - {self.color}
        return [self.layer(info.uuid) for info in self.infos if info.uuid in moved]

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
        color, times = self.color, self._key_times()
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

    def _absent(self, time: int) -> bool:
        journal = self.journal
        return (
            not self.seen[time].blank
            and journal.entry(self.color, time) is None
            and time not in journal.on | journal.off
        )

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
        row = review.frame_row(time, state, self.is_reference(time), entry, error)
        pending = sum(self.is_pending(hint) for hint in self.said_on(time, "hints"))
        return row._replace(
            pending_hints=pending,
            locks=len(self.said_on(time, "locks")),
            surface_layers=self.layer_names(row.surface_layers),
        )

    def layer_names(self, layers: Iterable[str]) -> tuple[str, ...]:
        """Return the names of layers that results call by id, or by name those of `ant_core`.

        Deleted ones are left out.
        """
        own = {review.COLORS: self.color}
        wanted = {own.get(layer, layer) for layer in layers}
        return tuple(i.name for i in self.infos if {i.uuid, i.name} & wanted)

    def shown_at(self, time: int) -> int:
        """Return the time of the colour key that the timeline shows at a time."""
        held = timeline.held_key(sorted(self.seen), time)
        return time if held is None else held

    def stands_for(self, time: int) -> int:
        """Return the frame that commands given at a time act on.

        That is the one whose colours are shown; where a drawing without colours begins since, its
        first frame: what is shown over it belongs to another drawing.
        """
        begun = timeline.drawing_times(self.lines, 0, time)
        key = timeline.held_key(sorted(self.seen), time)
        return max([*begun[-1:], *([] if key is None else [key])], default=time)

    def keys_changed(self) -> bool:
        """Tell whether a key of the colour layer was made or removed since it was looked at."""
        layer = None if self.color is None else self.document.layer(self.color)
        if layer is None or layer.is_still():
            return False
        return self.scanned and set(layer.key_times()) != set(self.seen)

    def kept(self, time: int, result: dict[str, Any], review_below: float) -> None:
        """Note the engine's new word on a frame whose pixels stay."""
        self.adopt(time)
        entry = self.journal.entry(self.color, time)
        if entry is not None:
            copy = {journals.COPY: True} if entry.summary.get(journals.COPY) else {}
            entry.summary = {**review.summarize(result, self.canvas_px, review_below), **copy}
            entry.packed_result = journals.pack_result(result)

    # ---- results

    def to_review(self, review_below: float) -> Frames:
        """Return every colour key with its digest; None for those that need no look."""
        made = self.digests.made(review_below)
        return [
            (time, made.get(time) if self.state(time) == FrameState.PREDICTED else None)
            for time in sorted(self.seen)
        ]

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
