"""Everything in the docker, in plain Qt: it can be shown without Krita."""

from __future__ import annotations

from typing import Any

from ..i18n import tr
from ..qt import Qt, QtWidgets
from . import look
from .canvas_keys import CanvasKeys
from .engine_card import EngineCard
from .explanation import ExplanationWindow
from .footer import Footer
from .guide import Guide, is_needed
from .message_bar import MessageBar
from .pinned import Pinned
from .review_box import ReviewBox
from .run_box import RunBox
from .settings_dialog import SettingsDialog
from .setup import SetupBox
from .sheet import ContactSheet
from .slots import LIST_KEYS, guarded, keep_keys, observe, pressed, wheel_if
from .strip import FrameStrip
from .viewer import SEGMENTS, Viewer
from .viewer_window import ViewerWindow


class Panel(Pinned):
    """Choices, strip and button; review and viewer, which scroll; messages and footer."""

    def __init__(self, controller, settings, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("propagate_colors_panel")
        self._controller = controller
        self._settings = settings
        self._dialog: SettingsDialog | None = None
        self._window: ViewerWindow | None = None
        self._sheet: ContactSheet | None = None
        self._explanation: ExplanationWindow | None = None
        self.engine = EngineCard(controller, self)
        self.setup = SetupBox(controller, self)
        self.guide = Guide(controller, self)
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
        self.fill(
            head=(self.setup.heading, self.strip, self.run),
            middle=(self.engine, self.guide, self.setup, self._split),
            foot=(self.messages, self.footer),
            order=(self.run, self.messages, self.strip, self.setup.heading, self.footer),
        )
        self._calm = self._calm_wheels()
        self._keys = self._open_to_keys()
        self.setup.unfolded.connect(guarded(lambda: self.reveal(self.setup)))
        self.setup.gap.check_wanted.connect(pressed(self._show_segments))
        self.viewer.float_wanted.connect(guarded(self._toggle_window))
        self.footer.settings_wanted.connect(guarded(self.show_settings))
        observe(self, controller, {"settings": self.show_settings, "busy": self._make_room})
        observe(
            self, controller, dict.fromkeys(("document", "choices", "frames"), self._show_lists)
        )
        observe(self, controller, {"contact sheet": self.show_sheet})
        observe(self, controller, {"explanation": self.show_explanation})
        observe(self, controller, {"step": lambda: self.reveal(self.viewer)})
        self._show_lists()

    def _calm_wheels(self) -> list[object]:
        """Let the wheel scroll the panel over all that has not the focus, and never turn tabs."""
        tabs, canvas = self.review.findChildren(QtWidgets.QTabBar), self.viewer.canvas
        calm = [wheel_if(bar, lambda: False) for bar in tabs]
        for view in (self.review.list, self.review.colors.list):
            wanted = lambda view=view: view.hasFocus() or not self.scrolls()  # noqa: E731
            calm.append(wheel_if(view.viewport(), wanted))
        strip = self.strip
        pinned = lambda: strip.hasFocus() or self.is_pinned(strip)  # noqa: E731
        calm.append(wheel_if(strip.viewport(), pinned))
        viewer = lambda: canvas.hasFocus() or not self._scrolls_viewer()  # noqa: E731
        return [*calm, wheel_if(canvas, viewer)]

    def _open_to_keys(self) -> list[object]:
        """Let everything be reached and worked by keys, and say to a screen reader what it is."""
        canvas = self.viewer.canvas
        canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        canvas.setAccessibleName(tr("Current frame"))
        for bar in self.review.findChildren(QtWidgets.QTabBar):
            bar.setAccessibleName(tr("Review"))
            bar.parentWidget().setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab would come round there
            bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        lists = (self.review.list, self.review.colors.list)
        return [CanvasKeys(canvas), *(keep_keys(view, LIST_KEYS) for view in lists)]

    def _scrolls_viewer(self) -> bool:
        return self._window is None and self.scrolls()

    def arrange(self) -> None:
        """Pin what there is room for; a long message scrolls where it would hide the button."""
        low = self.height() - self.run.sizeHint().height() - 4 * look.SPACE
        self.messages.fit(self.side(), low)
        super().arrange()

    def _show_lists(self) -> None:
        """Show the review once there is something to review, instead of the guide."""
        self.review.setVisible(not is_needed(self._controller))

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
        self.reveal(self.viewer)

    def _toggle_window(self) -> None:
        """Show the viewer in a window of its own, or bring it back."""
        if self._window is None:
            self._window = ViewerWindow(self.viewer, self._settings, self.window())
            self._window.closed.connect(guarded(self._bring_back))
            self._window.show()
        else:
            self._window.close()

    def _bring_back(self) -> None:
        self._window = None
        self._split.addWidget(self.viewer)
        self.viewer.show()

    def show_sheet(self) -> None:
        """Show all frames in a window, if this is the docker of the window in front."""
        if not self._is_in_front():
            return
        if self._sheet is None:
            self._sheet = ContactSheet(self._controller, self._settings, self.window())
            self._sheet.closed.connect(guarded(self._forget_sheet))
        self._sheet.show()
        self._sheet.raise_()
        self._sheet.activateWindow()

    def _is_in_front(self) -> bool:
        """Tell whether this is the docker of the window in front, or of one that floats over it."""
        active = QtWidgets.QApplication.activeWindow()
        return active is None or _main_window(active) == _main_window(self)

    def show_explanation(self) -> None:
        """Show why a segment has its color, if this is the docker of the window in front."""
        if self._explanation is not None or self._controller.explanation is None:
            return  # the window follows the controller itself
        if self._is_in_front():
            self._explanation = ExplanationWindow(self._controller, self._settings, self.window())
            self._explanation.closed.connect(guarded(self._forget_explanation))
            self._explanation.place_beside(self)
            self._explanation.show()

    def _forget_explanation(self) -> None:
        self._explanation = None
        self._controller.close_explanation()

    def _forget_sheet(self) -> None:
        self._sheet = None

    def show_settings(self) -> None:
        """Show the settings; the artist can go on working beside them."""
        if self._dialog is None:
            self._dialog = SettingsDialog(self._controller, self._settings, self)
            self._dialog.finished.connect(pressed(self._forget_dialog))
        self._dialog.show()
        self._dialog.raise_()

    def _forget_dialog(self) -> None:
        self._dialog = None


def _main_window(widget: Any) -> Any:
    """Return Krita's window that a widget, or a window of ours, belongs to."""
    while widget.parentWidget() is not None:
        widget = widget.parentWidget()
    return widget
