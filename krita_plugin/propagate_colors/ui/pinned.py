"""A head and a foot that stay in view, and between them one scroller for everything else.

In a low docker pinned pieces would leave no room to scroll in. They go into the scroller then, the
least important first, so that nothing is ever out of reach.
"""

from __future__ import annotations

import functools
from typing import Any, Sequence

from ..qt import Qt, QtCore, QtWidgets
from . import look
from .slots import delayed, guarded

_SIDE = 6  # pixels left and right of everything
_LEAST_LINES = 5  # of text, that the scroller should have room for


class Pinned(QtWidgets.QWidget):
    """Widgets from top to bottom: `head`, `middle`, `foot`, of which `middle` always scrolls."""

    def __init__(self, parent: Any) -> None:
        super().__init__(parent)
        self._head: list[Any] = []
        self._middle: list[Any] = []
        self._foot: list[Any] = []
        self._order: list[Any] = []
        self._pinned: list[Any] | None = None
        self._top, self._bottom = self._column(), self._column()
        self._scroller = QtWidgets.QScrollArea(self)
        self._scroller.setObjectName("panel_scroller")
        self._scroller.setWidgetResizable(True)
        self._scroller.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self._scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroller.setMinimumHeight(1)  # it may ask for more than a low docker has
        self._scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = QtWidgets.QWidget(self._scroller)
        self._content = self._column(content)
        self._scroller.setWidget(content)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setSizeConstraint(QtWidgets.QLayout.SizeConstraint.SetNoConstraint)
        layout.setContentsMargins(0, look.SPACE, 0, look.SPACE)
        layout.setSpacing(look.SPACE)
        layout.addLayout(self._top)
        layout.addWidget(self._scroller, 1)
        layout.addLayout(self._bottom)
        self._later = delayed(self.arrange, 0, self)

    @staticmethod
    def _column(parent: Any = None) -> Any:
        layout = QtWidgets.QVBoxLayout() if parent is None else QtWidgets.QVBoxLayout(parent)
        layout.setContentsMargins(_SIDE, 0, _SIDE, 0)
        layout.setSpacing(look.SPACE)
        return layout

    def fill(
        self, head: Sequence[Any], middle: Sequence[Any], foot: Sequence[Any], order: Sequence[Any]
    ) -> None:
        """Take the widgets; `order`: those of head and foot, the first stay pinned the longest.

        The first two of `order` are always pinned. The last of `middle` takes what room is left.
        """
        self._head, self._middle, self._foot = list(head), list(middle), list(foot)
        self._order = list(order)
        for widget in self._order:
            widget.installEventFilter(self)
        self.arrange()

    def minimumSizeHint(self) -> QtCore.QSize:
        """Ask for no more height than what is always pinned: Krita may give little."""
        height = sum(w.sizeHint().height() for w in self._order[:2] if not w.isHidden())
        bar = self._scroller.verticalScrollBar().sizeHint().width()
        inside = self._scroller.widget().minimumSizeHint().width() + bar
        width = max(super().minimumSizeHint().width(), inside)
        return QtCore.QSize(width, height + 3 * look.SPACE)

    def side(self) -> int:
        """Return the width that pinned widgets have."""
        return self.width() - 2 * _SIDE

    def scrolls(self) -> bool:
        """Tell whether there is more in the scroller than is in view."""
        return self._scroller.verticalScrollBar().maximum() > 0

    def is_pinned(self, widget: Any) -> bool:
        """Tell whether a widget lies outside the scroller."""
        return not self._scroller.isAncestorOf(widget)

    def room(self) -> int:
        """Return the height of what can be seen of the scroller."""
        return self._scroller.viewport().height()

    def needed(self) -> int:
        """Return the height at which nothing in the scroller is out of view."""
        return self._scroller.widget().minimumSizeHint().height()

    def reveal(self, widget: Any) -> None:
        """Scroll a widget into view, once layouts have settled: its top where it is too high."""
        QtCore.QTimer.singleShot(0, guarded(lambda: self._reveal(widget)))

    def _reveal(self, widget: Any) -> None:
        content, bar = self._scroller.widget(), self._scroller.verticalScrollBar()
        if not content.isAncestorOf(widget):
            return
        QtWidgets.QApplication.sendPostedEvents(None, QtCore.QEvent.Type.LayoutRequest)
        top = widget.mapTo(content, QtCore.QPoint(0, 0)).y()
        bottom = top + widget.height()
        if top < bar.value() or widget.height() > self.room():
            bar.setValue(top - look.SPACE)
        elif bottom > bar.value() + self.room():
            bar.setValue(bottom + look.SPACE - self.room())

    # --- what is pinned

    def resizeEvent(self, event: Any) -> None:
        """Pin what there is room for."""
        super().resizeEvent(event)
        self.arrange()

    def wheelEvent(self, event: Any) -> None:
        """Scroll from wherever the pointer is, over pinned pieces too."""
        QtWidgets.QApplication.sendEvent(self._scroller.verticalScrollBar(), event)

    def eventFilter(self, _watched: Any, event: Any) -> bool:
        """Arrange anew when a pinned piece comes, goes or changes its height."""
        kinds = QtCore.QEvent.Type
        if event.type() in {kinds.ShowToParent, kinds.HideToParent, kinds.LayoutRequest}:
            self._later.start()
        return False

    def arrange(self) -> None:
        """Pin the first of the order that fit beside a scroller of five lines."""
        pinned = self._fitting()
        if pinned == self._pinned:
            return
        self._pinned = pinned
        focused = self.focusWidget()  # a widget that is given another parent loses it
        had_focus = focused is not None and focused.hasFocus()
        loose = [widget for widget in self._head if widget not in pinned]
        loose += [*self._middle, *(widget for widget in self._foot if widget not in pinned)]
        self._put(self._top, [widget for widget in self._head if widget in pinned])
        self._put(self._content, loose)
        self._put(self._bottom, [widget for widget in self._foot if widget in pinned])
        self._content.setStretchFactor(self._middle[-1], 1)
        QtCore.QTimer.singleShot(0, guarded(self._order_tabs))  # when they have their places
        if had_focus and self.isAncestorOf(focused):
            focused.setFocus()

    def _fitting(self) -> list[Any]:
        room = self.height() - 3 * look.SPACE - _LEAST_LINES * self.fontMetrics().height()
        fitting = []
        for place, widget in enumerate(self._order):
            # Hidden ones that are always pinned wait there for what they will have to say.
            needs = 0 if widget.isHidden() else widget.sizeHint().height() + look.SPACE
            if place < 2 or needs <= room:
                fitting.append(widget)
                room -= needs
        return fitting

    @staticmethod
    def _put(layout: Any, widgets: Sequence[Any]) -> None:
        for place, widget in enumerate(widgets):
            hidden = widget.isHidden()
            layout.insertWidget(place, widget)
            if not hidden:
                widget.show()  # it hides itself where its parent becomes another

    def _order_tabs(self) -> None:
        """Let Tab go from top to bottom and left to right, pinned or not."""
        before = None
        for layout in (self._top, self._content, self._bottom):
            for place in range(layout.count()):
                for widget in _stops(layout.itemAt(place).widget()):
                    if before is not None:
                        self.setTabOrder(before, widget)
                    before = widget


def _stops(piece: Any) -> list[Any]:
    """Return the widgets of a piece that Tab stops at, as they lie."""
    within = (piece, *piece.findChildren(QtWidgets.QWidget))
    stops = [w for w in within if _takes_tab(w) and w.window() is piece.window()]

    def place(widget: Any) -> QtCore.QRect:
        return QtCore.QRect(widget.mapTo(piece, QtCore.QPoint(0, 0)), widget.size())

    def compare(one: Any, other: Any) -> int:
        first, second = place(one), place(other)
        lower = min(first.bottom(), second.bottom())
        beside = 2 * (lower - max(first.top(), second.top())) > min(first.height(), second.height())
        return first.x() - second.x() if beside else first.y() - second.y()

    return sorted(stops, key=functools.cmp_to_key(compare))


def _takes_tab(widget: Any) -> bool:
    tab = Qt.FocusPolicy.TabFocus
    return widget.focusPolicy() & tab == tab and widget.focusProxy() is None
