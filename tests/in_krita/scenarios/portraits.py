"""Pictures of the docker and of Krita's window; started by scripts/screenshots.py."""

from krita_plugin.propagate_colors.host import steps
from krita_plugin.propagate_colors.qt import Qt, QtGui, QtWidgets

from .docked import ARTIST, Docker
from .docker_ways import without_engine
from .whole import shot

SHOWN = {"propagate_colors", "TimelineDocker", "ToolBox", "KisLayerBox"}
DOCKER_WIDTH, DOCKER_HEIGHT, TIMELINE_HEIGHT = 300, 720, 130


class Portraits:
    """Takes pictures of the screen, so that the canvas is in them too."""

    def __init__(self, ctx, docker):
        self._ctx = ctx
        self._docker = docker

    def window(self, name):
        """Take the whole window."""
        yield 0.6
        screen = QtWidgets.QApplication.primaryScreen()
        self._save(screen.grabWindow(0), name)

    def docker(self, name):
        """Take the docker alone."""
        yield 0.4
        self._save(self._docker.widget.grab(), name)

    def widget(self, widget, name):
        yield 0.4
        self._save(widget.grab(), name)

    def _save(self, pixmap, name):
        image = pixmap.toImage().convertToFormat(QtGui.QImage.Format.Format_RGB888)
        assert image.save(f"{self._ctx.out}/{name}.png")


def of_everything(ctx):
    """Idle, running, in review with doubtful segments and by colour, in error, the settings."""
    docker = Docker(ctx)
    yield from docker.open()
    window = ctx.krita.activeWindow().qwindow()
    make_room(window, docker)
    portraits = Portraits(ctx, docker)
    document, line, color = yield from shot(ctx)
    document.layer(line).node.setBlendingMode("multiply")  # its paper would hide the colours
    yield from steps.goto(document, 0)
    yield from docker.sees(document, {0: ARTIST})
    yield 1.0
    if not docker.find("line_button").isVisible():
        docker.press("setup_toggle")
    yield from portraits.window("window_idle")
    yield from portraits.docker("docker_idle")
    docker.press("propagate_button")
    yield from docker.has_written(document, color, 6)
    yield from portraits.docker("docker_running")
    yield from docker.ends()
    yield from in_review(docker, document, portraits)
    yield from in_error(docker, portraits)


def make_room(window, docker):
    """Give the docker a column of its own, as at work."""
    for other in window.findChildren(QtWidgets.QDockWidget):
        other.setVisible(other.objectName() in SHOWN)
    area = Qt.DockWidgetArea.RightDockWidgetArea
    window.addDockWidget(area, docker.widget)
    window.resizeDocks([docker.widget], [DOCKER_WIDTH], Qt.Orientation.Horizontal)
    window.resizeDocks([docker.widget], [DOCKER_HEIGHT], Qt.Orientation.Vertical)
    timeline = window.findChild(QtWidgets.QDockWidget, "TimelineDocker")
    window.resizeDocks([timeline], [TIMELINE_HEIGHT], Qt.Orientation.Vertical)


def in_review(docker, document, portraits):
    """The review list, doubtful segments over the frame, and the colours."""
    docker.find("message_close", QtWidgets.QAbstractButton).click()
    yield from steps.goto(document, 12)
    yield 0.7
    docker.select(12)
    docker.find("mode_doubtful", QtWidgets.QAbstractButton).click()
    yield 2.5
    yield from portraits.window("window_review")
    yield from portraits.docker("docker_review")
    tabs = docker.find("review_tabs", QtWidgets.QTabWidget)
    tabs.setCurrentIndex(1)
    docker.find("mode_segments", QtWidgets.QAbstractButton).click()
    yield 2.5
    yield from portraits.docker("docker_colors")
    tabs.setCurrentIndex(0)
    docker.find("mode_picture", QtWidgets.QAbstractButton).click()
    yield 0.5


def in_error(docker, portraits):
    """The settings, and what the docker says without an engine."""
    dialog = yield from docker.settings()
    models = dialog.findChild(QtWidgets.QListWidget, "model_list")
    yield lambda: models.count() > 0, 20.0
    yield from portraits.widget(dialog, "settings")
    with without_engine(dialog):
        dialog.close()
        yield from docker.propagates()
        yield from portraits.docker("docker_error")
