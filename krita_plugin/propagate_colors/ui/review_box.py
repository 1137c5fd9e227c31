"""Review: the list of frames, the list of colours, and what can be done with what is selected."""

from __future__ import annotations

from .. import settings as declared
from ..i18n import tr
from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..state.model import FrameState
from ..state.review import OURS
from . import look
from .colors_page import ColorsPage
from .elided import ElidedLabel
from .frame_model import ROW_ROLE
from .frame_words import undo_text
from .review_delegate import ReviewDelegate
from .review_model import BY_DOUBT, BY_TIME, ReviewModel
from .slots import guarded, observe, on_opened, pressed, push_button

_EMPTY_MARGIN = 12


class ReviewList(QtWidgets.QListView):
    """A list that says what it is for while it is empty."""

    def paintEvent(self, event) -> None:
        """Draw the rows, or the sentence."""
        super().paintEvent(event)
        if self.model().rowCount():
            return
        painter = QtGui.QPainter(self.viewport())
        painter.setPen(self.palette().color(self.palette().ColorRole.PlaceholderText))
        flags = look.flags(Qt.AlignmentFlag.AlignCenter, Qt.TextFlag.TextWordWrap)
        margin = _EMPTY_MARGIN
        box = self.viewport().rect().adjusted(margin, margin, -margin, -margin)
        painter.drawText(box, flags, tr("Painted and colored frames are listed here."))


