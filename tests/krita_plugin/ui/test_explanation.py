"""Why this color: asked from the hover's sentence or the menu, shown in a window of its own."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors import settings as declared
from krita_plugin.propagate_colors.settings import DockerSettings
from krita_plugin.propagate_colors.state.model import (
    Explained,
    Explanation,
    LayerShown,
    MatchShown,
)
from tests.krita_plugin.ui.support import (
    Qt,
    QtCore,
    QtGui,
    QtWidgets,
    Store,
    application,
    click,
    commands,
    find,
    key,
    mouse,
    press,
    turn,
)

GREY = (8, 6, b"\x80\x80\x80\xff" * 48)
MATCHES = (
    MatchShown(22, 5, 0.62, (200, 40, 30), GREY),
    MatchShown("hero.png", 2, 0.2, (30, 60, 200), GREY),
    MatchShown(22, 7, 0.1, None, GREY),
    MatchShown(1, 5, 0.04, (200, 40, 30), GREY),
    MatchShown(1, 9, 0.004, (200, 40, 30), GREY),
)
LAYERS = (LayerShown(1, False, ((4, GREY),)), LayerShown(2, True, ((22, GREY), (1, GREY))))
TOLD = Explained(GREY, True, MATCHES, 0.036, LAYERS)


@pytest.fixture
def link(viewer):
    return find(viewer, "segment_label")


def hover(viewer, canvas, place=None):
    middle = QtCore.QPointF(canvas.width() / 2, canvas.height() / 2)
    mouse(canvas, QtCore.QEvent.Type.MouseMove, place or middle, Qt.MouseButton.NoButton)
    assert viewer._hover_timer.isActive()
    viewer._hover_timer.stop()
    viewer._explain_hovered()


def window_of(panel):
    return find(panel.window(), "explanation_window")


def windows(panel):
    return panel.window().findChildren(QtWidgets.QWidget, "explanation_window")


def shown(panel, controller, **values):
    answer = {"told": TOLD} | values
    controller.explain(Explanation(4, controller.segment, **answer))
    turn()
    return window_of(panel)


def words(widget):
    return [label.text() for label in widget.findChildren(QtWidgets.QLabel) if label.text()]


# ---- ways to ask


def asks(controller):
    return [call for call in commands(controller) if call[0] == "explain_segment"]


def test_the_sentence_of_the_hover_asks(viewer, canvas, link, controller):
    hover(viewer, canvas)
    assert link.text() == "From frame 3, 71 % sure"
    assert link.leads
    controller.take_calls()
    press(link, QtCore.QPointF(5, 5))
    ((_, time, point),) = asks(controller)
    assert time == 4
    assert point == pytest.approx((160, 90), abs=1.5)


def test_it_is_still_there_when_the_pointer_comes_to_it(viewer, canvas, link, controller):
    hover(viewer, canvas)
    place = QtCore.QPointF(9, canvas.height() / 2)  # on its way, without a rest
    mouse(canvas, QtCore.QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton)
    application().sendEvent(canvas, QtCore.QEvent(QtCore.QEvent.Type.Leave))
    assert not viewer._hover_timer.isActive()
    viewer.refresh()
    assert link.text() == "From frame 3, 71 % sure"
    press(link, QtCore.QPointF(5, 5))
    assert asks(controller)[0][2] == pytest.approx((160, 90), abs=1.5)
    controller.change(current_time=9)
    viewer.refresh()
    assert link.text() == "", "another frame is shown"
    assert not link.leads


def test_what_was_given_is_no_link(viewer, canvas, link, controller):
    controller.segment = controller.segment._replace(hinted=True)
    hover(viewer, canvas)
    assert link.text() == "Your choice"
    assert not link.leads
    controller.take_calls()
    press(link, QtCore.QPointF(5, 5))
    assert asks(controller) == []


def test_keys_reach_it(panel, viewer, canvas, link, controller):
    panel.activateWindow()
    turn()
    canvas.setFocus()
    key(canvas, Qt.Key.Key_Right)
    viewer._hover_timer.stop()
    viewer._explain_hovered()
    seen = []
    while application().focusWidget() not in seen and len(seen) < 99:
        seen.append(application().focusWidget())
        if link in seen:
            break
        panel.focusNextChild()
    assert link in seen
    assert link.accessibleName() == "From frame 3, 71 % sure: Why this color?"
    controller.take_calls()
    key(link, Qt.Key.Key_Return)
    assert len(asks(controller)) == 1


def test_a_click_on_it_leaves_the_keyboard_where_it_is(viewer, canvas, link):
    hover(viewer, canvas)
    assert link.focusPolicy() == Qt.FocusPolicy.TabFocus


@pytest.mark.parametrize("hinted", [False, True])
def test_the_menu_asks_where_there_is_something_to_tell(viewer, canvas, controller, hinted):
    controller.segment = controller.segment._replace(hinted=hinted)
    press(canvas, QtCore.QPointF(canvas.width() / 2, canvas.height() / 2))
    menu = find(viewer, "color_menu")
    found = menu.findChildren(QtCore.QObject, "why_action")
    assert len(found) == (not hinted)
    controller.take_calls()
    for action in found:
        assert action.text() == "Why this color?"
        action.trigger()
    menu.close()
    assert len(asks(controller)) == (not hinted)


# ---- the window


def test_five_matches_with_frame_color_and_share(panel, controller):
    window = shown(panel, controller)
    assert window.isVisible()
    assert find(window, "explanation_heading").text() == "From frame 3, 71 % sure"
    assert words(find(window, "explained_segment")) == ["This segment, frame 4"]
    assert [words(find(window, f"match_{place}")) for place in range(5)] == [
        ["Frame 22", "counts 62 %", "The color is taken from here"],
        ["hero.png", "counts 20 %"],
        ["Frame 22", "counts 10 %"],
        ["Frame 1", "counts 4 %"],
        ["Frame 1", "counts less than 1 %"],
    ]
    assert find(window, "explanation_rest").text().endswith("together count 4 %.")
    picture = find(window, "match_0").findChildren(QtWidgets.QLabel)[0].pixmap()
    assert picture.width() == 128 * picture.devicePixelRatio()


def test_where_nothing_was_taken_nothing_says_so(panel, controller):
    controller.segment = controller.segment._replace(state="no_counterpart")
    window = shown(panel, controller, told=TOLD._replace(taken=False))
    assert find(window, "explanation_heading").text() == "Not found in any painted frame"
    assert words(find(window, "match_0")) == ["Frame 22", "counts 62 %"]


@pytest.mark.parametrize("name", ["viewer_canvas", "segment_label"])
def test_escape_closes_it_and_is_else_left_alone(panel, viewer, controller, name):
    widget = find(viewer, name)
    override = QtGui.QKeyEvent(
        QtCore.QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier
    )
    override.ignore()
    application().sendEvent(widget, override)
    assert not override.isAccepted(), "it is Krita's"
    shown(panel, controller)
    key(widget, Qt.Key.Key_Escape)
    turn()
    assert windows(panel) == []
    assert controller.explanation is None


def test_layers_are_folded_away(panel, controller):
    window = shown(panel, controller)
    assert not find(window, "layers").isVisible()
    small = window.height()
    click(window, "layers_fold")
    turn()
    assert find(window, "layers").isVisible()
    assert window.height() > small
    assert [text for text in words(find(window, "layers")) if "looks at" in text] == [
        "Layer 1: looks at its own frame",
        "Layer 2: looks at other frames",
    ]
    controller.explain(Explanation(4, controller.segment, TOLD._replace(rest=0.0)))
    turn()
    assert find(window, "layers").isVisible(), "it stays open for the next segment"
    click(window, "layers_fold")
    turn()
    turn()
    assert window.height() == small


def test_a_network_that_shows_no_attention_has_no_fold(panel, controller):
    window = shown(panel, controller, told=TOLD._replace(layers=()))
    assert window.findChildren(QtWidgets.QWidget, "layers_fold") == []


def test_it_waits_and_says_what_went_wrong_in_the_same_window(panel, controller):
    window = shown(panel, controller, told=None)
    assert find(window, "explanation_text").text() == "Looking …"
    shown(panel, controller, told=None, problem="The drawing of frame 4 has changed.")
    assert windows(panel) == [window]
    assert find(window, "explanation_text").text() == "The drawing of frame 4 has changed."


def test_it_takes_no_keyboard(panel, controller):
    window = shown(panel, controller)
    assert window.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    assert window.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)


def test_it_is_shown_beside_any_window_of_the_same_krita(panel, controller, monkeypatch):
    """A docker that floats has the keyboard, say; but not beside another window of Krita."""
    beside, other = QtWidgets.QDockWidget("Layers", panel.window()), QtWidgets.QMainWindow()
    for active, count in ((other, 0), (beside, 1)):
        monkeypatch.setattr(QtWidgets.QApplication, "activeWindow", lambda active=active: active)
        controller.explain(Explanation(4, controller.segment, told=TOLD))
        turn()
        assert len(windows(panel)) == count


def test_it_goes_with_what_it_explains(panel, controller):
    shown(panel, controller)
    controller.explanation = None  # the frame was coloured anew
    controller.changed.emit("frames")
    turn()
    assert windows(panel) == []
    assert shown(panel, controller).isVisible(), "and comes again"


def test_closed_it_lets_the_question_go_and_notes_its_place(make_panel, controller):
    store = Store()
    panel = make_panel(store=store)
    window = shown(panel, controller)
    controller.take_calls()
    window.move(70, 60)
    window.close()
    turn()
    assert ("close_explanation",) in controller.take_calls()
    assert windows(panel) == []
    place = DockerSettings(store).get(declared.EXPLANATION_PLACE)
    assert place.startswith("70 60 ")
    window = shown(panel, controller)
    assert (window.x(), window.y()) == (70, 60)


@pytest.mark.parametrize("language", ["de", "fr", "es", "ja", "zh"])
def test_nothing_is_cut_off_in_any_language(make_panel, controller, language):
    window = shown(make_panel(language=language), controller)
    for label in window.findChildren(QtWidgets.QLabel):
        if label.isVisible() and label.text():
            needed = label.heightForWidth(label.width()) if label.wordWrap() else 0
            wide = 0 if label.wordWrap() else label.sizeHint().width()
            assert label.height() >= needed, label.text()
            assert label.width() >= wide, label.text()
