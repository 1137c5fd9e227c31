"""The docker around the panel, with Qt's own dock widget in place of Krita's."""

import importlib
import sys
import types

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.settings import DockerSettings
from tests.krita_plugin.ui.support import (
    Qt,
    QtCore,
    QtWidgets,
    Store,
    application,
    commands,
    find,
    in_view,
    turn,
)

MODULE = "krita_plugin.propagate_colors.ui.docker"


@pytest.fixture
def make_docker(monkeypatch, controller, no_failures):
    application()
    monkeypatch.setattr(sys.modules["krita"], "DockWidget", QtWidgets.QDockWidget, raising=False)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    docker_class = importlib.import_module(MODULE).PropagateDocker
    monkeypatch.delitem(sys.modules, MODULE)  # the next test may bring another Krita
    dockers = []

    def make(width, height):
        docker = docker_class(controller, DockerSettings(Store()))
        docker.resize(width, height)
        docker.show()
        dockers.append(docker)
        for _ in range(5):  # a layout inside a layout settles in as many turns
            turn()
        return docker

    yield make
    for docker in dockers:
        docker.close()
        docker.deleteLater()
    turn()


def test_a_low_docker_shows_strip_and_button_first(make_docker):
    docker = make_docker(248, 190)
    assert not find(docker, "line_button").isVisible()
    assert in_view(docker.widget(), find(docker, "propagate_button"))
    assert in_view(docker.widget(), find(docker, "frame_strip"))


def test_a_high_docker_shows_everything(make_docker):
    docker = make_docker(248, 900)
    assert find(docker, "line_button").isVisible()


def test_folding_is_left_to_the_artist_afterwards(make_docker):
    docker = make_docker(248, 190)
    find(docker, "setup_toggle").click()
    docker.hide()
    docker.show()
    turn()
    assert find(docker, "line_button").isVisible()


def test_another_canvas_is_looked_at(make_docker, controller):
    docker = make_docker(248, 900)
    commands(controller)
    docker.canvasChanged(None)
    assert commands(controller) == [("refresh",)]


# --- workspaces of Krita's that do not know the docker


@pytest.fixture
def window(make_docker):
    """Return Krita's window with the docker, and the timeline's."""
    made = QtWidgets.QMainWindow()
    docker = make_docker(248, 600)
    timeline = QtWidgets.QDockWidget(made)
    timeline.setObjectName("TimelineDocker")
    made.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, docker)
    made.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, timeline)
    made.resize(800, 600)
    made.show()
    turn()
    yield made, docker, timeline
    docker.setParent(None)
    made.close()


def switched(*dockers):
    """Let Krita hide dockers, as it does for another workspace, and wait for what follows."""
    for docker in dockers:
        docker.hide()
    wait = QtCore.QElapsedTimer()
    wait.start()
    while wait.elapsed() < 500:
        turn()


@pytest.mark.parametrize("floating", [False, True])
def test_it_comes_back_once_in_a_workspace_with_the_timeline(window, floating):
    _, docker, _ = window
    docker.setFloating(floating)
    turn()
    switched(docker)
    assert docker.isVisible()
    switched(docker)
    assert not docker.isVisible(), "the artist's own workspace may leave it out"


def test_it_stays_away_in_a_workspace_without_the_timeline(window):
    _, docker, timeline = window
    switched(timeline, docker)
    assert not docker.isVisible()


def test_it_stays_closed_where_the_artist_closed_it(window):
    _, docker, _ = window
    docker.close()
    switched(docker)
    assert not docker.isVisible()
    docker.show()
    switched(docker)
    assert docker.isVisible(), "opened again, it comes back again"


def test_without_a_window_krita_is_not_asked_for_its_dockers(make_docker, monkeypatch):
    """The window may be closed before the docker is offered in it."""
    krita, module = sys.modules["krita"], "krita_plugin.propagate_colors.extension"
    asked = []
    running = types.SimpleNamespace(activeWindow=lambda: None, dockers=lambda: asked.append(1))
    monkeypatch.setattr(krita, "Extension", QtCore.QObject, raising=False)
    monkeypatch.delitem(sys.modules, module, raising=False)
    extension = importlib.import_module(module)
    monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(krita.Krita, "instance", lambda: running)
    extension.offer_docker(DockerSettings(Store()))
    assert asked == []
