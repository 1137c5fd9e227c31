"""Further painted layers that move with the segments: chosen, written, taken back, kept."""

from krita_plugin.propagate_colors.host import steps, writing
from tests.in_krita.scenarios.base import SIZE
from tests.in_krita.scenarios.rig import BLUE, GREEN, KEYS, RED, logical, ready

SHADE, OTHER = (60, 20, 20, 128), (10, 90, 10, 200)


class Layer:
    """A layer of the artist's that is moved."""

    def __init__(self, rig, uuid):
        self.rig, self.uuid = rig, uuid

    def paint(self, time, color=SHADE):
        """Paint a frame as the artist does."""
        data = self.rig.colors(color, (0, 0, 0, 0))
        yield from writing.put(self.rig.document, self.uuid, time, self.rig.box, data)

    def pixels(self, time):
        return self.rig.ctx.pixels(self.rig.document, self.uuid, time)

    def keys(self):
        return self.rig.document.layer(self.uuid).key_times()

    def moved(self, number, color=SHADE):
        """Return what the fake engine makes of it on a drawing."""
        return self.rig.predicted(number, color, (0, 0, 0, 0))


def with_shadow(ctx, painted=(0,), shaded=(0,), name="Shadow"):
    """Return a rig, and a shadow layer that is chosen to move, below the lines."""
    rig = yield from ready(ctx, painted=painted)
    uuid = yield from steps.create_color_layer(rig.document, name, rig.line)
    layer = Layer(rig, uuid)
    for time in shaded:
        yield from layer.paint(time)
    yield from rig.look()
    assert rig.controller.moved_layers == []
    yield from rig.do("set_moved_layers", [uuid])
    assert rig.controller.moved_layers == [uuid]
    return rig, layer


def a_shadow_goes_with_the_colors(ctx):
    rig, layer = yield from with_shadow(ctx)
    yield from ctx.activate(rig.document, rig.line)
    yield from steps.goto(rig.document, 4)
    said = yield from rig.do("propagate")
    assert said == ["3 colored, 3 to look at. Other layers moved on 3 frames."], said
    assert layer.keys() == rig.color_keys() == list(KEYS)
    assert layer.pixels(0) == rig.colors(SHADE, (0, 0, 0, 0))
    for time in (2, 5, 6):
        assert layer.pixels(time) == layer.moved(time)
        assert rig.pixels(time) == rig.predicted(time)
    assert rig.row(2).surfaces == 1
    assert rig.row(2).surface_layers == ("Shadow",)
    assert rig.document.current_time == 4
    assert rig.document.active_layer_uuid() == rig.line
    said = yield from rig.do("propagate")
    assert said == ["Nothing had to be colored again."], said
    assert len([h for h in rig.engine.asked("add_shade") if "box" in h]) == 1
    rig.controller.shutdown()


def undo_takes_all_layers_of_a_frame_back(ctx):
    rig, layer = yield from with_shadow(ctx)
    yield from rig.do("propagate")
    yield from rig.do("set_moved_layers", [])  # it is taken back all the same
    assert (yield from rig.do("undo", [2])) == []
    assert layer.keys() == rig.color_keys() == [0, 5, 6]
    yield from rig.do("propagate")
    assert rig.color_keys() == list(KEYS)
    assert layer.keys() == [0, 5, 6], "it is not chosen now"
    assert "shades" not in rig.engine.asked("propagate")[-1]
    rig.controller.shutdown()


def what_the_artist_painted_there_is_never_written(ctx):
    rig, layer = yield from with_shadow(ctx, shaded=(0, 5))
    yield from layer.paint(5, OTHER)
    own = layer.pixels(5)
    yield from rig.do("propagate")
    assert layer.pixels(5) == own
    assert layer.pixels(6) == layer.moved(6, OTHER), "the frame beyond learns from it"
    yield from layer.paint(2, OTHER)  # ours before
    changed = layer.pixels(2)
    yield from rig.do("propagate")
    assert layer.pixels(2) == changed
    assert rig.engine.asked("propagate")[-1]["shades"][0]["painted"] == [0, 2, 5]
    said = yield from rig.do("undo", [2])
    assert said == [
        'On the layer "Shadow": Frame 2 was changed since it was colored, so it stays as it is.'
    ], said
    assert layer.pixels(2) == changed
    assert rig.color_keys() == [0, 5, 6]
    rig.controller.shutdown()


def a_frame_of_it_painted_during_the_run_is_left_alone(ctx):
    rig, layer = yield from with_shadow(ctx)
    yield from rig.do("propagate")
    yield from rig.do("undo", [2, 5, 6])
    rig.engine.stop_after = 2  # frames 0 and 2 are told of
    rig.controller.propagate()
    journal = rig.controller._documents.shot.journal
    yield lambda: journal.entry(layer.uuid, 2) is not None, 60.0
    yield from layer.paint(5, OTHER)
    own = layer.pixels(5)
    rig.engine.go_on()
    said = yield from rig.rests()
    assert "left alone: 5" in said[-1], said
    assert layer.pixels(5) == own
    assert rig.pixels(5) == rig.predicted(5)
    rig.controller.shutdown()


