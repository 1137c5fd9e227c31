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

CHANNELS = {"RGBA": 4, "GRAYA": 2, "CMYKA": 5, "LABA": 4, "XYZA": 4, "YCbCrA": 4}
CODES = {"U8": "B", "U16": "H", "F16": "e", "F32": "f"}
TOPS = {"U8": 255, "U16": 65535}


class Aborted(AssertionError):
    """Krita itself would have aborted here."""


class Frame:
    """The pixels of one keyframe, with Krita's revisions: what undo of a stroke goes back to."""

    def __init__(self, size):
        self.revisions = [bytes(size)]
        self.now = 0

    @property
    def data(self):
        return self.revisions[self.now]

    def paint(self, data):
        del self.revisions[self.now + 1 :]
        self.revisions.append(data)
        self.now += 1

    def overwrite(self, data):
        """Without an undo entry: over strokes it becomes a hidden revision of its own."""
        if self.now == 0:
            self.revisions[0] = data
        else:
            self.paint(data)

    def step(self, by):
        self.now = min(max(self.now + by, 0), len(self.revisions) - 1)


class Named:
    """Stands for QUuid, QIcon and QObject: something with a name."""

    def __init__(self, name, children=(), icon=None):
        self._name, self._children, self._icon = name, list(children), icon

    def toString(self):
        return self._name

    objectName = className = toImage = toString

    def metaObject(self):
        return self

    def pixmap(self, _width, _height):
        return self

    def children(self):
        return self._children

    def icon(self):
        return Named(self._icon())


class Rect:
    def __init__(self, *box):
        self._box = box

    def x(self):
        return self._box[0]

    def y(self):
        return self._box[1]

    def width(self):
        return self._box[2]

    def height(self):
        return self._box[3]


class Selection(Rect):
    def __init__(self):
        super().__init__(0, 0, 0, 0)
        self._data = b""

    def select(self, x, y, width, height, value):
        self.setPixelData(bytes([value]) * (width * height), x, y, width, height)

    def setPixelData(self, data, x, y, width, height):
        self._box, self._data = (x, y, width, height), bytes(data)

    def pixelData(self, x, y, width, height):
        assert (x, y, width, height) == self._box, "the mock knows the selection's own box alone"
        return self._data


class ManagedColor:
    """Components lie between 0 and 1, in the order of the raw bytes."""

    def __init__(self, model, depth, _profile):
        self._model, self._depth = model, depth
        self._rgb = (0.0, 0.0, 0.0)

    def _blue_first(self):
        return self._model == "RGBA" and self._depth in TOPS

    def setComponents(self, components):
        first, second, third = components[:3]
        self._rgb = (third, second, first) if self._blue_first() else (first, second, third)

    def setColorSpace(self, model, depth, _profile):
        self._model, self._depth = model, depth

    def components(self):
        parts = {
            "RGBA": self._rgb[::-1] if self._blue_first() else self._rgb,
            "GRAYA": (sum(self._rgb) / 3,),
            "CMYKA": (*(1 - part for part in self._rgb), 0.0),
        }[self._model]
        return [*parts, 1.0]

    def pixel(self):
        scale = TOPS.get(self._depth, 1)
        inks = 100 if self._model == "CMYKA" and self._depth not in TOPS else 1
        *parts, alpha = self.components()
        values = [part * scale * inks for part in parts] + [alpha * scale]
        if self._depth in TOPS:
            values = [round(value) for value in values]
        return struct.pack(f"<{len(values)}{CODES[self._depth]}", *values)


