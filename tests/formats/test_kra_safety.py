"""Damaged and hostile Krita documents: one sentence each, no crash, no flood of memory."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from ant_core.errors import AntError, InputError
from ant_core.formats.kra import KraArchive, KraDocument, LineReader
from ant_core.formats.kra.owners import color_keys, read_journal
from ant_core.formats.kra.reader import read_plane
from tests.formats.kra_builder import Builder, Frame, Paint, write_zip

SIZE = (70, 100)


def members(**more: bytes) -> dict[str, bytes]:
    """Return the members of a good small document, some of them replaced."""
    rng = np.random.default_rng(3)
    image = np.zeros((*SIZE, 4), np.uint8)
    image[10:50, 10:60] = (0, 0, 0, 255)
    image[60:, :] = rng.integers(0, 256, (10, 100, 4))
    builder = Builder(SIZE[1], SIZE[0])
    main = builder.main([Paint("Line", {0: Frame(image), 4: Frame(image, (3, 4))})])
    found = {"mimetype": b"application/x-krita", "maindoc.xml": main, **builder.members}
    names = {"main": "maindoc.xml", "keys": "shot/layers/layer2.keyframes.xml"}
    names |= {"pixels": "shot/layers/layer2", "bare": "shot/layers/layer2.defaultpixel"}
    for key, data in more.items():
        found[names.get(key, key)] = data
    return found


def read_all(path: Path) -> None:
    """Read everything that a run reads."""
    document = KraDocument(KraArchive(path))
    read_journal(document)
    for layer in document.walk():
        if layer.kind == "paintlayer":
            reader = LineReader(document, [layer])
            for frame in reader.frames:
                reader.probe(frame)
            for key in color_keys(layer):
                read_plane(document, layer, key)


def refused(path: Path) -> str:
    """Return the one sentence that reading it ends in; the file stays as it is."""
    before = path.read_bytes()
    with pytest.raises(InputError) as caught:
        read_all(path)
    assert path.read_bytes() == before
    text = str(caught.value)
    assert "\n" not in text
    assert text[-1] not in ".:"
    return text


def test_the_good_one_is_read(tmp_path):
    read_all(write_zip(tmp_path / "a.kra", members()))


GOOD = members()
PIXELS = GOOD["shot/layers/layer2"]
MAIN = GOOD["maindoc.xml"]
KEYS = GOOD["shot/layers/layer2.keyframes.xml"]
LARGE = MAIN.replace(b'width="100"', b'width="900000"').replace(b'"70"', b'"90000"')
LAB = MAIN.replace(b'colorspacename="RGBA" key', b'colorspacename="LABA" key')
TILE = b"LZF,16897\n"
BOMB = b'<?xml version="1.0"?><!DOCTYPE DOC [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><DOC>&b;</DOC>'


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"main": b""}, "damaged"),
        ({"main": MAIN[:300]}, "damaged"),
        ({"main": BOMB}, "entities"),
        ({"main": MAIN.replace(b"UTF-8", b"latin1")}, "not UTF-8"),
        ({"main": b"<DOC>" * 300 + b"</DOC>" * 300}, "too many elements"),
        ({"main": MAIN.replace(b'syntaxVersion="2.0"', b'syntaxVersion="3.0"')}, "version 3.0"),
        ({"main": MAIN.replace(b'width="100"', b'width="0"')}, "width"),
        ({"main": MAIN.replace(b'width="100"', b'width="-5"')}, "width"),
        ({"main": MAIN.replace(b'width="100"', b'width="1e9"')}, "width"),
        ({"main": LARGE}, "scale"),
        ({"main": LAB}, "LABA"),
        ({"main": MAIN.replace(b'opacity="255"', b'opacity="256"')}, "opacity"),
        ({"main": MAIN.replace(b"layers>", b"sheets>")}, "no layers"),
        ({"keys": KEYS.replace(b'x="3"', b'x="99999999999"')}, "x"),
        ({"keys": KEYS.replace(b'time="4"', b'time="0"')}, "at 0"),
        ({"keys": KEYS.replace(b'time="4"', b'time="-4"')}, "time"),
        ({"keys": KEYS.replace(b"layer2.f1", b"layer9")}, "missing"),
        ({"pixels": b""}, "begin"),
        ({"pixels": PIXELS[:-10]}, "cut off"),
        ({"pixels": PIXELS.replace(b"VERSION 2", b"VERSION 3")}, "version 3"),
        ({"pixels": PIXELS.replace(b"TILEWIDTH 64", b"TILEWIDTH 32")}, "32 x 64"),
        ({"pixels": PIXELS.replace(b"PIXELSIZE 4", b"PIXELSIZE 8")}, "8 bytes instead of 4"),
        ({"pixels": PIXELS.replace(b"DATA 4", b"DATA 400000")}, "only 4 of its 400000 tiles"),
        ({"pixels": PIXELS.replace(b"64,0,LZF", b"63,0,LZF")}, "out of place"),
        ({"pixels": PIXELS.replace(b"64,0,LZF", b"00,0,LZF")}, "out of place"),
        ({"pixels": PIXELS.replace(TILE + b"\x01", TILE + b"\x07", 1)}, "cannot be unpacked"),
        ({"pixels": PIXELS.replace(TILE + b"\x01", TILE + b"\x00", 1)}, "cannot be unpacked"),
        ({"bare": b"\x00\x00"}, "default pixel"),
    ],
)  # fmt: skip
def test_damage_is_one_sentence(tmp_path, change, words):
    changed = members(**change)
    assert changed != GOOD, "the case must change something"
    assert words in refused(write_zip(tmp_path / "a.kra", changed))


def test_a_file_that_is_no_archive_or_no_krita_document(tmp_path):
    path = tmp_path / "a.kra"
    for data in (b"", b"PK\x03\x04", b"\x89PNG" * 100):
        path.write_bytes(data)
        assert "no .kra file" in refused(path)
    assert "saved by Krita" in refused(write_zip(path, {"mimetype": b"image/openraster"}))
    with pytest.raises(InputError, match="does not exist"):
        KraArchive(tmp_path / "none.kra")


def test_a_tile_far_outside_is_left_out(tmp_path):
    moved = PIXELS.replace(b"64,64,LZF", b"640000000,-64000000,LZF")
    path = write_zip(tmp_path / "a.kra", members(pixels=moved))
    document = KraDocument(KraArchive(path))
    image = read_plane(document, document.layers[0], document.layers[0].keys[0])
    assert not image[64:, 64:].any()
    assert image[:64].any()


def test_a_bomb_that_tells_its_size_is_not_unpacked(tmp_path):
    huge = {"mimetype": b"application/x-krita", "maindoc.xml": b"<DOC>" + bytes(80 << 20)}
    assert "more than" in refused(write_zip(tmp_path / "a.kra", huge))


def directory_edit(path: Path, name: str, place: int, form: str, *values: int) -> None:
    """Overwrite a field of a member's entry in the archive's directory."""
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(name.encode()))
    struct.pack_into(form, data, at + place, *values)
    path.write_bytes(data)


@pytest.mark.parametrize("size", [10, 1 << 20, 0xFFFFFFF0])
def test_a_member_that_lies_about_its_size(tmp_path, size):
    path = write_zip(tmp_path / "a.kra", members())
    directory_edit(path, "maindoc.xml", 24, "<L", size)
    refused(path)


def test_a_checksum_that_does_not_match(tmp_path):
    path = write_zip(tmp_path / "a.kra", members())
    directory_edit(path, "maindoc.xml", 16, "<L", zlib.crc32(MAIN) ^ 1)
    assert "checksum of maindoc.xml" in refused(path)


def test_members_that_share_bytes(tmp_path):
    path = write_zip(tmp_path / "a.kra", members())
    with zipfile.ZipFile(path) as archive:
        place = archive.getinfo("maindoc.xml").header_offset
    directory_edit(path, "shot/layers/layer2.icc", 42, "<L", place)
    assert "lie over each other" in refused(path)


def test_an_encrypted_member(tmp_path):
    path = write_zip(tmp_path / "a.kra", members())
    directory_edit(path, "maindoc.xml", 8, "<H", 1)
    assert "encrypted" in refused(path)


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../up", "C:/boot", "\\\\host\\x"])
def test_a_name_that_leads_outside(tmp_path, name):
    path = write_zip(tmp_path / "a.kra", members(**{name: b"x"}))
    assert "outside" in refused(path)


def test_two_members_of_one_name(tmp_path):
    path = write_zip(tmp_path / "a.kra", members(**{"maindoc.xmm": b"<DOC/>"}))
    path.write_bytes(path.read_bytes().replace(b"maindoc.xmm", b"maindoc.xml"))
    assert "two files named maindoc.xml" in refused(path)


@pytest.mark.parametrize("seed", range(60))
def test_any_damage_ends_in_a_sentence_or_in_pixels(tmp_path, seed):
    """Seeded mutations of the archive, and of members within a whole archive."""
    rng = np.random.default_rng(seed)
    path = tmp_path / "a.kra"
    if seed % 2:
        changed = members()
        name = sorted(changed)[int(rng.integers(len(changed)))]
        changed[name] = mutated(changed[name], rng)
        write_zip(path, changed)
    else:
        path.write_bytes(mutated(write_zip(path, members()).read_bytes(), rng))
    try:
        read_all(path)
    except AntError as error:
        text = str(error)
    else:
        text = ""
    assert "\n" not in text


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Flip, cut out, double or overwrite a few parts."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        at = int(rng.integers(0, max(1, len(changed))))
        kind, count = int(rng.integers(4)), int(rng.integers(1, 20))
        if kind == 0 and changed:
            changed[at % len(changed)] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del changed[at : at + count]
        elif kind == 2:
            changed[at:at] = changed[at : at + count]
        else:
            changed[at : at + count] = rng.integers(0, 256, count, dtype=np.uint8).tobytes()
    return bytes(changed)


def test_more_tiles_than_a_drawing_can_have_are_not_counted(tmp_path):
    """Each would take a few hundred bytes of memory before the first one is unpacked."""
    head = PIXELS[: PIXELS.index(b"DATA")] + b"DATA 600000\n"
    rows = b"".join(b"%d,0,LZF,1\n\x01" % (64 * i) for i in range(600_000))
    assert "claims 600000 tiles" in refused(
        write_zip(tmp_path / "a.kra", members(pixels=head + rows))
    )


def test_a_pixel_file_that_no_drawing_of_this_size_needs_is_not_unpacked(tmp_path):
    assert "more than" in refused(write_zip(tmp_path / "a.kra", members(pixels=bytes(65 << 20))))


@pytest.mark.parametrize(
    "mime", [b"application/x-kra", b"application/x-krita\n", b"application/zip"]
)
def test_a_document_that_was_packed_anew_is_read(tmp_path, mime):
    """As in the templates that come with Krita: the mimetype packed as all else, or of a zip."""
    path = tmp_path / "a.kra"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (members() | {"mimetype": mime}).items():
            archive.writestr(name, data)
    read_all(path)


def test_another_program_s_document_is_refused(tmp_path):
    other = {"mimetype": b"application/x-kpresenter", "maindoc.xml": MAIN}
    assert "saved by Krita" in refused(write_zip(tmp_path / "a.kra", other))
