"""What the artist does with frames of ours: undo of two kinds, yes and no, a click that fixes."""

import copy
import logging

from krita_plugin.propagate_colors.host import hand, steps, writing
from krita_plugin.propagate_colors.log import logger
from krita_plugin.propagate_colors.qt import QtWidgets
from krita_plugin.propagate_colors.work import reading
from tests.in_krita.scenarios.rig import BLUE, GREEN, KEYS, RED, logical, ready
from tests.in_krita.scenarios.tablet import send_pen

LEFT, RIGHT = (10, 24), (50, 24)
NOTICED_SECONDS = 1.0


class Heard(logging.Handler):
    """Collects all that the plugin logs."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def nothing_moves_while_frames_are_written_and_taken_back(ctx):
    """Every turn of the event loop is looked at, not only the end."""
    rig = yield from ready(ctx)
    yield from ctx.activate(rig.document, rig.line)
    yield from steps.goto(rig.document, 5)
    for command, arguments in (("propagate", ()), ("undo", (list(KEYS),)), ("propagate", ())):
        getattr(rig.controller, command)(*arguments)
        seen = set()
        while rig.controller.busy is not None:
            seen.add((rig.document.current_time, rig.document.active_layer_uuid()))
            yield
        assert seen == {(5, rig.line)}, (command, seen)
        yield from rig.rests()
    assert rig.color_keys() == list(KEYS)
    assert all(rig.pixels(t) == rig.predicted(t) for t in (2, 5, 6))
    rig.controller.shutdown()


def krita_s_undo_takes_back_a_frame_in_one_step(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    for left in ([0, 2, 5], [0, 2], [0]):
        yield from ctx.action(rig.document, "edit_undo")
        assert rig.color_keys() == left
    for back in ([0, 2], [0, 2, 5], [0, 2, 5, 6]):
        yield from ctx.action(rig.document, "edit_redo")
        assert rig.color_keys() == back
        assert rig.pixels(back[-1]) == rig.predicted(back[-1])
    yield NOTICED_SECONDS
    yield from rig.rests()
    assert [rig.row(t).segments for t in (2, 5, 6)] == [2, 2, 2]
    rig.controller.shutdown()


def krita_s_undo_of_the_docker_s_undo_brings_the_record_back(ctx):
    """Picture and record agree after undo here, Ctrl+Z, redo, and undo here again."""
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    yield from steps.goto(rig.document, 0)
    yield from rig.do("undo", [5])
    assert rig.states()[5] == "todo"
    yield from ctx.action(rig.document, "edit_undo")
    assert rig.pixels(5) == rig.predicted(5)
    yield NOTICED_SECONDS
    yield from rig.rests()
    assert (rig.row(5).state, rig.row(5).segments) == ("predicted", 2)
    yield from ctx.action(rig.document, "edit_redo")
    yield NOTICED_SECONDS
    yield from rig.rests()
    assert (rig.states()[5], rig.color_keys()) == ("todo", [0, 2, 6])
    yield from ctx.action(rig.document, "edit_undo")
    yield NOTICED_SECONDS
    yield from rig.rests()
    said = yield from rig.do("undo", [5])
    assert said == [], said
    assert rig.color_keys() == [0, 2, 6]
    rig.controller.shutdown()


def krita_s_undo_of_a_second_run_brings_the_first_record_back(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    first = {t: rig.pixels(t) for t in (2, 5, 6)}
    yield from rig.do("accept", [5])
    yield from rig.do("undo", [5])
    yield from ctx.action(rig.document, "edit_undo")
    yield NOTICED_SECONDS
    yield from rig.rests()
    assert rig.states()[5] == "accepted", "with the artist's yes"
    assert rig.pixels(5) == first[5]
    yield from rig.reopened()
    assert rig.states()[5] == "accepted", rig.states()
    rig.controller.shutdown()


def accept_is_taken_back(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    pixels = {t: rig.pixels(t) for t in KEYS}
    yield from rig.do("accept", [2, 5])
    assert rig.row(2).is_reference
    yield from rig.do("take_back_accept", [2])
    assert rig.states() == {0: "artist", 2: "predicted", 5: "accepted", 6: "predicted"}
    assert not rig.row(2).is_reference
    assert {t: rig.pixels(t) for t in KEYS} == pixels
    yield from rig.reopened()
    assert rig.states()[2] == "predicted"
    rig.controller.shutdown()


def accept_all_asks_where_frames_are_doubtful(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    rig.controller.accept_all()
    level, text, actions = rig.messages[-1]
    assert (level, text) == (
        "warning",
        "3 of 3 frames have doubtful segments. Accept all the same?",
    )
    assert rig.states()[2] == "predicted"
    assert [label for label, _ in actions] == ["All"], "none of them is sure"
    actions[0][1]()
    yield from rig.rests()
    assert rig.states() == {0: "artist", 2: "accepted", 5: "accepted", 6: "accepted"}
    rig.controller.shutdown()


def a_new_color_layer_is_the_active_one(ctx):
    """So that the next stroke does not go onto the lines; the playhead stays."""
    rig = yield from ready(ctx, painted=())
    rig.document.layer(rig.color).node.remove()
    yield from ctx.settle(rig.document.raw, 0.3)
    yield from rig.look()
    yield from ctx.activate(rig.document, rig.line)
    yield from steps.goto(rig.document, 2)
    yield from rig.do("propagate")
    assert rig.document.active_layer_uuid() == rig.controller.color_layer != rig.line
    assert rig.document.current_time == 2
    rig.controller.shutdown()


def a_click_recolors_the_segment_at_once(ctx):
    """On that frame alone; one answer puts the same mistake right in later frames, one undoes."""
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    yield from steps.goto(rig.document, 6)
    before = {t: rig.pixels(t) for t in KEYS}
    runs = len(rig.engine.asked("propagate"))
    said = yield from rig.do("give_hint", 2, LEFT, logical(GREEN))
    assert said == ["Also fix 2 later frames?"], said
    assert rig.pixels(2) == rig.predicted(2, GREEN, BLUE)
    assert {t: rig.pixels(t) for t in (0, 5, 6)} == {t: before[t] for t in (0, 5, 6)}
    assert len(rig.engine.asked("propagate")) == runs
    info = rig.controller.segment_at(2, LEFT)
    yield from rig.rests()
    info = rig.controller.segment_at(2, LEFT)
    assert (info.color, info.hinted, info.doubtful) == (logical(GREEN), True, False)
    _, (fix, _) = yield from _answers(rig)
    fix[1]()
    said = yield from rig.rests()
    assert said == ["3 frames fixed."], said
    assert {t: rig.pixels(t) for t in (2, 5, 6)} == {
        t: rig.predicted(t, GREEN, BLUE) for t in (2, 5, 6)
    }
    hints = rig.controller._documents.shot.journal.hints["hints"]
    assert sorted(hint["frame"] for hint in hints) == [2, 5, 6]
    _, (undo,) = yield from _answers(rig)
    undo[1]()
    yield from rig.rests()
    assert {t: rig.pixels(t) for t in KEYS} == before
    assert rig.controller._documents.shot.journal.hints["hints"] == []
    assert [rig.row(t).segments for t in (2, 5, 6)] == [2, 2, 2]
    assert rig.document.current_time == 6
    rig.controller.shutdown()


def a_fix_is_undone_by_krita_and_kept_by_later_runs(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    yield from rig.do("give_hint", 2, RIGHT, logical(GREEN))
    assert rig.pixels(2) == rig.predicted(2, RED, GREEN)
    said = yield from rig.do("propagate")
    assert said == ["Nothing had to be colored again."], said
    yield from ctx.action(rig.document, "edit_undo")
    assert rig.pixels(2) == rig.predicted(2)
    yield NOTICED_SECONDS
    yield from rig.rests()
    assert rig.states()[2] == "predicted"
    rig.controller.shutdown()


def a_fix_starts_the_engine(ctx):
    """After reopening, before any run."""
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    yield from rig.reopened()
    assert rig.engine.starts == 0
    yield from rig.do("give_hint", 6, RIGHT, logical(GREEN))
    assert rig.pixels(6) == rig.predicted(6, RED, GREEN)
    assert rig.engine.starts == 1
    rig.controller.shutdown()


def undo_of_a_fix_brings_the_artist_s_words_back(ctx):
    """The yes, the hint and the lock that the fix replaced, and that it is no reference."""
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    yield from rig.do("give_hint", 6, LEFT, logical(GREEN))
    yield from rig.do("toggle_lock", 6, RIGHT)
    yield from rig.do("accept", [6])
    yield from rig.do("toggle_reference", 6)
    before, row = rig.pixels(6), rig.row(6)
    hints = copy.deepcopy(rig.controller._documents.shot.journal.hints)
    assert row.state == "accepted"
    for place, color in ((LEFT, BLUE), (RIGHT, GREEN)):
        yield from rig.do("give_hint", 6, place, logical(color))
        assert rig.pixels(6) != before
        assert rig.row(6).state == "accepted"
        _, answers = yield from _answers(rig)
        assert answers[-1][0] == "Undo", answers
        answers[-1][1]()
        said = yield from rig.rests()
        assert said == [], said
        assert rig.pixels(6) == before
        assert rig.row(6) == row
        assert rig.controller._documents.shot.journal.hints == hints
    rig.controller.shutdown()


def what_a_fix_of_several_frames_cannot_do_is_told_and_undone(ctx):
    """One of the later frames was painted on meanwhile: the others are fixed, and taken back."""
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    before = {t: rig.pixels(t) for t in KEYS}
    yield from rig.do("give_hint", 2, LEFT, logical(GREEN))
    _, (fix, _) = yield from _answers(rig)
    yield from rig.paint(5, RED, GREEN)
    fix[1]()
    said = yield from rig.rests()
    assert said[-1].startswith("2 frames fixed. Frame 5 was changed"), said
    assert rig.pixels(5) == rig.colors(RED, GREEN)
    hints = rig.controller._documents.shot.journal.hints["hints"]
    assert sorted(hint["frame"] for hint in hints) == [2, 6]
    _, (undo,) = yield from _answers(rig)
    undo[1]()
    yield from rig.rests()
    assert {t: rig.pixels(t) for t in (0, 2, 6)} == {t: before[t] for t in (0, 2, 6)}
    assert rig.controller._documents.shot.journal.hints["hints"] == []
    rig.controller.shutdown()


def a_fix_that_fails_leaves_no_hint(ctx):
    """And the frame is as accepted as it was."""
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    yield from rig.do("accept", [2])
    before = rig.pixels(2)
    rig.document.layer(rig.color).node.setLocked(True)
    said = yield from rig.do("give_hint", 2, LEFT, logical(GREEN))
    assert "locked" in said[-1], said
    assert rig.controller._documents.shot.journal.hints["hints"] == []
    assert (rig.states()[2], rig.pixels(2)) == ("accepted", before)
    rig.controller.shutdown()


def an_answered_message_does_not_come_again(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    yield from rig.do("give_hint", 2, LEFT, logical(GREEN))
    shown = []
    rig.controller.message.connect(lambda *message: shown.append(message[1]))
    rig.controller.close_message()
    other = yield from ctx.new_document(name="other")
    yield NOTICED_SECONDS
    yield from ctx.close(other)
    ctx.krita.setActiveDocument(rig.document.raw)
    yield NOTICED_SECONDS
    assert not any(shown), shown
    rig.controller.shutdown()


def a_tablet_s_stroke_is_waited_for(ctx):
    """One that began before any job; tablet events as Qt sends them, but sent by this test."""
    rig = yield from ready(ctx)
    group = yield from ctx.add_layer(rig.document, "Inks", "grouplayer")
    node = rig.document.layer(group).node
    yield from ctx.add_layer(rig.document, "Ink", parent=node, still=False)
    inner = rig.document.layers()[1].uuid
    yield from writing.put(rig.document, inner, 2, rig.box, rig.drawing(2, inner))
    yield from rig.do("set_line_layers", [group])
    yield from ctx.activate(rig.document, rig.color)
    yield from steps.goto(rig.document, 0)
    target = QtWidgets.QWidget()
    send_pen(target, "TabletPress")
    try:
        seen, job = set(), reading.teach_drawing(rig.controller._documents.shot, rig.engine, 2)
        wish = next(job)
        while wish is None:
            seen.add((rig.document.current_time, rig.document.active_layer_uuid()))
            yield
            wish = next(job)
        assert wish[0] is hand.is_up, wish
        assert not hand.is_up()
        yield 0.5
        assert not hand.is_up()
        assert seen <= {(0, rig.color)}, seen
        assert rig.document.current_time == 0
        job.close()
    finally:
        send_pen(target, "TabletRelease")
    assert hand.is_up()
    rig.controller.shutdown()


def _answers(rig):
    """Return the message that stands in the docker, and what can be answered."""
    yield
    message, _ = rig.controller._messages._said[rig.document.key]
    return message.text, message.actions


def messages_belong_to_a_document(ctx):
    """And go when what they spoke of is otherwise."""
    rig = yield from ready(ctx, painted=())
    yield from rig.do("propagate")
    shown = []
    rig.controller.message.connect(lambda *message: shown.append(message[1]))
    other = yield from ctx.new_document(name="other")
    yield NOTICED_SECONDS
    assert shown[-1:] == [""], shown
    yield from ctx.close(other)
    ctx.krita.setActiveDocument(rig.document.raw)
    yield NOTICED_SECONDS
    assert "no painted frame" in shown[-1], shown
    yield from rig.paint(0, RED, BLUE)
    yield NOTICED_SECONDS
    yield from rig.rests()
    assert shown[-1] == "", shown
    rig.controller.shutdown()


def documents_are_opened_without_a_word_in_the_log(ctx):
    """The docker looks while Krita is still opening one."""
    rig = yield from ready(ctx)
    rig.document.raw.setBatchmode(True)
    path = ctx.file("again.kra")
    assert rig.document.raw.saveAs(path)
    yield from ctx.settle(rig.document.raw, 0.3)
    heard, level = Heard(), logger.level
    logger.addHandler(heard)
    logger.setLevel(logging.INFO)
    try:
        for _ in range(2):
            other = yield from ctx.open_document(path)
            yield lambda other=other: rig.front() == other.key, 30.0
            yield from ctx.close(other)
            ctx.krita.setActiveDocument(rig.document.raw)
            yield lambda: rig.front() == rig.document.key, 30.0
    finally:
        logger.removeHandler(heard)
        logger.setLevel(level)
    assert not [text for text in heard.texts if "not looked" in text], heard.texts
    rig.controller.shutdown()


def what_is_said_of_a_run_goes_when_it_is_no_longer_so(ctx):
    """Where nothing is left to look at, and where all of it was taken back."""
    rig = yield from ready(ctx)
    shown = []
    rig.controller.message.connect(lambda *message: shown.append(message[1]))
    yield from rig.do("propagate")
    assert shown[-1] == "3 colored, 3 to look at.", shown
    yield from rig.do("accept", [2, 5])
    assert shown[-1] == "3 colored, 3 to look at.", shown
    yield from rig.do("accept", [6])
    assert shown[-1] == "", shown
    yield from rig.do("undo", [2, 5, 6])
    yield from rig.do("propagate")
    yield from rig.do("undo", [2, 5])
    assert shown[-1] == "3 colored, 3 to look at.", shown
    yield from rig.do("undo", [6])
    assert shown[-1] == "", shown
    rig.controller.shutdown()


def what_is_said_of_a_fix_goes_with_it(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    yield from rig.do("give_hint", 2, LEFT, logical(GREEN))
    text, _ = yield from _answers(rig)
    assert text == "Also fix 2 later frames?"
    shown = []
    rig.controller.message.connect(lambda *message: shown.append(message[1]))
    yield from rig.do("undo", [5])
    assert shown == []
    yield from rig.do("undo", [2])
    assert shown == [""]
    rig.controller.shutdown()


def new_paint_is_noticed_within_a_second(ctx):
    """On the frame that is shown, with the pointer nowhere near the docker."""
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    yield from ctx.paint(rig.document, rig.color, 5, 9, 90, 9)
    yield NOTICED_SECONDS
    assert rig.states()[5] == "artist"
    rig.controller.shutdown()
