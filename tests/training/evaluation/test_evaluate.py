"""The command: one table, one document, and refusals that say what to do."""

import argparse
import json
import shutil
import threading

import numpy as np
import pytest

from ant_core.commands import evaluate
from ant_core.errors import Cancelled, InputError, OutputError, UsageError
from ant_core.files import WholeFiles
from ant_core.training.evaluation import command
from ant_core.training.evaluation.benchmark import PROTOCOLS
from tests.support.fakes import FakeMatcher
from tests.training.evaluation.boxes import SIZE


class Silent:
    def __init__(self):
        self.warnings = []

    def warn(self, text):
        self.warnings.append(text)

    def progress(self, done, total, text, event):
        del done, total, text, event


@pytest.fixture(autouse=True)
def _fake_model(monkeypatch):
    monkeypatch.setattr(command, "Matcher", FakeMatcher)


def run(*arguments, reporter=None, cancel=None):
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    options = parser.parse_args([str(argument) for argument in arguments])
    return evaluate.run(options, reporter or Silent(), cancel or threading.Event(), WholeFiles())


def test_table_and_document_say_the_same(shots, tmp_path):
    out = tmp_path / "figures.json"
    outcome = run(shots, "--json", out, "--threads", 1)
    assert outcome.exit_code == 0
    document = json.loads(out.read_text())
    assert document["schema"] == 2
    assert document["shots_of_layout"] == {"pictures": 2}
    assert [model["method"] for model in document["models"]] == ["fake"]
    recursive = document["protocols"]["recursive"]["methods"]
    assert list(recursive) == ["position", "overlap", "flow", "fake"]
    entry = recursive["fake"]
    assert (entry["segments"], entry["frames"], entry["shots"]) == (36, 12, 2)
    assert entry["characters"] is None
    accuracy = entry["metrics"]["accuracy"]
    assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
    assert accuracy["unit"] == "%"
    figures = entry["by_shot"]["figures"]
    assert list(figures) == [str(shots / "fast"), str(shots / "slow")]
    assert accuracy["value"] == pytest.approx(sum(figures.values()) / 2, abs=0.01)
    assert f"{accuracy['value']:.2f} [" in outcome.text
    assert sum(row[2] for row in entry["confidence"]["curve"]) <= entry["segments"]
    assert "confidence" not in recursive["position"]
    for protocol in document["protocols"]:
        assert f"{protocol}: " in outcome.text


def test_chosen_protocols_only(shots, tmp_path):
    out = tmp_path / "figures.json"
    run(shots, "--protocol", "keyframes", "--protocol", "recursive", "--json", out, "--limit", 1)
    document = json.loads(out.read_text())
    assert list(document["protocols"]) == [
        *(f"keyframes_{count}" for count in ("1", "3", "5", "all")),
        "recursive",
    ]
    assert document["protocols"]["recursive"]["methods"]["fake"]["shots"] == 1


def test_same_figures_at_every_run(shots, tmp_path):
    texts = []
    for name in ("a.json", "b.json"):
        run(shots, "--json", tmp_path / name, "--protocol", "consecutive")
        document = json.loads((tmp_path / name).read_text())
        for entry in document["protocols"]["consecutive"]["methods"].values():
            del entry["seconds"]
        texts.append(document)
    assert texts[0] == texts[1]


def test_pictures_of_every_model(shots, tmp_path):
    pytest.importorskip("matplotlib")
    folder = tmp_path / "new" / "pictures"
    run(shots, "--protocol", "recursive", "--pictures", folder)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["calibration.fake.png", "worst.fake.png"]
    other = tmp_path / "other"
    run(shots, "--protocol", "consecutive", "--pictures", other)
    assert [path.name for path in other.iterdir()] == ["calibration.fake.png"]


def test_refusals(shots):
    with pytest.raises(UsageError, match="no protocol is named 'recall'"):
        run(shots, "--protocol", "recall")
    with pytest.raises(UsageError, match="given twice"):
        run(shots, shots / "slow")
    with pytest.raises(UsageError, match="given twice"):
        run(shots, "--model", "same", "--model", "same")
    with pytest.raises(InputError, match="nothing to score"):
        run(shots, "--protocol", "regions")


def test_place_of_the_document_is_checked_before_the_work(shots, tmp_path):
    with pytest.raises(UsageError, match="is a folder"):
        run(shots, "--json", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="a file stands in its way"):
        run(shots, "--json", tmp_path / "file" / "figures.json")


def test_animerun_set_shows_its_statistics(animerun, tmp_path):
    out = tmp_path / "figures.json"
    outcome = run(animerun[0], "--json", out)
    document = json.loads(out.read_text())
    assert document["region_statistics"] == pytest.approx(animerun[1].table())
    # Pixels of pictures and not of segments, whose lines would be missing.
    assert document["region_histograms"] == animerun[1].histograms.shares()
    assert sum(animerun[1].histograms.luminance) == 3 * np.prod(SIZE)
    assert "AnimeRun       237" in outcome.text
    assert {"regions", "flow", "recursive"} <= set(document["protocols"])
    epe = document["protocols"]["flow"]["methods"]["fake"]["metrics"]["epe"]
    assert epe["unit"] == "px"


def test_a_set_is_scored_as_it_is_downloaded(animerun, tmp_path):
    """The folders of the set's own page and loaders, frames not from 1, colour variants beside."""
    root, _ = animerun
    test = root / "test"
    for folder in ("contour", "Segment", "SegMatching/*/forward", "Frame_Anime/*/original"):
        parts = [p for p in test.glob(f"{folder}/**/*") if p.is_file()]
        for path in sorted({*parts}):
            path.rename(path.with_stem(f"{int(path.stem) + 86:04d}"))
    for path in test.glob("LineArea/*/*.npy"):
        path.rename(path.with_stem(f"{int(path.stem) + 86:04d}"))
    (test / "Flow/forward").mkdir()
    (test / "Flow/boxes_01/forward").rename(test / "Flow/forward/boxes_01")
    for path in (test / "Flow/forward/boxes_01").iterdir():
        path.rename(path.with_stem(f"Image{int(path.stem) + 86:04d}"))
    (test / "UnMatched").rename(test / "Unmatched")
    shutil.rmtree(test / "Unmatched/boxes_01/backward")
    original = test / "Frame_Anime/boxes_01/original"
    for variant in ("color_1", "color_2"):
        shutil.copytree(original, original.with_name(variant))
    (test.parent / "train").mkdir()
    out = tmp_path / "figures.json"
    run(root, "--protocol", "regions", "--protocol", "flow", "--json", out)
    found = json.loads(out.read_text())["protocols"]
    assert found["regions"]["methods"]["position"]["metrics"]["acc"]["value"] == 100
    assert set(found) == {"regions", "flow"}  # coloured input is asked for by its own name
    assert found["flow"]["methods"]["overlap"]["segments"] == 6


def test_cancelled_run_writes_nothing(shots, tmp_path):
    cancel = threading.Event()
    cancel.set()
    out = tmp_path / "figures.json"
    with pytest.raises(Cancelled):
        run(shots, "--json", out, cancel=cancel)
    assert not out.exists()


def test_help_names_every_protocol():
    words = set(evaluate.DESCRIPTION.replace(",", " ").split())
    assert set(PROTOCOLS) <= words
