"""What the artist does with frames of ours: undo of two kinds, yes and no, a click that fixes."""

import copy

from krita_plugin.propagate_colors.host import hand, steps, writing
from krita_plugin.propagate_colors.qt import QtWidgets
from krita_plugin.propagate_colors.work import reading
from tests.in_krita.scenarios.desk import BLUE, GREEN, KEYS, RED, logical, ready
from tests.in_krita.scenarios.tablet import send_pen

LEFT, RIGHT = (10, 24), (50, 24)
NOTICED_SECONDS = 1.0


def nothing_moves_while_frames_are_written_and_taken_back(ctx):
    """Every turn of the event loop is looked at, not only the end."""
    desk = yield from ready(ctx)
    yield from ctx.activate(desk.document, desk.line)
    yield from steps.goto(desk.document, 5)
    for command, arguments in (("propagate", ()), ("undo", (list(KEYS),)), ("propagate", ())):
        getattr(desk.controller, command)(*arguments)
        seen = set()
        while desk.controller.busy is not None:
            seen.add((desk.document.current_time, desk.document.active_layer_uuid()))
            yield
        assert seen == {(5, desk.line)}, (command, seen)
        yield from desk.rests()
    assert desk.color_keys() == list(KEYS)
    assert all(desk.pixels(t) == desk.predicted(t) for t in (2, 5, 6))
    desk.controller.shutdown()


