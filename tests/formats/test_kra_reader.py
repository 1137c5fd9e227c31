"""Krita documents read: pixels of every kind, keys, holds, clones, offsets, groups."""

from __future__ import annotations

import numpy as np
import pytest

from ant_core.errors import InputError, UsageError
from ant_core.formats.kra import KraArchive, KraDocument, LineReader
from ant_core.formats.kra import _lzf_kernels as kernels
from ant_core.formats.kra.frames import PackedFrame
from ant_core.formats.kra.owners import color_keys
from ant_core.formats.kra.reader import read_plane
from ant_core.formats.kra.spaces import space_named
from ant_core.formats.kra.tiles import decode_tiles, encode_tiles
from tests.formats.kra_builder import SPACES, Builder, Frame, Paint, literals, pixel_file

WIDTH, HEIGHT = 150, 90


def picture(space: str = "RGBA", seed: int = 0, size=(HEIGHT, WIDTH)) -> np.ndarray:
    """Return some flat areas and some noise in a colour space."""
    rng = np.random.default_rng(seed)
    dtype, order = SPACES[space]
    full = 1.0 if dtype[0] == "f" else np.iinfo(dtype).max
    image = np.zeros((*size, len(order)), dtype)
    for _ in range(6):
        x, y = rng.integers(0, size[1] - 10), rng.integers(0, size[0] - 10)
        image[y : y + 40, x : x + 50] = (rng.random(len(order)) * full).astype(dtype)
    image[-20:, -30:] = (rng.random((20, 30, len(order))) * full).astype(dtype)
    return image


def lines(step: int, size=(HEIGHT, WIDTH)) -> np.ndarray:
    """Return an inked box on nothing."""
    image = np.zeros((*size, 4), np.uint8)
    image[20:60, 20 + step : 80 + step, 3] = 255
    image[23:57, 23 + step : 77 + step, 3] = 0
    return image


def document(path, layers, **more) -> KraDocument:
    builder = Builder(WIDTH, HEIGHT, "Blumen & Gr\u00fcn")
    return KraDocument(KraArchive(builder.write(path / "shot.kra", layers, **more)))


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("packed", [True, False])
def test_pixels_of_every_space_come_back_bit_by_bit(space, packed):
    image = picture(space)
    data = pixel_file(image, space, packed=packed)
    known = space_named(space, "")
    read = decode_tiles(data, known, bytes(known.pixel_bytes), (0, 0), image.shape[:2], "")
    assert read.dtype == image.dtype
    np.testing.assert_array_equal(read, image)


@pytest.mark.parametrize("space", SPACES)
def test_what_is_packed_reads_back(space):
    known = space_named(space, "")
    for seed in range(4):
        image = picture(space, seed, (65 + seed, 130 - seed))
        data = encode_tiles(image, known, bytes(known.pixel_bytes))
        read = decode_tiles(data, known, bytes(known.pixel_bytes), (0, 0), image.shape[:2], "")
        np.testing.assert_array_equal(read, image)
        np.testing.assert_array_equal(
            PackedFrame.of(image, known).image(known, image.shape[:2], ""), image
        )


def test_bare_tiles_are_left_out():
    image = np.zeros((200, 200, 4), np.uint8)
    image[70, 130] = 9
    space = space_named("RGBA", "")
    assert b"DATA 1\n128,64,LZF," in encode_tiles(image, space, bytes(4))


def unpacked(data: bytes) -> bytes:
    """Return LZF unpacked, the obvious way."""
    out, at = bytearray(), 0
    while at < len(data):
        control = data[at]
        at += 1
        if control < 32:
            out += data[at : at + control + 1]
            at += control + 1
            continue
        count = control >> 5
        if count == 7:
            count += data[at]
            at += 1
        back = ((control & 31) << 8) + data[at] + 1
        at += 1
        for _ in range(count + 2):
            out.append(out[-back])
    return bytes(out)


@pytest.mark.parametrize("back", [1, 2, 3, 7, 16, 100])
@pytest.mark.parametrize("count", [3, 8, 9, 40, 264])
def test_copies_that_overlap_what_they_write(back, count):
    data = literals(bytes(range(128)))
    if count < 9:
        data += bytes([(count - 2) << 5, back - 1])
    else:
        data += bytes([7 << 5, count - 9, back - 1])
    out = np.empty(128 + count, np.uint8)
    assert kernels.unpack(np.frombuffer(data, np.uint8), 0, len(data), out, len(out))
    assert out.tobytes() == unpacked(data)


def test_packing_agrees_with_the_obvious_unpacking():
    rng = np.random.default_rng(5)
    table = np.empty(1 << 12, np.int32)
    for size in (1, 2, 3, 31, 32, 33, 264, 265, 4096):
        for colors in (1, 2, 5, 256):
            data = np.repeat(rng.integers(0, colors, size), 3)[:size].astype(np.uint8)
            out = np.empty(2 * size + 64, np.uint8)
            used = kernels.pack(data, out, table)
            assert unpacked(out[:used].tobytes()) == data.tobytes()


