"""Every control asks the controller for the right thing."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.state.model import FrameState, LayerChoice
from krita_plugin.propagate_colors.ui import look
from tests.krita_plugin.ui.support import QtCore, QtWidgets, click, commands, find, press, wheel


def listed(panel):
    model = find(panel, "review_list").model()
    return [int(model.index(row).data()) for row in range(model.rowCount())]


def select(panel, *times):
    view = find(panel, "review_list")
    view.clearSelection()
    for time in times:
        index = view.model().index(listed(panel).index(time))
        view.selectionModel().select(index, QtCore.QItemSelectionModel.SelectionFlag.Select)


def action(menu, text):
    return next(a for a in menu.actions() if a.text() == text)


def test_the_frame_is_looked_at_when_the_pointer_comes_in(panel, controller):
    commands(controller)
    QtWidgets.QApplication.sendEvent(panel, QtCore.QEvent(QtCore.QEvent.Type.Enter))
    assert commands(controller) == [("look_here",)]


# --- choices


def test_line_layers_are_chosen_in_a_menu(panel, controller):
    menu = find(panel, "line_button").menu()
    shown = [(a.text().strip(), a.isChecked(), a.isEnabled()) for a in menu.actions()]
    assert shown == [
        ("Hero", False, True),
        ("Lines", True, True),
        ("Rough sketch with a long name", False, True),
        ("Background", False, False),
    ]
    menu.actions()[2].trigger()
    assert commands(controller) == [("set_line_layers", ["l", "r"])]


def test_several_line_layers_show_their_names(panel, controller):
    controller.change(line_layers=["l", "r"])
    assert find(panel, "line_button").text() == "Lines, Rough sketch with a long name"


def test_color_layer_is_created_or_chosen(panel, controller):
    combo = find(panel, "color_combo")
    assert combo.currentText() == "New, below Lines"
    combo.setCurrentIndex(1)
    combo.activated.emit(1)
    combo.activated.emit(0)
    assert commands(controller) == [("set_color_layer", "c"), ("set_color_layer", None)]
    assert not combo.model().item(2).isEnabled()
    assert combo.model().item(2).toolTip() == "Not animated"
    controller.change(color_layer="c")
    assert combo.currentText().strip() == "Colors"


def test_layers_that_also_move_are_chosen_in_a_menu_that_stays_open(panel, controller):
    button = find(panel, "moved_button")
    assert button.text() == "Nothing"
    (action,) = button.menu().actions()
    action.trigger()
    assert commands(controller) == [("set_moved_layers", ["s"])]
    controller.change(moved_layers=["s"])
    assert button.text() == "Shadow"
    assert action.isChecked()
    action.trigger()
    assert commands(controller) == [("set_moved_layers", [])]
    assert action.isChecked(), "the choice was not taken"
    controller.change(moved_choices=[LayerChoice("s", "Shadow", 0, False, "Locked")])
    (action,) = button.menu().actions()
    assert (action.isEnabled(), action.isChecked(), action.toolTip()) == (False, True, "Locked")


def test_painted_surfaces_are_switched(panel, controller):
    box = find(panel, "surfaces_box")
    assert not box.isChecked()
    box.click()
    assert commands(controller) == [("set_surfaces", True)]
    controller.change(surfaces=True)
    assert box.isChecked()
    box.click()
    assert commands(controller) == [("set_surfaces", False)]


def test_range_never_runs_backwards(panel, controller):
    first, last = find(panel, "first_spin"), find(panel, "last_spin")
    last.setValue(12)
    assert commands(controller) == [("set_range", 0, 12)]
    first.setValue(18)
    assert commands(controller) == [("set_range", 18, 18)]
    last.setValue(3)
    assert commands(controller) == [("set_range", 3, 3)]


def test_gap_slider_previews_once_it_rests(panel, controller):
    slider, field = find(panel, "gap_slider"), find(panel, "gap_field")
    assert field.text() == "Auto"
    slider.setValue(3)
    slider.setValue(4)
    assert commands(controller) == [("set_gap", 3.0), ("set_gap", 4.0)]
    assert field.text() == "4 px"
    panel.setup.gap._settle.timeout.emit()
    assert commands(controller) == [("check_regions", None)]
    assert panel.viewer.mode() == "segments"
    slider.setValue(slider.minimum())
    assert commands(controller) == [("set_gap", None)]


def test_gap_size_of_the_controller_is_shown(panel, controller):
    controller.change(gap_px=7.0)
    assert find(panel, "gap_field").value() == 7
    assert find(panel, "gap_slider").value() == 7
    assert commands(controller) == []


def test_check_button(panel, controller):
    click(panel, "check_button")
    assert commands(controller) == [("check_regions", None)]
    assert panel.viewer.mode() == "segments"


def test_choices_fold_into_one_line(panel):
    click(panel, "setup_toggle")
    assert not find(panel, "line_button").isVisible()
    assert find(panel, "setup_summary").text() == "Lines → New, below Lines, 0 … 23"
    click(panel, "setup_toggle")
    assert find(panel, "line_button").isVisible()


def test_the_whole_row_unfolds_the_choices(panel):
    label = find(panel, "setup_summary")
    press(label.parentWidget(), label.geometry().center())
    assert not find(panel, "line_button").isVisible()
    press(label.parentWidget(), label.geometry().center())
    assert find(panel, "line_button").isVisible()


@pytest.mark.parametrize(
    "name", ["first_spin", "last_spin", "color_combo", "gap_slider", "gap_field"]
)
def test_scrolling_past_a_field_does_not_change_it(panel, controller, name):
    assert not wheel(find(panel, name), -1)
    assert commands(controller) == []


# --- the button


def test_propagate_and_cancel(panel, controller):
    click(panel, "propagate_button")
    assert commands(controller) == [("propagate",)]
    controller.change(busy="running")
    assert not find(panel, "propagate_button").isVisible()
    controller.progress.emit(12, 40, 65.4, "Coloring 13 of 40")
    assert find(panel, "progress_label").text() == "Coloring 13 of 40, 1:05 left"
    assert find(panel, "progress_bar").value() == 12
    click(panel, "cancel_button")
    assert commands(controller) == [("cancel",)]
    assert find(panel, "progress_label").text() == "Stopping"
    assert not find(panel, "cancel_button").isEnabled()
    controller.change(busy=None)
    assert find(panel, "propagate_button").isVisible()
    controller.change(busy="writing")
    assert find(panel, "cancel_button").isEnabled()


def test_propagate_says_what_is_missing(panel, controller):
    button = find(panel, "propagate_button")
    controller.change(line_layers=[])
    assert (button.isEnabled(), button.toolTip()) == (False, "Choose a line layer first")
    controller.change(has_document=False)
    assert (button.isEnabled(), button.toolTip()) == (False, "Open an animation first")


def test_frames_to_paint_are_asked_for(panel, controller):
    button = find(panel, "suggest_button")
    assert "Suggest frames" in button.toolTip()
    click(panel, "suggest_button")
    assert commands(controller) == [("suggest_frames",)]
    controller.change(line_layers=[])
    assert (button.isEnabled(), button.toolTip()) == (False, "Choose a line layer first")


def test_a_run_makes_room_for_what_comes_of_it(panel, controller):
    controller.change(busy="undoing")
    assert find(panel, "line_button").isVisible()
    controller.change(busy="running")
    assert not find(panel, "line_button").isVisible()


@pytest.mark.parametrize("busy", ["reading", "running", "writing", "undoing"])
def test_nothing_can_be_changed_during_work(panel, controller, busy):
    controller.change(busy=busy)
    names = (
        "line_button",
        "color_combo",
        "gap_slider",
        "accept_button",
        "undo_button",
        "run_on_button",
        "check_button",
    )
    assert [name for name in names if find(panel, name).isEnabled()] == []
    assert find(panel, "progress_label").text()


# --- review


def test_accept_and_undo_take_the_selection(panel, controller):
    select(panel, 5, 8)
    click(panel, "accept_button")
    click(panel, "undo_button")
    assert commands(controller) == [("accept", [5, 8]), ("undo", [5, 8])]


def test_without_a_selection_the_current_frame_is_meant(panel, controller):
    controller.change(current_time=6)
    click(panel, "accept_button")
    click(panel, "undo_button")
    click(panel, "run_on_button")
    assert commands(controller) == [("accept", [6]), ("undo", [6]), ("run_on_from", 6)]


def test_accept_all_and_undo_all(panel, controller):
    action(find(panel, "accept_button").menu(), "Accept all").trigger()
    action(find(panel, "undo_button").menu(), "Undo all").trigger()
    (accepted,), (_, undone) = commands(controller)
    assert accepted == "accept_all"
    states = {row.time: row.state for row in controller.frames}
    ours = {FrameState.PREDICTED, FrameState.ACCEPTED}
    assert undone == [time for time, state in states.items() if state in ours]


def test_undo_says_what_it_acts_on_and_follows_the_playhead(panel, controller):
    undo = find(panel, "undo_button")
    select(panel, 2)
    assert undo.text() == "Undo frame 2"
    select(panel, 5, 8)
    assert undo.text() == "Undo 2 frames"
    controller.current_time = 8
    controller.changed.emit("viewer")
    assert panel.review.selected_times() == [5, 8]  # the artist went to one of them
    controller.current_time = 14
    controller.changed.emit("viewer")
    assert (undo.text(), panel.review.selected_times()) == ("Undo frame 14", [14])
    click(panel, "undo_button")
    assert commands(controller) == [("undo", [14])]


def test_on_a_hold_the_frame_that_it_holds_is_named_and_selected(panel, controller):
    undo = find(panel, "undo_button")
    assert controller.current_time == 4  # which holds frame 3, an accepted one
    assert undo.text() == "Undo frame 3"
    assert find(panel, "accept_button").text() == "Un-accept"
    controller.current_time = 16
    controller.changed.emit("viewer")
    assert (undo.text(), panel.review.selected_times()) == ("Undo frame 15", [15])
    click(panel, "undo_button")
    assert commands(controller) == [("undo", [15])]


def test_an_accepted_frame_can_be_un_accepted(panel, controller):
    button = find(panel, "accept_button")
    select(panel, 8)
    assert button.text() == "Accept"
    select(panel, 2, 3)
    assert button.text() == "Un-accept"
    click(panel, "accept_button")
    assert commands(controller) == [("take_back_accept", [2, 3])]


def test_accept_all_above(panel, controller):
    menu = find(panel, "accept_above_menu")
    action(menu, "80 % sure").trigger()
    assert commands(controller) == [("accept_above", 0.8)]


def test_run_on_needs_one_frame(panel, controller):
    select(panel, 5, 8)
    assert not find(panel, "run_on_button").isEnabled()
    select(panel, 8)
    click(panel, "run_on_button")
    assert commands(controller) == [("run_on_from", 8)]


@pytest.mark.parametrize(
    ("time", "enabled"), [(0, True), (2, True), (8, True), (20, True), (9, False), (23, False)]
)
def test_run_on_needs_a_frame_with_colors(panel, controller, time, enabled):
    controller.change(current_time=time)
    assert find(panel, "run_on_button").isEnabled() is enabled


def test_buttons_without_anything_of_ours(panel, controller):
    rows = [row for row in controller.frames if row.state == FrameState.ARTIST]
    controller.change(frames=rows)
    assert not find(panel, "accept_button").isEnabled()
    assert not find(panel, "undo_button").isEnabled()


def test_doubtful_segments_are_stepped_through(panel, controller):
    click(panel, "next_doubtful")
    click(panel, "previous_doubtful")
    assert commands(controller) == [("step_doubtful", 1), ("step_doubtful", -1)]


# --- footer, messages, settings


def test_message_with_an_action(panel, controller):
    done = []
    controller.message.emit("error", "No engine.", (("Choose…", lambda: done.append(1)),))
    assert find(panel, "message_label").text() == "No engine."
    assert find(panel, "message_action").text() == "Choose…"
    click(panel, "message_action")
    assert done == [1]
    assert ("close_message",) in controller.take_calls()
    assert not find(panel, "message_bar").isVisible()


def test_message_without_an_action_can_be_closed(panel, controller):
    controller.message.emit("warning", "Careful.", ())
    assert not find(panel, "message_action").isVisible()
    click(panel, "message_close")
    assert ("close_message",) in controller.take_calls()
    assert not find(panel, "message_bar").isVisible()


def test_engine_state(panel, controller):
    assert find(panel, "status_label").text() == controller.engine_status
    controller.change(engine_light="bad", engine_status="No engine")
    assert find(panel, "status_label").text() == "No engine"


@pytest.mark.parametrize(
    ("light", "filled", "color"),
    [("good", True, look.GREEN), ("bad", False, look.RED), ("idle", False, None)],
)
def test_the_dot_is_green_and_filled_only_where_the_engine_answers(
    panel, controller, light, filled, color
):
    controller.change(engine_light=light)
    image = find(panel, "engine_dot").grab().toImage()
    ratio = image.width() / 12
    middle = image.pixelColor(round(6 * ratio), round(6 * ratio)).name()
    edge = image.pixelColor(round(3 * ratio), round(6 * ratio))
    assert (middle in {look.GREEN, look.RED}) == filled
    greener = edge.green() > edge.red() + 20
    redder = edge.red() > edge.green() + 20
    assert (greener, redder) == (color == look.GREEN, color == look.RED)


def test_model_sheets_are_added_and_removed(panel, controller):
    panel.footer.add_sheets(["/a/hero.png", "/a/villain.png"])
    assert commands(controller) == [
        ("add_model_sheet", "/a/hero.png"),
        ("add_model_sheet", "/a/villain.png"),
    ]
    controller.model_sheets = ["/a/hero.png"]
    menu = find(panel, "sheets_menu")
    menu.aboutToShow.emit()
    action(menu, "Remove hero.png").trigger()
    assert commands(controller) == [("remove_model_sheet", "/a/hero.png")]


def test_adding_model_sheets_opens_a_dialog_that_does_not_block(panel, controller):
    menu = find(panel, "sheets_menu")
    menu.aboutToShow.emit()
    action(menu, "Add pictures…").trigger()
    dialog = find(panel, "sheet_dialog")
    dialog.filesSelected.emit(["/b/c.png"])
    assert commands(controller) == [("add_model_sheet", "/b/c.png")]
    dialog.close()


def test_a_layer_name_with_an_ampersand(panel, controller):
    controller.change(line_choices=[LayerChoice("l", "Ink & Co", 0, True)])
    assert find(panel, "line_button").menu().actions()[0].text() == "Ink && Co"
