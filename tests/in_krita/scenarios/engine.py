"""The controller with the real engine, on small documents; docker_ways has all their formats."""

from krita_plugin.propagate_colors.controller import Controller
from krita_plugin.propagate_colors.host import steps, writing
from krita_plugin.propagate_colors.settings import DockerSettings
from krita_plugin.propagate_colors.state.model import MistakeShown
from tests.in_krita.scenarios.rig import ControllerRig

SIZE = (240, 160)
BOXES = ((20, 20, 70, 90), (120, 40, 80, 100))  # x, y, width, height
SHIFT = 6


class RealEngineRig(ControllerRig):
    """A rig with the engine that ANT_CORE names."""

    def start(self):
        settings = DockerSettings(self.ctx.host)
        settings.restore_defaults()  # scenarios with a fake engine leave theirs
        self.controller = Controller(self.ctx.host, settings)
        self.controller.message.connect(lambda *message: self.messages.append(message))
        self.controller.refresh()
        self.first = yield from self.rests()

    def rests(self):
        yield lambda: self.controller._worker.idle, 100.0
        said, self.messages = self.messages, []
        return [text for _, text, _ in said]

    def boxes(self, draw, shift, pixel):
        """Return a frame on which `draw(number, on_edge)` gives each box's pixels."""
        width, height = SIZE
        frame = bytearray(width * height * pixel)
        for number, (left, top, across, down) in enumerate(BOXES):
            for y in range(top, top + down):
                for x in range(left, left + across):
                    inner = left + 2 <= x < left + across - 2 and top + 2 <= y < top + down - 2
                    data = draw(number, not inner)
                    if data is not None:
                        place = (y * width + x + shift) * pixel
                        frame[place : place + pixel] = data
        return bytes(frame)

    def set_up(self, depth):
        """Two closed boxes on frames 0 and 2, painted on frame 0 in odd values."""
        ctx = self.ctx
        self.document = yield from ctx.new_document("RGBA", depth, size=SIZE)
        self.line = yield from ctx.add_layer(self.document, "Lines", still=False)
        layer = self.document.layer(self.line)
        pixel, channel = layer.pixel_size, {"U8": 1, "F32": 4}[depth]
        opaque = {"U8": b"\xff", "F32": b"\0\0\x80\x3f"}
        ink = bytes(pixel - channel) + opaque[depth]
        self.colors_given = [
            self.odd(number, depth, pixel - channel) + opaque[depth] for number in range(2)
        ]
        for time, shift in ((0, 0), (2, SHIFT)):
            data = self.boxes(lambda _, edge: ink if edge else None, shift, pixel)
            yield from writing.put(self.document, self.line, time, self.box, data)
        self.color = yield from steps.create_color_layer(self.document, "Lines colors", self.line)
        data = self.boxes(lambda number, _: self.colors_given[number], 0, pixel)
        yield from writing.put(self.document, self.color, 0, self.box, data)

    @staticmethod
    def odd(number, depth, count):
        """Return a colour whose low bits any conversion would lose."""
        if depth == "U8":
            return bytes((37 + 61 * number + 29 * place) % 255 for place in range(count))
        return b"".join(
            bytes([0x13 + place, 0x57, 0x80 + 40 * number, 0x3E]) for place in range(count // 4)
        )

    def pixel_at(self, time, point):
        size = self.document.layer(self.color).pixel_size
        place = (point[1] * SIZE[0] + point[0]) * size
        return self.pixels(time)[place : place + size]


def returns_unchanged(ctx, depth):
    rig = RealEngineRig(ctx)
    yield from rig.set_up(depth)
    yield from rig.start()
    said = yield from rig.do("propagate")
    assert said == ["1 frame colored."], [said, rig.controller._engine.client.last_lines()[-9:]]
    for number, (left, top, across, down) in enumerate(BOXES):
        middle = (left + across // 2 + SHIFT, top + down // 2)
        assert rig.pixel_at(2, middle) == rig.colors_given[number], (depth, number)
    alpha = {"U8": 1, "F32": 4}[depth]
    assert rig.pixel_at(2, (2, 2))[-alpha:] == bytes(alpha)
    said = yield from rig.do("propagate")
    assert said == ["Nothing had to be colored again."], said
    return rig


def rgba_u8(ctx):
    rig = yield from returns_unchanged(ctx, "U8")
    yield from rig.do("propagate")
    left, top, across, down = BOXES[1]
    point = (left + across // 2, top + down // 2)
    rig.controller.segment_at(2, point)
    yield from rig.rests()
    info = rig.controller.segment_at(2, point)
    assert info.state == "painted"
    blue, green, red, alpha = rig.colors_given[1]
    assert info.color == (red, green, blue, alpha), info
    assert info.source_frame == 0
    yield from rig.do("give_hint", 2, point, (9, 8, 7, 255))
    yield from rig.do("propagate")
    assert rig.pixel_at(2, point) == bytes([7, 8, 9, 255])
    yield from rig.do("toggle_lock", 2, (BOXES[0][0] + 30, BOXES[0][1] + 30))
    yield from rig.do("remove_hint", 2, point)
    said = yield from rig.do("propagate")
    assert said == ["1 frame colored."], said
    assert rig.pixel_at(2, point) == rig.colors_given[1]
    rig.controller.check_regions(2)
    yield from rig.rests()
    assert rig.controller.viewer_picture(2, 120, 120, "segments")[:2] == (120, 80)
    stepped_to = MistakeShown(0, 1, 1, 2, 1, None)  # nothing is doubtful here
    rig.controller.mistake_at = lambda time: stepped_to
    rig.controller.viewer_picture(2, 120, 120, "doubtful")
    yield from rig.rests()
    assert rig.controller.viewer_picture(2, 120, 120, "doubtful")[:2] == (120, 80)
    assert rig.controller.thumbnail(2)[:2] == (160, 107)
    yield from rig.do("undo", [2])
    assert rig.color_keys() == [0]
    rig.controller.shutdown()


def rgba_f32_with_a_hint(ctx):
    rig = yield from returns_unchanged(ctx, "F32")
    point = (BOXES[0][0] + 30, BOXES[0][1] + 30)
    yield from rig.do("give_hint", 2, point, (0.5, 0.25, 2.0, 1.0))
    yield from rig.do("propagate")
    assert rig.pixel_at(2, point) == bytes.fromhex("0000003f 0000803e 00000040 0000803f")
    rig.controller.shutdown()


def killed_in_the_middle(ctx):
    rig = RealEngineRig(ctx)
    yield from rig.set_up("U8")
    yield from rig.start()
    yield from rig.do("ask_models")
    assert rig.controller.models()
    rig.controller.propagate()
    client = rig.controller._engine.client
    yield lambda: len(client._requests) > 0, 20.0
    client._process.kill()
    said = yield from rig.rests()
    assert "started again" in said[-1], said
    assert rig.color_keys() in ([0], [0, 2])
    yield from rig.do("propagate")
    assert rig.states()[2] == "predicted"
    rig.controller.shutdown()


def a_shadow_layer_goes_along(ctx):
    rig = RealEngineRig(ctx)
    yield from rig.set_up("U8")
    shadow = yield from ctx.add_layer(rig.document, "Shadow", still=False)
    painted = shadow_of_the_first_box(0)
    yield from writing.put(rig.document, shadow, 0, rig.box, painted)
    yield from rig.start()
    yield from rig.do("propagate")
    flat = rig.pixels(2)
    yield from rig.do("undo", [2])
    yield from rig.do("set_moved_layers", [shadow])
    said = yield from rig.do("propagate")
    assert said[-1].startswith("1 frame colored. Other layers moved on 1 frame."), said
    assert rig.pixels(2) == flat, "the colours are as without it"
    yield from rig.reopened()
    assert rig.controller.moved_layers == [shadow]
    keys = rig.document.layer(shadow).key_times()
    assert keys == rig.color_keys() == [0, 2], keys
    assert ctx.pixels(rig.document, shadow, 0) == painted
    assert rig.pixels(2) == flat
    moved, wanted = ctx.pixels(rig.document, shadow, 2), shadow_of_the_first_box(SHIFT)
    size = len(wanted) // 4
    same = sum(moved[4 * at : 4 * at + 4] == wanted[4 * at : 4 * at + 4] for at in range(size))
    ctx.values["same"] = same / size
    assert same / size > 0.99, same / size
    assert (yield from rig.do("undo", [2])) == []
    assert rig.document.layer(shadow).key_times() == rig.color_keys() == [0]
    assert ctx.pixels(rig.document, shadow, 0) == painted
    rig.controller.shutdown()


def shadow_of_the_first_box(shift):
    """Return a frame with the lower half of the first box in a colour that lets paint through."""
    (width, height), (left, top, across, down) = SIZE, BOXES[0]
    frame = bytearray(width * height * 4)
    for y in range(top + down // 2, top + down):
        place = (y * width + left + shift) * 4
        frame[place : place + 4 * across] = b"\x50\x14\x0a\x80" * across
    return bytes(frame)
