"""The plugin's docker as Krita shows it: what an artist sees of it and can press."""

import os
import re
import signal
import time

from krita_plugin.propagate_colors.qt import Qt, QtCore, QtGui, QtWidgets
from krita_plugin.propagate_colors.state.model import FrameState
from krita_plugin.propagate_colors.ui.frame_model import ROW_ROLE

RUN_SECONDS = 240.0  # on a busy machine; an idle one needs ten


class Docker:
    """The one docker of Krita's window."""

    def __init__(self, ctx):
        self.ctx = ctx
        found = [d for d in ctx.krita.dockers() if d.objectName() == "propagate_colors"]
        assert found, "Krita could not import the plugin: see krita.log"
        self.widget = found[0]

    def open(self):
        """Show it as its action does, on top of the dockers it shares its place with."""
        self.ctx.krita.action("propagate_colors_show").trigger()
        yield 0.3
        assert self.widget.isVisible()

    # ---- what can be seen

    def find(self, name, kind=QtWidgets.QWidget):
        widget = self.widget.findChild(kind, name)
        assert widget is not None, f"the docker has no {name}"
        return widget

    @property
    def idle(self):
        """Whether the page with the button is shown, rather than the one with the progress."""
        return self.find("run_box", QtWidgets.QStackedWidget).currentIndex() == 0

    @property
    def message(self):
        """The sentence in the message bar, "" when there is none."""
        bar = self.find("message_bar")
        return "" if bar.isHidden() else self.find("message_label").text()

    @property
    def rows(self):
        """The review list's frames, by time."""
        model = self.find("review_list").model()
        rows = [model.index(place, 0).data(ROW_ROLE) for place in range(model.rowCount())]
        return {row.time: row for row in rows}

    @property
    def states(self):
        return {time: row.state for time, row in self.rows.items()}

    # ---- what can be done

    def press(self, name):
        """Press a button; one that cannot be pressed is an error."""
        button = self.find(name, QtWidgets.QAbstractButton)
        assert button.isEnabled(), f"{name} cannot be pressed: {button.toolTip()}"
        button.click()

    def menu(self, name, text):
        """Choose an entry of a button's menu."""
        menu = self.find(name, QtWidgets.QToolButton).menu()
        (action,) = [a for a in menu.actions() if a.text() == text]
        assert action.isEnabled(), text
        action.trigger()

    def select(self, *times):
        """Select frames of the review list."""
        view = self.find("review_list", QtWidgets.QListView)
        model, chosen = view.model(), QtCore.QItemSelection()
        for place in range(model.rowCount()):
            index = model.index(place, 0)
            if index.data(ROW_ROLE).time in times:
                chosen.select(index, index)
        assert len(chosen.indexes()) == len(times), (times, self.states)
        clear = QtCore.QItemSelectionModel.SelectionFlag.ClearAndSelect
        view.selectionModel().select(chosen, clear)
        view.scrollTo(chosen.indexes()[0])

    def click(self, document, point):
        """Click into the viewer, at a place of the document; returns the menu that pops up."""
        canvas = self.find("viewer_canvas")
        scale = min(canvas.width() / document.width, canvas.height() / document.height)
        left = (canvas.width() - scale * document.width) / 2
        top = (canvas.height() - scale * document.height) / 2
        place = QtCore.QPointF(left + scale * point[0], top + scale * point[1])
        kinds = QtCore.QEvent.Type
        left_button, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        for kind, held in ((kinds.MouseButtonPress, left_button), (kinds.MouseButtonRelease, none)):
            where = QtCore.QPointF(canvas.mapToGlobal(place.toPoint()))
            event = QtGui.QMouseEvent(
                kind, place, where, left_button, held, Qt.KeyboardModifier.NoModifier
            )
            QtWidgets.QApplication.sendEvent(canvas, event)
        return top_level("color_menu")

    def settings(self, ask=True):
        """Open the settings, unless something else did; returns the dialog."""
        if ask:
            (action,) = [
                action
                for action in self.find("menu_button", QtWidgets.QToolButton).menu().actions()
                if action.objectName() == "settings_action"
            ]
            action.trigger()
        yield 0.3
        return top_level("settings_dialog")

    # ---- waiting

    def sees(self, document, states):
        """Wait until the review list shows these states and no others, and all is at rest."""
        button = self.find("propagate_button")
        try:
            yield lambda: self.states == states and self.idle and button.isEnabled(), 30.0
        except TimeoutError:
            raise AssertionError(f"{self.states} instead of {states}") from None
        assert self.ctx.krita.activeDocument() == document.raw

    def ends(self, seconds=RUN_SECONDS):
        """Wait until what was begun is over; returns what the docker says."""
        yield lambda: self.idle, seconds
        yield 0.1
        return self.message

    def does(self, name):
        """Press a button and wait for the end of what it began; returns what that says."""
        self.find("message_close", QtWidgets.QAbstractButton).click()
        self.press(name)
        return (yield from self.ends())

    def propagates(self):
        return (yield from self.does("propagate_button"))

    def has_written(self, document, layer, count):
        """Wait until so many frames of the colour layer have keys."""
        yield lambda: len(document.layer(layer).key_times()) >= count, RUN_SECONDS
        assert not self.idle, "the run was over before it could be interrupted"


def frames_colored(said):
    """Return how many frames a run's sentence says were coloured."""
    found = re.match(r"(\d+) (?:frames? )?colored[.,]", said)
    return int(found[1]) if found else 0


def top_level(name):
    """Return the window, dialog or menu of that name that is shown."""
    (found,) = [
        widget
        for widget in QtWidgets.QApplication.topLevelWidgets()
        if widget.isVisible() and widget.objectName() == name
    ]
    return found


def engine_pid():
    """Return the id of the engine's process; 0 when none runs."""
    for name in os.listdir("/proc"):
        if name.isdigit() and _parent(name) == os.getpid():
            with open(f"/proc/{name}/cmdline", "rb") as file:
                if file.read().rstrip(b"\0").endswith(b"serve"):
                    return int(name)
    return 0


def _parent(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def kill_engine():
    """End the engine's process as a crash would; returns its id."""
    pid = engine_pid()
    assert pid, "no engine runs"
    os.kill(pid, signal.SIGKILL)
    return pid


def alive(pid):
    """Tell whether a process is still there and not only waiting to be buried."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def now():
    return time.monotonic()


ARTIST, PREDICTED, ACCEPTED = FrameState.ARTIST, FrameState.PREDICTED, FrameState.ACCEPTED
UNKNOWN = FrameState.UNKNOWN
