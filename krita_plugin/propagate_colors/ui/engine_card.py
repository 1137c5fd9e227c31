"""The one more step after the plugin's import: the engine is offered, set up and tried."""

from __future__ import annotations

from ..i18n import tr
from ..qt import Qt, QtWidgets
from ..state.engine_states import (
    FAILED,
    FOLDER,
    HIDDEN,
    NEWER,
    OFFERED,
    READY,
    RUNNING,
    UNFINISHED,
)
from . import look
from .slots import guarded, pressed, push_button, watch

_PARTS = 1000  # of the bar
_PACKS = "propagate_colors-engine-*.zip"


class EngineCard(QtWidgets.QFrame):
    """A sentence, its buttons and a bar; not there while there is nothing to do."""

    def __init__(self, controller, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("engine_card")
        self._setup = controller.engine_setup
        self._controller = controller
        self._text = look.message_label("engine_text", self)
        self._bar = QtWidgets.QProgressBar(self)
        self._bar.setObjectName("engine_bar")
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Progress of the setup"))
        self._gpu = QtWidgets.QCheckBox(tr("Use the NVIDIA GPU too"), self)
        self._gpu.setObjectName("engine_gpu")
        self._gpu.toggled.connect(pressed(self.refresh))
        self._go = push_button("engine_go", "", self._on_go, self)
        pack = tr("Use a downloaded pack…")
        self._pack = push_button("engine_pack", pack, self._choose_pack, self)
        folder = tr("Choose folder…")
        self._folder = push_button("engine_folder", folder, self._choose_folder, self)
        self._later = push_button("engine_later", "", self._on_later, self)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 6, 6)
        layout.setSpacing(look.SPACE)
        rows = (self._text, self._bar, self._gpu, self._go, self._pack, self._folder, self._later)
        for widget in rows:
            layout.addWidget(widget)
        watch(self, self._setup.changed, self.refresh)
        self.refresh()

    # --- showing

    def refresh(self) -> None:
        """Show what is to be done, or hide."""
        setup, state = self._setup, self._setup.state
        if state == HIDDEN:
            self.hide()
            return
        begins = state in {OFFERED, NEWER}
        obstacle = setup.obstacle() if begins else ""
        self._gpu.setVisible(begins and setup.gpu_offered)
        self._text.setText(obstacle or setup.headline(self._wants_gpu()))
        self._bar.setVisible(state == RUNNING)
        # Not in bytes, which Qt's numbers cannot hold; without an end while there is none.
        self._bar.setRange(0, _PARTS if setup.total else 0)
        self._bar.setValue(_PARTS * setup.done // setup.total if setup.total else 0)
        texts = {
            OFFERED: tr("Set up"),
            NEWER: tr("Update"),
            UNFINISHED: tr("Continue"),
            FAILED: tr("Try again"),
            READY: tr("Open sample"),
        }
        self._go.setText(texts.get(state, ""))
        self._go.setVisible(state in texts)
        self._go.setEnabled(not obstacle)
        self._pack.setVisible(begins or state in {UNFINISHED, FAILED})
        self._pack.setEnabled(not obstacle)
        # With an engine another folder would leave that one lying there.
        elsewhere = begins or (state == FAILED and FOLDER in setup.ways)
        self._folder.setVisible(elsewhere and not setup.has_engine)
        self._later.setText(tr("Cancel") if state == RUNNING else tr("Not now"))
        self._folder.setToolTip(setup.folder)
        self.show()  # last: what is hidden of it must not widen the docker
        self.update()

    def _wants_gpu(self) -> bool:
        return self._gpu.isChecked() and self._setup.gpu_offered

    def paintEvent(self, _event) -> None:
        """Draw a field with a coloured edge, as messages have it."""
        levels = {FAILED: look.RED, READY: look.GREEN}
        look.paint_field(self, levels.get(self._setup.state, look.BLUE))

    # --- what the artist does

    def _on_go(self) -> None:
        state = self._setup.state
        if state == READY:
            if self._controller.open_sample():
                self._setup.put_off()
        elif state in {OFFERED, NEWER}:
            self._setup.begin(self._wants_gpu())
        else:
            self._setup.again()

    def _on_later(self) -> None:
        if self._setup.state == RUNNING:
            self._setup.cancel()
        else:
            self._setup.put_off()

    def _choose_pack(self) -> None:
        kinds = tr("Engine packs ({kinds})", kinds=f"{_PACKS} *.zip")
        dialog = QtWidgets.QFileDialog(self.window(), tr("Use a downloaded pack"), "", kinds)
        dialog.setObjectName("engine_pack_dialog")
        dialog.setFileMode(QtWidgets.QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(guarded(self._setup.begin_with))
        dialog.open()

    def _choose_folder(self) -> None:
        dialog = QtWidgets.QFileDialog(self.window(), tr("Folder for the engine"))
        dialog.setObjectName("engine_folder_dialog")
        dialog.setFileMode(QtWidgets.QFileDialog.FileMode.Directory)
        dialog.setOption(QtWidgets.QFileDialog.Option.ShowDirsOnly, True)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(guarded(self._setup.choose_folder))
        dialog.open()
