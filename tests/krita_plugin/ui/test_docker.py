"""The docker around the panel, with Qt's own dock widget in place of Krita's."""

import importlib
import sys

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.settings import Settings
from tests.krita_plugin.ui.support import QtWidgets, Store, application, commands, find, turn

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
        docker = docker_class(controller, Settings(Store()))
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
    area = docker.widget().viewport()
    button = find(docker, "propagate_button")
    assert button.mapTo(area, button.rect().bottomLeft()).y() < area.height()


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
