"""From the docker's button to the saved file, on the bundled shot at its real size.

Everything is done with the docker's own widgets, by the plugin as Krita loaded it, with the real
engine. What the saved file holds is written to files; tests/in_krita/test_whole.py compares.
"""

import os
import zlib

import krita

from krita_plugin.propagate_colors.host import steps, timeline_cells

from .dialogs import Dialogs, press_ok
from .docked import (
    ACCEPTED,
    ARTIST,
    PREDICTED,
    UNKNOWN,
    Docker,
    alive,
    engine_pid,
    frames_colored,
    kill_engine,
    now,
)
from .rooms import NOTICED_SECONDS
from .sample import sample_document
from .shot_times import CLONE, CLONED, DRAWINGS, END, KEYS, OURS

AUTOSAVE = "{}-autosave.kra"
SELECTION = (100, 80, 300, 200)


def shot(ctx):
    """Open the sample shot as a Krita document, made once: lines on twos, one painted frame."""
    path = os.path.join(str(ctx.out), "shot.kra")
    if not os.path.exists(path):
        document, line, _ = yield from sample_document(ctx, DRAWINGS)
        document.raw.setFullClipRangeEndTime(END)
        yield 1.2
        yield from ctx.activate(document, line)
        for action, time in (("copy_frames_as_clones", CLONED), ("paste_frames", CLONE)):
            yield from steps.goto(document, time)
            assert timeline_cells.select_cell(line, time)
            yield from ctx.action(document, action, 0.3)
        assert document.raw.saveAs(path)
        yield from ctx.close(document)
    return (yield from opened(ctx, path))


def opened(ctx, path):
    """Open a document of the shot; returns it with its line and colour layers."""
    document = yield from ctx.open_document(path)
    ids = {info.name: info.uuid for info in document.layers()}
    line, color = ids["Lines"], ids["Lines colors"]
    assert tuple(document.layer(line).key_times()) == KEYS
    return document, line, color


def planes(ctx, document, layer):
    times = document.layer(layer).key_times()
    return {time: ctx.pixels(document, layer, time) for time in times}


def dump(ctx, name, planes):
    """Write frames to files, for a look at them from outside."""
    for time, data in planes.items():
        with open(os.path.join(str(ctx.out), f"{name}_{time:04}.bgra.z"), "wb") as file:
            file.write(zlib.compress(data, 1))


def view(document):
    selection = document.raw.selection()
    box = selection.x(), selection.y(), selection.width(), selection.height()
    return document.current_time, document.active_layer_uuid(), box


def stand_somewhere(ctx, document, layer):
    """Be somewhere in the document, as an artist is; returns where."""
    selection = krita.Selection()
    selection.select(*SELECTION, 255)
    document.raw.setSelection(selection)
    yield from ctx.activate(document, layer)
    yield from steps.goto(document, 7)
    return view(document)


def saved(ctx, document):
    """Save, close and open again."""
    path = ctx.file("saved.kra")
    assert document.raw.saveAs(path)
    yield from ctx.settle(document.raw, 0.3)
    yield from ctx.close(document)
    return (yield from opened(ctx, path))


