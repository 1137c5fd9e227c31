"""Why a segment has its colour, by a real pointer in the docker's viewer: hover, open, look."""

from krita_plugin.propagate_colors.host import steps
from krita_plugin.propagate_colors.qt import QtCore, QtWidgets

from . import mouse
from .docked import ARTIST, PREDICTED, Docker, frames_colored, top_level
from .sample import sample_document

FRAMES = 4
FRAME = 4  # of those on twos
SECONDS = 60.0  # on a busy machine
WINDOW = "explanation_window"


def a_color_is_explained(ctx):
    docker = Docker(ctx)
    yield from docker.open()
    document, _, _ = yield from sample_document(ctx, FRAMES)
    yield from docker.sees(document, {0: ARTIST})
    docker.widget.setFloating(True)
    docker.widget.resize(420, 940)
    docker.widget.move(1160, 20)
    yield 0.5
    try:
        said = yield from docker.propagates()
        assert frames_colored(said) == FRAMES - 1, said
        states = {2 * number: PREDICTED for number in range(1, FRAMES)}
        yield from docker.sees(document, {0: ARTIST, **states})
        yield from steps.goto(document, FRAME)
        controller = docker.widget._controller
        yield lambda: controller.current_time == FRAME, SECONDS
        segment = _largest_from_another(controller)
        yield from _by_the_hover(ctx, docker, document, segment)
        yield from _by_the_menu(ctx, docker, document, segment)
    finally:
        docker.widget.setFloating(False)


def _largest_from_another(controller):
    """Return the largest painted segment that took its colour from another frame."""
    segments = controller._documents.shot.result(FRAME)["segments"]
    segments = [item for item in segments if item["state"] == "painted"]
    found = [item for item in segments if (item["source"] or {}).get("frame") not in {None, FRAME}]
    return max(found, key=lambda item: item["area"])


def _by_the_hover(ctx, docker, document, segment):
    """Rest on the segment, go to the sentence that says where it is from, and press that."""
    canvas, link = docker.find("viewer_canvas"), docker.find("segment_label")
    point = canvas.mapToGlobal(_in_viewer(canvas, document, segment["point"]))
    mouse.move_to(point - QtCore.QPoint(3, 0))
    yield 0.3
    mouse.move_to(point)
    yield lambda: link.leads, SECONDS
    source = segment["source"]["frame"]
    assert link.text().startswith(f"From frame {source}"), link.text()
    yield from mouse.click(link)
    window = yield from _answered(source)
    assert not window.isActiveWindow(), "it took the keyboard"
    yield 0.5
    _save(ctx, window, "explanation")
    yield from mouse.click(window.findChild(QtWidgets.QToolButton, "layers_fold"))
    layers = window.findChild(QtWidgets.QScrollArea, "layers")
    yield layers.isVisible, SECONDS
    assert len([text for text in _words(layers) if "Layer" in text]) == 8
    yield 0.5
    _save(ctx, window, "explanation_layers")
    window.close()
    yield 0.3


def _by_the_menu(ctx, docker, document, segment):
    """Ask in the segment's menu, while Krita's own window has the keyboard."""
    ctx.krita.activeWindow().qwindow().activateWindow()
    yield 0.5
    had = _keyboard()
    menu = docker.click(document, segment["point"])
    (action,) = [action for action in menu.actions() if action.text() == "Why this color?"]
    action.trigger()
    menu.close()
    window = yield from _answered(segment["source"]["frame"])
    yield 0.5
    ctx.values["keyboard"] = [str(one) for one in _keyboard()]
    assert _keyboard() == had, (_keyboard(), had)
    window.close()
    yield 0.3
    assert docker.widget._controller.explanation is None


def _keyboard():
    """Return the window in front and what has the focus."""
    application = QtWidgets.QApplication
    return application.activeWindow(), application.focusWidget()


def _answered(source):
    """Wait for the window's answer; five matches, the first from the frame that the run names."""
    yield lambda: any(_is_shown(widget) for widget in QtWidgets.QApplication.topLevelWidgets()), 9.0
    window = top_level(WINDOW)

    def tile(name):
        return window.findChild(QtWidgets.QFrame, name)

    yield lambda: tile("match_0") is not None, SECONDS
    assert _words(tile("explained_segment")) == [f"This segment, frame {FRAME}"]
    tiles = [tile(f"match_{place}") for place in range(5)]
    assert all(tiles), "five matches"
    assert all("Frame" in _words(one)[0] and "counts" in _words(one)[1] for one in tiles)
    assert _words(tiles[0])[0::2] == [f"Frame {source}", "The color is taken from here"]
    return window


def _is_shown(widget):
    return widget.isVisible() and widget.objectName() == WINDOW


def _words(widget):
    return [label.text() for label in widget.findChildren(QtWidgets.QLabel) if label.text()]


def _in_viewer(canvas, document, point):
    scale = min(canvas.width() / document.width, canvas.height() / document.height)
    left = (canvas.width() - scale * document.width) / 2
    top = (canvas.height() - scale * document.height) / 2
    return QtCore.QPoint(round(left + scale * point[0]), round(top + scale * point[1]))


def _save(ctx, window, name):
    screen = QtWidgets.QApplication.primaryScreen()
    screen.grabWindow(0).save(f"{ctx.out}/{name}.png")
    window.grab().save(f"{ctx.out}/{name}_alone.png")
