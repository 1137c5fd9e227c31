"""A panel on a fake controller, as wide as Krita's right column."""

import contextlib
import logging

import pytest

from krita_plugin.propagate_colors import i18n
from krita_plugin.propagate_colors.log import logger
from krita_plugin.propagate_colors.settings import DockerSettings
from tests.krita_plugin.fake_controller import FakeController

# What needs PyQt5 is imported by those who use it: its test modules skip where it is missing.


@pytest.fixture
def no_failures():
    """Fail the test when a slot failed."""
    from tests.krita_plugin.ui.support import Failures

    failures = Failures()
    logger.addHandler(failures)
    yield
    logger.removeHandler(failures)
    assert [logging.Formatter().format(record) for record in failures.records] == []


@pytest.fixture
def controller():
    """Return a fake controller with pictures."""
    made = FakeController()
    white = (32, 18, b"\xff" * (32 * 18 * 4))
    made.pictures = dict.fromkeys(("picture", "segments", "doubtful", "thumbnail"), white)
    return made


@pytest.fixture
def make_panel(controller, no_failures):
    """Return a function that shows a panel of a width in a language."""
    from krita_plugin.propagate_colors.ui.panel import Panel
    from tests.krita_plugin.ui.support import Store, application, need_font_for, turn

    application()
    panels = []

    def make(width=240, height=900, language="en", store=None):
        need_font_for(language)
        i18n.start(language, [])
        panel = Panel(controller, DockerSettings(store or Store()))
        panel.resize(width, height)
        panel.show()
        panels.append(panel)
        controller.take_calls()
        return panel

    yield make
    for panel in panels:
        with contextlib.suppress(RuntimeError):  # a test may have deleted its panel
            panel.close()
            panel.deleteLater()
    turn()
    i18n.start("en", [])


@pytest.fixture
def panel(make_panel):
    """Return a panel as wide as Krita's right column."""
    return make_panel()


@pytest.fixture
def viewer(panel):
    """Return the panel's viewer."""
    from tests.krita_plugin.ui.support import find

    return find(panel, "viewer")


@pytest.fixture
def canvas(viewer):
    """Return the picture in the viewer."""
    from tests.krita_plugin.ui.support import find

    return find(viewer, "viewer_canvas")
