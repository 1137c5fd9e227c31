"""Fix on the canvas: a real pointer's dabs colour segments, however the canvas is turned.

Krita itself tells which place of the document lies below one of the screen: with the switch off, a
dab there leaves ink.
"""

import krita

from krita_plugin.propagate_colors.host import dabs, steps
from krita_plugin.propagate_colors.qt import QtCore, QtWidgets
from tests.in_krita.scenarios.pen import Pen
from tests.in_krita.scenarios.rig import BLUE, RED, ControllerRig
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
    rig = ControllerRig(ctx)
    yield from rig.build(KEYS, (0,), size=SIZE)
    yield from rig.start()
    yield from rig.do("propagate")
    pen = Pen(ctx, rig.document)
    yield from ctx.activate(rig.document, rig.line)
    yield from steps.goto(rig.document, TIME)
    yield from pen.take(rig.line, TIME)
    return rig, pen


def dabs_fix_segments_however_the_canvas_is_turned(ctx):
    rig, pen = yield from _ready(ctx)
    before = {t: rig.pixels(t) for t in KEYS}
    lines = {t: ctx.pixels(rig.document, rig.line, t) for t in KEYS}
    held = {1: RED, 2: BLUE}
    ctx.values["farthest_px"] = 0.0
    for number, view in enumerate(VIEWS):
        yield from _turn(ctx, pen, *view)
        for share in SCREEN_SHARES:
            place = _screen(pen.canvas, share)
            point = yield from _inked(ctx, rig, pen, place)
            far = _far(pen.canvas, share, point)
            ctx.values["farthest_px"] = max(far, ctx.values["farthest_px"])
            assert far <= NEAR_PX, (view, share, far)
            side = 1 if point[0] < SIZE[0] / 2 else 2
            color = (40 + 25 * number, 90 + 60 * side, 60, 255)
            yield from ctx.activate(rig.document, (rig.line, rig.color)[number % 2])
            said = yield from _fix(ctx, rig, pen, [place] * 3, color, TOOLS[number % 3])
            held[side] = color
            if rig.pixels(TIME) != rig.predicted(TIME, held[1], held[2]):
                raise AssertionError((view, share, point, said, _corners(rig), held))
    assert {t: rig.pixels(t) for t in KEYS if t != TIME} == {
        t: before[t] for t in KEYS if t != TIME
    }
    hints = rig.controller._documents.shot.journal.hints["hints"]
    assert {hint["frame"] for hint in hints} == {TIME}
    document, wanted = yield from _saved(ctx, rig)
    assert ctx.pixels(document, rig.color, TIME) == wanted
    assert {t: ctx.pixels(document, rig.line, t) for t in KEYS} == lines


def a_dab_of_any_size_and_kind_counts(ctx):
    """Short, long, double, and a pen's; Space and the other buttons stay Krita's."""
    rig, pen = yield from _ready(ctx)
    yield from _turn(ctx, pen, 1.0, 0.0, False, (0, 0))
    left, right = (_screen(pen.canvas, share) for share in SCREEN_SHARES)
    stroke = [(left[0] + 9 * i, left[1] + 3 * i) for i in range(40)]  # into the other segment
    lines = {t: ctx.pixels(rig.document, rig.line, t) for t in KEYS}
    for number, places in enumerate(([left], [left, (left[0] + 1, left[1])], stroke)):
        color = (10 + 60 * number, 200, 70, 255)
        yield from _fix(ctx, rig, pen, places, color, TOOLS[0])
        assert rig.pixels(TIME) == rig.predicted(TIME, color, BLUE), number
    ink = (9, 9, 99, 255)
    _foreground(ctx, ink)
    rig.controller.set_fix_on_canvas(True)
    for kind in ("TabletPress", "TabletMove", "TabletRelease"):
        inside = pen.canvas.mapFromGlobal(QtCore.QPoint(*right))
        send_pen(pen.canvas, kind, kind != "TabletRelease", (inside.x(), inside.y()))
        yield 0.05
    yield from rig.rests()
    rig.controller.set_fix_on_canvas(False)
    assert rig.pixels(TIME) == rig.predicted(TIME, color, ink), _corners(rig)
    assert {t: ctx.pixels(rig.document, rig.line, t) for t in KEYS} == lines
    window = ctx.krita.activeWindow().qwindow()
    yield lambda: not window.findChildren(QtWidgets.QLabel, "fix_sign"), ARRIVES_SECONDS
    rig.controller.shutdown()


