"""Everything in the docker, in plain Qt: it can be shown without Krita."""

from __future__ import annotations

from ..i18n import tr
from ..qt import Qt, QtCore, QtWidgets
from . import look
from .engine_card import EngineCard
from .footer import Footer
from .message_bar import MessageBar
from .review_box import ReviewBox
from .run_box import RunBox
from .settings_dialog import SettingsDialog
from .setup import SetupBox
from .slots import guarded, observe, pressed
from .strip import FrameStrip
from .viewer import SEGMENTS, Viewer

_WINDOW_SIZE = QtCore.QSize(900, 620)


class Panel(QtWidgets.QWidget):
    """Choices, strip, the button, review and viewer, messages and footer, from top to bottom."""

    def __init__(self, controller, settings, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("propagate_colors_panel")
        self._controller = controller
        self._settings = settings
        self._dialog: SettingsDialog | None = None
        self._window: ViewerWindow | None = None
        self.engine = EngineCard(controller, self)
        self.setup = SetupBox(controller, self)
        self.strip = FrameStrip(controller, self)
        self.run = RunBox(controller, self)
        self.review = ReviewBox(controller, settings, self)
        self.viewer = Viewer(controller, self)
        self.messages = MessageBar(controller, self)
        self.footer = Footer(controller, self)
        self._split = QtWidgets.QSplitter(Qt.Orientation.Vertical, self)
        self._split.setObjectName("review_split")
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self.review)
        self._split.addWidget(self.viewer)
        self._split.setStretchFactor(0, 3)
        self._split.setStretchFactor(1, 2)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(6, look.SPACE, 6, look.SPACE)
        layout.setSpacing(6)
        for widget in (self.engine, self.setup, self.strip, self.run, self.messages):
            layout.addWidget(widget)
        layout.addWidget(self._split, 1)
        layout.addWidget(self.footer)
        self.setup.gap.check_wanted.connect(pressed(self._show_segments))
        self.viewer.float_wanted.connect(guarded(self.toggle_window))
        self.footer.settings_wanted.connect(guarded(self.show_settings))
        observe(self, controller, {"settings": self.show_settings, "busy": self._make_room})

    def _make_room(self) -> None:
        """Fold the choices away when a run begins: what comes of it needs the room."""
        if self._controller.busy == "running":
            self.setup.fold(True)

    def enterEvent(self, event) -> None:
        """Look at the present frame when the pointer comes in from painting on it."""
        super().enterEvent(event)
        guarded(self._controller.look_here)()

    def _show_segments(self) -> None:
        self.viewer.set_mode(SEGMENTS)

    def toggle_window(self) -> None:
        """Show the viewer in a window of its own, or bring it back."""
        if self._window is None:
            self._window = ViewerWindow(self.viewer, self.window())
            self._window.closed.connect(guarded(self._bring_back))
            self._window.show()
        else:
            self._window.close()

    def _bring_back(self) -> None:
        self._window = None
        self._split.addWidget(self.viewer)
        self.viewer.show()

    def show_settings(self) -> None:
        """Show the settings; the artist can go on working beside them."""
        if self._dialog is None:
            self._dialog = SettingsDialog(self._controller, self._settings, self)
            self._dialog.finished.connect(pressed(self._forget_dialog))
        self._dialog.show()
        self._dialog.raise_()

    def _forget_dialog(self) -> None:
        self._dialog = None


class ViewerWindow(QtWidgets.QWidget):
    """A window that holds the viewer until it is closed."""

    closed = QtCore.pyqtSignal()

    def __init__(self, viewer, parent) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("viewer_window")
        self.setWindowTitle(tr("Propagate Colors: current frame"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(viewer)
        viewer.show()
        self.resize(_WINDOW_SIZE)

    def closeEvent(self, event) -> None:
        """Give the viewer back before the window goes."""
        self.closed.emit()
        super().closeEvent(event)
