"""Answers dialogs that Krita opens: it waits in them."""

from krita_plugin.propagate_colors.qt import QtCore, QtWidgets

LOOK_MS = 300
_BUTTON = QtWidgets.QAbstractButton


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
            parts = [*box.findChildren(QtWidgets.QLabel), *box.findChildren(_BUTTON)]
            texts = [part.text() for part in parts]
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
    press_ok(box)


def press_ok(box):
    """Press OK, or Open where that is its name."""
    buttons = [b for b in box.findChildren(_BUTTON) if b.text().replace("&", "") in {"OK", "Open"}]
    assert len(buttons) == 1, [button.text() for button in box.findChildren(_BUTTON)]
    buttons[0].click()