def undo_changes_no_layer_where_one_is_locked(ctx):
    rig, layer = yield from with_shadow(ctx)
    yield from rig.do("propagate")
    rig.document.layer(layer.uuid).node.setLocked(True)
    yield from ctx.settle(rig.document.raw, 0.3)
    said = yield from rig.do("undo", [2, 5])
    assert said == ['The layer "Shadow" is locked: unlock it and try again.'], said
    assert layer.keys() == rig.color_keys() == list(KEYS)
    rig.document.layer(layer.uuid).node.setLocked(False)
    yield from ctx.settle(rig.document.raw, 0.3)
    yield from rig.do("undo", [2, 5])
    assert layer.keys() == rig.color_keys() == [0, 6]
    rig.controller.shutdown()


def it_never_becomes_the_color_layer(ctx):
    """Whatever its name, when the layer of the colours goes."""
    rig, layer = yield from with_shadow(ctx, name="Shadow colors")
    yield from rig.do("propagate")
    moved = layer.pixels(2)
    rig.document.layer(rig.color).node.remove()
    yield from ctx.settle(rig.document.raw, 0.3)
    yield from rig.look()
    assert rig.controller.color_layer is None
    assert rig.controller.moved_layers == [layer.uuid]
    said = yield from rig.do("propagate")
    assert "no painted frame" in said[-1], said
    assert rig.controller.color_layer not in {None, layer.uuid}, "a new one was made"
    assert layer.pixels(2) == moved
    rig.controller.shutdown()


def a_deleted_one_that_comes_back_is_still_chosen(ctx):
    rig, layer = yield from with_shadow(ctx)
    yield from ctx.activate(rig.document, layer.uuid)
    yield from ctx.action(rig.document, "remove_layer", 0.3)
    assert rig.document.layer(layer.uuid) is None
    yield from rig.look()
    assert rig.controller.moved_layers == []
    yield from ctx.action(rig.document, "edit_undo", 0.3)
    yield from rig.look()
    assert rig.controller.moved_layers == [layer.uuid]
    rig.controller.shutdown()


def an_accepted_empty_one_is_not_sent_again(ctx):
    rig, layer = yield from with_shadow(ctx, painted=(0, 5))
    yield from rig.do("propagate")
    rig.controller._documents.shot.layer(layer.uuid).accept(5)
    said = yield from rig.do("propagate")
    assert said == ["Nothing had to be colored again."], said
    rig.controller.shutdown()


def accepted_ones_teach(ctx):
    rig, layer = yield from with_shadow(ctx)
    yield from rig.do("propagate")
    yield from rig.do("accept", [2])
    yield from rig.do("propagate")
    request = rig.engine.asked("propagate")[-1]
    assert (request["references"], request["shades"][0]["painted"]) == ([0, 2], [0, 2])
    assert layer.pixels(2) == layer.moved(2)
    yield from rig.do("take_back_accept", [2])
    yield from rig.do("propagate")
    assert rig.engine.asked("propagate")[-1]["shades"][0]["painted"] == [0]
    rig.controller.shutdown()


def a_painted_frame_without_a_shadow_gets_an_empty_key(ctx):
    rig, layer = yield from with_shadow(ctx, painted=(0, 5))
    yield from rig.paint(5, GREEN, BLUE)
    yield from rig.look()
    said = yield from rig.do("propagate")
    assert said[-1].endswith(
        'Nothing was painted on the layer "Shadow" beside the painted colors: 5. '
        "It stays empty there."
    ), said
    assert layer.pixels(5) == bytes(len(layer.pixels(0)))
    assert layer.pixels(2) == layer.moved(2)
    said = yield from rig.do("propagate")
    assert said == ["Nothing had to be colored again."], said
    yield from rig.do("undo", [5])
    assert layer.keys() == [0, 2, 6]
    assert rig.pixels(5) == rig.colors(GREEN, BLUE)
    rig.controller.shutdown()


def what_was_moved_stays_where_colors_are_painted_over_and_that_is_said(ctx):
    rig, layer = yield from with_shadow(ctx)
    yield from rig.do("propagate")
    moved = layer.pixels(5)
    yield from rig.paint(5, GREEN, BLUE)
    yield from rig.look()
    assert rig.states()[5] == "artist"
    said = yield from rig.do("propagate")
    assert said[-1].endswith(
        'Colors are given, so what was moved there before stays on the layer "Shadow": 5.'
    ), said
    assert layer.pixels(5) == moved
    yield from layer.paint(5, OTHER)  # from then on it is learned from
    said = yield from rig.do("propagate")
    assert "stays" not in said[-1], said
    rig.controller.shutdown()


