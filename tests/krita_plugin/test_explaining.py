"""Why a segment has its colour: asked of the engine, shown until the frame is coloured anew."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from tests.in_krita.scenarios.reviews import colored
from tests.in_krita.scenarios.rig import BLUE, RED, logical, ready

LEFT, RIGHT = (1.0, 1.0), (50.0, 1.0)


def asked(ctx, time=2, point=LEFT):
    """A run, and a question about a segment of one of its frames."""
    rig = yield from colored(ctx)
    yield from rig.do("go_to", time)
    yield from rig.do("segment_at", time, point)
    yield from rig.do("explain_segment", time, point)
    return rig


def test_the_answer_is_of_the_runs_own_segment(run):
    def scenario(ctx):
        rig = yield from asked(ctx)
        (request,) = rig.engine.asked("explain")
        assert (request["frame"], request["segment"]) == (2, 1)
        assert 16 <= request["max_side"] <= 512
        explanation = rig.controller.explanation
        assert (explanation.time, explanation.info.segment, explanation.problem) == (2, 1, "")
        told = explanation.told
        assert told.taken
        assert [(one.name, one.segment, one.share) for one in told.matches] == [
            (0, 1, 0.8),
            (0, 2, 0.15),
        ]
        assert [one.display for one in told.matches] == [logical(RED)[:3], logical(BLUE)[:3]]
        assert sum(one.share for one in told.matches) + told.rest == pytest.approx(1)
        assert [one.across for one in told.layers] == [False, True]
        pictures = [told.picture, *(one.picture for one in told.matches)]
        pictures += [picture for layer in told.layers for _, picture in layer.pictures]
        assert pictures == [(2, 1, bytes([place]) * 8) for place in range(5)]
        rig.controller.shutdown()

    run(scenario)


def test_a_held_frame_asks_about_the_drawing_that_it_shows(run):
    def scenario(ctx):
        rig = yield from asked(ctx, 3)
        assert rig.engine.asked("explain")[0]["frame"] == 2
        assert rig.controller.explanation.time == 2
        rig.controller.shutdown()

    run(scenario)


def test_what_was_given_cannot_be_asked_about(run):
    def scenario(ctx):
        rig = yield from colored(ctx)
        controller = rig.controller
        for time in (0, 2):
            yield from rig.do("go_to", time)
            yield from rig.do("segment_at", time, LEFT)
        assert not controller.may_explain(0, controller.segment_at(0, LEFT))  # painted
        assert controller.may_explain(2, controller.segment_at(2, LEFT))
        assert not controller.may_explain(2, None)
        yield from rig.do("give_hint", 2, LEFT, tuple(logical(BLUE)))
        assert not controller.may_explain(2, controller.segment_at(2, LEFT))
        assert controller.may_explain(2, controller.segment_at(2, RIGHT))
        yield from rig.do("explain_segment", 2, LEFT)
        assert rig.engine.asked("explain") == []
        controller.shutdown()

    run(scenario)


def test_an_engine_that_was_started_anew_says_what_to_do(run):
    def scenario(ctx):
        rig = yield from colored(ctx)
        yield from rig.do("segment_at", 2, LEFT)
        rig.engine.crash()
        yield from rig.rests()
        yield from rig.do("explain_segment", 2, LEFT)
        assert rig.controller.explanation.problem == (
            "Frame 2 was not colored since the engine was started: press Propagate colors, then "
            "ask again."
        )
        yield from rig.do("propagate")
        assert rig.controller.explanation is None, "what it said is not so any more"
        yield from rig.do("explain_segment", 2, LEFT)
        assert rig.controller.explanation.told.taken
        rig.controller.shutdown()

    run(scenario)


def test_an_older_engine_is_refused_in_one_sentence(run):
    def scenario(ctx):
        rig = yield from colored(ctx)
        yield from rig.do("segment_at", 2, LEFT)

        def unknown(number, header, _):
            text = "a request has the type 'explain': this engine knows hello, open_shot"
            rig.engine._answer(number, {"type": "error", "code": "protocol", "message": text})

        rig.engine._explain = unknown
        yield from rig.do("explain_segment", 2, LEFT)
        assert rig.controller.explanation.problem == (
            "The plugin and the engine do not fit together: install both of the same release."
        )
        rig.controller.shutdown()

    run(scenario)


def test_an_outdated_answer_goes(run):
    def scenario(ctx):
        rig = yield from asked(ctx)
        assert rig.controller.explanation.told is not None
        yield from rig.do("give_hint", 2, RIGHT, tuple(logical(RED)))
        assert rig.controller.explanation is None
        yield from rig.do("explain_segment", 5, LEFT)
        yield from ctx.new_document(name="another")
        yield from rig.do("refresh")
        assert rig.controller.explanation is None
        rig.controller.shutdown()

    run(scenario)


@pytest.mark.parametrize("way", ["close", "another"])
def test_a_question_that_is_not_wanted_any_more_is_cancelled(run, way):
    def scenario(ctx):
        rig = yield from colored(ctx)
        yield from rig.do("segment_at", 2, LEFT)
        rig.engine.silent = True
        rig.controller.explain_segment(2, LEFT)
        yield lambda: rig.engine.asked("explain")
        assert rig.controller.explanation.told is None
        rig.engine.silent = False
        if way == "close":
            yield from rig.do("close_explanation")
            assert rig.controller.explanation is None
        else:
            yield from rig.do("explain_segment", 2, RIGHT)
            assert rig.controller.explanation.info.segment == 2
            assert rig.controller.explanation.told.matches[0].segment == 2
        assert len(rig.engine.asked("cancel")) == 1
        assert rig.messages == [] or "colored" in rig.messages[-1][1]
        rig.controller.shutdown()

    run(scenario)


def test_a_run_comes_first(run):
    def scenario(ctx):
        rig = yield from ready(ctx)
        rig.engine.stop_after = 1
        rig.controller.propagate()
        yield lambda: rig.engine.asked("propagate")
        rig.controller.explain_segment(2, LEFT)
        assert rig.controller.explanation is None
        assert rig.messages[-1][1] == "Wait until the present job has ended, or stop it."
        rig.engine.go_on()
        yield from rig.rests()
        rig.controller.shutdown()

    run(scenario)
