import json
from dataclasses import replace

import numpy as np
import pytest

from ant_core.errors import OutputError, UsageError
from ant_core.matching.flow import Motion
from ant_core.training.data.clips import load_clip
from ant_core.training.data.majority import majority
from ant_core.training.synthesis.clip import clip_arrays, clip_path, drawings, samples, write_clip
from ant_core.training.synthesis.ink.ink_style import InkStyle
from ant_core.training.synthesis.pages import statistics
from ant_core.training.synthesis.source import SourceClip, SourceFrame, load_source


def _read(path):
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def test_majority_counts_pixels_under_each_segment():
    labels = np.array([[1, 1, 1, 0, 2, 2]], dtype=np.int32)
    ids = np.array([[5, 5, 4, 4, 0, 0]], dtype=np.int32)
    part, purity = majority(labels, ids)
    assert part.tolist() == [5, 0]
    assert purity == pytest.approx([2 / 3, 1.0])


def test_majority_of_a_drawing_without_segments_is_empty():
    part, purity = majority(np.zeros((3, 3), np.int32), np.ones((3, 3), np.int32))
    assert part.shape == purity.shape == (0,)


def test_segments_of_a_drawing_belong_to_one_part(boxes):
    purity = np.concatenate(
        [s.purity for seed in range(3) for s in samples(boxes(None, "train", seed))]
    )
    assert np.median(purity) > 0.95


def test_a_clip_with_ink_of_its_own_is_drawn_in_it(boxes):
    clip = replace(boxes(None, "train", 1), ink=InkStyle(seed=0, width_px=2.0, hard=True))
    assert {*np.unique(next(drawings(clip)).image)} == {0, 255}
    grey = InkStyle(seed=0, width_px=2.0, hard=True, ink=90)
    assert {*np.unique(next(drawings(clip, grey)).image)} == {90, 255}


def test_large_parts_are_found_again_as_segments(boxes):
    clip = boxes(None, "train", 1)
    for frame, drawn in zip(clip.frames, samples(clip), strict=True):
        large = np.flatnonzero(np.bincount(frame.ids.ravel()) > 900)
        assert len(np.setdiff1d(large, drawn.part)) <= 1  # a left-out line may join one to another


def test_stored_arrays_fit_together(boxes, tmp_path):
    path = clip_path(tmp_path, "boxes", "train", 2)
    assert write_clip(boxes, tmp_path, path, "train", 2)
    clip = _read(path)
    start, count = clip["frame_start"], len(clip["part"])
    assert start[0] == 0
    assert start[-1] == count
    assert clip["frame_number"].tolist() == [1, 3, 5, 7]
    assert clip["size"].tolist() == [200, 220]
    for name in ("crops", "shape", "box", "area", "centroid", "purity", "color", "overlap"):
        assert len(clip[name]) == count, name
    assert (clip["overlap"][: start[1]] == -1).all()
    for f in range(1, 4):
        rows = clip["overlap"][start[f] : start[f + 1]]
        assert rows.max() < start[f] - start[f - 1]
        edges = clip["edges"][clip["edge_start"][f] : clip["edge_start"][f + 1]]
        assert edges.max(initial=0) < start[f + 1] - start[f]
    assert ((clip["part"] == 0) == (clip["color"] == 0)).all()
    of_2_and_3 = clip["color"][np.isin(clip["part"], (2, 3))]
    assert len(set(of_2_and_3.tolist())) == 1
    assert json.loads(str(clip["meta"]))["motions"] == ["slide"]


