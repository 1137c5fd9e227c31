"""`ant_core farm export`: the job passes openjd's check, and its run colours every shot."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ant_core.batch.openjd import job_template
from ant_core.batch.shots import BatchShot, read_shots
from ant_core.cli import main
from ant_core.errors import UsageError
from ant_core.workflow.propagate_options import PropagateOptions
from tests.batch.conftest import environment, history
from tests.support.drawn import BOXES, SHADE, line_drawing, load, save, shadow


def openjd(*arguments):
    program = shutil.which("openjd", path=str(Path(sys.executable).parent)) or "openjd"
    return subprocess.run(
        [program, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=300,
        check=False,
    )


@pytest.fixture
def program(tmp_path):
    """Return a program as a farm's machines have it: one word."""
    path = tmp_path / "ant_core"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ant_core "$@"\n', "utf-8")
    path.chmod(0o755)
    return path


def export(*arguments):
    return main(["farm", "export", "--format", "openjd", *map(str, arguments)])


def test_job_of_two_shots_checks_and_runs(shots, tmp_path, program, capfd):
    job = tmp_path / "job"
    assert export(shots, "--out", job) == 0
    assert capfd.readouterr().out == f"{job / 'template.json'}\n"
    template = job / "template.json"
    checked = openjd("check", template)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    out = tmp_path / "results"
    done = openjd(
        *("run", template, "--step", "Summary", "--run-dependencies"),
        *("-p", f"AntCore={program}", "-p", f"Out={out}", "-p", "Threads=1"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("a", "b"):
        picture = load(out / name / "color" / "0003.png")
        for (x, y, width, height), color in BOXES:
            assert tuple(picture[y + height // 2, x + 2 + width // 2]) == color
        assert len(history(out, name)) == 1
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert [shot["state"] for shot in summary["shots"]] == ["done", "done"]
    progress = [float(x) for x in re.findall(r"openjd_progress: ([\d.]+)", done.stdout)]
    assert progress.count(100.0) >= 2
    assert 0 < min(progress) < 100
    assert re.search(r"openjd_status: a: frame 2 of 3", done.stdout)


def test_task_that_fails_says_so_to_the_farm(shots, tmp_path, program, capfd):
    (shots / "a" / "color" / "0001.png").write_bytes(b"no picture")
    job = tmp_path / "job"
    export(shots, "--out", job)
    done = openjd(
        *("run", job / "template.json", "--step", "Color", "--task-param", "Shot=a"),
        *("-p", f"AntCore={program}", "-p", f"Out={tmp_path / 'results'}"),
    )
    assert done.returncode != 0
    assert re.search(r"openjd_fail: shot a failed", done.stdout)


def test_a_task_moves_the_shadow_layer_that_its_row_names(shots, tmp_path, program):
    save(shots / "a" / "shadow" / "0001.png", shadow())
    (tmp_path / "night.txt").write_text("shots/a --shade shadow\nshots/b\n", "utf-8")
    job, out = tmp_path / "job", tmp_path / "results"
    assert export(tmp_path / "night.txt", "--out", job) == 0
    done = openjd(
        *("run", job / "template.json", "--step", "Color", "--task-param", "Shot=a"),
        *("-p", f"AntCore={program}", "-p", f"Out={out}", "-p", "Threads=1"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (load(out / "a" / "shadow" / "0003.png") == SHADE).all(axis=2).sum() > 300


def test_list_of_the_job_is_the_list_that_was_given(tmp_path):
    rows = [
        {"shot": "sc1", "references": [1, 24], "model_sheet": ["a.png", "b.png"], "gap": 3},
        {"line": "x/*.png", "color": "y", "name": "ep/sc2", "overwrite": True},
    ]
    source = tmp_path / "night.json"
    source.write_text(json.dumps(rows), "utf-8")
    assert export(source, "--out", tmp_path / "job") == 0
    assert read_shots([str(tmp_path / "job" / "shots.json")], {}) == read_shots([str(source)], {})


def test_options_of_the_batch_reach_every_task():
    shots = [BatchShot("a", PropagateOptions(shot="/x/a"))]
    template = job_template(shots, ["--device=cpu", "--review-below=0.5"], 4)
    for step in template["steps"]:
        arguments = step["script"]["actions"]["onRun"]["args"]
        assert arguments[-2:] == ["--device=cpu", "--review-below=0.5"]


def test_only_the_last_task_of_a_job_fails_on_doubt(shots, tmp_path):
    job = tmp_path / "job"
    assert export(shots, "--fail-over=5%", "--fail-under=0.5", "--out", job) == 0
    color, summary = json.loads((job / "template.json").read_text("utf-8"))["steps"]
    assert not any("--fail" in a for a in color["script"]["actions"]["onRun"]["args"])
    last = summary["script"]["actions"]["onRun"]["args"]
    assert last[-2:] == ["--fail-over=5.0", "--fail-under=0.5"]


def test_job_that_fails_on_doubt_still_writes_its_summary(shots, tmp_path, program):
    # A frame that shows something that no painted frame shows.
    far = [((4, 4, 6, 66), (1, 2, 3, 255)), ((60, 8, 20, 60), (1, 2, 3, 255))]
    save(shots / "b" / "line" / "0003.png", line_drawing(0, boxes=far))
    job, out = tmp_path / "job", tmp_path / "results"
    export(shots, "--fail-over=0", "--out", job)
    done = openjd(
        *("run", job / "template.json", "--step", "Summary", "--run-dependencies"),
        *("-p", f"AntCore={program}", "-p", f"Out={out}", "-p", "Threads=1"),
    )
    assert done.returncode != 0
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert [(shot["state"], shot["exit_code"]) for shot in summary["shots"]] == [
        ("done", 0),
        ("done", 3),
    ]


def test_many_shots_are_split_into_steps(tmp_path):
    shots = [
        BatchShot(f"sc{number:04d}", PropagateOptions(shot=f"/x/{number}"))
        for number in range(1500)
    ]
    template = job_template(shots, [], 2)
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template), "utf-8")
    assert openjd("check", path).returncode == 0
    ranges = [
        step["parameterSpace"]["taskParameterDefinitions"][0]["range"]
        for step in template["steps"][:-1]
    ]
    assert [name for names in ranges for name in names] == [shot.name for shot in shots]
    assert [d["dependsOn"] for d in template["steps"][-1]["dependencies"]] == ["Color 1", "Color 2"]


def test_name_that_a_template_would_replace_is_refused():
    with pytest.raises(UsageError, match="give it another name"):
        job_template([BatchShot("{{Param.Out}}", PropagateOptions(shot="/x"))], [], 2)


def test_progress_lines_are_for_jobs_alone(shots, tmp_path):
    command = [sys.executable, "-m", "ant_core", "propagate", str(shots / "a"), "--out"]
    texts = {}
    for wish in ("", "openjd"):
        env = environment() | {"ANT_CORE_PROGRESS": wish}
        done = subprocess.run(
            [*command, str(tmp_path / f"out{wish}")],
            capture_output=True, text=True, env=env, timeout=300, check=True,
        )  # fmt: skip
        texts[wish] = done.stderr
        assert done.stdout.endswith("report.json" + os.linesep)
    assert "openjd_" not in texts[""]
    assert "openjd_progress: 33.3" in texts["openjd"]
