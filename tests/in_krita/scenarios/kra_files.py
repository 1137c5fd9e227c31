"""Krita documents that Krita writes for our reader, and ours that Krita reads.

The scenarios only write down what Krita says; tests/in_krita/test_kra_files.py compares.
"""

import glob
import json
import os
import zlib

from krita_plugin.propagate_colors.host import steps
from krita_plugin.propagate_colors.qt import QtCore, QtWidgets

SIZE = (130, 100)
KIND = "propagate_colors/journal"
NOTE_KIND = "any_plugin/notes"
NOTE = b"\x00\x01any bytes\xff"


def _patches(document, uuid, seed, box):
    """Return a picture of a few flat areas, in the layer's own bytes."""
    size = document.layer(uuid).pixel_size
    colors = [bytes((37 * seed + 11 * k + 53 * i) % 120 for i in range(size)) for k in range(4)]
    _, _, width, height = box
    rows = []
    for y in range(height):
        rows.append(b"".join(colors[(x // 17 + y // 13) % 4] for x in range(width)))
    return b"".join(rows)


def _outline(document, uuid, box):
    """Return an inked box, 8 pixels from the picture's rim, on nothing."""
    info = document.layer(uuid).info
    opaque = {"U8": b"\xff", "U16": b"\xff\xff", "F16": b"\x00\x3c", "F32": b"\x00\x00\x80\x3f"}
    alpha = opaque[info.color_depth]
    clear = bytes(document.layer(uuid).pixel_size)
    ink = clear[: -len(alpha)] + alpha
    _, _, width, height = box
    full = clear * 8 + ink * (width - 16) + clear * 8
    sides = clear * 8 + ink * 3 + clear * (width - 22) + ink * 3 + clear * 8
    blank = clear * width
    return blank * 8 + full * 3 + sides * (height - 22) + full * 3 + blank * 8


def _put(document, uuid, t, seed, box):
    """Write a picture: inked where there is no seed."""
    inked = seed is None
    data = _outline(document, uuid, box) if inked else _patches(document, uuid, seed, box)
    document.layer(uuid).node.setPixelData(QtCore.QByteArray(data), *box)
    document.raw.waitForDone()
    yield


def _animated(ctx, document, name, boxes, parent=None, inked=False):
    """Add a layer with a key at each time of `boxes`, each partly outside the canvas or moved."""
    uuid = yield from ctx.add_layer(document, name, parent=parent)
    for t in boxes:
        yield from steps.make_key(document, uuid, t)
    for t, box in boxes.items():
        yield from steps.goto(document, t)
        yield from _put(document, uuid, t, None if inked else t + len(name), box)
    return uuid


def _clone(ctx, document, uuid, t, to):
    """Let a later key show the very frame of an earlier one."""
    yield from ctx.activate(document, uuid)
    yield from steps.goto(document, t)
    yield from ctx.action(document, "copy_frames_as_clones", 0.3)
    yield from steps.goto(document, to)
    yield from ctx.action(document, "paste_frames", 0.3)


def _make(ctx, model, depth):
    document = yield from ctx.new_document(model, depth, SIZE, "Blumen & Gr\u00fcn")
    line = yield from _animated(
        ctx,
        document,
        'Line "co" <\u00fc>',
        {0: (-6, 5, 100, 80), 3: (-6, 5, 100, 80)},
        inked=True,
    )
    yield from steps.goto(document, 3)
    document.layer(line).node.move(-3, 2)
    yield from ctx.settle(document.raw, 0.3)
    yield from _clone(ctx, document, line, 3, 12)
    group = yield from ctx.add_layer(document, "Group", "grouplayer")
    node = document.layer(group).node
    yield from _animated(ctx, document, "A", {0: (20, 10, 70, 60), 4: (0, 0, 40, 40)}, node)
    upper = yield from _animated(
        ctx, document, "B", {0: (40, 20, 70, 60), 8: (60, 50, 40, 40)}, node
    )
    document.layer(upper).node.setOpacity(128)
    color = yield from _animated(ctx, document, "Color", {0: (0, 0, 120, 95)})
    yield from steps.make_key(document, color, 3)
    still = yield from ctx.add_layer(document, "Still")
    yield from _put(document, still, 0, 5, (70, 60, 80, 80))
    document.layer(still).node.move(11, -23)
    document.write_annotation(NOTE_KIND, "Any <&> notes", NOTE)
    # Saved at another time than 0: the layer's own place is then that of the frame shown.
    yield from steps.goto(document, 3)
    yield from ctx.settle(document.raw, 0.3)
    path = ctx.file("krita.kra")
    document.raw.setBatchmode(True)
    assert document.raw.saveAs(path)
    told = yield from _describe(ctx, document)
    told["groups"] = {"Group": (yield from _projections(document, group, (0, 2, 4, 6, 8, 9)))}
    _write(path, told)


def _projections(document, uuid, times):
    found = {}
    for t in times:
        yield from steps.goto(document, t)
        data = yield from steps.read_group(document, uuid, t, (0, 0, *SIZE))
        found[t] = zlib.compress(data).hex()
    return found


def _describe(ctx, document):
    """Return what Krita says of a document: every layer's keys and pixels, and the annotation."""
    layers = {}
    for info in document.layers():
        layer = document.layer(info.uuid)
        times = layer.key_times()
        told = {"name": info.name, "kind": info.kind, "times": times, "frames": {}}
        told["format"] = [info.color_model, info.color_depth, info.profile]
        if info.kind == "paintlayer":
            for t in times or [0]:
                data = layer.read(t, ctx.canvas(document))
                told["frames"][t] = zlib.compress(data).hex()
        layers[info.uuid] = told
        yield
    note = document.read_annotation(KIND)
    return {"layers": layers, "annotation": None if note is None else note.hex()}


def _write(path, told):
    with open(path[: -len(".kra")] + ".json", "w", encoding="utf-8") as file:
        json.dump(told, file)


class _Dialogs:
    """Notes and closes the dialogs that Krita opens about a file: it waits in them."""

    def __init__(self):
        self.seen = []
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._look)
        self._timer.start(300)

    def _look(self):
        box = QtWidgets.QApplication.activeModalWidget()
        if isinstance(box, QtWidgets.QDialog) and "rogress" not in type(box).__name__:
            texts = [label.text() for label in box.findChildren(QtWidgets.QLabel)]
            self.seen.append(" ".join([box.windowTitle(), *texts]))
            box.reject()

    def stop(self):
        self._timer.stop()


def read_ours(ctx):
    """Open every .kra file of the folder $KRA_FILES and write down what Krita says of it."""
    folder = os.environ["KRA_FILES"]
    for path in sorted(glob.glob(os.path.join(folder, "*.kra"))):
        ctx.krita.setBatchmode(False)  # then Krita shows its warnings
        dialogs = _Dialogs()
        try:
            document = yield from ctx.open_document(path)
            yield 0.7
        finally:
            ctx.krita.setBatchmode(True)
            dialogs.stop()
        told = yield from _describe(ctx, document)
        told["dialogs"] = dialogs.seen
        _write(ctx.file(os.path.basename(path)), told)
        yield from ctx.close(document)


def rgba_u8(ctx):
    yield from _make(ctx, "RGBA", "U8")


def rgba_u16(ctx):
    yield from _make(ctx, "RGBA", "U16")


def rgba_f32(ctx):
    yield from _make(ctx, "RGBA", "F32")


def graya_u8(ctx):
    yield from _make(ctx, "GRAYA", "U8")


def graya_u16(ctx):
    yield from _make(ctx, "GRAYA", "U16")


def cmyka_u8(ctx):
    yield from _make(ctx, "CMYKA", "U8")


def cmyka_u16(ctx):
    yield from _make(ctx, "CMYKA", "U16")


def cmyka_f32(ctx):
    yield from _make(ctx, "CMYKA", "F32")