class ReviewBox(QtWidgets.QWidget):
    """Pages Frames and Colors above the buttons Accept, Undo and Run on from here."""

    def __init__(self, controller, settings, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("review_box")
        self._controller = controller
        self._settings = settings
        self._un_accepts = False
        self._followed = controller.current_time  # the playhead that the list shows
        self.model = ReviewModel(controller, self)
        layout = look.without_margins(QtWidgets.QVBoxLayout(self))
        self._tabs = QtWidgets.QTabWidget(self)
        self._tabs.setObjectName("review_tabs")
        self._tabs.setDocumentMode(True)
        self._tabs.addTab(self._frames_page(), tr("Frames"))
        self.colors = ColorsPage(controller, self._tabs)
        self.colors.frames_wanted.connect(guarded(self._show_only))
        self._tabs.addTab(self.colors, tr("Colors"))
        self._tabs.setCornerWidget(self._order_button())
        layout.addWidget(self._tabs, 1)
        layout.addLayout(self._buttons())
        self._draw_icons()
        self.model.modelReset.connect(guarded(self._update_buttons))
        self.list.selectionModel().selectionChanged.connect(pressed(self._update_buttons))
        observe(self, controller, {"frames": self.refresh, "document": self._on_document})
        observe(self, controller, {"busy": self._update_buttons, "viewer": self._follow_playhead})
        self.refresh()

    # --- building

    def _frames_page(self):
        page = QtWidgets.QWidget(self._tabs)
        layout = QtWidgets.QVBoxLayout(page)
        layout.setContentsMargins(0, look.SPACE, 0, 0)
        layout.setSpacing(look.SPACE)
        layout.addWidget(self._filter_row(page))
        self.list = ReviewList(page)
        self.list.setObjectName("review_list")
        self.list.setAccessibleName(tr("Frames to review"))
        self.list.setModel(self.model)
        self.list.setItemDelegate(ReviewDelegate(self.list))
        self.list.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setUniformItemSizes(True)
        self.list.setVerticalScrollMode(QtWidgets.QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMinimumHeight(88)
        on_opened(self.list, self._go_to)
        layout.addWidget(self.list, 1)
        return page

    def _filter_row(self, page):
        self._filter = QtWidgets.QWidget(page)
        row = QtWidgets.QHBoxLayout(self._filter)
        row.setContentsMargins(0, 0, 0, 0)
        self._filter_label = ElidedLabel("filter_label", self._filter)
        clear = look.tool_button("filter_clear", tr("Show all frames again"), self._filter)
        self._clear = clear
        clear.clicked.connect(pressed(lambda: self._show_only(None, "")))
        row.addWidget(self._filter_label, 1)
        row.addWidget(clear)
        self._filter.hide()
        return self._filter

    def _order_button(self):
        self._order = look.tool_button("order_button", tr("Order of the list"), self)
        self._order.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        self._order.setStyleSheet(look.NO_ARROW)
        menu = QtWidgets.QMenu(self._order)
        for text, order in ((tr("By time"), BY_TIME), (tr("By doubt"), BY_DOUBT)):
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setData(order)
        menu.triggered.connect(guarded(self._on_order))
        self._order.setMenu(menu)
        self._show_order(self._settings.get(declared.REVIEW_ORDER))
        return self._order

    def _show_order(self, order: str) -> None:
        for action in self._order.menu().actions():
            action.setChecked(action.data() == order)
        self.model.set_order(order)

    def _buttons(self):
        self._accept = self._menu_button("accept_button", tr("Accept"), self._accept_selected)
        self._accept.setToolTip(tr("Keep the colors of the selected frames, else of this frame"))
        menu = self._accept.menu()
        menu.addAction(tr("Accept all")).triggered.connect(pressed(self._controller.accept_all))
        self._above = menu.addMenu("")
        self._above.setObjectName("accept_above_menu")
        for percent in (95, 90, 80, 70):
            action = self._above.addAction(tr("{percent} % sure", percent=percent))
            action.setData(percent)
        self._above.setTitle(tr("Accept all above"))
        self._above.triggered.connect(guarded(self._accept_above))
        self._undo = self._menu_button("undo_button", tr("Undo"), self._undo_selected)
        self._undo.setToolTip(tr("Bring back what the frames held before"))
        self._undo.menu().addAction(tr("Undo all")).triggered.connect(pressed(self._undo_all))
        tip = tr("Take the corrected frame as a reference and color again what depends on it")
        words = tr("Run on from here")
        self._run_on = push_button("run_on_button", words, self._on_run_on, self, tip)
        self._grid = QtWidgets.QGridLayout()
        self._grid.setSpacing(look.SPACE)
        self._grid.addWidget(self._run_on, 2, 0, 1, 2)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        self._arrange(beside=False)
        return self._grid

    def resizeEvent(self, event) -> None:
        """Put Undo beside Accept where there is room for all that they may say, else below it."""
        super().resizeEvent(event)
        accept = _widest(self._accept, [tr("Accept"), tr("Un-accept")])
        undo = _widest(self._undo, [undo_text([999]), undo_text(list(range(999)))])
        self._arrange(beside=accept + look.SPACE + undo <= self.width())

    def _arrange(self, *, beside: bool) -> None:
        place = ((0, 0, 1, 1), (0, 1, 1, 1)) if beside else ((0, 0, 1, 2), (1, 0, 1, 2))
        self._grid.addWidget(self._accept, *place[0])
        self._grid.addWidget(self._undo, *place[1])

    def _menu_button(self, name: str, text: str, function):
        button = QtWidgets.QToolButton(self)
        button.setObjectName(name)
        button.setText(text)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        button.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed
        )
        button.setMenu(QtWidgets.QMenu(button))
        button.clicked.connect(pressed(function))
        return button

    # --- showing

    def _draw_icons(self) -> None:
        self._clear.setIcon(look.icon("close", self.palette()))
        self._order.setIcon(look.icon("sort", self.palette()))

    def changeEvent(self, event) -> None:
        """Draw the icons anew when Krita's theme changes."""
        super().changeEvent(event)
        if event.type() == QtCore.QEvent.Type.PaletteChange and hasattr(self, "_order"):
            self._draw_icons()

    def refresh(self) -> None:
        """Show the controller's frames; the selection stays with its frames."""
        self._keep_selection(self.model.refresh)
        self._update_buttons()

    def _follow_playhead(self) -> None:
        """Select the frame that the artist went to: buttons act on what is in view."""
        if self._controller.current_time == self._followed:
            return
        self._followed = self._controller.current_time
        time = self._controller.stands_for(self._followed)
        row = self.model.row_of(time)
        selection = self.list.selectionModel()
        if row < 0:
            selection.clearSelection()
        elif time not in self.selected_times():
            self._select({time})
        if row >= 0:
            self.list.scrollTo(self.model.index(row))
        self._update_buttons()

    def selected_times(self) -> list[int]:
        """Return the selected frames in order of time."""
        indexes = self.list.selectionModel().selectedIndexes()
        return sorted(index.data(ROW_ROLE).time for index in indexes)

    def _keep_selection(self, change) -> None:
        selected = set(self.selected_times())
        change()
        self._select(selected)

    def _select(self, times: set[int]) -> None:
        if set(self.selected_times()) == times:
            return
        selection = QtCore.QItemSelection()
        for time in times:
            row = self.model.row_of(time)
            if row >= 0:
                selection.select(self.model.index(row), self.model.index(row))
        flag = QtCore.QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.list.selectionModel().select(selection, flag)

    def _on_document(self) -> None:
        self.model.forget_pictures()
        self._show_only(None, "")
        self._update_buttons()

    def _update_buttons(self) -> None:
        free = self._controller.has_document and self._controller.busy is None
        chosen = self._times()
        frames = self._controller.frames
        rows = [row for row in frames if row.time in chosen]
        acceptable = any(row.state == FrameState.PREDICTED for row in rows)
        undoable = any(row.state in OURS for row in rows)
        some = any(row.state in OURS for row in frames)
        self._accept.setEnabled(free and (acceptable or some))
        self._undo.setEnabled(free and (undoable or some))
        self._un_accepts = not acceptable and any(row.state == FrameState.ACCEPTED for row in rows)
        self._accept.setText(tr("Un-accept") if self._un_accepts else tr("Accept"))
        times = [row.time for row in rows if row.state in OURS]
        self._undo.setText(undo_text(times))
        self._run_on.setEnabled(
            free and len(chosen) == 1 and self._controller.may_run_on(chosen[0])
        )

    # --- what the artist does

    def _times(self) -> list[int]:
        controller = self._controller
        return self.selected_times() or [controller.stands_for(controller.current_time)]

    def _accept_selected(self) -> None:
        if self._un_accepts:
            self._controller.take_back_accept(self._times())
        else:
            self._controller.accept(self._times())

    def _accept_above(self, action) -> None:
        self._controller.accept_above(action.data() / 100)

    def _undo_selected(self) -> None:
        self._controller.undo(self._times())

    def _undo_all(self) -> None:
        self._controller.undo(self._all_in(OURS))

    def _all_in(self, states: set[str]) -> list[int]:
        return [row.time for row in self._controller.frames if row.state in states]

    def _on_run_on(self) -> None:
        self._controller.run_on_from(self._times()[0])

    def _go_to(self, index) -> None:
        self._controller.go_to(index.data(ROW_ROLE).time)

    def _on_order(self, action) -> None:
        order = action.data()
        self._settings.set(declared.REVIEW_ORDER, order)
        self._keep_selection(lambda: self._show_order(order))

    def _show_only(self, times, text: str) -> None:
        self._filter.setVisible(times is not None)
        self._filter_label.setText(text)
        self._keep_selection(lambda: self.model.show_only(times))
        if times is not None:
            self._tabs.setCurrentIndex(0)


def _widest(button, texts: list[str]) -> int:
    """Return the width that a button needs for the longest of its texts."""
    metrics = button.fontMetrics()
    room = button.sizeHint().width() - metrics.horizontalAdvance(button.text())
    return room + max(metrics.horizontalAdvance(text) for text in texts)
