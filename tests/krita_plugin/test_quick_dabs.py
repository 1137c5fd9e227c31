"""Dabs that come while one is at work: each is followed, and all can be taken back at once."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors.fixing import Dab, Fixed
from krita_plugin.propagate_colors.host import steps, writing
from tests.in_krita.scenarios.hand import LEFT, RIGHT
from tests.in_krita.scenarios.reviews import colored
from tests.in_krita.scenarios.rig import BLUE, GREEN, RED, logical

NOTICED_SECONDS = 1.2


def dab(rig, point, color):
    """Press on the canvas at frame 5 with a foreground colour."""
    rig.controller.foreground_color = lambda: (logical(color), (0, 0, 0))
    rig.controller._on_dab(point)


def at_frame_5(ctx):
    rig = yield from colored(ctx)
    yield from rig.do("go_to", 5)
    return rig


def former_of(rig):
    """Return what the frames of the last fix held, as its message's Undo would bring back."""
    message, _ = rig.controller._messages._said[rig.document.key]
    undo = dict(message.actions).get("Undo") or dict(message.actions)["Fix"]
    return next(
        c.cell_contents for c in undo.__closure__ if isinstance(c.cell_contents, Fixed)
    ).former


def open_behind(ctx, rig):
    """Open another document behind the rig's; returns it."""
    other = yield from ctx.new_document(name="other")
    ctx.krita.setActiveDocument(rig.document.raw)
    yield NOTICED_SECONDS
    yield from rig.rests()
    return other


def comes_in_front_at_the_end(ctx, rig, other):
    """Bring another document in front just before the end of the present job is told."""
    finish = rig.controller._worker._done

    def switched(value):
        ctx.krita.setActiveDocument(other.raw)
        finish(value)

    rig.controller._worker._runner._on_result = switched


def answer(rig, label):
    message, _ = rig.controller._messages._said[rig.document.key]
    dict(message.actions)[label]()


def test_undo_takes_back_all_of_them(run):
    def scenario(ctx):
        rig = yield from at_frame_5(ctx)
        before = rig.pixels(5)
        hints = list(rig.controller._documents.shot.journal.hints["hints"])
        for point, color in ((LEFT, GREEN), (RIGHT, GREEN), (LEFT, BLUE)):
            dab(rig, point, color)
        said = yield from rig.rests()
        assert rig.pixels(5) == rig.predicted(5, BLUE, GREEN)
        assert len(said) == 1, said
        answer(rig, "Undo")
        yield from rig.rests()
        assert rig.pixels(5) == before
        assert rig.controller._documents.shot.journal.hints["hints"] == hints
        assert rig.row(5).state == "predicted"
        rig.controller.shutdown()

    run(scenario)


def test_later_frames_of_dabs_of_one_color_are_fixed_together(run):
    def scenario(ctx):
        rig = yield from at_frame_5(ctx)
        dab(rig, LEFT, GREEN)
        dab(rig, RIGHT, GREEN)
        said = yield from rig.rests()
        assert said == ["Also fix 1 later frame?"], said
        answer(rig, "Fix")
        said = yield from rig.rests()
        assert said == ["2 frames fixed."], said
        assert rig.pixels(6) == rig.predicted(6, GREEN, GREEN)
        rig.controller.shutdown()

    run(scenario)


def test_one_that_is_refused_leaves_the_undo_of_those_before(run):
    def scenario(ctx):
        rig = yield from at_frame_5(ctx)
        before = rig.pixels(5)
        rig.controller._show = lambda _: setattr(rig.engine, "cannot", "segment_map")
        dab(rig, LEFT, GREEN)
        dab(rig, RIGHT, GREEN)
        (said,) = yield from rig.rests()
        assert said.startswith("1 frame fixed. "), said
        rig.engine.cannot = ""
        answer(rig, "Undo")
        yield from rig.rests()
        assert rig.pixels(5) == before
        rig.controller.shutdown()

    run(scenario)


def test_a_dab_answers_nothing_in_another_document(run):
    def scenario(ctx):
        rig = yield from at_frame_5(ctx)
        other = yield from open_behind(ctx, rig)
        dab(rig, LEFT, GREEN)
        comes_in_front_at_the_end(ctx, rig, other)
        assert (yield from rig.rests()) == []
        assert rig.controller._documents.shot.document.key == other.key
        rig.controller.shutdown()

    run(scenario)


