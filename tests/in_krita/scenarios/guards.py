"""What is refused, with a sentence, and leaves everything as it was."""

from krita_plugin.propagate_colors.host import steps, writing


def locked_and_hidden_layers(ctx):
    document = yield from ctx.new_document()
    (layer,) = yield from ctx.layers(document)
    kept = ctx.noise(document, layer, 1)
    yield from writing.put(document, layer, 0, ctx.canvas(document), kept)
    node = document.layer(layer).node
    changes = [
        (lambda: node.setLocked(True), "locked", lambda: node.setLocked(False)),
        (lambda: node.setVisible(False), "hidden", lambda: node.setVisible(True)),
    ]
    for change, word, back in changes:
        change()
        yield from ctx.settle(document.raw)
        data = ctx.noise(document, layer, 2)
        for job in (
            writing.put(document, layer, 0, ctx.canvas(document), data),
            steps.make_key(document, layer, 3),
            writing.remove_key(document, layer, 0),
        ):
            text = yield from ctx.refused(job)
            assert word in text, text
            assert "Layer 0" in text, text
        assert document.layer(layer).key_times() == [0]
        assert ctx.pixels(document, layer, 0) == kept
        back()
        yield from ctx.settle(document.raw)
    yield from steps.make_key(document, layer, 3)
    assert document.layer(layer).key_times() == [0, 3]


def a_locked_or_hidden_group_counts(ctx):
    document = yield from ctx.new_document()
    group = yield from ctx.add_layer(document, "Group", "grouplayer")
    node = document.layer(group).node
    layer = yield from ctx.add_layer(document, "Inner", parent=node, still=False)
    assert document.layer(layer).info.parent_uuid == group
    assert document.layer(layer).info.depth_in_tree == 1
    node.setLocked(True)
    yield from ctx.settle(document.raw)
    assert document.layer(layer).info.locked
    text = yield from ctx.refused(steps.make_key(document, layer, 3))
    assert "locked" in text
    node.setLocked(False)
    node.setVisible(False)
    yield from ctx.settle(document.raw)
    assert not document.layer(layer).info.visible
    text = yield from ctx.refused(steps.make_key(document, layer, 3))
    assert "hidden" in text
    assert document.layer(layer).key_times() == [0]


def the_document_is_closed_in_the_middle(ctx):
    document = yield from ctx.new_document()
    (layer,) = yield from ctx.layers(document)
    job = writing.put(document, layer, 4, ctx.canvas(document), ctx.noise(document, layer, 1))
    next(job)
    yield from ctx.close(document)
    assert not document.is_open()
    assert "closed" in (yield from ctx.refused(job))
    assert "closed" in (yield from ctx.refused(steps.goto(document, 2)))

    def ask_for_its_size():
        assert document.width
        yield

    assert "closed" in (yield from ctx.refused(ask_for_its_size()))


def the_layer_is_removed_in_the_middle(ctx):
    document = yield from ctx.new_document()
    layer, other = yield from ctx.layers(document, 2)
    kept = ctx.noise(document, other, 2)
    yield from writing.put(document, other, 4, ctx.canvas(document), kept)
    job = writing.put(document, layer, 4, ctx.canvas(document), ctx.noise(document, layer, 1))
    next(job)
    yield
    document.layer(layer).node.remove()
    yield from ctx.settle(document.raw)
    assert "no longer" in (yield from ctx.refused(job))
    assert ctx.pixels(document, other, 4) == kept


def a_layer_renamed_and_moved_in_the_middle_is_still_the_one(ctx):
    document = yield from ctx.new_document()
    layer, other = yield from ctx.layers(document, 2)
    data = ctx.noise(document, layer, 1)
    job = writing.put(document, layer, 4, ctx.canvas(document), data)
    next(job)
    yield
    document.layer(layer).node.setName("Ärmel <neu>")
    yield from ctx.settle(document.raw)
    yield from job
    assert document.layer(layer).info.name == "Ärmel <neu>"
    assert ctx.pixels(document, layer, 4) == data
    assert document.layer(other).key_times() == [0]


