"""Documents of many hints and long strokes, and what is said of wrong ones."""

import random
from itertools import pairwise

import numpy as np
import pytest

from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError
from ant_core.schemas import first_error
from ant_core.shot.hints import _pixels_along, parse_hints


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"schema": 1, "hints": [{"frame": 1, "point": [1, 2], "color": [1]}, {}]}, "hints[1]: "),
        ({"schema": 1, "locks": [{"frame": 1}, {"frame": 1}, {"frame": -1}]}, "locks[2].frame: "),
        ({"schema": 1, "hints": 3}, "hints: "),
        ({"schema": 2}, "schema: "),
        ([], "the document: "),
        ({"schema": 1, "more": []}, "the document: "),
    ],
)
def test_what_is_wrong_is_named_with_its_place(document, told):
    assert first_error(document, "hints").startswith(told)


def test_a_stroke_is_followed_as_numpy_divides_its_parts():
    def twin(points):
        xs, ys = [np.array([points[0][0]])], [np.array([points[0][1]])]
        for (x0, y0), (x1, y1) in pairwise(points):
            steps = int(max(abs(x1 - x0), abs(y1 - y0))) + 1
            xs.append(np.linspace(x0, x1, steps + 1)[1:])
            ys.append(np.linspace(y0, y1, steps + 1)[1:])
        return np.concatenate(ys).astype(np.int64), np.concatenate(xs).astype(np.int64)

    rng = np.random.default_rng(0)
    for number in range(300):
        corners = rng.uniform(0, 90, (int(rng.integers(1, 9)), 2))
        corners = corners.round() if number % 3 else corners
        points = tuple((float(x), float(y)) for x, y in corners)
        for own, other in zip(_pixels_along(points), twin(points), strict=True):
            np.testing.assert_array_equal(own, other)


def test_hints_are_found_by_frame_in_the_order_given():
    rng = random.Random(3)
    rows = [
        {"frame": rng.randrange(50), "point": [number, 1], "color": [1]} for number in range(5000)
    ]
    hints = parse_hints({"schema": 1, "hints": rows}, "x", range(50))
    found = hints.on([7, 3, 7]).hints
    assert found == tuple(hint for hint in hints.hints if hint.frame in (3, 7))


def test_strokes_longer_than_any_hand_draws_are_refused():
    stroke = [[0, 0], [8000, 0]] * 2200
    hints = parse_hints({"schema": 1, "hints": [{"frame": 1, "stroke": stroke, "color": [1]}]}, "x")
    with pytest.raises(InputError, match="pixels long and at most 4194304 are followed"):
        hints.check_values((10, 8001), PixelFormat(8, 1))
