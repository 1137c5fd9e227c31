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
from .settings import DOCKER_CLOSED, DOCKER_OFFERED, LANGUAGE, DockerSettings
from .ui.docker import PropagateDocker
from .ui.offer import Offer
from .ui.slots import observe, pressed

DOCKER_ID = "propagate_colors"
MENU = "tools/scripts"
_SETTLED_MS = 2000  # after which Krita has brought back its dockers


class Plugin:
    """The one controller that all windows share."""

    def __init__(self) -> None:
        self.host = Host()
        self.settings = DockerSettings(self.host)
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
            ("propagate_colors_fix", tr("Fix on Canvas"), self._fix),
            ("propagate_colors_sheet", tr("Propagate Colors Contact Sheet"), controller.show_sheet),
            ("propagate_colors_show", tr("Show Propagate Colors"), _show_docker),
        ]

    def _accept(self) -> None:
        self.controller.accept([self.controller.current_time])

    def _undo(self) -> None:
        self.controller.undo([self.controller.current_time])

    def _fix(self) -> None:
        self.controller.set_fix_on_canvas(not self.controller.fix_on_canvas)

    def _next(self) -> None:
        self.controller.step_doubtful(+1)

    def _previous(self) -> None:
        self.controller.step_doubtful(-1)


class PropagateExtension(krita.Extension):
    """Adds the actions to every window and ends the engine with Krita."""

    def __init__(self, parent, plugin: Plugin) -> None:
        super().__init__(parent)
        self._plugin = plugin
        # Its parent is Krita's: nothing but this keeps the Python side of it, its answers among it.
        self._offer: Offer | None = None

    def setup(self) -> None:
        """Krita is ready."""
        notifier = krita.Krita.instance().notifier()
        notifier.setActive(True)
        hand.start()
        notifier.applicationClosing.connect(self._plugin.controller.shutdown)
        notifier.windowCreated.connect(pressed(self._on_window))

    def _on_window(self) -> None:
        QtCore.QTimer.singleShot(_SETTLED_MS, pressed(self._offer_docker))

    def _offer_docker(self) -> None:
        self._offer = offer_docker(self._plugin.settings) or self._offer

    def createActions(self, window) -> None:
        """Add the actions to a window's menu."""
        for name, text, command in self._plugin.actions():
            action = window.createAction(name, text, MENU)
            action.triggered.connect(pressed(command))
            if name == "propagate_colors_fix":
                self._show_fix_in(action)

    def _show_fix_in(self, action) -> None:
        """Check the action while the switch is on, in every window."""
        controller = self._plugin.controller
        action.setCheckable(True)
        observe(action, controller, {"fix": lambda: action.setChecked(controller.fix_on_canvas)})


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


def _dockers() -> list:
    dockers = krita.Krita.instance().dockers()
    return [docker for docker in dockers if docker.objectName() == DOCKER_ID]


def _show_docker() -> None:
    for docker in _dockers():
        docker.show()
        docker.raise_()


def offer_docker(settings: DockerSettings) -> Offer | None:
    """Offer the docker, once, if Krita started with it hidden: Krita 6 does so with new ones.

    The caller keeps the offer that is returned for as long as it is shown.
    """
    window = krita.Krita.instance().activeWindow()
    if window is None:  # closed before the docker was offered in it
        return None
    hidden = [docker for docker in _dockers() if docker.isHidden()]
    if not hidden or settings.get(DOCKER_OFFERED) or settings.get(DOCKER_CLOSED):
        return None
    settings.set(DOCKER_OFFERED, "yes")
    offer = Offer(window.qwindow().centralWidget(), _show_docker)
    for docker in hidden:
        docker.visibilityChanged.connect(offer.on_visible)
    return offer
