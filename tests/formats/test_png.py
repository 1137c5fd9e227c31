"""PNG in and out: exact values of every kind of file, and a sure eye for damaged ones."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from ant_core.errors import InputError
from ant_core.formats.png import check_png, color_chunks, decode_png, encode_png

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, color_type, rows: bytes, extra: bytes = b"") -> bytes:
    """Build a file by hand; `rows` holds a filter byte before each row."""
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


COLORS = bytes([10, 20, 30, 200, 100, 50, 7, 8, 9])

# name: file, pixels
KINDS = {
    "grey": (png(3, 1, 8, GREY, b"\0\x00\x80\xff"), [[0, 128, 255]]),
    "grey 1 bit": (png(4, 1, 1, GREY, b"\0\xa0"), [[255, 0, 255, 0]]),
    "grey 2 bits": (png(4, 1, 2, GREY, b"\0\x1b"), [[0, 85, 170, 255]]),
    "grey 16 bits": (png(2, 1, 16, GREY, b"\0\x01\x02\xff\xfe"), [[0x0102, 0xFFFE]]),
    "grey with alpha": (
        png(2, 1, 8, GREY_ALPHA, b"\0\x07\x80\x09\xff"),
        [[[7, 7, 7, 128], [9, 9, 9, 255]]],
    ),
    "grey with one transparent value": (
        png(3, 1, 8, GREY, b"\0\x01\x02\x03", chunk(b"tRNS", b"\0\x02")),
        [[[1, 1, 1, 255], [2, 2, 2, 0], [3, 3, 3, 255]]],
    ),
    "grey of 2 bits with one transparent value": (
        png(4, 1, 2, GREY, b"\0\x1b", chunk(b"tRNS", b"\0\x01")),
        [[[0, 0, 0, 255], [85, 85, 85, 0], [170, 170, 170, 255], [255, 255, 255, 255]]],
    ),
    "rgb": (png(1, 1, 8, RGB, b"\0\x01\x02\x03"), [[[1, 2, 3]]]),
    "rgb with one transparent colour": (
        png(2, 1, 8, RGB, b"\0\1\2\3\4\5\6", chunk(b"tRNS", b"\0\1\0\2\0\3")),
        [[[1, 2, 3, 0], [4, 5, 6, 255]]],
    ),
    "rgb 16 bits": (
        png(1, 1, 16, RGB, b"\0\x01\x02\x03\x04\x05\x06"),
        [[[0x0102, 0x0304, 0x0506]]],
    ),
    "rgba": (png(1, 1, 8, RGBA, b"\0\x09\x08\x07\x00"), [[[9, 8, 7, 0]]]),
    "rgba 16 bits": (
        png(1, 1, 16, RGBA, b"\0\1\2\3\4\5\6\7\x08"),
        [[[0x0102, 0x0304, 0x0506, 0x0708]]],
    ),
    "palette": (
        png(3, 1, 8, PALETTE, b"\0\0\1\2", chunk(b"PLTE", COLORS)),
        [[[10, 20, 30], [200, 100, 50], [7, 8, 9]]],
    ),
    "palette of 4 bits": (
        png(3, 1, 4, PALETTE, b"\0\x21\x00", chunk(b"PLTE", COLORS)),
        [[[7, 8, 9], [200, 100, 50], [10, 20, 30]]],
    ),
    "palette with alpha": (
        png(2, 1, 8, PALETTE, b"\0\0\1", chunk(b"PLTE", COLORS) + chunk(b"tRNS", b"\0\x80")),
        [[[10, 20, 30, 0], [200, 100, 50, 128]]],
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_values_of_every_kind_are_read_exactly(kind):
    data, expected = KINDS[kind]
    image = decode_png(data, "a.png")
    assert image.tolist() == expected
    assert image.dtype == (np.uint16 if "16 bits" in kind else np.uint8)


@pytest.mark.parametrize("kind", KINDS)
def test_description_agrees_with_what_is_read(kind):
    data, _ = KINDS[kind]
    info, image = check_png(data, "a.png"), decode_png(data, "a.png")
    channels = 1 if image.ndim == 2 else image.shape[2]
    assert (info.height, info.width) == image.shape[:2]
    assert info.channels == channels
    assert info.depth == image.dtype.itemsize * 8


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3), (5, 7, 4), (1, 1, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_written_pixels_are_read_back_exactly(shape, dtype):
    pixels = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    back = decode_png(encode_png(pixels), "a.png")
    assert back.dtype == dtype
    assert np.array_equal(back, pixels.reshape(back.shape))


def row_filters(data, width):
    """Filters of the rows of an RGBA file, as a set."""
    at, packed = 8, b""
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        packed += data[at + 8 : at + 8 + size] if data[at + 4 : at + 8] == b"IDAT" else b""
        at += size + 12
    return set(zlib.decompress(packed)[:: 4 * width + 1])


def test_texture_is_packed_as_differences_and_flat_colour_is_not():
    flat = np.zeros((64, 64, 4), np.uint8)
    flat[:, 20:] = 200
    ramp = np.arange(64, dtype=np.uint8)
    texture = np.stack([ramp[:, None] + 3 * ramp[None]] * 4, axis=2)
    assert row_filters(encode_png(flat), 64) == {0}
    if hasattr(cv2, "IMWRITE_PNG_FILTER"):  # since OpenCV 4.12
        assert row_filters(encode_png(texture), 64) == {2}
    assert np.array_equal(decode_png(encode_png(texture), "a.png"), texture)


def test_a_file_cut_off_anywhere_is_refused():
    pixels = np.random.default_rng(2).integers(0, 255, (20, 30, 3), np.uint8)
    data = encode_png(pixels)
    for length in [0, 1, 7, 8, 20, 33, 40, len(data) // 2, len(data) - 13, len(data) - 1]:
        with pytest.raises(InputError, match=r"a\.png is"):
            check_png(data[:length], "a.png")


def test_a_flipped_bit_is_refused():
    data = encode_png(np.zeros((6, 6, 3), np.uint8))
    for place in range(8, len(data)):
        broken = bytearray(data)
        broken[place] ^= 0x10
        with pytest.raises(InputError):
            check_png(bytes(broken), "a.png")


def test_bytes_behind_the_end_are_no_damage():
    assert check_png(encode_png(np.zeros((2, 3), np.uint8)) + b"trailing", "a.png").width == 3


def test_another_format_is_named_as_such():
    with pytest.raises(InputError, match="not a PNG image"):
        check_png(b"\xff\xd8\xff\xe0 this is a JPEG", "a.jpg")


def test_pixels_that_end_early_inside_whole_chunks_are_refused():
    rows = b"".join(b"\0" + bytes(30) for _ in range(10))
    data = png(10, 10, 8, RGB, rows[: len(rows) // 2])
    check_png(data, "a.png")  # the chunks themselves are fine
    with pytest.raises(InputError, match="cannot be unpacked"):
        decode_png(data, "a.png")


def test_equal_digest_means_equal_pixels_and_text_does_not_count():
    plain = png(3, 1, 8, GREY, b"\0\1\2\3")
    noted = png(3, 1, 8, GREY, b"\0\1\2\3", chunk(b"tEXt", b"Date\0today"))
    other = png(3, 1, 8, GREY, b"\0\1\2\4")
    assert check_png(plain, "").digest == check_png(noted, "").digest
    assert check_png(plain, "").digest != check_png(other, "").digest


def test_color_space_of_a_reference_goes_into_what_is_written():
    gamma = chunk(b"gAMA", struct.pack(">I", 45455))
    source = png(1, 1, 8, RGB, b"\0\1\2\3", gamma + chunk(b"tEXt", b"Date\0today"))
    kept = color_chunks(source, "a.png")
    assert kept == gamma
    written = encode_png(np.full((4, 4, 3), 9, np.uint8), kept)
    check_png(written, "b.png")
    assert gamma in written
    assert (decode_png(written, "b.png") == 9).all()
