"""Which frames to paint: asked for, marked, and no longer marked once that is out of date."""

from krita_plugin.propagate_colors.host import steps, writing
from tests.in_krita.scenarios.rig import BLUE, KEYS, RED, ready

NOTICED_SECONDS = 1.2
WAIT_SECONDS = 30.0  # on a busy machine


def goes_to(rig, time):
    """Go to a frame as the artist does, and let the plugin notice."""
    yield from steps.goto(rig.document, time)
    yield lambda: rig.controller.current_time == time, WAIT_SECONDS
    yield from rig.rests()


def frames_are_suggested_before_anything_is_painted(ctx):
    rig = yield from ready(ctx, painted=())
    keys = rig.color_keys()
    said = yield from rig.do("suggest_frames")
    assert said == ["Paint frames 5 and 6 first."], said
    assert rig.controller.suggested == [5, 6]
    (asked,) = rig.engine.asked("suggest")
    assert (asked["painted"], asked["gap_px"]) == ([], None)
    assert not any("box" in header for header in rig.engine.asked("add_reference"))
    assert rig.color_keys() == keys, "asking changes nothing"
    assert rig.document.current_time == 0
    rig.controller.shutdown()


def the_message_leads_to_the_first_one(ctx):
    rig = yield from ready(ctx, painted=())
    rig.controller.suggest_frames()
    yield lambda: rig.controller._worker.idle, 60.0
    ((_, _, actions),) = [message for message in rig.messages if message[1]]
    ((label, go),) = actions
    assert label == "Paint frame 5", label
    go()
    yield from rig.rests()
    assert rig.document.current_time == 5
    assert rig.document.active_layer_uuid() == rig.color
    assert 5 in rig.color_keys(), "else paint would land on the key before it"
    rig.controller.shutdown()


def painting_begins_on_a_color_layer_that_is_made(ctx):
    rig = yield from ready(ctx, painted=())
    rig.document.layer(rig.color).node.remove()
    yield from ctx.settle(rig.document.raw, 0.3)
    yield from rig.look()
    assert rig.controller.color_layer is None
    yield from steps.goto(rig.document, 3)  # holds the drawing of frame 2
    said = yield from rig.do("begin_painting")
    assert said == ["Paint frame 2 here, then press Propagate colors."], said
    rig.color = rig.controller.color_layer
    info = rig.document.layer(rig.color).info
    assert (info.name, info.animated) == ("Lines colors", True)
    assert rig.document.active_layer_uuid() == rig.color
    assert rig.document.current_time == 2
    assert 2 in rig.color_keys()
    assert not any(rig.pixels(2)), "the new key is blank"
    shown = []
    rig.controller.message.connect(lambda *message: shown.append(message[1]))
    assert rig.states() == dict.fromkeys(KEYS, "todo")
    assert shown == []
    yield from rig.paint(2, RED, BLUE)
    yield lambda: shown == [""], WAIT_SECONDS
    rig.controller.shutdown()


def painting_begins_without_touching_what_is_painted(ctx):
    rig = yield from ready(ctx)
    before = rig.pixels(0)
    yield from steps.goto(rig.document, 1)
    yield from rig.do("begin_painting")
    assert rig.document.current_time == 0
    assert (rig.color_keys(), rig.pixels(0)) == ([0], before)
    rig.controller.shutdown()


def a_suggestion_goes_when_its_frame_is_painted(ctx):
    rig = yield from ready(ctx, painted=())
    yield from rig.do("suggest_frames")
    shown = []
    rig.controller.message.connect(lambda *message: shown.append(message[1]))
    yield from rig.paint(6, RED, BLUE)
    yield from steps.goto(rig.document, 0)
    yield lambda: rig.controller.suggested == [5], WAIT_SECONDS
    yield from rig.rests()
    assert "frames" in rig.told
    assert shown == [""], "it spoke of frame 6, too"
    rig.controller.shutdown()


def suggestions_go_when_the_lines_change(ctx):
    rig = yield from ready(ctx, painted=())
    yield from rig.do("suggest_frames")
    yield from goes_to(rig, 2)
    yield from writing.put(rig.document, rig.line, 2, rig.box, rig.drawing(9, rig.line))
    yield from steps.goto(rig.document, 0)
    yield lambda: rig.controller.suggested == [], WAIT_SECONDS
    yield from rig.rests()
    rig.controller.shutdown()


def suggestions_stay_where_only_the_playhead_moves(ctx):
    rig = yield from ready(ctx, painted=())
    yield from rig.do("suggest_frames")
    for time in (2, 5, 0):
        yield from goes_to(rig, time)
        yield NOTICED_SECONDS
    yield from rig.rests()
    assert rig.controller.suggested == [5, 6]
    rig.controller.shutdown()


def after_a_run_the_next_frame_is_named(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    said = yield from rig.do("suggest_frames")
    assert said == ["Painting frame 6 next would help most."], said
    assert rig.controller.suggested == [6]
    assert rig.engine.asked("suggest")[-1]["painted"] == [0]
    rig.controller.shutdown()


def nothing_to_suggest_is_said(ctx):
    rig = yield from ready(ctx, painted=KEYS)
    said = yield from rig.do("suggest_frames")
    assert said == ["No other frame needs to be painted."], said
    rig.controller.shutdown()


def a_suggestion_can_be_cancelled(ctx):
    rig = yield from ready(ctx, painted=())
    rig.controller.suggest_frames()
    yield
    rig.controller.cancel()
    said = yield from rig.rests()
    assert said == ["Stopped: finished frames are kept."], said
    assert rig.controller.suggested == []
    rig.controller.shutdown()


def suggestions_belong_to_a_document(ctx):
    """Even where a copy of it, with the same lines, is in front when they come."""
    rig = yield from ready(ctx, painted=())
    rig.document.raw.setBatchmode(True)
    for name in ("copy.kra", "original.kra"):
        assert rig.document.raw.saveAs(ctx.file(name))
        yield from ctx.settle(rig.document.raw, 0.3)
    rig.controller.suggest_frames()
    yield
    copy = yield from ctx.open_document(ctx.file("copy.kra"))
    said = yield from rig.rests()
    yield lambda: rig.controller._documents.shot.document.key == copy.key, WAIT_SECONDS
    yield NOTICED_SECONDS
    said += yield from rig.rests()
    assert (said, rig.controller.suggested) == ([], []), said
    yield from ctx.close(copy)
    yield lambda: rig.controller.suggested == [5, 6], WAIT_SECONDS
    yield from rig.rests()
    rig.controller.shutdown()
