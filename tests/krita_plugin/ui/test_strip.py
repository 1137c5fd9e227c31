"""The frame strip draws states, toggles references, and stays quick with many frames."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.state.model import FrameRow, FrameState
from krita_plugin.propagate_colors.ui import look
from krita_plugin.propagate_colors.ui.frame_words import describe
from krita_plugin.propagate_colors.ui.strip import FrameStrip
from tests.krita_plugin.fake_controller import sample_frames
from tests.krita_plugin.ui.support import (
    Qt,
    QtCore,
    QtGui,
    commands,
    contrast,
    double_click,
    find,
    key,
    press,
)


@pytest.fixture
def strip(panel):
    return find(panel, "frame_strip")


def pixel(strip, place):
    return strip.grab().toImage().pixelColor(place).name()


def corner(strip, index):
    """Return a place of a cell that no mark covers."""
    box = strip.cell_rect(index)
    return QtCore.QPoint(box.left() + 2, box.top() + 3)


def drawn(strip, left, right):
    """Tell whether there is anything in the ruler from one column to another."""
    image = strip.grab().toImage()
    ruler = range(strip.cell_rect(0).top() - look.SPACE)
    return len({image.pixel(x, y) for x in range(left, right) for y in ruler}) > 1


def test_a_number_that_is_not_all_in_view_is_not_drawn(strip, controller):
    """Of 20 the first digit would be read as frame 2."""
    first, cut = strip.cell_rect(0), strip.cell_rect(20)
    end = strip.viewport().width()
    assert end - 12 < cut.left() < end
    assert drawn(strip, first.left(), first.right())
    assert not drawn(strip, cut.left(), end)
    strip.horizontalScrollBar().setValue(strip.horizontalScrollBar().maximum())
    assert drawn(strip, strip.cell_rect(20).left(), strip.cell_rect(20).right())
    strip.horizontalScrollBar().setValue(4)
    assert not drawn(strip, 0, strip.cell_rect(1).left())


@pytest.mark.parametrize(
    ("row", "color"),
    [
        (FrameRow(1, FrameState.PREDICTED), look.BLUE),
        (FrameRow(1, FrameState.PREDICTED, doubtful=1), look.AMBER),
        (FrameRow(1, FrameState.PREDICTED, no_counterpart=2), look.AMBER),
        (FrameRow(1, FrameState.ACCEPTED, doubtful=1), look.GREEN),
        (FrameRow(1, FrameState.FAILED), look.RED),
    ],
)
def test_states_have_colors(strip, controller, row, color):
    controller.change(frames=[FrameRow(0, FrameState.TODO), row], current_time=0)
    assert pixel(strip, corner(strip, 1)) == color


def test_todo_and_artist_are_grey_and_differ(strip, controller):
    rows = [FrameRow(0, FrameState.TODO), FrameRow(1, FrameState.ARTIST)]
    controller.change(frames=rows, current_time=5)
    todo, artist = (QtGui.QColor(pixel(strip, corner(strip, index))) for index in (0, 1))
    assert todo.saturation() < 30
    assert artist.saturation() < 30
    assert abs(todo.lightness() - artist.lightness()) > 30


def test_a_hold_continues_the_cell_that_it_holds(strip, controller):
    rows = [FrameRow(0, FrameState.ACCEPTED), FrameRow(1, FrameState.HOLD, held_from=0)]
    controller.change(frames=rows, current_time=5)
    box = strip.cell_rect(1)
    band = QtGui.QColor(pixel(strip, box.center()))
    assert band.green() > band.red()
    above = pixel(strip, QtCore.QPoint(box.center().x(), box.top() + 1))
    assert above == strip.palette().color(QtGui.QPalette.ColorRole.Base).name()


def test_references_have_dots(strip, controller):
    rows = [FrameRow(0, FrameState.ARTIST, True), FrameRow(1, FrameState.ARTIST, False)]
    controller.change(frames=rows, current_time=5)
    base = strip.palette().color(QtGui.QPalette.ColorRole.Base).name()
    assert pixel(strip, strip.dot_rect(0).center()) != base
    assert pixel(strip, strip.dot_rect(1).center()) == base


def test_frames_to_paint_first_are_marked_and_told_of(strip, controller):
    rows = [FrameRow(time, FrameState.TODO) for time in range(4)]
    controller.change(frames=rows, current_time=3)
    before = [pixel(strip, strip.cell_rect(index).center()) for index in (1, 2)]
    controller.change(suggested=[1])
    after = [pixel(strip, strip.cell_rect(index).center()) for index in (1, 2)]
    assert (after[0] != before[0], after[1] == before[1]) == (True, True)
    assert contrast(QtGui.QColor(after[0]), QtGui.QColor(pixel(strip, corner(strip, 1)))) > 3
    assert "Paint this frame first" in describe(rows[1], True)
    assert "Paint this frame first" not in describe(rows[2])
    controller.change(suggested=[])
    assert pixel(strip, strip.cell_rect(1).center()) == before[0]


def test_the_playhead_marks_the_current_frame(strip, controller):
    controller.change(frames=sample_frames(8), current_time=2)
    edge = strip.cell_rect(2).topLeft() + QtCore.QPoint(1, 8)
    assert pixel(strip, edge) == strip.palette().color(QtGui.QPalette.ColorRole.Highlight).name()


def test_a_click_on_the_dots_row_toggles_the_reference(strip, controller):
    press(strip.viewport(), strip.dot_rect(2).center())
    assert commands(controller) == [("toggle_reference", 2)]


def test_two_quick_clicks_on_the_dots_row_toggle_twice(strip, controller):
    double_click(strip.viewport(), strip.dot_rect(2).center())
    assert commands(controller) == [("toggle_reference", 2)] * 2


def test_a_click_on_a_cell_changes_nothing_and_a_double_click_goes_there(strip, controller):
    press(strip.viewport(), strip.cell_rect(3).center())
    assert commands(controller) == []
    double_click(strip.viewport(), strip.cell_rect(3).center())
    assert commands(controller) == [("go_to", 3)]


def test_a_click_beside_the_frames_does_nothing(strip, controller):
    controller.change(frames=sample_frames(2))
    place = strip.cell_rect(1).center() + QtCore.QPoint(strip.cell_width() * 3, 0)
    double_click(strip.viewport(), place)
    assert commands(controller) == []


def test_keys(strip, controller):
    for code in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Return):
        key(strip, code)
    assert commands(controller) == [("go_to", 1)]
    key(strip, Qt.Key.Key_End)
    key(strip, Qt.Key.Key_Space)
    assert commands(controller) == [("toggle_reference", 23)]
    key(strip, Qt.Key.Key_Home)
    key(strip, Qt.Key.Key_Left)
    key(strip, Qt.Key.Key_PageDown)
    key(strip, Qt.Key.Key_Return)
    assert commands(controller) == [("go_to", 10)]


def test_frame_numbers_start_where_the_range_starts(strip, controller):
    rows = [row._replace(time=row.time + 100) for row in sample_frames(5)]
    controller.change(frames=rows, current_time=102)
    assert strip.current_index() == 2
    double_click(strip.viewport(), strip.cell_rect(0).center())
    assert commands(controller) == [("go_to", 100)]


def test_cells_fill_the_strip_without_scrolling_where_they_fit(strip, controller):
    controller.change(frames=sample_frames(12))
    assert strip.horizontalScrollBar().maximum() == 0
    assert strip.cell_width() * 12 <= strip.viewport().width()


def test_the_current_frame_is_scrolled_into_view(strip, controller):
    controller.change(frames=sample_frames(400), current_time=0)
    controller.change(current_time=390)
    box = strip.cell_rect(strip.current_index())
    assert strip.viewport().rect().contains(box.center())


def test_only_cells_in_view_are_painted(strip, controller, monkeypatch):
    controller.change(frames=sample_frames(4000), current_time=0)
    painted = []
    original = FrameStrip._paint_cell
    monkeypatch.setattr(
        FrameStrip, "_paint_cell", lambda s, p, i: (painted.append(i), original(s, p, i))
    )
    strip.grab()
    in_view = strip.viewport().width() // strip.cell_width() + 2
    assert 0 < len(painted) <= in_view


def test_no_frames(strip, controller):
    controller.change(frames=[])
    strip.grab()
    key(strip, Qt.Key.Key_Right)
    assert strip.current_index() == -1


def test_the_tooltip_tells_everything():
    assert describe(FrameRow(7, FrameState.PREDICTED, False, 0.784, 1, 2, 76)).split("\n") == [
        "Frame 7",
        "Needs review",
        "78 % sure",
        "1 doubtful segment",
        "2 segments without counterpart",
        "Click below the cell to make it a reference",
    ]
    assert "Holds frame 6" in describe(FrameRow(7, FrameState.HOLD, held_from=6))
    assert "The layer is empty." in describe(
        FrameRow(7, FrameState.FAILED, error="The layer is empty.")
    )
    assert "never overwritten" in describe(FrameRow(7, FrameState.UNKNOWN))
    assert "reference" not in describe(FrameRow(7, FrameState.TODO))


@pytest.mark.parametrize(
    ("said", "words", "side"),
    [
        ({"pending_hints": 2}, "2 hints for the next run", "left"),
        ({"locks": 1}, "1 locked segment", "right"),
    ],
)
def test_hints_that_wait_and_locks_have_a_mark(strip, controller, said, words, side):
    row = FrameRow(1, FrameState.PREDICTED)
    controller.change(frames=[FrameRow(0, FrameState.TODO), row], current_time=0)
    box = strip.cell_rect(1)
    across = box.left() + 4 if side == "left" else box.right() - 2
    place = QtCore.QPoint(across, box.bottom() - 3)
    assert pixel(strip, place) == look.BLUE
    marked = row._replace(**said)
    controller.change(frames=[FrameRow(0, FrameState.TODO), marked])
    assert pixel(strip, place) == "#ffffff"
    assert words in describe(marked)
    assert words not in describe(row)
