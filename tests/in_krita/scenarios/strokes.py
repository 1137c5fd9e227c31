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
from tests.in_krita.scenarios.pen import Pen, Watch
from tests.in_krita.scenarios.rig import ControllerRig
from tests.krita_plugin.fake_engine import FakeEngine

SIZE = (800, 560)  # most of what Krita shows at 100 %
KEYS = tuple(range(0, 12, 2))
PAINTED = (0, 6)
BUSY_SECONDS = 120.0  # an idle machine needs two
STROKES = int(os.environ.get("STROKES", "200"))
A_STAND = 10  # strokes at one frame of one layer
PLACE_PX = 20  # between two strokes of a frame
LONG_PX = 5
UNDER_OFFER = (520, 420)  # right of and below it, Krita 5.2 to 6 show the offer of the docker
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


class Studio(ControllerRig):
    """A rig on a larger document, with the restless engine."""

    def _make_engine(self, hello):
        self.engine = Restless(hello, QtClock())
        return self.engine


def strokes_stay_where_they_are_drawn(ctx):
    """Run and take back without a rest while strokes come at random moments."""
    rig = Studio(ctx)
    yield from rig.build(KEYS, PAINTED, size=SIZE)
    yield from rig.start()
    yield from rig.do("propagate")
    pen, wanted = Pen(ctx, rig.document), []
    yield from ctx.activate(rig.document, rig.line)
    yield from steps.goto(rig.document, 8)
    yield from pen.take(rig.line, 8)
    chance = random.Random(19)
    ctx.values.update(strokes=0, jobs=0)
    for number in range(STROKES // A_STAND):
        layer, time, undoing = _stand(rig, number)
        yield from ctx.activate(rig.document, layer)
        yield from steps.goto(rig.document, time)
        places = _places(chance, wanted, layer, time)
        strokes = [(chance.uniform(*REST_SECONDS), [at, (at[0] + LONG_PX, at[1])]) for at in places]
        wanted += [(layer, time, at) for at in places]
        watch = Watch(rig.document)
        process = pen.draws(strokes)
        yield from _work_meanwhile(ctx, rig, process, undoing)
        yield from pen.ends(process)
        yield from rig.do("propagate")
        watch.stop()
        assert watch.seen == {(time, layer)}, (watch.seen, time, layer)
        ctx.values["strokes"] += len(places)
    yield from rig.rests()
    ctx.values["pauses"] = {
        kind: [found.count, round(found.median), round(found.longest)]
        for kind, found in pauses.summary().items()
    }
    path = ctx.file("drawn.kra")
    rig.document.raw.setBatchmode(True)
    assert rig.document.raw.saveAs(path)
    yield from ctx.close(rig.document)
    rig.controller.shutdown()
    saved = yield from ctx.open_document(path)
    missing, strange = _check(ctx, saved, wanted, (rig.line, rig.color))
    written = {(rig.color, time) for time in KEYS if time not in PAINTED}
    ctx.values.update(
        lost=[stroke for stroke in missing if stroke[:2] in written],
        never_drawn=[stroke for stroke in missing if stroke[:2] not in written],
    )
    assert not strange, (len(strange), strange[:5])


def _stand(rig, number):
    """Return the layer and frame where the artist draws next, and whether frames are taken back."""
    return (
        (rig.line, KEYS[(5 * number) % len(KEYS)], True),
        (rig.color, PAINTED[number % 2], True),
        (rig.line, KEYS[(7 * number + 3) % len(KEYS)], False),
        # On a frame that is written again and again.
        (rig.color, (2, 4, 8, 10)[number // 4 % 4], False),
    )[number % 4]


def _places(chance, wanted, layer, time):
    taken = {at for one, when, at in wanted if (one, when) == (layer, time)}
    free = [
        (x, y)
        for x in range(10, SIZE[0] - 20, PLACE_PX)
        for y in range(10, SIZE[1] - 20, PLACE_PX)
        if (x, y) not in taken and not (x > UNDER_OFFER[0] and y > UNDER_OFFER[1])
    ]
    return chance.sample(free, A_STAND)


def _work_meanwhile(ctx, rig, process, undoing):
    """Keep the plugin at work until the last stroke is drawn, and let it come to its end."""
    undo = False
    while process.poll() is None:
        if undo:
            rig.controller.undo(list(KEYS))
        else:
            rig.controller.propagate()
        ctx.values["jobs"] += 1
        try:
            yield lambda: rig.controller.busy is None, BUSY_SECONDS
        except TimeoutError:
            raise AssertionError(rig.failures.texts or _where(rig)) from None
        troubles = [text for _, text, _ in rig.messages if "Krita did not" in text]
        assert not troubles, troubles
        undo = undoing and not undo


def _where(rig):
    """Return what a job that does not end waits for."""
    found, job = [hand.is_up()], rig.controller._worker._runner._generator
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
