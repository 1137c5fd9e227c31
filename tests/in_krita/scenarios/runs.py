"""Propagating: what is written, what is left alone, and every way in which a run can end."""

from krita_plugin.propagate_colors.host import steps, writing
from tests.in_krita.scenarios.desk import BLUE, GREEN, KEYS, RED, Desk, logical, ready


def choices_are_proposed(ctx):
    desk = yield from ready(ctx)
    controller = desk.controller
    assert controller.has_document
    assert controller.line_layers == [desk.line]
    assert controller.color_layer == desk.color
    assert desk.states() == {0: "artist", 2: "todo", 5: "todo", 6: "todo"}
    assert desk.row(0).is_reference
    assert (desk.row(3).state, desk.row(3).held_from) == ("hold", 2)
    controller.shutdown()


def colors_every_key_of_the_lines(ctx):
    desk = yield from ready(ctx)
    lines = {t: ctx.pixels(desk.document, desk.line, t) for t in KEYS}
    reference = desk.pixels(0)
    yield from ctx.activate(desk.document, desk.line)
    yield from steps.goto(desk.document, 4)
    said = yield from desk.do("propagate")
    assert said == ["3 colored, 3 to look at."], said
    assert desk.color_keys() == list(KEYS)
    assert all(desk.pixels(t) == desk.predicted(t) for t in (2, 5, 6))
    assert {t: ctx.pixels(desk.document, desk.line, t) for t in KEYS} == lines
    assert desk.pixels(0) == reference
    assert desk.states() == {0: "artist", 2: "predicted", 5: "predicted", 6: "predicted"}
    assert (desk.row(2).confidence, desk.row(2).doubtful, desk.row(2).segments) == (0.75, 1, 2)
    assert desk.document.current_time == 4
    assert desk.document.active_layer_uuid() == desk.line
    desk.controller.shutdown()


