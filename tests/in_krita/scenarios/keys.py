"""Making, removing and replacing keyframes, and Krita's undo stack while we do."""

from krita_plugin.propagate_colors.host import steps, timeline_cells, writing


def makes_keys_at_zero_and_later(ctx):
    document = yield from ctx.new_document()
    line = yield from ctx.add_layer(document, "Lines")
    color = yield from steps.create_color_layer(document, "Lines color", line)
    for t in (4, 2, 9):
        yield from steps.make_key(document, color, t)
    layer = document.layer(color)
    assert layer.key_times() == [0, 2, 4, 9], layer.key_times()
    assert all(layer.is_blank(t, ctx.canvas(document)) for t in (0, 2, 4, 9))
    assert not document.layer(line).info.animated
    assert document.layer(line).key_times() == []


def a_key_that_is_there_is_left_alone(ctx):
    document = yield from ctx.new_document()
    (layer,) = yield from ctx.layers(document)
    yield from steps.make_key(document, layer, 3)
    yield from ctx.paint(document, layer, 3, 10, 20, 30)
    before = ctx.pixels(document, layer, 3)
    yield from steps.make_key(document, layer, 3)
    assert ctx.pixels(document, layer, 3) == before != bytes(len(before))


def removes_keys(ctx):
    document = yield from ctx.new_document()
    (layer,) = yield from ctx.layers(document)
    for t in (0, 3, 6):
        data = ctx.noise(document, layer, t)
        yield from writing.put(document, layer, t, ctx.canvas(document), data)
    yield from writing.remove_key(document, layer, 3)
    yield from writing.remove_key(document, layer, 5)  # there is none: nothing happens
    assert document.layer(layer).key_times() == [0, 6]
    yield from writing.remove_key(document, layer, 0)
    assert document.layer(layer).key_times() == [0, 6]  # Krita wants a key at 0
    assert document.layer(layer).is_blank(0, ctx.canvas(document))
    assert ctx.pixels(document, layer, 6) == ctx.noise(document, layer, 6)


def holds_are_no_keys(ctx):
    document = yield from ctx.new_document()
    (layer,) = yield from ctx.layers(document)
    yield from writing.put(document, layer, 2, ctx.canvas(document), ctx.noise(document, layer, 1))
    yield from steps.goto(document, 5)
    assert not document.layer(layer).has_key(5)

    def read_hold():
        document.layer(layer).read(5, ctx.canvas(document))
        yield

    assert "frame" in (yield from ctx.refused(read_hold())).lower()
    shown = yield from steps.read_group(document, layer, 5, ctx.canvas(document))
    assert len(shown) == len(ctx.noise(document, layer, 1))
    assert document.layer(layer).key_times() == [0, 2]


def a_box_leaves_the_rest_blank(ctx):
    document = yield from ctx.new_document()
    (layer,) = yield from ctx.layers(document)
    box = (5, 7, 11, 13)
    yield from writing.put(document, layer, 2, ctx.canvas(document), ctx.noise(document, layer, 1))
    data = ctx.noise(document, layer, 2)[: 11 * 13 * 4]
    yield from writing.put(document, layer, 2, box, data)
    assert document.layer(layer).read(2, box) == data
    assert document.layer(layer).is_blank(2, (0, 0, 64, 7))
    assert document.layer(layer).is_blank(2, (16, 0, 48, 48))
    yield from writing.put(document, layer, 2, box, None)
    assert document.layer(layer).has_key(2)
    assert document.layer(layer).is_blank(2, ctx.canvas(document))


def undo_and_redo_around_a_write(ctx):
    """The artist's strokes before and after ours come back and go in their own order."""
    for t in (5, 0):
        document = yield from ctx.new_document()
        (layer,) = yield from ctx.layers(document)
        yield from steps.make_key(document, layer, t)
        blank = ctx.pixels(document, layer, t)
        yield from ctx.paint(document, layer, t, 200, 10, 20)
        first = ctx.pixels(document, layer, t)
        yield from ctx.paint(document, layer, t, 20, 200, 30)
        second = ctx.pixels(document, layer, t)
        ours = ctx.noise(document, layer, 3)
        yield from writing.put(document, layer, t, ctx.canvas(document), ours)
        yield from ctx.paint(document, layer, t, 9, 9, 90)
        last = ctx.pixels(document, layer, t)
        back = yield from ctx.history(document, layer, t, "edit_undo")
        # Replacing a key passes by way of no key (or, at frame 0, no other state at all).
        states = [state for state in back if state is not None]
        wanted = [last, ours, blank, second, first, blank]
        if t == 0:
            wanted = [last, ours, second, first, blank]
        assert _without_blank(states, blank) == _without_blank(wanted, blank), (
            t,
            [_short(state) for state in back],
        )
        forth = yield from ctx.history(document, layer, t, "edit_redo")
        assert forth[-1] == last
        assert _without_blank(forth, blank) == _without_blank(wanted, blank)[::-1]
        yield from ctx.close(document)


