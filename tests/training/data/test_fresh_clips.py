"""Clips of the fresh split on disk: found by the documented commands, and held to the record."""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ant_core.errors import InputError
from ant_core.training.data import fresh_clips
from ant_core.training.data.fresh import FreshSplit, clip_name, fresh_split
from ant_core.training.data.fresh_clips import check_shots, content_hash
from ant_core.training.data.sets import find_shots
from ant_core.training.synthesis.clip import clip_path
from scripts import generate, prove

ROOT = Path(__file__).parents[3]
SOURCE = "scene3d_clean"


def store(out, source, seed, split="fresh", save=np.savez):
    """Store a clip of no frames, which says what it is."""
    path = clip_path(out, source, split, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = {"name": f"{source}_{split}_{seed:06d}", "split": split}
    save(path, area=np.arange(seed, seed + 3), meta=np.array(json.dumps(meta)))
    return path


@pytest.fixture
def two(tmp_path, monkeypatch):
    """A split of two clips of one source, both stored, and a function that records contents."""

    def record(hashes):
        split = FreshSplit({}, (), (), {SOURCE: 2}, hashes)
        monkeypatch.setattr(fresh_clips, "fresh_split", lambda: split)

    record({})
    for seed in range(2):
        store(tmp_path, SOURCE, seed)
    return tmp_path / "fresh", record


def test_without_recorded_contents_the_names_are_held(two):
    assert check_shots(find_shots(two[0])) == (2, 0)


def test_recorded_contents_are_compared(two):
    place, record = two
    shots = find_shots(place)
    contents = [content_hash(shot) for shot in shots]
    assert contents[0] != contents[1]
    record({clip_name(SOURCE, seed): found for seed, found in enumerate(contents)})
    assert check_shots(shots) == (2, 2)
    store(place.parent, SOURCE, 1, save=np.savez_compressed)  # no other content
    assert check_shots(shots) == (2, 2)
    record({clip_name(SOURCE, 1): contents[0]})
    with pytest.raises(InputError, match="not the clip that was frozen as scene3d_clean_fresh_0"):
        check_shots(shots)


def test_a_part_of_the_split_is_no_test(two):
    place, _ = two
    (place / f"{SOURCE}_000000.npz").unlink()
    with pytest.raises(InputError, match=r"1 of the 2 clips .* scene3d_clean_fresh_000000 first"):
        check_shots(find_shots(place))
    assert check_shots(find_shots(place), whole=False) == (1, 0)


def test_further_clips_of_the_split_are_refused(two):
    place, _ = two
    store(place.parent, SOURCE, 2)
    with pytest.raises(InputError, match="was not frozen as a clip"):
        check_shots(find_shots(place))


def test_other_splits_are_passed_over(two):
    out = two[0].parent
    store(out, SOURCE, 7, split="test")
    assert check_shots(find_shots(out / "test")) == (0, 0)


def test_any_file_of_a_scene_changes_its_content(tmp_path):
    name = clip_name("scene3d_film", 0)
    for folder in ("Segment", "Flow"):
        for scene in (name, "another"):
            (tmp_path / folder / scene / "forward").mkdir(parents=True)
            (tmp_path / folder / scene / "forward" / "0001.flo").write_bytes(b"flow")
    shot = find_shots(tmp_path)[1]
    before = content_hash(shot)
    (tmp_path / "Flow" / "another" / "forward" / "0001.flo").write_bytes(b"other")
    assert content_hash(shot) == before
    (tmp_path / "Flow" / name / "forward" / "0001.flo").write_bytes(b"other")
    assert content_hash(shot) != before


def documented(text, script):
    """Return the commands of a text that run a script, as lists of words."""
    lines = text.replace("\\\n", " ").splitlines()
    return [shlex.split(line)[2:] for line in lines if line.strip().startswith(f"python {script}")]


def after(words, option):
    """Return the words that follow an option, up to the next option."""
    rest = words[words.index(option) + 1 :]
    return [w for i, w in enumerate(rest) if not any(x.startswith("--") for x in rest[: i + 1])]


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "scripts/prove.py"])
def test_what_the_documented_commands_make_is_what_they_prove(tmp_path, monkeypatch, page):
    named = replace(fresh_split(), hashes={})  # what is stored here has the clips' names alone
    monkeypatch.setattr(fresh_clips, "fresh_split", lambda: named)
    made = documented((ROOT / "CONTRIBUTING.md").read_text("utf-8"), "scripts/generate.py")
    for words in (words for words in made if "fresh" in words):
        (out,), (source,), (clips,) = (after(words, f"--{n}") for n in ("out", "source", "clips"))
        for seed in range(int(clips)):
            if "--layout" in words:
                (tmp_path / out / "fresh" / "Segment" / clip_name(source, seed)).mkdir(parents=True)
            else:
                store(tmp_path / out, source, seed)
    text = (ROOT / page).read_text("utf-8")
    (words,) = [w for w in documented(text, "scripts/prove.py") if "--single" in w]
    places = [p for name in ("--single", "--full") for p in after(words, name)]
    shots = [shot for place in places for shot in find_shots(tmp_path / place)]
    assert check_shots(shots) == (sum(fresh_split().clips.values()), 0)


def test_prove_refuses_a_part_of_the_split(two, tmp_path, monkeypatch, capsys):
    (two[0] / f"{SOURCE}_000001.npz").unlink()
    arguments = ["--single", two[0], "--out", tmp_path / "proof"]
    monkeypatch.setattr(sys, "argv", ["prove.py", *map(str, arguments)])
    assert prove.main() == InputError("").exit_code
    assert "scored as a whole" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--source", SOURCE, "--clips", "24", "--seed", "1"], "from 0 to 23 of scene3d_clean"),
        (["--source", "glitch", "--clips", "1"], "the fresh split has no glitch"),
        (["--source", SOURCE, "--clips", "1", "--wild", "0.5"], "leave --wild away"),
        (["--source", SOURCE, "--clips", "24"], "bird-animations.glb is missing (and "),
    ],
)
def test_generate_makes_the_frozen_split_alone(tmp_path, monkeypatch, capsys, arguments, says):
    from tests.training.synthesis.packs3d import write_packs

    data, out = write_packs(tmp_path), tmp_path / "set"
    command = ["generate.py", "--data", data, "--out", out, "--split", "fresh", *arguments]
    monkeypatch.setattr(sys, "argv", [*map(str, command)])
    monkeypatch.setattr(generate, "_generate", lambda *_: pytest.fail("clips were made"))
    assert generate.main() != 0
    told = capsys.readouterr().err
    assert says in told
    assert len(re.findall(r"\n", told.strip())) == 0


def test_generate_prints_the_contents_that_are_to_be_recorded(two, monkeypatch, capsys):
    place, record = two
    monkeypatch.setattr(generate, "fresh_split", lambda: fresh_clips.fresh_split())  # noqa: PLW0108 - exchanged by `record`
    generate._hold_fresh(place)
    printed = json.loads("{" + capsys.readouterr().out.strip().rstrip(",") + "}")
    record(printed)
    assert check_shots(find_shots(place)) == (2, 2)
    generate._hold_fresh(place)
    assert capsys.readouterr().out == ""


def test_importing_generate_leaves_the_threads_of_the_process_alone():
    """Numba refuses every later compilation where the number changed once its threads had begun."""
    threads = "[name for name in os.environ if name.endswith('_NUM_THREADS')]"
    shown = f"import os, scripts.generate; print({threads})"
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", shown],
        check=True,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[]"
