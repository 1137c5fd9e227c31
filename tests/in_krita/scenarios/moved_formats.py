"""A shadow layer and painted surfaces through the docker, in every colour model and depth.

Body has a hard shadow, whose pixels are copied; the hall a gradient, whose pixels are mixed.
"""

import struct

from krita_plugin.propagate_colors.host import writing

from .docked import ARTIST, PREDICTED, Docker, frames_colored
from .docker_ways import RUN_SECONDS
from .rooms import BODY, HALL, HEAD, KEYS, NOTICED_SECONDS, ROOMS, SIZE, house, pixel, shift

_CHANNELS = {"RGBA": 4, "GRAYA": 2, "CMYKA": 5}
_CODES = {"U8": "B", "U16": "H", "F16": "e", "F32": "f"}
_COPIED = 0.97  # least share of a hard shadow that lies where it should, byte for byte
_MIXED = 0.01  # of the greatest value: mean difference of a gradient that lies a pixel aside


def _numbers(form, data):
    return struct.unpack(f"<{_CHANNELS[form[0]]}{_CODES[form[1]]}", data)


def _mixed(form, share):
    """Return the bytes of a pixel between paints 0 and 1."""
    pairs = zip(*(_numbers(form, pixel(*form, paint)) for paint in (0, 1)), strict=True)
    values = [one + share * (other - one) for one, other in pairs]
    if form[1].startswith("U"):
        values = [round(value) for value in values]
    return struct.pack(f"<{_CHANNELS[form[0]]}{_CODES[form[1]]}", *values)


def _shaded(form, time, flat=None):
    """Return a frame: body half dark, the hall from paint to paint; `flat`: all else of them."""
    clear = bytes(len(pixel(*form, 0)))
    rows = [[clear] * SIZE[0] for _ in range(SIZE[1])]
    for room in (BODY, HALL) if flat is None else ROOMS:
        x, y, width, height = ROOMS[room]
        for row in range(y, y + height):
            for column in range(width):
                if room == BODY:
                    value = pixel(*form, 2) if row >= y + height // 2 else flat or clear
                else:
                    value = _mixed(form, column / (width - 1)) if room == HALL else flat
                rows[row][x + shift(time) + column] = value
    return b"".join(b"".join(row) for row in rows)


def _inside(data, room, time, size):
    """Yield the pixels of a room, row by row."""
    x, y, width, height = ROOMS[room]
    for row in range(y, y + height):
        first = (row * SIZE[0] + x + shift(time)) * size
        line = data[first : first + width * size]
        yield from (line[at : at + size] for at in range(0, len(line), size))


def _is_clear(form, value):
    return not any(value[-struct.calcsize(_CODES[form[1]]) :])


def _check(form, data, wanted, time, notes):
    """The hard shadow was copied to its place, the gradient mixed to its own."""
    size = len(pixel(*form, 0))
    pairs = list(
        zip(_inside(data, BODY, time, size), _inside(wanted, BODY, time, size), strict=True)
    )
    clear = [(_is_clear(form, one), _is_clear(form, other)) for one, other in pairs]
    same = [
        one == other or both == (True, True)
        for (one, other), both in zip(pairs, clear, strict=True)
    ]
    values = {one for (one, _), both in zip(pairs, clear, strict=True) if not both[0]}
    known = {other for (_, other), both in zip(pairs, clear, strict=True) if not both[1]}
    assert values <= known, sorted(value.hex() for value in values - known)
    paints = (_numbers(form, pixel(*form, paint)) for paint in (0, 1))
    tops = [max(channel) or 1 for channel in zip(*paints, strict=True)]
    halls = (_inside(one, HALL, time, size) for one in (data, wanted))
    errors = [
        abs(one - other) / top
        for here, there in zip(*halls, strict=True)
        for one, other, top in zip(_numbers(form, here), _numbers(form, there), tops, strict=True)
    ]
    notes[f"{'-'.join(form)} {time}"] = [sum(same) / len(same), sum(errors) / len(errors)]
    assert sum(same) / len(same) >= _COPIED, (time, sum(same) / len(same))
    assert sum(errors) / len(errors) <= _MIXED, (time, sum(errors) / len(errors))


def _moves(ctx, *form):
    docker = Docker(ctx)
    yield from docker.open()
    document, _, color = yield from house(ctx, *form)
    canvas = ctx.canvas(document)
    yield lambda: docker.widget._controller.color_layer == color, RUN_SECONDS
    shadow = yield from ctx.add_layer(document, "Shadow", still=False)
    given = {color: _shaded(form, 0, pixel(*form, 0)), shadow: _shaded(form, 0)}
    for uuid, data in given.items():
        yield from writing.put(document, uuid, 0, canvas, data)
    yield NOTICED_SECONDS
    yield from docker.sees(document, {0: ARTIST})
    (choice,) = [a for a in docker.find("moved_button").menu().actions() if a.data() == shadow]
    choice.trigger()
    docker.press("surfaces_box")
    yield NOTICED_SECONDS
    said = yield from docker.propagates()
    assert frames_colored(said) == 2, said
    yield from docker.sees(document, {0: ARTIST, 2: PREDICTED, 4: PREDICTED})
    for uuid, data in given.items():
        assert document.layer(uuid).key_times() == list(KEYS)
        assert ctx.pixels(document, uuid, 0) == data
    for time in KEYS[1:]:
        for uuid, flat in ((shadow, None), (color, pixel(*form, 0))):
            notes = ctx.values.setdefault("shadow" if uuid == shadow else "colors", {})
            _check(form, ctx.pixels(document, uuid, time), _shaded(form, time, flat), time, notes)
            yield
    head = list(_inside(ctx.pixels(document, shadow, 2), HEAD, 2, len(pixel(*form, 0))))
    assert all(_is_clear(form, value) for value in head), "nothing was painted there"
    docker.select(4)
    yield from docker.does("undo_button")
    assert document.layer(shadow).key_times() == document.layer(color).key_times() == [0, 2]


def rgba_u8(ctx):
    yield from _moves(ctx, "RGBA", "U8")


def rgba_u16(ctx):
    yield from _moves(ctx, "RGBA", "U16")


def rgba_f16(ctx):
    yield from _moves(ctx, "RGBA", "F16")


def rgba_f32(ctx):
    yield from _moves(ctx, "RGBA", "F32")


def graya_u16(ctx):
    yield from _moves(ctx, "GRAYA", "U16")


def cmyka_u8(ctx):
    yield from _moves(ctx, "CMYKA", "U8")


def cmyka_u16(ctx):
    yield from _moves(ctx, "CMYKA", "U16")


def cmyka_f32(ctx):
    yield from _moves(ctx, "CMYKA", "F32")
