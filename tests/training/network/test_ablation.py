"""The ablation runs what it names, once, and its tables say what was counted."""

import json
import sys

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")
pytest.importorskip("scipy", reason="bending needs the train extra")

from ant_core.errors import InputError  # noqa: E402 - torch is optional
from ant_core.training.network import ablation  # noqa: E402
from ant_core.training.network.ablation import EXPERIMENTS, ablate, read_results  # noqa: E402
from ant_core.training.network.ablation_table import insert, tables  # noqa: E402
from ant_core.training.network.config import TrainConfig  # noqa: E402
from ant_core.training.network.self_reference import bent_maker  # noqa: E402
from ant_core.training.network.switches import Switches  # noqa: E402
from ant_core.training.synthesis.clip import clip_arrays, samples  # noqa: E402
from ant_core.training.synthesis.source import SourceClip, SourceFrame  # noqa: E402
from scripts import ablate as script  # noqa: E402


def boxes(data, split, seed):
    """Three frames of two boxes with a crease and a shadow, moving to the right."""
    del data
    frames = []
    for left in (30, 40, 50):
        ids = np.zeros((160, 240), np.int32)
        ids[30:130, left : left + 60], ids[30:130, left + 70 : left + 130] = 7, 9
        edges, shade = np.zeros(ids.shape, bool), np.zeros(ids.shape, np.uint8)
        edges[80, left : left + 60] = True
        shade[30:130, left + 100 :] = 1
        frames.append(SourceFrame(ids, edges, shade))
    colors = {7: (255, 0, 0), 9: (0, 0, 255)}
    return SourceClip(f"boxes_{seed}", split, ("box",), ("right",), frames, colors, (3, 5, 8))


def test_a_bent_clip_shows_one_drawing_bent():
    original = boxes(None, "train", 4)
    clip = bent_maker(boxes)(None, "train", 4)
    again = bent_maker(boxes)(None, "train", 4)
    assert clip.numbers().tolist() == [1, 2, 3, 4, 5, 6]
    assert (clip.split, clip.characters, clip.colors) == ("train", ("box",), original.colors)
    np.testing.assert_array_equal(clip.frames[0].ids, original.frames[1].ids)
    for bent, same in zip(clip.frames[1:], again.frames[1:], strict=True):
        np.testing.assert_array_equal(bent.ids, same.ids)
        assert not np.array_equal(bent.ids, clip.frames[0].ids)
        assert set(np.unique(bent.ids)) == {0, 7, 9}
        assert 0.6 < (bent.ids == 7).sum() / (clip.frames[0].ids == 7).sum() < 1.6
        assert set(np.unique(bent.shade)) == {0, 1}
        # The crease stays a line: no more than a pixel is lost where the warp shrinks most.
        bridged = cv2.dilate(bent.edges.astype(np.uint8), np.ones((3, 3)))
        assert cv2.connectedComponents(bridged)[0] == 2
        assert 40 < bent.edges.any(axis=0).sum() < 80
    arrays = clip_arrays(clip, samples(clip))
    assert set(arrays["part"]) == {0, 7, 9}


@pytest.fixture
def clips(tmp_path):
    from tests.training.network.test_train import write_clip

    for split in ("train", "validation", "self_reference"):
        (tmp_path / split).mkdir()
        for seed in range(2):
            write_clip(tmp_path / split / f"made_{seed}.npz", seed)
    return tmp_path


@pytest.fixture(autouse=True)
def _short_clips(monkeypatch):
    monkeypatch.setattr(ablation, "_SHOWN", (1, 3))  # the clips of these tests have five frames


BASE = TrainConfig(pairs=4, tokens=96, device="cpu", threads=1, full_precision=True)


def test_every_experiment_is_a_configuration_and_differs_from_ours():
    made = {name: ablation._configured(e, BASE) for name, e in EXPERIMENTS.items()}
    for name, config in made.items():
        assert (config.pairs, config.tokens) == (BASE.pairs, BASE.tokens)
        assert name == "ours" or config != made["ours"]
    assert made["ours"].switches == Switches()
    assert made["ours"].seed == made["no_graph"].seed != made["ours_again"].seed


