"""How many clicks and seconds it takes, by a real pointer, on the bundled shot in the docker.

What is counted is each press of the button. Going to a frame and scrolling the docker are not.
"""

import krita

from krita_plugin.propagate_colors.host import dabs, steps
from krita_plugin.propagate_colors.qt import QtCore, QtWidgets

from . import mouse
from .docked import ACCEPTED, ARTIST, PREDICTED, Docker, frames_colored, now
from .sample import sample_document

FRAMES = 7
FIVE = 5
SHOWS_SECONDS = 60.0  # on a busy machine
MENU_MS = 250
WRONG = (255, 0, 128, 255)  # red, green, blue, alpha: of nothing in the shot


class Hand:
    """A pointer that counts what it presses."""

    def __init__(self):
        self.clicks = 0

    def press(self, widget):
        self.clicks += 1
        yield from mouse.click(widget)

    def press_at(self, place):
        """Press at a place of the screen, without a wait."""
        self.clicks += 1
        mouse.move_to(QtCore.QPoint(*place))
        mouse.press_there()


class MenuHand:
    """Presses an entry of the menu that opens; a job's steps rest while one is open."""

    def __init__(self, hand, text):
        self._hand, self._text = hand, text
        self.done = False
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._look)
        self._timer.start(MENU_MS)

    def _look(self):
        menu = QtWidgets.QApplication.activePopupWidget()
        if menu is None or self.done:
            return
        (action,) = [a for a in menu.actions() if a.text() == self._text]
        middle = menu.mapToGlobal(menu.actionGeometry(action).center())
        self.done = True
        self._timer.stop()
        self._hand.press_at((middle.x(), middle.y()))


def the_table_of_clicks(ctx):
    docker = Docker(ctx)
    yield from docker.open()
    document, _, color = yield from sample_document(ctx, FRAMES)
    states = {2 * number: PREDICTED for number in range(1, FRAMES)}
    yield from docker.sees(document, {0: ARTIST})
    docker.widget.setFloating(True)
    docker.widget.resize(420, 940)
    docker.widget.move(1160, 20)
    yield 0.5
    table = ctx.values["clicks and seconds"] = {}
    try:
        yield from _color(docker, table)
        yield from docker.sees(document, {0: ARTIST, **states})
        yield from _fix_one(ctx, docker, document, color, table)
        yield from _fix_five(ctx, docker, document, color, table)
        yield from _accept(docker, table)
        yield from docker.sees(document, {0: ARTIST, **dict.fromkeys(states, ACCEPTED)})
    finally:
        docker.widget.setFloating(False)


def _color(docker, table):
    """A painted shot to colours."""
    hand, began = Hand(), now()
    yield from hand.press(docker.find("propagate_button"))
    yield lambda: not docker.idle, SHOWS_SECONDS
    said = yield from docker.ends(900.0)
    assert frames_colored(said) == FRAMES - 1, said
    table["painted shot to colors"] = hand.clicks, round(now() - began, 1)
    assert hand.clicks == 1


def _fix_one(ctx, docker, document, color, table):
    """One wrong segment, on the canvas: the switch, and a dab."""
    controller, hand = docker.widget._controller, Hand()
    time, point = _carried(controller, 0)
    yield from steps.goto(document, time)
    _foreground(ctx)
    yield lambda: controller.current_time == time, SHOWS_SECONDS
    yield from hand.press(docker.find("fix_switch"))
    yield lambda: controller.fix_on_canvas, SHOWS_SECONDS
    before = _at(document, color, time, point)
    began = now()
    hand.press_at(_screen(point))
    yield lambda: _at(document, color, time, point) != before, SHOWS_SECONDS
    table["one wrong segment"] = hand.clicks, round(now() - began, 2)
    assert _at(document, color, time, point) == bytes((WRONG[2], WRONG[1], WRONG[0], WRONG[3]))
    said = yield from docker.ends()
    assert said.startswith(("Fixed", "Also fix")), said
    assert hand.clicks <= 2
    controller.set_fix_on_canvas(False)


