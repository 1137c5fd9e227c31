"""The engine's state, and the menu of everything that is not needed at every turn."""

from __future__ import annotations

import os
from pathlib import Path

from .. import log
from ..i18n import tr
from ..qt import Qt, QtCore, QtGui, QtWidgets
from . import look
from .elided import ElidedLabel
from .slots import guarded, observe, pressed

_MANUAL = Path(__file__).resolve().parent.parent / "manual.html"
_PICTURES = "*.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp"


class Footer(QtWidgets.QWidget):
    """A dot and a line about the engine, and the menu button."""

    settings_wanted = QtCore.pyqtSignal()

    def __init__(self, controller, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("footer")
        self._controller = controller
        self._dot = _Dot(self)
        self._status = ElidedLabel("status_label", self)
        self._menu_button = look.tool_button("menu_button", tr("More"), self)
        self._menu_button.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu_button.setStyleSheet(look.NO_ARROW)
        self._menu_button.setMenu(self._make_menu())
        row = look.without_margins(QtWidgets.QHBoxLayout(self))
        row.addWidget(self._dot)
        row.addWidget(self._status, 1)
        row.addWidget(self._menu_button)
        self._draw_icon()
        observe(self, controller, dict.fromkeys(("engine", "document", "busy"), self.refresh))
        self.refresh()

    def _make_menu(self):
        menu = QtWidgets.QMenu(self._menu_button)
        menu.setToolTipsVisible(True)
        self._sheets = menu.addMenu(tr("Model sheets"))
        self._sheets.setObjectName("sheets_menu")
        self._sheets.aboutToShow.connect(pressed(self._fill_sheets))
        menu.addSeparator()
        for name, text, function in (
            ("sheet_action", tr("Contact sheet"), self._controller.show_sheet),
            ("settings_action", tr("Settings…"), self.settings_wanted.emit),
            ("log_action", tr("View log"), self._view_log),
            ("diagnostics_action", tr("Copy diagnostics"), self._copy_diagnostics),
            ("manual_action", tr("Manual"), self._open_manual),
        ):
            action = menu.addAction(text)
            action.setObjectName(name)
            action.triggered.connect(pressed(function))
        return menu

    def refresh(self) -> None:
        """Show the engine's state."""
        self._status.setText(self._controller.engine_status)
        self._status.update()
        self._dot.set_light(self._controller.engine_light)

    def _draw_icon(self) -> None:
        self._menu_button.setIcon(look.icon("menu", self.palette()))

    def changeEvent(self, event) -> None:
        """Draw the icon anew when Krita's theme changes."""
        super().changeEvent(event)
        if event.type() == QtCore.QEvent.Type.PaletteChange and hasattr(self, "_dot"):
            self._draw_icon()

    # --- the menu

    def _fill_sheets(self) -> None:
        """List the model sheets; choosing one takes it away."""
        self._sheets.clear()
        add = self._sheets.addAction(tr("Add pictures…"))
        add.setEnabled(self._controller.has_document)
        add.triggered.connect(pressed(self._add_sheets))
        sheets = self._controller.model_sheets
        if sheets:
            self._sheets.addSeparator()
        for path in sheets:
            text = tr("Remove {name}", name=os.path.basename(path).replace("&", "&&"))
            action = self._sheets.addAction(text)
            action.setToolTip(path)
            action.triggered.connect(
                pressed(lambda path=path: self._controller.remove_model_sheet(path))
            )

    def _add_sheets(self) -> None:
        kinds = tr("Pictures ({kinds})", kinds=_PICTURES)
        dialog = QtWidgets.QFileDialog(self.window(), tr("Model sheets"), "", kinds)
        dialog.setObjectName("sheet_dialog")
        dialog.setFileMode(QtWidgets.QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(guarded(self.add_sheets))
        dialog.open()

    def add_sheets(self, paths) -> None:
        """Add pictures as references."""
        for path in paths:
            self._controller.add_model_sheet(path)

    def _view_log(self) -> None:
        path = log.file_path()
        if path is None or not os.path.exists(path):
            self._controller.say(tr("The log is empty."))
        else:
            QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(path))

    def _copy_diagnostics(self) -> None:
        """Copy what is known at once, and again with what the engine finds out about itself."""
        clipboard = QtWidgets.QApplication.clipboard()
        clipboard.setText(self._controller.diagnostics())
        copied = clipboard.text()
        text = tr("Diagnostics copied, without names of files and folders. Paste them anywhere.")
        self._controller.say(text)

        def complete() -> None:
            if clipboard.text() == copied:  # nothing else was copied meanwhile
                clipboard.setText(self._controller.diagnostics())

        self._controller.examine(guarded(complete))

    @staticmethod
    def _open_manual() -> None:
        QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(str(_MANUAL)))


class _Dot(QtWidgets.QWidget):
    """Filled where the engine answers, a ring otherwise; red where it cannot be used."""

    def __init__(self, parent) -> None:
        super().__init__(parent)
        self.setObjectName("engine_dot")
        self.setFixedSize(12, 12)
        self._light = "idle"

    def set_light(self, light: str) -> None:
        """Show "good", "idle" or "bad"."""
        self._light = light
        self.update()

    def paintEvent(self, _event) -> None:
        """Draw the dot."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        idle = look.blend(palette.color(palette.ColorRole.Window), look.text_color(palette), 0.5)
        colors = {"good": QtGui.QColor(look.GREEN), "bad": QtGui.QColor(look.RED)}
        color = colors.get(self._light, idle)
        painter.setPen(QtGui.QPen(color, 2))
        painter.setBrush(color if self._light == "good" else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QtCore.QRectF(3, 3, 6, 6))
