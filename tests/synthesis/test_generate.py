import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "generate.py"


def _run(*arguments):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def _arrays(path):
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def test_a_stopped_run_goes_on_and_leaves_stored_clips_alone(data, tmp_path):
    out = tmp_path / "clips"
    job = ("--data", data, "--out", out, "--source", "glitch", "--clips", 2, "--jobs", 1)
    first = _run(*job)
    assert first.returncode == 0, first.stderr
    one, two = sorted((out / "train").iterdir())
    assert (one.name, two.name) == ("glitch_000000.npz", "glitch_000001.npz")
    stamp, content = one.stat().st_mtime_ns, _arrays(two)
    two.unlink()
    again = _run(*job)
    assert "2 of 2 clips, 1 new" in again.stderr
    assert one.stat().st_mtime_ns == stamp
    remade = _arrays(two)
    assert remade.keys() == content.keys()
    assert all(np.array_equal(remade[name], content[name]) for name in content)


def test_a_wrong_data_folder_ends_in_one_sentence(tmp_path):
    pytest.importorskip("skia", reason="the cut-outs need the train extra and its libraries")
    run = _run("--data", tmp_path, "--out", tmp_path, "--source", "glitch", "--preview", "x.png")
    assert run.returncode == 5
    assert "--data" in run.stderr
    assert "Traceback" not in run.stderr
