"""A shot in memory: runs over what a painting program sent, in its own bytes."""

import gc
import hashlib
import threading
from collections import Counter
from dataclasses import dataclass, field

import cv2
import jsonschema
import numpy as np
import pytest

from ant_core.engine.session import LayerFormat, ShotSession
from ant_core.errors import Cancelled, InputError, UsageError
from ant_core.propagation.options import RunOptions
from ant_core.schemas import load_schema
from ant_core.shot.hints import HintSet, parse_hints
from tests.support.drawn import BOXES, SIZE, line_drawing, painting, save
from tests.support.fakes import FakeMatcher

RGBA8 = LayerFormat("RGBA", "U8")
CANVAS = (0, 0, SIZE[1], SIZE[0])


def ink(step: int) -> np.ndarray:
    """Return (H, W, 4): black lines on nothing."""
    image = np.zeros((*SIZE, 4), np.uint8)
    image[:, :, 3] = 255 - line_drawing(step)
    return image


def in_format(image: np.ndarray, layer: LayerFormat) -> np.ndarray:
    """Give an RGBA 8-bit picture another model and depth: any values, one for each colour."""
    alpha = image[:, :, 3:]
    channels = {2: image[:, :, :1], 4: image[:, :, :3], 5: image[:, :, [0, 1, 2, 0]]}
    wide = np.concatenate([channels[layer.channels], alpha], axis=2)
    if layer.dtype.kind == "f":
        return (wide / 255).astype(layer.dtype)
    return wide.astype(layer.dtype) * layer.dtype.type(257 if layer.depth == "U16" else 1)


def whole(image):
    return (0, 0, image.shape[1], image.shape[0])


@dataclass
class Program:
    """What the painting program does with a session."""

    session: ShotSession
    color: LayerFormat
    results: dict = field(default_factory=dict)
    planes: dict = field(default_factory=dict)
    order: list = field(default_factory=list)
    moved: dict = field(default_factory=dict)

    def draw(self, frame, image, layer=RGBA8):
        data = layer.encode(in_format(image, layer))
        digest = hashlib.sha256(data).hexdigest()
        assert self.session.add_drawing(frame, digest, [(whole(image), data)])

    def paint(self, frame, image):
        data = self.color.encode(in_format(image, self.color))
        digest = hashlib.sha256(data).hexdigest()
        assert self.session.add_reference(frame, digest, "painted", whole(image), data)

    def run(self, frames, references, *, hints=None, gap_px=None, model_sheets=(), **more):
        self.results, self.planes, self.order, self.moved = {}, {}, [], {}

        def notify(result, box, data, done, total, moved):
            self.moved[result["frame"]] = {plane.layer: plane for plane in moved}
            self.order.append((done, total))
            self.results[result["frame"]] = result
            if box is not None:
                self.planes[result["frame"]] = box, data

        given = {"cancel": threading.Event(), "notify": notify, "known": {}}
        options = RunOptions(gap=gap_px, model_sheet=tuple(model_sheets))
        return self.session.propagate(
            frames, references, hints or HintSet(), options, **given | more
        )

    def picture(self, frame):
        box, data = self.planes[frame]
        return self.color.decode(data, box, SIZE)

    def recomputed(self):
        return {f for f, result in self.results.items() if result["recomputed"]}


def program(color=RGBA8, line=RGBA8, frames=range(1, 6), painted=(1,), matcher=None):
    session = ShotSession(SIZE[1], SIZE[0], line, color, matcher or FakeMatcher())
    krita = Program(session, color)
    for frame in frames:
        krita.draw(frame, ink(frame - min(frames)), line)
        if frame in painted:
            krita.paint(frame, painting(frame - min(frames)))
    return krita


