"""Fix on the canvas: a real pointer's dabs colour segments, however the canvas is turned.

Krita itself tells which place of the document lies below one of the screen: with the switch off, a
dab there leaves ink.
"""

import krita

from krita_plugin.propagate_colors.host import dabs, steps
from krita_plugin.propagate_colors.qt import QtCore, QtWidgets
from tests.in_krita.scenarios.desk import BLUE, RED, Desk
from tests.in_krita.scenarios.pen import Pen
from tests.in_krita.scenarios.tablet import send_pen

SIZE = (800, 560)
KEYS = (0, 2, 5, 6)
TIME = 5
SCREEN_SHARES = ((0.36, 0.42), (0.62, 0.55))  # of the canvas: left and right where it is not turned
NEAR_PX = 1.5
ARRIVES_SECONDS = 30.0  # on a busy machine
# Zoom, rotation, mirror, how far it is moved: as an artist may have left the view.
VIEWS = (
    (1.5, 0.0, False, (0, 0)),
    (3.0, 0.0, False, (-160, 90)),
    (0.5, 0.0, False, (40, -20)),
    (1.4, 30.0, False, (0, 0)),
    (2.2, 205.0, False, (60, 40)),
    (1.3, 0.0, True, (-50, 20)),
    (1.6, -75.0, True, (30, -30)),
)
TOOLS = ("KritaShape/KisToolBrush", "KritaFill/KisToolFill", "KisToolSelectRectangular")


def _ready(ctx):
    desk = Desk(ctx)
    yield from desk.build(KEYS, (0,), size=SIZE)
    yield from desk.start()
    yield from desk.do("propagate")
    pen = Pen(ctx, desk.document)
    yield from ctx.activate(desk.document, desk.line)
    yield from steps.goto(desk.document, TIME)
    yield from pen.take(desk.line, TIME)
    return desk, pen


def dabs_fix_segments_however_the_canvas_is_turned(ctx):
    desk, pen = yield from _ready(ctx)
    before = {t: desk.pixels(t) for t in KEYS}
    lines = {t: ctx.pixels(desk.document, desk.line, t) for t in KEYS}
    held = {1: RED, 2: BLUE}
    ctx.values["farthest_px"] = 0.0
    for number, view in enumerate(VIEWS):
        yield from _turn(ctx, pen, *view)
        for share in SCREEN_SHARES:
            place = _screen(pen.canvas, share)
            point = yield from _inked(ctx, desk, pen, place)
            far = _far(pen.canvas, share, point)
            ctx.values["farthest_px"] = max(far, ctx.values["farthest_px"])
            assert far <= NEAR_PX, (view, share, far)
            side = 1 if point[0] < SIZE[0] / 2 else 2
            color = (40 + 25 * number, 90 + 60 * side, 60, 255)
            yield from ctx.activate(desk.document, (desk.line, desk.color)[number % 2])
            said = yield from _fix(ctx, desk, pen, [place] * 3, color, TOOLS[number % 3])
            held[side] = color
            if desk.pixels(TIME) != desk.predicted(TIME, held[1], held[2]):
                raise AssertionError((view, share, point, said, _corners(desk), held))
    assert {t: desk.pixels(t) for t in KEYS if t != TIME} == {
        t: before[t] for t in KEYS if t != TIME
    }
    hints = desk.controller._desk.shot.journal.hints["hints"]
    assert {hint["frame"] for hint in hints} == {TIME}
    document, wanted = yield from _saved(ctx, desk)
    assert ctx.pixels(document, desk.color, TIME) == wanted
    assert {t: ctx.pixels(document, desk.line, t) for t in KEYS} == lines


