"""The docker that Krita shows: the panel in a scroll area."""

from __future__ import annotations

from krita import DockWidget

from ..i18n import tr
from ..qt import Qt, QtWidgets
from .panel import Panel


class PropagateDocker(DockWidget):
    """Shows the panel of the one controller; Krita tells it when the document changes."""

    def __init__(self, controller, settings) -> None:
        super().__init__()
        self._controller = controller
        self.setWindowTitle(tr("Propagate Colors"))
        scroll = QtWidgets.QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(Panel(controller, settings, scroll))
        self.setWidget(scroll)

    def canvasChanged(self, _canvas) -> None:
        """Look at the document that is active now."""
        self._controller.refresh()