def with_the_switch_off_painting_is_as_before(ctx):
    rig, pen = yield from _ready(ctx)
    rig.controller.set_fix_on_canvas(True)
    yield 0.1
    rig.controller.set_fix_on_canvas(False)
    before = rig.pixels(TIME)
    yield from ctx.activate(rig.document, rig.color)
    yield from pen.presses([_screen(pen.canvas, SCREEN_SHARES[0])] * 3)
    yield lambda: rig.pixels(TIME) != before, ARRIVES_SECONDS
    yield lambda: rig.states()[TIME] == "artist", ARRIVES_SECONDS
    yield from rig.rests()
    # On a frame of the artist's own a dab changes nothing, and says why.
    held = rig.pixels(TIME)
    said = yield from _fix(ctx, rig, pen, [_screen(pen.canvas, SCREEN_SHARES[1])] * 3, RED)
    assert said == [f"Frame {TIME} is yours: paint the color there directly."], said
    assert rig.pixels(TIME) == held
    rig.controller.shutdown()


def quick_dabs_wait_for_each_other(ctx):
    """Two within a fix's time: both are followed, in order."""
    rig, pen = yield from _ready(ctx)
    yield from _turn(ctx, pen, 1.0, 0.0, False, (0, 0))
    left, right = (_screen(pen.canvas, share) for share in SCREEN_SHARES)
    color = (20, 150, 250, 255)
    _foreground(ctx, color)
    rig.controller.set_fix_on_canvas(True)
    heard = _hears(rig)
    process = pen._start([(0.0, [left]), (0.02, [right])])
    yield lambda: process.poll() is not None, 30.0
    yield lambda: len(heard) == 2, ARRIVES_SECONDS
    yield lambda: not rig.controller._waiting and rig.controller.busy is None, 30.0
    yield from rig.rests()
    rig.controller.set_fix_on_canvas(False)
    assert rig.pixels(TIME) == rig.predicted(TIME, color, color)
    rig.controller.shutdown()


def _corners(rig):
    """Return a pixel of either side, to tell what went wrong."""
    data = rig.pixels(TIME)
    return tuple(data[-4 * SIZE[0] :][:4]), tuple(data[-4:])


def _fix(ctx, rig, pen, places, color, tool=TOOLS[0]):
    """Press on the canvas with the switch on; returns what was said."""
    ctx.krita.action(tool).trigger()
    _foreground(ctx, color)
    yield 0.2
    rig.controller.set_fix_on_canvas(True)
    heard = _hears(rig)
    try:
        yield from pen.presses(places)
        yield lambda: heard, ARRIVES_SECONDS
        yield 0.1
        assert len(heard) == 1, heard
        return (yield from rig.rests())
    finally:
        rig.controller.set_fix_on_canvas(False)
        ctx.krita.action(TOOLS[0]).trigger()


def _hears(rig):
    """Return a list that gets the places of the dabs to come."""
    heard, taker = [], rig.controller._dabs
    follow = rig.controller._on_dab
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


def _inked(ctx, rig, pen, place):
    """Return where in the document Krita's own brush leaves ink for a place of the screen."""
    yield from ctx.activate(rig.document, rig.line)
    ctx.krita.activeWindow().activeView().setForeGroundColor(_pink())
    before = ctx.pixels(rig.document, rig.line, TIME)
    yield from pen.inks(rig.line, TIME, place)
    former, after = b"", ctx.pixels(rig.document, rig.line, TIME)
    while former != after:  # until the whole dab is there
        yield from ctx.settle(rig.document.raw, 0.3)
        former, after = after, ctx.pixels(rig.document, rig.line, TIME)
    spots = [i // 4 for i in range(0, len(after), 4) if after[i : i + 4] != before[i : i + 4]]
    yield from ctx.action(rig.document, "edit_undo")
    yield lambda: ctx.pixels(rig.document, rig.line, TIME) == before, ARRIVES_SECONDS
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


def _saved(ctx, rig):
    """Save, close and open the document; returns it and what the frame held before."""
    path, held = ctx.file("fixed.kra"), rig.pixels(TIME)
    rig.document.raw.setBatchmode(True)
    assert rig.document.raw.saveAs(path)
    yield from ctx.close(rig.document)
    rig.controller.shutdown()
    document = yield from ctx.open_document(path)
    return document, held
