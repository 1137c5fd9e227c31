"""Hints and locks: checked against the schema, resolved to segments."""

import numpy as np
import pytest

from ant_core.color.palette import UNPAINTED, Palette, PixelFormat
from ant_core.errors import InputError
from ant_core.shot.hints import Hint, HintSet, parse_hints, read_document, segment_under

LABELS = np.array(
    [
        [1, 1, 1, 0, 2, 2, 2],
        [1, 1, 1, 0, 2, 2, 2],
        [0, 0, 0, 0, 0, 0, 0],
        [3, 3, 3, 3, 3, 3, 3],
    ],
    np.int32,
)


def document(**entries):
    return {"schema": 1, **entries}


def test_points_strokes_and_locks_are_read():
    given = parse_hints(
        document(
            hints=[
                {"frame": 3, "point": [1, 2], "color": [1, 2, 3, 255]},
                {"frame": 4, "stroke": [[0, 0], [5, 0]], "color": "unpainted"},
            ],
            locks=[{"frame": 9}, {"frame": 5, "point": [0, 0]}],
        ),
        "h.json",
    )
    assert [hint.color for hint in given.hints] == [(1, 2, 3, 255), None]
    assert given.frames == (9,)
    assert [lock.frame for lock in given.locks] == [5]
    assert given.on([4]).hints == given.hints[1:]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({}, "schema"),
        ({"schema": 2}, "schema"),
        (document(hint=[]), "hint"),
        (document(hints=[{"frame": 1, "color": "unpainted"}]), r"hints\[0\]"),
        (document(hints=[{"frame": 1, "point": [1], "color": "unpainted"}]), r"hints\[0\]"),
        (document(hints=[{"frame": 1, "point": [1, 2], "color": "red"}]), r"hints\[0\]"),
        (
            document(hints=[{"frame": 1, "point": [1, 2], "color": [1, 2, 3, 4, 5, 6]}]),
            r"hints\[0\]",
        ),
        (document(hints=[{"frame": -1, "point": [1, 2], "color": [1]}]), r"hints\[0\]"),
        (
            document(hints=[{"frame": 1, "point": [1, 2], "stroke": [[1, 2]], "color": [1]}]),
            r"hints\[0\]",
        ),
        (document(locks=[{"point": [1, 2]}]), r"locks\[0\]"),
        (document(locks=[{"frame": 1, "why": "because"}]), r"locks\[0\]"),
    ],
)
def test_what_does_not_fit_the_schema_is_refused_with_its_place(wrong, told):
    with pytest.raises(InputError, match=rf"h\.json holds no valid hints.*{told}"):
        parse_hints(wrong, "h.json")


@pytest.mark.parametrize("data", [b"{", b"\xff\xfe", b"[1]"])
def test_what_is_no_json_object_is_refused(data):
    with pytest.raises(InputError, match=r"h\.json"):
        read_document(data, "h.json")


@pytest.mark.parametrize(
    ("points", "segment"),
    [
        (((0, 0),), 1),
        (((6.9, 1.9),), 2),
        (((1, 0), (5, 0)), 1),  # two pixels each side of the line: the lower id
        (((2, 0), (6, 0)), 2),
        (((3, 0),), 1),  # on the line: the nearest
        (((3, 0), (3, 2)), 1),
        (((6, 2),), 2),
    ],
)
def test_point_or_stroke_means_the_segment_under_most_of_it(points, segment):
    assert segment_under(LABELS, points) == segment


def test_points_outside_the_picture_are_refused():
    for point in ((7, 0), (0, 4), (-0.5, 0), (float("nan"), 0)):
        hints = HintSet((Hint(1, (point,), (1, 2, 3), "hint 1"),))
        with pytest.raises(InputError, match=r"hint 1 lies at .* outside the picture of 7 x 4"):
            hints.check_values((4, 7), PixelFormat(8, 4))


def test_a_drawing_without_segments_has_none_to_hint_at():
    assert segment_under(np.zeros((3, 40), np.int32), ((20, 1),)) == 0


