"""A label and a button that shorten their text instead of asking for more width."""

from __future__ import annotations

from ..qt import Qt, QtCore, QtWidgets
from .look import flags

_RIGHT = Qt.TextElideMode.ElideRight


class ElidedLabel(QtWidgets.QLabel):
    """One line; the whole text is the tooltip where it was cut."""

    def __init__(self, name: str, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def minimumSizeHint(self) -> QtCore.QSize:
        """Take any width."""
        return QtCore.QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, _event) -> None:
        """Draw what fits."""
        painter = QtWidgets.QStylePainter(self)
        box = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), _RIGHT, box.width())
        self.setToolTip(self.text() if text != self.text() else "")
        painter.drawItemText(
            box,
            flags(Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter),
            self.palette(),
            self.isEnabled(),
            text,
            self.foregroundRole(),
        )


class ElidedButton(QtWidgets.QPushButton):
    """A push button, usually with a menu, for names of any length."""

    def __init__(self, name: str, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed
        )

    def minimumSizeHint(self) -> QtCore.QSize:
        """Take any width."""
        return QtCore.QSize(48, super().minimumSizeHint().height())

    def sizeHint(self) -> QtCore.QSize:
        """Ask for little; the layout stretches it."""
        return QtCore.QSize(80, super().sizeHint().height())

    def paintEvent(self, _event) -> None:
        """Draw the button with what fits of its text."""
        option = QtWidgets.QStyleOptionButton()
        self.initStyleOption(option)
        room = self.width() - (34 if self.menu() else 16)
        option.text = self.fontMetrics().elidedText(self.text(), _RIGHT, room)
        QtWidgets.QStylePainter(self).drawControl(
            QtWidgets.QStyle.ControlElement.CE_PushButton, option
        )