def probes(step):
    """Pixels x, y well inside each box and on the ground."""
    return [(x + step + w // 2, y + h // 2) for (x, y, w, h), _ in BOXES] + [(3, 3)]


def same_fills(picture, true, step):
    return all(picture[y, x].tobytes() == true[y, x].tobytes() for x, y in probes(step))


@pytest.mark.parametrize("model", ["RGBA", "GRAYA", "CMYKA"])
@pytest.mark.parametrize("depth", ["U8", "U16", "F16", "F32"])
def test_colours_of_every_model_and_depth_come_back_bit_for_bit(model, depth):
    layer = LayerFormat(model, depth)
    krita = program(layer, layer)
    krita.run([2, 3, 4, 5], [1])
    for frame in (2, 3, 4, 5):
        step = frame - 1
        assert same_fills(krita.picture(frame), in_format(painting(step), layer), step)


def test_odd_floats_of_a_document_come_back_bit_for_bit():
    layer = LayerFormat("RGBA", "F32")
    krita = program(layer, painted=())
    image = in_format(painting(0), layer)
    x, y, width, height = BOXES[0][0]
    image[y : y + height + 1, x : x + width + 1] = [-0.0, np.inf, -7.5, 2.5]
    image.view(np.uint32)[y : y + height + 1, x : x + width + 1, 1] = 0x7FC00123
    data = layer.encode(image)
    krita.session.add_reference(1, "odd", "accepted", CANVAS, data)
    krita.run([2], [1])
    assert krita.picture(2)[y + 9, x + 12].tobytes() == image[y + 9, x + 12].tobytes()
    odd = [s["color"] for s in krita.results[2]["segments"] if None in (s["color"] or [])]
    assert odd == [[-0.0, None, -7.5, 2.5]]


@pytest.mark.parametrize("layer", [LayerFormat("CMYKA", "U16"), LayerFormat("RGBA", "F32")])
def test_results_have_the_form_of_the_report(layer):
    krita = program(layer)
    krita.run([1, 2, 3], [1])
    schema = load_schema("report")
    form = {"$ref": "#/$defs/frame_result", "$defs": schema["$defs"]}
    for result in krita.results.values():
        jsonschema.validate(result, form)


def test_a_model_sheet_teaches_beside_or_instead_of_frames(tmp_path):
    sheet = np.where(line_drawing(0)[:, :, None] < 128, 0, painting(0)[:, :, :3])
    path = str(tmp_path / "sheet.png")
    save(tmp_path / "sheet.png", sheet.astype(np.uint8))
    krita = program(painted=())
    with pytest.raises(UsageError, match=r"sheet\.png was not added"):
        krita.run([2], [], model_sheets=[path])
    added = krita.session.add_model_sheet(path)
    assert added == {"name": "sheet.png", "width": SIZE[1], "height": SIZE[0], "segments": 4}
    krita.run([1, 2], [], model_sheets=[path])
    x, y = probes(1)[0]
    assert krita.picture(2)[y, x].tolist() == list(BOXES[0][1])
    assert {"sheet": "sheet.png", "kind": "sheet", "offset": 0} in krita.results[2]["sources"]
    krita.run([1, 2], [], model_sheets=[path])
    assert krita.recomputed() == set()
    krita.session.remove_model_sheet(path)
    with pytest.raises(UsageError, match="was not added"):
        krita.run([2], [], model_sheets=[path])
    with pytest.raises(InputError, match=r"missing\.png"):
        krita.session.add_model_sheet(str(tmp_path / "missing.png"))


def test_the_plane_is_the_tight_box_and_its_hash_that_of_the_canvas():
    krita = program(painted=())
    krita.paint(1, painting(0, ground=(0, 0, 0, 0)))
    krita.run([1, 2], [1])
    (x, _, width, _), _ = krita.planes[2]
    assert x > 0
    assert width < SIZE[1]
    canvas = krita.picture(2)
    assert canvas[:, :, 3].any(axis=0).sum() == width
    whole = hashlib.blake2b(RGBA8.encode(canvas), digest_size=16).hexdigest()
    assert krita.session.plane_hash(2) == whole


def test_what_the_program_still_has_is_not_sent_again():
    krita = program()
    krita.run([2, 3], [1])
    known = {frame: krita.session.plane_hash(frame) for frame in (2, 3)}
    krita.run([2, 3], [1], known=known | {3: "another"})
    assert list(krita.planes) == [3]
    assert krita.recomputed() == set()


def test_references_and_failures_come_without_a_plane():
    krita = program()
    krita.run([1, 2], [1])
    assert list(krita.planes) == [2]
    assert krita.results[1]["role"] == "reference"


def test_progress_counts_every_frame_once():
    krita = program()
    krita.run([1, 2, 3, 4, 5], [1])
    assert krita.order == [(number, 5) for number in range(1, 6)]


def test_one_changed_reference_disturbs_only_what_depends_on_it():
    krita = program(frames=range(1, 10), painted=(1, 9))
    krita.run(range(1, 10), [1, 9])
    krita.run(range(1, 10), [1, 9])
    assert krita.recomputed() == set()
    image = painting(0)
    image[13:32, 11:34] = (9, 8, 7, 255)
    krita.paint(1, image)
    krita.run(range(1, 10), [1, 9])
    assert krita.results[1]["recomputed"] == "its painting changed"
    assert krita.results[2]["recomputed"] == "frame 1 changed"
    assert 9 not in krita.recomputed()
    assert krita.picture(2)[22, 23].tolist() == [9, 8, 7, 255]


def test_a_corrected_frame_becomes_a_reference_and_only_its_side_is_computed_again():
    krita = program(frames=range(1, 10), painted=(1, 5))
    krita.run(range(1, 10), [1, 5])
    before = krita.planes
    image = krita.picture(8)
    image[3, 3] = (1, 2, 3, 255)
    krita.paint(8, image)
    krita.run([2, 3, 4, 6, 7, 9], [1, 5, 8])
    assert {6, 7, 9} <= krita.recomputed()
    assert krita.planes.keys() == {2, 3, 4, 6, 7, 9}
    assert krita.planes[2] == before[2]


def test_a_second_run_encodes_nothing_that_it_knows():
    matcher = FakeMatcher()
    krita = program(matcher=matcher)
    krita.run([2, 3, 4, 5], [1])
    assert matcher.encoded == 5
    krita.paint(1, painting(0, ground=(1, 1, 1, 255)))
    krita.run([2, 3, 4, 5], [1])
    assert matcher.encoded == 5
    krita.run([2], [1], gap_px=1.0)
    assert matcher.encoded == 7


def test_held_frames_share_a_drawing():
    matcher = FakeMatcher()
    krita = program(frames=[1, 2], matcher=matcher)
    assert krita.session.add_drawing(3, "none", None) is False
    digest = krita.session._drawings.frames[2].digest
    for frame in (3, 4):
        assert krita.session.add_drawing(frame, digest, None)
    krita.run([2, 3, 4], [1])
    assert len(matcher.matches) == 1
    assert krita.planes[2] == krita.planes[3] == krita.planes[4]
    assert {r["drawing_frame"] for r in krita.results.values()} == {2}


def test_another_frame_of_a_painted_drawing_gets_the_painting_itself():
    krita = program(frames=[1, 2])
    krita.draw(7, ink(0))
    krita.run([1, 2, 7], [1])
    assert krita.results[7]["role"] == "held_reference"
    assert krita.picture(7).tobytes() == painting(0).tobytes()


def test_what_is_not_known_has_to_be_sent():
    krita = program(frames=[1], painted=())
    assert krita.session.add_drawing(2, "new", None) is False
    assert krita.session.add_reference(2, "new", "painted", None, None) is False
    krita.paint(1, painting(0))
    digest = krita.session._references.frames[1].digest
    assert krita.session.add_reference(2, digest, "accepted", None, None)
    krita.session.remove_reference(1)
    krita.session.remove_reference(2)
    assert krita.session.add_reference(3, digest, "painted", None, None) is False


def test_a_drawing_from_several_layers_and_boxes_outside_the_canvas():
    whole, parts = program(), program()
    for frame in range(1, 6):
        image = ink(frame - 1)
        wide = np.pad(image, ((5, 5), (5, 5), (0, 0)))
        low, high = wide.copy(), wide.copy()
        low[:40], high[40:] = 0, 0
        box = (-5, -5, SIZE[1] + 10, SIZE[0] + 10)
        layers = [(box, RGBA8.encode(low)), (box, RGBA8.encode(high)), ((0, 0, 0, 0), b"")]
        parts.session.add_drawing(frame, f"two layers {frame}", layers)
    for krita in (whole, parts):
        krita.run([2, 3, 4, 5], [1])
    assert parts.planes == whole.planes


def test_values_under_full_transparency_do_not_matter():
    """A blank CMYKA pixel of Krita is 50, 0, 209, 253 and no alpha, say."""
    layer = LayerFormat("CMYKA", "U8")
    plain, dirty = program(layer, layer), program(layer, layer, painted=())
    picture = in_format(painting(0, ground=(0, 0, 0, 0)), layer)
    plain.session.add_reference(1, "clean", "painted", CANVAS, layer.encode(picture))
    picture[picture[:, :, 4] == 0] = (50, 0, 209, 253, 0)
    dirty.session.add_reference(1, "dirty", "painted", CANVAS, layer.encode(picture))
    for frame in range(1, 6):
        lines = in_format(ink(frame - 1), layer)
        lines[lines[:, :, 4] == 0] = (50, 0, 209, 253, 0)
        dirty.session.add_drawing(frame, f"dirty {frame}", [(CANVAS, layer.encode(lines))])
    for krita in (plain, dirty):
        krita.run([2, 3, 4, 5], [1])
    assert dirty.planes == plain.planes
    assert {f: r["drawing"] for f, r in dirty.results.items()} == {
        f: r["drawing"] for f, r in plain.results.items()
    }
    blank = np.full((*SIZE, 5), (50, 0, 209, 253, 0), np.uint8)
    dirty.session.add_reference(2, "blank", "painted", CANVAS, layer.encode(blank))
    with pytest.raises(InputError, match="nothing is painted on the reference frame 2"):
        dirty.run([3], [2])


def test_hints_and_locks_hold():
    krita = program()
    krita.run([2, 3, 4, 5], [1])
    before = krita.picture(4)
    krita.paint(1, painting(0, ground=(7, 7, 7, 255)))
    x, y = probes(2)[0]
    document = {
        "schema": 1,
        "hints": [{"frame": 3, "point": [x, y], "color": [1, 2, 3, 255]}],
        "locks": [{"frame": 4, "point": [3, 3]}],
    }
    krita.run([2, 3, 4, 5], [1], hints=parse_hints(document, "the document"))
    assert krita.picture(3)[y, x].tolist() == [1, 2, 3, 255]
    assert krita.picture(3)[3, 3].tolist() == [7, 7, 7, 255]
    assert krita.picture(4)[3, 3].tolist() == before[3, 3].tolist()
    assert krita.picture(2)[3, 3].tolist() == [7, 7, 7, 255]


def test_rules_of_what_is_never_coloured_hold_for_every_frame():
    krita = program()
    x, y = probes(2)[0]
    rules = [{"frame": 3, "point": [x, y]}, {"frame": 5}]
    document = {"schema": 1, "never": rules}
    krita.run([2, 3, 4, 5], [1], hints=parse_hints(document, "the document"))
    for frame in (2, 3, 4):
        x, y = probes(frame - 1)[0]
        assert not krita.picture(frame)[y, x].any()
        assert krita.picture(frame)[3, 3].tolist() == painting(0)[3, 3].tolist()
        assert [s["state"] for s in krita.results[frame]["segments"]].count("never") == 1
    assert not krita.picture(5).any()
    wrong = parse_hints({"schema": 1, "never": [{"color": [1, 2, 3, 255]}]}, "the document")
    with pytest.raises(InputError, match="no reference holds"):
        krita.run([2], [1], hints=wrong)


def test_a_locked_frame_stays_and_teaches_its_neighbours():
    krita = program()
    krita.run([2, 3, 4, 5], [1])
    krita.paint(1, painting(0, ground=(7, 7, 7, 255)))
    locks = parse_hints({"schema": 1, "locks": [{"frame": 5}]}, "the document")
    krita.run([2, 3, 4, 5], [1], hints=locks)
    assert krita.results[5]["role"] == "locked"
    assert krita.planes.keys() == {2, 3, 4}
    assert {source["frame"] for source in krita.results[4]["sources"]} >= {1, 5}


def test_a_lock_after_a_restart_keeps_what_the_document_shows():
    krita = program()
    locks = parse_hints({"schema": 1, "locks": [{"frame": 4, "point": [3, 3]}]}, "the document")
    with pytest.raises(InputError, match="frame 4 is locked but its colours are not known"):
        krita.run([2, 3, 4], [1], hints=locks)
    krita.paint(4, painting(3, ground=(5, 5, 5, 255)))  # shown, not a reference
    krita.run([2, 3, 4], [1], hints=locks)
    assert krita.picture(4)[3, 3].tolist() == [5, 5, 5, 255]
    assert krita.picture(3)[3, 3].tolist() == painting(0)[3, 3].tolist()


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        ({"frame": 9, "point": [1, 1], "color": [1, 2, 3, 255]}, "not in the shot"),
        ({"frame": 2, "point": [96, 1], "color": [1, 2, 3, 255]}, "outside the picture"),
        ({"frame": 2, "point": [1, 1], "color": [256, 2, 3, 255]}, "0 to 255"),
    ],
)
def test_hints_that_do_not_fit_are_refused(hint, told):
    krita = program()
    hints = parse_hints({"schema": 1, "hints": [hint]}, "the document")
    with pytest.raises(InputError, match=told):
        krita.run([2], [1], hints=hints)