def what_cannot_be_moved_is_said(ctx):
    rig, layer = yield from with_shadow(ctx, shaded=())
    said = yield from rig.do("propagate")
    assert said[-1].endswith('Nothing is painted on the layer "Shadow" to be moved.'), said
    assert layer.keys() == [0]
    why = {choice.name: choice.why_not for choice in rig.controller.moved_choices}
    assert why == {"Shadow": "", "Lines": "This is a line layer."} | why
    assert rig.controller.color_layer not in {c.uuid for c in rig.controller.moved_choices}
    yield from layer.paint(0)
    rig.document.layer(layer.uuid).node.setLocked(True)
    yield from ctx.settle(rig.document.raw, 0.3)
    keys = rig.color_keys()
    said = yield from rig.do("propagate")
    assert said == ['The layer "Shadow" is locked: unlock it and try again.'], said
    assert rig.color_keys() == keys
    rig.controller.shutdown()


def choices_survive_save_and_reopen(ctx):
    rig, layer = yield from with_shadow(ctx)
    yield from rig.do("set_surfaces", True)
    yield from rig.do("propagate")
    assert rig.engine.asked("propagate")[-1]["surface"] == "auto"
    moved = {time: layer.pixels(time) for time in KEYS}
    yield from rig.reopened()
    assert rig.controller.moved_layers == [layer.uuid]
    assert rig.controller.surfaces
    said = yield from rig.do("propagate")
    assert said == ["Nothing had to be colored again."], said
    assert {time: layer.pixels(time) for time in KEYS} == moved
    yield from rig.do("undo", [5])
    assert layer.keys() == rig.color_keys() == [0, 2, 6]
    yield from rig.do("set_surfaces", False)
    yield from rig.do("propagate")
    assert "surface" not in rig.engine.asked("propagate")[-1]
    rig.controller.shutdown()


def krita_s_own_undo_is_followed(ctx):
    rig, layer = yield from with_shadow(ctx)
    yield from rig.do("propagate")
    yield from ctx.paint(rig.document, layer.uuid, 2, 9, 90, 9)
    painted = layer.pixels(2)
    assert painted != layer.moved(2)
    yield from ctx.action(rig.document, "edit_undo")
    assert layer.pixels(2) == layer.moved(2)
    yield from rig.look()
    yield from rig.do("undo", [2])
    assert layer.keys() == rig.color_keys() == [0, 5, 6]
    assert rig.pixels(0) == rig.colors(RED, BLUE)
    rig.controller.shutdown()


def a_fix_leaves_what_moved_and_its_doubt(ctx):
    rig, layer = yield from with_shadow(ctx)
    yield from rig.do("propagate")
    yield from rig.do("give_hint", 2, (50, 24), logical(GREEN))
    assert rig.pixels(2) == rig.predicted(2, RED, GREEN)
    assert layer.pixels(2) == layer.moved(2)
    assert (rig.row(2).surfaces, rig.row(2).surface_layers) == (1, ("Shadow",))
    yield from rig.do("undo", [2])
    assert layer.keys() == rig.color_keys() == [0, 5, 6]
    rig.controller.shutdown()


def pictures_show_what_moved(ctx):
    """The viewer, the review list and the contact sheet, in the way the layer is laid on."""
    rig, layer = yield from with_shadow(ctx)
    beside = (*RED[:3], 255)  # where the shadow has nothing
    yield from rig.do("propagate")

    def seen(most=SIZE):
        width, _, data = rig.controller.viewer_picture(2, *most, "picture")
        rows = (10 * width + 24, 10 * width + 40)
        return [tuple(data[4 * at : 4 * at + 4]) for at in rows]

    def near(pixels, *wanted):
        for one, other in zip(pixels, wanted, strict=True):
            assert max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 2, (one, other)

    share, pairs = SHADE[3] / 255, list(zip(SHADE[:3], RED[:3], strict=True))
    laid = tuple(round(s * share + c * (1 - share)) for s, c in pairs)
    near(seen(), (*laid, 255), BLUE)
    small = rig.controller.thumbnail(2)
    at = 4 * (10 * small[0] + 24)
    near([tuple(small[2][at : at + 4])], (*laid, 255))
    node = rig.document.layer(layer.uuid).node
    node.setBlendingMode("multiply")
    dark = tuple(round(c * (1 - share + share * s / 255)) for s, c in pairs)
    near(seen(), (*dark, 255), BLUE)
    node.setOpacity(0)
    near(seen(), beside, BLUE)
    node.setOpacity(255)
    sheets = []
    for before in (False, True):
        rig.controller.sheet_picture(2, before)
        yield from rig.rests()
        width, _, data = rig.controller.sheet_picture(2, before)
        sheets.append(tuple(data[4 * (10 * width + 24) :][:4]))
    near(sheets[:1], (*dark, 255))
    assert sheets[1][3] <= 2, (sheets, "nothing was there before")
    node.setVisible(False)
    yield from rig.look()
    near(seen(), beside, BLUE)
    rig.controller.shutdown()