def test_results_are_kept_and_not_made_again(clips, tmp_path, monkeypatch):
    out = tmp_path / "runs"
    told = []
    results = ablate(["ours", "self_reference"], clips, out, BASE, told.append)
    assert set(results) == {"position", "ours", "self_reference"}
    assert [line.split(":")[0] for line in told] == ["ours", "self_reference"]
    assert results["ours"]["pairs"] >= 4
    assert results["ours"]["recursive"].keys() == {"made_0", "made_1"}
    assert results["ours"]["recursive"]["made_0"][1] == 4 * 8  # segments of the four targets
    assert read_results(out) == json.loads(json.dumps(results))

    def never(*_):
        raise AssertionError("it was trained again")

    monkeypatch.setattr(ablation, "train", never)
    assert ablate(["ours", "self_reference"], clips, out, BASE) == read_results(out)


def test_other_clips_do_not_join_a_table(clips, tmp_path):
    ablate([], clips, tmp_path / "runs", BASE)
    (clips / "train" / "made_1.npz").rename(clips / "train" / "made_9.npz")
    with pytest.raises(InputError, match="choose another --out folder"):
        ablate([], clips, tmp_path / "runs", BASE)


def test_no_validation_clips_are_said_in_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"generate\.py"):
        ablate([], tmp_path, tmp_path / "runs", BASE)


RESULTS = {
    "position": {"recursive": {"a_0": [50, 100], "b_0": [100, 300]}},
    "ours": {
        "about": "us",
        "recursive": {"a_0": [80, 100], "b_0": [120, 300]},
        "asked": 10,
        "pairs": 12,
        "steps": 3,
        "cpu_seconds": 4.0,
        "parameters": 1234,
        "data": {"train": [7, 0], "validation": ["a_0", "b_0"]},
        "references": {"1": {"a_0": [1, 2]}, "3": {"a_0": [2, 2]}},
    },
    "no_graph": {"about": "h", "recursive": {"a_0": [70, 100], "b_0": [170, 300]}},
}


def test_tables_by_hand():
    first, main, references = tables(RESULTS).strip().split("\n\n")
    assert first == "7 training clips, 10 pairs a run; 2 validation clips, 400 segments."
    head, _, *rows = [[cell.strip() for cell in r.split("|")[1:-1]] for r in main.splitlines()]
    assert head[3:5] == ["a", "b"]
    assert [row[0].split(":")[0] for row in rows] == ["position", "ours", "no_graph"]
    # (80 + 120) / 400; resampled clips give a alone, b alone, or both
    assert rows[1][1:5] == ["50.0 (40.0 to 80.0)", "", "80.0", "40.0"]
    assert rows[1][5:] == ["1,234", "4", "3.0"]
    # (70 - 80 + 170 - 120) / 400, paired: -10 % on a and +16.7 % on b
    assert rows[2][2] == "+10.0 (-10.0 to +16.7)"
    assert references.splitlines()[2] == "| ours | 50.0 | 100.0 |"


def test_a_page_keeps_what_stands_around_the_tables():
    page = script.Path(__file__).parents[3] / "docs" / "ablations.md"
    text = page.read_text("utf-8")
    once = insert(text, "new")
    assert "\n\nnew\n<!--" in once
    assert once.splitlines()[0] == text.splitlines()[0]
    assert once.splitlines()[-1] == text.splitlines()[-1]
    assert insert(once, "new") == once


def test_the_script_bends_measures_and_writes_the_page(clips, tmp_path, monkeypatch, capsys):
    for path in (clips / "self_reference").iterdir():
        path.unlink()
    asked = []

    def source(name):
        asked.append(name)
        return boxes

    monkeypatch.setattr(script, "load_source", source)
    monkeypatch.setattr(script.os, "nice", lambda _: 0)
    page = tmp_path / "page.md"
    page.write_text("# Head\n<!-- scripts/ablate.py writes from here -->\n<!-- to here -->\nTail\n")
    command = ["ablate.py", "--clips", str(clips), "--out", str(tmp_path / "runs")]
    command += ["--only", "no_graph", "--pairs", "4", "--tokens", "96"]
    command += ["--data", str(tmp_path), "--docs", str(page)]
    monkeypatch.setattr(sys, "argv", command)
    assert script.main() == 0
    assert asked == ["made", "made"]
    assert len(list((clips / "self_reference").glob("*.npz"))) == 2
    out = capsys.readouterr()
    assert "no_graph: " in out.err
    assert out.out.strip() in page.read_text()
    (clips / "train" / "made_1.npz").unlink()
    monkeypatch.setattr(sys, "argv", command[:-4])
    assert script.main() != 0
    assert "choose another --out folder" in capsys.readouterr().err
