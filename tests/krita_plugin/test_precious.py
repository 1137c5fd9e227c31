"""Pixels of the artist's that are easily overlooked: of still layers, and beside the canvas."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors.link import install
from krita_plugin.propagate_colors.state import journal
from krita_plugin.propagate_colors.work import jobs
from tests.in_krita.scenarios import base
from tests.in_krita.scenarios.rig import ready
from tests.krita_plugin import mock_krita


def _run(tmp_path, scenario, before_turn=lambda _: None):
    mock_krita.reset()
    clock, errors = mock_krita.Clock(), []
    context = base.Context("precious", tmp_path)
    context.clock = clock
    clock.before_turn = lambda: before_turn(context)
    runner = jobs.Runner(scenario(context), "precious", lambda _: None, errors.append, clock)
    clock.run(lambda: runner.done)
    for error in errors:
        raise error


def test_a_painting_on_a_layer_with_animated_opacity_is_the_artists(tmp_path):
    """Krita calls such a layer animated, though its pixels have no keyframes."""

    def scenario(ctx):
        rig = yield from ready(ctx, painted=())
        rig.document.layer(rig.color).node.remove()
        rig.color = yield from ctx.add_layer(rig.document, "Flats")
        yield from ctx.paint(rig.document, rig.color, 0, 9, 90, 200)
        node = rig.document.layer(rig.color).node
        painted = rig.document.layer(rig.color).read(0, rig.box)
        node.keys = {}
        assert node.animated()
        yield from rig.do("set_color_layer", rig.color)
        yield from rig.look()
        assert rig.states()[0] == "artist"
        yield from rig.do("propagate")
        assert rig.pixels(0) == painted
        assert rig.states() == {0: "artist", 2: "predicted", 5: "predicted", 6: "predicted"}
        rig.controller.shutdown()

    _run(tmp_path, scenario)


@pytest.mark.parametrize(
    "box", [(-9, 0, 20, 20), (0, -1, 5, 5), (60, 0, 9, 9), (0, 40, 9, 9), (-900, 5, 9, 9)]
)
def test_a_key_with_pixels_beside_the_canvas_is_left_alone(tmp_path, box):
    def scenario(ctx):
        rig = yield from ready(ctx, painted=(0, 5))
        frame = rig.document.layer(rig.color).node.keys[5]
        frame.overwrite(bytes(len(frame.data)))
        frame.beside = box
        yield from rig.look()
        assert rig.states()[5] == "todo"
        said = yield from rig.do("propagate")
        assert "left alone: 5" in said[-1], said
        assert rig.document.layer(rig.color).node.keys[5] is frame
        assert rig.states()[6] == "predicted"
        rig.controller.shutdown()

    _run(tmp_path, scenario)


def test_undo_keeps_pixels_beside_the_canvas(tmp_path):
    def scenario(ctx):
        rig = yield from ready(ctx)
        yield from rig.do("propagate")
        rig.document.layer(rig.color).node.keys[5].beside = (-5, 0, 9, 9)
        said = yield from rig.do("undo", [5])
        assert "stays as it is" in said[-1], said
        assert rig.pixels(5) == rig.predicted(5)
        rig.controller.shutdown()

    _run(tmp_path, scenario)


def test_a_frame_is_never_in_the_document_without_a_journal(tmp_path):
    """Saved in between, it would count as the artist's when the document is opened again."""
    seen = []

    def look(ctx):
        for document in ctx.krita.documents():
            layers = [node for node in document.root.walk() if node.name() == "Lines colors"]
            keys = (layers and layers[0].keys) or {}
            if any(any(frame.data) for time, frame in keys.items() if time):
                assert journal.KIND in document.annotationTypes()
                seen.append(document)

    def scenario(ctx):
        rig = yield from ready(ctx)
        yield from rig.do("propagate")
        rig.controller.shutdown()

    _run(tmp_path, scenario, look)
    assert seen


@pytest.mark.parametrize("text", ["x" * 5000, "~nobody-of-that-name/ant_core", "a\0b"])
def test_a_setting_that_can_be_no_path_is_one_sentence(text):
    with pytest.raises(install.EngineNotFound):
        install.find_engine(text, {"PATH": ""})


def test_a_copy_of_an_open_image_is_another_document(tmp_path):
    """Krita's own "Create Copy From Current Image" keeps all ids, the root layer's too."""

    def scenario(ctx):
        rig = yield from ready(ctx)
        original = rig.document.raw
        copy = original._copy()
        copy.root._uuid = original.root._uuid
        ctx.krita.open.append(copy)
        ctx.krita.setActiveDocument(copy)
        yield from rig.look()
        assert ctx.host.active_document().key != rig.document.key
        assert ctx.host.active_document().key == ctx.host.active_document().key
        yield from rig.do("propagate")
        assert rig.color_keys() == [0]
        assert journal.KIND not in original.annotationTypes()
        assert journal.KIND in copy.annotationTypes()
        rig.controller.shutdown()

    _run(tmp_path, scenario)


def test_colors_within_a_group_of_lines_are_refused(tmp_path):
    """The run would read its own colours as lines, and stop at the first key that it makes."""

    def scenario(ctx):
        rig = yield from ready(ctx)
        group = yield from ctx.add_layer(rig.document, "Clean lines", "grouplayer")
        node = rig.document.layer(group).node
        for uuid in (rig.line, rig.color):
            layer = rig.document.layer(uuid).node
            layer._parent._children.remove(layer)
            layer._parent = node
            node._children.append(layer)
        yield from rig.look()
        yield from rig.do("set_line_layers", [group])
        yield from rig.do("set_color_layer", rig.color)
        choices = {choice.uuid: choice for choice in rig.controller.color_choices}
        assert not choices[rig.color].enabled
        assert "line layer" in choices[rig.color].why_not
        said = yield from rig.do("propagate")
        assert "lies in their group" in said[-1], said
        assert rig.color_keys() == [0]
        rig.controller.shutdown()

    _run(tmp_path, scenario)


def test_the_tree_is_looked_at_once_for_all_line_layers(tmp_path, monkeypatch):
    """Twice a second, while the artist draws: a look for each layer of a group takes too long."""

    def scenario(ctx):
        rig = yield from ready(ctx)
        group = yield from ctx.add_layer(rig.document, "Inks", "grouplayer")
        for number in range(5):
            node = rig.document.layer(group).node
            yield from ctx.add_layer(rig.document, f"Ink {number}", parent=node, still=False)
        yield from rig.do("set_line_layers", [group])
        looks = []
        walk = type(rig.document)._walk
        monkeypatch.setattr(
            type(rig.document), "_walk", lambda document: looks.append(1) or walk(document)
        )
        lines = rig.controller._documents.shot.current_lines()
        assert [line.keys for line in lines] == [(0,)]
        assert len(looks) == 1
        rig.controller.shutdown()

    _run(tmp_path, scenario)
