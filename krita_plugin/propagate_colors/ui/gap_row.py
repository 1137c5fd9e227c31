"""Gap size: automatic or in pixels, and a live look at the segments that follow from it."""

from __future__ import annotations

from ..i18n import tr
from ..qt import Qt, QtCore, QtWidgets
from . import look
from .slots import calm_wheel, delayed, guarded, push_button

_LARGEST_PX = 40
_AUTO = -1  # the lowest value of slider and field
_SETTLE_MS = 180


class GapRow(QtWidgets.QWidget):
    """Slider and field, and a button for the row below; moving the slider shows the segments."""

    check_wanted = QtCore.pyqtSignal()  # the segments should be looked at in the viewer

    def __init__(self, controller, parent=None) -> None:
        super().__init__(parent)
        self._controller = controller
        tip = tr("Holes in a line up to this width never join two segments")
        self._slider = QtWidgets.QSlider(Qt.Orientation.Horizontal, self)
        self._slider.setObjectName("gap_slider")
        self._slider.setRange(_AUTO, _LARGEST_PX)
        self._slider.setMinimumWidth(40)
        self._field = QtWidgets.QSpinBox(self)
        self._field.setObjectName("gap_field")
        self._field.setRange(_AUTO, _LARGEST_PX)
        self._field.setSpecialValueText(tr("Auto"))
        self._field.setSuffix(tr(" px"))
        calm_wheel(self._slider, self._field)
        for widget in (self._slider, self._field):
            widget.setToolTip(tip)
            widget.setAccessibleName(tip)
            widget.valueChanged.connect(guarded(self._on_value))
        tip = tr("Show the segments and the closed gaps of this frame before anything is painted")
        words = tr("Check segments")
        self.check_button = push_button("check_button", words, self.check, parent, tip)
        self._settle = delayed(self.check, _SETTLE_MS, self)
        row = look.without_margins(QtWidgets.QHBoxLayout(self))
        row.addWidget(self._slider, 1)
        row.addWidget(self._field)

    def refresh(self) -> None:
        """Show the controller's gap size, unless it is being changed here."""
        if self._settle.isActive() or self._slider.isSliderDown():
            return
        gap_px = self._controller.gap_px
        self._show(_AUTO if gap_px is None else round(gap_px))

    def check(self) -> None:
        """Show the segments of the current frame."""
        self._settle.stop()
        self._controller.check_regions(None)
        self.check_wanted.emit()

    def _show(self, value: int) -> None:
        for widget in (self._slider, self._field):
            with QtCore.QSignalBlocker(widget):
                widget.setValue(value)

    def _on_value(self, value: int) -> None:
        self._show(value)
        self._settle.start()
        self._controller.set_gap(None if value == _AUTO else float(value))
