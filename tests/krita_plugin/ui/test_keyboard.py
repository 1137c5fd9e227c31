"""Everything in the docker can be reached by Tab, says what it is, and shows where the focus is."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.state.engine_states import OFFERED
from krita_plugin.propagate_colors.state.model import FrameRow, FrameState
from krita_plugin.propagate_colors.ui.canvas import DocumentCanvas
from krita_plugin.propagate_colors.ui.strip import FrameStrip
from tests.krita_plugin.fake_controller import PALETTE
from tests.krita_plugin.ui.support import (
    Qt,
    QtCore,
    QtGui,
    QtWidgets,
    application,
    commands,
    find,
    key,
    turn,
)

INTERACTIVE = (
    QtWidgets.QAbstractButton,
    QtWidgets.QAbstractItemView,
    QtWidgets.QAbstractSlider,
    QtWidgets.QAbstractSpinBox,
    QtWidgets.QComboBox,
    QtWidgets.QLineEdit,
    QtWidgets.QTabBar,
    FrameStrip,
    DocumentCanvas,
)


def interactive(root):
    """Return what can be worked with in view; not parts of another widget, nor scroll bars."""
    found = []
    for widget in root.findChildren(QtWidgets.QWidget):
        part = widget.focusProxy() is not None or isinstance(widget, QtWidgets.QScrollBar)
        inside = isinstance(widget.parent(), (QtWidgets.QTabBar, QtWidgets.QAbstractSpinBox))
        shown = widget.isVisible() and widget.window() is root
        if isinstance(widget, INTERACTIVE) and shown and not part and not inside:
            found.append(widget)
    return found


def name(widget):
    """Return what a screen reader says of a widget."""
    text = widget.text() if isinstance(widget, QtWidgets.QAbstractButton) else ""
    return (widget.accessibleName() or text).strip()


def without_name(root):
    return [w.objectName() or type(w).__name__ for w in interactive(root) if not name(w)]


def tabbed_through(root):
    """Press Tab until it comes round; return the widgets that had the focus, in order."""
    root.activateWindow()
    turn()
    seen = []
    root.focusNextChild()
    while application().focusWidget() not in seen and len(seen) < 200:
        seen.append(application().focusWidget())
        root.focusNextChild()
    return seen


def not_reached(root):
    reached = tabbed_through(root)
    left = []
    for widget in interactive(root):
        group = widget.group() if isinstance(widget, QtWidgets.QAbstractButton) else None
        # Tab stops at one of a group of modes, arrows go to the others.
        ways = [widget, *(group.buttons() if group is not None and group.exclusive() else ())]
        if widget.isEnabled() and not any(way in reached for way in ways):
            left.append(widget.objectName() or type(widget).__name__)
    return left


def blank(panel, controller):
    rows = [FrameRow(time, FrameState.TODO) for time in range(9)]
    controller.change(frames=rows)


STATES = {
    "idle": lambda panel, controller: None,
    "nothing painted": blank,
    "no document": lambda panel, controller: controller.change(has_document=False, frames=[]),
    "running": lambda panel, controller: controller.change(busy="running"),
    "colors": lambda panel, controller: find(panel, "review_tabs").setCurrentIndex(1),
    "question": lambda panel, controller: controller.message.emit(
        "warning", "Accept all the same?", (("All", None), ("Only sure ones", None))
    ),
    "engine offered": lambda panel, controller: controller.engine_setup.show(
        OFFERED, "One more step.", gpu_offered=True
    ),
}


@pytest.mark.parametrize("height", [160, 500, 1000])
@pytest.mark.parametrize("state", STATES)
def test_everything_is_named_and_in_the_order_of_tab(make_panel, controller, state, height):
    panel = make_panel(240, height)
    STATES[state](panel, controller)
    for _ in range(6):
        turn()
    assert without_name(panel) == []
    assert not_reached(panel) == []


def test_the_settings_are_named_and_in_the_order_of_tab(panel, controller):
    panel.show_settings()
    turn()
    dialog = find(panel, "settings_dialog")
    assert without_name(dialog) == []
    assert not_reached(dialog) == []


def test_the_check_sees_what_has_no_name_and_what_tab_passes_by(panel):
    button = QtWidgets.QPushButton("", panel.run)
    button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    button.setObjectName("planted")
    button.show()
    assert without_name(panel) == ["planted"]
    assert not_reached(panel) == ["planted"]


def test_tab_goes_from_top_to_bottom(make_panel):
    panel = make_panel(240, 1000)
    for _ in range(6):
        turn()
    names = [widget.objectName() for widget in tabbed_through(panel)]
    wanted = [
        *("setup_toggle", "frame_strip", "propagate_button", "suggest_button", "line_button"),
        *("color_combo", "first_spin", "last_spin", "gap_slider", "gap_field", "check_button"),
        *("review_list", "accept_button", "undo_button", "run_on_button"),
        *("mode_picture", "viewer_canvas", "menu_button"),
    ]
    start = names.index("setup_toggle")
    order = [n for n in names[start:] + names[:start] if n in wanted]
    assert order == wanted


def focus_shows(widget):
    """Tell whether a widget looks otherwise with the keyboard's focus in it."""
    widget.clearFocus()
    turn()
    before = widget.grab().toImage()
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    turn()
    return widget.grab().toImage() != before


