"""The button that everything is about and one for advice; at work, progress and Cancel."""

from __future__ import annotations

from ..i18n import mark, tr
from ..qt import QtCore, QtWidgets
from . import look
from .elided import ElidedLabel
from .slots import observe, pressed, push_button, watch

_HEIGHT = 36
_STAGES = {
    "reading": mark("Reading the layers"),
    "running": mark("Coloring"),
    "writing": mark("Writing frames"),
    "undoing": mark("Undoing"),
    "fixing": mark("Fixing"),
    "suggesting": mark("Comparing the drawings"),
}


class RunBox(QtWidgets.QStackedWidget):
    """Two pages of equal height: propagate and suggest, or progress with cancel."""

    def __init__(self, controller, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("run_box")
        self.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Preferred, QtWidgets.QSizePolicy.Policy.Fixed
        )
        self._controller = controller
        words = tr("Propagate colors")
        self.propagate = push_button("propagate_button", words, controller.propagate, self)
        self.propagate.setMinimumHeight(_HEIGHT)
        self.propagate.setFont(look.font(self.font(), bold=True, share=1.1))
        self.suggest = look.tool_button("suggest_button", tr("Suggest frames"), self)
        self.suggest.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Fixed, QtWidgets.QSizePolicy.Policy.Expanding
        )
        self.suggest.clicked.connect(pressed(controller.suggest_frames))
        self.addWidget(self._idle_page())
        self.addWidget(self._busy_page())
        watch(self, controller.progress, self._on_progress)
        topics = ("busy", "document", "choices", "frames")
        observe(self, controller, dict.fromkeys(topics, self.refresh))
        self.refresh()

    def _idle_page(self):
        page = QtWidgets.QWidget(self)
        row = look.without_margins(QtWidgets.QHBoxLayout(page))
        row.addWidget(self.propagate, 1)
        row.addWidget(self.suggest)
        self._draw_icon()
        return page

    def _draw_icon(self) -> None:
        self.suggest.setIcon(look.icon("suggest", self.suggest.palette()))

    def changeEvent(self, event) -> None:
        """Draw the icon anew when Krita's theme changes."""
        super().changeEvent(event)
        if event.type() == QtCore.QEvent.Type.PaletteChange and hasattr(self, "_bar"):
            self._draw_icon()

    def _busy_page(self):
        page = QtWidgets.QWidget(self)
        grid = look.without_margins(QtWidgets.QGridLayout(page), 2)
        self._bar = QtWidgets.QProgressBar(page)
        self._bar.setObjectName("progress_bar")
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(10)
        self._text = ElidedLabel("progress_label", page)
        self._cancel = push_button("cancel_button", tr("Cancel"), self._on_cancel, page)
        grid.addWidget(self._text, 0, 0, 1, 2)
        grid.addWidget(self._bar, 1, 0)
        grid.addWidget(self._cancel, 1, 1)
        grid.setColumnStretch(0, 1)
        return page

    def refresh(self) -> None:
        """Show the page that fits what the controller is doing."""
        busy = self._controller.busy
        if busy is None:
            self.setCurrentIndex(0)
            self._cancel.setEnabled(True)
            self._bar.setRange(0, 0)
        else:
            if self.currentIndex() == 0:
                stage = _STAGES.get(busy, "")
                self._text.setText(tr(stage))
            self.setCurrentIndex(1)
        reason = self._why_not()
        self.propagate.setEnabled(not reason)
        self.propagate.setToolTip(reason or tr("Color every frame of the range from yours"))
        self.suggest.setEnabled(not reason)
        tip = tr("Suggest frames: those from which the others can be colored best")
        self.suggest.setToolTip(reason or tip)

    def _why_not(self) -> str:
        if not self._controller.has_document:
            return tr("Open an animation first")
        if not self._controller.line_layers:
            return tr("Choose a line layer first")
        return ""

    def _on_progress(self, done: int, total: int, seconds_left, text: str) -> None:
        self._bar.setRange(0, max(total, 0))
        self._bar.setValue(done)
        left = "" if seconds_left is None else tr("{time} left", time=clock(seconds_left))
        self._text.setText(", ".join(part for part in (text, left) if part))

    def _on_cancel(self) -> None:
        self._cancel.setEnabled(False)
        self._text.setText(tr("Stopping"))
        self._controller.cancel()


def clock(seconds: float) -> str:
    """Return a time as minutes and seconds."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"
