"""A label and a button that shorten their text instead of asking for more width."""

from __future__ import annotations

from ..qt import Qt, QtCore, QtGui, QtWidgets
from .look import flags
from .slots import keep_keys

_RIGHT = Qt.TextElideMode.ElideRight
_FOLLOW = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}


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


class ElidedLink(ElidedLabel):
    """One line that may lead somewhere: by a click, or by Tab and Return or Space."""

    clicked = QtCore.pyqtSignal()

    def __init__(self, name: str, tip: str, parent=None) -> None:
        super().__init__(name, parent)
        self._tip = tip
        self._leads = False
        self._kept = keep_keys(self, _FOLLOW)

    def say(self, text: str, leads: bool) -> None:
        """Show a sentence, as a link or not."""
        self._leads = leads
        self.setText(text)
        self.setAccessibleName(f"{text}: {self._tip}" if leads else text)
        policy = Qt.FocusPolicy.TabFocus if leads else Qt.FocusPolicy.NoFocus
        if self.focusPolicy() != policy:  # a click leaves the keyboard where it is
            self.setFocusPolicy(policy)
        cursor = Qt.CursorShape.PointingHandCursor if leads else Qt.CursorShape.ArrowCursor
        self.setCursor(cursor)
        font = self.font()
        font.setUnderline(leads)
        self.setFont(font)
        self.update()

    @property
    def leads(self) -> bool:
        """Whether it is a link now."""
        return self._leads

    def foregroundRole(self) -> QtGui.QPalette.ColorRole:
        """Draw links as such."""
        return QtGui.QPalette.ColorRole.Link if self._leads else super().foregroundRole()

    def paintEvent(self, event) -> None:
        """Draw what fits, and where the keyboard is."""
        super().paintEvent(event)
        if self._leads:
            self.setToolTip("\n".join(filter(None, (self.toolTip(), self._tip))))
        if self.hasFocus():
            option = QtWidgets.QStyleOptionFocusRect()
            option.initFrom(self)
            primitive = QtWidgets.QStyle.PrimitiveElement.PE_FrameFocusRect
            QtWidgets.QStylePainter(self).drawPrimitive(primitive, option)

    def mouseReleaseEvent(self, event) -> None:
        """Follow the link."""
        if self._leads and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def keyPressEvent(self, event) -> None:
        """Follow the link by a key."""
        if self._leads and event.key() in _FOLLOW:
            self.clicked.emit()
        else:
            super().keyPressEvent(event)


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