@pytest.mark.parametrize("seed", range(5))
def test_nearest_segment_is_really_the_nearest(seed):
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random((60, 80)) < 0.002, rng.integers(1, 9, (60, 80)), 0)
    labels = labels.astype(np.int32)
    labels[30, 40] = 0
    rows, columns = np.nonzero(labels)
    nearest = ((rows - 30) ** 2 + (columns - 40) ** 2).min()
    found = segment_under(labels, ((40, 30),))
    same = labels[rows, columns] == found
    assert ((rows[same] - 30) ** 2 + (columns[same] - 40) ** 2).min() == nearest


def color_of(color, pixels):
    palette = Palette(pixels)
    hint = parse_hints(document(hints=[{"frame": 1, "point": [0, 0], "color": color}]), "h.json")
    index = hint.hints[0].palette_index(palette)
    return index if index == UNPAINTED else palette.color(index)


@pytest.mark.parametrize(
    ("color", "pixels", "expected"),
    [
        ([1, 2, 3, 255], PixelFormat(8, 4), (1, 2, 3, 255)),
        ([1, 2, 3], PixelFormat(8, 4), (1, 2, 3, 255)),
        ([7], PixelFormat(16, 4), (7, 7, 7, 65535)),
        ([1, 2, 3, 0], PixelFormat(8, 4), UNPAINTED),
        ("unpainted", PixelFormat(8, 3), UNPAINTED),
        ([1, 2, 3, 255], PixelFormat(8, 3), (1, 2, 3)),
        ([60000], PixelFormat(16, 1), (60000,)),
        ([9, 9, 9], PixelFormat(8, 1), (9,)),
        ([9], PixelFormat(8, 2), (9, 255)),
        ([9, 128], PixelFormat(16, 2), (9, 128)),
        ([7, 7, 7, 0], PixelFormat(8, 2), UNPAINTED),
        ([1, 2, 3, 4, 255], PixelFormat(8, 5), (1, 2, 3, 4, 255)),
        ([-0.5, 2.0, 0.25, 1.0], PixelFormat(32, 4, True), (-0.5, 2.0, 0.25, 1.0)),
        ([0.25, 0.5, 1], PixelFormat(16, 4, True), (0.25, 0.5, 1.0, 1.0)),
    ],
)
def test_colours_take_the_shape_of_the_references(color, pixels, expected):
    assert color_of(color, pixels) == expected


@pytest.mark.parametrize(
    ("color", "pixels", "told"),
    [
        ([256, 0, 0], PixelFormat(8, 4), "8 bits"),
        ([1, 2, 3, 128], PixelFormat(8, 3), "opaque"),
        ([1, 2, 3], PixelFormat(8, 1), "grey"),
        ([1, 2, 3, 255], PixelFormat(8, 2), "grey"),
        ([1.5, 0, 0], PixelFormat(8, 4), "whole values"),
        ([-1, 0, 0], PixelFormat(8, 4), "0 to 255"),
        ([float("inf"), 0, 0], PixelFormat(32, 4, True), "finite"),
        ([1, 2, 3, 255], PixelFormat(8, 5), "has 4 values but the references have 5"),
        ([1, 2, 3, 4, 255], PixelFormat(8, 4), "has 5 values but the references have 4"),
    ],
)
def test_colours_that_cannot_be_painted_are_refused(color, pixels, told):
    with pytest.raises(InputError, match=told):
        color_of(color, pixels)


def test_frames_that_the_shot_has_not_are_refused():
    given = parse_hints(document(locks=[{"frame": 7}]), "h.json")
    given.check_frames([5, 7])
    with pytest.raises(InputError, match="frame 7, which is not in the shot"):
        given.check_frames([5])


@pytest.mark.parametrize("what", [{"color": [0, 0, 0, 255]}, {"frame": 5, "point": [1, 1]}])
def test_a_rule_that_holds_on_no_frame_of_the_shot_is_refused(what):
    given = parse_hints(document(never=[{**what, "frames": "7-9,12"}]), "h.json")
    given.check_frames([5, 9])
    with pytest.raises(InputError, match=r"never rule 1 of h\.json holds on frames"):
        given.check_frames([5, 10])