def the_whole_way(ctx):
    docker = Docker(ctx)
    yield from docker.open()
    document, line, color = yield from shot(ctx)
    lines, reference = planes(ctx, document, line), ctx.pixels(document, color, 0)
    dump(ctx, "line", lines)
    stood = yield from stand_somewhere(ctx, document, line)
    yield from docker.sees(document, {0: ARTIST})
    began = now()
    said = yield from docker.propagates()
    ctx.values["seconds"] = now() - began
    assert frames_colored(said) == len(OURS), said
    assert view(document) == stood, (view(document), stood)
    yield from docker.sees(document, {0: ARTIST, **dict.fromkeys(OURS, PREDICTED)})
    written = planes(ctx, document, color)
    assert tuple(written) == KEYS, "holds stay holds"
    assert written[CLONE] == written[CLONED]
    docker.select(CLONED)
    assert (yield from docker.does("accept_button")) == ""
    docker.select(CLONE)
    assert (yield from docker.does("undo_button")) == ""
    assert view(document) == stood, (view(document), stood)
    states = {0: ARTIST, **dict.fromkeys(OURS[:-1], PREDICTED), CLONED: ACCEPTED}
    yield from docker.sees(document, states)
    del written[CLONE]
    assert planes(ctx, document, color) == written
    yield from undo_and_redo(ctx, document, color, written)
    document, line, color = yield from saved(ctx, document)
    dump(ctx, "color", planes(ctx, document, color))
    assert planes(ctx, document, color) == written
    assert planes(ctx, document, line) == lines
    assert ctx.pixels(document, color, 0) == reference
    yield from docker.sees(document, states)
    yield from the_work_goes_on(ctx, docker, document, color)


def undo_and_redo(ctx, document, color, written):
    """Krita's own undo, before and after the artist paints over one of our frames."""
    for action in ("edit_undo",) * 12 + ("edit_redo",) * 12:
        yield from ctx.action(document, action, 0)
    assert planes(ctx, document, color) == written
    document.raw.setSelection(None)
    yield from ctx.paint(document, color, 6, 250, 130, 20)
    painted = ctx.pixels(document, color, 6)
    assert painted != written[6]
    for action, expected in (
        ("edit_undo", written[6]),
        ("edit_redo", painted),
        ("edit_undo", written[6]),
    ):
        yield from ctx.action(document, action)
        assert ctx.pixels(document, color, 6) == expected, action
    assert planes(ctx, document, color) == written


def the_work_goes_on(ctx, docker, document, color):
    """After reopening: accept, undo, and the artist's frames are told from ours."""
    docker.select(8)
    assert (yield from docker.does("accept_button")) == ""
    docker.select(CLONED, 10)
    assert (yield from docker.does("undo_button")) == ""
    states = {0: ARTIST, **dict.fromkeys(OURS[:-1], PREDICTED), 8: ACCEPTED}
    del states[CLONED], states[10]
    yield from docker.sees(document, states)
    keys = [time for time in KEYS[:-1] if time not in {CLONED, 10}]
    assert document.layer(color).key_times() == keys
    yield from ctx.paint(document, color, 12, 250, 130, 20)
    yield NOTICED_SECONDS
    yield from steps.goto(document, 0)
    yield from docker.sees(document, {**states, 12: ARTIST})


def begun(ctx, frames):
    """Press the button and stop looking once so many frames are written."""
    docker = Docker(ctx)
    yield from docker.open()
    document, line, color = yield from shot(ctx)
    stood = yield from stand_somewhere(ctx, document, line)
    yield from docker.sees(document, {0: ARTIST})
    docker.press("propagate_button")
    yield from docker.has_written(document, color, frames + 1)
    return docker, document, color, stood


def all_whole(ctx, docker, document, color):
    """Every key holds what the journal says it does, none is half written; returns them."""
    written = planes(ctx, document, color)
    yield from docker.sees(document, states_of(written))
    return written


def states_of(times, unsure=()):
    """Return the states of frames that are ours but for the first, which is painted."""
    states = {time: UNKNOWN if time in unsure else PREDICTED for time in times}
    return {**states, 0: ARTIST}


def cancelled_in_the_middle(ctx):
    docker, document, color, stood = yield from begun(ctx, 3)
    pressed = now()
    docker.press("cancel_button")
    said = yield from docker.ends()
    ctx.values["seconds"] = now() - pressed
    assert said == "Stopped: finished frames are kept.", said
    assert ctx.values["seconds"] < 3, "an answer within a second, and time to bring the view back"
    assert view(document) == stood, (view(document), stood)
    written = yield from all_whole(ctx, docker, document, color)
    assert 3 < len(written) < len(KEYS)
    said = yield from docker.propagates()
    assert frames_colored(said) == len(KEYS) - len(written), said
    now_there = yield from all_whole(ctx, docker, document, color)
    assert tuple(now_there) == KEYS
    assert {time: now_there[time] for time in written} == written


