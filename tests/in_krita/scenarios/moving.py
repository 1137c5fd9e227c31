"""Further painted layers that move with the segments: chosen, written, taken back, kept."""

from krita_plugin.propagate_colors.host import steps, writing
from tests.in_krita.scenarios.desk import BLUE, GREEN, KEYS, RED, logical, ready

SHADE, OTHER = (60, 20, 20, 128), (10, 90, 10, 200)


class Layer:
    """A layer of the artist's that is moved."""

    def __init__(self, desk, uuid):
        self.desk, self.uuid = desk, uuid

    def paint(self, time, color=SHADE):
        """Paint a frame as the artist does."""
        data = self.desk.colors(color, (0, 0, 0, 0))
        yield from writing.put(self.desk.document, self.uuid, time, self.desk.box, data)

    def pixels(self, time):
        return self.desk.ctx.pixels(self.desk.document, self.uuid, time)

    def keys(self):
        return self.desk.document.layer(self.uuid).key_times()

    def moved(self, number, color=SHADE):
        """Return what the fake engine makes of it on a drawing."""
        return self.desk.predicted(number, color, (0, 0, 0, 0))


def with_shadow(ctx, painted=(0,), shaded=(0,), name="Shadow"):
    """Return a desk, and a shadow layer that is chosen to move, below the lines."""
    desk = yield from ready(ctx, painted=painted)
    uuid = yield from steps.create_color_layer(desk.document, name, desk.line)
    layer = Layer(desk, uuid)
    for time in shaded:
        yield from layer.paint(time)
    yield from desk.look()
    assert desk.controller.moved_layers == []
    yield from desk.do("set_moved_layers", [uuid])
    assert desk.controller.moved_layers == [uuid]
    return desk, layer


def a_shadow_goes_with_the_colors(ctx):
    desk, layer = yield from with_shadow(ctx)
    yield from ctx.activate(desk.document, desk.line)
    yield from steps.goto(desk.document, 4)
    said = yield from desk.do("propagate")
    assert said == ["3 colored, 3 to look at. Other layers moved on 3 frames."], said
    assert layer.keys() == desk.color_keys() == list(KEYS)
    assert layer.pixels(0) == desk.colors(SHADE, (0, 0, 0, 0))
    for time in (2, 5, 6):
        assert layer.pixels(time) == layer.moved(time)
        assert desk.pixels(time) == desk.predicted(time)
    assert desk.row(2).surfaces == 1
    assert desk.row(2).surface_layers == ("Shadow",)
    assert desk.document.current_time == 4
    assert desk.document.active_layer_uuid() == desk.line
    said = yield from desk.do("propagate")
    assert said == ["Nothing had to be colored again."], said
    assert len([h for h in desk.engine.asked("add_shade") if "box" in h]) == 1
    desk.controller.shutdown()


def undo_takes_all_layers_of_a_frame_back(ctx):
    desk, layer = yield from with_shadow(ctx)
    yield from desk.do("propagate")
    yield from desk.do("set_moved_layers", [])  # it is taken back all the same
    assert (yield from desk.do("undo", [2])) == []
    assert layer.keys() == desk.color_keys() == [0, 5, 6]
    yield from desk.do("propagate")
    assert desk.color_keys() == list(KEYS)
    assert layer.keys() == [0, 5, 6], "it is not chosen now"
    assert "shades" not in desk.engine.asked("propagate")[-1]
    desk.controller.shutdown()


def what_the_artist_painted_there_is_never_written(ctx):
    desk, layer = yield from with_shadow(ctx, shaded=(0, 5))
    yield from layer.paint(5, OTHER)
    own = layer.pixels(5)
    yield from desk.do("propagate")
    assert layer.pixels(5) == own
    assert layer.pixels(6) == layer.moved(6, OTHER), "the frame beyond learns from it"
    yield from layer.paint(2, OTHER)  # ours before
    changed = layer.pixels(2)
    yield from desk.do("propagate")
    assert layer.pixels(2) == changed
    assert desk.engine.asked("propagate")[-1]["shades"][0]["painted"] == [0, 2, 5]
    said = yield from desk.do("undo", [2])
    assert said == [
        'On the layer "Shadow": Frame 2 was changed since it was colored, so it stays as it is.'
    ], said
    assert layer.pixels(2) == changed
    assert desk.color_keys() == [0, 5, 6]
    desk.controller.shutdown()