def a_dab_of_any_size_and_kind_counts(ctx):
    """Short, long, double, and a pen's; Space and the other buttons stay Krita's."""
    desk, pen = yield from _ready(ctx)
    yield from _turn(ctx, pen, 1.0, 0.0, False, (0, 0))
    left, right = (_screen(pen.canvas, share) for share in SCREEN_SHARES)
    stroke = [(left[0] + 9 * i, left[1] + 3 * i) for i in range(40)]  # into the other segment
    lines = {t: ctx.pixels(desk.document, desk.line, t) for t in KEYS}
    for number, places in enumerate(([left], [left, (left[0] + 1, left[1])], stroke)):
        color = (10 + 60 * number, 200, 70, 255)
        yield from _fix(ctx, desk, pen, places, color, TOOLS[0])
        assert desk.pixels(TIME) == desk.predicted(TIME, color, BLUE), number
    ink = (9, 9, 99, 255)
    _foreground(ctx, ink)
    desk.controller.set_fix_on_canvas(True)
    for kind in ("TabletPress", "TabletMove", "TabletRelease"):
        inside = pen.canvas.mapFromGlobal(QtCore.QPoint(*right))
        send_pen(pen.canvas, kind, kind != "TabletRelease", (inside.x(), inside.y()))
        yield 0.05
    yield from desk.rests()
    desk.controller.set_fix_on_canvas(False)
    assert desk.pixels(TIME) == desk.predicted(TIME, color, ink), _corners(desk)
    assert {t: ctx.pixels(desk.document, desk.line, t) for t in KEYS} == lines
    window = ctx.krita.activeWindow().qwindow()
    yield lambda: not window.findChildren(QtWidgets.QLabel, "fix_sign"), ARRIVES_SECONDS
    desk.controller.shutdown()


def with_the_switch_off_painting_is_as_before(ctx):
    desk, pen = yield from _ready(ctx)
    desk.controller.set_fix_on_canvas(True)
    yield 0.1
    desk.controller.set_fix_on_canvas(False)
    before = desk.pixels(TIME)
    yield from ctx.activate(desk.document, desk.color)
    yield from pen.presses([_screen(pen.canvas, SCREEN_SHARES[0])] * 3)
    yield lambda: desk.pixels(TIME) != before, ARRIVES_SECONDS
    yield lambda: desk.states()[TIME] == "artist", ARRIVES_SECONDS
    yield from desk.rests()
    # On a frame of the artist's own a dab changes nothing, and says why.
    held = desk.pixels(TIME)
    said = yield from _fix(ctx, desk, pen, [_screen(pen.canvas, SCREEN_SHARES[1])] * 3, RED)
    assert said == [f"Frame {TIME} is yours: paint the color there directly."], said
    assert desk.pixels(TIME) == held
    desk.controller.shutdown()


def quick_dabs_wait_for_each_other(ctx):
    """Two within a fix's time: both are followed, in order."""
    desk, pen = yield from _ready(ctx)
    yield from _turn(ctx, pen, 1.0, 0.0, False, (0, 0))
    left, right = (_screen(pen.canvas, share) for share in SCREEN_SHARES)
    color = (20, 150, 250, 255)
    _foreground(ctx, color)
    desk.controller.set_fix_on_canvas(True)
    heard = _hears(desk)
    process = pen._start([(0.0, [left]), (0.02, [right])])
    yield lambda: process.poll() is not None, 30.0
    yield lambda: len(heard) == 2, ARRIVES_SECONDS
    yield lambda: not desk.controller._waiting and desk.controller.busy is None, 30.0
    yield from desk.rests()
    desk.controller.set_fix_on_canvas(False)
    assert desk.pixels(TIME) == desk.predicted(TIME, color, color)
    desk.controller.shutdown()


def _corners(desk):
    """Return a pixel of either side, to tell what went wrong."""
    data = desk.pixels(TIME)
    return tuple(data[-4 * SIZE[0] :][:4]), tuple(data[-4:])


