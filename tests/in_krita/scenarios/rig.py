"""A controller with a fake engine on a small document; see tests/krita_plugin/fake_engine.py."""

import logging

from krita_plugin.propagate_colors.controller import Controller
from krita_plugin.propagate_colors.host import hand, steps, writing
from krita_plugin.propagate_colors.log import logger
from krita_plugin.propagate_colors.settings import ENGINE_COMMAND, DockerSettings
from krita_plugin.propagate_colors.state import journal as journals
from krita_plugin.propagate_colors.work import reading
from krita_plugin.propagate_colors.work.jobs import QtClock
from tests.in_krita.scenarios.base import SIZE
from tests.krita_plugin.fake_engine import FakeEngine

INK = (20, 20, 20, 255)  # bytes of a pixel: blue, green, red, alpha
RED, BLUE, GREEN = (30, 40, 200, 255), (200, 60, 30, 255), (50, 180, 40, 255)
KEYS = (0, 2, 5, 6)


class Failures(logging.Handler):
    """Collects what the plugin only logs, because an artist could do nothing about it."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.texts = []

    def emit(self, record):
        if record.exc_info:
            self.texts.append(logging.Formatter().format(record))


class ControllerRig:
    """The test's controller, what it said, and the document it works on."""

    def __init__(self, ctx):
        self.ctx = ctx
        self.messages = []
        self.told = []
        self.first = []  # what it said at its start
        self.failures = Failures()
        logger.addHandler(self.failures)
        self.engine = None
        self.controller = None
        self.document = self.line = self.color = None

    def start(self):
        """Start the plugin's brain as Krita's start does."""
        hand.start()
        settings = DockerSettings(self.ctx.host)
        settings.set(ENGINE_COMMAND, "true")  # some program; the fake never starts it
        clock = getattr(self.ctx, "clock", None) or QtClock()
        self.controller = Controller(self.ctx.host, settings, self._make_engine, clock)
        self.controller.message.connect(lambda *message: self.messages.append(message))
        self.controller.changed.connect(self.told.append)
        self.controller.refresh()
        self.first = yield from self.rests()

    def start_saying(self, word):
        """Start, and expect a sentence."""
        yield from self.start()
        assert any(word in text for text in self.first), self.first

    def _make_engine(self, hello):
        clock = getattr(self.ctx, "clock", None) or QtClock()
        self.engine = FakeEngine(hello, clock)
        return self.engine

    def build(self, keys=KEYS, painted=(0,), model="RGBA", depth="U8", size=SIZE):
        """Make a document with a drawing a key, and a colour layer where some are painted."""
        ctx = self.ctx
        self.document = yield from ctx.new_document(model, depth, size)
        self.line = yield from ctx.add_layer(self.document, "Lines", still=False)
        for time in keys:
            yield from writing.put(
                self.document, self.line, time, self.box, self.drawing(time, self.line)
            )
        self.color = yield from steps.create_color_layer(self.document, "Lines colors", self.line)
        for time in painted:
            yield from self.paint(time, RED, BLUE)

    @property
    def box(self):
        return self.ctx.canvas(self.document)

    def drawing(self, number, layer):
        """Return a frame with one upright line, each number's at its own place."""
        width, height = self.document.width, self.document.height
        pixel = self.document.layer(layer).pixel_size
        row = bytearray(width * pixel)
        at = (3 + 2 * number) * pixel
        row[at : at + pixel] = b"\x14" * (pixel - 1) + b"\xff"
        return bytes(row) * height

    def colors(self, left, right):
        """Return a frame in two colours."""
        width, height = self.document.width, self.document.height
        half = width // 2
        return (bytes(left) * half + bytes(right) * (width - half)) * height

    def paint(self, time, left, right):
        """Paint a frame as the artist, who goes there."""
        yield from steps.goto(self.document, time)
        data = self.colors(left, right)
        yield from writing.put(self.document, self.color, time, self.box, data)

    def predicted(self, number, left=RED, right=BLUE):
        """Return what the fake engine makes of a drawing."""
        lines, plane = self.drawing(number, self.line), bytearray(self.colors(left, right))
        for place in range(0, len(lines), 4):
            if any(lines[place : place + 4]):
                plane[place : place + 4] = bytes(4)
        return bytes(plane)

    def pixels(self, time):
        return self.ctx.pixels(self.document, self.color, time)

    def color_keys(self):
        return self.document.layer(self.color).key_times()

    def noted(self):
        """Return the frames that the document itself says are ours: a run is done with them."""
        return {entry.time for entry in journals.load(self.document.read_annotation(journals.KIND))}

    def states(self):
        return {row.time: row.state for row in self.controller.frames if row.state != "hold"}

    def row(self, time):
        return next(row for row in self.controller.frames if row.time == time)

    def rests(self):
        """Wait until nothing is at work; returns what was said."""
        yield lambda: self.controller._worker.idle, 60.0
        assert not self.failures.texts, self.failures.texts[0]
        said, self.messages = self.messages, []
        return [text for _, text, _ in said if text]

    def do(self, command, *arguments):
        """Give a command and wait for its end; returns what was said."""
        getattr(self.controller, command)(*arguments)
        return (yield from self.rests())

    def front(self):
        """Return the key of the document that the controller has in front; None without one."""
        shot = self.controller._documents.shot
        return None if shot is None else shot.document.key

    def look(self):
        """Let the controller see what the artist did, on any frame."""
        self.controller.refresh()
        shot = self.controller._documents.shot
        if shot is not None:
            self.controller._quietly(
                "read all", lambda: reading.scan(shot), self.controller._after_job
            )
        return (yield from self.rests())

    def reopened(self):
        """Save, close and open the document again with a fresh plugin."""
        path = self.ctx.file("again.kra")
        self.document.raw.setBatchmode(True)
        assert self.document.raw.saveAs(path)
        yield from self.ctx.settle(self.document.raw, 0.3)
        yield from self.ctx.close(self.document)
        self.controller.shutdown()
        self.document = yield from self.ctx.open_document(path)
        yield from self.start()


def ready(ctx, **choices):
    """Return a rig with a document and a started controller."""
    rig = ControllerRig(ctx)
    yield from rig.build(**choices)
    yield from rig.start()
    return rig


def logical(color):
    """Return red, green, blue, alpha of a pixel's bytes, as colours are in results and hints."""
    blue, green, red, alpha = color
    return red, green, blue, alpha