def what_is_known_is_not_sent_or_written_again(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    planes = len([h for h in desk.engine.asked("add_drawing") if "layers" in h])
    assert planes == 4
    said = yield from desk.do("propagate")
    assert said == ["Nothing had to be colored again."], said
    assert len([h for h in desk.engine.asked("add_drawing") if "layers" in h]) == planes
    assert len(desk.engine.asked("propagate")[-1]["known"]) == 3
    desk.controller.shutdown()


def makes_the_color_layer(ctx):
    desk = yield from ready(ctx, painted=())
    yield from desk.do("set_color_layer", None)
    desk.document.layer(desk.color).node.remove()
    yield from ctx.settle(desk.document.raw, 0.3)
    yield from desk.look()
    said = yield from desk.do("propagate")
    assert "paint one frame" in said[-1], said
    color = desk.controller.color_layer
    info = desk.document.layer(color).info
    assert (info.name, info.animated) == ("Lines colors", True)
    order = [info.uuid for info in desk.document.layers()]
    assert order.index(color) == order.index(desk.line) + 1
    desk.color = color
    yield from desk.paint(0, GREEN, BLUE)
    said = yield from desk.do("propagate")
    assert said == ["3 colored, 3 to look at."], said
    assert desk.pixels(5) == desk.predicted(5, GREEN, BLUE)
    desk.controller.shutdown()


def a_still_color_layer_becomes_animated(ctx):
    desk = yield from ready(ctx, painted=())
    desk.document.layer(desk.color).node.remove()
    yield from ctx.settle(desk.document.raw, 0.3)
    desk.color = yield from ctx.add_layer(desk.document, "Flats")
    yield from ctx.paint(desk.document, desk.color, 0, 9, 90, 200)
    painted = desk.document.layer(desk.color).read(0, desk.box)
    yield from desk.do("set_color_layer", desk.color)
    yield from desk.look()
    assert desk.states()[0] == "artist"
    said = yield from desk.do("propagate")
    assert said == ["3 colored, 3 to look at."], said
    assert desk.color_keys() == list(KEYS)
    assert desk.pixels(0) == painted
    assert desk.pixels(5) == desk.predicted(5, painted[:4], painted[:4])
    desk.controller.shutdown()


def the_artist_s_frames_are_never_written(ctx):
    desk = yield from ready(ctx, painted=(0, 5))
    yield from desk.paint(5, GREEN, GREEN)
    painted = desk.pixels(5)
    yield from desk.look()
    yield from desk.do("toggle_reference", 5)
    assert not desk.row(5).is_reference
    yield from desk.do("propagate")
    assert desk.pixels(5) == painted
    assert desk.states()[5] == "artist"
    assert desk.engine.asked("propagate")[0]["references"] == [0]
    desk.controller.shutdown()


def a_frame_painted_during_the_run_is_left_alone(ctx):
    desk = yield from ready(ctx)
    yield from start_and_stop(desk, 2)  # frame 0 and 2 are told of
    yield from desk.paint(5, GREEN, GREEN)
    desk.engine.go_on()
    said = yield from desk.rests()
    assert "left alone: 5" in said[-1], said
    assert desk.pixels(5) == desk.colors(GREEN, GREEN)
    assert desk.states() == {0: "artist", 2: "predicted", 5: "artist", 6: "predicted"}
    assert desk.row(5).is_reference
    desk.controller.shutdown()


def a_frame_changed_after_our_write_is_the_artist_s(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    yield from ctx.paint(desk.document, desk.color, 2, 9, 90, 9)
    painted = desk.pixels(2)
    yield from desk.look()
    assert desk.states()[2] == "artist"
    yield from desk.do("propagate")
    assert desk.pixels(2) == painted
    desk.controller.shutdown()


def a_cleared_frame_is_colored_again(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    yield from writing.put(desk.document, desk.color, 2, desk.box, None)
    yield from desk.look()
    assert desk.states()[2] == "todo"
    yield from desk.do("propagate")
    assert desk.pixels(2) == desk.predicted(2)
    desk.controller.shutdown()


def lines_edited_during_the_run_are_told_of(ctx):
    desk = yield from ready(ctx)
    yield from start_and_stop(desk, 2)
    drawing = desk.drawing(9, desk.line)
    yield from writing.put(desk.document, desk.line, 5, desk.box, drawing)
    desk.engine.go_on()
    said = yield from desk.rests()
    assert "press again: 5" in said[-1], said
    assert desk.color_keys() == [0, 2, 6]
    yield from desk.do("propagate")
    assert desk.pixels(5) == desk.predicted(9)
    desk.controller.shutdown()


def frames_moved_during_the_run_end_it(ctx):
    desk = yield from ready(ctx)
    yield from start_and_stop(desk, 2)
    yield from writing.remove_key(desk.document, desk.line, 6)
    desk.engine.go_on()
    said = yield from desk.rests()
    assert "moved" in said[-1], said
    assert desk.color_keys() == [0, 2]
    desk.controller.shutdown()


def a_stopped_run_says_what_waits(ctx):
    """Hints for frames that it did not come to are kept, marked, and followed by the next run."""
    desk = yield from ready(ctx)
    for time in (2, 6):
        said = yield from desk.do("give_hint", time, (10, 24), logical(GREEN))
        assert said == ["This holds from the next run on."], said
    assert [desk.row(t).pending_hints for t in (0, 2, 5, 6)] == [0, 1, 0, 1]
    assert [said.pending for said in desk.controller.said_on(2)] == [True]
    yield from start_and_stop(desk, 2)
    desk.controller.cancel()
    said = yield from desk.rests()
    assert said == ["Stopped: finished frames are kept. 1 hint waits for the next run."], said
    assert [desk.row(t).pending_hints for t in (0, 2, 5, 6)] == [0, 0, 0, 1]
    (given,) = desk.controller.said_on(2)
    assert (given.kind, given.pending, given.display) == ("hint", False, GREEN[2::-1])
    desk.engine.stop_after = None
    yield from desk.do("propagate")
    assert desk.pixels(6) == desk.predicted(6, GREEN, BLUE)
    assert [desk.row(t).pending_hints for t in (0, 2, 5, 6)] == [0, 0, 0, 0]
    yield from desk.do("toggle_lock", 5, (50, 24))
    assert [desk.row(t).locks for t in (0, 2, 5, 6)] == [0, 0, 1, 0]
    assert [said.kind for said in desk.controller.said_on(5)] == ["lock"]
    desk.controller.shutdown()


def cancelling_leaves_whole_frames(ctx):
    desk = yield from ready(ctx)
    yield from steps.goto(desk.document, 1)
    yield from start_and_stop(desk, 2)
    desk.controller.cancel()
    said = yield from desk.rests()
    assert said == ["Stopped: finished frames are kept."], said
    assert desk.engine.asked("cancel")
    assert desk.color_keys() == [0, 2]
    assert desk.pixels(2) == desk.predicted(2)
    assert desk.states() == {0: "artist", 2: "predicted", 5: "todo", 6: "todo"}
    assert desk.document.current_time == 1
    desk.engine.stop_after = None
    yield from desk.do("propagate")
    assert desk.pixels(6) == desk.predicted(6)
    desk.controller.shutdown()


def a_cancel_at_any_step_leaves_whole_frames(ctx):
    desk = yield from ready(ctx)
    turns = 0
    while True:
        desk.controller.propagate()
        for _ in range(turns):
            yield
            if desk.controller.busy is None:
                break
        finished = desk.controller.busy is None
        desk.controller.cancel()
        said = yield from desk.rests()
        for time in desk.color_keys():
            assert time == 0 or desk.pixels(time) == desk.predicted(time), (
                turns,
                time,
                desk.states(),
                desk.document.layer(desk.color).is_blank(time, desk.box),
                said,
            )
        assert all(desk.states()[time] == "predicted" for time in desk.color_keys()[1:]), turns
        if finished:
            break
        yield from desk.do("undo", list(KEYS))
        assert desk.color_keys() == [0], (turns, desk.color_keys())
        turns += 9 if turns > 20 else 5
    desk.controller.shutdown()


def a_crash_of_the_engine_costs_nothing(ctx):
    desk = yield from ready(ctx)
    desk.engine.crash_after = 2
    said = yield from desk.do("propagate")
    assert "started again" in said[-1], said
    assert desk.engine.starts == 2
    assert desk.color_keys() == [0, 2]
    assert desk.pixels(2) == desk.predicted(2)
    said = yield from desk.do("propagate")
    assert said == ["2 colored, 2 to look at."], said
    assert desk.states()[2] == "predicted"
    desk.controller.shutdown()


def a_second_crash_is_not_restarted(ctx):
    desk = yield from ready(ctx)
    for _ in range(2):
        desk.engine.crash_after = 1
        desk.controller.propagate()
        yield lambda: desk.controller.busy is None, 60.0
    level, _, actions = desk.messages[-1]
    assert (level, actions[0][0]) == ("error", "Choose…"), desk.messages
    assert desk.engine.starts == 2
    desk.controller.shutdown()


def no_engine_is_one_sentence_and_a_button(ctx):
    desk = yield from ready(ctx)
    desk.controller.set_engine_command("/nowhere/ant_core")
    desk.controller.propagate()
    yield lambda: desk.controller.busy is None, 60.0
    level, text, actions = desk.messages[-1]
    assert level == "error"
    assert "/nowhere/ant_core" in text, text
    assert not desk.controller.engine_ok
    assert desk.controller.engine_status == text
    actions[0][1]()
    assert desk.told[-1] == "settings"
    assert desk.color_keys() == [0]
    desk.controller.set_engine_command("true")
    yield from desk.do("propagate")
    assert desk.color_keys() == list(KEYS)
    desk.controller.shutdown()


def an_engine_that_does_not_fit_says_so(ctx):
    desk = yield from ready(ctx)
    desk.engine.refuse = "This plugin speaks protocol 1 and the engine 2."
    said = yield from desk.do("propagate")
    assert said[-1] == desk.engine.refuse
    assert not desk.controller.engine_ok
    desk.controller.shutdown()


def no_reference_is_one_sentence(ctx):
    desk = yield from ready(ctx, painted=())
    said = yield from desk.do("propagate")
    assert "no painted frame" in said[-1], said
    assert desk.color_keys() == [0]
    desk.controller.shutdown()


def a_failed_frame_is_told_of(ctx):
    desk = yield from ready(ctx)
    desk.engine.failing = (5,)
    said = yield from desk.do("propagate")
    assert said == ["2 colored, 2 to look at. 1 frame failed."], said
    assert (desk.row(5).state, desk.row(5).error) == ("failed", "It is too odd.")
    assert desk.color_keys() == [0, 2, 6]
    desk.engine.failing = ()
    yield from desk.do("propagate")
    assert desk.states()[5] == "predicted"
    desk.controller.shutdown()


def a_locked_or_hidden_color_layer_is_refused(ctx):
    desk = yield from ready(ctx)
    node = desk.document.layer(desk.color).node
    for change, word in (
        (node.setLocked, "locked"),
        (lambda on: node.setVisible(not on), "hidden"),
    ):
        change(True)
        yield from ctx.settle(desk.document.raw)
        said = yield from desk.do("propagate")
        assert word in said[-1], said
        assert desk.color_keys() == [0]
        change(False)
        yield from ctx.settle(desk.document.raw)
    desk.controller.shutdown()


def the_document_is_closed_in_the_middle(ctx):
    desk = yield from ready(ctx)
    yield from start_and_stop(desk, 2)
    yield from ctx.close(desk.document)
    desk.engine.go_on()
    said = yield from desk.rests()
    assert any("closed" in text for text in said), said
    yield 0.7  # the next look
    assert not desk.controller.has_document
    assert desk.controller.frames == []
    assert (yield from desk.do("propagate")) == ["Open a document first."]
    desk.controller.shutdown()


def the_color_layer_is_deleted_in_the_middle(ctx):
    desk = yield from ready(ctx)
    yield from start_and_stop(desk, 2)
    desk.document.layer(desk.color).node.remove()
    yield from ctx.settle(desk.document.raw, 0.3)
    desk.engine.go_on()
    said = yield from desk.rests()
    assert any("deleted" in text for text in said), said
    assert desk.controller.color_layer is None
    desk.controller.shutdown()


def a_layer_renamed_in_the_middle_is_still_the_one(ctx):
    desk = yield from ready(ctx)
    yield from start_and_stop(desk, 2)
    desk.document.layer(desk.color).node.setName("Flats")
    desk.document.layer(desk.line).node.setName("Ink")
    desk.engine.go_on()
    said = yield from desk.rests()
    assert said == ["3 colored, 3 to look at."], said
    assert desk.color_keys() == list(KEYS)
    desk.controller.shutdown()


def several_line_layers_are_composed(ctx):
    desk = Desk(ctx)
    yield from desk.build()
    face = yield from ctx.add_layer(desk.document, "Face lines", still=False)
    yield from writing.put(desk.document, face, 3, desk.box, desk.drawing(12, face))
    yield from desk.start()
    yield from desk.do("set_line_layers", [desk.line, face])
    yield from desk.do("propagate")
    assert desk.color_keys() == [0, 2, 3, 5, 6]
    sent = [h for h in desk.engine.asked("add_drawing") if "layers" in h]
    assert [len(header["layers"]) for header in sent] == [2] * 5
    both = zip(desk.predicted(2), desk.predicted(12), strict=True)
    assert desk.pixels(3) == bytes(min(pair) for pair in both)
    desk.controller.shutdown()


def new_drawings_are_noticed(ctx):
    desk = yield from ready(ctx)
    yield from writing.put(desk.document, desk.line, 9, desk.box, desk.drawing(9, desk.line))
    yield 0.7
    assert desk.states()[9] == "todo"
    yield from desk.paint(9, GREEN, RED)
    yield 0.7
    yield from desk.rests()
    assert desk.states()[9] == "artist"
    yield from steps.make_key(desk.document, desk.color, 5)
    yield 0.7
    yield from desk.rests()
    assert desk.states()[5] == "todo"
    yield from desk.paint(5, GREEN, RED)
    yield 0.7  # a look of its own may have met the frame while its key was being replaced
    yield from desk.rests()
    yield from desk.do("look_here")
    assert desk.states()[5] == "artist"
    desk.controller.shutdown()


def drawings_after_the_end_are_told_of(ctx):
    desk = yield from ready(ctx)
    desk.document.raw.setFullClipRangeEndTime(4)
    yield 1.2
    said = yield from desk.do("propagate")
    assert said == [
        "1 colored, 1 to look at. After the end of the animation, so not colored: 5-6."
    ], said
    assert desk.color_keys() == [0, 2]
    desk.controller.shutdown()


def a_group_of_lines(ctx):
    desk = Desk(ctx)
    yield from desk.build(keys=(0,))
    group = yield from ctx.add_layer(desk.document, "Hero lines", "grouplayer")
    parent = desk.document.layer(group).node
    inner = yield from ctx.add_layer(desk.document, "Inner", parent=parent, still=False)
    for time in (0, 4):
        drawing = desk.drawing(time, inner)
        yield from writing.put(desk.document, inner, time, desk.box, drawing)
    yield from desk.start()
    yield from desk.do("set_line_layers", [group])
    yield from desk.do("propagate")
    assert desk.color_keys() == [0, 4]
    assert desk.pixels(4) == desk.predicted(4)
    desk.controller.shutdown()


def start_and_stop(desk, frames):
    """Begin a run and hold the engine after so many results, once they are written."""
    desk.engine.stop_after = frames
    desk.controller.propagate()
    yield lambda: len(desk.color_keys()) == frames, 60.0
    yield lambda: desk.noted() >= {*desk.color_keys()} - {0}, 60.0


def undo_and_redo_of_krita_stay_right(ctx):
    desk = yield from ready(ctx)
    yield from ctx.paint(desk.document, desk.color, 0, 5, 6, 7)
    before = desk.pixels(0)
    yield from desk.look()
    yield from desk.do("propagate")
    first = desk.predicted(2, *[before[:4]] * 2)
    assert desk.pixels(2) == first
    yield from ctx.paint(desk.document, desk.color, 2, 70, 80, 90)
    painted = desk.pixels(2)
    yield from ctx.action(desk.document, "edit_undo")
    assert desk.pixels(2) == first
    yield from ctx.action(desk.document, "edit_redo")
    assert desk.pixels(2) == painted
    states = yield from ctx.history(desk.document, desk.color, 2, "edit_undo")
    assert states[:3] == [painted, first, bytes(len(first))] or states[:2] == [painted, first]
    states = yield from ctx.history(desk.document, desk.color, 2, "edit_redo")
    assert states[-1] == painted
    assert desk.pixels(0) == before
    desk.controller.shutdown()
