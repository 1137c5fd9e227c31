"""One wrong colour followed through later frames."""

from __future__ import annotations

import pytest

from krita_plugin.propagate_colors.state.mistakes import (
    Carried,
    MistakeList,
    carried,
    gather,
    item_of,
)
from krita_plugin.propagate_colors.state.review import Digest, Mark

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
    found = carried(2, segment(9, 10), results)
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
    assert carried(2, segment(9, 10), results) == []


def test_a_segment_without_a_place_is_carried_nowhere():
    assert carried(1, {"id": 1, "color": RED}, [(2, {"segments": [segment(1, 10)]})]) == []


def test_what_a_result_says_of_a_segment():
    assert item_of({"segments": [segment(3, 1)]}, 3) == segment(3, 1)
    assert item_of({"segments": []}, 3) is None
    assert item_of(None, 3) is None


def test_a_segment_that_took_its_color_from_another_goes_on_with_it_anywhere():
    far = {**segment(1, 300, area=9000), "source": {"frame": 1, "segment": 9}}
    assert carried(1, segment(9, 10), [(2, {"segments": [segment(3, 10), far]})])[0].segment == 1


def mark(number, x, worth=0.3, color="red", source=None, area=400):
    return Mark(number, color, (x, 10, 20, 20), area, (x + 10.0, 20.0), source, worth)


def found_in(frames, canvas_px=4000):
    """Return the mistakes of (time, marks) or (time, None)."""
    digests = [(time, None if marks is None else Digest(marks, {})) for time, marks in frames]
    work = gather(digests, canvas_px)
    try:
        while True:
            next(work)
    except StopIteration as end:
        return end.value


def gathered(*frames):
    """Return worth, times and segments of the mistakes."""
    found = found_in(frames)
    return [(one.worth, one.times, tuple(m.segment for m in one.marks)) for one in found]


def test_one_color_carried_through_frames_is_one_mistake():
    found = gathered(
        (18, (mark(4, 10), mark(5, 90, 0.5, "blue"))),
        (20, (mark(2, 15, 0.1),)),
        (22, (mark(7, 22), mark(1, 60, 0.2))),
    )
    assert found == [(0.1, (18, 20, 22), (4, 2, 7)), (0.2, (22,), (1,)), (0.5, (18,), (5,))]


@pytest.mark.parametrize(
    "between",
    [
        None,  # accepted, or the artist's own
        (mark(2, 12, worth=None),),  # sure: what comes later may be another mistake
        (mark(2, 12, color="blue"),),
        (mark(2, 200),),
        (mark(2, 12, area=4000),),
    ],
)
def test_a_mistake_ends_where_it_is_not_seen(between):
    found = gathered((1, (mark(1, 10),)), (2, between), (3, (mark(3, 14),)))
    assert {times for _, times, _ in found} >= {(1,), (3,)}


def test_two_of_a_color_are_two_mistakes():
    one, two = mark(1, 10), mark(2, 22)
    found = gathered((1, (one, two)), (2, (one, two)))
    assert [segments for _, _, segments in found] == [(1, 1), (2, 2)]


def test_from_one_painted_segment_it_may_move_farther():
    apart = [(1, (mark(1, 10, source=(0, 5)),)), (2, (mark(2, 50, source=(0, 5)),))]
    assert len(gathered(*apart)) == 1
    other = [(1, (mark(1, 10, source=(0, 5)),)), (2, (mark(2, 50, source=(0, 6)),))]
    assert len(gathered(*other)) == 2


def test_what_is_new_in_frame_after_frame_is_one_thing_to_answer():
    new = [mark(1, 10, 0.0, None), mark(1, 12, 0.0, None)]
    assert len(gathered((1, (new[0],)), (2, (new[1],)))) == 1


def test_mistakes_are_gathered_once():
    own, frames = MistakeList(), [(1, Digest((mark(1, 10),), {}))]
    assert own.of(frames) is None
    for _ in own.steps(frames, 4000):
        pass
    (found,) = own.of(list(frames))
    assert (found.key, found.at(1).segment, found.at(2)) == ((1, 1), 1, None)
    assert own.of([*frames, (2, None)]) is None


def test_what_makes_a_frame_amber_comes_first():
    small, large = mark(1, 10, 0.45, area=4), mark(2, 90, 0.55, area=5000)
    found = found_in([(1, (small, large))], 1920 * 1080)
    assert [one.marks[0].segment for one in found] == [2, 1]
