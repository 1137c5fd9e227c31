"""Affine maps of segments, from where their pixels lead."""

from dataclasses import replace

import numpy as np
import pytest

from ant_core.matching.flow import Landing, Motion, SmallDrawing
from ant_core.matching.surface_maps import (
    IDENTITY,
    by_place,
    compose,
    fit,
    measure_places,
    to_full_size,
)

SIZE = (80, 100)


def two_squares():
    labels = np.zeros(SIZE, np.int32)
    labels[10:40, 10:40] = 1
    labels[10:60, 50:90] = 2
    return labels


def landing(maps, labels, returned=None):
    """Where each segment's map takes its pixels; segment 0 stays."""
    y, x = np.indices(SIZE, np.float32)
    m = np.concatenate([IDENTITY[None], maps]).astype(np.float32)[labels]
    there = m[..., 0] * x + m[..., 1] * y + m[..., 2], m[..., 3] * x + m[..., 4] * y + m[..., 5]
    returned = np.ones(SIZE, bool) if returned is None else returned
    return Landing(*(plane.astype(np.float32) for plane in there), returned)


CLASSES = np.array([0, 1]), np.array([0, 1])


def shifted(dx, dy):
    return IDENTITY + np.array((0, 0, dx, 0, 0, dy))


def test_each_segment_gets_the_map_of_its_own_pixels():
    labels = two_squares()
    found = fit(labels, landing([shifted(3, -2), shifted(-4, 1)], labels), labels, CLASSES)
    assert found.segment.tolist() == [1, 2]
    # Pixels that lead out of the segment are not of the matched one.
    assert found.share[0] == pytest.approx(27 * 28 / 900, abs=0.01)
    assert np.allclose(found.map, [shifted(3, -2), shifted(-4, 1)], atol=1e-6)


def test_a_large_segment_turns_and_grows_and_a_small_one_hardly_does():
    labels = two_squares()
    turned = np.array([0.98, 0.05, 1.0, -0.05, 0.98, 4.0])
    found = fit(labels, landing([turned, turned], labels), np.maximum(labels, 1), CLASSES)
    assert np.abs(found.map[1] - turned)[[0, 1, 3, 4]].max() < 0.01
    tiny = np.where(np.indices(SIZE).max(axis=0) < 4, 1, 0).astype(np.int32)
    found = fit(tiny, landing([turned, turned], tiny), np.ones(SIZE, np.int32), CLASSES)
    assert np.abs(found.map[0, [0, 4]] - 1).max() < 0.005


def test_pixels_that_go_astray_do_not_pull_the_map():
    labels = two_squares()
    right = landing([shifted(2, 2)] * 2, labels)
    x = right.x.copy()
    x[12:20, 12:20] += 9  # seven in a hundred, still in the segment
    found = fit(labels, Landing(x, right.y, right.returned), labels, CLASSES)
    assert np.abs(found.map[0] - shifted(2, 2))[[2, 5]].max() < 1.2
    center = found.map[0].reshape(2, 3) @ (25, 25, 1)
    assert np.abs(center - (27, 27)).max() < 0.15


def test_a_wide_empty_segment_moves_as_its_outline_does():
    """Flow as it is in practice: right near the lines, zero both ways in the empty middle."""
    size = (240, 320)
    labels = np.zeros(size, np.int32)
    labels[20:220, 20:300] = 1
    y, x = np.indices(size, np.float32)
    motion = np.array([1.02, 0.03, 4.0, -0.03, 0.99, 6.0])
    edge = np.minimum.reduce([x - 20, 299 - x, y - 20, 219 - y])
    known = np.clip((40 - edge) / 25, 0, 1)
    there = [motion[3 * k : 3 * k + 3] @ (x.ravel(), y.ravel(), np.ones(x.size)) for k in (0, 1)]
    u, v = (plane.reshape(size) for plane in there)
    lagging = (x + known * (u - x), y + known * (v - y))
    found = fit(
        labels,
        Landing(*(plane.astype(np.float32) for plane in lagging), np.ones(size, bool)),
        np.ones(size, np.int32),
        (np.array([0]), np.array([0])),
    )
    corners = np.array([(20, 20, 1), (299, 20, 1), (20, 219, 1), (299, 219, 1), (160, 120, 1)]).T
    off = (found.map[0] - motion).reshape(2, 3) @ corners
    assert np.hypot(*off).max() < 1.0  # pixels