def playback_stops_a_job(ctx):
    document = yield from ctx.new_document()
    (layer,) = yield from ctx.layers(document)
    yield from steps.make_key(document, layer, 6)
    assert not document.is_playing()
    ctx.krita.action("toggle_playback").trigger()
    yield document.is_playing, 5.0
    data = ctx.noise(document, layer, 1)
    text = yield from ctx.refused(writing.put(document, layer, 4, ctx.canvas(document), data))
    assert "played" in text
    ctx.krita.action("toggle_playback").trigger()
    yield lambda: not document.is_playing(), 5.0
    yield 0.3
    assert document.layer(layer).key_times() == [0, 6]
    yield from writing.put(document, layer, 4, ctx.canvas(document), data)
    assert ctx.pixels(document, layer, 4) == data


def another_document_in_front(ctx):
    first = yield from ctx.new_document(name="first")
    (layer,) = yield from ctx.layers(first)
    second = yield from ctx.new_document(name="second")
    (front,) = yield from ctx.layers(second)
    assert second.is_active()
    assert not first.is_active()
    assert first.key != second.key
    text = yield from ctx.refused(steps.make_key(first, layer, 4))
    assert "document" in text
    assert first.layer(layer).key_times() == [0]
    assert second.layer(front).key_times() == [0]
    assert [document.key for document in ctx.host.documents()].count(first.key) == 1
    assert ctx.host.active_document().key == second.key


def data_that_does_not_fit(ctx):
    document = yield from ctx.new_document()
    (layer,) = yield from ctx.layers(document)
    data = ctx.noise(document, layer, 1)
    for box, wrong in (
        (ctx.canvas(document), data[:-4]),
        ((0, 0, 64, 49), data + data[: 64 * 4]),
        ((-1, 0, 64, 48), data),
    ):
        text = yield from ctx.refused(writing.put(document, layer, 2, box, wrong))
        assert "Layer 0" in text
    assert document.layer(layer).key_times() == [0]


def a_key_with_pixels_anywhere_beside_the_canvas_is_left_alone(ctx):
    """However far away, and though neither that layer nor that frame is the active one."""
    document = yield from ctx.new_document()
    layer, other = yield from ctx.layers(document, 2)
    ours = ctx.noise(document, layer, 1)
    yield from writing.put(document, layer, 0, ctx.canvas(document), ours)
    yield from writing.put(document, layer, 4, ctx.canvas(document), ours)
    yield from writing.put(document, layer, 7, ctx.canvas(document), ours)
    yield from steps.goto(document, 4)
    document.layer(layer).node.setPixelData(b"\1\2\3\xff" * 4, -3000, 3, 2, 2)
    yield from ctx.settle(document.raw)
    yield from ctx.activate(document, other)
    yield from steps.goto(document, 0)
    keys = writing.Keys(document, layer)
    theirs = ctx.noise(document, layer, 2)
    seen = set()
    yield from _watched(document, keys.put(7, ctx.canvas(document), theirs), seen)
    for job in (keys.put(4, ctx.canvas(document), theirs), keys.remove(4)):
        text = yield from ctx.refused(_watched(document, job, seen))
        assert "stays as it is" in text, text
    yield from _watched(document, keys.put(0, ctx.canvas(document), theirs), seen)
    keys.close()
    assert seen == {(0, other)}, seen
    pixels = [ctx.pixels(document, layer, time) for time in (0, 4, 7)]
    assert pixels == [theirs, ours, theirs]
    assert not document.layer(layer).is_blank(4, (-3000, 3, 2, 2))


def _watched(document, job, seen):
    """Run steps and note where playhead and active layer are after each one."""
    for wish in job:
        seen.add((document.current_time, document.active_layer_uuid()))
        yield wish
