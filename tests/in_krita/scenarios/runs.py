"""Propagating: what is written, what is left alone, and every way in which a run can end."""

from krita_plugin.propagate_colors.host import steps, writing
from tests.in_krita.scenarios.rig import BLUE, GREEN, KEYS, RED, ControllerRig, logical, ready


def choices_are_proposed(ctx):
    rig = yield from ready(ctx)
    controller = rig.controller
    assert controller.has_document
    assert controller.line_layers == [rig.line]
    assert controller.color_layer == rig.color
    assert rig.states() == {0: "artist", 2: "todo", 5: "todo", 6: "todo"}
    assert rig.row(0).is_reference
    assert (rig.row(3).state, rig.row(3).held_from) == ("hold", 2)
    controller.shutdown()


def colors_every_key_of_the_lines(ctx):
    rig = yield from ready(ctx)
    lines = {t: ctx.pixels(rig.document, rig.line, t) for t in KEYS}
    reference = rig.pixels(0)
    yield from ctx.activate(rig.document, rig.line)
    yield from steps.goto(rig.document, 4)
    said = yield from rig.do("propagate")
    assert said == ["3 colored, 3 to look at."], said
    assert rig.color_keys() == list(KEYS)
    assert all(rig.pixels(t) == rig.predicted(t) for t in (2, 5, 6))
    assert {t: ctx.pixels(rig.document, rig.line, t) for t in KEYS} == lines
    assert rig.pixels(0) == reference
    assert rig.states() == {0: "artist", 2: "predicted", 5: "predicted", 6: "predicted"}
    assert (rig.row(2).confidence, rig.row(2).doubtful, rig.row(2).segments) == (0.75, 1, 2)
    assert rig.document.current_time == 4
    assert rig.document.active_layer_uuid() == rig.line
    rig.controller.shutdown()


