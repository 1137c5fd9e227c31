"""Dabs on the canvas: where they lie in the document, and which events Krita never sees."""

import types

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="needs Qt's events", exc_type=ImportError)

from krita_plugin.propagate_colors.host import dabs, hand
from krita_plugin.propagate_colors.qt import Qt, QtCore, QtGui, QtWidgets
from tests.in_krita.scenarios.tablet import send_pen
from tests.krita_plugin.ui.support import application, mouse, wheel

KINDS = QtCore.QEvent.Type
PRESS, MOVE, RELEASE = KINDS.MouseButtonPress, KINDS.MouseMove, KINDS.MouseButtonRelease
WHEEL = KINDS.Wheel
PLACE = QtCore.QPointF(40, 30)
STILL = dabs.Shown((80, 60), 2.0, 0.0, False, (-10.0, 5.0))


class KisQPainterCanvas(QtWidgets.QWidget):
    """Named as Krita's; notes what reaches it."""

    def __init__(self, parent):
        super().__init__(parent)
        self.setMouseTracking(True)
        self.resize(200, 150)
        self.seen = []

    def event(self, event):
        if event.type() in {PRESS, MOVE, RELEASE, *TABLET, KINDS.MouseButtonDblClick, WHEEL}:
            self.seen.append(event.type())
        return super().event(event)


TABLET = (KINDS.TabletPress, KINDS.TabletMove, KINDS.TabletRelease)


@pytest.fixture
def canvas():
    application()
    hand.start()
    window = QtWidgets.QWidget()
    yield KisQPainterCanvas(window)
    hand.give_to(None)


@pytest.fixture
def heard():
    """The places of the dabs that were taken."""
    return []


@pytest.fixture
def taker(canvas, monkeypatch, heard):
    """Takes dabs on the canvas, which shows a document."""
    monkeypatch.setattr(dabs, "shown", lambda _: STILL)
    made = dabs.Dabs(heard.append, lambda point: heard.append(("picked", point)))
    made.switch(True, "Fix")
    yield made
    made.switch(False)


@pytest.mark.parametrize(
    ("shown", "place", "point"),
    [
        (STILL, (0, 0), (-5, 2.5)),
        (STILL, (40, 30), (15, 17.5)),
        # A quarter turn clockwise: the document's upper left is the box's upper right.
        (STILL._replace(degrees=90.0, corner=(0.0, 0.0)), (120, 0), (0, 0)),
        (STILL._replace(degrees=90.0, corner=(0.0, 0.0)), (0, 160), (80, 60)),
        (STILL._replace(degrees=180.0, corner=(0.0, 0.0)), (0, 0), (80, 60)),
        (STILL._replace(mirrored=True, corner=(0.0, 0.0)), (0, 0), (80, 0)),
        (STILL._replace(mirrored=True, degrees=90.0, corner=(0.0, 0.0)), (120, 0), (80, 0)),
        (STILL._replace(repeated=True), (0, 0), (75, 2.5)),
    ],
)
def test_a_place_of_the_canvas_is_one_of_the_document(shown, place, point):
    assert shown.to_document(place) == pytest.approx(point, abs=1e-9)