@pytest.mark.parametrize("offset", [(0, 0), (-13, 22), (64, -64), (-149, 0), (0, 89), (-300, 5)])
def test_a_moved_frame_shows_what_is_left_on_the_canvas(tmp_path, offset):
    image = picture(size=(HEIGHT, WIDTH))
    doc = document(tmp_path, [Paint("A", {0: Frame(image, offset)})])
    (layer,) = doc.layers
    expected = np.zeros_like(image)
    x, y = offset
    for row in range(HEIGHT):
        for column in range(WIDTH):
            if 0 <= row - y < HEIGHT and 0 <= column - x < WIDTH:
                expected[row, column] = image[row - y, column - x]
    np.testing.assert_array_equal(read_plane(doc, layer, layer.keys[0]), expected)


def test_the_default_pixel_fills_what_no_tile_covers(tmp_path):
    empty = np.zeros((0, 0, 4), np.uint8)
    doc = document(tmp_path, [Paint("A", still=Frame(empty, bare=bytes([10, 20, 30, 255])))])
    (key,) = color_keys(doc.layers[0])
    assert (read_plane(doc, doc.layers[0], key) == (30, 20, 10, 255)).all()


def test_keys_hold_until_the_next_and_clones_are_one_drawing(tmp_path):
    frames = {0: Frame(lines(0)), 3: Frame(lines(5)), 9: Frame(lines(5), file="layer2.f1")}
    doc = document(tmp_path, [Paint("Line", frames)])
    reader = LineReader(doc, [doc.find("Line", "--line")], more_frames=[5])
    assert reader.frames == (0, 3, 5, 9)
    digests = {t: reader.probe(t).digest for t in reader.frames}
    assert digests[3] == digests[5] == digests[9] != digests[0]
    np.testing.assert_array_equal(reader.read(5), lines(5))


def test_a_group_composes_its_visible_layers(tmp_path):
    red = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    red[:40, :40] = (200, 0, 0, 255)
    green = np.zeros_like(red)
    green[20:60, 20:60] = (0, 100, 0, 255)
    group = Paint(
        "Group",
        children=[
            Paint("Hidden", {0: Frame(picture())}, attrs={"visible": 0}),
            Paint("Top", {0: Frame(green), 6: Frame(red)}, attrs={"opacity": 51}),
            Paint("Bottom", {0: Frame(red)}),
        ],
    )
    doc = document(tmp_path, [group])
    reader = LineReader(doc, [doc.find("Group", "--line")])
    assert reader.frames == (0, 6)
    pixels = reader.read(0)
    assert tuple(pixels[10, 10]) == (200, 0, 0, 255)
    assert tuple(pixels[50, 50]) == (0, 100, 0, 51)
    assert tuple(pixels[30, 30]) == (160, 20, 0, 255)  # a fifth of green over red
    assert reader.probe(0).digest != reader.probe(6).digest


def test_several_layers_lie_over_each_other_bottom_first(tmp_path):
    doc = document(
        tmp_path, [Paint("Up", {0: Frame(lines(3))}), Paint("Low", {2: Frame(lines(0))})]
    )
    reader = LineReader(doc, [doc.find("Up", ""), doc.find("Low", "")])
    assert reader.frames == (0, 2)
    np.testing.assert_array_equal(reader.read(0), lines(3))
    np.testing.assert_array_equal(reader.read(2)[:, :, 3] > 0, (lines(0) | lines(3))[:, :, 3] > 0)


@pytest.mark.parametrize(
    ("child", "word"),
    [
        (Paint("B", {0: Frame(lines(0))}, attrs={"compositeop": "multiply"}), "blended"),
        (Paint("B", {0: Frame(lines(0))}, attrs={"channelflags": "1110"}), "blended"),
        (Paint("B", {0: Frame(lines(0))}, opacity_keys=True), "blended"),
        (Paint("B", attrs={"nodetype": "shapelayer"}), "shapelayer"),
        (
            Paint("B", masks='<masks><mask name="m" nodetype="transparencymask"/></masks>'),
            "transparencymask",
        ),
    ],
)
def test_a_group_that_only_krita_can_compose_is_refused(tmp_path, child, word):
    doc = document(tmp_path, [Paint("Group", children=[child])])
    with pytest.raises(InputError, match=rf"(?s){word}.*name the paint layers themselves"):
        LineReader(doc, [doc.find("Group", "--line")])


def test_a_layer_is_named_by_name_path_or_uuid(tmp_path):
    inner = Paint("Line", {0: Frame(lines(0))})
    doc = document(tmp_path, [Paint("Cat", children=[inner]), Paint("Line", {0: Frame(lines(0))})])
    assert doc.find("Cat/Line", "--line").uuid == inner.uuid
    assert doc.find(inner.uuid, "--line").path == "Cat/Line"
    assert doc.find("Line", "--line").path == "Line"  # a whole path wins over a name
    with pytest.raises(UsageError, match=r"it has Cat, Cat/Line \(1 keyframes\), Line"):
        doc.find("Ink", "--line")


def test_an_ambiguous_name_is_refused(tmp_path):
    pair = [Paint("Cat", children=[Paint("Ink")]), Paint("Dog", children=[Paint("Ink")])]
    with pytest.raises(UsageError, match=r"Cat/Ink .*Dog/Ink"):
        document(tmp_path, pair).find("Ink", "--line")