def the_engine_is_killed_in_the_middle(ctx):
    docker, document, color, stood = yield from begun(ctx, 3)
    killed = kill_engine()
    said = yield from docker.ends()
    assert "stopped unexpectedly" in said, said
    assert "started again: press Propagate colors once more" in said, said
    assert view(document) == stood, (view(document), stood)
    written = yield from all_whole(ctx, docker, document, color)
    said = yield from docker.propagates()
    assert frames_colored(said) == len(KEYS) - len(written), said
    assert engine_pid() not in {0, killed}
    assert not alive(killed)
    now_there = yield from all_whole(ctx, docker, document, color)
    assert {time: now_there[time] for time in written} == written


def the_document_is_closed_in_the_middle(ctx):
    docker, document, _, _ = yield from begun(ctx, 3)
    document.raw.setModified(False)
    document.raw.close()
    said = yield from docker.ends()
    assert "closed" in said, said
    yield lambda: docker.states == {}, 5.0
    assert not docker.find("propagate_button").isEnabled()
    assert engine_pid()


def krita_is_killed_in_the_middle(ctx):
    """Work on $SHOT_FILE until Krita has saved some of it by itself, then end Krita at once."""
    path = os.environ["SHOT_FILE"]
    autosave = AUTOSAVE.format(path)
    docker = Docker(ctx)
    yield from docker.open()
    document, _, color = yield from opened(ctx, path)
    yield from docker.sees(document, {0: ARTIST})
    docker.press("propagate_button")
    yield from docker.has_written(document, color, 4)
    began = os.stat(autosave).st_mtime_ns if os.path.exists(autosave) else 0
    yield lambda: os.path.exists(autosave) and os.stat(autosave).st_mtime_ns > began, 60.0
    yield 0.2
    with open(path + ".engine", "w", encoding="utf-8") as file:
        file.write(str(engine_pid()))
    os.kill(os.getpid(), 9)


def the_autosave_is_recovered(ctx):
    """Open $SHOT_FILE again, take Krita's offer, and go on."""
    docker = Docker(ctx)
    yield from docker.open()
    ctx.krita.setBatchmode(False)
    dialogs = Dialogs(press_ok)  # to open the autosave is what Krita proposes
    try:
        document, line, color = yield from opened(ctx, os.environ["SHOT_FILE"])
    finally:
        dialogs.stop()
        ctx.krita.setBatchmode(True)
    ctx.values["dialogs"] = dialogs.seen
    assert len(dialogs.seen) == 1, dialogs.seen
    assert "autosave" in dialogs.seen[0], dialogs.seen
    dump(ctx, "line", planes(ctx, document, line))
    kept = {t: data for t, data in planes(ctx, document, color).items() if any(data)}
    ctx.values["recovered"] = len(kept) - 1
    assert 1 < len(kept) <= len(KEYS)
    # Krita may have saved just after it made a key, which is blank then, or between a frame and
    # its note in the journal: of unknown owner, and left alone.
    yield lambda: set(docker.states) == set(kept), 30.0
    unsure = [time for time, state in docker.states.items() if state == UNKNOWN]
    assert len(unsure) <= 1
    yield from docker.sees(document, states_of(kept, unsure))
    docker.select(2)
    assert (yield from docker.does("undo_button")) == ""
    assert 2 not in document.layer(color).key_times()
    said = yield from docker.propagates()
    assert "colored" in said, said
    yield from docker.sees(document, states_of(KEYS, unsure))
    written = planes(ctx, document, color)
    assert tuple(written) == KEYS
    dump(ctx, "color", written)
