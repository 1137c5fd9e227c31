"""The docker that Krita shows: the panel in a scroll area."""

from __future__ import annotations

from krita import DockWidget

from ..i18n import tr
from ..qt import Qt, QtCore, QtWidgets
from .panel import Panel
from .slots import guarded


class PropagateDocker(DockWidget):
    """Shows the panel of the one controller; Krita tells it when the document changes."""

    def __init__(self, controller, settings) -> None:
        super().__init__()
        self._controller = controller
        self._fitted = False
        self.setWindowTitle(tr("Propagate Colors"))
        self._scroll = QtWidgets.QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._panel = Panel(controller, settings, self._scroll)
        self._scroll.setWidget(self._panel)
        self.setWidget(self._scroll)

    def canvasChanged(self, _canvas) -> None:
        """Look at the document that is active now."""
        guarded(self._controller.refresh)()

    def showEvent(self, event) -> None:
        """Learn how much room there is, once Krita has laid out its dockers."""
        super().showEvent(event)
        if not self._fitted:
            self._fitted = True
            QtCore.QTimer.singleShot(0, guarded(self._fit))

    def _fit(self) -> None:
        """Fold the choices in a low docker: strip and button come first."""
        if self._scroll.viewport().height() < self._panel.minimumSizeHint().height():
            self._panel.setup.fold(True)
