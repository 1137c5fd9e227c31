"""The contact sheet's pictures: what they show now and before, fetched without stalling Krita."""

from time import perf_counter

from krita_plugin.propagate_colors.host import writing
from krita_plugin.propagate_colors.pauses import pauses
from krita_plugin.propagate_colors.qt import QtGui
from tests.in_krita.scenarios.rig import BLUE, KEYS, RED, ready
from tests.in_krita.scenarios.sample_runs import DRAWINGS, started

LEFT_HALF, RIGHT_HALF = 0.3, 0.8  # shares of the width, beside the lines
BREATH = 16  # of 255
MOST_READS = 6.0  # the longest step, in times that one layer of this size takes to be read here


def picture(rig, time, before=False):
    """Ask for a picture, wait for it, return it as an image."""
    rig.controller.sheet_picture(time, before)
    yield from rig.rests()
    width, height, data = rig.controller.sheet_picture(time, before)
    return QtGui.QImage(data, width, height, 4 * width, QtGui.QImage.Format.Format_ARGB32).copy()


def halves(image):
    y = image.height() // 2
    places = (LEFT_HALF, RIGHT_HALF)
    colors = [image.pixelColor(int(share * image.width()), y) for share in places]
    return [(c.blue(), c.green(), c.red(), c.alpha()) for c in colors]


def is_bare(image):
    """Tell whether no colour shows; a line's scaled edge may leave a breath of ink."""
    return all(alpha < BREATH for _, _, _, alpha in halves(image))


def they_show_frames_now_and_before(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    now = yield from picture(rig, 5)
    assert halves(now) == [RED, BLUE], halves(now)
    before = yield from picture(rig, 5, True)
    assert is_bare(before), halves(before)
    artist = yield from picture(rig, 0, True)
    assert halves(artist) == [RED, BLUE], "what the artist painted is not ours to take back"
    assert "sheet" in rig.told
    rig.controller.shutdown()


def a_frame_that_was_blank_is_blank_before(ctx):
    rig = yield from ready(ctx)
    empty = bytes(len(rig.colors(RED, BLUE)))
    yield from writing.put(rig.document, rig.color, 2, rig.box, empty)
    yield from rig.look()
    yield from rig.rests()
    yield from rig.do("propagate")
    now = yield from picture(rig, 2)
    assert halves(now) == [RED, BLUE]
    before = yield from picture(rig, 2, True)
    assert is_bare(before), halves(before)
    rig.controller.shutdown()


def pictures_give_way_to_commands(ctx):
    rig = yield from ready(ctx)
    for time in KEYS:
        rig.controller.sheet_picture(time)
    assert rig.controller.busy is None, "they are fetched quietly"
    said = yield from rig.do("propagate")
    assert said == ["3 colored, 3 to look at."], said
    rig.controller.shutdown()


def krita_hardly_waits(ctx):
    """All pictures of the sample at its real size, none of whose steps takes long."""
    watched, document = yield from started(ctx)
    controller = watched.controller
    layer, reads = document.layer(controller.color_layer), []
    for _ in range(9):
        began = perf_counter()
        layer.read(0, ctx.canvas(document))
        reads.append(1000 * (perf_counter() - began))
        yield
    one_read = sorted(reads)[len(reads) // 2]
    pauses.clear()
    for number in range(DRAWINGS):
        assert controller.sheet_picture(2 * number) is None
    yield lambda: controller._worker.idle, 100.0
    assert all(controller.sheet_picture(2 * number) for number in range(DRAWINGS))
    found = pauses.summary()["step"]
    taken = sorted(ms for kind, ms in pauses if kind == "step")
    ctx.values["longest_ms"], ctx.values["median_ms"] = found.longest, found.median
    ctx.values["one_read_ms"] = one_read
    assert found.count >= 3 * DRAWINGS, found
    # One step in twenty may have been interrupted by other work of a busy machine.
    assert taken[len(taken) * 19 // 20] <= MOST_READS * one_read, (found, one_read, taken[-8:])
    controller.shutdown()
