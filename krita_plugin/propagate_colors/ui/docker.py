"""The docker that Krita shows: the panel in a dock widget that stays where frames are animated."""

from __future__ import annotations

from krita import DockWidget

from .. import settings as declared
from ..i18n import tr
from ..qt import QtCore, QtWidgets
from .panel import Panel
from .slots import delayed, guarded

_TIMELINE = "TimelineDocker"
_SWITCH_MS = 300  # in which Krita has laid out another workspace


class PropagateDocker(DockWidget):
    """Shows the panel of the one controller; Krita tells it when the document changes."""

    def __init__(self, controller, settings) -> None:
        super().__init__()
        self._controller = controller
        self._settings = settings
        self._fitted = False
        self._closing = False
        self._came_back = False
        self._switched = delayed(self._come_back, _SWITCH_MS, self)
        self.setWindowTitle(tr("Propagate Colors"))
        self._panel = Panel(controller, settings, self)
        self.setWidget(self._panel)

    def canvasChanged(self, _canvas) -> None:
        """Look at the document that is active now."""
        guarded(self._controller.refresh)()

    def showEvent(self, event) -> None:
        """Learn how much room there is, once Krita has laid out its dockers."""
        super().showEvent(event)
        self._closing = False
        guarded(lambda: self._settings.set(declared.DOCKER_CLOSED, ""))()
        if not self._fitted:
            self._fitted = True
            QtCore.QTimer.singleShot(0, guarded(self._fit))

    def _fit(self) -> None:
        """Fold the choices in a low docker: strip and button come first."""
        if self._panel.room() < self._panel.needed():
            self._panel.setup.fold(True)

    def closeEvent(self, event) -> None:
        """Note that it was the artist who closed it."""
        self._closing = True
        guarded(lambda: self._settings.set(declared.DOCKER_CLOSED, "yes"))()
        super().closeEvent(event)

    def hideEvent(self, event) -> None:
        """Come back, once, where a workspace that does not know this docker has hidden it.

        Krita's own Animation workspace hides every docker that it does not name. Krita does not
        tell it from a workspace in which the artist left the docker out, so a second time it stays.
        """
        super().hideEvent(event)
        if not self._closing and not self._came_back:
            self._switched.start()

    def _come_back(self) -> None:
        home = self.parentWidget()  # a floating docker is a window of its own
        timeline = None if home is None else home.findChild(QtWidgets.QDockWidget, _TIMELINE)
        if self.isHidden() and not self._closing and timeline is not None and timeline.isVisible():
            self._came_back = True
            self.show()
