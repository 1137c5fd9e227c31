"""What docs/api.md says: its example runs and gives what the command line gives."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ant_core import api
from tests.support.drawn import line_drawing, load, painting

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "api.md").read_text("utf-8")
EXAMPLE, GOING_ON = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The sample shot as the command line colours it: its folder and its report."""
    out = tmp_path_factory.mktemp("command_line")
    command = [sys.executable, "-m", "ant_core", "propagate", str(ROOT / "samples" / "saha")]
    subprocess.run([*command, "--out", str(out)], check=True, capture_output=True, cwd=ROOT)
    return out / "color", json.loads((out / "report.json").read_text("utf-8"))


@pytest.mark.slow
def test_the_example_paints_what_the_command_line_paints(written, tmp_path):
    assert len([line for line in EXAMPLE.splitlines() if line.strip()]) <= 15
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLE],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    folder, report = written
    names = sorted(path.name for path in tmp_path.glob("*.png"))
    assert names == sorted(path.name for path in folder.iterdir())
    assert len(names) == len(report["frames"]) == 14
    for name in names:
        assert (load(tmp_path / name) == load(folder / name)).all(), name
    lines = [
        f"{frame['frame']}: {frame['doubtful']} of {len(frame['segments'])} segments to look at"
        for frame in report["frames"]
    ]
    assert done.stdout.splitlines() == lines


@pytest.mark.slow
def test_results_are_those_of_the_report(written, sample):
    lines = {int(path.stem): load(path) for path in (sample / "line").iterdir()}
    painted = {int(path.stem): load(path) for path in (sample / "color").iterdir()}
    result = api.propagate(lines, painted, model=api.Model(device="cpu"))
    for told in written[1]["frames"]:
        own = result[told["frame"]].to_json()
        for names in ("line_file", "color_file"):
            own.pop(names)
            told.pop(names)
        assert own == told


def members(name):
    """Name the arguments of a function, or what a class shows."""
    value = getattr(api, name)
    if inspect.isfunction(value):
        return list(inspect.signature(value).parameters)
    shown = [*vars(value), *vars(value).get("__dataclass_fields__", ())]
    return [item for item in shown if not item.startswith("_")]


@pytest.mark.parametrize("name", sorted({*api.__all__} - {"Frames"}))
def test_every_public_name_is_told_of_and_described(name):
    quoted = " ".join(re.findall(r"`([^`\n]+)`", TEXT))
    described = inspect.getdoc(getattr(api, name))
    for item in [name, *members(name)]:
        assert re.search(rf"\b{item}\b", f"{quoted} {described}"), item


@pytest.mark.parametrize("stopped", [False, True])
def test_the_example_of_going_on_runs(model, stopped):
    del model  # the fixture makes models quick
    cancel, told = threading.Event(), []

    def show(frame, done, total):
        told.append(frame.frame)
        if stopped and done == 2:
            cancel.set()

    names = {"lines": {n: line_drawing(n % 4) for n in range(14)}, "painted": {0: painting(0)}}
    names |= {"fixed": painting(0), "show": show, "cancel": cancel}
    exec(GOING_ON, names)
    assert len(names["result"]) == 14
    assert (names["result"][12].image == painting(0)).all()
    assert (len(told) < 14) == stopped
