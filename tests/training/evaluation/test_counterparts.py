"""Where the line between "goes on" and "no counterpart" is drawn, and what it costs."""

import json

import numpy as np
import pytest

from ant_core.training.data.true_shots import TrueShot
from ant_core.training.evaluation.benchmark import MethodResult, run_protocol
from ant_core.training.evaluation.calibration import fit_threshold
from ant_core.training.evaluation.counterparts import Counterparts
from ant_core.training.evaluation.methods import ModelMethod, region_threshold_of
from tests.models.conftest import make_model
from tests.support.fakes import FakeMatcher
from tests.training.evaluation.shots import Scripted, still_shot, true_frame


def noted(*pairs):
    """Pairs of frames of (counterpart, present, right) rows."""
    found = Counterparts()
    for rows in pairs:
        said, present, right = (np.array(column) for column in zip(*rows, strict=True))
        found.add(said.astype(np.float32), present == 1, right == 1, np.full(len(rows), 50))
    return found


def test_a_line_counts_what_it_gives_up_and_what_it_finds():
    found = noted([(0.1, 0, 0), (0.2, 1, 0), (0.3, 1, 1), (0.9, 1, 1), (0.8, 0, 0)])
    line = found.line(0.35)
    assert (line.recall, line.precision) == (1 / 2, 1 / 3)
    assert line.lost == pytest.approx(1 / 3)  # the one at 0.3; that at 0.2 was wrong anyway
    nothing = found.line(0.0)
    assert (nothing.recall, nothing.precision, nothing.lost) == (0, 1, 0)


def test_pairs_weigh_the_same_in_what_is_lost():
    found = noted([(0.1, 1, 1)] + [(0.9, 1, 1)] * 9, [(0.9, 1, 1)])
    assert found.line(0.5).lost == pytest.approx(0.05)


def test_fit_recognises_most_at_the_precision_and_loss_allowed():
    rng = np.random.default_rng(3)
    present = rng.random(4000) < 0.9
    said = np.where(present, rng.beta(9, 1, 4000), rng.beta(2, 2, 4000))
    found = noted(list(zip(said, present, present, strict=True)))
    best = found.fit()
    assert best.precision >= 0.62
    assert best.lost <= 0.0045
    higher = [line for line in found.lines() if line.recall > best.recall]
    assert higher
    assert all(line.precision < 0.62 or line.lost > 0.0045 for line in higher)


def test_no_line_is_drawn_where_none_is_right_often_enough():
    assert noted([(0.2, 1, 1), (0.9, 0, 0)]).fit() is None
    assert Counterparts().fit() is None


def test_separation_is_the_area_under_the_curve():
    found = noted([(0.1, 0, 0), (0.5, 0, 0), (0.5, 1, 1), (0.9, 1, 1)])
    assert found.separation() == pytest.approx({"all": 3.5 / 4, "from 30 px": 3.5 / 4})
    assert noted([(0.1, 1, 1)]).separation() == {}


def test_document_holds_curve_and_best_line():
    found = noted([(0.1, 0, 0), (0.2, 0, 0), (0.8, 1, 1), (0.9, 1, 1)])
    told = json.loads(json.dumps(found.to_json()))
    assert told["best_line"]["recall_percent"] == 100
    assert told["best_line"]["lost_percent"] == 0
    assert told["best_line"]["threshold"] == pytest.approx(0.5)
    assert told["lines"]


def test_regions_note_what_models_say():
    shot = still_shot(3, matches=[np.array([0, -1]), np.array([0, 1])])
    result = MethodResult()
    run_protocol("regions", shot, Scripted(wrong=[2]), result)
    found = result.counterparts
    assert [part.tolist() for part in found.present] == [[True, False], [True, True]]
    assert [part.tolist() for part in found.right] == [[True, False], [False, False]]


def test_regions_have_a_threshold_of_their_own():
    # The fake is sure of what lies near alone: 0.5 away is far.
    first, second = true_frame(1, [-0.5, 0.5], [1, 2]), true_frame(2, [-0.5, 0.9], [1, 2])
    shot = TrueShot(name="one", frames=[first, second], matches=[np.array([0, 1])])
    told = []
    for threshold in (0.0, 2.0):
        result = MethodResult()
        run_protocol("regions", shot, ModelMethod(FakeMatcher(), "fake", threshold), result)
        told.append(result.tally.figure("nonocc").value)
    assert told == [1, 0]
    assert (
        ModelMethod(FakeMatcher(), "fake").region_threshold == FakeMatcher.no_counterpart_threshold
    )


def test_region_threshold_is_read_from_the_model_file(tmp_path):
    make_model(tmp_path / "older.antmodel")
    assert region_threshold_of(tmp_path / "older.antmodel") is None
    make_model(tmp_path / "m.antmodel", region_threshold=0.75)
    assert region_threshold_of(tmp_path / "m.antmodel") == 0.75


def test_colours_are_given_up_where_propagation_loses_next_to_nothing():
    accuracy = {0.0: 0.9, 0.3: 0.8, 0.2: 0.85, 0.15: 0.89, 0.1: 0.8996, 0.07: 0.9}
    assert fit_threshold(accuracy.__getitem__) == 0.1
    assert fit_threshold(accuracy.__getitem__, most_lost=0.06) == 0.2
    assert fit_threshold(lambda threshold: 0.5) == 0.3
    assert fit_threshold(lambda threshold: float(threshold == 0)) == 0.0
