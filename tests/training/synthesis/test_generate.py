import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.training.synthesis.packs3d import write_packs

SCRIPT = Path(__file__).parents[3] / "scripts" / "generate.py"


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


def test_a_share_of_the_clips_is_drawn_as_other_people_draw(data, tmp_path):
    job = ("--data", data, "--out", tmp_path, "--source", "glitch", "--clips", 2, "--jobs", 1)
    for share, names in ((0, {"glitch_000000", "glitch_000001"}), (1, {"wild_glitch_000000"})):
        run = _run(*job, "--wild", share)
        assert run.returncode == 0, run.stderr
        assert names <= {path.stem for path in (tmp_path / "train").iterdir()}


def test_a_wrong_data_folder_ends_in_one_sentence(tmp_path):
    pytest.importorskip("skia", reason="the cut-outs need the train extra and its libraries")
    run = _run("--data", tmp_path, "--out", tmp_path, "--source", "glitch", "--preview", "x.png")
    assert run.returncode == 5
    assert "--data" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_set_in_animeruns_layout_ends_with_its_table(tmp_path):
    pytest.importorskip("moderngl", reason="moderngl is not installed: needs the extra 'train'")
    from ant_core.errors import DeviceUnavailable
    from ant_core.training.synthesis.scene3d.render3d import Renderer

    try:
        Renderer()
    except DeviceUnavailable as error:
        pytest.skip(f"no OpenGL here: {error}")
    job = ("--data", write_packs(tmp_path), "--out", tmp_path / "set", "--split", "test")
    job = (*job, "--layout", "animerun", "--clips", 1, "--jobs", 1)
    refused = _run(*job)
    assert refused.returncode == 2
    assert "--source scene3d_film" in refused.stderr
    run = _run(*job, "--source", "scene3d_film")
    assert run.returncode == 0, run.stderr
    ours = next(line for line in run.stdout.splitlines() if line.startswith("this"))
    assert ours.split()[-1] == "1"
    assert "AnimeRun       237" in run.stdout
    again = _run(*job, "--source", "scene3d_film")
    assert "1 of 1 clips, 0 new" in again.stderr
    assert again.stdout == run.stdout


def test_drawn_ink_is_measured_beside_generated_drawings(data, tmp_path):
    (tmp_path / "hand").mkdir()
    page = np.full((200, 200), 255, dtype=np.uint8)
    page[50:53, 20:180] = page[50:150, 20:23] = 0
    cv2.imwrite(str(tmp_path / "hand" / "line_1.png"), page)
    job = ("--data", data, "--source", "glitch", "--clips", 1, "--statistics")
    run = _run(*job, "--drawn", tmp_path / "hand")
    assert run.returncode == 0, run.stderr
    assert "drawings: hand 1, glitch 1" in run.stdout


def test_drawn_ink_alone_is_refused(tmp_path):
    run = _run("--out", tmp_path, "--statistics", "--drawn", tmp_path)
    assert run.returncode == 2
    assert "--data" in run.stderr
