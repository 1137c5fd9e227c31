"""Steps that write frames of the colour layer and take them back, each noted in the journal.

A frame is looked at again (read and hashed) in the very step that writes it, and is left alone
unless it is blank or still holds what we wrote. It is read back in that step, too: what the artist
paints a moment later must not count as ours. A cancel then waits until the frame is noted.
"""

from __future__ import annotations

from typing import Any, Callable, Generator, NamedTuple

from ..host import steps, writing
from ..host.document import HostError
from ..i18n import tr
from ..link.requests import Steps
from ..pauses import pauses
from ..state import journal as journals
from ..state import layers, review
from ..state.journal import Before, Entry, Plane
from ..state.layer_frames import LayerFrames
from ..state.model import FrameState
from ..state.pixels import Box, fingerprint
from ..state.shot import DocumentShot
from .jobs import JobCancelled
from .reading import require_layer, require_ready


class Colored(NamedTuple):
    """A frame as the engine coloured it: `data` fills `box`, all else is transparent."""

    time: int
    box: Box
    data: bytes
    result: dict[str, Any]  # {} of a layer that also moves
    model: str
    hash: str  # of the frame, as the engine expects it to be read
    review_below: float  # the engine's: less sure segments are doubtful


class LayerKeys:
    """Writes keys of several layers; `close` it when nothing more is to be written."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._keys: dict[str, writing.Keys] = {}

    def of(self, layer: LayerFrames) -> writing.Keys:
        """Return what writes the keys of a layer."""
        uuid = layer.color or ""
        if uuid not in self._keys:
            self._keys[uuid] = writing.Keys(self._document, uuid)
        return self._keys[uuid]

    def close(self) -> None:
        """Release what writing needed."""
        for keys in self._keys.values():
            keys.close()


class CannotUndo(Exception):
    """Why a frame stays as it is; the message is one sentence for the artist."""


def finish_before_cancel(work: Generator[Any, Any, Any]) -> Steps:
    """Run steps to their end even if the job is cancelled meanwhile, and cancel only then."""
    cancelled = error = None
    while True:
        try:
            wish = next(work) if error is None else work.throw(error)
        except StopIteration as end:
            value = end.value
            break
        except Exception as failure:
            if cancelled is not None:  # the job ends one way or the other
                raise cancelled from failure
            raise
        error, waiting = None, True
        while waiting:
            try:
                yield wish
                waiting = False
            except JobCancelled as cancel:
                cancelled = cancel  # and wait for the same thing again
            except Exception as raised:
                error, waiting = raised, False
    if cancelled is not None:
        raise cancelled
    return value


def write_frame(shot: LayerFrames, keys: writing.Keys, colored: Colored) -> Steps:
    """Write one frame; return its state: "predicted" when written, else why it was left alone."""
    layer = color_layer(shot)
    require_ready(shot)
    former = shot.look_at(colored.time)
    state = shot.state(colored.time)
    if not review.may_write(state) or shot.is_reference(colored.time):
        return state
    before = _before(shot, colored.time, former)
    del former
    try:
        yield from finish_before_cancel(_exchange(shot, keys, layer.info.uuid, colored, before))
    except writing.Painted:
        shot.look_at(colored.time)
        return FrameState.ARTIST
    return FrameState.PREDICTED


def unchanged(shot: LayerFrames, time: int) -> Callable[[], None]:
    """Return a check that a frame is as it was last seen, or blank; it raises Painted if not."""
    expected = shot.seen.get(time)

    def check() -> None:
        shot.look_at(time)
        held = shot.seen.get(time)
        if held is not None and not held.blank and held != expected:
            raise writing.Painted(time)

    return check


def _before(shot: LayerFrames, time: int, former: bytes | None) -> Before:
    """Return what Undo is to bring back: what was there before we wrote for the first time."""
    if former is None:
        return None
    entry = shot.journal.entry(shot.color, time)
    if entry is not None and shot.state(time) in review.OURS:
        return entry.before
    return journals.pack_plane(former, shot.box, shot.color_format)


def _exchange(
    shot: LayerFrames, keys: writing.Keys, uuid: str, colored: Colored, before: Before
) -> Steps:
    time = colored.time
    check = unchanged(shot, time)
    canvas = yield from keys.put(time, colored.box, colored.data or None, check)
    after = written_hash(shot, time, canvas)
    with pauses.measure("pack"):
        entry = Entry(
            layer=uuid,
            time=time,
            state=journals.PREDICTED,
            model=colored.model,
            before=before,
            after=after,
            summary=_summary(shot, colored),
            packed_result=journals.pack_result(colored.result) if colored.result else b"",
        )
    shot.wrote(entry, colored.hash)
    shot.on.discard(time)  # said of what the frame held before
    shot.off.discard(time)
    yield
    shot.save()


def _summary(shot: LayerFrames, colored: Colored) -> dict[str, Any]:
    """Return what the review needs; what is said of a frame is noted with its colours alone."""
    if not colored.result:
        return {journals.MOVED: True}
    return review.summarize(colored.result, shot.canvas_px, colored.review_below)


def written_hash(shot: LayerFrames, time: int, canvas: bytes) -> str:
    """Look at a frame that was just written; return the hash of what we wrote."""
    held = shot.look_at(time)
    return shot.seen[time].hash if held == canvas else fingerprint(canvas)


def undo_frame(shot: LayerFrames, keys: writing.Keys, time: int) -> Steps:
    """Bring back the exact former pixels, or the former absence of a key."""
    layer = color_layer(shot)
    require_ready(shot)
    shot.look_at(time)
    entry = shot.journal.entry(layer.info.uuid, time)
    held = shot.seen.get(time)
    if entry is None:
        raise CannotUndo(tr("Frame {time} was not colored by Propagate Colors.", time=time))
    if held is None or (held.hash != entry.after and shot.state(time) not in review.OURS):
        raise CannotUndo(
            tr("Frame {time} was changed since it was colored, so it stays as it is.", time=time)
        )
    if entry.before == journals.PRUNED:
        raise CannotUndo(
            tr("What frame {time} held before is no longer kept, so it stays as it is.", time=time)
        )
    try:
        yield from finish_before_cancel(
            _bring_back(shot, keys, layer.info.uuid, time, entry.before)
        )
    except writing.Painted as error:
        shot.look_at(time)
        raise CannotUndo(str(error)) from error


def _bring_back(
    shot: LayerFrames, keys: writing.Keys, uuid: str, time: int, before: Plane | None
) -> Steps:
    check = unchanged(shot, time)
    if before is None:
        yield from keys.remove(time, check)
        shot.look_at(time)
        taken_back = review.is_as_before(shot.seen.get(time), before)
    else:
        data = journals.unpack_plane(before, shot.color_format)
        canvas = yield from keys.put(time, before.box, data or None, check)
        taken_back = written_hash(shot, time, canvas) == before.hash
    if not taken_back:
        raise HostError(tr("Krita did not take back frame {time}: look at it.", time=time))
    shot.undid(uuid, time)
    shot.save()


def color_layer(shot: LayerFrames) -> Any:
    """Return the layer of some frames; HostError when it cannot be written."""
    layer = require_layer(shot, shot.color or "")
    if layer.info.locked:
        raise HostError(
            tr('The layer "{name}" is locked: unlock it and try again.', name=layer.info.name)
        )
    if not layer.info.visible:
        raise HostError(
            tr('The layer "{name}" is hidden: show it and try again.', name=layer.info.name)
        )
    return layer


def make_color_layer(shot: DocumentShot) -> Steps:
    """Make the colour layer below the lines, named after them, if none was chosen."""
    if shot.color is not None:
        color_layer(shot)
        shot.chosen |= {"lines", "color"}  # by pressing the button
        return
    line = shot.info(shot.lines[0].uuid)
    name = layers.color_layer_name(line.name)
    uuid = yield from steps.create_color_layer(shot.document, name, line.uuid)
    shot.choose(color=uuid)
