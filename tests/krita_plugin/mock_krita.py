"""A mock of Krita's Python module with a real frame store, for tests without Krita.

Documents, layers, keyframes, clone frames, time, undo and the timeline behave as measured in the
real program, its traps included; tests/in_krita runs the same scenarios on both. Deviations by
version hang on `Krita.instance().numbers`; `reset("5.2.9")` starts anew with another version.

What the mock leaves out: rendering (projections show the topmost opaque layer) and colour
management (components are converted by simple formulas).
"""

import copy
import struct
import uuid

from krita_plugin.propagate_colors.qt import QtCore
from tests.krita_plugin.mock_document import Aborted, Document, Node, Running
from tests.krita_plugin.mock_values import ManagedColor, Named, Selection

__all__ = ["Aborted", "Clock", "Document", "Krita", "ManagedColor", "Node", "Selection", "reset"]


DRAGGED = "application/x-krita-frame"


class Index:
    def __init__(self, row, column):
        self._row, self._column = row, column

    def row(self):
        return self._row

    def column(self):
        return self._column


class Timeline(Named):
    """The timeline docker's table: its view, model, header and selection in one."""

    ACTIVE, PROPERTIES, PINNED = 367, 368, 370  # roles; see timeline_cells
    SLOTS = ("slotPlaybackRangeChanged()", "slotRemoveSelectedFrames()")

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

    def rowCount(self):
        return len(self.document.rows())

    def columnCount(self):
        return self.document._columns

    def indexOfSlot(self, signature):
        return self.SLOTS.index(signature)

    def method(self, number):
        commands = (self.document._learn_the_end, self.document.remove_frames)
        return Slot(commands[number])

    def index(self, row, column):
        return Index(row, column)

    def headerData(self, row, _orientation, role):
        node = self.document.rows()[row]
        if role == self.PROPERTIES:
            raise TypeError("a list that Python does not know")
        return {self.ACTIVE: node is self.document.active, self.PINNED: node.pinned}.get(role)

    def setHeaderData(self, row, _orientation, value, role):
        assert role == self.PINNED, role
        self.document.rows()[row].pinned = value

    def mimeData(self, indexes):
        (index,) = indexes
        root, node = self.document.root, self.document.rows()[index.row()]
        data = QtCore.QMimeData()
        head = struct.pack(">i16siii", 16, identity(root), 1, index.row(), index.column())
        tail = struct.pack(">iii16si", 0, 0, 16, identity(node), 0)
        data.setData(DRAGGED, QtCore.QByteArray(head + tail))
        return data

    def dropMimeData(self, data, action, _row, _column, cell):
        assert action == QtCore.Qt.DropAction.CopyAction
        dragged = bytes(data.data(DRAGGED))
        _, root, count, _, time = struct.unpack(">i16siii", dragged[:32])
        *_, source, policy = struct.unpack(">iii16si", dragged[32:])
        assert (count, policy) == (1, 0)
        (document,) = [one for one in Krita.instance().open if identity(one.root) == root]
        (node,) = [one for one in document.root.walk() if identity(one) == source]
        here = self.document.rows()[cell.row()]
        if not node.hasKeyframeAtTime(time):
            return False
        self.document.copy_key(node.keys[time], here, cell.column())
        return True

    def currentIndex(self):
        node, column = self.document.cell
        rows = self.document.rows()
        return Index(rows.index(node), column) if node in rows else Index(-1, -1)

    def setCurrentIndex(self, index):
        document = self.document
        document.cell = (document.rows()[index.row()], index.column())
        document.selected = [document.cell]
        document.time = index.column()

    def clearSelection(self):
        self.document.selected = []

    def selection(self):
        return list(self.document.selected)

    def select(self, chosen, flag):
        """Select further cells, or with another flag these alone; the current cell stays."""
        cells = chosen
        if isinstance(chosen, Index):
            cells = [(self.document.rows()[chosen.row()], chosen.column())]
        if flag != self.SelectionFlag.Select:
            self.document.selected = []
        self.document.selected += [cell for cell in cells if cell not in self.document.selected]

    def selectedIndexes(self):
        rows = self.document.rows()
        return [Index(rows.index(node), t) for node, t in self.document.selected if node in rows]


class Slot:
    def __init__(self, command):
        self._command = command

    def invoke(self, _target):
        self._command()


def identity(node):
    return uuid.UUID(node.uniqueId().toString().strip("{}")).bytes


class Action:
    def __init__(self, command, enabled=lambda: True):
        self._command, self.isEnabled = command, enabled
        self.triggered, self._slots = self, []

    def connect(self, slot):
        self._slots.append(slot)

    def trigger(self):
        if self.isEnabled():
            self._command()
            for slot in self._slots:
                slot(False)


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
        self._history = {
            "edit_undo": Action(
                lambda: self.active.step_history(self.active.done, self.active.undone, 1),
                lambda: bool(self.active and self.active.done),
            ),
            "edit_redo": Action(
                lambda: self.active.step_history(self.active.undone, self.active.done, 2),
                lambda: bool(self.active and self.active.undone),
            ),
        }
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
        if name in self._history:
            return self._history[name]
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