def _without_blank(states, blank):
    return [state for state in states if state is not None and state != blank]


def _short(state):
    return None if state is None else state[:4].hex()


def undo_brings_back_no_key(ctx):
    document = yield from ctx.new_document()
    layer, other = yield from ctx.layers(document, 2)
    untouched = ctx.noise(document, other, 9)
    yield from writing.put(document, other, 4, ctx.canvas(document), untouched)
    ours = ctx.noise(document, layer, 1)
    yield from writing.put(document, layer, 4, ctx.canvas(document), ours)
    for _ in range(6):
        yield from ctx.action(document, "edit_undo")
        if not document.layer(layer).has_key(4):
            break
    assert not document.layer(layer).has_key(4)
    assert ctx.pixels(document, other, 4) == untouched
    for _ in range(6):
        yield from ctx.action(document, "edit_redo")
        if document.layer(layer).has_key(4):
            break
    assert ctx.pixels(document, layer, 4) == ours


def two_layers_in_turn(ctx):
    document = yield from ctx.new_document()
    layers = yield from ctx.layers(document, 2)
    wanted = {}
    for t in (0, 3, 1, 8, 5):
        for number, layer in enumerate(layers):
            wanted[layer, t] = ctx.noise(document, layer, t * 2 + number)
            yield from writing.put(document, layer, t, ctx.canvas(document), wanted[layer, t])
    for layer in layers:
        assert document.layer(layer).key_times() == [0, 1, 3, 5, 8]
    for (layer, t), data in wanted.items():
        assert ctx.pixels(document, layer, t) == data, (layer, t)


def cells_that_the_artist_selected_are_left_alone(ctx):
    """Krita's own actions would take every selected cell, not that under the playhead."""
    document = yield from ctx.new_document()
    layer, other = yield from ctx.layers(document, 2)
    kept = {}
    for uuid in (layer, other):
        for t in (0, 3, 6, 9):
            kept[uuid, t] = ctx.noise(document, uuid, t + len(kept))
            yield from writing.put(document, uuid, t, ctx.canvas(document), kept[uuid, t])
    ours = ctx.noise(document, layer, 77)
    for t in (2, 6, 0):
        _select_cells(document, (0, 3, 6, 9))
        yield 0.1
        yield from writing.put(document, layer, t, ctx.canvas(document), ours)
        kept[layer, t] = ours
    _select_cells(document, (0, 3, 6, 9))
    yield 0.1
    yield from writing.remove_key(document, layer, 9)
    kept.pop((layer, 9))
    assert document.layer(layer).key_times() == [0, 2, 3, 6]
    assert document.layer(other).key_times() == [0, 3, 6, 9]
    for (uuid, t), data in kept.items():
        assert ctx.pixels(document, uuid, t) == data, t


def _select_cells(document, times):
    view = timeline_cells._timeline_view()
    selection = view.selectionModel()
    kind = type(selection).SelectionFlag.Select
    for row in range(view.model().rowCount()):
        for t in times:
            selection.select(view.model().index(row, t), kind)


def a_cell_of_another_layer_was_clicked(ctx):
    """The timeline's current cell may lie in another row than the active layer."""
    document = yield from ctx.new_document()
    layer, other = yield from ctx.layers(document, 2)
    kept = ctx.noise(document, other, 5)
    yield from writing.put(document, other, 4, ctx.canvas(document), kept)
    yield from ctx.activate(document, layer)
    yield from steps.goto(document, 4)
    view = timeline_cells._timeline_view()
    for row in range(view.model().rowCount()):
        view.setCurrentIndex(view.model().index(row, 4))
        yield 0.05
        yield from writing.put(
            document, layer, 4, ctx.canvas(document), ctx.noise(document, layer, row)
        )
        assert ctx.pixels(document, other, 4) == kept
        assert ctx.pixels(document, layer, 4) == ctx.noise(document, layer, row)
    assert document.layer(other).key_times() == [0, 4]


