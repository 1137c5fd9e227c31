"""A window for the viewer: above Krita, where it was last, and without the keyboard."""

from __future__ import annotations

from .. import settings as declared
from ..i18n import tr
from ..qt import Qt, QtCore, QtWidgets
from .places import bring_back, place_of

_SIZE = QtCore.QSize(900, 620)


class ViewerWindow(QtWidgets.QWidget):
    """Holds the viewer until it is closed; Krita keeps the keyboard for its shortcuts."""

    closed = QtCore.pyqtSignal()

    def __init__(self, viewer, settings, parent) -> None:
        kind = Qt.WindowType.Tool | Qt.WindowType.WindowDoesNotAcceptFocus
        super().__init__(parent, kind)
        self._settings = settings
        self.setObjectName("viewer_window")
        self.setWindowTitle(tr("Propagate Colors: current frame"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(viewer)
        viewer.show()
        self.resize(_SIZE)
        bring_back(self, settings.get(declared.VIEWER_PLACE))

    def closeEvent(self, event) -> None:
        """Note where it was and give the viewer back before the window goes."""
        self._settings.set(declared.VIEWER_PLACE, place_of(self))
        self.closed.emit()
        super().closeEvent(event)