def _fix(ctx, desk, pen, places, color, tool=TOOLS[0]):
    """Press on the canvas with the switch on; returns what was said."""
    ctx.krita.action(tool).trigger()
    _foreground(ctx, color)
    yield 0.2
    desk.controller.set_fix_on_canvas(True)
    heard = _hears(desk)
    try:
        yield from pen.presses(places)
        yield lambda: heard, ARRIVES_SECONDS
        yield 0.1
        assert len(heard) == 1, heard
        return (yield from desk.rests())
    finally:
        desk.controller.set_fix_on_canvas(False)
        ctx.krita.action(TOOLS[0]).trigger()


def _hears(desk):
    """Return a list that gets the places of the dabs to come."""
    heard, taker = [], desk.controller._dabs
    follow = desk.controller._on_dab
    taker._on_dab = lambda point: (heard.append(point), follow(point))
    return heard


def _foreground(ctx, color):
    ink = krita.ManagedColor("RGBA", "U8", "")
    ink.setComponents([part / 255 for part in color])
    ctx.krita.activeWindow().activeView().setForeGroundColor(ink)


def _turn(ctx, pen, zoom, degrees, mirrored, moved):
    """Let the canvas show the document so."""
    canvas = ctx.krita.activeWindow().activeView().canvas()
    canvas.setMirror(False)
    canvas.setRotation(0.0)
    canvas.setZoomLevel(zoom)
    canvas.setMirror(mirrored)
    canvas.setRotation(degrees)
    yield 0.3
    area = dabs._scroll_area(pen.canvas)
    across, down = area.horizontalScrollBar(), area.verticalScrollBar()
    across.setValue(across.value() + moved[0])
    down.setValue(down.value() + moved[1])
    former, told = None, _told(pen)
    while former != told or told is None:  # until Krita has come to rest
        yield 0.3
        former, told = told, _told(pen)


def _told(pen):
    return dabs.shown(pen.canvas)


def _screen(canvas, share):
    """Return a place of the canvas on the screen."""
    corner = canvas.mapToGlobal(QtCore.QPoint(0, 0))
    return (
        corner.x() + round(canvas.width() * share[0]),
        corner.y() + round(canvas.height() * share[1]),
    )


def _inked(ctx, desk, pen, place):
    """Return where in the document Krita's own brush leaves ink for a place of the screen."""
    yield from ctx.activate(desk.document, desk.line)
    ctx.krita.activeWindow().activeView().setForeGroundColor(_pink())
    before = ctx.pixels(desk.document, desk.line, TIME)
    yield from pen.inks(desk.line, TIME, place)
    former, after = b"", ctx.pixels(desk.document, desk.line, TIME)
    while former != after:  # until the whole dab is there
        yield from ctx.settle(desk.document.raw, 0.3)
        former, after = after, ctx.pixels(desk.document, desk.line, TIME)
    spots = [i // 4 for i in range(0, len(after), 4) if after[i : i + 4] != before[i : i + 4]]
    yield from ctx.action(desk.document, "edit_undo")
    yield lambda: ctx.pixels(desk.document, desk.line, TIME) == before, ARRIVES_SECONDS
    columns, rows = [i % SIZE[0] for i in spots], [i // SIZE[0] for i in spots]
    return (min(columns) + max(columns) + 1) / 2, (min(rows) + max(rows) + 1) / 2


def _pink():
    ink = krita.ManagedColor("RGBA", "U8", "")
    ink.setComponents([1.0, 0.0, 1.0, 1.0])
    return ink


def _far(canvas, share, point):
    place = round(canvas.width() * share[0]), round(canvas.height() * share[1])
    shown = dabs.shown(canvas)
    assert shown is not None, "the scroll bars and the zoom do not agree"
    x, y = shown.to_document(place)
    return max(abs(x - point[0]), abs(y - point[1]))


def _saved(ctx, desk):
    """Save, close and open the document; returns it and what the frame held before."""
    path, held = ctx.file("fixed.kra"), desk.pixels(TIME)
    desk.document.raw.setBatchmode(True)
    assert desk.document.raw.saveAs(path)
    yield from ctx.close(desk.document)
    desk.controller.shutdown()
    document = yield from ctx.open_document(path)
    return document, held