def test_an_empty_drawing_and_an_empty_reference_end_in_sentences():
    krita = program()
    krita.session.add_drawing(3, "empty", [])
    krita.session.add_drawing(4, "empty too", [((0, 0, 0, 0), b"")])
    summary = krita.run([2, 3, 4, 5], [1])
    assert summary["failed"] == []
    krita.session.add_reference(5, "blank", "accepted", (0, 0, 0, 0), b"")
    with pytest.raises(InputError, match="nothing is painted on the reference frame 5"):
        krita.run([2], [5])
    summary = krita.run([2], [1, 5])
    assert "frame 5: it teaches to leave" in summary["warnings"][0]


def test_what_is_missing_is_named():
    krita = program()
    with pytest.raises(InputError, match="there is no reference"):
        krita.run([2], [])
    with pytest.raises(InputError, match="frame 9 came without line drawing"):
        krita.run([2, 9], [1])
    with pytest.raises(InputError, match="frame 2 came without painted picture"):
        krita.run([3], [1, 2])
    with pytest.raises(UsageError, match="expected painted or accepted"):
        krita.session.add_reference(1, "x", "drawn", CANVAS, b"")
    with pytest.raises(InputError, match="canvas is 0 x 5"):
        ShotSession(0, 5, RGBA8, RGBA8, FakeMatcher())


