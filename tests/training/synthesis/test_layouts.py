"""Clips in the folders of AnimeRun and PaintBucket, read back and scored."""

import numpy as np
import pytest

from ant_core.errors import InputError
from ant_core.files import WholeFiles
from ant_core.training.data.flow_labels import RegionStatistics
from ant_core.training.data.paintbucket import read_frame
from ant_core.training.data.sets import find_shots
from ant_core.training.evaluation.benchmark import MethodResult, run_protocol
from ant_core.training.synthesis.layouts import LAYOUTS, write_layout
from ant_core.training.synthesis.source import SourceClip, SourceFrame
from tests.training.evaluation.shots import Scripted

SHAPE = (120, 160)
#: Part -> where its box begins (y, x) and by how much it moves from frame to frame (x, y).
BOXES = {
    2: ((20, 20), (3, 0)),
    3: ((60, 30), (5, 2)),
    4: ((15, 80), (-6, 4)),
    5: ((70, 120), (15, 0)),
}
COLORS = {1: (90, 90, 200), 2: (200, 20, 20), 3: (20, 200, 20), 4: (200, 20, 20), 5: (10, 20, 30)}
FRAMES = 4


def sliding(split, flows=True):
    """Boxes that slide over a floor, which stands still; the last one leaves the picture."""
    frames = []
    for t in range(FRAMES):
        ids = np.ones(SHAPE, np.int32)
        ids[:10] = 0
        speed = np.zeros((*SHAPE, 2), np.float32)
        for part, ((y, x), move) in BOXES.items():
            box = np.s_[
                y + t * move[1] : y + t * move[1] + 32, x + t * move[0] : x + t * move[0] + 34
            ]
            ids[box], speed[box] = part, move
        forward = speed if flows and t < FRAMES - 1 else None
        frames.append(SourceFrame(ids, None, None, forward, -speed if flows and t else None))
    return SourceClip(f"sliding_{split}", split, ("boxes",), ("slide",), frames, COLORS)


@pytest.fixture
def animerun(tmp_path):
    statistics = LAYOUTS["animerun"](sliding("test"), tmp_path / "test", WholeFiles())
    (found,) = find_shots(tmp_path)
    return found.read(), statistics


class Truth(Scripted):
    """Knows the labels; a blind one finds no counterpart of anything."""

    def __init__(self, shot, blind=False):
        super().__init__()
        self.blind = blind
        self.rows = {f.number: rows for f, rows in zip(shot.frames, shot.matches, strict=False)}

    def match(self, references, target):
        rows = self.rows[target.number]
        probability = np.zeros((target.count, references[0].count), np.float32)
        known = np.flatnonzero(rows >= 0)
        probability[known, rows[known]] = 1
        return probability, ((rows >= 0) & (not self.blind)).astype(np.float32)


def test_true_labels_reach_everything(animerun):
    shot, _ = animerun
    assert any((rows < 0).any() for rows in shot.matches)
    result = MethodResult()
    run_protocol("regions", shot, Truth(shot), result)
    for metric in ("acc", "nonocc", "occ", "none_precision", "none_recall"):
        assert result.tally.figure(metric).value == 1


def test_flow_made_from_true_labels_is_that_of_the_clip(animerun):
    shot, _ = animerun
    result = MethodResult()
    run_protocol("flow", shot, Truth(shot), result)
    assert result.tally.figure("epe_nonocc").value < 0.3
    assert result.tally.figure("epe_s<10").value < 0.5
    still = MethodResult()
    run_protocol("flow", shot, Truth(shot, blind=True), still)
    assert still.tally.figure("epe_nonocc").value > 1


def test_flow_and_masks_are_those_of_the_clip(animerun):
    shot, statistics = animerun
    clip = sliding("test")
    truth = shot.flows[1]()
    np.testing.assert_array_equal(truth.flow, clip.frames[1].forward)
    # The floor just right of the box that moves right by 5 is covered in the next frame.
    ids, after = clip.frames[1].ids, clip.frames[2].ids
    covered = (ids == 1) & (after == 3)
    assert covered.any()
    assert truth.occluded[covered].all()
    assert not truth.occluded[(ids == 1) & (after == 1)].any()
    table = statistics.table()
    assert (table["frames"], table["sequences"]) == (FRAMES, 1)
    assert table["segments_per_frame"] == np.mean([frame.count for frame in shot.frames])


def test_segments_take_the_colours_of_their_parts(animerun):
    shot, _ = animerun
    assert set(shot.palette.values()) == {*COLORS.values(), (255, 255, 255)}


def test_source_without_flow_is_no_animerun_set(tmp_path):
    with pytest.raises(InputError, match="no flow both ways"):
        LAYOUTS["animerun"](sliding("test", flows=False), tmp_path, WholeFiles())


@pytest.mark.parametrize("split", ["train", "test"])
def test_paintbucket_set_is_read_back(tmp_path, split):
    clip = sliding(split)
    LAYOUTS["paintbucket"](clip, tmp_path / split, WholeFiles())
    (found,) = find_shots(tmp_path / split)
    shot = found.read()
    assert found.layout == "paintbucket"
    assert [frame.count for frame in shot.frames[:2]] == [6, 6]
    stored = read_frame(tmp_path / split / "PaintBucket_Char" / clip.name, "0001")
    assert set(np.unique(stored.line)) == {0, 255}  # no anti-aliasing
    inner = (slice(70, 80), slice(50, 60))
    (segment,) = np.unique(stored.labels[inner])
    assert stored.colors[segment - 1].tolist() == [*COLORS[3], 255]
    paper = stored.labels[2, 2]
    assert stored.colors[paper - 1, 3] == 0
    if split == "train":
        assert stored.parts[segment - 1] == 3
        assert stored.parts[paper - 1] == -1
    else:
        assert stored.parts is None  # as in the published test sets


def test_clip_that_is_stored_is_left_alone_and_counted(tmp_path, monkeypatch):
    made = []

    def make_clip(data, split, seed):
        made.append((data, seed))
        return sliding(split)

    monkeypatch.setattr("ant_core.training.synthesis.layouts.load_source", lambda name: make_clip)
    job = ("animerun", "sliding", tmp_path / "data", tmp_path / "set", "test", 7)
    new, first = write_layout(*job)
    again, second = write_layout(*job)
    assert (new, again) == (True, False)
    assert made == [(tmp_path / "data", 7)]
    assert first.table() == second.table()
    assert second.histograms.shares() == first.histograms.shares() != {}
    together = RegionStatistics()
    together.join(first)
    assert together.table() == first.table()
