import pytest

from krita_plugin.propagate_colors.state.pixels import (
    Format,
    fingerprint,
    is_transparent,
    worth_sending,
)

U8, U16, GREY = Format("RGBA", "U8"), Format("RGBA", "U16"), Format("GRAYA", "U8")


def test_the_journal_hash_is_blake2b_of_16_bytes():
    assert fingerprint(b"abc") == "cf4ab791c62b8d2b2109c90275287816"


@pytest.mark.parametrize(
    ("model", "depth", "size"),
    [("RGBA", "U8", 4), ("RGBA", "F16", 8), ("CMYKA", "U16", 10), ("GRAYA", "F32", 8)],
)
def test_pixel_bytes(model, depth, size):
    assert Format(model, depth).pixel_bytes == size


def test_formats_that_the_engine_does_not_know():
    assert not Format("LABA", "U8").known
    assert not Format("RGBA", "U64").known


def test_a_frame_is_transparent_whatever_erased_pixels_carry():
    assert is_transparent(bytes(16), U8)
    assert is_transparent(bytes([9, 9, 9, 0] * 4), U8)
    assert not is_transparent(bytes([9, 9, 9, 0] * 3 + [0, 0, 0, 1]), U8)
    assert is_transparent(bytes([9] * 6 + [0, 0]), U16)
    assert not is_transparent(bytes(7) + b"\1", U16)
    assert not is_transparent(bytes(6) + b"\1\0", U16)


def test_empty_rows_above_and_below_are_not_sent():
    rows = [bytes(4), b"\0\0\1\1", bytes(4), b"\2\2\0\0", bytes(4)]
    box, data = worth_sending(b"".join(rows), (0, 0, 2, 5), GREY.pixel_bytes)
    assert box == (0, 1, 2, 3)
    assert data == b"".join(rows[1:4])


def test_an_empty_frame_is_an_empty_box():
    assert worth_sending(bytes(40), (0, 0, 2, 5), 4) == ((0, 0, 0, 0), b"")
    assert worth_sending(b"", (3, 4, 0, 0), 4) == ((3, 4, 0, 0), b"")
