"""Dabs that come while one is at work: each is followed, and all can be taken back at once."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors.fixing import Dab, Fixed
from krita_plugin.propagate_colors.host import steps, writing
from tests.in_krita.scenarios.desk import BLUE, GREEN, RED, logical
from tests.in_krita.scenarios.hand import LEFT, RIGHT
from tests.in_krita.scenarios.reviews import colored

NOTICED_SECONDS = 1.2


def dab(desk, point, color):
    """Press on the canvas at frame 5 with a foreground colour."""
    desk.controller.foreground_color = lambda: (logical(color), (0, 0, 0))
    desk.controller._on_dab(point)


def at_frame_5(ctx):
    desk = yield from colored(ctx)
    yield from desk.do("go_to", 5)
    return desk


def former_of(desk):
    """Return what the frames of the last fix held, as its message's Undo would bring back."""
    message, _ = desk.controller._messages._said[desk.document.key]
    undo = dict(message.actions).get("Undo") or dict(message.actions)["Fix"]
    return next(
        c.cell_contents for c in undo.__closure__ if isinstance(c.cell_contents, Fixed)
    ).former


def open_behind(ctx, desk):
    """Open another document behind the desk's; returns it."""
    other = yield from ctx.new_document(name="other")
    ctx.krita.setActiveDocument(desk.document.raw)
    yield NOTICED_SECONDS
    yield from desk.rests()
    return other


def comes_in_front_at_the_end(ctx, desk, other):
    """Bring another document in front just before the end of the present job is told."""
    finish = desk.controller._worker._done

    def switched(value):
        ctx.krita.setActiveDocument(other.raw)
        finish(value)

    desk.controller._worker._runner._on_result = switched


def answer(desk, label):
    message, _ = desk.controller._messages._said[desk.document.key]
    dict(message.actions)[label]()


def test_undo_takes_back_all_of_them(run):
    def scenario(ctx):
        desk = yield from at_frame_5(ctx)
        before = desk.pixels(5)
        hints = list(desk.controller._desk.shot.journal.hints["hints"])
        for point, color in ((LEFT, GREEN), (RIGHT, GREEN), (LEFT, BLUE)):
            dab(desk, point, color)
        said = yield from desk.rests()
        assert desk.pixels(5) == desk.predicted(5, BLUE, GREEN)
        assert len(said) == 1, said
        answer(desk, "Undo")
        yield from desk.rests()
        assert desk.pixels(5) == before
        assert desk.controller._desk.shot.journal.hints["hints"] == hints
        assert desk.row(5).state == "predicted"
        desk.controller.shutdown()

    run(scenario)


def test_later_frames_of_dabs_of_one_color_are_fixed_together(run):
    def scenario(ctx):
        desk = yield from at_frame_5(ctx)
        dab(desk, LEFT, GREEN)
        dab(desk, RIGHT, GREEN)
        said = yield from desk.rests()
        assert said == ["Also fix 1 later frame?"], said
        answer(desk, "Fix")
        said = yield from desk.rests()
        assert said == ["2 frames fixed."], said
        assert desk.pixels(6) == desk.predicted(6, GREEN, GREEN)
        desk.controller.shutdown()

    run(scenario)


def test_one_that_is_refused_leaves_the_undo_of_those_before(run):
    def scenario(ctx):
        desk = yield from at_frame_5(ctx)
        before = desk.pixels(5)
        desk.controller._show = lambda _: setattr(desk.engine, "cannot", "segment_map")
        dab(desk, LEFT, GREEN)
        dab(desk, RIGHT, GREEN)
        (said,) = yield from desk.rests()
        assert said.startswith("1 frame fixed. "), said
        desk.engine.cannot = ""
        answer(desk, "Undo")
        yield from desk.rests()
        assert desk.pixels(5) == before
        desk.controller.shutdown()

    run(scenario)


def test_a_dab_answers_nothing_in_another_document(run):
    def scenario(ctx):
        desk = yield from at_frame_5(ctx)
        other = yield from open_behind(ctx, desk)
        dab(desk, LEFT, GREEN)
        comes_in_front_at_the_end(ctx, desk, other)
        assert (yield from desk.rests()) == []
        assert desk.controller._desk.shot.document.key == other.key
        desk.controller.shutdown()

    run(scenario)


