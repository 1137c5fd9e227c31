"""Where the artist is, new layers, and what groups show."""

import krita

from krita_plugin.propagate_colors.host import steps, writing


def the_artist_s_view_comes_back(ctx):
    document = yield from ctx.new_document()
    layer, other = yield from ctx.layers(document, 2)
    yield from ctx.activate(document, other)
    yield from steps.goto(document, 7)
    selection = krita.Selection()
    selection.select(3, 4, 20, 10, 255)
    document.raw.setSelection(selection)
    yield from ctx.settle(document.raw)
    view = steps.save_view(document)
    for t in (0, 2):
        data = ctx.noise(document, layer, t)
        yield from writing.put(document, layer, t, ctx.canvas(document), data)
        assert ctx.pixels(document, layer, t) == data  # a selection does not mask our writes
    document.raw.setSelection(None)
    yield from ctx.settle(document.raw)
    yield from steps.restore_view(document, view)
    yield from ctx.settle(document.raw)
    assert document.current_time == 7
    assert document.active_layer_uuid() == other
    assert steps.save_view(document) == view
    box, mask = view.selection
    assert box == (3, 4, 20, 10)
    assert set(mask) == {255}


def a_view_without_a_selection_comes_back(ctx):
    document = yield from ctx.new_document()
    (layer,) = yield from ctx.layers(document)
    view = steps.save_view(document)
    assert view.selection is None
    yield from steps.make_key(document, layer, 3)
    yield from steps.restore_view(document, view)
    assert steps.save_view(document) == view


def a_color_layer_lies_below_its_lines(ctx):
    document = yield from ctx.new_document()
    line = yield from ctx.add_layer(document, "Lines")
    yield from ctx.add_layer(document, "Top")
    color = yield from steps.create_color_layer(document, "Lines color", line)
    names = [info.name for info in document.layers()]
    assert names[:3] == ["Top", "Lines", "Lines color"], names
    info = document.layer(color).info
    assert info.animated
    assert info.kind == "paintlayer"
    assert document.layer(color).key_times() == [0]
    for _ in range(8):
        if document.layer(color) is None:
            break
        yield from ctx.action(document, "edit_undo")
    assert [info.name for info in document.layers()][:2] == ["Top", "Lines"]


def a_color_layer_below_the_lowest_of_a_group(ctx):
    document = yield from ctx.new_document()
    group = yield from ctx.add_layer(document, "Group", "grouplayer")
    node = document.layer(group).node
    line = yield from ctx.add_layer(document, "Lines", parent=node)
    yield from ctx.add_layer(document, "Above", parent=node)
    color = yield from steps.create_color_layer(document, "Lines color", line)
    below = [(info.name, info.depth_in_tree) for info in document.layers()]
    wanted = [("Group", 0), ("Above", 1), ("Lines", 1), ("Lines color", 1)]
    assert below[:4] == wanted, below
    assert document.layer(color).key_times() == [0]


def a_color_layer_below_a_group_at_the_bottom(ctx):
    document = yield from ctx.new_document()
    group = yield from ctx.add_layer(document, "Group", "grouplayer")
    yield from ctx.add_layer(document, "Lines", parent=document.layer(group).node)
    for info in document.layers():
        if info.depth_in_tree == 0 and info.uuid != group:
            document.layer(info.uuid).node.remove()  # the background
            yield from ctx.settle(document.raw)
    color = yield from steps.create_color_layer(document, "Lines color", group)
    found = [(info.name, info.depth_in_tree) for info in document.layers()]
    assert found == [("Group", 0), ("Lines", 1), ("Lines color", 0)], found
    assert document.layer(color).key_times() == [0]


def a_group_shows_its_layers(ctx):
    document = yield from ctx.new_document()
    group = yield from ctx.add_layer(document, "Group", "grouplayer")
    node = document.layer(group).node
    inner = yield from ctx.add_layer(document, "Inner", parent=node, still=False)
    pictures = {}
    for t in (0, 3):
        opaque = bytes([10 + t, 20, 30, 255]) * (document.width * document.height)
        pictures[t] = opaque
        yield from writing.put(document, inner, t, ctx.canvas(document), opaque)
    for t, key in ((3, 3), (0, 0), (2, 0), (5, 3)):
        shown = yield from steps.read_group(document, group, t, ctx.canvas(document))
        assert shown == pictures[key], t


def annotations_survive_save_and_reopen(ctx):
    document = yield from ctx.new_document()
    (layer,) = yield from ctx.layers(document)
    kind, data = "propagate_colors/journal", b"PCJOURN1\0\1\2\xff" + bytes(range(256)) * 999
    assert document.read_annotation(kind) is None
    document.raw.setModified(False)
    document.write_annotation(kind, "journal", b"old")
    document.write_annotation(kind, "journal", data)
    assert document.raw.modified()
    assert document.read_annotation(kind) == data
    frame = ctx.noise(document, layer, 1)
    yield from writing.put(document, layer, 3, ctx.canvas(document), frame)
    path = ctx.file("änne.kra")
    document.raw.setBatchmode(True)
    assert document.raw.saveAs(path)
    yield from ctx.close(document)
    again = yield from ctx.open_document(path)
    assert again.path.endswith("änne.kra")
    assert again.name
    assert again.read_annotation(kind) == data
    assert again.layer(layer).key_times() == [0, 3]  # layers keep their ids
    assert ctx.pixels(again, layer, 3) == frame


def facts_of_a_document(ctx):
    document = yield from ctx.new_document(size=(30, 20), name="A name")
    assert (document.width, document.height) == (30, 20)
    assert (document.color_model, document.color_depth) == ("RGBA", "U8")
    assert document.name == "A name"
    assert document.path == ""
    assert document.profile
    start, end = document.clip
    assert (start, document.length) == (0, end + 1)
    layer = yield from ctx.add_layer(document, "L")
    assert document.layer("{none}") is None
    top = document.layers()[0]
    assert (top.uuid, top.name, top.depth_in_tree) == (layer, "L", 0)
    assert top.parent_uuid == document.key
    box = (4, 5, 6, 7)
    yield from writing.put(document, layer, 0, box, b"\1\2\3\xff" * 42)
    ctx.host.write_setting("test_setting", "ä=1")
    assert ctx.host.read_setting("test_setting", "") == "ä=1"
    assert ctx.host.read_setting("missing", "x") == "x"