def test_a_piece_that_another_covers_is_not_seen_there():
    """One square moves over another: the other is seen before and no more after."""
    before, after = np.ones((2, 120, 200), np.int32)
    before[30:90, 120:180] = 2
    before[20:100, 10:90] = 3
    after[20:100, 110:190] = 3
    forward, backward = np.zeros((2, 120, 200, 2), np.float32)
    forward[before == 3, 0] = 100
    backward[after == 3, 0] = -100
    frames = [SourceFrame(before, forward=forward), SourceFrame(after, backward=backward)]
    colors = {1: (9, 9, 9), 2: (200, 0, 0), 3: (0, 0, 200)}
    ink = InkStyle(seed=0, width_px=2.0)
    clip = SourceClip("cover", "train", (), (), frames, colors, ink=ink)
    arrays = clip_arrays(clip, samples(clip))
    seen = {
        (frame, int(part)): flags.tolist()
        for frame in (0, 1)
        for part, flags in zip(
            arrays["part"][slice(*arrays["frame_start"][frame : frame + 2])],
            arrays["seen"][slice(*arrays["frame_start"][frame : frame + 2])],
            strict=True,
        )
    }
    assert seen == {
        (0, 1): [-1, 1],
        (0, 2): [-1, 0],
        (0, 3): [-1, 1],
        (1, 1): [1, -1],
        (1, 3): [1, -1],
    }


def test_sources_without_flow_know_nothing_of_what_is_seen(boxes):
    clip = boxes(None, "train", 1)
    assert (clip_arrays(clip, samples(clip))["seen"] == -1).all()


def test_a_stored_clip_knows_what_flow_says_of_its_pictures(boxes, tmp_path):
    path = tmp_path / "boxes.npz"
    write_clip(boxes, tmp_path, path, "train", 1)
    frames, flows = (clip := load_clip(path)).frames, clip.flows
    assert {(t, r) for t, r in flows if abs(t - r) == 1} >= {(0, 1), (1, 0)}
    for t, r in ((0, 1), (1, 0)):
        counts = frames[t].count, frames[r].count
        stored = flows[t, r].evidence(*(np.arange(count) for count in counts))
        told = Motion().compare(frames[t].small, frames[r].small, counts)
        np.testing.assert_allclose(stored[..., 1:], told, atol=0.5 / 255 + 1e-6)


def test_the_same_seed_gives_the_same_clip_and_another_seed_another(boxes, tmp_path):
    for folder, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_clip(boxes, tmp_path, tmp_path / folder / "clip.npz", "train", seed)
    a, b, c = (_read(tmp_path / folder / "clip.npz") for folder in "abc")
    assert all(np.array_equal(a[name], b[name]) for name in a)
    assert not np.array_equal(a["crops"], c["crops"])


def test_a_stored_clip_is_not_made_again_and_nothing_else_is_left(boxes, tmp_path):
    path = clip_path(tmp_path, "boxes", "train", 0)
    assert write_clip(boxes, tmp_path, path, "train", 0)
    stamp = path.stat().st_mtime_ns
    assert not write_clip(boxes, tmp_path, path, "train", 0)
    assert path.stat().st_mtime_ns == stamp
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_cannot_be_written_to_is_named(boxes, tmp_path):
    (tmp_path / "train").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="train"):
        write_clip(boxes, tmp_path, clip_path(tmp_path, "boxes", "train", 0), "train", 0)


def test_statistics_name_what_two_splits_share(boxes, tmp_path):
    for split in ("train", "test"):
        write_clip(boxes, tmp_path, clip_path(tmp_path, "boxes", split, 0), split, 0)
    text = "\n".join(statistics([tmp_path]))
    assert "train: 1 clips, 4 drawings" in text
    assert "SHARE ['boxes', 'slide']" in text


def test_statistics_look_at_several_folders_and_layouts_together(boxes, tmp_path):
    clips, film = tmp_path / "clips", tmp_path / "film"
    write_clip(boxes, tmp_path, clip_path(clips, "boxes", "train", 0), "train", 0)
    record = film / "test" / "clips" / "film_000000.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"characters": ["ball"], "motions": ["roll"]}))
    assert statistics([clips, film])[-1] == "no character, part or motion is in two splits"
    record.write_text(json.dumps({"characters": ["ball"], "motions": ["slide"]}))
    assert statistics([clips, film])[-1] == "train and test SHARE ['slide']"


def test_an_unknown_source_is_refused_with_the_choice():
    with pytest.raises(UsageError, match="glitch"):
        load_source("puppets")
