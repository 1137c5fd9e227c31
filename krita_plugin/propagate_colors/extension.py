"""What Krita sees of the plugin: a docker, and actions in Tools > Scripts."""

from __future__ import annotations

from typing import Callable

import krita

from . import i18n, log
from .controller import Controller
from .host import hand
from .host.document import Host
from .i18n import tr
from .qt import QtCore
from .settings import LANGUAGE, Settings
from .ui.docker import PropagateDocker
from .ui.slots import pressed

DOCKER_ID = "propagate_colors"
MENU = "tools/scripts"


class Plugin:
    """The one controller that all windows share."""

    def __init__(self) -> None:
        self.host = Host()
        self.settings = Settings(self.host)
        log.start(self.host.data_folder())
        i18n.start(self.settings.get(LANGUAGE), QtCore.QLocale().uiLanguages())
        self.controller = Controller(self.host, self.settings)

    def actions(self) -> list[tuple[str, str, Callable[[], None]]]:
        """Return name, text and command of every action; shortcuts are in the .action file."""
        controller = self.controller
        return [
            ("propagate_colors_run", tr("Propagate Colors"), controller.propagate),
            ("propagate_colors_accept", tr("Accept Propagated Frame"), self._accept),
            ("propagate_colors_undo", tr("Undo Propagated Frame"), self._undo),
            ("propagate_colors_next", tr("Next Doubtful Segment"), self._next),
            ("propagate_colors_previous", tr("Previous Doubtful Segment"), self._previous),
            ("propagate_colors_show", tr("Show Propagate Colors"), _show_docker),
        ]

    def _accept(self) -> None:
        self.controller.accept([self.controller.current_time])

    def _undo(self) -> None:
        self.controller.undo([self.controller.current_time])

    def _next(self) -> None:
        self.controller.step_doubtful(+1)

    def _previous(self) -> None:
        self.controller.step_doubtful(-1)


class PropagateExtension(krita.Extension):
    """Adds the actions to every window and ends the engine with Krita."""

    def __init__(self, parent, plugin: Plugin) -> None:
        super().__init__(parent)
        self._plugin = plugin

    def setup(self) -> None:
        """Krita is ready."""
        notifier = krita.Krita.instance().notifier()
        notifier.setActive(True)
        hand.start()
        notifier.applicationClosing.connect(self._plugin.controller.shutdown)

    def createActions(self, window) -> None:
        """Add the actions to a window's menu."""
        for name, text, command in self._plugin.actions():
            action = window.createAction(name, text, MENU)
            action.triggered.connect(pressed(command))


def register() -> None:
    """Make the plugin known to Krita."""
    plugin = Plugin()
    application = krita.Krita.instance()
    application.addExtension(PropagateExtension(application, plugin))

    class Docker(PropagateDocker):
        """Krita makes one for every window, without arguments."""

        def __init__(self) -> None:
            super().__init__(plugin.controller, plugin.settings)

    place = krita.DockWidgetFactoryBase.DockPosition.DockRight
    application.addDockWidgetFactory(krita.DockWidgetFactory(DOCKER_ID, place, Docker))


def _show_docker() -> None:
    for docker in krita.Krita.instance().dockers():
        if docker.objectName() == DOCKER_ID:
            docker.show()
            docker.raise_()