def krita_s_undo_takes_back_a_frame_in_one_step(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    for left in ([0, 2, 5], [0, 2], [0]):
        yield from ctx.action(desk.document, "edit_undo")
        assert desk.color_keys() == left
    for back in ([0, 2], [0, 2, 5], [0, 2, 5, 6]):
        yield from ctx.action(desk.document, "edit_redo")
        assert desk.color_keys() == back
        assert desk.pixels(back[-1]) == desk.predicted(back[-1])
    yield NOTICED_SECONDS
    yield from desk.rests()
    assert [desk.row(t).segments for t in (2, 5, 6)] == [2, 2, 2]
    desk.controller.shutdown()


def krita_s_undo_of_the_docker_s_undo_brings_the_record_back(ctx):
    """Picture and record agree after undo here, Ctrl+Z, redo, and undo here again."""
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    yield from steps.goto(desk.document, 0)
    yield from desk.do("undo", [5])
    assert desk.states()[5] == "todo"
    yield from ctx.action(desk.document, "edit_undo")
    assert desk.pixels(5) == desk.predicted(5)
    yield NOTICED_SECONDS
    yield from desk.rests()
    assert (desk.row(5).state, desk.row(5).segments) == ("predicted", 2)
    yield from ctx.action(desk.document, "edit_redo")
    yield NOTICED_SECONDS
    yield from desk.rests()
    assert (desk.states()[5], desk.color_keys()) == ("todo", [0, 2, 6])
    yield from ctx.action(desk.document, "edit_undo")
    yield NOTICED_SECONDS
    yield from desk.rests()
    said = yield from desk.do("undo", [5])
    assert said == [], said
    assert desk.color_keys() == [0, 2, 6]
    desk.controller.shutdown()


def krita_s_undo_of_a_second_run_brings_the_first_record_back(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    first = {t: desk.pixels(t) for t in (2, 5, 6)}
    yield from desk.do("accept", [5])
    yield from desk.do("undo", [5])
    yield from ctx.action(desk.document, "edit_undo")
    yield NOTICED_SECONDS
    yield from desk.rests()
    assert desk.states()[5] == "accepted", "with the artist's yes"
    assert desk.pixels(5) == first[5]
    yield from desk.reopened()
    assert desk.states()[5] == "accepted", desk.states()
    desk.controller.shutdown()


def accept_is_taken_back(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    pixels = {t: desk.pixels(t) for t in KEYS}
    yield from desk.do("accept", [2, 5])
    assert desk.row(2).is_reference
    yield from desk.do("take_back_accept", [2])
    assert desk.states() == {0: "artist", 2: "predicted", 5: "accepted", 6: "predicted"}
    assert not desk.row(2).is_reference
    assert {t: desk.pixels(t) for t in KEYS} == pixels
    yield from desk.reopened()
    assert desk.states()[2] == "predicted"
    desk.controller.shutdown()


def accept_all_asks_where_frames_are_doubtful(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    desk.controller.accept_all()
    level, text, actions = desk.messages[-1]
    assert (level, text) == (
        "warning",
        "3 of 3 frames have doubtful segments. Accept all the same?",
    )
    assert desk.states()[2] == "predicted"
    assert [label for label, _ in actions] == ["All"], "none of them is sure"
    actions[0][1]()
    yield from desk.rests()
    assert desk.states() == {0: "artist", 2: "accepted", 5: "accepted", 6: "accepted"}
    desk.controller.shutdown()


def a_new_color_layer_is_the_active_one(ctx):
    """So that the next stroke does not go onto the lines; the playhead stays."""
    desk = yield from ready(ctx, painted=())
    desk.document.layer(desk.color).node.remove()
    yield from ctx.settle(desk.document.raw, 0.3)
    yield from desk.look()
    yield from ctx.activate(desk.document, desk.line)
    yield from steps.goto(desk.document, 2)
    yield from desk.do("propagate")
    assert desk.document.active_layer_uuid() == desk.controller.color_layer != desk.line
    assert desk.document.current_time == 2
    desk.controller.shutdown()


def a_click_recolors_the_segment_at_once(ctx):
    """On that frame alone; one answer puts the same mistake right in later frames, one undoes."""
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    yield from steps.goto(desk.document, 6)
    before = {t: desk.pixels(t) for t in KEYS}
    runs = len(desk.engine.asked("propagate"))
    said = yield from desk.do("give_hint", 2, LEFT, logical(GREEN))
    assert said == ["Also fix 2 later frames?"], said
    assert desk.pixels(2) == desk.predicted(2, GREEN, BLUE)
    assert {t: desk.pixels(t) for t in (0, 5, 6)} == {t: before[t] for t in (0, 5, 6)}
    assert len(desk.engine.asked("propagate")) == runs
    info = desk.controller.segment_at(2, LEFT)
    yield from desk.rests()
    info = desk.controller.segment_at(2, LEFT)
    assert (info.color, info.hinted, info.doubtful) == (logical(GREEN), True, False)
    _, (fix, _) = yield from _answers(desk)
    fix[1]()
    said = yield from desk.rests()
    assert said == ["3 frames fixed."], said
    assert {t: desk.pixels(t) for t in (2, 5, 6)} == {
        t: desk.predicted(t, GREEN, BLUE) for t in (2, 5, 6)
    }
    hints = desk.controller._desk.shot.journal.hints["hints"]
    assert sorted(hint["frame"] for hint in hints) == [2, 5, 6]
    _, (undo,) = yield from _answers(desk)
    undo[1]()
    yield from desk.rests()
    assert {t: desk.pixels(t) for t in KEYS} == before
    assert desk.controller._desk.shot.journal.hints["hints"] == []
    assert [desk.row(t).segments for t in (2, 5, 6)] == [2, 2, 2]
    assert desk.document.current_time == 6
    desk.controller.shutdown()


def a_fix_is_undone_by_krita_and_kept_by_later_runs(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    yield from desk.do("give_hint", 2, RIGHT, logical(GREEN))
    assert desk.pixels(2) == desk.predicted(2, RED, GREEN)
    said = yield from desk.do("propagate")
    assert said == ["Nothing had to be colored again."], said
    yield from ctx.action(desk.document, "edit_undo")
    assert desk.pixels(2) == desk.predicted(2)
    yield NOTICED_SECONDS
    yield from desk.rests()
    assert desk.states()[2] == "predicted"
    desk.controller.shutdown()


def a_fix_starts_the_engine(ctx):
    """After reopening, before any run."""
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    yield from desk.reopened()
    assert desk.engine.starts == 0
    yield from desk.do("give_hint", 6, RIGHT, logical(GREEN))
    assert desk.pixels(6) == desk.predicted(6, RED, GREEN)
    assert desk.engine.starts == 1
    desk.controller.shutdown()


def undo_of_a_fix_brings_the_artist_s_words_back(ctx):
    """The yes, the hint and the lock that the fix replaced, and that it is no reference."""
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    yield from desk.do("give_hint", 6, LEFT, logical(GREEN))
    yield from desk.do("toggle_lock", 6, RIGHT)
    yield from desk.do("accept", [6])
    yield from desk.do("toggle_reference", 6)
    before, row = desk.pixels(6), desk.row(6)
    hints = copy.deepcopy(desk.controller._desk.shot.journal.hints)
    assert row.state == "accepted"
    for place, color in ((LEFT, BLUE), (RIGHT, GREEN)):
        yield from desk.do("give_hint", 6, place, logical(color))
        assert desk.pixels(6) != before
        assert desk.row(6).state == "predicted"
        _, answers = yield from _answers(desk)
        assert answers[-1][0] == "Undo", answers
        answers[-1][1]()
        said = yield from desk.rests()
        assert said == [], said
        assert desk.pixels(6) == before
        assert desk.row(6) == row
        assert desk.controller._desk.shot.journal.hints == hints
    desk.controller.shutdown()


def what_a_fix_of_several_frames_cannot_do_is_told_and_undone(ctx):
    """One of the later frames was painted on meanwhile: the others are fixed, and taken back."""
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    before = {t: desk.pixels(t) for t in KEYS}
    yield from desk.do("give_hint", 2, LEFT, logical(GREEN))
    _, (fix, _) = yield from _answers(desk)
    yield from desk.paint(5, RED, GREEN)
    fix[1]()
    said = yield from desk.rests()
    assert said[-1].startswith("2 frames fixed. Frame 5 was changed"), said
    assert desk.pixels(5) == desk.colors(RED, GREEN)
    hints = desk.controller._desk.shot.journal.hints["hints"]
    assert sorted(hint["frame"] for hint in hints) == [2, 6]
    _, (undo,) = yield from _answers(desk)
    undo[1]()
    yield from desk.rests()
    assert {t: desk.pixels(t) for t in (0, 2, 6)} == {t: before[t] for t in (0, 2, 6)}
    assert desk.controller._desk.shot.journal.hints["hints"] == []
    desk.controller.shutdown()


def a_fix_that_fails_leaves_no_hint(ctx):
    """And the frame is as accepted as it was."""
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    yield from desk.do("accept", [2])
    before = desk.pixels(2)
    desk.document.layer(desk.color).node.setLocked(True)
    said = yield from desk.do("give_hint", 2, LEFT, logical(GREEN))
    assert "locked" in said[-1], said
    assert desk.controller._desk.shot.journal.hints["hints"] == []
    assert (desk.states()[2], desk.pixels(2)) == ("accepted", before)
    desk.controller.shutdown()


def an_answered_message_does_not_come_again(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    yield from desk.do("give_hint", 2, LEFT, logical(GREEN))
    shown = []
    desk.controller.message.connect(lambda *message: shown.append(message[1]))
    desk.controller.close_message()
    other = yield from ctx.new_document(name="other")
    yield NOTICED_SECONDS
    yield from ctx.close(other)
    ctx.krita.setActiveDocument(desk.document.raw)
    yield NOTICED_SECONDS
    assert not any(shown), shown
    desk.controller.shutdown()


def a_tablet_s_stroke_is_waited_for(ctx):
    """One that began before any job; tablet events as Qt sends them, but sent by this test."""
    desk = yield from ready(ctx)
    group = yield from ctx.add_layer(desk.document, "Inks", "grouplayer")
    node = desk.document.layer(group).node
    yield from ctx.add_layer(desk.document, "Ink", parent=node, still=False)
    inner = desk.document.layers()[1].uuid
    yield from writing.put(desk.document, inner, 2, desk.box, desk.drawing(2, inner))
    yield from desk.do("set_line_layers", [group])
    yield from ctx.activate(desk.document, desk.color)
    yield from steps.goto(desk.document, 0)
    target = QtWidgets.QWidget()
    send_pen(target, "TabletPress")
    try:
        seen, job = set(), reading.teach_drawing(desk.controller._desk.shot, desk.engine, 2)
        wish = next(job)
        while wish is None:
            seen.add((desk.document.current_time, desk.document.active_layer_uuid()))
            yield
            wish = next(job)
        assert wish[0] is hand.is_up, wish
        assert not hand.is_up()
        yield 0.5
        assert not hand.is_up()
        assert seen <= {(0, desk.color)}, seen
        assert desk.document.current_time == 0
        job.close()
    finally:
        send_pen(target, "TabletRelease")
    assert hand.is_up()
    desk.controller.shutdown()


def _answers(desk):
    """Return the message that stands in the docker, and what can be answered."""
    yield
    message, _ = desk.controller._messages._said[desk.document.key]
    return message.text, message.actions


def messages_belong_to_a_document(ctx):
    """And go when what they spoke of is otherwise."""
    desk = yield from ready(ctx, painted=())
    yield from desk.do("propagate")
    shown = []
    desk.controller.message.connect(lambda *message: shown.append(message[1]))
    other = yield from ctx.new_document(name="other")
    yield NOTICED_SECONDS
    assert shown[-1:] == [""], shown
    yield from ctx.close(other)
    ctx.krita.setActiveDocument(desk.document.raw)
    yield NOTICED_SECONDS
    assert "no painted frame" in shown[-1], shown
    yield from desk.paint(0, RED, BLUE)
    yield NOTICED_SECONDS
    yield from desk.rests()
    assert shown[-1] == "", shown
    desk.controller.shutdown()


def new_paint_is_noticed_within_a_second(ctx):
    """On the frame that is shown, with the pointer nowhere near the docker."""
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    yield from ctx.paint(desk.document, desk.color, 5, 9, 90, 9)
    yield NOTICED_SECONDS
    assert desk.states()[5] == "artist"
    desk.controller.shutdown()
