"""Figures and their intervals over shots."""

import numpy as np
import pytest

from ant_core.training.evaluation.tally import Tally, derived


def filled(shots):
    tally = Tally()
    for name, value, weight in shots:
        tally.add(name, "accuracy", value, weight)
    return tally


def test_figure_is_a_ratio_of_sums():
    figure = filled([("a", 1, 2), ("b", 3, 8)]).figure("accuracy")
    assert figure.value == pytest.approx(0.4)


def test_one_shot_has_no_interval():
    figure = filled([("a", 1, 2), ("a", 1, 2)]).figure("accuracy")
    assert (figure.value, figure.low, figure.high) == (0.5, None, None)


def test_interval_of_two_shots_spans_both():
    figure = filled([("a", 2, 10), ("b", 8, 10)]).figure("accuracy")
    assert (figure.low, figure.high) == pytest.approx((0.2, 0.8))


def test_interval_is_the_same_at_every_call_and_in_every_order():
    shots = [(str(i), i % 7, 7) for i in range(20)]
    assert filled(shots).figure("accuracy") == filled(shots[::-1]).figure("accuracy")


def test_interval_agrees_with_the_normal_one_for_many_shots():
    rng = np.random.default_rng(1)
    values = rng.normal(0.5, 0.1, 400)
    figure = filled([(str(i), v, 1) for i, v in enumerate(values)]).figure("accuracy")
    error = 1.96 * values.std() / np.sqrt(len(values))
    assert figure.low == pytest.approx(values.mean() - error, abs=error / 5)
    assert figure.high == pytest.approx(values.mean() + error, abs=error / 5)


def test_shots_repeat_not_frames():
    # Two shots of a hundred equal frames say no more than two frames.
    frames = [("a", 0.0, 1)] * 100 + [("b", 1.0, 1)] * 100
    figure = filled(frames).figure("accuracy")
    assert (figure.low, figure.high) == (0, 1)


def test_missing_values_count_for_nothing():
    tally = filled([("a", None, 1), ("b", 1, 2)])
    assert tally.figure("accuracy").value == 0.5
    tally.add("a", "never", None)
    tally.add("a", "of nothing", 0, 0)
    assert tally.metrics() == ["accuracy"]


def test_counts_add_up_and_unknown_characters_stay_unknown():
    tally = Tally()
    tally.count("a", 10, 2, ("x", "y"))
    tally.count("b", 5, 1, ("y",))
    counts = tally.counts
    assert (counts.segments, counts.frames, counts.shots) == (15, 3, {"a", "b"})
    assert counts.characters == {"x", "y"}
    assert counts.characters_known
    tally.count("c", 1, 1, ())
    assert not tally.counts.characters_known


def test_derived_figures_are_paired_by_shot():
    # Where one is better in every shot by the same, the difference is certain.
    one = filled([(str(i), i + 2, 10) for i in range(6)])
    other = filled([(str(i), i, 10) for i in range(6)])
    figure = derived(lambda a, b: a - b, (one, "accuracy"), (other, "accuracy"))
    assert (figure.value, figure.low, figure.high) == pytest.approx((0.2, 0.2, 0.2))
    assert one.figure("accuracy").high - one.figure("accuracy").low > 0.2


def test_derived_figures_take_the_shots_that_have_every_part():
    one = filled([("a", 1, 1), ("b", 0, 1)])
    other = filled([("b", 1, 4), ("c", 1, 1)])
    figure = derived(lambda a, b: a + b, (one, "accuracy"), (other, "accuracy"))
    assert figure.value == pytest.approx(0.25)
    assert derived(lambda a: a, (one, "never")) is None
    assert derived(lambda a: 1 / a, (filled([("a", 0, 1)]), "accuracy")) is None


def test_some_of_the_shots_alone():
    tally = filled([("a", 1, 2), ("b", 3, 8), ("c", 1, 1)])
    for shot in "abc":
        tally.count(shot, 10, 2, (shot,))
    part = tally.only(["a", "b"])
    assert part.figure("accuracy").value == pytest.approx(0.4)
    assert (part.counts.segments, part.counts.frames) == (20, 4)
    assert part.counts.characters == {"a", "b"}
    assert tally.counts.segments == 30