def test_a_removed_drawing_is_gone_and_its_frame_new_when_it_comes_back():
    krita = program()
    krita.run([2, 3], [1])
    krita.session.remove_drawing(3)
    with pytest.raises(InputError, match="frame 3 came without line drawing"):
        krita.run([2, 3], [1])
    krita.draw(3, ink(2))
    krita.run([2, 3], [1])
    assert krita.recomputed() == {3}


def test_a_cancelled_run_stops_and_the_next_goes_on():
    krita = program(frames=range(1, 9))
    cancel, seen = threading.Event(), []

    def stop_after_three(result, box, data, done, total, moved):
        seen.append(result["frame"])
        if done == 3:
            cancel.set()

    with pytest.raises(Cancelled, match="propagate again to go on"):
        krita.run(range(2, 9), [1], cancel=cancel, notify=stop_after_three)
    assert 3 <= len(seen) < 7
    krita.run(range(2, 9), [1])
    assert krita.recomputed().isdisjoint(seen)
    fresh = program(frames=range(1, 9))
    fresh.run(range(2, 9), [1])
    assert krita.planes == fresh.planes


def test_what_goes_wrong_while_a_frame_is_told_of_ends_the_run_and_spoils_nothing():
    krita = program(frames=[1, 2, 4])
    digest = krita.session._drawings.frames[2].digest
    krita.session.add_drawing(3, digest, None)
    krita.run([2, 3, 4], [1])
    krita.paint(1, painting(0, ground=(7, 7, 7, 255)))

    def broken(*_):
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        krita.run([2, 3, 4], [1], notify=broken)
    krita.run([2, 3, 4], [1])
    for frame in (2, 3, 4):
        assert krita.picture(frame)[3, 3].tolist() == [7, 7, 7, 255]


