"""What the network sees: crops by eye, features by hand, invariants on random drawings."""

import cv2
import numpy as np
import pytest

from ant_core.matching._descriptor_kernels import sample_crops
from ant_core.matching.descriptors import (
    CROP,
    SHAPE_FEATURES,
    _mean_pyramid,
    adjacency_matrix,
    describe,
    pair_geometry,
)
from segmentation import LineArt, extract_lines, measure, segment


def drawing(size=(120, 160)):
    """Two boxes side by side that share a wall, and a disc apart from them, on white paper."""
    picture = np.full(size, 255, np.uint8)
    cv2.rectangle(picture, (20, 30), (60, 90), 0, 2)
    cv2.rectangle(picture, (60, 30), (90, 90), 0, 2)
    cv2.circle(picture, (125, 60), 18, 0, 2)
    return picture


def described(picture):
    lines = extract_lines(picture)
    labels = segment(lines).labels
    segments = measure(labels)
    return describe(lines, labels, segments), labels, segments


def feature(descriptors, name):
    return descriptors.shape[:, SHAPE_FEATURES.index(name)]


def test_a_row_for_every_segment():
    descriptors, labels, _ = described(drawing())
    count = labels.max()
    assert count == 4
    assert descriptors.crops.shape == (count, 4, CROP, CROP)
    assert descriptors.shape.shape == (count, len(SHAPE_FEATURES))
    assert descriptors.box.shape == (count, 4)
    assert np.isfinite(descriptors.shape).all()


def test_mask_fills_a_box_and_lines_surround_it_in_the_context():
    descriptors, labels, _ = described(drawing())
    box = labels[60, 40] - 1
    assert (descriptors.crops[box, 1] == 255).all()
    near, around = descriptors.crops[box, 0], descriptors.crops[box, 2]
    assert near[8:24, 8:24].max() == 0
    assert around.max() > 60
    # The context is three times the longer side: the mask covers about a ninth of its height ^ 2.
    assert 0.05 < (descriptors.crops[box, 3] > 127).mean() < 1 / 9


def test_a_disc_is_round_and_a_box_is_full():
    descriptors, labels, _ = described(drawing())
    disc, box = labels[60, 125] - 1, labels[60, 40] - 1
    assert feature(descriptors, "elongation")[disc] < 0.05
    assert feature(descriptors, "extent")[disc] == pytest.approx(np.pi / 4, abs=0.05)
    assert feature(descriptors, "extent")[box] == 1.0
    # Taller than wide: the longer axis stands at 90 degrees, and cos(2 * 90 degrees) = -1.
    assert feature(descriptors, "cos_2_angle")[box] < -0.1


def test_boxes_are_centred_and_scaled_by_the_longer_side():
    descriptors, labels, segments = described(drawing())
    box = labels[60, 40] - 1
    x0, y0, x1, y1 = segments.box[box]
    expected = [(x0 + x1 - 160) / 160, (y0 + y1 - 120) / 160, (x1 - x0) / 80, (y1 - y0) / 80]
    assert descriptors.box[box] == pytest.approx(expected, abs=1e-6)


def test_border_contact_and_neighbours():
    descriptors, labels, _ = described(drawing())
    outside, box, disc = labels[0, 0] - 1, labels[60, 40] - 1, labels[60, 125] - 1
    assert feature(descriptors, "touches_border")[[outside, box]].tolist() == [1, 0]
    # The box meets the outside and the other box; the disc meets the outside only.
    assert feature(descriptors, "neighbours")[[box, disc]] == pytest.approx(np.log([3, 2]))


def test_a_drawing_without_segments_has_no_rows():
    everywhere = np.ones((40, 40), np.bool_)
    plane = everywhere.astype(np.uint8)
    lines = LineArt(plane * 255, everywhere, plane * 0, 40.0)
    labels = segment(lines).labels
    descriptors = describe(lines, labels, measure(labels))
    assert descriptors.count == 0
    assert descriptors.crops.shape == (0, 4, CROP, CROP)


def test_one_segment_and_one_pixel():
    for size in [(30, 50), (1, 1)]:
        descriptors, _, _ = described(np.full(size, 255, np.uint8))
        assert descriptors.count == 1
        assert np.isfinite(descriptors.shape).all()


