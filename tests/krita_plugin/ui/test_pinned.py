"""What stays in view in a docker as low as Krita makes it, what scrolls, what the wheel does."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors import settings as declared
from krita_plugin.propagate_colors.i18n import tr, tr_n
from krita_plugin.propagate_colors.ui.places import is_in_reach, place_from
from tests.krita_plugin.ui.support import (
    Qt,
    QtCore,
    QtWidgets,
    Store,
    application,
    click,
    find,
    in_view,
    roll,
    turn,
    wheel,
)

KRITA = (240, 160)  # the room that Krita gives a docker at first
RIGHT = Qt.TextElideMode.ElideRight


def settle():
    for _ in range(6):  # a layout inside a layout, a timer, and the scroll bar that comes of it
        turn()


@pytest.fixture
def low(make_panel):
    def make(language="en", size=KRITA):
        panel = make_panel(*size, language)
        panel.setup.fold(True)
        settle()
        return panel

    return make


def say(controller, kind):
    if kind == "question":
        text = tr_n(
            "{n} of {all} frames has doubtful segments. Accept all the same?",
            "{n} of {all} frames have doubtful segments. Accept all the same?",
            3,
            all=13,
        )
        answers = ((tr("All"), None), (tr("Only sure ones"), None))
        controller.message.emit("warning", text, answers)
    elif kind == "long":
        controller.message.emit("error", "Something that takes many words to say. " * 12, ())


@pytest.mark.parametrize("said", ["nothing", "question", "long"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_button_the_progress_and_cancel_are_in_view_in_krita_s_lowest_docker(
    low, controller, language, said
):
    panel = low(language)
    say(controller, said)
    settle()
    assert (panel.width(), panel.height()) == KRITA
    assert in_view(panel, find(panel, "propagate_button"))
    controller.change(busy="running")
    controller.progress.emit(128, 400, 3599.0, tr("Coloring {n} of {all}", n=129, all=400))
    settle()
    label = find(panel, "progress_label")
    for name in ("progress_bar", "progress_label", "cancel_button"):
        assert in_view(panel, find(panel, name)), name
    assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()
    assert (panel.width(), panel.height()) == KRITA


def test_the_check_sees_what_is_out_of_view(low):
    panel = low()
    assert not in_view(panel, find(panel, "accept_button"))


@pytest.mark.parametrize("language", ["en", "de"])
def test_answers_of_a_question_are_in_view_in_a_low_docker(low, controller, language):
    panel = low(language)
    say(controller, "question")
    settle()
    for name in ("message_action", "message_other_action", "message_close"):
        assert in_view(panel, find(panel, name)), name


def test_head_and_foot_are_pinned_where_there_is_room(make_panel, controller):
    panel = make_panel(240, 420)
    say(controller, "question")
    settle()
    bar = find(panel, "panel_scroller").verticalScrollBar()
    assert bar.maximum() > 0
    bar.setValue(bar.maximum())
    settle()
    for name in ("setup_toggle", "frame_strip", "propagate_button", "message_bar", "status_label"):
        assert in_view(panel, find(panel, name)), name


@pytest.mark.parametrize("name", ["frame_strip", "setup_toggle", "status_label", "menu_button"])
def test_what_is_not_pinned_can_be_scrolled_to(low, name):
    panel = low()
    widget = find(panel, name)
    panel.reveal(widget)
    settle()
    assert in_view(panel, widget)


def test_pinned_pieces_come_back_when_the_docker_grows(low):
    panel = low()
    area = find(panel, "panel_scroller")
    assert area.isAncestorOf(find(panel, "frame_strip"))
    panel.resize(240, 600)
    settle()
    assert not area.isAncestorOf(find(panel, "frame_strip"))
    assert find(panel, "frame_strip").isVisible()


def test_check_segments_brings_the_segments_into_view(make_panel):
    panel = make_panel(240, 300)
    settle()
    click(panel, "check_button")
    settle()
    canvas = find(panel, "viewer_canvas")
    area = find(panel, "panel_scroller").viewport()
    seen = canvas.visibleRegion().boundingRect()
    assert seen.height() >= min(canvas.height(), area.height() // 3)


def test_a_step_to_a_mistake_brings_the_viewer_into_view(make_panel, controller):
    """Its Review button stands at the bottom, where the viewer may be out of view."""
    panel = make_panel(240, 300)
    settle()
    canvas = find(panel, "viewer_canvas")
    assert canvas.visibleRegion().isEmpty()
    controller.changed.emit("step")
    settle()
    area = find(panel, "panel_scroller").viewport()
    seen = canvas.visibleRegion().boundingRect()
    assert seen.height() >= min(canvas.height(), area.height() // 3)


def test_choices_that_are_unfolded_come_into_view(low):
    panel = low(size=(240, 300))
    bar = find(panel, "panel_scroller").verticalScrollBar()
    bar.setValue(bar.maximum())
    click(panel, "setup_toggle")
    settle()
    assert in_view(panel, find(panel, "line_button"))


# --- the wheel


def test_the_wheel_over_tabs_does_nothing(panel):
    tabs = find(panel, "review_tabs")
    bar = tabs.tabBar()
    bar.setFocus()
    wheel(bar, -1)
    wheel(bar, 1)
    assert tabs.currentIndex() == 0
    tabs.setCurrentIndex(1)
    wheel(bar, 1)
    assert tabs.currentIndex() == 1


def rolled(panel, name):
    """Turn the wheel over a widget; return how far the panel scrolled."""
    bar = find(panel, "panel_scroller").verticalScrollBar()
    bar.setValue(0)
    roll(find(panel, name), -1)
    return bar.value()


@pytest.mark.parametrize("name", ["viewer_canvas", "gap_slider", "color_combo", "status_label"])
def test_the_wheel_scrolls_the_panel(make_panel, name):
    panel = make_panel(240, 200)
    settle()
    assert rolled(panel, name) > 0


def test_the_wheel_over_the_strip_scrolls_frames_where_it_is_pinned_else_the_panel(make_panel):
    for height, moves_panel in ((160, True), (500, False)):
        panel = make_panel(240, height)
        settle()
        strip = find(panel, "frame_strip")
        strip.clearFocus()
        strip.horizontalScrollBar().setValue(0)
        bar = find(panel, "panel_scroller").verticalScrollBar()
        bar.setValue(0)
        roll(strip.viewport(), -1)
        assert (bar.value() > 0) is moves_panel
        assert (strip.horizontalScrollBar().value() > 0) is not moves_panel


def test_the_wheel_zooms_in_a_viewer_that_has_the_focus(make_panel):
    panel = make_panel(240, 500)
    panel.activateWindow()
    settle()
    canvas = find(panel, "viewer_canvas")
    canvas.setFocus()
    settle()
    bar = find(panel, "panel_scroller").verticalScrollBar()
    bar.setValue(0)
    assert wheel(canvas, 1)
    assert bar.value() == 0
    assert canvas._zoom is not None


# --- the window with the viewer


def window():
    (found,) = [
        widget
        for widget in application().topLevelWidgets()
        if widget.objectName() == "viewer_window" and widget.isVisible()
    ]
    return found


def test_the_viewer_s_window_stays_above_and_takes_no_keyboard(panel):
    click(panel, "float_button")
    settle()
    shown = window()
    assert shown.windowType() == Qt.WindowType.Tool
    assert shown.parentWidget() is panel.window()
    assert shown.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    assert not shown.windowFlags() & Qt.WindowType.WindowStaysOnTopHint  # would cover menus
    assert shown.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    shown.close()


def test_the_viewer_s_window_comes_back_where_it_was(make_panel):
    store = Store()
    for place in (None, (31, 47, 333, 277)):
        panel = make_panel(store=store)
        click(panel, "float_button")
        settle()
        shown = window()
        if place is not None:
            assert (shown.x(), shown.y(), shown.width(), shown.height()) == place
        shown.move(31, 47)
        shown.resize(333, 277)
        settle()
        shown.close()
        settle()
        assert find(panel, "viewer").isVisible()
    assert store.values[declared.VIEWER_PLACE.name] == "31 47 333 277"


@pytest.mark.parametrize("text", ["", "1 2 3", "1 2 3 x", "0 0 0 9"])
def test_a_place_that_is_none_is_not_taken(text):
    assert place_from(text) is None


def test_a_place_beside_all_screens_is_not_taken():
    application()
    assert is_in_reach(QtCore.QRect(10, 10, 300, 200))
    assert not is_in_reach(QtCore.QRect(90_000, 10, 300, 200))
    assert not is_in_reach(QtCore.QRect(10, -190, 300, 200))


# --- texts that do not fit


def test_texts_are_shortened_at_the_end(panel):
    views = panel.findChildren(QtWidgets.QAbstractItemView)
    bars = panel.findChildren(QtWidgets.QTabBar)
    views += [combo.view() for combo in panel.findChildren(QtWidgets.QComboBox)]
    assert [v.objectName() for v in views if v.textElideMode() != RIGHT] == []
    none = Qt.TextElideMode.ElideNone
    assert [b.objectName() for b in bars if b.elideMode() not in {RIGHT, none}] == []