def test_a_rectangle_slides_along_its_long_sides():
    """Flow says that they stand still; its short sides, and no outliers, say how far it went."""

    def drawing(shift):
        darkness = np.zeros((200, 320), np.uint8)
        left = 40 + shift
        for box in (np.s_[40:160, left : left + 220], np.s_[42:158, left + 2 : left + 218]):
            darkness[box] = 255 - darkness[box]
        return SmallDrawing(darkness, np.where(darkness > 0, 0, 1).astype(np.uint16))

    target, source = drawing(6), drawing(0)
    labels = np.asarray(target.labels, np.int32)
    labels[42:158, 48:264] = 2
    inside = np.ones(labels.shape, np.int32)
    inside[41:159, 41:259] = 2
    found = fit(labels, Motion().landing(target, source), inside, CLASSES)
    center = found.map[1].reshape(2, 3) @ (156, 100, 1)
    assert np.abs(center - (150, 100)).max() < 1.0  # pixels
    blind = replace(Motion().landing(target, source), known=None)
    center = fit(labels, blind, inside, CLASSES).map[1].reshape(2, 3) @ (156, 100, 1)
    assert abs(center[0] - 150) > 3


def test_a_map_never_leads_to_a_segment_of_another_class_or_of_none():
    labels = two_squares()
    away = landing([shifted(40, 0), shifted(0, 0)], labels)
    found = fit(labels, away, labels, CLASSES)
    assert found.segment.tolist() == [0, 2]
    assert found.share[0] == 0
    none = fit(labels, away, labels, (np.array([-1, -1]), np.array([-1, -1])))
    assert none.segment.tolist() == [0, 0]


def test_only_what_returns_counts():
    labels = two_squares()
    half = np.zeros(SIZE, bool)
    half[:, :25] = True
    found = fit(labels, landing([IDENTITY] * 2, labels, half), labels, CLASSES)
    assert found.share.tolist() == [pytest.approx(0.5), 0]


def test_without_segments_there_is_nothing_to_fit():
    empty = np.zeros(SIZE, np.int32)
    none = np.zeros(0, np.int64)
    nowhere = landing(np.zeros((0, 6)), empty)
    found = fit(empty, nowhere, empty, (none, none))
    assert found.map.shape == (0, 6)


def test_maps_are_done_one_after_the_other():
    double, shift = np.array([[2, 0, 0, 0, 2, 0.0]]), shifted(3, 5)[None]
    assert compose(double, shift).tolist() == [[2, 0, 3, 0, 2, 5]]
    assert compose(shift, double).tolist() == [[2, 0, 6, 0, 2, 10]]


def test_centres_of_pixels_stay_centres_at_another_size():
    full = to_full_size(np.stack([IDENTITY, shifted(1, 0)]), (40, 50), (80, 100))
    assert np.allclose(full, [IDENTITY, shifted(2, 0)])
    # A map by 2 about the corner of the picture is that at every size.
    about_corner = np.array([[2, 0, 0.5, 0, 2, 0.5]])
    assert np.allclose(to_full_size(about_corner, (40, 50), (80, 100)), about_corner)


def test_places_bring_centre_to_centre_and_spread_to_spread():
    labels = two_squares()
    wide = np.zeros(SIZE, np.int32)
    wide[20:50, 30:75] = 1
    own, other = measure_places(labels, 2), measure_places(wide, 1)
    assert own[0, :3].tolist() == [24.5, 24.5, 900]
    found = by_place(own[:1], other).reshape(2, 3)
    assert np.allclose(found @ (24.5, 24.5, 1), (52, 34.5))
    assert np.allclose(found[:, :2], [[1.5, 0], [0, 1]], atol=1e-6)
