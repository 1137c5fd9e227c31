"""The artist's hand: what is known of a tablet's pen. The events are made here, by no tablet."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="needs Qt's events", exc_type=ImportError)

from krita_plugin.propagate_colors.host import hand
from krita_plugin.propagate_colors.qt import QtWidgets
from tests.in_krita.scenarios.tablet import send_pen
from tests.krita_plugin.ui.support import application


@pytest.fixture
def canvas():
    """Return a widget in an application that the plugin has started in."""
    application()
    hand.start()
    widget = QtWidgets.QWidget()
    yield widget
    send_pen(widget, "TabletRelease")


def test_a_stroke_that_began_before_anything_is_known(canvas):
    assert hand.is_up()
    send_pen(canvas, "TabletPress")
    assert not hand.is_up()
    with hand.shielded("…"):
        assert not hand.is_up()
    hand.start()
    assert not hand.is_up()
    send_pen(canvas, "TabletMove", pressed=True)
    assert not hand.is_up()
    send_pen(canvas, "TabletRelease")
    assert hand.is_up()


def test_a_pen_that_hovers_is_up_though_its_release_was_lost(canvas):
    send_pen(canvas, "TabletPress")
    send_pen(canvas, "TabletMove", pressed=False)
    assert hand.is_up()


def test_presses_and_releases_are_told_apart_from_moves(canvas):
    before = hand.touches()
    send_pen(canvas, "TabletMove", pressed=False)
    assert hand.touches() == before
    send_pen(canvas, "TabletPress")
    pressed = hand.touches()
    assert pressed != before
    send_pen(canvas, "TabletRelease")
    assert hand.touches() != pressed