def what_is_known_is_not_sent_or_written_again(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    planes = len([h for h in rig.engine.asked("add_drawing") if "layers" in h])
    assert planes == 4
    said = yield from rig.do("propagate")
    assert said == ["Nothing had to be colored again."], said
    assert len([h for h in rig.engine.asked("add_drawing") if "layers" in h]) == planes
    assert len(rig.engine.asked("propagate")[-1]["known"]) == 3
    rig.controller.shutdown()


def makes_the_color_layer(ctx):
    rig = yield from ready(ctx, painted=())
    yield from rig.do("set_color_layer", None)
    rig.document.layer(rig.color).node.remove()
    yield from ctx.settle(rig.document.raw, 0.3)
    yield from rig.look()
    said = yield from rig.do("propagate")
    assert "paint one frame" in said[-1], said
    color = rig.controller.color_layer
    info = rig.document.layer(color).info
    assert (info.name, info.animated) == ("Lines colors", True)
    order = [info.uuid for info in rig.document.layers()]
    assert order.index(color) == order.index(rig.line) + 1
    rig.color = color
    yield from rig.paint(0, GREEN, BLUE)
    said = yield from rig.do("propagate")
    assert said == ["3 colored, 3 to look at."], said
    assert rig.pixels(5) == rig.predicted(5, GREEN, BLUE)
    rig.controller.shutdown()


def a_still_color_layer_becomes_animated(ctx):
    rig = yield from ready(ctx, painted=())
    rig.document.layer(rig.color).node.remove()
    yield from ctx.settle(rig.document.raw, 0.3)
    rig.color = yield from ctx.add_layer(rig.document, "Flats")
    yield from ctx.paint(rig.document, rig.color, 0, 9, 90, 200)
    painted = rig.document.layer(rig.color).read(0, rig.box)
    yield from rig.do("set_color_layer", rig.color)
    yield from rig.look()
    assert rig.states()[0] == "artist"
    said = yield from rig.do("propagate")
    assert said == ["3 colored, 3 to look at."], said
    assert rig.color_keys() == list(KEYS)
    assert rig.pixels(0) == painted
    assert rig.pixels(5) == rig.predicted(5, painted[:4], painted[:4])
    rig.controller.shutdown()


def the_artist_s_frames_are_never_written(ctx):
    rig = yield from ready(ctx, painted=(0, 5))
    yield from rig.paint(5, GREEN, GREEN)
    painted = rig.pixels(5)
    yield from rig.look()
    yield from rig.do("toggle_reference", 5)
    assert not rig.row(5).is_reference
    yield from rig.do("propagate")
    assert rig.pixels(5) == painted
    assert rig.states()[5] == "artist"
    assert rig.engine.asked("propagate")[0]["references"] == [0]
    rig.controller.shutdown()


def a_frame_painted_during_the_run_is_left_alone(ctx):
    rig = yield from ready(ctx)
    yield from start_and_stop(rig, 2)  # frame 0 and 2 are told of
    yield from rig.paint(5, GREEN, GREEN)
    rig.engine.go_on()
    said = yield from rig.rests()
    assert "left alone: 5" in said[-1], said
    assert rig.pixels(5) == rig.colors(GREEN, GREEN)
    assert rig.states() == {0: "artist", 2: "predicted", 5: "artist", 6: "predicted"}
    assert rig.row(5).is_reference
    rig.controller.shutdown()


def a_frame_changed_after_our_write_is_the_artist_s(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    yield from ctx.paint(rig.document, rig.color, 2, 9, 90, 9)
    painted = rig.pixels(2)
    yield from rig.look()
    assert rig.states()[2] == "artist"
    yield from rig.do("propagate")
    assert rig.pixels(2) == painted
    rig.controller.shutdown()


def a_cleared_frame_is_colored_again(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    yield from writing.put(rig.document, rig.color, 2, rig.box, None)
    yield from rig.look()
    assert rig.states()[2] == "todo"
    yield from rig.do("propagate")
    assert rig.pixels(2) == rig.predicted(2)
    rig.controller.shutdown()


def lines_edited_during_the_run_are_told_of(ctx):
    rig = yield from ready(ctx)
    yield from start_and_stop(rig, 2)
    drawing = rig.drawing(9, rig.line)
    yield from writing.put(rig.document, rig.line, 5, rig.box, drawing)
    rig.engine.go_on()
    said = yield from rig.rests()
    assert "press again: 5" in said[-1], said
    assert rig.color_keys() == [0, 2, 6]
    yield from rig.do("propagate")
    assert rig.pixels(5) == rig.predicted(9)
    rig.controller.shutdown()


def frames_moved_during_the_run_end_it(ctx):
    rig = yield from ready(ctx)
    yield from start_and_stop(rig, 2)
    yield from writing.remove_key(rig.document, rig.line, 6)
    rig.engine.go_on()
    said = yield from rig.rests()
    assert "moved" in said[-1], said
    assert rig.color_keys() == [0, 2]
    rig.controller.shutdown()


def a_stopped_run_says_what_waits(ctx):
    """Hints for frames that it did not come to are kept, marked, and followed by the next run."""
    rig = yield from ready(ctx)
    for time in (2, 6):
        said = yield from rig.do("give_hint", time, (10, 24), logical(GREEN))
        assert said == ["This holds from the next run on."], said
    assert [rig.row(t).pending_hints for t in (0, 2, 5, 6)] == [0, 1, 0, 1]
    assert [said.pending for said in rig.controller.said_on(2)] == [True]
    yield from start_and_stop(rig, 2)
    rig.controller.cancel()
    said = yield from rig.rests()
    assert said == ["Stopped: finished frames are kept. 1 hint waits for the next run."], said
    assert [rig.row(t).pending_hints for t in (0, 2, 5, 6)] == [0, 0, 0, 1]
    (given,) = rig.controller.said_on(2)
    assert (given.kind, given.pending, given.display) == ("hint", False, GREEN[2::-1])
    rig.engine.stop_after = None
    yield from rig.do("propagate")
    assert rig.pixels(6) == rig.predicted(6, GREEN, BLUE)
    assert [rig.row(t).pending_hints for t in (0, 2, 5, 6)] == [0, 0, 0, 0]
    yield from rig.do("toggle_lock", 5, (50, 24))
    assert [rig.row(t).locks for t in (0, 2, 5, 6)] == [0, 0, 1, 0]
    assert [said.kind for said in rig.controller.said_on(5)] == ["lock"]
    rig.controller.shutdown()


def cancelling_leaves_whole_frames(ctx):
    rig = yield from ready(ctx)
    yield from steps.goto(rig.document, 1)
    yield from start_and_stop(rig, 2)
    rig.controller.cancel()
    said = yield from rig.rests()
    assert said == ["Stopped: finished frames are kept."], said
    assert rig.engine.asked("cancel")
    assert rig.color_keys() == [0, 2]
    assert rig.pixels(2) == rig.predicted(2)
    assert rig.states() == {0: "artist", 2: "predicted", 5: "todo", 6: "todo"}
    assert rig.document.current_time == 1
    rig.engine.stop_after = None
    yield from rig.do("propagate")
    assert rig.pixels(6) == rig.predicted(6)
    rig.controller.shutdown()


def a_cancel_at_any_step_leaves_whole_frames(ctx):
    rig = yield from ready(ctx)
    turns = 0
    while True:
        rig.controller.propagate()
        for _ in range(turns):
            yield
            if rig.controller.busy is None:
                break
        finished = rig.controller.busy is None
        rig.controller.cancel()
        said = yield from rig.rests()
        for time in rig.color_keys():
            assert time == 0 or rig.pixels(time) == rig.predicted(time), (
                turns,
                time,
                rig.states(),
                rig.document.layer(rig.color).is_blank(time, rig.box),
                said,
            )
        assert all(rig.states()[time] == "predicted" for time in rig.color_keys()[1:]), turns
        if finished:
            break
        yield from rig.do("undo", list(KEYS))
        assert rig.color_keys() == [0], (turns, rig.color_keys())
        turns += 9 if turns > 20 else 5
    rig.controller.shutdown()


def a_crash_of_the_engine_costs_nothing(ctx):
    rig = yield from ready(ctx)
    rig.engine.crash_after = 2
    said = yield from rig.do("propagate")
    assert "started again" in said[-1], said
    assert rig.engine.starts == 2
    assert rig.color_keys() == [0, 2]
    assert rig.pixels(2) == rig.predicted(2)
    said = yield from rig.do("propagate")
    assert said == ["2 colored, 2 to look at."], said
    assert rig.states()[2] == "predicted"
    rig.controller.shutdown()


def a_second_crash_is_not_restarted(ctx):
    rig = yield from ready(ctx)
    for _ in range(2):
        rig.engine.crash_after = 1
        rig.controller.propagate()
        yield lambda: rig.controller.busy is None, 60.0
    level, _, actions = rig.messages[-1]
    assert (level, actions[0][0]) == ("error", "Choose…"), rig.messages
    assert rig.engine.starts == 2
    rig.controller.shutdown()


def no_engine_is_one_sentence_and_a_button(ctx):
    rig = yield from ready(ctx)
    rig.controller.set_engine_command("/nowhere/ant_core")
    rig.controller.propagate()
    yield lambda: rig.controller.busy is None, 60.0
    level, text, actions = rig.messages[-1]
    assert level == "error"
    assert "/nowhere/ant_core" in text, text
    assert not rig.controller.engine_ok
    assert rig.controller.engine_status == text
    actions[0][1]()
    assert rig.told[-1] == "settings"
    assert rig.color_keys() == [0]
    rig.controller.set_engine_command("true")
    yield from rig.do("propagate")
    assert rig.color_keys() == list(KEYS)
    rig.controller.shutdown()


def an_engine_that_does_not_fit_says_so(ctx):
    rig = yield from ready(ctx)
    rig.engine.refuse = "This plugin speaks protocol 1 and the engine 2."
    said = yield from rig.do("propagate")
    assert said[-1] == rig.engine.refuse
    assert not rig.controller.engine_ok
    rig.controller.shutdown()


def no_reference_is_one_sentence(ctx):
    rig = yield from ready(ctx, painted=())
    said = yield from rig.do("propagate")
    assert "no painted frame" in said[-1], said
    assert rig.color_keys() == [0]
    rig.controller.shutdown()


def a_failed_frame_is_told_of(ctx):
    rig = yield from ready(ctx)
    rig.engine.failing = (5,)
    said = yield from rig.do("propagate")
    assert said == ["2 colored, 2 to look at. 1 frame failed."], said
    assert (rig.row(5).state, rig.row(5).error) == ("failed", "It is too odd.")
    assert rig.color_keys() == [0, 2, 6]
    rig.engine.failing = ()
    yield from rig.do("propagate")
    assert rig.states()[5] == "predicted"
    rig.controller.shutdown()


def a_locked_or_hidden_color_layer_is_refused(ctx):
    rig = yield from ready(ctx)
    node = rig.document.layer(rig.color).node
    for change, word in (
        (node.setLocked, "locked"),
        (lambda on: node.setVisible(not on), "hidden"),
    ):
        change(True)
        yield from ctx.settle(rig.document.raw)
        said = yield from rig.do("propagate")
        assert word in said[-1], said
        assert rig.color_keys() == [0]
        change(False)
        yield from ctx.settle(rig.document.raw)
    rig.controller.shutdown()


def the_document_is_closed_in_the_middle(ctx):
    rig = yield from ready(ctx)
    yield from start_and_stop(rig, 2)
    yield from ctx.close(rig.document)
    rig.engine.go_on()
    said = yield from rig.rests()
    assert any("closed" in text for text in said), said
    yield 0.7  # the next look
    assert not rig.controller.has_document
    assert rig.controller.frames == []
    assert (yield from rig.do("propagate")) == ["Open a document first."]
    rig.controller.shutdown()


def the_color_layer_is_deleted_in_the_middle(ctx):
    rig = yield from ready(ctx)
    yield from start_and_stop(rig, 2)
    rig.document.layer(rig.color).node.remove()
    yield from ctx.settle(rig.document.raw, 0.3)
    rig.engine.go_on()
    said = yield from rig.rests()
    assert any("deleted" in text for text in said), said
    assert rig.controller.color_layer is None
    rig.controller.shutdown()


def a_layer_renamed_in_the_middle_is_still_the_one(ctx):
    rig = yield from ready(ctx)
    yield from start_and_stop(rig, 2)
    rig.document.layer(rig.color).node.setName("Flats")
    rig.document.layer(rig.line).node.setName("Ink")
    rig.engine.go_on()
    said = yield from rig.rests()
    assert said == ["3 colored, 3 to look at."], said
    assert rig.color_keys() == list(KEYS)
    rig.controller.shutdown()


def several_line_layers_are_composed(ctx):
    rig = ControllerRig(ctx)
    yield from rig.build()
    face = yield from ctx.add_layer(rig.document, "Face lines", still=False)
    yield from writing.put(rig.document, face, 3, rig.box, rig.drawing(12, face))
    yield from rig.start()
    yield from rig.do("set_line_layers", [rig.line, face])
    yield from rig.do("propagate")
    assert rig.color_keys() == [0, 2, 3, 5, 6]
    sent = [h for h in rig.engine.asked("add_drawing") if "layers" in h]
    assert [len(header["layers"]) for header in sent] == [2] * 5
    both = zip(rig.predicted(2), rig.predicted(12), strict=True)
    assert rig.pixels(3) == bytes(min(pair) for pair in both)
    rig.controller.shutdown()


def new_drawings_are_noticed(ctx):
    rig = yield from ready(ctx)
    yield from writing.put(rig.document, rig.line, 9, rig.box, rig.drawing(9, rig.line))
    yield 0.7
    assert rig.states()[9] == "todo"
    yield from rig.paint(9, GREEN, RED)
    yield 0.7
    yield from rig.rests()
    assert rig.states()[9] == "artist"
    yield from steps.make_key(rig.document, rig.color, 5)
    yield 0.7
    yield from rig.rests()
    assert rig.states()[5] == "todo"
    yield from rig.paint(5, GREEN, RED)
    yield 0.7  # a look of its own may have met the frame while its key was being replaced
    yield from rig.rests()
    yield from rig.do("look_here")
    assert rig.states()[5] == "artist"
    rig.controller.shutdown()


def drawings_after_the_end_are_told_of(ctx):
    rig = yield from ready(ctx)
    rig.document.raw.setFullClipRangeEndTime(4)
    yield 1.2
    said = yield from rig.do("propagate")
    assert said == [
        "1 colored, 1 to look at. After the end of the animation, so not colored: 5-6."
    ], said
    assert rig.color_keys() == [0, 2]
    rig.controller.shutdown()


def a_group_of_lines(ctx):
    rig = ControllerRig(ctx)
    yield from rig.build(keys=(0,))
    group = yield from ctx.add_layer(rig.document, "Hero lines", "grouplayer")
    parent = rig.document.layer(group).node
    inner = yield from ctx.add_layer(rig.document, "Inner", parent=parent, still=False)
    for time in (0, 4):
        drawing = rig.drawing(time, inner)
        yield from writing.put(rig.document, inner, time, rig.box, drawing)
    yield from rig.start()
    yield from rig.do("set_line_layers", [group])
    yield from rig.do("propagate")
    assert rig.color_keys() == [0, 4]
    assert rig.pixels(4) == rig.predicted(4)
    rig.controller.shutdown()


def start_and_stop(rig, frames):
    """Begin a run and hold the engine after so many results, once they are written."""
    rig.engine.stop_after = frames
    rig.controller.propagate()
    yield lambda: len(rig.color_keys()) == frames, 60.0
    yield lambda: rig.noted() >= {*rig.color_keys()} - {0}, 60.0


def undo_and_redo_of_krita_stay_right(ctx):
    rig = yield from ready(ctx)
    yield from ctx.paint(rig.document, rig.color, 0, 5, 6, 7)
    before = rig.pixels(0)
    yield from rig.look()
    yield from rig.do("propagate")
    first = rig.predicted(2, *[before[:4]] * 2)
    assert rig.pixels(2) == first
    yield from ctx.paint(rig.document, rig.color, 2, 70, 80, 90)
    painted = rig.pixels(2)
    yield from ctx.action(rig.document, "edit_undo")
    assert rig.pixels(2) == first
    yield from ctx.action(rig.document, "edit_redo")
    assert rig.pixels(2) == painted
    states = yield from ctx.history(rig.document, rig.color, 2, "edit_undo")
    assert states[:3] == [painted, first, bytes(len(first))] or states[:2] == [painted, first]
    states = yield from ctx.history(rig.document, rig.color, 2, "edit_redo")
    assert states[-1] == painted
    assert rig.pixels(0) == before
    rig.controller.shutdown()