def test_the_program_may_look_and_send_while_a_run_is_at_work():
    krita = program(frames=range(1, 9))
    failures = []

    def look():
        try:
            for number in range(40):
                krita.session.inspect(1 + number % 8, (3, 3))
                krita.session.overlay(2, "doubtful", 48)
                krita.draw(20 + number, ink(1))
                krita.session.remove_drawing(20 + number)
        except Exception as error:
            failures.append(error)

    looking = threading.Thread(target=look)
    looking.start()
    for ground in range(5):
        krita.paint(1, painting(0, ground=(ground, 7, 7, 255)))
        krita.run(range(2, 9), [1])
        assert krita.picture(5)[3, 3].tolist() == [ground, 7, 7, 255]
    looking.join()
    assert failures == []


def test_looking_at_segments():
    krita = program()
    krita.run([2, 3], [1])
    x, y = probes(1)[0]
    seen = krita.session.inspect(2, (x, y))
    assert seen["result"]["color"] == list(BOXES[0][1])
    assert seen["result"]["source"]["frame"] == 1
    left, top, width, height = seen["box"]
    assert left <= x < left + width
    assert top <= y < top + height
    ids = krita.session.segment_map(2, None)
    labels = np.frombuffer(ids.data, "<i4").reshape(ids.height, ids.width)
    assert labels[y, x] == seen["segment"]
    small = krita.session.segment_map(2, 48)
    assert (small.width, small.height) == (48, 40)
    marked = krita.session.overlay(2, [seen["segment"]], None)
    pixels = np.frombuffer(marked.data, np.uint8).reshape(marked.height, marked.width, 4)
    assert pixels[y, x, 3] > 0
    assert pixels[3, 3].tolist() == [0, 0, 0, 0]
    krita.draw(2, ink(30))
    assert krita.session.inspect(2, (x, y))["result"] is None
    with pytest.raises(InputError, match="outside the picture"):
        krita.session.inspect(2, (-1, 0))
    with pytest.raises(InputError, match="frame 77 came without line drawing"):
        krita.session.segment_map(77, None)


