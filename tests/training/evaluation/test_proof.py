"""Bars: what is measured, what is met, and what the table says of it."""

import json
import threading

import numpy as np
import pytest

from ant_core.training.evaluation.bars import BARS, OURS, PAPER, PROTOCOLS_OF, judge
from ant_core.training.evaluation.benchmark import PROTOCOLS, MethodResult
from ant_core.training.evaluation.measure import Measured
from ant_core.training.evaluation.methods import ModelMethod, Position
from ant_core.training.evaluation.proof import as_document, as_markdown, prove
from tests.support.fakes import FakeMatcher


def result(segments=100, **shares):
    """A result of two shots; a metric is given as its share in each."""
    made = MethodResult()
    for shot in range(2):
        for metric, values in shares.items():
            made.tally.add(f"shot {shot}", metric, values[shot] * segments, segments)
        made.tally.count(f"shot {shot}", segments, 4, ("someone",))
    return made


def verdict(sets, figure, protocol=None):
    found = [v for v in judge(sets) if v.bar.figure == figure]
    (one,) = [v for v in found if protocol in (None, v.bar.protocol)]
    return one


def test_nothing_measured_meets_nothing():
    assert {v.met for v in judge({})} == {None}
    assert "not measured" in as_markdown({})


def test_errors_removed_are_paired_by_shot():
    ours, position = result(accuracy=(0.9, 0.7)), result(accuracy=(0.8, 0.4))
    sets = {"drawn": {"recursive": {OURS: ours, "position": position}}}
    one = verdict(sets, "errors of position removed")
    assert (one.figure.value, one.figure.low, one.figure.high) == pytest.approx((50, 50, 50))
    assert not one.met
    assert one.others == {}


def test_parts_are_held_against_ant_and_colours_against_the_aims():
    ours, paper = result(accuracy=(0.9, 0.7)), result(accuracy=(0.8, 0.4))
    sets = {"single": {name: {OURS: ours, PAPER: paper} for name in PROTOCOLS_OF["single"][:3]}}
    parts = verdict(sets, "accuracy by part")
    assert (parts.bar.anchor, parts.met) == ("AnT 94.25", False)
    assert parts.others[PAPER].value == pytest.approx(60)
    assert parts.bar.margin(parts.figure.value) == pytest.approx(-14.25)
    for protocol, margin in (("recursive", -7), ("recursive_first", -10)):
        colors = verdict(sets, "accuracy by colour", protocol)
        assert colors.bar.anchor == ""
        assert colors.bar.margin(colors.figure.value) == pytest.approx(margin)


def test_above_is_more_than_the_anchor_and_at_least_is_not():
    for value, above, least in ((0.5, False, True), (0.501, True, True), (0.499, False, False)):
        bar = next(bar for bar in BARS if bar.above)
        shifted = 100 * (value - 0.5)
        assert bar.met(bar.least + shifted) is above
        bar = next(bar for bar in BARS if bar.least is not None and not bar.above)
        assert bar.met(bar.least + shifted) is least


def test_abstention_may_cost_half_a_point():
    for lost, met in ((0.004, True), (0.006, False)):
        regions = result(nonocc=(0.9 - lost,) * 2, nonocc_no_abstention=(0.9, 0.9))
        one = verdict({"full": {"regions": {OURS: regions}}}, "non-occluded lost by abstention")
        assert one.figure.value == pytest.approx(100 * lost)
        assert one.met is met


def test_five_references_are_held_against_one():
    single = {
        "keyframes_1": {OURS: result(acc=(0.7, 0.7))},
        "keyframes_5": {OURS: result(acc=(0.76, 0.76))},
    }
    one = verdict({"single": single}, "errors with one reference removed by five")
    assert one.figure.value == pytest.approx(20)
    assert one.met


