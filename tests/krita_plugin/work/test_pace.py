"""The time left is right within a factor of two from the third frame on."""

import pytest

from krita_plugin.propagate_colors.work.pace import Pace

# Seconds at which the engine's frames of the sample shot arrived, on two cores that had other work.
MEASURED = (1.23, 1.70, 2.21, 2.63, 3.08, 3.52, 3.97, 4.43, 4.86, 5.31, 5.74, 6.17, 6.62)


def told(arrivals):
    """Return (what is told, what is true) at each frame but the last."""
    clock = iter(arrivals)
    pace = Pace(lambda: next(clock))
    pairs = []
    for n, at in enumerate(arrivals, 1):
        pace.arrived()
        pairs.append((pace.seconds(len(arrivals) - n), arrivals[-1] - at))
    return pairs[:-1]


def steady(start, step, count):
    return [start + step * place for place in range(count)]


RUNS = {
    "measured": MEASURED,
    "a cold engine": steady(90.0, 0.5, 20),
    "no start at all": steady(0.1, 2.0, 40),
    "four hundred": steady(3.0, 0.8, 400),
    "uneven": [sum((0.6, 1.0, 1.4, 1.0)[i % 4] for i in range(n)) for n in range(1, 31)],
}


@pytest.mark.parametrize("name", RUNS)
def test_the_time_left_is_right_within_a_factor_of_two(name):
    early, rest = told(RUNS[name])[:2], told(RUNS[name])[2:]
    assert [said for said, _ in early] == [None, None]
    assert len(rest) > 5
    wrong = [(said, true) for said, true in rest if not true / 2 <= said <= true * 2]
    assert wrong == []


def test_a_pace_that_changes_is_followed():
    slow = steady(1.0, 0.2, 20)
    slow += steady(slow[-1] + 2.0, 2.0, 30)
    said, true = told(slow)[30]
    assert true / 2 <= said <= true * 2