class Node:
    def __init__(self, document, name, kind):
        self._document, self._name, self._kind = document, name, kind
        self._uuid = f"{{{uuid.uuid4()}}}"
        self._locked, self._visible, self._collapsed = False, True, False
        self._parent, self._children = None, []  # bottom first
        self._still = Frame(document.frame_bytes())
        self.keys = None  # frames by time; two times may share one frame (clones)

    def uniqueId(self):
        return Named(self._uuid)

    def name(self):
        return self._name

    def setName(self, name):
        self._name = name

    def type(self):
        return self._kind

    def colorModel(self):
        return self._document.colorModel()

    def colorDepth(self):
        return self._document.colorDepth()

    def colorProfile(self):
        return self._document.colorProfile()

    def locked(self):
        return self._locked

    def setLocked(self, value):
        self._locked = value

    def visible(self):
        return self._visible

    def setVisible(self, value):
        self._visible = value

    def collapsed(self):
        return self._collapsed

    def setCollapsed(self, value):
        self._collapsed = value

    def animated(self):
        return self.keys is not None

    def childNodes(self):
        return list(self._children)

    def parentNode(self):
        return self._parent

    def addChildNode(self, child, above):
        place = self._children.index(above) + 1 if above else len(self._children)

        def redo():
            child._parent = self
            self._children.insert(place, child)

        self._document.do("Add Layer", lambda: child.remove(False), redo)
        self._document.added(child)

    def remove(self, undoable=True):
        parent, place = self._parent, self._parent._children.index(self)

        def redo():
            parent._children.remove(self)
            self._parent = None
            self._document.removed(self)

        def undo():
            parent._children.insert(place, self)
            self._parent = parent

        if undoable:
            self._document.do("Remove Layer", undo, redo)
        else:
            redo()

    def hasKeyframeAtTime(self, t):
        return bool(self.keys) and t in self.keys

    def frame(self, t):
        """The frame shown at t."""
        if not self.keys:
            return self._still
        return self.keys[max((time for time in self.keys if time <= t), default=min(self.keys))]

    def pixelDataAtTime(self, x, y, width, height, t):
        if not self.hasKeyframeAtTime(t):
            return b""
        return self._document.cut(self.keys[t].data, (x, y, width, height))

    def pixelData(self, x, y, width, height):
        return self._document.cut(self.frame(self._document.rendered).data, (x, y, width, height))

    def projectionPixelData(self, x, y, width, height):
        if self._kind != "grouplayer":
            return self.pixelData(x, y, width, height)
        shown = [child for child in self._children if child._visible]
        if not shown:
            return bytes(self._document.frame_bytes())
        return shown[-1].projectionPixelData(x, y, width, height)

    def setPixelData(self, data, x, y, width, height):
        good = len(data) == width * height * self._document.pixel_bytes()
        if good:
            # The frame that has been rendered, not the one that was asked for last.
            frame = self.frame(self._document.rendered)
            frame.overwrite(self._document.pasted(frame.data, (x, y, width, height), bytes(data)))
        return good if Krita.instance().numbers >= (5, 3) else None

    def bounds(self):
        blank = not any(self.frame(self._document.rendered).data)
        return Rect(0, 0, 0, 0) if blank else Rect(0, 0, *self._document.size)

    def walk(self):
        yield self
        for child in self._children:
            yield from child.walk()