@pytest.mark.parametrize("seed", range(3))
def test_twice_the_size_gives_almost_the_same_descriptors(seed):
    rng = np.random.default_rng(seed)
    small = np.full((150, 200), 255, np.uint8)
    # One a quarter: crossing circles leave slivers, specks in one size and not in the other.
    for left, top in ((0, 0), (100, 0), (0, 75), (100, 75)):
        x, y = left + rng.integers(35, 65), top + rng.integers(33, 42)
        cv2.circle(small, (int(x), int(y)), int(rng.integers(10, 28)), 0, 3)
    large = cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    a, labels, segments = described(small)
    b, large_labels, _ = described(large)
    big = np.flatnonzero(segments.area > 60)
    assert len(big) > 2
    for row in big:
        y, x = np.argwhere(labels == row + 1)[segments.area[row] // 2]
        other = large_labels[2 * y + 1, 2 * x + 1] - 1
        assert a.box[row] == pytest.approx(b.box[other], abs=0.03)
        difference = a.crops[row].astype(int) - b.crops[other]
        assert np.abs(difference).mean() < 12


def test_adjacency_rows_are_shares_of_the_boundary():
    edges, weight = np.array([[0, 1], [0, 2]], np.int32), np.array([3, 1], np.float32)
    expected = [[0, 0.75, 0.25, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(adjacency_matrix(4, edges, weight), expected)


def test_pair_geometry_ends_with_the_frame_offset():
    descriptors, _, _ = described(drawing())
    rows = pair_geometry(descriptors.shape, descriptors.box, -3.0)
    assert rows.shape == (4, 8)
    assert (rows[:, 7] == -3).all()
    np.testing.assert_array_equal(rows[:, :4], descriptors.box)


def sampled_slowly(labels, pyramid, windows, samples):
    """Return darkness and mask of every window, sample by sample of whole grids."""
    cells = (np.arange(CROP * samples) // samples) + (
        np.arange(CROP * samples) % samples + 0.5
    ) / samples
    crops = np.zeros((len(windows), 2, CROP, CROP), np.uint8)
    for i, window in enumerate(windows):
        steps = [float(window[axis + 2] - window[axis]) / CROP for axis in (0, 1)]
        x, y = (np.floor(window[a] + cells * steps[a]).astype(int) for a in (0, 1))
        level, spacing = 0, max(steps) / samples
        while level + 1 < len(pyramid) and spacing >= 2:
            level, spacing = level + 1, spacing / 2
        small = pyramid[level]
        inside = ((y >= 0) & (y < labels.shape[0]))[:, None] & (x >= 0) & (x < labels.shape[1])
        own = labels[y.clip(0, labels.shape[0] - 1)[:, None], x.clip(0, labels.shape[1] - 1)]
        at = [(v >> level).clip(0, n - 1) for v, n in zip((y, x), small.shape, strict=True)]
        dark = small[at[0][:, None], at[1]].astype(int)
        for channel, plane in enumerate((dark, 255 * (own == i + 1))):
            sums = (plane * inside).reshape(CROP, samples, CROP, samples).sum(axis=(1, 3))
            crops[i, channel] = sums // samples**2
    return crops


@pytest.mark.parametrize("samples", [2, 3])
def test_windows_are_sampled_as_whole_grids_are(samples):
    rng = np.random.default_rng(samples)
    darkness = rng.integers(0, 256, (150, 400), dtype=np.uint8)
    darkness[40:90] = 255
    labels = np.kron(rng.permutation(60).reshape(6, 10), np.ones((25, 40))).astype(np.int32)
    segments = measure(labels)
    box = segments.box.astype(np.float32)
    # From a part of a segment to more than the picture, some of them outside of it.
    grown = rng.uniform(-8, [[2], [30], [200]] * (len(box) // 3) + [[600]] * (len(box) % 3))
    windows = (box + grown * (-1, -1, 1, 1)).astype(np.float32)
    flat, shapes, starts = _mean_pyramid(darkness)
    pyramid = [flat[b : b + h * w].reshape(h, w) for b, (h, w) in zip(starts, shapes, strict=True)]
    crops = np.zeros((len(box), 4, CROP, CROP), np.uint8)
    sample_crops(labels, segments.box, flat, shapes, starts, windows, samples, crops, 2)
    np.testing.assert_array_equal(crops[:, 2:], sampled_slowly(labels, pyramid, windows, samples))
    assert not crops[:, :2].any()
    assert crops[:, 2].max() == crops[:, 3].max() == 255
