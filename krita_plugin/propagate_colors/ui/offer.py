"""A note in Krita's window, shown once, where the docker starts hidden."""

from __future__ import annotations

import functools

from ..i18n import tr
from ..qt import QtCore, QtWidgets
from . import look
from .slots import push_button

_WIDTH, _MARGIN = 300, 36  # pixels


class Offer(QtWidgets.QFrame):
    """A sentence and two answers at the lower right of the canvas; it takes no keyboard.

    Krita owns it, as a part of its window: its maker must keep it, or the Python side of its
    answers is gone before one is pressed, which ends Krita 6.
    """

    def __init__(self, area, show_docker) -> None:
        super().__init__(area)
        self.setObjectName("docker_offer")
        self.setAutoFillBackground(True)
        self.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        text = tr(
            "Propagate Colors is installed. It colors an animation from a few painted frames."
        )
        label = QtWidgets.QLabel(text, self)
        label.setWordWrap(True)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setSpacing(look.SPACE)
        layout.addWidget(label)
        answers = (
            ("offer_show", tr("Show Propagate Colors"), show_docker),
            ("offer_later", tr("Not now"), None),
        )
        for name, words, function in answers:
            answer = functools.partial(self._answer, function)
            layout.addWidget(push_button(name, words, answer, self))
        self.resize(_WIDTH, self.heightForWidth(_WIDTH))
        area.installEventFilter(self)
        if isinstance(area, QtWidgets.QStackedWidget):  # the welcome page, or the documents
            area.currentChanged.connect(self.on_page)
        self._place(area.size())
        self.show()
        self.raise_()

    def eventFilter(self, _area, event) -> bool:
        """Stay in the corner."""
        if event.type() == QtCore.QEvent.Type.Resize:
            self._place(event.size())
        return False

    def _place(self, room) -> None:
        self.move(room.width() - _WIDTH - _MARGIN, room.height() - self.height() - _MARGIN)

    def on_page(self, _index: int) -> None:
        """Stay above a page that comes to the front."""
        self.raise_()

    def on_visible(self, visible: bool) -> None:
        """Go when the docker is shown, by this button or otherwise."""
        if visible:
            self.deleteLater()

    def _answer(self, function) -> None:
        self.deleteLater()
        if function is not None:
            function()