def _fix_five(ctx, docker, document, color, table):
    """One mistake carried over five frames or more: the switch, a dab, and one answer."""
    controller, hand = docker.widget._controller, Hand()
    time, point = _carried(controller, FIVE - 1)
    yield from steps.goto(document, time)
    yield lambda: controller.current_time == time, SHOWS_SECONDS
    began = now()
    yield from hand.press(docker.find("fix_switch"))
    yield lambda: controller.fix_on_canvas, SHOWS_SECONDS
    docker.find("message_close").click()
    asked = docker.find("message_label")
    yield lambda: docker.message == "", SHOWS_SECONDS
    hand.press_at(_screen(point))
    yield lambda: docker.message.startswith("Also fix"), SHOWS_SECONDS
    yield from hand.press(docker.find("message_action"))
    yield lambda: "frames fixed" in asked.text(), SHOWS_SECONDS
    fixed = int(asked.text().split()[0])
    table[f"one mistake carried over {fixed} frames"] = hand.clicks, round(now() - began, 1)
    assert fixed >= FIVE
    assert hand.clicks <= 3
    controller.set_fix_on_canvas(False)


def _accept(docker, table):
    """A finished shot: the button's arrow and its entry; one more where frames are doubtful."""
    hand, began = Hand(), now()
    button = docker.find("accept_button", QtWidgets.QToolButton)
    menu = MenuHand(hand, "Accept all")
    arrow = button.mapToGlobal(QtCore.QPoint(button.width() - 6, button.height() // 2))
    yield 0.3
    hand.press_at((arrow.x(), arrow.y()))
    yield lambda: menu.done, SHOWS_SECONDS
    label = docker.find("message_label")

    def accepted():
        return set(docker.states.values()) == {ARTIST, ACCEPTED}

    yield lambda: "Accept all the same" in label.text() or accepted(), SHOWS_SECONDS
    if not accepted():
        yield from hand.press(docker.find("message_action"))
    states = docker.states
    yield accepted, SHOWS_SECONDS
    table["accept a finished shot"] = hand.clicks, round(now() - began, 1)
    assert hand.clicks <= 3, states


def _carried(controller, later):
    """Return the frame and a place of a segment that goes on in so many frames after it."""
    shot = controller._documents.shot
    for frame in sorted(shot.seen):
        entry = shot.entry_of(frame)
        if entry is None:
            continue
        for mark in shot.digests.made(controller._engine.review_below)[frame].marks:
            if mark.area > 800 and _goes_on(shot, frame, mark) >= later:
                return frame, mark.point
    raise AssertionError("no segment goes on so far")


def _goes_on(shot, frame, mark):
    from krita_plugin.propagate_colors.state import mistakes
    from krita_plugin.propagate_colors.work.fix import _results_after

    item = mistakes.item_of(shot.result(frame), mark.segment)
    return len(mistakes.carried(frame, item, _results_after(shot, frame)))


def _screen(point):
    """Return where a place of the document lies on the screen; the canvas is not turned."""
    canvas = next(w for w in QtWidgets.QApplication.allWidgets()
                  if dabs._is_canvas(w) and w.isVisible())  # fmt: skip
    shown = dabs.shown(canvas)
    place = [round(side * shown.scale - far) for side, far in zip(point, shown.corner, strict=True)]
    found = canvas.mapToGlobal(QtCore.QPoint(*place))
    return found.x(), found.y()


def _at(document, color, time, point):
    layer = document.layer(color)
    if not layer.has_key(time):
        return b""
    return layer.read(time, (int(point[0]), int(point[1]), 1, 1))


def _foreground(ctx):
    ink = krita.ManagedColor("RGBA", "U8", "")
    blue, green, red, alpha = (WRONG[i] / 255 for i in (2, 1, 0, 3))
    ink.setComponents([blue, green, red, alpha])
    ctx.krita.activeWindow().activeView().setForeGroundColor(ink)
