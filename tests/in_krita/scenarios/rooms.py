"""Small drawings of three rooms that the real engine colours, in any colour model and depth.

The rooms differ in shape and move a little from drawing to drawing. Their colours have values that
a conversion to another depth, model or profile would not bring back.
"""

import struct

from krita_plugin.propagate_colors.host import steps, writing

SIZE = (200, 150)
KEYS = (0, 2, 4)
BODY, HALL, HEAD = 0, 1, 2
# Left, top, width and height inside the walls.
ROOMS = {BODY: (20, 50, 70, 80), HALL: (110, 70, 60, 24), HEAD: (34, 14, 30, 26)}
WALL = 3
NOTICED_SECONDS = 0.7  # the plugin looks twice a second where the playhead is
STEP = 2  # pixels that everything moves in two frames

_CHANNELS = {"RGBA": 4, "GRAYA": 2, "CMYKA": 5}
_CODES = {"U8": "B", "U16": "H", "F16": "e", "F32": "f"}
_TOPS = {"U8": 255, "U16": 65535}
_SHARES = ((0.8137, 0.2211, 0.1303, 0.0607), (0.1571, 0.3373, 0.7319, 0.1009), (0.4543,) * 4)
PAINTS = {BODY: 0, HALL: 1, HEAD: 2}


def pixel(model, depth, paint):
    """Return the bytes of one of the paints 0 to 2, or of ink."""
    inks = _CHANNELS[model] - 1
    top = _TOPS.get(depth, 1.0)
    full = 100.0 if model == "CMYKA" and isinstance(top, float) else top
    if paint == "ink":
        parts = [0.0] * inks
        if model == "CMYKA":
            parts[-1] = full
    else:
        bright = 1.5 if model != "CMYKA" and isinstance(top, float) else 1.0  # beyond white
        parts = [share * full * bright for share in _SHARES[paint][:inks]]
    values = [*parts, top]
    if isinstance(top, int):
        values = [round(value) for value in values]
    return struct.pack(f"<{len(values)}{_CODES[depth]}", *values)


def place(room, time):
    """Return a room's middle at a time."""
    x, y, width, height = ROOMS[room]
    return x + width // 2 + shift(time), y + height // 2


def shift(time):
    return time // 2 * STEP


def picture(model, depth, time, fill=None, rooms=tuple(ROOMS), size=SIZE):
    """Return a drawing's raw bytes: walls, or with `fill` (paint by room) the colours."""
    clear = bytes(len(pixel(model, depth, "ink")))
    rows = [[clear] * size[0] for _ in range(size[1])]
    for room in rooms:
        x, y, width, height = ROOMS[room]
        x += shift(time)
        if fill is None:
            outer = (x - WALL, y - WALL, width + 2 * WALL, height + 2 * WALL)
            _rectangle(rows, outer, pixel(model, depth, "ink"))
            _rectangle(rows, (x, y, width, height), clear)
        elif room in fill:
            _rectangle(rows, (x, y, width, height), pixel(model, depth, fill[room]))
    return b"".join(b"".join(row) for row in rows)


def _rectangle(rows, box, value):
    x, y, width, height = box
    for row in rows[y : y + height]:
        row[x : x + width] = [value] * width


def house(ctx, model="RGBA", depth="U8", keys=KEYS, painted=(0,), fill=None, late=()):
    """Make a document with drawings of the rooms; returns it with its line and colour layers.

    The rooms in `late` are first drawn in the second half.
    """
    document = yield from ctx.new_document(model, depth, SIZE, "house")
    line = yield from ctx.add_layer(document, "Lines", still=False)
    for time in keys:
        drawn = [room for room in ROOMS if room not in late or time >= keys[len(keys) // 2]]
        data = picture(model, depth, time, rooms=drawn)
        yield from writing.put(document, line, time, ctx.canvas(document), data)
    color = yield from steps.create_color_layer(document, "Lines colors", line)
    for time in painted:
        yield from paint(ctx, document, color, time, fill)
    return document, line, color


def paint(ctx, document, color, time, fill=None):
    """Paint a frame as the artist, who takes a moment for it and then goes on to another."""
    info = document.layer(color).info
    data = picture(info.color_model, info.color_depth, time, fill or PAINTS)
    yield from steps.goto(document, time)
    yield from writing.put(document, color, time, ctx.canvas(document), data)
    yield NOTICED_SECONDS
    yield from steps.goto(document, time + 1)


def at(document, color, time, room):
    """Return the pixel in the middle of a room."""
    return document.layer(color).read(time, (*place(room, time), 1, 1))


def check(ctx, document, color, time, fill=None):
    """Every room has its colour at a time, and there is no other colour in the frame."""
    info = document.layer(color).info
    model, depth = info.color_model, info.color_depth
    fill = fill or PAINTS
    for room, wanted in fill.items():
        found = at(document, color, time, room)
        assert found == pixel(model, depth, wanted), (time, room, found.hex())
    data = ctx.pixels(document, color, time)
    size = document.layer(color).pixel_size
    alpha = size // _CHANNELS[model]
    found = {data[i : i + size] for i in range(0, len(data), size)}
    visible = {value for value in found if any(value[-alpha:])}
    assert visible == {pixel(model, depth, wanted) for wanted in fill.values()}, visible
