"""Documents, layers and frames of the mock; see mock_krita.py."""

import copy
import struct
import uuid

from tests.krita_plugin.mock_values import CHANNELS, CODES, Frame, Named, Rect


class Running:
    """The Krita that runs now; mock_krita.reset() starts another."""

    krita = None


class Aborted(AssertionError):
    """Krita itself would have aborted here."""


class Node:
    def __init__(self, document, name, kind):
        self._document, self._name, self._kind = document, name, kind
        self._uuid = f"{{{uuid.uuid4()}}}"
        self._locked, self._visible, self._collapsed = False, True, False
        self._parent, self._children = None, []  # bottom first
        self._still = Frame(document.frame_bytes())
        self._blending, self._opacity = "normal", 255
        self.pinned = False
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

    def blendingMode(self):
        return self._blending

    def setBlendingMode(self, value):
        self._blending = value

    def opacity(self):
        return self._opacity

    def setOpacity(self, value):
        self._opacity = value

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

    def duplicate(self):
        twin = Node(self._document, self._name, self._kind)
        twin._still = self._still.copy()
        twin.keys = self.keys and {time: frame.copy() for time, frame in self.keys.items()}
        return twin

    def addChildNode(self, child, above):
        child._document = self._document
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
        frame = self.keys[t]
        if self._document.is_beside(x, y):
            count = width * height * self._document.pixel_bytes()
            return b"\xff" * count if frame.reaches(x, y, width, height) else bytes(count)
        return self._document.cut(frame.data, (x, y, width, height))

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
        if good and self._document.is_beside(x, y):
            self.frame(self._document.rendered).beside = (x, y, width, height)
        elif good:
            # The frame that has been rendered, not the one that was asked for last.
            frame = self.frame(self._document.rendered)
            frame.overwrite(self._document.pasted(frame.data, (x, y, width, height), bytes(data)))
        return good if Running.krita.numbers >= (5, 3) else None

    def bounds(self):
        frame = self.frame(self._document.rendered)
        boxes = [(0, 0, *self._document.size)] if any(frame.data) else []
        if frame.beside:
            boxes.append(frame.beside)
        left, top = min((box[0] for box in boxes), default=0), min((b[1] for b in boxes), default=0)
        right = max((box[0] + box[2] for box in boxes), default=0)
        bottom = max((box[1] + box[3] for box in boxes), default=0)
        return Rect(left, top, right - left, bottom - top)

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
        self._made_in_turn, self._switched_in_turn = -1, -9
        self.cell, self.selected = (background, 0), [(background, 0)]

    # ---- Krita's interface

    def rootNode(self):
        return self.root if self in Running.krita.open else None

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

    def fullClipRangeStartTime(self):
        return 0

    def fullClipRangeEndTime(self):
        return self._end

    def setFullClipRangeEndTime(self, end):
        self._end = end
        if Running.krita.numbers < (5, 3):  # later ones wait for another change
            self._learn_the_end()

    def _learn_the_end(self):
        # Since 5.2 the timeline has no cell at the end of a longer clip, nor after it.
        self._columns = self._end + 1 if Running.krita.numbers < (5, 2) else self._end

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
        application = Running.krita
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
        Running.krita.files[path] = self._copy()
        return True

    def close(self):
        Running.krita.closed(self)
        return True

    # ---- behind it

    def pixel_bytes(self):
        return CHANNELS[self._model] * struct.calcsize(CODES[self._depth])

    def frame_bytes(self):
        return self.size[0] * self.size[1] * self.pixel_bytes()

    def is_beside(self, x, y):
        return not (0 <= x < self.size[0] and 0 <= y < self.size[1])

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
        if Running.krita.numbers >= (5, 3):
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
        self.active, self._next_active = node, None
        self._switched_in_turn = Running.krita.turn
        if len(self.selected) < 2:
            self._follow()

    def _go(self, t):
        self.time = t
        if Running.krita.numbers < (5, 2):
            self._columns = max(self._columns, t + 1)
        # The current cell stays where it is while several are selected, or where there is none.
        if len(self.selected) < 2 and t < self._columns:
            self._follow()

    def _follow(self):
        self.cell = (self.active, self.time)
        if self.active in self.rows():
            self.selected = [self.cell]

    def rows(self):
        """Return the layers that the timeline shows: those that are pinned, and the active one."""
        paint = [node for node in self.root.walk() if node._kind == "paintlayer"]
        return [node for node in paint if node.pinned or node is self.active][::-1]

    def copy_key(self, frame, node, t):
        """Put a copy of a key of any layer at a time; a still layer becomes animated."""
        before = node.keys or {0: node._still}
        self._set_keys(node, before, {**before, t: frame.copy()})

    def writable(self, node):
        while node is not None:
            if node._locked or not node._visible:
                return False
            node = node._parent
        return True

    def keys_enabled(self):
        """Krita 6.0 enables its actions some time after a layer became active."""
        return Running.krita.numbers < (6,) or Running.krita.turn > self._switched_in_turn + 4

    def add_blank_frame(self):
        node, t = self.cell
        application = Running.krita
        if not self.writable(node):
            return
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
        for node, t in list(self.selected):
            if node.hasKeyframeAtTime(t) and self.writable(node):
                after = {time: frame for time, frame in node.keys.items() if time != t}
                if t == 0:
                    after[0] = Frame(self.frame_bytes())
                self._set_keys(node, node.keys, after)

    def copy_clones(self):
        node, t = self.cell
        self._copied = node.keys[t]

    def paste(self):
        node, t = self.cell
        self._set_keys(node, node.keys, {**node.keys, t: self._copied})

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
        pixel = copy.copy(Running.krita.view.foreground)
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
