"""The current frame's picture: colours, segments or doubt; hover explains, a click corrects."""

from __future__ import annotations

from ..i18n import mark, tr
from ..qt import Qt, QtCore, QtWidgets
from . import look
from .canvas import DocumentCanvas
from .color_menu import ColorMenu, beside
from .elided import ElidedLabel, ElidedLink
from .segment_words import explain
from .slots import delayed, guarded, observe, on_escape, pressed

PICTURE, SEGMENTS, DOUBTFUL = "picture", "segments", "doubtful"
_MODES = {
    PICTURE: (mark("Picture"), mark("Picture: the frame as it is")),
    SEGMENTS: (mark("Segments"), mark("Segments: each in a tint of its own")),
    DOUBTFUL: (mark("Doubtful"), mark("Doubtful: the segments that should be looked at")),
}
_HOVER_MS = 40
_GATHER_MS = 30  # several changes in a row cost one picture


class Viewer(QtWidgets.QWidget):
    """Header with modes and steps, the canvas, a line about the segment below the pointer."""

    float_wanted = QtCore.pyqtSignal()

    def __init__(self, controller, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("viewer")
        self._controller = controller
        self._mode = PICTURE
        self.canvas = DocumentCanvas(self)
        self.canvas.hovered.connect(guarded(self._on_hover))
        self.canvas.clicked.connect(guarded(self._on_click))
        self.canvas.size_wanted.connect(guarded(self.refresh))
        self._explain = ElidedLink("segment_label", tr("Why this color?"), self)
        self._explain.clicked.connect(pressed(self._ask_why))
        self._hover_point = None
        self._escapes = [
            on_escape(widget, self._is_explained, controller.close_explanation)
            for widget in (self.canvas, self._explain)
        ]
        self._explained: tuple | None = None  # the frame and point that the sentence is about
        self._near: tuple[int, int] | None = None  # the step and frame that the canvas went near
        self._hover_timer = delayed(self._explain_hovered, _HOVER_MS, self)
        layout = look.without_margins(QtWidgets.QVBoxLayout(self))
        layout.addLayout(self._header())
        layout.addWidget(self.canvas, 1)
        below = QtWidgets.QHBoxLayout()
        below.setSpacing(look.SPACE)
        below.addWidget(self._fix_switch())
        below.addWidget(self._explain, 1)
        layout.addLayout(below)
        self._gather = delayed(self.refresh, _GATHER_MS, self)
        topics = ("viewer", "document", "frames", "engine")
        observe(self, controller, dict.fromkeys(topics, self._gather.start))

    # --- building

    def _header(self):
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(1)
        self._icons = {}
        self._group = QtWidgets.QButtonGroup(self)
        for mode, (_, tip) in _MODES.items():
            button = self._icon_button(f"mode_{mode}", mode, tr(tip), row)
            button.setCheckable(True)
            button.setChecked(mode == self._mode)
            button.clicked.connect(pressed(lambda mode=mode: self.set_mode(mode)))
            self._group.addButton(button)
        self._title = ElidedLabel("mode_label", self)
        self._title.setText(tr(_MODES[self._mode][0]))
        row.addSpacing(look.SPACE)
        row.addWidget(self._title, 1)
        for name, shown, tip, function in (
            ("previous_doubtful", "previous", tr("Previous doubtful segment"), self._previous),
            ("next_doubtful", "next", tr("Next doubtful segment"), self._next),
            ("float_button", "float", tr("Show in a window of its own"), self.float_wanted.emit),
        ):
            button = self._icon_button(name, shown, tip, row)
            button.clicked.connect(pressed(function))
        self._draw_icons()
        return row

    def _fix_switch(self):
        """Return the switch that lets a click on Krita's canvas fix a segment."""
        tip = tr("Fix on the canvas: a click or dab gives the segment the foreground color")
        self._fix = look.tool_button("fix_switch", tip, self)
        self._fix.setText(tr("Fix"))
        self._fix.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self._fix.setAutoRaise(False)  # a bare word does not look like a switch
        self._fix.setCheckable(True)
        self._fix.clicked.connect(guarded(self._controller.set_fix_on_canvas))
        observe(self, self._controller, {"fix": self._show_fix})
        self._show_fix()
        return self._fix

    def _show_fix(self) -> None:
        self._fix.setChecked(self._controller.fix_on_canvas)

    def _icon_button(self, name: str, shown: str, tip: str, row):
        button = look.tool_button(name, tip, self)
        self._icons[button] = shown
        row.addWidget(button)
        return button

    def _draw_icons(self) -> None:
        for button, shown in self._icons.items():
            button.setIcon(look.icon(shown, self.palette()))

    def changeEvent(self, event) -> None:
        """Draw the icons anew when Krita's theme changes."""
        super().changeEvent(event)
        if event.type() == QtCore.QEvent.Type.PaletteChange and hasattr(self, "_icons"):
            self._draw_icons()

    # --- showing

    def set_mode(self, mode: str) -> None:
        """Show the picture, the segments or the doubtful ones."""
        self._mode = mode
        self._title.setText(tr(_MODES[mode][0]))
        self._title.update()
        self.findChild(QtWidgets.QToolButton, f"mode_{mode}").setChecked(True)
        self.refresh()

    def mode(self) -> str:
        """Return what is shown."""
        return self._mode

    def refresh(self) -> None:
        """Show the controller's picture of the current frame."""
        if not self.isVisible():
            return
        for button in self._icons:
            button.setEnabled(self._controller.has_document)
        if not self._controller.has_document:
            self.canvas.show_text(tr("The current frame appears here."))
            return
        time = self._controller.current_time
        self._show_mistake(time)
        self.canvas.show_said(self._controller.said_on(time))
        width, height = self.canvas.wanted_size()
        picture = self._controller.viewer_picture(time, width, height, self._mode)
        if picture is None:
            self.canvas.show_text(self._empty_text())
        else:
            self.canvas.show_picture(look.to_image(picture), self._controller.document_size)
        if self._explained is not None:
            self._explained_again(time)

    def _show_mistake(self, time: int) -> None:
        """Ring the mistake that the artist stepped to, and go near when that is a new one."""
        found = self._controller.mistake_at(time)
        if found is None:
            self.canvas.ring(None, "")
            if self._near is not None and self._near[1] != time:
                self._near = None
                self.canvas.fit()
            return
        text = tr("{number} of {count}, frame {time}", **found._asdict())
        self.canvas.ring(found.box, text)
        if self._near is None or self._near[0] != found.serial:
            self.canvas.go_near(found.box, self._controller.document_size)
        self._near = (found.serial, time)

    def _empty_text(self) -> str:
        if self._mode == PICTURE:
            return tr("Nothing drawn on this frame.")
        if not self._controller.engine_ok:
            return tr("The engine has to run to see segments.")
        if self._mode == SEGMENTS:
            return tr("Finding the segments of this frame…")
        if self._controller.picture_awaited(self._controller.current_time, self._mode):
            return tr("Looking …")
        return tr("Nothing doubtful on this frame.")

    def showEvent(self, event) -> None:
        """Catch up with what happened while hidden."""
        super().showEvent(event)
        guarded(self.refresh)()

    # --- segments below the pointer

    def _on_hover(self, point) -> None:
        self._hover_point = point
        if point is None:
            self._hover_timer.stop()  # on its way to the sentence, which stays
        else:
            self._hover_timer.start()

    def _explain_hovered(self) -> None:
        self._explained = (self._controller.current_time, self._hover_point)
        self._say_explanation()

    def _explained_again(self, time: int) -> None:
        """Say it anew of the point below the pointer; of the last one while that is shown."""
        if self._hover_point is not None:
            self._hover_timer.start()
        elif self._explained[0] == time:
            self._say_explanation()
        else:
            self._explained = None
            self._say_explanation()

    def _say_explanation(self) -> None:
        time, point = self._explained or (None, None)
        info = None if time is None else self._info(time, point)
        self._explain.say(
            "" if info is None else explain(info), self._controller.may_explain(time, info)
        )

    def _info(self, time: int, point):
        if point is None or not self._controller.has_document:
            return None
        return self._controller.segment_at(time, point)

    def _is_explained(self) -> bool:
        return self._controller.explanation is not None

    def _ask_why(self) -> None:
        if self._explained is not None:
            self._controller.explain_segment(*self._explained)

    def explanation(self, point) -> str:
        """Return where the colour at a document position came from."""
        info = self._info(self._controller.current_time, point)
        return "" if info is None else explain(info)

    def _on_click(self, point, place) -> None:
        time = self._controller.current_time
        info = self._controller.segment_at(time, point)
        menu = ColorMenu(self._controller, time, point, info, self)
        box = self._box_at(time, point) if info is None else info.box
        if box is not None:
            self.canvas.ring(box, "")
            place = beside(self.canvas.box_on_screen(box), menu.sizeHint(), place)
        menu.aboutToHide.connect(self._gather.start)  # the ring of a mistake comes back
        menu.popup(place)

    def _box_at(self, time: int, point):
        """Return the box of the mistake gone to, where a point lies in it; None elsewhere."""
        found = self._controller.mistake_at(time)
        if found is None or found.box is None:
            return None
        x, y, width, height = found.box
        return found.box if x <= point[0] < x + width and y <= point[1] < y + height else None

    def _previous(self) -> None:
        self._controller.step_doubtful(-1)

    def _next(self) -> None:
        self._controller.step_doubtful(+1)
