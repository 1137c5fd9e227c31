"""At 240 pixels nothing is cut off, in every language, in the states that have most to say."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors import i18n
from krita_plugin.propagate_colors.i18n import tr
from krita_plugin.propagate_colors.state.model import FrameRow, FrameState
from krita_plugin.propagate_colors.ui import look
from krita_plugin.propagate_colors.ui.elided import ElidedButton, ElidedLabel
from tests.krita_plugin.fake_controller import sample_frames
from tests.krita_plugin.ui.support import QtGui, QtWidgets, contrast, find, turn

# Texts of the artist's own length (layers, the engine) may be shortened; these may not.
FIXED = {"mode_label", "progress_label"}


def cut_off(panel):
    """Return the widgets in view that are narrower or lower than their text."""
    wrong = []
    for widget in panel.findChildren(QtWidgets.QWidget):
        if widget.isVisibleTo(panel) and not fits(widget):
            wrong.append(f"{type(widget).__name__} {widget.objectName()} {widget.size()}")
    return wrong


def fits(widget):
    if isinstance(widget, ElidedLabel):
        needed = widget.fontMetrics().horizontalAdvance(widget.text())
        return widget.objectName() not in FIXED or needed <= widget.width()
    if isinstance(widget, ElidedButton):
        return True
    if isinstance(widget, QtWidgets.QLabel) and widget.wordWrap():
        return widget.height() >= widget.heightForWidth(widget.width())
    if isinstance(widget, (QtWidgets.QLabel, QtWidgets.QAbstractButton, QtWidgets.QTabBar)):
        hint = widget.sizeHint()
        return widget.width() >= hint.width() and widget.height() >= hint.height()
    if isinstance(widget, QtWidgets.QAbstractSpinBox):
        return widget.width() >= widget.sizeHint().width() or widget.width() >= 60
    return True


def blank(panel, controller):
    rows = [FrameRow(time, FrameState.TODO) for time in range(24)]
    controller.change(frames=rows, suggested=[4, 14, 22])


STATES = {
    "nothing painted": blank,
    "idle": lambda panel, controller: None,
    "no document": lambda panel, controller: controller.change(has_document=False, frames=[]),
    "running": lambda panel, controller: (
        controller.change(busy="running"),
        controller.progress.emit(128, 400, 3599.0, tr("Coloring {n} of {all}", n=129, all=400)),
    ),
    "starting": lambda panel, controller: controller.change(busy="reading"),
    "error": lambda panel, controller: controller.message.emit(
        "error",
        tr("There is no engine on this computer yet: set it up, or choose one."),
        ((tr("Choose…"), None),),
    ),
    "question": lambda panel, controller: controller.message.emit(
        "warning",
        tr("{n} of {all} frames have doubtful segments. Accept all the same?", n=3, all=13),
        ((tr("All"), None), (tr("Only sure ones"), None)),
    ),
    "fixed": lambda panel, controller: controller.message.emit(
        "info",
        tr("Also fix {n} later frames?", n=12),
        ((tr("Fix"), None), (tr("No"), None)),
    ),
    "selected": lambda panel, controller: panel.review.list.selectAll(),
    "accepted": lambda panel, controller: (
        controller.change(frames=[FrameRow(998, FrameState.ACCEPTED)]),
        panel.review.list.selectAll(),
    ),
    "setting up": lambda panel, controller: controller.engine_setup.show(
        "offered", tr("Choose the layer with the lines first."), gpu_offered=True
    ),
    "failing": lambda panel, controller: controller.engine_setup.show(
        "failed", tr("The list of the engine's parts is damaged: install the plugin's zip again.")
    ),
    "set up": lambda panel, controller: controller.engine_setup.show(
        "ready", tr("Ready: {device}, version {version}. Try it on the sample shot?")
    ),
    "doubtful": lambda panel, controller: panel.viewer.set_mode("doubtful"),
    "folded": lambda panel, controller: panel.setup.fold(True),
    "long": lambda panel, controller: controller.change(frame_range=(10_000, 99_999)),
}


@pytest.mark.parametrize("language", i18n.languages())
@pytest.mark.parametrize("state", STATES)
def test_nothing_is_cut_off_at_240(make_panel, controller, state, language):
    panel = make_panel(240, 900, language)
    STATES[state](panel, controller)
    turn()
    assert panel.minimumSizeHint().width() <= 240
    assert panel.width() == 240
    assert cut_off(panel) == []


def test_the_check_sees_what_is_cut_off(make_panel):
    panel = make_panel()
    find(panel, "check_button").setFixedWidth(20)
    turn()
    assert len(cut_off(panel)) == 1


@pytest.mark.parametrize("width", [240, 420, 900])
def test_any_width_is_used(make_panel, width):
    panel = make_panel(width)
    assert panel.width() == width
    assert find(panel, "run_box").width() > width - 20
    assert find(panel, "propagate_button").width() > width - 70


def test_everything_that_can_be_pressed_has_a_name_and_a_text_or_tip(make_panel):
    panel = make_panel()
    buttons = [b for b in panel.findChildren(QtWidgets.QAbstractButton) if b.isVisibleTo(panel)]
    own = [b for b in buttons if not b.objectName().startswith("qt_")]
    own = [b for b in own if not isinstance(b.parent(), QtWidgets.QTabBar)]
    assert [b for b in own if not b.objectName()] == []
    assert [b.objectName() for b in own if not (b.text() or b.toolTip())] == []


@pytest.mark.parametrize("state", look.STATE_COLORS)
def test_marks_are_readable_on_every_state_color(state):
    color = QtGui.QColor(look.STATE_COLORS[state])
    assert contrast(color, QtGui.QColor(look.INK)) > 4.5


@pytest.mark.parametrize("base", ["#232629", "#ffffff", "#353535", "#d6d6d6"])
@pytest.mark.parametrize("state", look.STATE_COLORS)
def test_state_colors_stand_out_from_dark_and_light_themes(base, state):
    color = QtGui.QColor(look.STATE_COLORS[state])
    assert contrast(color, QtGui.QColor(base)) > 1.5


def test_four_hundred_frames_paint_only_what_is_in_view(make_panel, controller):
    panel = make_panel()
    controller.change(frames=sample_frames(400))
    controller.take_calls()
    panel.grab()
    asked = [call for call in controller.take_calls() if call[0] == "thumbnail"]
    assert len(asked) < 40


def test_a_panel_that_is_gone_hears_nothing(make_panel, controller):
    panel = make_panel()
    panel.show_settings()
    panel.deleteLater()
    turn()
    controller.change()
    controller.message.emit("info", "Anybody?", ())
    controller.progress.emit(1, 2, None, "")
    assert not controller.changed._slots