class Document:
    def __init__(self, width, height, name, model, depth):
        self.size, self._model, self._depth = (width, height), model, depth
        self._name, self._path, self._modified = name, "", False
        self._end, self._columns = 100, 101
        self.time = self.rendered = 0
        self.playing = False
        self._annotations, self._selection = {}, None
        self.undone, self.done = [], []
        self.root = Node(self, "root", "grouplayer")
        background = Node(self, "Background", "paintlayer")
        background._parent = self.root
        self.root._children.append(background)
        self.active, self._next_active = background, None
        self._made_in_turn, self._switched, self._lost = -1, False, 0
        self.cell, self.selected = (background, 0), [(0, 0)]

    # ---- Krita's interface

    def rootNode(self):
        return self.root if self in Krita.instance().open else None

    def name(self):
        return self._name

    def fileName(self):
        return self._path

    def width(self):
        return self.size[0]

    def height(self):
        return self.size[1]

    def colorModel(self):
        return self._model

    def colorDepth(self):
        return self._depth

    def colorProfile(self):
        return "a profile"

    def framesPerSecond(self):
        return 24

    def fullClipRangeStartTime(self):
        return 0

    def fullClipRangeEndTime(self):
        return self._end

    def setFullClipRangeEndTime(self, end):
        self._end = end
        # Since 5.2 the timeline has no cell at the end of a longer clip, nor after it.
        self._columns = end + 1 if Krita.instance().numbers < (5, 2) else end

    def animationLength(self):
        return self._end + 1

    def currentTime(self):
        return self.time

    def setCurrentTime(self, t):
        before = self.time
        if self.done and self.done[-1][0] == "Switch current time":
            before = self.done.pop()[3]
        entry = ("Switch current time", lambda: self._go(before), lambda: self._go(t), before)
        self.done.append(entry)
        self.undone.clear()
        self._go(t)

    def waitForDone(self):
        self.rendered = self.time

    def refreshProjection(self):
        pass

    def modified(self):
        return self._modified

    def setModified(self, value):
        self._modified = value

    def setBatchmode(self, _value):
        pass

    def createNode(self, name, kind):
        return Node(self, name, kind)

    def activeNode(self):
        return self.active

    def setActiveNode(self, node):
        application = Krita.instance()
        if node is self.active:
            return
        if application.numbers < (5, 3):
            if self._made_in_turn == application.turn:
                raise Aborted("a layer was activated in the step that made a key on another one")
            if node is self._next_active:
                return  # it has no place in the layer list before the loop turned
        self._activate(node)

    def selection(self):
        return self._selection

    def setSelection(self, selection):
        self._selection = selection

    def annotationTypes(self):
        return list(self._annotations)

    def annotation(self, kind):
        return self._annotations.get(kind, b"")

    def setAnnotation(self, kind, _description, data):
        self._annotations[kind] = bytes(data)

    def saveAs(self, path):
        self._path, self._modified = path, False
        Krita.instance().files[path] = self._copy()
        return True

    def close(self):
        Krita.instance().closed(self)
        return True

    # ---- behind it

    def pixel_bytes(self):
        return CHANNELS[self._model] * struct.calcsize(CODES[self._depth])

    def frame_bytes(self):
        return self.size[0] * self.size[1] * self.pixel_bytes()

    def _rows(self, box):
        x, y, width, height = box
        pixel = self.pixel_bytes()
        for row in range(y, y + height):
            start = (row * self.size[0] + x) * pixel
            yield start, start + width * pixel

    def cut(self, data, box):
        return b"".join(data[start:end] for start, end in self._rows(box))

    def pasted(self, data, box, piece):
        result, at = bytearray(data), 0
        for start, end in self._rows(box):
            result[start:end] = piece[at : at + end - start]
            at += end - start
        return bytes(result)

    def do(self, name, undo, redo):
        redo()
        self.done.append((name, undo, redo))
        self.undone.clear()
        self._modified = True

    def added(self, node):
        if Krita.instance().numbers >= (5, 3):
            self._activate(node)
        else:
            self._next_active = node

    def removed(self, node):
        if self.active is node:
            self._activate(self.root._children[-1])

    def turned(self):
        if self._next_active is not None:
            self._activate(self._next_active)

    def _activate(self, node):
        self.active, self._next_active, self._switched = node, None, True
        if len(self.selected) < 2:
            self._follow()

    def _go(self, t):
        self.time = t
        if Krita.instance().numbers < (5, 2):
            self._columns = max(self._columns, t + 1)
        # The current cell stays where it is while several are selected, or where there is none.
        if len(self.selected) < 2 and t < self._columns:
            self._follow()

    def _follow(self):
        self.cell = (self.active, self.time)
        if self.active in self.rows():
            self.selected = [(self.rows().index(self.active), self.time)]

    def rows(self):
        return [node for node in self.root.walk() if node._kind == "paintlayer"][::-1]

    def writable(self, node):
        while node is not None:
            if node._locked or not node._visible:
                return False
            node = node._parent
        return True

    def add_blank_frame(self):
        node, t = self.cell
        application = Krita.instance()
        if not self.writable(node):
            return
        if application.numbers >= (6,) and self._switched:
            self._switched = False
            self._lost += 1
            if self._lost % 3 == 0:
                return  # never made, however long one waits
        self._made_in_turn = application.turn
        if node.hasKeyframeAtTime(t):
            self.stroke(node.keys[t], bytes(self.frame_bytes()), "Clear")
            return
        # That a layer becomes animated, with what it showed as its key at 0, is never undone.
        before = node.keys or {0: node._still}
        after = dict(before)
        after.setdefault(t, Frame(self.frame_bytes()))
        self._set_keys(node, before, after)

    def remove_frames(self):
        for row, t in list(self.selected):
            node = self.rows()[row]
            if node.hasKeyframeAtTime(t) and self.writable(node):
                after = {time: frame for time, frame in node.keys.items() if time != t}
                if t == 0:
                    after[0] = Frame(self.frame_bytes())
                self._set_keys(node, node.keys, after)

    def _set_keys(self, node, before, after):
        def put(keys):
            node.keys = keys

        self.do("Keyframes", lambda: put(before), lambda: put(after))

    def stroke(self, frame, data, name):
        frame.paint(data)
        self.done.append((name, lambda: frame.step(-1), lambda: frame.step(+1)))
        self.undone.clear()
        self._modified = True

    def fill(self):
        pixel = copy.copy(Krita.instance().view.foreground)
        pixel.setColorSpace(self._model, self._depth, "")
        data = pixel.pixel() * (self.size[0] * self.size[1])
        if self.writable(self.active):
            self.stroke(self.active.frame(self.rendered), data, "Fill")

    def move_layer_down(self):
        node, parent = self.active, self.active._parent
        place = parent._children.index(node)
        below = parent._children[place - 1] if place else None
        if below is None:
            return
        into = below._kind == "grouplayer" and not below._collapsed

        def move(target, at):
            node._parent._children.remove(node)
            target._children.insert(at, node)
            node._parent = target

        target, at = (below, len(below._children)) if into else (parent, place - 1)
        self.do("Move", lambda: move(parent, place), lambda: move(target, at))

    def step_history(self, source, target, index):
        if source:
            entry = source.pop()
            entry[index]()
            target.append(entry)

    def _copy(self):
        kept = self.done, self.undone
        self.done, self.undone = [], []
        result = copy.deepcopy(self)
        self.done, self.undone = kept
        result.root._uuid = f"{{{uuid.uuid4()}}}"
        return result


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

    def index(self, row, column):
        return Index(row, column)

    def headerData(self, row, _orientation):
        return self.document.rows()[row].name()

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
        self.trigger, self.isEnabled = command, enabled


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
    _instance = None

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
        return Krita._instance

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
            "fill_selection_foreground_color": document.fill,
            "move_layer_down": document.move_layer_down,
            "toggle_playback": lambda: setattr(document, "playing", not document.playing),
        }
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
    Krita._instance = Krita(version)
    return Krita._instance


reset()