def a_frame_of_it_painted_during_the_run_is_left_alone(ctx):
    desk, layer = yield from with_shadow(ctx)
    yield from desk.do("propagate")
    yield from desk.do("undo", [2, 5, 6])
    desk.engine.stop_after = 2  # frames 0 and 2 are told of
    desk.controller.propagate()
    journal = desk.controller._desk.shot.journal
    yield lambda: journal.entry(layer.uuid, 2) is not None, 60.0
    yield from layer.paint(5, OTHER)
    own = layer.pixels(5)
    desk.engine.go_on()
    said = yield from desk.rests()
    assert "left alone: 5" in said[-1], said
    assert layer.pixels(5) == own
    assert desk.pixels(5) == desk.predicted(5)
    desk.controller.shutdown()


def undo_changes_no_layer_where_one_is_locked(ctx):
    desk, layer = yield from with_shadow(ctx)
    yield from desk.do("propagate")
    desk.document.layer(layer.uuid).node.setLocked(True)
    yield from ctx.settle(desk.document.raw, 0.3)
    said = yield from desk.do("undo", [2, 5])
    assert said == ['The layer "Shadow" is locked: unlock it and try again.'], said
    assert layer.keys() == desk.color_keys() == list(KEYS)
    desk.document.layer(layer.uuid).node.setLocked(False)
    yield from ctx.settle(desk.document.raw, 0.3)
    yield from desk.do("undo", [2, 5])
    assert layer.keys() == desk.color_keys() == [0, 6]
    desk.controller.shutdown()


def it_never_becomes_the_color_layer(ctx):
    """Whatever its name, when the layer of the colours goes."""
    desk, layer = yield from with_shadow(ctx, name="Shadow colors")
    yield from desk.do("propagate")
    moved = layer.pixels(2)
    desk.document.layer(desk.color).node.remove()
    yield from ctx.settle(desk.document.raw, 0.3)
    yield from desk.look()
    assert desk.controller.color_layer is None
    assert desk.controller.moved_layers == [layer.uuid]
    said = yield from desk.do("propagate")
    assert "no painted frame" in said[-1], said
    assert desk.controller.color_layer not in {None, layer.uuid}, "a new one was made"
    assert layer.pixels(2) == moved
    desk.controller.shutdown()


def a_deleted_one_that_comes_back_is_still_chosen(ctx):
    desk, layer = yield from with_shadow(ctx)
    yield from ctx.activate(desk.document, layer.uuid)
    yield from ctx.action(desk.document, "remove_layer", 0.3)
    assert desk.document.layer(layer.uuid) is None
    yield from desk.look()
    assert desk.controller.moved_layers == []
    yield from ctx.action(desk.document, "edit_undo", 0.3)
    yield from desk.look()
    assert desk.controller.moved_layers == [layer.uuid]
    desk.controller.shutdown()


def an_accepted_empty_one_is_not_sent_again(ctx):
    desk, layer = yield from with_shadow(ctx, painted=(0, 5))
    yield from desk.do("propagate")
    desk.controller._desk.shot.layer(layer.uuid).accept(5)
    said = yield from desk.do("propagate")
    assert said == ["Nothing had to be colored again."], said
    desk.controller.shutdown()


def accepted_ones_teach(ctx):
    desk, layer = yield from with_shadow(ctx)
    yield from desk.do("propagate")
    yield from desk.do("accept", [2])
    yield from desk.do("propagate")
    request = desk.engine.asked("propagate")[-1]
    assert (request["references"], request["shades"][0]["painted"]) == ([0, 2], [0, 2])
    assert layer.pixels(2) == layer.moved(2)
    yield from desk.do("take_back_accept", [2])
    yield from desk.do("propagate")
    assert desk.engine.asked("propagate")[-1]["shades"][0]["painted"] == [0]
    desk.controller.shutdown()