def test_doubtful_segments_are_marked():
    krita = program(frames=[1, 2])
    image = ink(1)
    image[60:73, 70:87, 3] = 255
    image[62:71, 72:85, 3] = 0  # a box like none that is painted
    krita.draw(2, image)
    krita.run([2], [1])
    assert krita.results[2]["doubtful"] == 1
    marked = krita.session.overlay(2, "doubtful", None)
    pixels = np.frombuffer(marked.data, np.uint8).reshape(marked.height, marked.width, 4)
    assert pixels[66, 78].tolist() == [150, 64, 255, 170]
    assert (pixels[:, :, 3] > 0).sum() == 9 * 13


def test_the_preview_shows_segments_and_closed_gaps():
    krita = program()
    image = ink(0)
    x, y, width, _ = BOXES[0][0]
    image[y - 2 : y + 3, x + width // 2 - 2 : x + width // 2 + 2, 3] = 0
    krita.draw(1, image)
    closed = krita.session.preview(1, 6.0, None)
    assert closed.info["segments"] == 4
    assert len(closed.info["closed"]) == 1
    assert abs(closed.info["closed"][0][0] - (x + width // 2)) < 3
    opened = krita.session.preview(1, 0.0, 48)
    assert opened.info == {"segments": 3, "gap_px": 0, "closed": [], "by_colors": []}
    assert len(opened.data) == opened.width * opened.height * 4
    with pytest.raises(InputError, match="frame 1 cannot be segmented"):
        krita.session.preview(1, 9999, None)


def test_a_drawing_that_colours_divided_is_shown_so_by_this_engine_and_the_next():
    size = (480, 640)
    line, paint = np.zeros((*size, 4), np.uint8), np.zeros((*size, 4), np.uint8)
    cv2.rectangle(line, (140, 140), (460, 360), (0, 0, 0, 255), 3)
    cv2.line(line, (260, 140), (260, 340), (0, 0, 0, 255), 3)  # ends 20 px above the floor
    paint[140:361, 140:261] = (30, 30, 200, 255)
    paint[140:361, 261:461] = (200, 60, 30, 255)

    def fresh():
        krita = Program(ShotSession(size[1], size[0], RGBA8, RGBA8, FakeMatcher()), RGBA8)
        krita.draw(1, line)
        krita.draw(2, np.roll(line, 2, axis=1))
        krita.paint(1, paint)
        return krita

    def ids(session, **options):
        picture = session.segment_map(2, None, **options)
        labels = np.frombuffer(picture.data, "<i4").reshape(picture.height, picture.width)
        return int(labels[250, 200]), int(labels[250, 360])

    krita = fresh()
    assert len({*ids(krita.session)}) == 1  # as the lines alone divide it
    krita.run([1, 2], [1])
    left, right = ids(krita.session)
    assert left != right
    assert krita.session.preview(2, None, None).info["by_colors"] == [True]
    assert krita.results[2]["pieces"] is not None
    again = fresh().session
    assert ids(again, pieces=krita.results[2]["pieces"]) == (left, right)
    assert len({*ids(again, pieces=[1])}) == 1  # of another drawing


def test_a_run_ends_with_all_that_it_made(tmp_path):
    """In a cycle, drawings and features of every run would stay until a rare collection."""

    def live():
        rows = (type(thing) for thing in gc.get_objects())
        return Counter(kind.__name__ for kind in rows if "ant_core" in str(kind.__module__))

    save(tmp_path / "sheet.png", painting(0))
    krita = program()
    krita.session.add_model_sheet(str(tmp_path / "sheet.png"))
    sheets = [str(tmp_path / "sheet.png")]
    krita.run([1, 2, 3], [1], gap_px=1, model_sheets=sheets)
    gc.collect()
    gc.disable()
    try:
        krita.run([1, 2, 3], [1], gap_px=2, model_sheets=sheets)
        before = live()
        krita.run([1, 2, 3], [1], gap_px=1, model_sheets=sheets)
        krita.run([1, 2, 3], [1], gap_px=2, model_sheets=sheets)
        assert live() - before == Counter()
    finally:
        gc.enable()
