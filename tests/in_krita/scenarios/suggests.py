"""Which frames to paint: asked for, marked, and no longer marked once that is out of date."""

from krita_plugin.propagate_colors.host import steps, writing
from tests.in_krita.scenarios.desk import BLUE, KEYS, RED, ready

NOTICED_SECONDS = 1.2
WAIT_SECONDS = 30.0  # on a busy machine


def goes_to(desk, time):
    """Go to a frame as the artist does, and let the plugin notice."""
    yield from steps.goto(desk.document, time)
    yield lambda: desk.controller.current_time == time, WAIT_SECONDS
    yield from desk.rests()


def frames_are_suggested_before_anything_is_painted(ctx):
    desk = yield from ready(ctx, painted=())
    keys = desk.color_keys()
    said = yield from desk.do("suggest_frames")
    assert said == ["Paint frames 5 and 6 first."], said
    assert desk.controller.suggested == [5, 6]
    (asked,) = desk.engine.asked("suggest")
    assert (asked["painted"], asked["gap_px"]) == ([], None)
    assert not any("box" in header for header in desk.engine.asked("add_reference"))
    assert desk.color_keys() == keys, "asking changes nothing"
    assert desk.document.current_time == 0
    desk.controller.shutdown()


def the_message_leads_to_the_first_one(ctx):
    desk = yield from ready(ctx, painted=())
    desk.controller.suggest_frames()
    yield lambda: desk.controller._worker.idle, 60.0
    ((_, _, actions),) = [message for message in desk.messages if message[1]]
    ((label, go),) = actions
    assert label == "Paint frame 5", label
    go()
    yield from desk.rests()
    assert desk.document.current_time == 5
    assert desk.document.active_layer_uuid() == desk.color
    assert 5 in desk.color_keys(), "else paint would land on the key before it"
    desk.controller.shutdown()


def painting_begins_on_a_color_layer_that_is_made(ctx):
    desk = yield from ready(ctx, painted=())
    desk.document.layer(desk.color).node.remove()
    yield from ctx.settle(desk.document.raw, 0.3)
    yield from desk.look()
    assert desk.controller.color_layer is None
    yield from steps.goto(desk.document, 3)  # holds the drawing of frame 2
    said = yield from desk.do("begin_painting")
    assert said == ["Paint frame 2 here, then press Propagate colors."], said
    desk.color = desk.controller.color_layer
    info = desk.document.layer(desk.color).info
    assert (info.name, info.animated) == ("Lines colors", True)
    assert desk.document.active_layer_uuid() == desk.color
    assert desk.document.current_time == 2
    assert 2 in desk.color_keys()
    assert not any(desk.pixels(2)), "the new key is blank"
    assert desk.states() == dict.fromkeys(KEYS, "todo")
    desk.controller.shutdown()


def painting_begins_without_touching_what_is_painted(ctx):
    desk = yield from ready(ctx)
    before = desk.pixels(0)
    yield from steps.goto(desk.document, 1)
    yield from desk.do("begin_painting")
    assert desk.document.current_time == 0
    assert (desk.color_keys(), desk.pixels(0)) == ([0], before)
    desk.controller.shutdown()


def a_suggestion_goes_when_its_frame_is_painted(ctx):
    desk = yield from ready(ctx, painted=())
    yield from desk.do("suggest_frames")
    yield from desk.paint(6, RED, BLUE)
    yield from steps.goto(desk.document, 0)
    yield lambda: desk.controller.suggested == [5], WAIT_SECONDS
    yield from desk.rests()
    assert "frames" in desk.told
    desk.controller.shutdown()


def suggestions_go_when_the_lines_change(ctx):
    desk = yield from ready(ctx, painted=())
    yield from desk.do("suggest_frames")
    yield from goes_to(desk, 2)
    yield from writing.put(desk.document, desk.line, 2, desk.box, desk.drawing(9, desk.line))
    yield from steps.goto(desk.document, 0)
    yield lambda: desk.controller.suggested == [], WAIT_SECONDS
    yield from desk.rests()
    desk.controller.shutdown()


def suggestions_stay_where_only_the_playhead_moves(ctx):
    desk = yield from ready(ctx, painted=())
    yield from desk.do("suggest_frames")
    for time in (2, 5, 0):
        yield from goes_to(desk, time)
        yield NOTICED_SECONDS
    yield from desk.rests()
    assert desk.controller.suggested == [5, 6]
    desk.controller.shutdown()


def after_a_run_the_next_frame_is_named(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    said = yield from desk.do("suggest_frames")
    assert said == ["Painting frame 6 next would help most."], said
    assert desk.controller.suggested == [6]
    assert desk.engine.asked("suggest")[-1]["painted"] == [0]
    desk.controller.shutdown()


def nothing_to_suggest_is_said(ctx):
    desk = yield from ready(ctx, painted=KEYS)
    said = yield from desk.do("suggest_frames")
    assert said == ["No other frame needs to be painted."], said
    desk.controller.shutdown()


def a_suggestion_can_be_cancelled(ctx):
    desk = yield from ready(ctx, painted=())
    desk.controller.suggest_frames()
    yield
    desk.controller.cancel()
    said = yield from desk.rests()
    assert said == ["Stopped: finished frames are kept."], said
    assert desk.controller.suggested == []
    desk.controller.shutdown()


def suggestions_belong_to_a_document(ctx):
    """Even where a copy of it, with the same lines, is in front when they come."""
    desk = yield from ready(ctx, painted=())
    desk.document.raw.setBatchmode(True)
    for name in ("copy.kra", "original.kra"):
        assert desk.document.raw.saveAs(ctx.file(name))
        yield from ctx.settle(desk.document.raw, 0.3)
    desk.controller.suggest_frames()
    yield
    copy = yield from ctx.open_document(ctx.file("copy.kra"))
    said = yield from desk.rests()
    yield lambda: desk.controller._desk.shot.document.key == copy.key, WAIT_SECONDS
    yield NOTICED_SECONDS
    said += yield from desk.rests()
    assert (said, desk.controller.suggested) == ([], []), said
    yield from ctx.close(copy)
    yield lambda: desk.controller.suggested == [5, 6], WAIT_SECONDS
    yield from desk.rests()
    desk.controller.shutdown()
