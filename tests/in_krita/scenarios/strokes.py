"""Strokes during the plugin's work: each is found where it was drawn, in the saved document.

The pointer is real (see pen.py), and so are Krita and all that is written. The engine alone is one
in the same process, which answers at once with other colours in every run, so that every frame is
written again and again.
"""

import os
import random

from krita_plugin.propagate_colors.host import hand, steps
from krita_plugin.propagate_colors.pauses import pauses
from krita_plugin.propagate_colors.work.jobs import QtClock
from tests.in_krita.scenarios.desk import Desk
from tests.in_krita.scenarios.pen import Pen, Watch
from tests.krita_plugin.fake_engine import FakeEngine

SIZE = (800, 560)  # most of what Krita shows at 100 %
KEYS = tuple(range(0, 12, 2))
PAINTED = (0, 6)
BUSY_SECONDS = 120.0  # an idle machine needs two
STROKES = int(os.environ.get("STROKES", "200"))
A_STAND = 10  # strokes at one frame of one layer
PLACE_PX = 20  # between two strokes of a frame
LONG_PX = 5
REST_SECONDS = (0.0, 0.25)


class Restless(FakeEngine):
    """Gives other colours in every run, and takes no look at the lines."""

    runs = 0

    def _propagate(self, number, header, payload):
        self.runs += 1
        super()._propagate(number, header, payload)

    def _paint(self, shot, frame, near, hints):
        width, height = shot["form"][:2]
        color = bytes(((self.runs * 7 + frame) % 200, 40, 90, 255))
        segments = [
            {"id": 1, "color": list(color), "state": "painted", "confidence": 0.9,
             "source": {"frame": near, "segment": 1}}
        ]  # fmt: skip
        return color * (width * height), segments


class Studio(Desk):
    """A desk on a larger document, with the restless engine."""

    def _make_engine(self, hello):
        self.engine = Restless(hello, QtClock())
        return self.engine


def strokes_stay_where_they_are_drawn(ctx):
    """Run and take back without a rest while strokes come at random moments."""
    desk = Studio(ctx)
    yield from desk.build(KEYS, PAINTED, size=SIZE)
    yield from desk.start()
    yield from desk.do("propagate")
    pen, wanted = Pen(ctx, desk.document), []
    yield from ctx.activate(desk.document, desk.line)
    yield from steps.goto(desk.document, 8)
    yield from pen.take(desk.line, 8)
    chance = random.Random(19)
    ctx.values.update(strokes=0, jobs=0)
    for number in range(STROKES // A_STAND):
        layer, time, undoing = _stand(desk, number)
        yield from ctx.activate(desk.document, layer)
        yield from steps.goto(desk.document, time)
        places = _places(chance, wanted, layer, time)
        strokes = [(chance.uniform(*REST_SECONDS), [at, (at[0] + LONG_PX, at[1])]) for at in places]
        wanted += [(layer, time, at) for at in places]
        watch = Watch(desk.document)
        yield from _work_meanwhile(ctx, desk, pen.draws(strokes), undoing)
        watch.stop()
        assert watch.seen == {(time, layer)}, (watch.seen, time, layer)
        ctx.values["strokes"] += len(places)
    yield from desk.rests()
    ctx.values["pauses"] = {
        kind: [found.count, round(found.median), round(found.longest)]
        for kind, found in pauses.summary().items()
    }
    path = ctx.file("drawn.kra")
    desk.document.raw.setBatchmode(True)
    assert desk.document.raw.saveAs(path)
    yield from ctx.close(desk.document)
    desk.controller.shutdown()
    saved = yield from ctx.open_document(path)
    missing, strange = _check(ctx, saved, wanted, (desk.line, desk.color))
    written = {(desk.color, time) for time in KEYS if time not in PAINTED}
    ctx.values.update(
        lost=[stroke for stroke in missing if stroke[:2] in written],
        never_drawn=[stroke for stroke in missing if stroke[:2] not in written],
    )
    assert not strange, (len(strange), strange[:5])


def _stand(desk, number):
    """Return the layer and frame where the artist draws next, and whether frames are taken back."""
    return (
        (desk.line, KEYS[(5 * number) % len(KEYS)], True),
        (desk.color, PAINTED[number % 2], True),
        (desk.line, KEYS[(7 * number + 3) % len(KEYS)], False),
        # On a frame that is written again and again.
        (desk.color, (2, 4, 8, 10)[number // 4 % 4], False),
    )[number % 4]


def _places(chance, wanted, layer, time):
    taken = {at for one, when, at in wanted if (one, when) == (layer, time)}
    free = [
        (x, y)
        for x in range(10, SIZE[0] - 20, PLACE_PX)
        for y in range(10, SIZE[1] - 20, PLACE_PX)
        if (x, y) not in taken
    ]
    return chance.sample(free, A_STAND)


def _work_meanwhile(ctx, desk, process, undoing):
    """Keep the plugin at work until the last stroke is drawn, and let it come to its end."""
    undo = False
    while process.poll() is None:
        if undo:
            desk.controller.undo(list(KEYS))
        else:
            desk.controller.propagate()
        ctx.values["jobs"] += 1
        try:
            yield lambda: desk.controller.busy is None, BUSY_SECONDS
        except TimeoutError:
            raise AssertionError(desk.failures.texts or _where(desk)) from None
        troubles = [text for _, text, _ in desk.messages if "Krita did not" in text]
        assert not troubles, troubles
        undo = undoing and not undo
    assert process.returncode == 0, "the pointer could not be moved"
    yield from ctx.settle(desk.document.raw, 0.1)
    yield from desk.do("propagate")


def _where(desk):
    """Return what a job that does not end waits for."""
    found, job = [hand.is_up()], desk.controller._worker._runner._generator
    while getattr(job, "gi_frame", None) is not None:
        found.append(f"{job.gi_code.co_name}:{job.gi_frame.f_lineno}")
        job = job.gi_yieldfrom
    return found


def _check(ctx, document, wanted, layers):
    """Return the strokes that are missing, and ink where no stroke was drawn."""
    found = {}
    for layer in layers:
        for time in document.layer(layer).key_times():
            found[layer, time] = _inked(ctx.pixels(document, layer, time))
    missing = []
    for layer, time, (x, y) in wanted:
        near = {(x + i, y + j) for i in range(-3, LONG_PX + 4) for j in range(-3, 4)}
        if not near & found.get((layer, time), set()):
            missing.append((layer, time, (x, y)))
        found.get((layer, time), set()).difference_update(near)
    return missing, [(key, sorted(rest)[:3]) for key, rest in found.items() if rest]


def _inked(data):
    """Return the places of a frame that hold the pen's ink, at its soft edges too."""
    reddish, blueish = _above(data[2::4], 150), _above(data[0::4], 150)
    visible, green = _above(data[3::4], 40), _above(data[1::4], 110)
    found = reddish & blueish & visible & ~green
    mask = found.to_bytes(len(data) // 4, "little")
    places, place = set(), mask.find(1)
    while place >= 0:
        places.add((place % SIZE[0], place // SIZE[0]))
        place = mask.find(1, place + 1)
    return places


def _above(plane, value):
    table = bytes(int(level > value) for level in range(256))
    return int.from_bytes(plane.translate(table), "little")
