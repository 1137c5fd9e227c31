"""The viewer: zoom, positions, what hovering says and a click offers."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.state.model import HINT, LOCK, ArtistMark, MistakeShown
from krita_plugin.propagate_colors.ui.color_menu import beside
from krita_plugin.propagate_colors.ui.segment_words import explain
from tests.krita_plugin.fake_controller import PALETTE
from tests.krita_plugin.ui.support import (
    QtCore,
    QtWidgets,
    click,
    commands,
    find,
    mouse,
    press,
    turn,
    wheel,
)


def gather(viewer):
    """Let the viewer do at once what it would do a moment later."""
    assert viewer._gather.isActive()
    viewer._gather.stop()
    viewer.refresh()


def center(canvas):
    return QtCore.QPointF(canvas.width() / 2, canvas.height() / 2)


def modes_asked(controller):
    return {call[4] for call in controller.take_calls() if call[0] == "viewer_picture"}


@pytest.mark.parametrize("mode", ["segments", "doubtful", "picture"])
def test_modes(viewer, controller, mode):
    click(viewer, f"mode_{mode}")
    assert modes_asked(controller) == {mode}
    assert find(viewer, f"mode_{mode}").isChecked()


def test_a_new_picture_is_asked_for_when_the_frame_changes(viewer, controller):
    controller.change(current_time=9)
    gather(viewer)
    asked = [call[1] for call in controller.take_calls() if call[0] == "viewer_picture"]
    assert asked == [9]  # one for all that changed at once


def test_the_middle_of_the_widget_is_the_middle_of_the_document(canvas):
    x, y = canvas.to_document(center(canvas))
    assert (x, y) == pytest.approx((160, 90))


def test_zoom_keeps_the_place_below_the_pointer(canvas):
    place = center(canvas) + QtCore.QPointF(31, 12)
    before = canvas.to_document(place)
    canvas.zoom_at(place, 3.0)
    canvas.zoom_at(place, 1.5)
    assert canvas.to_document(place) == pytest.approx(before)
    assert canvas.scale() > 1.0


def test_the_wheel_zooms(canvas):
    whole = canvas.scale()
    assert wheel(canvas, 2)
    assert canvas.scale() == pytest.approx(whole * 1.25**2)


def test_zoom_is_bounded_and_ends_in_the_whole_picture(canvas):
    whole = canvas.scale()
    canvas.zoom_at(center(canvas), 1e9)
    assert canvas.scale() == 16.0
    canvas.zoom_at(center(canvas), 1e-9)
    assert canvas.scale() == pytest.approx(whole)


def test_zooming_in_asks_for_more_pixels_but_never_more_than_there_are(canvas):
    small = canvas.wanted_size()
    canvas.zoom_at(center(canvas), 4.0)
    assert canvas.wanted_size()[0] > small[0]
    canvas.zoom_at(center(canvas), 100.0)
    assert canvas.wanted_size() == (320, 180)


def test_a_drag_moves_the_zoomed_picture_and_is_no_click(canvas, controller):
    canvas.zoom_at(center(canvas), 6.0)
    before = canvas.to_document(center(canvas))
    start, end = center(canvas), center(canvas) + QtCore.QPointF(-24, 0)
    mouse(canvas, QtCore.QEvent.Type.MouseButtonPress, start)
    mouse(canvas, QtCore.QEvent.Type.MouseMove, end)
    mouse(canvas, QtCore.QEvent.Type.MouseButtonRelease, end)
    after = canvas.to_document(center(canvas))
    assert after[0] - before[0] == pytest.approx(24 / canvas.scale())
    assert canvas.parent().findChildren(QtWidgets.QWidget, "color_menu") == []


def test_beside_the_picture_there_is_nothing(canvas):
    assert canvas.to_document(QtCore.QPointF(-5, 3)) is None


def test_hovering_says_where_the_color_came_from(viewer):
    assert viewer.explanation((10.0, 10.0)) == "From frame 3, 71 % sure"
    assert viewer.explanation(None) == ""


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"state": "no_counterpart"}, "Not found in any painted frame"),
        ({"source_name": "hero.png", "source_frame": None}, "From hero.png, 71 % sure"),
        ({"source_frame": None}, "Not colored yet"),
        ({"confidence": 0.18, "doubtful": True}, "From frame 3, unsure (18 %)"),
        ({"hinted": True}, "Your choice"),
        ({"locked": True}, "From frame 3, 71 % sure, locked"),
        ({"surface_doubtful": True}, "From frame 3, 71 % sure, surface doubtful"),
        (
            {"surface_doubtful": True, "surface_layers": ("Shadow", "Light")},
            "From frame 3, 71 % sure, surface doubtful (Shadow, Light)",
        ),
    ],
)
def test_explanations(controller, values, text):
    assert explain(controller.segment._replace(**values)) == text


def choose(popup, name):
    found = find(popup, name)
    found.click() if name.startswith("swatch") else found.trigger()
    popup.close()


def open_popup(viewer, canvas):
    press(canvas, center(canvas))
    return find(viewer, "color_menu")


@pytest.mark.parametrize(
    ("button", "command"),
    [
        ("swatch_1", ("give_hint", PALETTE[1][0])),
        ("foreground_action", ("give_hint", "foreground")),
        ("unpainted_action", ("give_hint", "unpainted")),
        ("lock_action", ("toggle_lock",)),
    ],
)
def test_a_click_offers_colors_and_lock(viewer, canvas, controller, button, command):
    popup = open_popup(viewer, canvas)
    commands(controller)
    choose(popup, button)
    ((name, time, point, *rest),) = commands(controller)
    assert (name, *rest) == command
    assert time == 4
    assert point == pytest.approx((160, 90), abs=1.5)  # a mouse counts whole pixels
    turn()
    assert viewer.findChildren(QtWidgets.QWidget, "color_menu") == []


def test_a_hint_can_be_removed_only_where_there_is_one(viewer, canvas, controller):
    popup = open_popup(viewer, canvas)
    assert popup.findChildren(QtCore.QObject, "remove_hint_action") == []
    assert find(popup, "lock_action").text() == "Lock this segment"
    popup.close()
    turn()
    controller.segment = controller.segment._replace(hinted=True, locked=True)
    popup = open_popup(viewer, canvas)
    assert find(popup, "lock_action").text() == "Unlock this segment"
    commands(controller)
    choose(popup, "remove_hint_action")
    assert commands(controller)[0][0] == "remove_hint"


def test_no_foreground_color(viewer, canvas, controller):
    controller.foreground_color = lambda: None
    popup = open_popup(viewer, canvas)
    assert not find(popup, "foreground_action").isEnabled()
    popup.close()


@pytest.mark.parametrize("mode", ["segments", "doubtful", "picture"])
def test_a_mistake_is_ringed_and_near_in_every_mode(viewer, canvas, controller, mode):
    click(viewer, f"mode_{mode}")
    whole = canvas.scale()
    controller.change(mistake=MistakeShown(0, 3, 41, 18, 7, (200, 100, 12, 9)))
    gather(viewer)
    assert (canvas._ring, canvas._caption) == ((200, 100, 12, 9), "3 of 41, frame 18")
    assert canvas.scale() > whole
    assert canvas.to_document(center(canvas)) == pytest.approx((206, 104.5))
    near = canvas.scale()
    canvas.zoom_at(center(canvas), 1.3)
    controller.change()
    gather(viewer)
    assert canvas.scale() == pytest.approx(1.3 * near), "the artist's own zoom stays"
    controller.change(mistake=controller.mistake._replace(serial=1))
    gather(viewer)
    assert canvas.scale() == pytest.approx(near)
    controller.change(mistake=None)
    gather(viewer)
    assert (canvas._ring, canvas.scale()) == (None, near), "fixed: it is still looked at"
    controller.change(current_time=9)
    gather(viewer)
    assert canvas.scale() == pytest.approx(whole)


def test_a_large_mistake_is_not_cut_off(viewer, canvas, controller):
    whole = canvas.scale()
    controller.change(mistake=MistakeShown(0, 1, 1, 18, 7, (0, 0, 320, 180)))
    gather(viewer)
    assert canvas.scale() == pytest.approx(whole)


def test_nothing_is_said_before_it_is_known(viewer, canvas, controller):
    controller.pictures = {}
    controller.awaited = True
    click(viewer, "mode_doubtful")
    assert canvas._text == "Looking …"
    controller.change(awaited=False)
    gather(viewer)
    assert canvas._text == "Nothing doubtful on this frame."


def test_own_window_and_back(panel, viewer):
    click(viewer, "float_button")
    window = viewer.window()
    assert window is not panel.window()
    assert window.isVisible()
    assert viewer.isVisible()
    click(viewer, "float_button")
    turn()
    assert viewer.window() is panel.window()
    assert viewer.isVisible()


def test_closing_the_window_brings_the_viewer_back(panel, viewer):
    click(viewer, "float_button")
    viewer.window().close()
    turn()
    assert viewer.window() is panel.window()


def test_without_a_document_or_picture_it_says_so(viewer, canvas, controller):
    controller.pictures = {}
    controller.change()
    gather(viewer)
    assert canvas._text == "Nothing drawn on this frame."
    controller.change(has_document=False)
    gather(viewer)
    assert canvas._text == "The current frame appears here."
    assert not find(viewer, "next_doubtful").isEnabled()


def test_the_switch_lets_dabs_on_the_canvas_fix_segments(viewer, controller):
    switch = find(viewer, "fix_switch")
    click(viewer, "fix_switch")
    assert commands(controller) == [("set_fix_on_canvas", True)]
    controller.change(fix_on_canvas=False)
    assert not switch.isChecked(), "it shows what holds, also where another window changed it"
    controller.change(fix_on_canvas=True)
    assert switch.isChecked()


def test_hints_and_locks_are_marked_on_the_picture(viewer, canvas, controller):
    def color(point):
        target = canvas._target()
        place = QtCore.QPointF(*point) * canvas.scale() + target.topLeft()
        return canvas.grab().toImage().pixelColor(place.toPoint()).name()

    given, waiting, kept = (80.5, 90.5), (160.5, 90.5), (240.5, 90.5)
    assert {color(given), color(waiting), color(kept)} == {"#ffffff"}
    controller.change(
        said=[
            ArtistMark(HINT, given, (200, 30, 40), False),
            ArtistMark(HINT, waiting, (200, 30, 40), True),
            ArtistMark(LOCK, kept, None, False),
        ]
    )
    gather(viewer)
    assert color(given) == "#c81e28"
    assert color(waiting) == "#ffffff", "hollow while it waits"
    assert color(kept) == "#161616"


def test_the_menu_rings_its_segment_and_lies_beside_it(viewer, canvas, controller):
    controller.segment = controller.segment._replace(box=(150, 80, 20, 20))
    popup = open_popup(viewer, canvas)
    assert canvas._ring == (150, 80, 20, 20)
    assert not popup.geometry().intersects(canvas.box_on_screen((150, 80, 20, 20)))
    popup.close()
    gather(viewer)
    assert canvas._ring is None


def test_the_menu_knows_the_mistake_gone_to_before_the_segments_are_known(
    viewer, canvas, controller
):
    controller.segment = None
    controller.mistake = MistakeShown(1, 1, 1, 4, 7, (150, 80, 20, 20))
    popup = open_popup(viewer, canvas)
    assert canvas._ring == (150, 80, 20, 20)
    assert not popup.geometry().intersects(canvas.box_on_screen((150, 80, 20, 20)))
    popup.close()


SCREEN = (800, 600)  # of Qt's offscreen platform


@pytest.mark.parametrize(
    ("box", "sides"),
    [
        ((100, 300, 50, 50), "right"),
        ((700, 300, 50, 50), "left"),
        ((50, 100, 700, 300), "below"),
        ((50, 250, 700, 300), "above"),
    ],
)
def test_where_the_menu_goes(viewer, box, sides):
    box, size = QtCore.QRect(*box), QtCore.QSize(200, 150)
    corner = beside(box, size, box.center())
    menu = QtCore.QRect(corner, size)
    assert not menu.intersects(box)
    assert QtWidgets.QApplication.primaryScreen().availableGeometry().contains(menu)
    place = {
        "right": menu.left() > box.right(),
        "left": menu.right() < box.left(),
        "below": menu.top() > box.bottom(),
        "above": menu.bottom() < box.top(),
    }
    assert place[sides]


def test_a_segment_that_fills_the_screen_is_covered_where_the_pointer_is(viewer):
    box = QtCore.QRect(0, 0, *SCREEN)
    assert beside(box, QtCore.QSize(200, 150), QtCore.QPoint(90, 80)) == QtCore.QPoint(90, 80)