@pytest.mark.parametrize("degrees", [0.0, 17.0, 90.0, 200.0, -75.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_corners_of_the_document_lie_on_its_box(degrees, mirrored):
    shown = STILL._replace(degrees=degrees, mirrored=mirrored, corner=(0.0, 0.0))
    _, _, width, height = shown.box()
    middle = shown.to_document((width / 2, height / 2))
    assert middle == pytest.approx((40, 30))
    assert shown.holds(middle)
    assert not shown.holds(shown.to_document((-1.0, -1.0)))


def test_krita_sees_nothing_of_a_dab(canvas, taker, heard):
    for kind in (PRESS, MOVE, RELEASE):
        mouse(canvas, kind, PLACE)
    assert canvas.seen == []
    assert heard == [STILL.to_document((40, 30))]


def test_a_double_click_is_two_dabs(canvas, taker, heard):
    for kind in (PRESS, RELEASE, KINDS.MouseButtonDblClick, RELEASE):
        mouse(canvas, kind, PLACE)
    assert canvas.seen == []
    assert len(heard) == 2


def test_a_pen_s_dab_is_one_though_a_mouse_s_events_come_too(canvas, taker, heard):
    send_pen(canvas, "TabletPress", at=(40, 30))
    mouse(canvas, PRESS, PLACE)
    send_pen(canvas, "TabletMove", pressed=True, at=(60, 30))
    mouse(canvas, MOVE, PLACE)
    send_pen(canvas, "TabletRelease", at=(60, 30))
    mouse(canvas, RELEASE, PLACE, Qt.MouseButton.NoButton)
    assert [kind for kind in canvas.seen if kind != RELEASE] == []
    assert heard == [STILL.to_document((40, 30))]


def test_moves_without_a_press_are_krita_s(canvas, taker, heard):
    mouse(canvas, MOVE, PLACE, Qt.MouseButton.NoButton)
    send_pen(canvas, "TabletMove", pressed=False)
    assert set(canvas.seen) == {MOVE, KINDS.TabletMove}
    assert heard == []


def test_a_lost_release_does_not_keep_later_moves(canvas, taker, heard):
    mouse(canvas, PRESS, PLACE)
    mouse(canvas, MOVE, PLACE, Qt.MouseButton.NoButton)
    mouse(canvas, MOVE, PLACE, Qt.MouseButton.NoButton)
    assert canvas.seen == [MOVE]


def _key(widget, kind):
    space = QtGui.QKeyEvent(kind, int(Qt.Key.Key_Space), Qt.KeyboardModifier.NoModifier)
    application().sendEvent(widget, space)


def test_with_space_the_canvas_is_moved_as_ever(canvas, taker, heard):
    _key(canvas, KINDS.KeyPress)
    mouse(canvas, PRESS, PLACE)
    mouse(canvas, RELEASE, PLACE)
    assert canvas.seen == [PRESS, RELEASE]
    assert heard == []
    _key(canvas, KINDS.KeyRelease)
    mouse(canvas, PRESS, PLACE)
    assert canvas.seen == [PRESS, RELEASE]
    assert len(heard) == 1


@pytest.mark.parametrize("kind", [KINDS.WindowDeactivate, KINDS.ApplicationStateChange])
def test_space_that_is_released_in_another_window_is_not_held(canvas, taker, heard, kind):
    _key(canvas, KINDS.KeyPress)
    application().sendEvent(canvas, QtCore.QEvent(kind))
    mouse(canvas, PRESS, PLACE)
    assert (canvas.seen, len(heard)) == ([], 1)


def test_space_that_is_released_behind_a_shield_is_not_held(canvas, taker, heard, monkeypatch):
    monkeypatch.setattr(hand, "_canvas_area", canvas.parentWidget)
    _key(canvas, KINDS.KeyPress)
    with hand.shielded("…"):
        _key(canvas, KINDS.KeyRelease)
        mouse(canvas, PRESS, PLACE)
        assert heard == [], "a dab behind the shield was taken"
    mouse(canvas, PRESS, PLACE)
    assert len(heard) == 1


def test_a_mouse_s_press_that_qt_made_of_a_pen_s_is_no_dab(canvas, taker, heard):
    left = Qt.MouseButton.LeftButton
    for source in ("MouseEventSynthesizedByQt", "MouseEventSynthesizedBySystem"):
        event = QtGui.QMouseEvent(
            PRESS, PLACE, PLACE, PLACE, left, left, Qt.KeyboardModifier.NoModifier,
            getattr(Qt.MouseEventSource, source),
        )  # fmt: skip
        application().sendEvent(canvas, event)
    assert (canvas.seen, heard) == ([], [])


@pytest.mark.parametrize(
    ("key", "told"),
    [("ControlModifier", [("picked", STILL.to_document((40, 30)))]), ("ShiftModifier", [])],
)
def test_with_ctrl_a_color_is_picked_and_with_other_keys_nothing_happens(
    canvas, taker, heard, key, told
):
    left = Qt.MouseButton.LeftButton
    for kind in (PRESS, MOVE, RELEASE):
        event = QtGui.QMouseEvent(kind, PLACE, left, left, getattr(Qt.KeyboardModifier, key))
        application().sendEvent(canvas, event)
    assert canvas.seen == []
    assert heard == told


def test_other_buttons_and_widgets_are_left_alone(canvas, taker, heard):
    right = Qt.MouseButton.RightButton
    event = QtGui.QMouseEvent(PRESS, PLACE, right, right, Qt.KeyboardModifier.NoModifier)
    application().sendEvent(canvas, event)
    assert canvas.seen == [PRESS]
    wheel(canvas)
    assert canvas.seen == [PRESS, WHEEL]
    mouse(canvas.parentWidget(), PRESS, PLACE)
    assert heard == []


def test_a_dab_beside_the_document_is_nobody_s(canvas, taker, heard):
    mouse(canvas, PRESS, QtCore.QPointF(190, 140))
    assert canvas.seen == []
    assert heard == []


def test_where_krita_tells_not_that_is_reported(canvas, taker, heard, monkeypatch):
    monkeypatch.setattr(dabs, "shown", lambda _: None)
    mouse(canvas, PRESS, PLACE)
    assert canvas.seen == []
    assert heard == [None]


def test_a_failure_is_no_dialog_and_no_paint(canvas, taker, heard, monkeypatch):
    monkeypatch.setattr(dabs, "shown", lambda _: 1 / 0)
    mouse(canvas, PRESS, PLACE)
    assert canvas.seen == []


def test_switched_off_krita_sees_everything(canvas, taker, heard):
    taker.switch(False)
    mouse(canvas, PRESS, PLACE)
    assert canvas.seen == [PRESS]
    assert heard == []


def test_a_sign_that_went_with_its_window_is_no_hindrance(canvas, taker, heard, monkeypatch):
    window = QtWidgets.QWidget()
    monkeypatch.setattr(hand, "_canvas_area", lambda: window)
    for _ in range(2):
        taker.switch(False)
        taker.switch(True, "Fix")
    assert window.findChildren(QtWidgets.QLabel, "fix_sign")
    window.deleteLater()
    application().sendPostedEvents(None, KINDS.DeferredDelete)
    taker.switch(False)
    mouse(canvas, PRESS, PLACE)
    assert canvas.seen == [PRESS]


def _canvas_in(window):
    """Return a canvas in a scroll area as large as STILL's document at its zoom."""
    area = QtWidgets.QAbstractScrollArea(window)
    area.viewport().resize(160, 120)
    for bar in (area.horizontalScrollBar(), area.verticalScrollBar()):
        bar.setRange(0, 0)
    return KisQPainterCanvas(area.viewport())


def test_a_canvas_of_another_window_is_not_taken_for_the_one_in_front(canvas, monkeypatch):
    windows = [QtWidgets.QWidget(), QtWidgets.QWidget()]
    here, there = (_canvas_in(window) for window in windows)
    canvas_s = types.SimpleNamespace(
        zoomLevel=lambda: 2.0, rotation=lambda: 0.0, mirror=lambda: False,
        wrapAroundMode=lambda: False,
    )  # fmt: skip
    document = types.SimpleNamespace(width=lambda: 80, height=lambda: 60, resolution=lambda: 72.0)
    view = types.SimpleNamespace(document=lambda: document, canvas=lambda: canvas_s)
    front = types.SimpleNamespace(activeView=lambda: view, qwindow=lambda: windows[0])
    application_s = types.SimpleNamespace(activeWindow=lambda: front)
    monkeypatch.setattr(dabs.krita.Krita, "instance", lambda: application_s)
    assert dabs.shown(here) == dabs.Shown((80, 60), 2.0, 0.0, False, (0.0, 0.0))
    assert dabs.shown(there) is None
