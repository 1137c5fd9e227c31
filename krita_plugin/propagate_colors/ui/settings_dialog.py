"""Settings: which engine and model to use, the language, the log."""

from __future__ import annotations

from .. import i18n, log
from .. import settings as declared
from ..i18n import tr
from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..state.engine_states import FAILED, RUNNING
from ..version import __version__
from . import look
from .slots import guarded, observe, pressed, push_button, watch

_DEVICES = ("auto", "cpu", "cuda")


class SettingsDialog(QtWidgets.QDialog):
    """Takes effect at once; never modal."""

    def __init__(self, controller, settings, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("settings_dialog")
        self.setWindowTitle(tr("Propagate Colors {version}: settings", version=__version__))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(460)
        self._controller = controller
        self._setup = controller.engine_setup
        self._settings = settings
        layout = QtWidgets.QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(self._engine_group())
        layout.addWidget(self._model_group())
        layout.addWidget(self._general_group())
        layout.addWidget(self._buttons())
        for button in self.findChildren(QtWidgets.QPushButton):
            button.setAutoDefault(False)  # Return in the field tests the engine, nothing else
        observe(self, controller, {"engine": self.refresh})
        watch(self, self._setup.changed, self._show_set_up)
        self.refresh()
        self._show_set_up()
        controller.ask_models()

    # --- building

    def _engine_group(self):
        group = QtWidgets.QGroupBox(tr("Engine"), self)
        grid = QtWidgets.QGridLayout(group)
        self._command = QtWidgets.QLineEdit(group)
        self._command.setObjectName("engine_field")
        self._command.setAccessibleName(tr("Program or command"))
        self._command.setToolTip(tr(declared.ENGINE_COMMAND.description))
        self._command.setText(self._settings.get(declared.ENGINE_COMMAND))
        self._command.editingFinished.connect(pressed(self._on_command))
        choose = push_button("engine_choose", tr("Choose…"), self._choose_engine, group)
        self._device = QtWidgets.QComboBox(group)
        self._device.setObjectName("device_combo")
        self._device.setAccessibleName(tr("Computes on"))
        self._device.setToolTip(tr(declared.DEVICE.description))
        for device in _DEVICES:
            self._device.addItem(tr("Automatic") if device == "auto" else device.upper(), device)
        self._device.setCurrentIndex(_DEVICES.index(self._device_set()))
        self._device.activated.connect(pressed(self._on_device))
        test = push_button("engine_test", tr("Test"), self._test, group)
        self._status = look.message_label("engine_status", group)
        grid.addWidget(QtWidgets.QLabel(tr("Program or command")), 0, 0)
        grid.addWidget(self._command, 0, 1)
        grid.addWidget(choose, 0, 2)
        grid.addWidget(QtWidgets.QLabel(tr("Computes on")), 1, 0)
        grid.addWidget(self._device, 1, 1)
        grid.addWidget(test, 1, 2)
        grid.addWidget(self._status, 2, 0, 1, 3)
        grid.addWidget(self._set_up_row(group), 3, 0, 1, 3)
        grid.setColumnStretch(1, 1)
        return group

    def _set_up_row(self, parent):
        """Return what can be done with engines that the docker set up."""
        self._set_up = QtWidgets.QWidget(parent)
        column = QtWidgets.QVBoxLayout(self._set_up)
        column.setContentsMargins(0, 0, 0, 0)
        row = QtWidgets.QHBoxLayout()
        column.addLayout(row)
        self._set_up_said = QtWidgets.QLabel(self._set_up)
        self._set_up_said.setObjectName("set_up_said")
        self._set_up_said.setWordWrap(True)
        column.addWidget(self._set_up_said)
        self._set_up_text = QtWidgets.QLabel(self._set_up)
        self._set_up_text.setObjectName("set_up_text")
        self._back = push_button("engine_back", "", self._setup.go_back, self._set_up)
        tip = tr("Delete the engine and all that was set up with it")
        remove = self._ask_to_remove
        self._remove = push_button("engine_remove", tr("Remove"), remove, self._set_up, tip)
        row.addWidget(self._set_up_text, 1)
        row.addWidget(self._back)
        row.addWidget(self._remove)
        return self._set_up

    def _device_set(self) -> str:
        device = self._settings.get(declared.DEVICE)
        return device if device in _DEVICES else "auto"

    def _model_group(self):
        group = QtWidgets.QGroupBox(tr("Model"), self)
        layout = QtWidgets.QVBoxLayout(group)
        self._models = QtWidgets.QListWidget(group)
        self._models.setObjectName("model_list")
        self._models.setAccessibleName(tr("Model"))
        self._models.setToolTip(tr(declared.MODEL.description))
        self._models.setMaximumHeight(110)
        self._models.currentRowChanged.connect(guarded(self._on_model_row))
        self._use = push_button("model_button", tr("Use this model"), self._use_model, group)
        layout.addWidget(self._models)
        layout.addWidget(self._use, 0, Qt.AlignmentFlag.AlignLeft)
        return group

    def _general_group(self):
        group = QtWidgets.QGroupBox(tr("Plugin"), self)
        grid = QtWidgets.QGridLayout(group)
        self._language = QtWidgets.QComboBox(group)
        self._language.setObjectName("language_combo")
        self._language.setAccessibleName(tr("Language"))
        self._language.addItem(tr("As Krita"), "")
        for code, name in i18n.languages().items():
            self._language.addItem(name, code)
        chosen = self._language.findData(self._settings.get(declared.LANGUAGE))
        self._language.setCurrentIndex(max(chosen, 0))
        self._language.activated.connect(pressed(self._on_language))
        self._restart = QtWidgets.QLabel(tr("The new language appears when Krita starts again."))
        self._restart.setWordWrap(True)
        self._restart.hide()
        words = tr("Open log folder")
        folder = push_button("log_folder_button", words, self._open_log_folder, group)
        grid.addWidget(QtWidgets.QLabel(tr("Language")), 0, 0)
        grid.addWidget(self._language, 0, 1)
        grid.addWidget(folder, 0, 2)
        grid.addWidget(self._restart, 1, 0, 1, 3)
        grid.setColumnStretch(1, 1)
        return group

    def _buttons(self):
        kinds = QtWidgets.QDialogButtonBox.StandardButton
        box = QtWidgets.QDialogButtonBox(self)
        close = box.addButton(kinds.Close)
        close.setText(tr("Close"))
        restore = box.addButton(kinds.RestoreDefaults)
        restore.setText(tr("Restore defaults"))
        restore.setObjectName("restore_button")
        restore.clicked.connect(pressed(self._restore))
        box.rejected.connect(self.reject)
        return box

    # --- showing

    def refresh(self) -> None:
        """Show what the engine says of itself."""
        self._status.setText(self._controller.engine_status)
        found = self._controller.engine_light != "bad"
        self._command.setPlaceholderText(tr("Found by itself") if found else tr("None found"))
        self._fill_models()

    def _show_set_up(self) -> None:
        """Show the engine that the docker set up, if it did."""
        setup = self._setup
        self._set_up.setVisible(setup.has_folder)
        self._set_up.setEnabled(setup.state != RUNNING)
        version = tr("Set up: version {version}", version=setup.version)
        self._set_up_text.setText(version if setup.version else tr("Setup was not finished."))
        self._set_up_text.setToolTip(setup.folder)
        said = setup.refusal or (setup.sentence if setup.state == FAILED else "")
        self._set_up_said.setText(said)
        self._set_up_said.setVisible(bool(said))
        self._back.setVisible(bool(setup.earlier))
        self._back.setText(tr("Go back to {version}", version=setup.earlier))

    def _fill_models(self) -> None:
        row = max(self._models.currentRow(), 0)
        self._models.clear()
        for model in self._controller.models():
            item = QtWidgets.QListWidgetItem(_model_text(model), self._models)
            item.setData(Qt.ItemDataRole.UserRole, dict(model))
            item.setFont(look.font(self.font(), bold=bool(model.get("in_use"))))
        self._models.setCurrentRow(min(row, self._models.count() - 1))
        self._on_model_row(self._models.currentRow())

    def _on_model_row(self, row: int) -> None:
        model = self._model(row)
        self._use.setEnabled(model is not None and not model.get("in_use"))
        missing = model is not None and not model.get("path")
        self._use.setText(tr("Download") if missing else tr("Use this model"))

    def _model(self, row: int):
        item = self._models.item(row)
        return None if item is None else item.data(Qt.ItemDataRole.UserRole)

    # --- what the artist does

    def _choose_engine(self) -> None:
        dialog = QtWidgets.QFileDialog(self, tr("Choose the program ant_core"))
        dialog.setFileMode(QtWidgets.QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(guarded(self.use_program))
        dialog.open()

    def use_program(self, path: str) -> None:
        """Take a program for the engine, and try it."""
        self._command.setText(f'"{path}"' if " " in path else path)
        self._test()

    def _on_command(self) -> None:
        """Try at once what was typed."""
        if self._command.text().strip() != self._settings.get(declared.ENGINE_COMMAND):
            self._test()

    def _ask_to_remove(self) -> None:
        kinds = QtWidgets.QMessageBox.StandardButton
        box = QtWidgets.QMessageBox(self)
        box.setObjectName("remove_box")
        box.setText(tr("Delete the engine? It can be set up again at any time."))
        box.setStandardButtons(kinds.Yes | kinds.No)
        box.button(kinds.Yes).setText(tr("Remove"))
        box.button(kinds.No).setText(tr("Keep"))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.button(kinds.Yes).clicked.connect(pressed(self._setup.remove))
        box.open()

    def _test(self) -> None:
        command = self._command.text().strip()
        self._settings.set(declared.ENGINE_COMMAND, command)
        self._controller.set_engine_command(command)
        self._controller.ask_models()  # starts it

    def _on_device(self) -> None:
        self._settings.set(declared.DEVICE, self._device.currentData())
        self._test()

    def _use_model(self) -> None:
        model = self._model(self._models.currentRow())
        if model is None:
            return
        if model.get("path"):
            self._settings.set(declared.MODEL, model["name"])
            self._controller.choose_model(model["name"])
        else:
            self._controller.download_model(model["name"])

    def _on_language(self) -> None:
        self._settings.set(declared.LANGUAGE, self._language.currentData())
        self._restart.show()

    def _open_log_folder(self) -> None:
        path = log.file_path()
        if path is not None:
            folder = QtCore.QFileInfo(path).absolutePath()
            QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(folder))

    def _restore(self) -> None:
        self._settings.restore_defaults()
        self._command.clear()
        self._device.setCurrentIndex(0)
        self._language.setCurrentIndex(0)
        self._test()


def _model_text(model) -> str:
    megabytes = f"{model['size'] / 1e6:.0f} MB"
    text = f"{model['name']} {model['version']}, {megabytes}, {model['licence']}"
    state = model.get("state", "")
    return f"{text}, {state}" if state else text