@pytest.mark.parametrize(
    "name",
    ["setup_toggle", "frame_strip", "propagate_button", "suggest_button", "line_button",
     "color_combo", "first_spin", "gap_slider", "check_button", "accept_button", "undo_button",
     "run_on_button", "mode_picture", "float_button", "menu_button", "viewer_canvas"],
)  # fmt: skip
def test_the_focus_can_be_seen(make_panel, name):
    panel = make_panel(240, 1000)
    panel.activateWindow()
    turn()
    key(panel, Qt.Key.Key_Tab)  # Qt draws the focus once the keyboard is used
    assert focus_shows(find(panel, name))


def test_the_strip_tells_a_screen_reader_of_the_frame_at_its_cursor(panel, controller):
    strip = find(panel, "frame_strip")
    controller.change(suggested=[2])
    key(strip, Qt.Key.Key_Home)
    assert "Frame 0\nYours" in strip.accessibleDescription()
    key(strip, Qt.Key.Key_Right)
    key(strip, Qt.Key.Key_Right)
    assert "Frame 2" in strip.accessibleDescription()
    assert "Paint this frame first" in strip.accessibleDescription()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("frame_strip", Qt.Key.Key_Right),
        ("review_list", Qt.Key.Key_Down),
        ("viewer_canvas", Qt.Key.Key_Plus),
    ],
)
def test_keys_that_are_shortcuts_of_krita_s_work_here(panel, name, code):
    kind, plain = QtCore.QEvent.Type.ShortcutOverride, Qt.KeyboardModifier.NoModifier
    control = Qt.KeyboardModifier.ControlModifier
    for modifier, claimed in ((plain, True), (control, False)):
        event = QtGui.QKeyEvent(kind, code, modifier)
        event.ignore()
        application().sendEvent(find(panel, name), event)
        assert event.isAccepted() is claimed


def test_the_viewer_s_segments_are_reached_by_keys(panel, controller):
    canvas = find(panel, "viewer_canvas")
    clicked, hovered = [], []
    canvas.clicked.connect(lambda point, _: clicked.append(point))
    canvas.hovered.connect(hovered.append)
    key(canvas, Qt.Key.Key_Right)
    key(canvas, Qt.Key.Key_Up)
    width, height = controller.document_size
    assert hovered[-1][0] > width / 2
    assert hovered[-1][1] < height / 2
    key(canvas, Qt.Key.Key_Return)
    assert clicked == [hovered[-1]]
    key(canvas, Qt.Key.Key_Plus)
    assert canvas.scale() > 1.2 * canvas._fit_scale()
    menus = [w for w in application().topLevelWidgets() if w.objectName() == "color_menu"]
    for menu in menus:
        menu.close()


def menu_key(code):
    """Press a key where a popup's keys go; return what the focus is in then."""
    popup = application().activePopupWidget()
    key(popup.focusWidget() or popup, code)
    turn()
    popup = application().activePopupWidget()
    return popup and popup.focusWidget() and popup.focusWidget().objectName()


def test_a_segment_is_given_a_color_by_keys(panel, controller):
    canvas = find(panel, "viewer_canvas")
    key(canvas, Qt.Key.Key_Return)
    turn()
    keys = Qt.Key
    assert menu_key(keys.Key_Down) == "swatch_0"
    assert menu_key(keys.Key_Right) == "swatch_1"
    assert menu_key(keys.Key_Left) == "swatch_0"
    assert menu_key(keys.Key_Left) == "swatch_0", "it is the first"
    menu = application().activePopupWidget()
    assert menu_key(keys.Key_Down) == "color_menu", "out of the colors"
    assert menu.activeAction().objectName() == "foreground_action"
    assert menu_key(keys.Key_Up) == "swatch_0"
    assert menu_key(keys.Key_Right) == "swatch_1"
    menu_key(keys.Key_Return)
    assert application().activePopupWidget() is None
    ((name, time, _, color),) = commands(controller)
    assert (name, time, color) == ("give_hint", 4, PALETTE[1][0])


def test_the_color_that_keys_are_at_can_be_seen(panel):
    key(find(panel, "viewer_canvas"), Qt.Key.Key_Return)
    turn()
    menu = application().activePopupWidget()
    menu_key(Qt.Key.Key_Down)
    first, second = find(menu, "swatch_0"), find(menu, "swatch_1")
    before = second.grab().toImage()
    menu_key(Qt.Key.Key_Right)
    assert second.hasFocus()
    assert not first.hasFocus()
    assert second.grab().toImage() != before
    menu.close()
