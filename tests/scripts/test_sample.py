"""The bundled sample shot is what samples/README.md says it is."""

import cv2
import numpy as np
import pytest

from segmentation import extract_lines, segment

FRAMES = range(1, 15)
REFERENCE = 1


def read(path):
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None, path
    return image


def packed(image):
    """(H, W, 4) uint8 -> (H, W) one number a colour."""
    return np.ascontiguousarray(image).view(np.uint32)[..., 0]


@pytest.fixture(scope="module")
def label_maps(sample):
    lines = {number: read(sample / "line" / f"{number:04d}.png") for number in FRAMES}
    return {number: segment(extract_lines(line)).labels for number, line in lines.items()}


@pytest.fixture(scope="module")
def truths(sample):
    return {number: packed(read(sample / "truth" / f"{number:04d}.png")) for number in FRAMES}


def test_it_is_small_and_complete(sample):
    files = [path for path in sample.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 2_000_000
    names = {f"{number:04d}.png" for number in FRAMES}
    assert {path.name for path in (sample / "line").iterdir()} == names
    assert {path.name for path in (sample / "truth").iterdir()} == names
    assert [path.name for path in (sample / "color").iterdir()] == [f"{REFERENCE:04d}.png"]


def test_frames_are_full_hd(label_maps, truths):
    assert {labels.shape for labels in label_maps.values()} == {(1080, 1920)}
    assert {truth.shape for truth in truths.values()} == {(1080, 1920)}


def test_every_frame_has_forty_segments(label_maps):
    assert min(int(labels.max()) for labels in label_maps.values()) >= 40


def test_the_reference_is_the_truth_of_its_frame(sample):
    name = f"{REFERENCE:04d}.png"
    assert (sample / "color" / name).read_bytes() == (sample / "truth" / name).read_bytes()


def test_segments_have_one_true_colour(label_maps, truths):
    for number, labels in label_maps.items():
        colors, index = np.unique(truths[number], return_inverse=True)
        votes = np.zeros((int(labels.max()) + 1, len(colors)), np.int64)
        np.add.at(votes, (labels.ravel(), index.ravel()), 1)
        area, most = votes[1:].sum(axis=1), votes[1:].max(axis=1)
        assert (area - most).sum() <= 0.001 * area.sum(), number
        assert (most < 0.9 * area).sum() <= 0.05 * len(area), number


def test_the_drawings_move(sample, label_maps):
    # Position alone cannot solve the shot: much of the figure lies elsewhere at its end.
    first, last = (label_maps[number] for number in (1, 14))
    background = (labels == labels[0, 0] for labels in (first, last))
    before, after = (~plane for plane in background)
    assert (before & after).sum() < 0.85 * (before | after).sum()
