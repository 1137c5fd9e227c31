"""The quality bars on two drawings of the benchmark, default settings."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from scripts.benchmarks import drawings
from segmentation import extract_lines, segment

DATA = Path(__file__).parent / "data"


def scored(drawing):
    return drawings.score(drawing, segment(extract_lines(drawing.image)).labels)


def test_a_clean_drawing_is_recovered_without_a_leak():
    result = scored(drawings.read(DATA, "hd1080_one")[0])
    assert (result.regions, result.gaps) == (151, 8)
    assert result.leaked == 0
    assert result.recovered >= 0.99 * result.regions
    assert result.merged_away == 0
    assert result.split <= 4


def test_a_rough_pencil_drawing_is_recovered_with_at_most_one_leak():
    result = scored(drawings.read(DATA, "hd1080_rough")[0])
    assert (result.regions, result.gaps) == (248, 16)
    assert result.leaked <= 1
    assert result.recovered >= 241
    assert result.merged_away <= 1
    assert result.split <= 8


def test_closed_gaps_lie_where_the_breaks_are():
    drawing, _ = drawings.read(DATA, "hd1080_one")
    result = segment(extract_lines(drawing.image))
    middles = result.closed_gaps.reshape(-1, 2, 2).mean(axis=1)
    for gap in json.loads((DATA / "hd1080_one.json").read_text("utf-8"))["gaps"]:
        assert np.hypot(middles[:, 0] - gap["x"], middles[:, 1] - gap["y"]).min() < 8


@pytest.mark.parametrize("kind", ["transparent", "16 bit", "hard-edged"])
def test_other_files_of_the_same_drawing_are_as_good(kind):
    drawing, _ = drawings.read(DATA, "hd1080_one")
    grey = drawing.image
    image = {
        "transparent": lambda: drawings.on_transparency(grey),
        "16 bit": lambda: grey.astype(np.uint16) * 257,
        "hard-edged": lambda: drawings.hard_edged(grey),
    }[kind]()
    result = scored(drawings.replace(drawing, image=image))
    assert result.leaked == 0
    assert result.recovered >= 0.99 * result.regions


def test_without_gap_closing_the_same_drawing_leaks():
    drawing, _ = drawings.read(DATA, "hd1080_one")
    labels = segment(extract_lines(drawing.image), 0).labels
    assert drawings.score(drawing, labels).leaked == 8


def test_the_score_counts_leaks_merges_and_splits_by_eye():
    truth = np.zeros((12, 33), np.int32)
    truth[:, :10], truth[:, 11:21], truth[:, 22:] = 1, 2, 3
    drawing = drawings.BenchDrawing("rooms", truth, truth, np.array([[1, 2], [2, 3]]))
    perfect = drawings.score(drawing, truth)
    assert asdict(perfect) == {
        "segments": 3, "regions": 3, "recovered": 3, "merged_away": 0,
        "split": 0, "gaps": 2, "leaked": 0,
    }  # fmt: skip
    merged = drawings.score(drawing, np.where(truth == 2, 1, truth))
    assert (merged.leaked, merged.merged_away, merged.recovered) == (1, 1, 1)
    cut = truth.copy()
    cut[:6, 22:] = 4
    split = drawings.score(drawing, cut)
    assert (split.split, split.recovered, split.leaked) == (1, 2, 0)
