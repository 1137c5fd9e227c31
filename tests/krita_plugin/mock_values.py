"""Pixels, colours, selections and other values of the mock; see mock_krita.py."""

import struct

CHANNELS = {"RGBA": 4, "GRAYA": 2, "CMYKA": 5, "LABA": 4, "XYZA": 4, "YCbCrA": 4}
CODES = {"U8": "B", "U16": "H", "F16": "e", "F32": "f"}
TOPS = {"U8": 255, "U16": 65535}


class Frame:
    """The pixels of one keyframe, with Krita's revisions: what undo of a stroke goes back to."""

    def __init__(self, size):
        self.revisions = [bytes(size)]
        self.now = 0
        self.beside = None  # a box of pixels, some of them beside the canvas

    @property
    def data(self):
        return self.revisions[self.now]

    def copy(self):
        """Return a key of its own with the same pixels; strokes are no history of it."""
        twin = Frame(0)
        twin.revisions, twin.beside = [self.data], self.beside
        return twin

    def reaches(self, x, y, width, height):
        """Tell whether it has pixels in a box beside the canvas."""
        if self.beside is None:
            return False
        left, top, wide, high = self.beside
        return left < x + width and x < left + wide and top < y + height and y < top + high

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
