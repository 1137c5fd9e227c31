"""Answers dialogs that Krita opens: it waits in them."""

from krita_plugin.propagate_colors.qt import QtCore, QtWidgets

LOOK_MS = 300
_ACCEPT = QtWidgets.QDialogButtonBox.ButtonRole.AcceptRole


class Dialogs:
    """Notes each dialog's texts and calls `answer(dialog)`, until it is stopped."""

    def __init__(self, answer):
        self.seen = []
        self._answer = answer
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._look)
        self._timer.start(LOOK_MS)

    def _look(self):
        box = QtWidgets.QApplication.activeModalWidget()
        if isinstance(box, QtWidgets.QDialog) and "rogress" not in type(box).__name__:
            texts = [label.text() for label in box.findChildren(QtWidgets.QLabel)]
            self.seen.append(" ".join([box.windowTitle(), *texts]))
            try:
                self._answer(box)
            except Exception:
                self.stop()
                box.reject()
                raise

    def stop(self):
        self._timer.stop()


def choose_file(box, path):
    """Choose a file in Qt's own file dialog, as typing its name and pressing Open does."""
    box.findChild(QtWidgets.QLineEdit, "fileNameEdit").setText(path)
    buttons = box.findChild(QtWidgets.QDialogButtonBox)
    (button,) = [b for b in buttons.buttons() if buttons.buttonRole(b) == _ACCEPT]
    button.click()
