"""Every colour model and depth: what is put comes back byte for byte.

Krita has no CMYK of half floats: asked for a document of that kind, it crashes.
"""

import struct

from krita_plugin.propagate_colors.host import writing
from krita_plugin.propagate_colors.state.layers import document_format

MODELS = {"RGBA": 4, "GRAYA": 2, "CMYKA": 5}
DEPTHS = {"U8": "B", "U16": "H", "F16": "e", "F32": "f"}


def _round_trip(ctx, model, depth):
    document = yield from ctx.new_document(model, depth)
    (layer,) = yield from ctx.layers(document)
    channels, code = MODELS[model], DEPTHS[depth]
    assert document.layer(layer).pixel_size == channels * struct.calcsize(code)
    assert document.layer(layer).is_blank(0, ctx.canvas(document))
    for t in (0, 3):
        data = ctx.noise(document, layer, t)
        yield from writing.put(document, layer, t, ctx.canvas(document), data)
        assert ctx.pixels(document, layer, t) == data
    path = ctx.file(f"{model}_{depth}.kra")
    document.raw.setBatchmode(True)
    assert document.raw.saveAs(path)
    yield from ctx.close(document)
    document = yield from ctx.open_document(path)
    for t in (0, 3):
        assert ctx.pixels(document, layer, t) == ctx.noise(document, layer, t), t


def _foreground(ctx, model, depth):
    """The foreground colour, as told, is what Krita's own fill stores."""
    document = yield from ctx.new_document(model, depth)
    (layer,) = yield from ctx.layers(document)
    yield from ctx.paint(document, layer, 0, 250, 130, 20)
    raw = document.layer(layer).read(0, (0, 0, 1, 1))
    stored = list(struct.unpack(f"<{MODELS[model]}{DEPTHS[depth]}", raw))
    if model == "RGBA" and depth in ("U8", "U16"):
        stored[0], stored[2] = stored[2], stored[0]
    told = ctx.host.foreground_color(document_format(document))
    ctx.values[f"{model} {depth}"] = [told, stored]
    # Krita hands components over in single precision, and half floats are coarser still.
    fuzz = {"U8": 0, "U16": 1, "F16": 2e-3, "F32": 1e-5}[depth]
    for part, kept in zip(told, stored, strict=True):
        assert abs(part - kept) <= fuzz * max(1, abs(kept)), (told, stored)


def rgba_u8(ctx):
    yield from _round_trip(ctx, "RGBA", "U8")
    yield from _foreground(ctx, "RGBA", "U8")
    # Of a layer that stores more than its document.
    form = document_format((yield from ctx.new_document()))
    told, wide = (ctx.host.foreground_color(f) for f in (form, form._replace(depth="U16")))
    assert wide == tuple(257 * part for part in told), (told, wide)


def rgba_u16(ctx):
    yield from _round_trip(ctx, "RGBA", "U16")
    yield from _foreground(ctx, "RGBA", "U16")


def rgba_floats(ctx):
    yield from _round_trip(ctx, "RGBA", "F16")
    yield from _round_trip(ctx, "RGBA", "F32")
    yield from _foreground(ctx, "RGBA", "F32")


def graya(ctx):
    yield from _round_trip(ctx, "GRAYA", "U8")
    yield from _round_trip(ctx, "GRAYA", "U16")
    yield from _foreground(ctx, "GRAYA", "U16")


def graya_floats(ctx):
    yield from _round_trip(ctx, "GRAYA", "F16")
    yield from _round_trip(ctx, "GRAYA", "F32")
    yield from _foreground(ctx, "GRAYA", "F16")


def cmyka(ctx):
    yield from _round_trip(ctx, "CMYKA", "U8")
    yield from _round_trip(ctx, "CMYKA", "U16")
    yield from _foreground(ctx, "CMYKA", "U8")


def cmyka_float(ctx):
    yield from _round_trip(ctx, "CMYKA", "F32")
    yield from _foreground(ctx, "CMYKA", "F32")
