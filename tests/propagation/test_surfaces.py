"""Where the surfaces of a drawing come from, where flow says much and where it says little."""

from types import SimpleNamespace

import numpy as np
import pytest

from ant_core.matching.fills import PAINTED, Fills
from ant_core.matching.flow import Landing, SmallDrawing
from ant_core.matching.surface_maps import IDENTITY
from ant_core.propagation.surfaces import HOW, Neighbour, Surfaces, Tracker

SIZE = (120, 160)
COLORS = np.array([3, 5], np.int32)
LAYER, PAINTED_FRAME, BEFORE = "paint", 1, 2
MOTION = IDENTITY + np.array((0, 0, -3, 0, 0, 2))  # from the drawing to the one before
TURN = np.array((0, -1, 130, 1, 0, 20), np.float64)  # from there to the painted frame


def pieces(x, y):
    """A rectangle, 2, with its corner at x, y on a ground, 1; lines, 0, between them."""
    labels = np.ones(SIZE, np.int32)
    labels[y - 1 : y + 41, x - 1 : x + 61] = 0
    labels[y : y + 40, x : x + 60] = 2
    return labels


class Flow:
    """A matcher whose flow follows one map, on some of the columns."""

    def __init__(self, motion, columns):
        y, x = np.indices(SIZE, np.float32)
        moved = motion.reshape(2, 3) @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
        u, v = moved.astype(np.float32).reshape(2, *SIZE)
        returned = np.zeros(SIZE, bool)
        returned[:, columns] = True
        self._landing = Landing(u, v, returned)

    def landing(self, target, reference, *, is_far):
        return self._landing


def tracked(columns, how, share):
    """The surfaces of a drawing of which flow leads to the one before, whose map is given."""
    before = Surfaces.own(PAINTED_FRAME, 2)
    before.map[1], before.share[1], before.how[1] = TURN, share, HOW.index(how)
    small = SmallDrawing(np.zeros(SIZE, np.uint8), pieces(50, 40).astype(np.uint16))
    near = Neighbour(BEFORE, SimpleNamespace(small=small), COLORS, 1, {LAYER: before})
    labels = pieces(53, 38)
    encoded = SimpleNamespace(
        small=SmallDrawing(np.zeros(SIZE, np.uint8), labels.astype(np.uint16))
    )
    division = SimpleNamespace(
        of_piece=np.array([1, 2], np.int32),
        area=np.array([1, 1]),
        point=np.array([[0, 0], [80, 60]]),
    )
    fills = Fills.given(COLORS, np.full(2, PAINTED, np.uint8), BEFORE)
    tracker = Tracker(Flow(MOTION, columns), encoded, labels, division, fills, [near])
    return tracker.find(LAYER, frozenset([PAINTED_FRAME]))


@pytest.mark.parametrize(("how", "share"), [("direct", 0.9), ("placed", 0.0)])
def test_flow_to_the_drawing_before_goes_on_by_its_map_which_says_how_sure_it_is(how, share):
    found = tracked(slice(None), how, share)
    assert HOW[found.how[1]] == "composed"
    assert found.share[1] == pytest.approx(share, abs=0.05)
    assert (found.frame[1], found.segment[1]) == (PAINTED_FRAME, 2)
    linear, shift = TURN.reshape(2, 3)[:, :2], TURN[[2, 5]]
    expected = np.column_stack([linear, linear @ MOTION[[2, 5]] + shift]).ravel()
    np.testing.assert_allclose(found.map[1], expected, atol=0.05)


def test_where_too_little_flow_returns_a_segment_is_placed_anew():
    found = tracked(slice(0, 60), "placed", 0.0)  # an eighth of the rectangle
    assert HOW[found.how[1]] == "placed"
    assert found.share[1] == 0
