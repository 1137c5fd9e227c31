"""One wrong colour followed through later frames."""

from __future__ import annotations

import pytest

from krita_plugin.propagate_colors.state.mistakes import Carried, carried, item_of

RED, BLUE = [200, 0, 0, 255], [0, 0, 200, 255]


def segment(number, x, color=RED, size=20, area=400):
    return {
        "id": number,
        "color": color,
        "box": [x, 10, size, size],
        "point": [x + size // 2, 20],
        "area": area,
    }


def test_it_follows_the_same_colour_at_about_the_same_place():
    results = [
        (3, {"segments": [segment(4, 15), segment(5, 90), segment(6, 12, BLUE)]}),
        (5, {"segments": [segment(1, 22)]}),
    ]
    found = carried(segment(9, 10), results)
    assert found == [Carried(3, 4, (25.5, 20.5)), Carried(5, 1, (32.5, 20.5))]


@pytest.mark.parametrize(
    "other",
    [
        segment(1, 60),  # too far
        segment(1, 10, BLUE),
        segment(1, 10, area=900),  # too large
        {"id": 1, "color": RED},  # of an engine that told no places
    ],
)
def test_it_ends_with_the_first_frame_that_has_none(other):
    results = [(2, {"segments": [other]}), (3, {"segments": [segment(1, 10)]})]
    assert carried(segment(9, 10), results) == []


def test_a_segment_without_a_place_is_carried_nowhere():
    assert carried({"id": 1, "color": RED}, [(2, {"segments": [segment(1, 10)]})]) == []


def test_what_a_result_says_of_a_segment():
    assert item_of({"segments": [segment(3, 1)]}, 3) == segment(3, 1)
    assert item_of({"segments": []}, 3) is None
    assert item_of(None, 3) is None
