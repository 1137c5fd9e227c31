"""`ant_core batch` as a process: results, summary, failures, stops of every kind, resume."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from filelock import FileLock

from ant_core.schemas import first_error
from scripts.benchmarks.cells import write_shot
from tests.batch.conftest import environment, frame_reasons, history
from tests.support.drawn import (
    BOXES,
    SHADE,
    line_drawing,
    load,
    make_shot,
    painting,
    save,
    shadow,
)

FRAMES = 60


@pytest.fixture
def long_shots(tmp_path):
    """Two shots that take long enough to be stopped in the middle."""
    for seed, name in enumerate(("a", "b")):
        folder = tmp_path / "shots" / name
        write_shot(folder, width=480, height=270, cells=60, frames=FRAMES, seed=seed)
    return tmp_path / "shots"


def process_of(event):
    return int(re.search(r"process (\d+)", event["frame"]["worker"])[1])


def read_summary(out):
    return json.loads((out / "summary.json").read_text("utf-8"))


def wait_until_gone(pid):
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} is still there")


def test_every_shot_is_coloured_and_summed_up(shots, tmp_path, run):
    out = tmp_path / "out"
    batch = run(shots, "--out", out, "--jobs", 2)
    assert batch.code == 0
    assert all(first_error(event, "batch_event") is None for event in batch.events)
    assert [e["event"] for e in batch.events].count("result") == 1
    for name in ("a", "b"):
        picture = load(out / name / "color" / "0003.png")
        for (x, y, width, height), color in BOXES:
            assert tuple(picture[y + height // 2, x + 2 + width // 2]) == color
    summary = read_summary(out)
    assert first_error(summary, "batch_summary") is None
    assert [shot["name"] for shot in summary["shots"]] == ["a", "b"]
    assert summary["totals"]["frames"] == 6
    for shot in summary["shots"]:
        report = json.loads((out / shot["report"]).read_text("utf-8"))
        assert shot["segments"] == report["summary"]["segments"]
        assert (out / shot["contact_sheet"]).is_file()
    with (out / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["state"], row["frames"]) for row in rows] == [
        ("a", "done", "3"),
        ("b", "done", "3"),
    ]


def test_one_engine_takes_all_shots_of_a_job(shots, tmp_path, run):
    batch = run(shots, "--out", tmp_path / "out", "--jobs", 1)
    assert len({result["worker"] for result in batch.results().values()}) == 1


def test_logs_lie_where_they_are_sent(shots, tmp_path, run, monkeypatch):
    run(shots, "--out", tmp_path / "usual", "--jobs", 2)
    usual = tmp_path / "usual" / ".ant_core" / "logs"
    assert sorted(path.name for path in usual.iterdir()) == ["engine-1.log", "engine-2.log"]
    logs = tmp_path / "logs"
    monkeypatch.setenv("ANT_CORE_LOGS", str(logs))
    for out in ("one", "two"):
        assert run(shots, "--out", tmp_path / out, "--jobs", 1).code == 0
        assert not (tmp_path / out / ".ant_core" / "logs").exists()
    # Batches that share the folder do not write into each other's files.
    files = [path.read_text("utf-8") for path in logs.iterdir()]
    assert [text.count(", attempt 1") for text in files] == [2, 2]


def test_failure_of_one_shot_stops_no_other(shots, tmp_path, run):
    (shots / "b" / "color" / "0001.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    batch = run(shots, "--out", out)
    assert batch.code == 1
    results = batch.results()
    assert results["a"]["state"] == "done"
    assert results["b"]["state"] == "failed"
    assert results["b"]["exit_code"] == 5
    assert "0001.png" in results["b"]["error"]
    assert batch.events[-1]["failed"] == ["b"]
    assert "shot b failed" in batch.events[-1]["error"]
    assert first_error(read_summary(out), "batch_summary") is None
    # Mended, it is the only one that is worked on.
    save(shots / "b" / "color" / "0001.png", painting(0))
    assert run(shots, "--out", out).code == 0
    assert (len(history(out, "a")), len(history(out, "b"))) == (1, 2)


def test_finished_shots_are_known_by_content(shots, tmp_path, run):
    out = tmp_path / "out"
    run(shots, "--out", out)
    before = (out / "a" / "report.json").read_bytes()
    # Same content at another place, of another date, coloured with other threads.
    moved = shutil.copytree(shots, tmp_path / "moved")
    os.utime(moved / "a" / "line" / "0001.png", (1, 1))
    again = run(moved, "--out", out, "--threads", 1)
    assert {name: result["kept"] for name, result in again.results().items()} == {
        "a": True,
        "b": True,
    }
    assert (out / "a" / "report.json").read_bytes() == before
    assert [len(history(out, name)) for name in ("a", "b")] == [1, 1]


def test_what_changed_is_done_again(shots, tmp_path, run):
    out = tmp_path / "out"
    run(shots, "--out", out)
    save(shots / "a" / "color" / "0002.png", painting(1, ground=(9, 9, 9, 255)))
    results = run(shots, "--out", out).results()
    assert (results["a"]["kept"], results["b"]["kept"]) == (False, True)
    results = run(shots, "--out", out, "--gap", 0).results()
    assert (results["a"]["kept"], results["b"]["kept"]) == (False, False)
    (out / "b" / "color" / "0003.png").unlink()
    results = run(shots, "--out", out, "--gap", 0).results()
    assert (results["a"]["kept"], results["b"]["kept"]) == (True, False)
    assert (out / "b" / "color" / "0003.png").is_file()


def test_gate_lists_the_shots_to_review(shots, tmp_path, run):
    # A frame that shows something that no painted frame shows.
    far = [((4, 4, 6, 66), (1, 2, 3, 255)), ((60, 8, 20, 60), (1, 2, 3, 255))]
    save(shots / "b" / "line" / "0003.png", line_drawing(0, boxes=far))
    batch = run(shots, "--out", tmp_path / "out", "--fail-under", 0.3)
    results = batch.results()
    assert results["b"]["doubtful"] > 0
    assert batch.code == 3
    assert "b" in batch.events[-1]["review"]
    assert "to review: shot" in batch.stderr
    assert results["b"]["exit_code"] == 3
    assert run(shots / "a", "--out", tmp_path / "out2").code == 0


def test_gate_judges_what_is_done_without_doing_it_again(shots, tmp_path, run):
    far = [((4, 4, 6, 66), (1, 2, 3, 255)), ((60, 8, 20, 60), (1, 2, 3, 255))]
    save(shots / "b" / "line" / "0003.png", line_drawing(0, boxes=far))
    out = tmp_path / "out"
    first = run(shots, "--out", out)
    assert first.code == 0
    share = 100 * first.results()["b"]["doubt_share"]
    assert run(shots, "--out", out, "--collect", "--fail-over", f"{share / 2:.1f}%").code == 3
    assert [shot["exit_code"] for shot in read_summary(out)["shots"]] == [0, 3]
    again = run(shots, "--out", out, "--fail-over", f"{min(100, share + 1):.1f}%")
    assert again.code == 0
    assert [result["kept"] for result in again.results().values()] == [True, True]
    # What counts as doubtful is written in the report, which is therefore made anew.
    other = run(shots, "--out", out, "--review-below", 0.9)
    assert [result["kept"] for result in other.results().values()] == [False, False]


def test_only_and_collect_share_one_summary(shots, tmp_path, run):
    out = tmp_path / "out"
    assert run(shots, "--out", out, "--only", "b").code == 0
    assert [shot["state"] for shot in read_summary(out)["shots"]] == ["waiting", "done"]
    collected = run(shots, "--out", out, "--collect")
    assert collected.code == 1
    assert "shot a not done yet" in collected.events[-1]["error"]
    assert run(shots, "--out", out, "--only", "a").code == 0
    assert run(shots, "--out", out, "--collect").code == 0
    assert [shot["state"] for shot in read_summary(out)["shots"]] == ["done", "done"]
    unknown = run(shots, "--out", out, "--only", "c")
    assert (unknown.code, unknown.events[-1]["error_type"]) == (2, "UsageError")


def test_missing_model_ends_the_batch_with_its_own_code(shots, tmp_path, run):
    batch = run(shots, "--out", tmp_path / "out", "--model", tmp_path / "gone.antmodel")
    assert batch.code == 4
    assert batch.events[-1]["error_type"] == "ModelMissing"


def test_killed_engine_is_replaced_and_its_shot_goes_on(long_shots, tmp_path, start):
    out = tmp_path / "out"
    batch = start(long_shots, "--out", out, "--jobs", 1)
    event = batch.until_frame(10)
    os.kill(process_of(event), signal.SIGKILL)
    assert batch.end() == 0
    assert "begun again" in batch.stderr
    assert [event["shot"] for event in batch.events if "retry" in event] == ["a"]
    assert batch.results()["a"]["attempts"] == 2
    assert len(history(out, "a")) == len(history(out, "b")) == 1
    reasons = frame_reasons(out, "a")
    assert len(reasons) == FRAMES
    assert sum(reason == "" for reason in reasons.values()) >= 5  # what the first engine did


def test_shot_whose_engine_dies_again_and_again_fails_alone(long_shots, tmp_path, start):
    out = tmp_path / "out"
    batch = start(long_shots, "--out", out, "--jobs", 1, "--retries", 0)
    os.kill(process_of(batch.until_frame(3)), signal.SIGKILL)
    assert batch.end() == 1
    results = batch.results()
    assert results["a"]["state"] == "failed"
    assert "SIGKILL" in results["a"]["error"]
    assert results["b"]["state"] == "done"
    assert [shot["state"] for shot in read_summary(out)["shots"]] == ["failed", "done"]


def test_killed_batch_goes_on_where_it_stopped(long_shots, tmp_path, start, run):
    out = tmp_path / "out"
    batch = start(long_shots, "--out", out, "--jobs", 1)
    engine = 0
    for event in batch:
        if event["shot"] == "b" and event.get("frame", {}).get("done", 0) >= 10:
            engine = process_of(event)
            break
    os.kill(batch.child.pid, signal.SIGKILL)
    wait_until_gone(engine)  # it ends by itself when its input is closed
    again = run(long_shots, "--out", out, "--jobs", 1)
    assert again.code == 0
    assert again.results()["a"]["kept"]
    assert not again.results()["b"]["kept"]
    assert len(history(out, "a")) == len(history(out, "b")) == 1
    reasons = frame_reasons(out, "b")
    assert len(reasons) == FRAMES
    assert sum(reason == "" for reason in reasons.values()) >= 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_is_clean(long_shots, tmp_path, start, run, number):
    out = tmp_path / "out"
    batch = start(long_shots, "--out", out, "--jobs", 2)
    engine = process_of(batch.until_frame(5))
    os.killpg(batch.child.pid, number)  # as a terminal sends it: to every process of the group
    assert batch.end() == 130
    assert batch.events[-1]["error_type"] == "Cancelled"
    wait_until_gone(engine)
    assert not list(out.rglob(".part-*"))
    assert run(long_shots, "--out", out).code == 0


def test_two_batches_at_once_share_the_work(shots, tmp_path, start):
    out = tmp_path / "out"
    both = [start(shots, "--out", out, "--jobs", 1) for _ in range(2)]
    assert [batch.end() for batch in both] == [0, 0]
    assert len(history(out, "a")) == len(history(out, "b")) == 1


@pytest.mark.parametrize("more", [(), ("--cluster", "local")])
def test_a_shot_that_another_batch_holds_is_passed_over_and_come_back_to(
    more, shots, tmp_path, start
):
    if more:
        pytest.importorskip("distributed", reason="needs the farm extra")
    out = tmp_path / "out"
    lock = FileLock(out / ".ant_core" / "shots" / "a.lock")
    (out / ".ant_core" / "shots").mkdir(parents=True)
    with lock:
        batch = start(shots, "--out", out, "--jobs", 1, *more)
        first = next(event for event in batch if "result" in event)
        assert first["shot"] == "b"
    assert batch.end() == 0
    assert list(batch.results()) == ["b", "a"]
    assert batch.stderr.count("a is in the hands of another batch") == 1
    assert all(result["state"] == "done" for result in batch.results().values())


def test_a_batch_whose_shots_are_all_held_can_be_interrupted(shots, tmp_path, start):
    out = tmp_path / "out"
    folder = out / ".ant_core" / "shots"
    folder.mkdir(parents=True)
    with FileLock(folder / "a.lock"), FileLock(folder / "b.lock"):
        batch = start(shots, "--out", out, "--jobs", 1)
        lines = iter(batch.child.stderr.readline, "")
        assert any("another batch" in line for line in lines)
        os.kill(batch.child.pid, signal.SIGINT)
        assert batch.end() == 130
        assert not batch.results()


def test_people_read_lines(shots, tmp_path):
    command = [
        sys.executable,
        "-m",
        "ant_core",
        "batch",
        str(shots),
        "--out",
        str(tmp_path / "out"),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(), timeout=300, check=True
    )
    assert done.stdout == f"{tmp_path / 'out' / 'summary.html'}\n"
    assert re.search(r"\[1/2\] [ab]: 3 frames, 0 of 12 segments doubtful, \d", done.stderr)
    assert "2 of 2 shots done: 6 frames, 0 of 24 segments doubtful" in done.stderr


def test_row_options_reach_their_shot(shots, tmp_path, run):
    make_shot(shots / "a", frames=range(1, 4), painted=(1, 3))
    (tmp_path / "night.txt").write_text("shots/a --frames 2 --references 3\nshots/b\n", "utf-8")
    batch = run(tmp_path / "night.txt", "--out", tmp_path / "out")
    assert batch.code == 0
    results = batch.results()
    assert (results["a"]["frames"], results["b"]["frames"]) == (1, 3)
    report = json.loads((tmp_path / "out" / "a" / "report.json").read_text("utf-8"))
    assert [reference["frame"] for reference in report["shot"]["references"]] == [3]


def test_shadow_layers_go_with_the_shots_that_name_them(shots, tmp_path, run):
    for name in ("a", "b"):
        save(shots / name / "shadow" / "0001.png", shadow())
    rows = "shots/a --shade shadow\nshots/b\n"
    (tmp_path / "night.txt").write_text(rows, "utf-8")
    batch = run(tmp_path / "night.txt", "--out", tmp_path / "out")
    assert batch.code == 0
    assert (load(tmp_path / "out" / "a" / "shadow" / "0003.png") == SHADE).all(axis=2).sum() > 300
    assert not (tmp_path / "out" / "b" / "shadow").exists()
