"""Layers that move with the segments: what is looked at of them, and what is said."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors.host import steps
from krita_plugin.propagate_colors.state import timeline
from krita_plugin.propagate_colors.work import shown
from tests.in_krita.scenarios.moving import OTHER, Layer, with_shadow
from tests.in_krita.scenarios.rig import BLUE, GREEN
from tests.in_krita.scenarios.sheet_pictures import picture

NOTICED_SECONDS = 1.2


def test_few_times_are_looked_at_to_find_what_is_shown(run, monkeypatch):
    """At every paint of a picture: a look at all times of a timeline takes too long."""

    def scenario(ctx):
        rig, layer = yield from with_shadow(ctx, shaded=(2, 5))
        node = rig.document.layer(layer.uuid).node
        node.keys.pop(0, None)
        assert layer.keys() == [2, 5]
        shot, looks = rig.controller._documents.shot, []
        has_key = type(node).hasKeyframeAtTime
        monkeypatch.setattr(
            type(node), "hasKeyframeAtTime", lambda one, t: looks.append(t) or has_key(one, t)
        )
        for time in range(8):
            held = [one.key for one in shown.shown_at(shot, time) if one.frames is not shot]
            key = timeline.held_key([2, 5], time)
            assert held == ([] if key is None else [key])
        looks.clear()
        shown.version(shot, 7)
        assert looks == [7, 6, 5]
        rig.controller.shutdown()

    run(scenario)


def test_paint_on_a_held_key_shows_in_the_pictures_of_other_frames(run):
    def scenario(ctx):
        rig, layer = yield from with_shadow(ctx)
        before = yield from picture(rig, 5)
        small = rig.controller.thumbnail(5)
        yield from steps.goto(rig.document, 3)
        yield NOTICED_SECONDS
        yield from layer.paint(0, OTHER)  # shown at 3, and at 5
        yield from steps.goto(rig.document, 1)
        yield NOTICED_SECONDS
        yield from rig.rests()
        assert (yield from picture(rig, 5)) != before
        assert rig.controller.thumbnail(5) != small
        rig.controller.shutdown()

    run(scenario)


def test_layers_of_the_same_name_are_both_told_of(run):
    def scenario(ctx):
        rig, one = yield from with_shadow(ctx)
        other = Layer(rig, (yield from steps.create_color_layer(rig.document, "Shadow", rig.line)))
        yield from other.paint(0)
        yield from rig.look()
        yield from rig.do("set_moved_layers", [one.uuid, other.uuid])
        yield from rig.do("propagate")
        for time in (5, 6):
            yield from rig.paint(time, GREEN, BLUE)
        yield from rig.look()
        stays = 'what was moved there before stays on the layer "Shadow": 5-6.'
        said = yield from rig.do("propagate")
        assert said[-1].endswith(stays), said
        yield from one.paint(6, OTHER)  # the artist's from then on, on one of them
        yield from other.paint(5, OTHER)
        said = yield from rig.do("propagate")
        assert stays in said[-1], said
        rig.controller.shutdown()

    run(scenario)
