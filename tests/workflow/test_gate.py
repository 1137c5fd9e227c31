"""What is doubtful, and what fails a job: three options that do one thing each."""

import json

import numpy as np
import pytest

from ant_core.batch.result import ShotResult
from ant_core.workflow.gate import Gate
from tests.support.drawn import BOXES, line_drawing, load, make_shot, painting, save
from tests.support.fakes import FakeMatcher

STRANGE = (*BOXES, ((70, 60, 16, 12), (1, 2, 3, 255)))  # what no painted frame shows


def figures(**changed):
    return {
        "segments": 100, "doubtful": 5, "no_counterpart": 0, "lowest_confidence": 0.5
    } | changed  # fmt: skip


@pytest.mark.parametrize(
    ("gate", "changed", "fails"),
    [
        (Gate(), {"doubtful": 100, "no_counterpart": 9, "lowest_confidence": 0.0}, False),
        (Gate(fail_over=5), {}, False),
        (Gate(fail_over=4.9), {}, True),
        (Gate(fail_over=0), {"doubtful": 0}, False),
        (Gate(fail_over=0), {"doubtful": 1}, True),
        (Gate(fail_over=0), {"segments": 0, "doubtful": 0}, False),
        (Gate(fail_over=5), {"lowest_confidence": 0.0, "no_counterpart": 4}, False),
        (Gate(fail_under=0.5), {"doubtful": 100}, False),
        (Gate(fail_under=0.51), {}, True),
        (Gate(fail_under=0), {"lowest_confidence": 0.0}, False),
        (Gate(fail_under=0), {"no_counterpart": 1}, True),
        (Gate(fail_under=0.9), {"lowest_confidence": None}, False),
    ],
)
def test_limits(gate, changed, fails):
    assert gate.fails(**figures(**changed)) is fails


def test_result_of_a_batch_is_judged_by_its_figures():
    done = ShotResult(name="a", state="done", segments=10, doubtful=1, lowest_confidence=0.4)
    assert done.judged(Gate(fail_over=10)).exit_code == 0
    assert done.judged(Gate(fail_over=9)).exit_code == 3
    assert done.judged(Gate(fail_over=9)).judged(Gate()).exit_code == 0
    failed = ShotResult(
        name="a",
        state="failed",
        exit_code=1,
        error="no",
        error_type="AntError",
        segments=10,
        doubtful=10,
    )
    assert failed.judged(Gate(fail_over=0)).exit_code == 1
    assert ShotResult(name="a").judged(Gate(fail_under=1)).exit_code == 0


def test_record_without_what_the_gates_ask_for_counts_as_absent():
    document = ShotResult(name="a", state="done").to_json()
    del document["lowest_confidence"]
    with pytest.raises(TypeError, match="lowest confidence"):
        ShotResult.from_json(document)


@pytest.fixture
def shot(tmp_path):
    return make_shot(tmp_path / "shot", frames=range(1, 5))


@pytest.fixture
def report(shot, tmp_path, cli):
    """Return a function that colours the shot and gives exit code and report."""

    def run(*options):
        done = cli("propagate", shot, "--out", tmp_path / "out", *options)
        return done.code, json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))

    return run


def test_what_is_doubtful_fails_nothing(shot, report):
    save(shot / "line" / "0003.png", line_drawing(2, STRANGE))
    code, before = report()
    assert (code, before["settings"]["review_below"]) == (0, 0.6)
    code, after = report("--review-below", "1")
    assert (code, after["settings"]["review_below"]) == (0, 1)
    assert after["summary"]["doubtful"] >= before["summary"]["doubtful"] > 0


def test_limit_of_confidence_does_not_change_what_is_doubtful(shot, report):
    save(shot / "line" / "0003.png", line_drawing(2, STRANGE))
    _, plain = report()
    code, gated = report("--fail-under", "0.01")
    assert code == 3  # there is a segment without counterpart
    assert gated["summary"]["doubtful"] == plain["summary"]["doubtful"]
    assert gated["settings"] == plain["settings"]


def test_reference_that_is_not_flat_fails_no_limit_of_confidence(shot, report):
    mixed = painting(0)
    mixed[12:32, 22:34] = (9, 9, 9, 255)  # half of a box in another colour
    save(shot / "color" / "0001.png", mixed)
    code, found = report("--fail-under", "0")
    assert found["summary"]["not_flat"] == 1
    assert found["summary"]["no_counterpart"] == 0
    assert code == 0
    assert report("--fail-over", "0")[0] == 3  # but it is doubtful


def test_share_of_doubtful_segments(shot, report):
    save(shot / "line" / "0003.png", line_drawing(2, STRANGE))
    _, found = report()
    share = 100 * found["summary"]["doubtful"] / found["summary"]["segments"]
    assert 0 < share < 50
    assert report("--fail-over", f"{share + 1:.2f}%")[0] == 0
    assert report("--fail-over", f"{share - 1:.2f}%")[0] == 3


def test_lowest_confidence_of_the_report_is_the_limit(report, monkeypatch):
    monkeypatch.setattr(FakeMatcher, "confidence", lambda _, raw: 0.7 + 0.05 * raw)
    _, found = report()
    lowest = min(
        segment["confidence"]
        for frame in found["frames"]
        if frame["role"] == "predicted"
        for segment in frame["segments"]
    )
    assert 0 < lowest < 1
    assert report("--fail-under", lowest)[0] == 0
    assert report("--fail-under", lowest + 0.0001)[0] == 3


def test_share_counts_over_all_cels(tmp_path, cli):
    for cel, boxes in (("A", BOXES), ("B", STRANGE)):
        for frame in (1, 2):
            drawn = boxes if frame == 2 else BOXES
            save(tmp_path / "line" / f"{cel}_{frame:04d}.png", line_drawing(frame, drawn))
        save(tmp_path / "color" / f"{cel}_0001.png", painting(1))
    options = ("--cel", "A", "--cel", "B", "--out", tmp_path / "out")
    assert cli("propagate", tmp_path, *options).code == 0
    summaries = [
        json.loads((tmp_path / "out" / name / "report.json").read_text("utf-8"))["summary"]
        for name in ("A", "B")
    ]
    of_b = 100 * summaries[1]["doubtful"] / summaries[1]["segments"]
    of_all = 100 * summaries[1]["doubtful"] / sum(s["segments"] for s in summaries)
    assert summaries[0]["doubtful"] == 0 < of_all < of_b
    assert cli("propagate", tmp_path, *options, "--fail-over", (of_all + of_b) / 2).code == 0
    assert cli("propagate", tmp_path, *options, "--fail-over", of_all / 2).code == 3
    assert cli("propagate", tmp_path, *options, "--fail-under", 0).code == 3


def test_frames_are_written_though_the_job_fails(shot, report, tmp_path):
    save(shot / "line" / "0003.png", line_drawing(2, STRANGE))
    assert report("--fail-over", "0")[0] == 3
    assert np.any(load(tmp_path / "out" / "color" / "0004.png"))
