"""What claims to be a giant, never ends or is damaged in a way that a library lets through."""

import os
import struct
import zlib

import numpy as np
import pytest

from ant_core.errors import InputError
from ant_core.files import read_bytes
from ant_core.formats.kra.archive import KraArchive
from ant_core.formats.palettes import read_palette
from ant_core.formats.pictures import picture_format
from ant_core.formats.xdts import parse_xdts
from ant_core.guard import MOST_PIXELS, check_layers, check_pixels, parse_json
from scripts.attacks import giants, pictures

ONE_SENTENCE = r"^[^\n]+: [^\n]+$"


@pytest.mark.parametrize("name", sorted(giants.PICTURES))
def test_pictures_that_claim_to_be_giants_are_refused(name):
    if "MP, all of it" in name or "3 GB" in name or "blanks" in name:
        pytest.skip("takes minutes to be made: scripts/attack.py giants does it")
    module = {".tif": "tifffile", ".tga": "PIL", ".exr": "OpenEXR", ".psd": "psd_tools"}
    suffix = name[name.rindex(".") :]
    if suffix in module:
        pytest.importorskip(module[suffix], reason="needs the formats extra")
    form, data = picture_format(f"x{suffix}"), giants.PICTURES[name]()
    for read in (form.check, form.decode):
        with pytest.raises(InputError, match=ONE_SENTENCE):
            read(data, "x")


@pytest.mark.parametrize("kind", ["device", "pipe", "folder"])
def test_what_is_no_file_is_not_opened(tmp_path, kind):
    place = tmp_path / "x.kra"
    if kind == "device":
        place.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
    for read in (read_bytes, KraArchive):
        with pytest.raises(InputError, match="is a folder or a device: name a file"):
            read(place)


def test_sizes():
    check_pixels(16_384, 8_640)
    check_pixels(16_384, 9_216)
    check_pixels(100, 100, packed_bytes=10, densest=1032)
    for size in ((0, 5), (5, -1), (16_384, 9_217), (16_384, 16_384), (MOST_PIXELS, 1)):
        with pytest.raises(ValueError, match="pixels"):
            check_pixels(*size)
    with pytest.raises(ValueError, match="1 bytes cannot hold them"):
        check_pixels(100, 100, packed_bytes=1, densest=1032)
    check_layers([(3840, 2160)] * 250)
    for layers in ([(1, 1)] * 1001, [(16_384, 8_192)] * 17, [(20_000, 20_000)]):
        with pytest.raises(ValueError, match=r"layers|pixels"):
            check_layers(layers)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[" * 100_000, "nested too deeply"),
        ("[NaN]", "NaN is no number of JSON"),
        ("[1e999]", "1e999 is larger than numbers are"),
        ("[" + "9" * 5000 + "]", "is larger than numbers are"),
        ('["\\ud800"]', "surrogates not allowed"),
    ],
)
def test_what_json_cannot_say(text, told):
    with pytest.raises(ValueError, match=told):
        parse_json(text)
    assert parse_json('["\\ud83d\\ude00", 1, 2.5]') == ["😀", 1, 2.5]
    assert parse_json('["\\udc80"]', halves=True) == ["\udc80"]


def test_a_sheet_with_infinite_numbers():
    data = b'exchangeDigitalTimeSheet Save Data\n{"timeTables": [{"duration": 1e999}]}'
    with pytest.raises(InputError, match="larger than numbers are"):
        parse_xdts(data, "x")


def test_a_palette_with_what_is_no_number(tmp_path):
    block = struct.pack(">H", 1) + b"\0\0RGB " + struct.pack(">3fH", float("nan"), 0, 0, 0)
    path = tmp_path / "x.ase"
    head = b"ASEF" + struct.pack(">HHI", 1, 0, 1)
    path.write_bytes(head + struct.pack(">HI", 1, len(block)) + block)
    with pytest.raises(InputError, match="a colour that is no number"):
        read_palette(path)


def png(kind, depth, channels, *chunks):
    head = struct.pack(">IIBBBBB", 2, 2, depth, kind, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(2 * channels)) * 2)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(pictures.png_chunk(*part) for part in parts)


@pytest.mark.parametrize("key", [b"", b"\0", b"\0\0\0"])
def test_a_png_whose_transparent_grey_is_none(key):
    with pytest.raises(InputError, match="its transparent grey is none"):
        picture_format("x.png").decode(png(0, 8, 1, (b"tRNS", key)), "x")


def test_a_png_that_unpacks_to_other_channels_than_its_header_says():
    data = png(2, 8, 3, (b"tRNS", b"\0"))  # too short, which OpenCV passes over
    assert picture_format("x.png").check(data, "x").channels == 4
    with pytest.raises(InputError, match="its pixels are not what its header says"):
        picture_format("x.png").decode(data, "x")


def test_layers_of_two_depths_keep_their_values():
    from ant_core.formats.png import encode_png
    from scripts.attacks.pictures import ora

    deep = np.full((2, 3, 4), 65535, np.uint16)
    deep[:, :, 0] = 12_345
    flat = np.full((2, 3, 4), 255, np.uint8)
    flat[:, 1:] = 0
    rows = '<layer name="top" src="a.png"/><layer name="low" src="b.png"/>'
    data = ora((2, 3), rows, {"a.png": encode_png(flat), "b.png": encode_png(deep)})
    pixels = picture_format("x.ora").decode(data, "x")
    assert pixels.dtype == np.uint16
    assert pixels[0, 2].tolist() == [12_345, 65535, 65535, 65535]
    assert pixels[0, 0].tolist() == [65535] * 4
