"""Goes through Krita's menu bar with the screen's own pointer, as a hand does."""

from krita_plugin.propagate_colors.qt import QtCore, QtGui, QtWidgets

from . import mouse

STEP_MS = 500  # a menu on a busy machine is drawn by then
MARGIN = 12  # pixels around what a picture shows
_WAY = (-4, 0)  # pixels from the middle: an entry is marked once the pointer moves within it


class MenuWay:
    """Presses one entry after the other; a job's steps rest while a menu is open.

    `path` are the beginnings of the entries' texts, without "&". `save` gets a picture of the menus
    that are open, right before the last entry is pressed.
    """

    def __init__(self, window, path, save=lambda picture: None):
        self.done = False
        self.problem = ""
        self._path, self._save = list(path), save
        self._place = window.menuBar()
        self._menus = [self._place]
        self._moves = 0
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._step)
        self._timer.start(STEP_MS)

    def _step(self):
        if not self._place.isVisible():
            return
        action = self._find(self._path[0])
        if action is None or not action.isEnabled():
            self._end(f"the entry {self._path[0]!r} is {'off' if action else 'not there'}")
            self._close()
            return
        middle = self._place.mapToGlobal(self._place.actionGeometry(action).center())
        if self._moves < len(_WAY):
            mouse.move_to(middle + QtCore.QPoint(_WAY[self._moves], 0))
            self._moves += 1
            return
        self._moves = 0
        del self._path[0]
        if self._path:
            self._place = action.menu()
            self._menus.append(self._place)
        else:
            self._save(self._picture())
            self._end("")
        mouse.press_there()

    def _find(self, beginning):
        for action in self._place.actions():
            if action.isVisible() and action.text().replace("&", "").startswith(beginning):
                return action
        return None

    def _close(self):
        for menu in reversed(self._menus[1:]):
            menu.close()

    def _end(self, problem):
        self._timer.stop()
        self.problem, self.done = problem, True

    def _picture(self):
        """Return what the screen shows of the open menus, and of the bar up to their right edge."""
        edges = QtCore.QRect()
        for menu in self._menus[1:]:
            edges = edges.united(QtCore.QRect(menu.mapToGlobal(QtCore.QPoint(0, 0)), menu.size()))
        bar = self._menus[0].mapToGlobal(QtCore.QPoint(0, 0))
        edges.setTop(bar.y())
        edges = edges.adjusted(-MARGIN, 0, MARGIN, MARGIN)
        screen = QtWidgets.QApplication.primaryScreen()
        whole = screen.grabWindow(0)
        kept = edges.intersected(QtCore.QRect(QtCore.QPoint(0, 0), whole.size()))
        return whole.copy(kept).toImage().convertToFormat(QtGui.QImage.Format.Format_RGB888)


def choose(ctx, path, name=""):
    """Choose an entry of the menu bar; steps of a scenario. `name` keeps a picture of it."""
    window = ctx.krita.activeWindow().qwindow()

    def save(picture):
        if name:
            assert picture.save(ctx.file(f"{name}.png"))

    way = MenuWay(window, path, save)
    yield lambda: way.done, 60.0
    assert not way.problem, way.problem
