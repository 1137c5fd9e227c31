"""Which mistakes are listed, and what the sheet shows of them."""

import cv2
import numpy as np
import pytest

from ant_core.training.data.true_shots import TrueShot, from_picture
from ant_core.training.evaluation.benchmark import MethodResult, run_protocol
from ant_core.training.evaluation.worst import Worst
from ant_core.training.evaluation.worst_sheet import draw_worst
from ant_core.training.evaluation.worst_tiles import TILE_PX, tiles
from tests.training.evaluation.shots import Scripted, still_shot, true_frame

MARK = (255, 120, 0)


def worst_of(shot, method, worst=None):
    result = MethodResult(worst=worst or Worst())
    assert run_protocol("recursive", shot, method, result)
    return result.worst


def test_mistakes_are_listed_where_they_are_made_and_not_where_they_are_handed_on():
    worst = worst_of(still_shot(5), Scripted(wrong=[3]))
    assert (worst.made, worst.handed_on, worst.unpainted) == (2, 4, 0)
    told = [mistake.to_json() for mistake in worst.surest]
    assert [(m["frame"], m["segment"], m["source"]) for m in told] == [
        (3, 1, [2, 2]),
        (3, 2, [2, 1]),
    ]
    assert [(m["predicted"], m["truth"], m["confidence"]) for m in told] == [(2, 1, 1), (1, 2, 1)]
    assert worst.largest == worst.surest


def test_a_wrong_colour_that_a_second_swap_puts_right_is_no_mistake():
    worst = worst_of(still_shot(5), Scripted(wrong=[3, 5]))
    assert (worst.made, worst.handed_on) == (2, 2)


def test_segments_left_unpainted_are_no_fills_but_wrong():
    worst = worst_of(still_shot(3), Scripted(absent=[3]))
    assert (worst.made, worst.unpainted) == (0, 2)
    assert worst.surest == []
    assert [(m.frame, m.predicted, m.source) for m in worst.largest] == [(3, -1, None)] * 2


def test_lists_are_in_order_and_specks_are_left_out():
    shot = still_shot(2)
    shot.frames[1].area[:] = (10, 500)
    worst = worst_of(shot, Scripted(wrong=[2]))
    assert [m.area for m in worst.largest] == [500]
    other = still_shot(2, name="other")
    other.frames[1].area[:] = (900, 20)
    worst_of(other, Scripted(wrong=[2]), worst)
    assert [(m.shot, m.area) for m in worst.largest] == [
        ("other", 900),
        ("still", 500),
        ("other", 20),
    ]
    assert worst.made == 4


def test_a_hard_shot_leaves_room_for_others():
    def wide(name, area):
        at = np.linspace(-0.9, 0.9, 20)
        frames = [true_frame(n, at, range(1, 21)) for n in (1, 2)]
        frames[1].area[:] = area
        return TrueShot(name=name, frames=frames, characters=("someone",))

    worst = worst_of(wide("hard", 900), Scripted(wrong=[2]))
    assert [m.shot for m in worst.largest] == ["hard"] * 12
    worst_of(wide("easy", 50), Scripted(wrong=[2]), worst)
    assert [m.shot for m in worst.largest] == ["hard"] * 10 + ["easy"] * 2


@pytest.fixture
def pictured():
    picture = np.full((60, 90), 255, np.uint8)
    cv2.rectangle(picture, (20, 10), (60, 50), 0, 2)
    frame = from_picture(1, picture)
    frame.color = frame.label = np.array([0, 1])
    return frame


def test_tiles_mark_the_segment_in_the_drawing(pictured):
    inside = int(pictured.labels[30, 40]) - 1
    close, wide = tiles(pictured, inside)
    middle = TILE_PX // 2
    for tile, least, most in ((close, 0.5, 0.9), (wide, 0.02, 0.1)):
        assert tile.shape == (TILE_PX, TILE_PX, 3)
        assert tuple(tile[middle, middle]) == MARK
        assert least < (tile == MARK).all(axis=2).mean() < most
        assert tile.min() < 40  # its outline
    assert tuple(wide[5, 5]) == (255, 255, 255)


def test_tiles_of_stored_clips_show_the_crops():
    frame = true_frame(1, [0], [1])
    frame.crops[0, 1, :, :16] = 255
    frame.crops[0, 2, :4] = 255
    close, wide = tiles(frame, 0)
    assert tuple(close[5, 5]) == MARK
    assert tuple(close[5, -5]) == (255, 255, 255)
    assert tuple(wide[5, 5]) == (0, 0, 0)


def test_small_marks_get_a_ring(pictured):
    pictured.labels[:] = 1
    pictured.labels[30, 40] = 2
    _, wide = tiles(pictured, 1)
    ring = np.abs(wide.astype(int) - MARK).sum(axis=2) < 30
    x = np.nonzero(ring)[1]
    assert x.max() - x.min() > 24
    assert not ring[TILE_PX // 2 + 8, TILE_PX // 2]


def test_sheet_has_a_row_a_mistake_with_the_colours():
    shot = still_shot(3)
    shot.palette = {1: (250, 0, 10), 2: (0, 130, 240)}
    worst = worst_of(shot, Scripted(wrong=[3]))
    sheet = cv2.imdecode(np.frombuffer(draw_worst(worst, "net"), np.uint8), cv2.IMREAD_COLOR_RGB)
    one = worst_of(shot, Scripted(wrong=[3]))
    one.surest, one.largest = one.surest[:1], []
    small = cv2.imdecode(np.frombuffer(draw_worst(one, "net"), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert small.shape[1] * 2 == sheet.shape[1]
    assert sheet.shape[0] - small.shape[0] >= TILE_PX
    for color in shot.palette.values():
        assert (small == color).all(axis=2).sum() > 3000  # swatches of what was said and is true


def test_sheet_without_mistakes_says_so():
    assert draw_worst(Worst(), "net").startswith(b"\x89PNG")


def test_numbers_without_colours_get_colours_that_differ():
    shot = still_shot(2)
    shown = [shot.color_of(number) for number in range(1, 60)]
    assert len(set(shown)) == 59
    assert shot.color_of(0) is None
    assert shot.color_of(-1) is None
    shot.palette[3] = (1, 2, 3)
    assert shot.color_of(3) == (1, 2, 3)