def clones_are_not_written_twice(ctx):
    """Frames that share their pixels (Krita's clone frames) come apart where one is replaced."""
    document = yield from ctx.new_document()
    (layer,) = yield from ctx.layers(document)
    yield from ctx.paint(document, layer, 0, 1, 2, 3)
    for action, t in (("copy_frames_as_clones", 0), ("paste_frames", 4)):
        yield from steps.goto(document, t)
        assert timeline_cells.select_cell(layer, t)
        yield from ctx.action(document, action, 0.2)
    assert document.layer(layer).key_times() == [0, 4]
    yield from ctx.paint(document, layer, 4, 90, 8, 7)
    shared = ctx.pixels(document, layer, 4)
    assert ctx.pixels(document, layer, 0) == shared
    data = ctx.noise(document, layer, 1)
    yield from writing.put(document, layer, 4, ctx.canvas(document), data)
    assert ctx.pixels(document, layer, 4) == data
    assert ctx.pixels(document, layer, 0) == shared


def layers_of_one_name(ctx):
    document = yield from ctx.new_document()
    first = yield from ctx.add_layer(document, "Same", still=False)
    second = yield from ctx.add_layer(document, "Same", still=False)
    for number, uuid in enumerate((first, second, first)):
        data = ctx.noise(document, uuid, number)
        yield from writing.put(document, uuid, 3 + number, ctx.canvas(document), data)
    assert document.layer(first).key_times() == [0, 3, 5]
    assert document.layer(second).key_times() == [0, 4]


NAMES = (
    "Line & color",
    "&&",
    "Ünïcode 線 <b>",
    " ",
    "Lines of the hero, left",
    "Lines of the hero",
)


def names_as_artists_write_them(ctx):
    document = yield from ctx.new_document()
    for name in NAMES:
        uuid = yield from ctx.add_layer(document, name, still=False)
        data = ctx.noise(document, uuid, 1)
        yield from writing.put(document, uuid, 4, ctx.canvas(document), data)
        assert document.layer(uuid).key_times() == [0, 4], name
        assert ctx.pixels(document, uuid, 4) == data, name


def keys_up_to_the_clip_s_end_and_past_it(ctx):
    document = yield from ctx.new_document()
    (layer,) = yield from ctx.layers(document)
    document.raw.setFullClipRangeEndTime(150)
    yield 0.1
    yield from steps.make_key(document, layer, 149)
    assert document.layer(layer).key_times() == [0, 149]
    past = steps.make_key(document, layer, 160)
    if ctx.host.version() < (5, 2, 0):
        yield from past
        assert document.layer(layer).key_times() == [0, 149, 160]
    else:
        text = yield from ctx.refused(past)
        assert all(word in text for word in ("160", "161", "clip")), text
        assert document.layer(layer).key_times() == [0, 149]


def a_still_layer_becomes_animated(ctx):
    """Krita keeps what the layer showed as the key at 0; putting a result there replaces it."""
    document = yield from ctx.new_document()
    later = yield from ctx.add_layer(document, "Later")
    yield from ctx.paint(document, later, 0, 1, 2, 3)
    shown = document.layer(later).read(0, ctx.canvas(document))
    assert not document.layer(later).is_blank(0, ctx.canvas(document))
    data = ctx.noise(document, later, 2)
    yield from writing.put(document, later, 4, ctx.canvas(document), data)
    assert document.layer(later).key_times() == [0, 4]
    assert ctx.pixels(document, later, 0) == shown
    assert ctx.pixels(document, later, 4) == data
    first = yield from ctx.add_layer(document, "First")
    yield from ctx.paint(document, first, 0, 1, 2, 3)
    box = (0, 0, 64, 10)
    yield from writing.put(document, first, 0, box, data[: 64 * 10 * 4])
    assert document.layer(first).key_times() == [0]
    assert document.layer(first).read(0, box) == data[: 64 * 10 * 4]
    assert document.layer(first).is_blank(0, (0, 10, 64, 38))