def test_without_a_foreground_color_that_is_said(run):
    def scenario(ctx):
        desk = yield from at_frame_5(ctx)
        desk.controller.foreground_color = lambda: None
        desk.controller._on_dab(LEFT)
        said = yield from desk.rests()
        assert said == ["Krita tells no foreground color: choose one and click again."], said
        desk.controller.shutdown()

    run(scenario)


def test_one_on_another_kind_of_frame_leaves_the_undo_of_those_before(run):
    def scenario(ctx):
        desk = yield from at_frame_5(ctx)
        before = desk.pixels(5)
        dab(desk, LEFT, GREEN)
        shot = desk.controller._desk.shot
        desk.controller._waiting.append(Dab(shot, 0, LEFT, logical(GREEN)))  # the artist's
        said = yield from desk.rests()
        assert said[-1] == "Also fix 1 later frame?", said
        desk.controller._take_back(former_of(desk))
        yield from desk.rests()
        assert desk.pixels(5) == before
        desk.controller.shutdown()

    run(scenario)


def test_answers_of_a_fix_do_nothing_to_another_color_layer(run):
    def scenario(ctx):
        desk = yield from at_frame_5(ctx)
        dab(desk, LEFT, GREEN)
        yield from desk.rests()
        former = former_of(desk)
        other = yield from steps.create_color_layer(desk.document, "Other", desk.line)
        yield from writing.put(desk.document, other, 0, desk.box, desk.colors(RED, BLUE))
        yield from desk.look()
        yield from desk.do("set_color_layer", other)
        assert desk.document.key not in desk.controller._messages._said
        yield from desk.do("propagate")
        fixed, own = desk.pixels(5), ctx.pixels(desk.document, other, 5)
        assert own is not None
        desk.controller._take_back(former)
        said = yield from desk.rests()
        assert said == ["Frame 5 was changed since it was colored, so it stays as it is."], said
        assert (desk.pixels(5), ctx.pixels(desk.document, other, 5)) == (fixed, own)
        desk.controller.shutdown()

    run(scenario)


def test_a_dab_during_a_run_gives_it_no_other_layers(run):
    def scenario(ctx):
        desk = yield from at_frame_5(ctx)
        other = yield from steps.create_color_layer(desk.document, "Paint", desk.line)
        yield from writing.put(desk.document, other, 0, desk.box, desk.colors(RED, BLUE))
        yield from desk.look()
        held = ctx.pixels(desk.document, other, 0)
        yield from desk.do("undo", [2, 5, 6])
        desk.engine.stop_after = 2
        desk.controller.propagate()
        yield lambda: desk.color_keys() == [0, 2], 20.0
        desk.document.layer(desk.color).node.remove()
        dab(desk, LEFT, GREEN)
        desk.engine.go_on()
        yield from desk.rests()
        assert desk.document.layer(other).key_times() == [0]
        assert ctx.pixels(desk.document, other, 0) == held
        desk.controller.shutdown()

    run(scenario)


def test_what_a_run_did_is_said_in_its_own_document(run):
    def scenario(ctx):
        desk = yield from at_frame_5(ctx)
        other = yield from open_behind(ctx, desk)
        desk.controller.propagate()
        comes_in_front_at_the_end(ctx, desk, other)
        assert (yield from desk.rests()) == []
        ctx.krita.setActiveDocument(desk.document.raw)
        yield NOTICED_SECONDS
        assert (yield from desk.rests()) == ["Nothing had to be colored again."]
        desk.controller.shutdown()

    run(scenario)


def test_one_on_another_frame_while_a_fix_is_at_work_is_of_that_frame(run):
    def scenario(ctx):
        desk = yield from at_frame_5(ctx)
        before = desk.pixels(5)
        dab(desk, LEFT, GREEN)
        assert desk.controller.busy == "fixing"
        yield from steps.goto(desk.document, 6)
        dab(desk, RIGHT, GREEN)
        yield from desk.rests()
        assert desk.pixels(5) == desk.predicted(5, GREEN, BLUE) != before
        assert desk.pixels(6) == desk.predicted(6, RED, GREEN)
        hints = desk.controller._desk.shot.journal.hints["hints"]
        assert [hint["frame"] for hint in hints] == [5, 6]
        desk.controller.shutdown()

    run(scenario)