def test_confidence_is_that_of_single_and_drawn_together():
    single, drawn = result(accuracy=(1, 1)), result(accuracy=(1, 1))
    sure = np.array([0.95, 0.95, 0.5, 0.5], np.float32)
    single.reliability.add("a", sure, np.array([True, True, True, False]), 4)
    drawn.reliability.add("b", sure, np.array([True, False, False, True]), 6)
    sets = {"single": {"recursive": {OURS: single}}, "drawn": {"recursive": {OURS: drawn}}}
    assert verdict(sets, "right at 0.9 or more").figure.value == pytest.approx(75)
    assert verdict(sets, "share at 0.9 or more").figure.value == pytest.approx(40)
    error = verdict(sets, "calibration error")
    assert error.figure.value == pytest.approx(0.1)
    assert error.met is False
    assert (error.counts.segments, len(error.counts.shots)) == (400, 2)


def test_crowds_and_drawn_shots_are_counted():
    sets = {
        "full": {"regions": {OURS: result(segments=1000, acc=(1, 1))}},
        "drawn": {"recursive": {OURS: result(segments=1000, accuracy=(1, 1))}},
    }
    assert verdict(sets, "segments a frame").figure.value == 250
    assert verdict(sets, "segments").met
    assert verdict(sets, "shots").met is False


def test_every_bar_looks_at_a_protocol_that_is_run():
    for bar in BARS:
        for name in bar.set.split("+"):
            assert bar.protocol in PROTOCOLS_OF[name]
            assert bar.protocol in PROTOCOLS
        assert (bar.least is None) != (bar.most is None)


def test_table_and_document_tell_each_verdict():
    paper = result(accuracy=(0.8, 0.4))
    single = Measured({"recursive_parts": {OURS: result(accuracy=(0.96, 0.96)), PAPER: paper}})
    text = as_markdown({"single": single})
    rows = [row for row in text.splitlines() if row.startswith("| Single characters | recursive_p")]
    assert "| AnT 94.25 | above 94.25 | 96.00 [96.00, 96.00] | met by 1.75 | 60.00 |" in rows[0]
    assert rows[0].endswith("| 200 | 8 | 2 | 1 |")
    document = json.loads(json.dumps(as_document({"single": single}, {"limit": None})))
    first = document["bars"][0]
    assert (first["met"], first["margin"]) == (True, pytest.approx(1.75))
    assert len(document["bars"]) == len(BARS)
    assert (
        "accuracy"
        in document["sets"]["single"]["protocols"]["recursive_parts"]["methods"][OURS]["metrics"]
    )


def test_sets_go_through_their_protocols(shots, animerun):
    told = []
    methods = [Position(), ModelMethod(FakeMatcher(), OURS)]
    measured = prove(
        {"single": [shots], "full": [animerun[0]]},
        methods,
        threading.Event(),
        lambda name, source: told.append((name, source.layout)),
    )
    assert told == [("single", "pictures")] * 2 + [("full", "animerun")]
    assert set(measured["single"].results) == set(PROTOCOLS_OF["single"])
    assert not measured["single"].results["recursive_parts"]  # pictures tell colours alone
    assert measured["full"].statistics.scenes
    verdicts = judge({name: found.results for name, found in measured.items()})
    known = {(v.bar.protocol, v.bar.figure) for v in verdicts if v.figure is not None}
    assert ("recursive", "accuracy by colour") in known
    assert ("regions", "non-occluded") in known
    assert ("regions", "segments a frame") in known
    assert "### Full scenes: flow" in as_markdown(measured)


def test_kinds_of_shots_have_rows_of_their_own():
    made = MethodResult()
    for shot, right in (("x/clean_1.npz", 9), ("x/clean_2.npz", 7), ("x/rough_1.npz", 2)):
        made.tally.add(shot, "accuracy", right, 10)
        made.tally.count(shot, 10, 1, ())
    rows = as_markdown({"single": Measured({"recursive": {OURS: made}})}).splitlines()
    assert "| ours: clean alone | 80.00 [70.00, 90.00] | 20 | 2 | 2 |" in rows
    assert "| ours: rough alone | 20.00 | 10 | 1 | 1 |" in rows
    assert any(row.startswith("| ours | 60.00") for row in rows)
