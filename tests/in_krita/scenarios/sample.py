"""The bundled sample shot as a Krita document, and a controller with the real engine."""

from pathlib import Path

from krita_plugin.propagate_colors.controller import Controller
from krita_plugin.propagate_colors.host import steps, writing
from krita_plugin.propagate_colors.qt import QtGui
from krita_plugin.propagate_colors.settings import DockerSettings

SHOT = Path(__file__).parents[3] / "samples" / "saha"


class Watched:
    """A controller and what it said."""

    def __init__(self, ctx):
        self.messages = []
        settings = DockerSettings(ctx.host)
        settings.restore_defaults()  # scenarios with a fake engine leave theirs
        self.controller = Controller(ctx.host, settings)
        self.controller.message.connect(lambda *message: self.messages.append(message))

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
        yield from writing.put(document, line, 2 * number, ctx.canvas(document), data)
    color = yield from steps.create_color_layer(document, "Lines colors", line)
    data = picture(SHOT / "color" / "0001.png")
    yield from writing.put(document, color, 0, ctx.canvas(document), data)
    return document, line, color


def picture(path):
    """Return a PNG file as Krita stores it."""
    image = QtGui.QImage(str(path)).convertToFormat(QtGui.QImage.Format.Format_ARGB32)
    pointer = image.constBits()
    pointer.setsize(image.width() * image.height() * 4)
    return bytes(pointer)