def a_painted_frame_without_a_shadow_gets_an_empty_key(ctx):
    desk, layer = yield from with_shadow(ctx, painted=(0, 5))
    yield from desk.paint(5, GREEN, BLUE)
    yield from desk.look()
    said = yield from desk.do("propagate")
    assert said[-1].endswith(
        'Nothing was painted on the layer "Shadow" beside the painted colors: 5. '
        "It stays empty there."
    ), said
    assert layer.pixels(5) == bytes(len(layer.pixels(0)))
    assert layer.pixels(2) == layer.moved(2)
    said = yield from desk.do("propagate")
    assert said == ["Nothing had to be colored again."], said
    yield from desk.do("undo", [5])
    assert layer.keys() == [0, 2, 6]
    assert desk.pixels(5) == desk.colors(GREEN, BLUE)
    desk.controller.shutdown()


def what_cannot_be_moved_is_said(ctx):
    desk, layer = yield from with_shadow(ctx, shaded=())
    said = yield from desk.do("propagate")
    assert said[-1].endswith('Nothing is painted on the layer "Shadow" to be moved.'), said
    assert layer.keys() == [0]
    why = {choice.name: choice.why_not for choice in desk.controller.moved_choices}
    assert why == {"Shadow": "", "Lines": "This is a line layer."} | why
    assert desk.controller.color_layer not in {c.uuid for c in desk.controller.moved_choices}
    yield from layer.paint(0)
    desk.document.layer(layer.uuid).node.setLocked(True)
    yield from ctx.settle(desk.document.raw, 0.3)
    keys = desk.color_keys()
    said = yield from desk.do("propagate")
    assert said == ['The layer "Shadow" is locked: unlock it and try again.'], said
    assert desk.color_keys() == keys
    desk.controller.shutdown()


def choices_survive_save_and_reopen(ctx):
    desk, layer = yield from with_shadow(ctx)
    yield from desk.do("set_surfaces", True)
    yield from desk.do("propagate")
    assert desk.engine.asked("propagate")[-1]["surface"] == "auto"
    moved = {time: layer.pixels(time) for time in KEYS}
    yield from desk.reopened()
    assert desk.controller.moved_layers == [layer.uuid]
    assert desk.controller.surfaces
    said = yield from desk.do("propagate")
    assert said == ["Nothing had to be colored again."], said
    assert {time: layer.pixels(time) for time in KEYS} == moved
    yield from desk.do("undo", [5])
    assert layer.keys() == desk.color_keys() == [0, 2, 6]
    yield from desk.do("set_surfaces", False)
    yield from desk.do("propagate")
    assert "surface" not in desk.engine.asked("propagate")[-1]
    desk.controller.shutdown()


def krita_s_own_undo_is_followed(ctx):
    desk, layer = yield from with_shadow(ctx)
    yield from desk.do("propagate")
    yield from ctx.paint(desk.document, layer.uuid, 2, 9, 90, 9)
    painted = layer.pixels(2)
    assert painted != layer.moved(2)
    yield from ctx.action(desk.document, "edit_undo")
    assert layer.pixels(2) == layer.moved(2)
    yield from desk.look()
    yield from desk.do("undo", [2])
    assert layer.keys() == desk.color_keys() == [0, 5, 6]
    assert desk.pixels(0) == desk.colors(RED, BLUE)
    desk.controller.shutdown()


def a_fix_leaves_what_moved_and_its_doubt(ctx):
    desk, layer = yield from with_shadow(ctx)
    yield from desk.do("propagate")
    yield from desk.do("give_hint", 2, (50, 24), logical(GREEN))
    assert desk.pixels(2) == desk.predicted(2, RED, GREEN)
    assert layer.pixels(2) == layer.moved(2)
    assert (desk.row(2).surfaces, desk.row(2).surface_layers) == (1, ("Shadow",))
    yield from desk.do("undo", [2])
    assert layer.keys() == desk.color_keys() == [0, 5, 6]
    desk.controller.shutdown()
