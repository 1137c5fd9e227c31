"""Propagating the bundled sample shot through the controller, with the real engine."""

from pathlib import Path

from krita_plugin.propagate_colors import steps
from krita_plugin.propagate_colors.controller import Controller
from krita_plugin.propagate_colors.jobs import pauses
from krita_plugin.propagate_colors.model import FrameState
from krita_plugin.propagate_colors.qt import QtGui
from krita_plugin.propagate_colors.settings import Settings

SHOT = Path(__file__).parents[3] / "samples" / "saha"


class Watched:
    """A controller and what it said."""

    def __init__(self, ctx):
        self.messages = []
        self.steps = []
        settings = Settings(ctx.host)
        settings.restore_defaults()  # scenarios with a fake engine leave theirs
        self.controller = Controller(ctx.host, settings)
        self.controller.message.connect(lambda *message: self.messages.append(message))
        self.controller.progress.connect(lambda *step: self.steps.append(step))

    def ends(self):
        """Wait until the job is over; returns what was said."""
        yield lambda: self.controller.busy is None, 100.0
        said, self.messages = self.messages, []
        return said

    def states(self):
        return {row.time: row.state for row in self.controller.frames}


def sample_document(ctx, frames):
    """Make a document of the sample's first drawings on twos, the first one painted."""
    size = QtGui.QImage(str(SHOT / "line" / "0001.png")).size()
    document = yield from ctx.new_document(size=(size.width(), size.height()), name="saha")
    document.raw.setFullClipRangeEndTime(2 * frames + 1)
    yield 1.2
    line = yield from ctx.add_layer(document, "Lines", still=False)
    for number in range(frames):
        data = picture(SHOT / "line" / f"{number + 1:04}.png")
        yield from steps.put(document, line, 2 * number, ctx.canvas(document), data)
    color = yield from steps.create_color_layer(document, "Lines colors", line)
    data = picture(SHOT / "color" / "0001.png")
    yield from steps.put(document, color, 0, ctx.canvas(document), data)
    return document, line, color


def picture(path):
    """Return a PNG file as Krita stores it."""
    image = QtGui.QImage(str(path)).convertToFormat(QtGui.QImage.Format.Format_ARGB32)
    pointer = image.constBits()
    pointer.setsize(image.width() * image.height() * 4)
    return bytes(pointer)


def propagates(ctx):
    document, line, color = yield from sample_document(ctx, 14)
    watched = Watched(ctx)
    controller = watched.controller
    controller.refresh()
    yield lambda: watched.states().get(0) == FrameState.ARTIST, 20.0
    assert (controller.line_layers, controller.color_layer) == ([line], color)
    before = {t: ctx.pixels(document, line, t) for t in range(0, 28, 2)}
    reference = ctx.pixels(document, color, 0)
    pauses.clear()
    controller.propagate()
    said = yield from watched.ends()
    ctx.values["pauses"] = {kind: tuple(found) for kind, found in pauses.summary().items()}
    ctx.values["said"] = [text for _, text, _ in said]
    assert document.layer(color).key_times() == list(range(0, 28, 2))
    assert {t: ctx.pixels(document, line, t) for t in before} == before
    assert ctx.pixels(document, color, 0) == reference
    assert [watched.states()[t] for t in (0, 1, 2, 4, 6)] == ["artist", "hold", *["predicted"] * 3]
    shares = []
    for number in range(2, 15):
        found = ctx.pixels(document, color, 2 * (number - 1))
        shares.append(equal_pixels(found, picture(SHOT / "truth" / f"{number:04}.png")))
        Path(ctx.file(f"{number:04}.bgra")).write_bytes(found)
    ctx.values["equal"] = shares
    assert min(shares) > 0.8, shares
    assert sum(shares) / len(shares) > 0.9, shares
    controller.shutdown()


def equal_pixels(found, truth):
    """Return the share of painted pixels that have the true colour."""
    pairs = [
        (a, b)
        for a, b in zip(memoryview(found).cast("I"), memoryview(truth).cast("I"), strict=True)
        if b
    ]
    return round(sum(a == b for a, b in pairs) / len(pairs), 4)
