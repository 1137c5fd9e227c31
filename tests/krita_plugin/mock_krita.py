"""A mock of Krita's Python module with a real frame store, for tests without Krita.

Documents, layers, keyframes, clone frames, time, undo and the timeline behave as measured in the
real program, its traps included; tests/in_krita runs the same scenarios on both. Deviations by
version hang on `Krita.instance().numbers`; `reset("5.2.9")` starts anew with another version.

What the mock leaves out: rendering (projections show the topmost opaque layer) and colour
management (components are converted by simple formulas).
"""

import copy

from tests.krita_plugin.mock_document import Aborted, Document, Node, Running
from tests.krita_plugin.mock_values import ManagedColor, Named, Selection

__all__ = ["Aborted", "Clock", "Document", "Krita", "ManagedColor", "Node", "Selection", "reset"]


class Index:
    def __init__(self, row, column):
        self._row, self._column = row, column

    def row(self):
        return self._row

    def column(self):
        return self._column


class Timeline(Named):
    """The timeline docker's table: its view, model, header and selection in one."""

    class SelectionFlag:
        Select = "select"

    def __init__(self):
        super().__init__("KisAnimTimelineFramesView")

    @property
    def document(self):
        return Krita.instance().activeDocument()

    def model(self):
        return self if self.document else None

    def selectionModel(self):
        return self

    verticalHeader = selectionModel

    def orientation(self):
        return "vertical"

    def rowCount(self):
        return len(self.document.rows())

    def columnCount(self):
        return self.document._columns

    def indexOfSlot(self, signature):
        return 0 if signature == "slotPlaybackRangeChanged()" else -1

    def method(self, _index):
        return self

    def invoke(self, _model):
        self.document._learn_the_end()

    def index(self, row, column):
        return Index(row, column)

    def headerData(self, row, _orientation):
        name = self.document.rows()[row].name()
        return name if len(name) <= 13 else name[:13] + "..."

    def currentIndex(self):
        node, column = self.document.cell
        rows = self.document.rows()
        return Index(rows.index(node), column) if node in rows else Index(-1, -1)

    def setCurrentIndex(self, index):
        document = self.document
        document.cell = (document.rows()[index.row()], index.column())
        document.selected = [(index.row(), index.column())]
        document.time = index.column()

    def clearSelection(self):
        self.document.selected = []

    def select(self, index, _flag):
        cell = (index.row(), index.column())
        if cell not in self.document.selected:
            self.document.selected.append(cell)

    def selectedIndexes(self):
        return [Index(*cell) for cell in self.document.selected]


class Action:
    def __init__(self, command, enabled=lambda: True):
        self._command, self.isEnabled = command, enabled

    def trigger(self):
        if self.isEnabled():
            self._command()


class View:
    """The window and its view."""

    def __init__(self):
        self.foreground = ManagedColor("RGBA", "U8", "")

    def activeView(self):
        return self

    def document(self):
        return Krita.instance().activeDocument()

    def addView(self, document):
        Krita.instance().active = document

    def foregroundColor(self):
        return copy.copy(self.foreground)

    def setForeGroundColor(self, color):
        self.foreground = color


class Krita:
    def __init__(self, version):
        self._version = version
        self.numbers = tuple(int(part) for part in version.split("."))
        self.open, self.active, self.files, self._settings = [], None, {}, {}
        self.turn = 0
        self.view = View()
        button = Named("QToolButton", icon=self._play_icon)
        self._docker = Named("TimelineDocker", [Named("QWidget", [Timeline(), button])])

    @staticmethod
    def instance():
        return Running.krita

    def version(self):
        return self._version

    def documents(self):
        return list(self.open)

    def activeDocument(self):
        return self.active

    def setActiveDocument(self, document):
        self.active = document

    def activeWindow(self):
        return self.view

    def dockers(self):
        return [self._docker]

    def icon(self, name):
        return Named(name)

    def createDocument(self, width, height, name, model, depth, _profile, _resolution):
        document = Document(width, height, name, model, depth)
        self.open.append(document)
        return document

    def openDocument(self, path):
        document = self.files[path]._copy()
        self.open.append(document)
        return document

    def readSetting(self, group, name, default):
        return self._settings.get((group, name), default)

    def writeSetting(self, group, name, value):
        self._settings[group, name] = value

    def action(self, name):
        document = self.active
        if name == "edit_undo":
            return Action(
                lambda: document.step_history(document.done, document.undone, 1),
                lambda: bool(document.done),
            )
        if name == "edit_redo":
            return Action(
                lambda: document.step_history(document.undone, document.done, 2),
                lambda: bool(document.undone),
            )
        commands = {
            "add_blank_frame": document.add_blank_frame,
            "remove_frames": document.remove_frames,
            "copy_frames_as_clones": document.copy_clones,
            "paste_frames": document.paste,
            "fill_selection_foreground_color": document.fill,
            "move_layer_down": document.move_layer_down,
            "toggle_playback": lambda: setattr(document, "playing", not document.playing),
        }
        if name in ("add_blank_frame", "remove_frames"):
            return Action(commands[name], document.keys_enabled)
        return Action(commands[name])

    def closed(self, document):
        self.open.remove(document)
        if self.active is document:
            self.active = self.open[-1] if self.open else None

    def loop_turned(self):
        self.turn += 1
        for document in self.open:
            document.turned()

    def _play_icon(self):
        playing = self.active is not None and self.active.playing
        return "animation_pause" if playing else "animation_play"


class Clock:
    """An event loop for jobs.Runner whose time passes only while it waits."""

    def __init__(self):
        self._time, self._calls, self._count = 0.0, [], 0
        self.before_turn = lambda: None  # what the artist does between two steps

    def now(self):
        return self._time

    def resting(self):
        return False

    def later(self, seconds, call):
        self._count += 1
        self._calls.append((self._time + seconds, self._count, call))

    def run(self, until=lambda: False):
        """Go on until a condition holds or nothing is left to do."""
        while self._calls and not until():
            self._calls.sort(key=lambda entry: entry[:2])
            due, _, call = self._calls.pop(0)
            self._time = max(self._time, due)
            self.before_turn()
            Krita.instance().loop_turned()
            call()


def reset(version="5.1.5"):
    """Start a new Krita of that version, without documents."""
    Running.krita = Krita(version)
    return Running.krita


reset()