def test_without_a_foreground_color_that_is_said(run):
    def scenario(ctx):
        rig = yield from at_frame_5(ctx)
        rig.controller.foreground_color = lambda: None
        rig.controller._on_dab(LEFT)
        said = yield from rig.rests()
        assert said == ["Krita tells no foreground color: choose one and click again."], said
        rig.controller.shutdown()

    run(scenario)


def test_one_on_another_kind_of_frame_leaves_the_undo_of_those_before(run):
    def scenario(ctx):
        rig = yield from at_frame_5(ctx)
        before = rig.pixels(5)
        dab(rig, LEFT, GREEN)
        shot = rig.controller._documents.shot
        rig.controller._waiting.append(Dab(shot, 0, LEFT, logical(GREEN)))  # the artist's
        said = yield from rig.rests()
        assert said[-1] == "Also fix 1 later frame?", said
        rig.controller._take_back(former_of(rig))
        yield from rig.rests()
        assert rig.pixels(5) == before
        rig.controller.shutdown()

    run(scenario)


def test_answers_of_a_fix_do_nothing_to_another_color_layer(run):
    def scenario(ctx):
        rig = yield from at_frame_5(ctx)
        dab(rig, LEFT, GREEN)
        yield from rig.rests()
        former = former_of(rig)
        other = yield from steps.create_color_layer(rig.document, "Other", rig.line)
        yield from writing.put(rig.document, other, 0, rig.box, rig.colors(RED, BLUE))
        yield from rig.look()
        yield from rig.do("set_color_layer", other)
        assert rig.document.key not in rig.controller._messages._said
        yield from rig.do("propagate")
        fixed, own = rig.pixels(5), ctx.pixels(rig.document, other, 5)
        assert own is not None
        rig.controller._take_back(former)
        said = yield from rig.rests()
        assert said == ["Frame 5 was changed since it was colored, so it stays as it is."], said
        assert (rig.pixels(5), ctx.pixels(rig.document, other, 5)) == (fixed, own)
        rig.controller.shutdown()

    run(scenario)


def test_a_dab_during_a_run_gives_it_no_other_layers(run):
    def scenario(ctx):
        rig = yield from at_frame_5(ctx)
        other = yield from steps.create_color_layer(rig.document, "Paint", rig.line)
        yield from writing.put(rig.document, other, 0, rig.box, rig.colors(RED, BLUE))
        yield from rig.look()
        held = ctx.pixels(rig.document, other, 0)
        yield from rig.do("undo", [2, 5, 6])
        rig.engine.stop_after = 2
        rig.controller.propagate()
        yield lambda: rig.color_keys() == [0, 2], 20.0
        rig.document.layer(rig.color).node.remove()
        dab(rig, LEFT, GREEN)
        rig.engine.go_on()
        yield from rig.rests()
        assert rig.document.layer(other).key_times() == [0]
        assert ctx.pixels(rig.document, other, 0) == held
        rig.controller.shutdown()

    run(scenario)


def test_what_a_run_did_is_said_in_its_own_document(run):
    def scenario(ctx):
        rig = yield from at_frame_5(ctx)
        other = yield from open_behind(ctx, rig)
        rig.controller.propagate()
        comes_in_front_at_the_end(ctx, rig, other)
        assert (yield from rig.rests()) == []
        ctx.krita.setActiveDocument(rig.document.raw)
        yield NOTICED_SECONDS
        assert (yield from rig.rests()) == ["Nothing had to be colored again."]
        rig.controller.shutdown()

    run(scenario)


def test_one_on_another_frame_while_a_fix_is_at_work_is_of_that_frame(run):
    def scenario(ctx):
        rig = yield from at_frame_5(ctx)
        before = rig.pixels(5)
        dab(rig, LEFT, GREEN)
        assert rig.controller.busy == "fixing"
        yield from steps.goto(rig.document, 6)
        dab(rig, RIGHT, GREEN)
        yield from rig.rests()
        assert rig.pixels(5) == rig.predicted(5, GREEN, BLUE) != before
        assert rig.pixels(6) == rig.predicted(6, RED, GREEN)
        hints = rig.controller._documents.shot.journal.hints["hints"]
        assert [hint["frame"] for hint in hints] == [5, 6]
        rig.controller.shutdown()

    run(scenario)
