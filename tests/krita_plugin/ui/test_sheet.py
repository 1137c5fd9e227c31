"""The contact sheet: all frames with their doubts, yes and undo for several, before and after."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors import settings as declared
from krita_plugin.propagate_colors.state.model import FrameRow, FrameState
from krita_plugin.propagate_colors.ui import look, sheet_delegate
from krita_plugin.propagate_colors.ui.frame_model import ROW_ROLE
from tests.krita_plugin.ui.support import (
    Qt,
    QtCore,
    QtGui,
    Store,
    application,
    click,
    commands,
    find,
    key,
    turn,
)
from tests.krita_plugin.ui.test_keyboard import not_reached, without_name


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def sheet(make_panel, controller, store):
    blue = (32, 18, b"\xff\x20\x20\xff" * (32 * 18))
    controller.pictures["before"] = blue
    panel = make_panel(store=store)
    find(panel, "sheet_action").trigger()
    assert commands(controller) == [("show_sheet",)]
    controller.changed.emit("contact sheet")
    for _ in range(4):
        turn()
    yield panel._sheet
    if panel._sheet is not None:
        panel._sheet.close()


def times(sheet):
    model = sheet.list.model()
    return [model.index(row).data(ROW_ROLE).time for row in range(model.rowCount())]


def select(sheet, *chosen):
    flag = QtCore.QItemSelectionModel.SelectionFlag
    sheet.list.clearSelection()
    for time in chosen:
        index = sheet.model.index(sheet.model.row_of(time))
        sheet.list.selectionModel().setCurrentIndex(index, flag.Select)


def release(widget, code):
    plain = Qt.KeyboardModifier.NoModifier
    application().sendEvent(
        widget, QtGui.QKeyEvent(QtCore.QEvent.Type.KeyRelease, int(code), plain)
    )


def test_all_frames_but_holds_are_there(sheet, controller):
    assert times(sheet) == [r.time for r in controller.frames if r.state != FrameState.HOLD]


def test_the_selection_is_accepted_and_undone(sheet, controller):
    assert find(sheet, "sheet_undo").text() == "Undo (U)"
    select(sheet, 2, 5, 8, 0)  # accepted, doubtful, predicted, the artist's
    assert find(sheet, "sheet_undo").text() == "Undo 3 frames (U)"
    click(sheet, "sheet_accept")
    click(sheet, "sheet_undo")
    assert commands(controller) == [("accept", [5, 8]), ("undo", [2, 5, 8])]
    assert find(sheet, "sheet_label").text() == "4 frames selected"


def test_keys_do_all_of_it(sheet, controller):
    select(sheet, 5)
    for code in (Qt.Key.Key_A, Qt.Key.Key_U, Qt.Key.Key_Return):
        key(sheet.list, code)
    assert commands(controller) == [("accept", [5]), ("undo", [5]), ("go_to", 5)]
    key(sheet.list, Qt.Key.Key_Right)
    assert [row.time for row in sheet.selected()] == [6]
    key(sheet.list, Qt.Key.Key_Escape)
    turn()
    assert not [w for w in application().topLevelWidgets() if w.objectName() == "contact_sheet"]


def test_what_cannot_be_pressed_is_not(sheet, controller):
    select(sheet, 0)
    assert not find(sheet, "sheet_accept").isEnabled()
    key(sheet.list, Qt.Key.Key_A)
    assert commands(controller) == []
    select(sheet, 8)
    controller.change(busy="running")
    assert not find(sheet, "sheet_accept").isEnabled()
    assert not find(sheet, "sheet_undo").isEnabled()


def shown(sheet, time):
    index = sheet.model.index(sheet.model.row_of(time))
    return index.data(Qt.ItemDataRole.DecorationRole).pixelColor(3, 3).name()


def test_before_by_b_and_while_space_is_held(sheet):
    assert shown(sheet, 5) == "#ffffff"
    key(sheet.list, Qt.Key.Key_B)
    assert (shown(sheet, 5), find(sheet, "sheet_before").isChecked()) == ("#2020ff", True)
    key(sheet.list, Qt.Key.Key_B)
    assert shown(sheet, 5) == "#ffffff"
    select(sheet, 5)
    key(sheet.list, Qt.Key.Key_Space)
    assert shown(sheet, 5) == "#2020ff"
    release(sheet.list, Qt.Key.Key_Space)
    assert shown(sheet, 5) == "#ffffff"
    assert [row.time for row in sheet.selected()] == [5], "Space leaves the selection alone"


def ring(sheet, time):
    """Return the colour in the middle of a frame's left edge."""
    box = sheet.list.visualRect(sheet.model.index(sheet.model.row_of(time)))
    picture = sheet.list.viewport().grab().toImage()
    return picture.pixelColor(box.left() + 5, box.top() + 50).name()


def test_doubtful_frames_have_an_amber_ring(sheet):
    assert ring(sheet, 5) == look.AMBER
    assert ring(sheet, 8) == look.BLUE
    assert ring(sheet, 2) == look.GREEN


def test_the_number_is_of_what_the_ring_goes_by(sheet, controller, monkeypatch):
    numbers = []
    monkeypatch.setattr(sheet_delegate, "_paint_doubts", lambda *told: numbers.append(told[2]))
    row = FrameRow(0, FrameState.PREDICTED, doubtful=5, no_counterpart=2)
    worth_it = enumerate((0, 3, None))
    controller.change(frames=[row._replace(time=time, to_look_at=at) for time, at in worth_it])
    sheet.grab()
    assert numbers == [3, 7]


def test_selected_frames_stand_out(sheet):
    select(sheet, 8)
    boxes = [sheet.list.visualRect(sheet.model.index(sheet.model.row_of(t))) for t in (8, 5)]
    picture = sheet.list.viewport().grab().toImage()
    marked, plain = (picture.pixelColor(box.left() + 1, box.top() + 60) for box in boxes)
    palette = sheet.list.palette()
    assert marked == palette.color(palette.ColorRole.Highlight)
    assert plain == palette.color(palette.ColorRole.Base)


def test_the_selection_stays_when_states_change(sheet, controller):
    select(sheet, 5, 8)
    rows = [
        row._replace(state=FrameState.ACCEPTED) if row.time == 5 else row
        for row in controller.frames
    ]
    controller.change(frames=rows)
    assert [(row.time, row.state) for row in sheet.selected()] == [
        (5, FrameState.ACCEPTED),
        (8, FrameState.PREDICTED),
    ]


def test_only_frames_in_view_ask_for_pictures(sheet, controller):
    controller.change(frames=[FrameRow(time, FrameState.PREDICTED) for time in range(400)])
    controller.take_calls()
    sheet.grab()
    asked = {call[1] for call in controller.take_calls() if call[0] == "sheet_picture"}
    assert 5 < len(asked) < 60


def test_it_begins_at_the_present_frame_and_comes_back_where_it_was(
    make_panel, controller, store, sheet
):
    (now,) = (row for row in controller.frames if row.time == controller.current_time)
    assert sheet.list.currentIndex().data(ROW_ROLE).time == now.held_from
    sheet.move(41, 33)
    sheet.resize(500, 400)
    turn()
    sheet.close()
    turn()
    assert store.values[declared.SHEET_PLACE.name] == "41 33 500 400"


def test_everything_is_named_and_in_the_order_of_tab(sheet):
    select(sheet, 5)
    assert without_name(sheet) == []
    assert not_reached(sheet) == []
