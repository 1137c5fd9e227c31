"""Another colour for one segment, against a slow and obvious twin."""

from __future__ import annotations

import random
import struct

import pytest

from krita_plugin.propagate_colors.state.recolor import recolor


def grid(text: str) -> tuple[tuple[int, int], bytes]:
    """Return size and labels of a drawing in digits, a row a line; "." is line."""
    rows = text.split()
    labels = [0 if sign == "." else int(sign) for row in rows for sign in row]
    return (len(rows[0]), len(rows)), struct.pack(f"<{len(labels)}i", *labels)


def paint(text: str, colors: dict[str, bytes]) -> bytes:
    return b"".join(colors[sign] for row in text.split() for sign in row)


def recolored(*arguments):
    """Take all steps at once."""
    steps = recolor(*arguments)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


WIDE = "." * 40
HIGH = "\n".join(WIDE)
COLORS = {"r": b"\1\2\3\xff", "b": b"\7\1\1\xff", "_": bytes(4), "n": b"\xff\0\1\xff"}


@pytest.mark.parametrize(
    ("labels", "before", "after", "segment"),
    [
        ("11.22\n11.22", "rrrbb\nrrrbb", "nnnbb\nnnnbb", 1),  # with its colour under the line
        ("11.22\n11.22", "rrbbb\nrrrbb", "nnbbb\nnnnbb", 1),  # not what is another's there
        ("11.22", "rrrrr", "nnnrr", 1),  # nearer, or as near: ours
        ("11..22", "rrrrrr", "nnnrrr", 1),  # of a line between two of one colour, the near half
        ("11.22", "rr_bb", "nn_bb", 1),  # bare lines stay bare
        ("1.2.1", "rr_rr", "nn_nn", 1),  # in two parts
        ("11.22", "__.rr".replace(".", "_"), "nnnrr", 1),  # one that was left unpainted
        ("1" + WIDE + "2", "r" * 42, "n" * 21 + "r" * 21, 1),  # of a wide line, the near half
        (f"1\n{HIGH}\n2", "\n".join("r" * 42), "\n".join("n" * 21 + "r" * 21), 1),
        ("12", "rr", "rn", 2),
        ("11", "rr", "rr", 2),  # a segment that is not there
    ],
)
def test_small_drawings(labels, before, after, segment):
    size, ids = grid(labels)
    found = recolored(ids, size, segment, paint(before, COLORS), 4, COLORS["n"])
    assert found.data == paint(after, COLORS)
    old, new = before.replace("\n", ""), after.replace("\n", "")
    assert found.pixels == sum(one != other for one, other in zip(old, new, strict=True))


@pytest.mark.parametrize("pixel_bytes", [2, 4, 5, 8, 16])
@pytest.mark.parametrize("seed", range(4))
def test_the_segment_s_own_pixels_and_no_others_change(pixel_bytes, seed):
    chance = random.Random(seed)
    width, height = chance.randint(1, 40), chance.randint(1, 60)
    ids = [chance.choice((0, 1, 2, 256, 65536 + 1)) for _ in range(width * height)]
    ids[chance.randrange(len(ids))] = 256
    colors = {i: bytes(chance.randrange(256) for _ in range(pixel_bytes)) for i in set(ids)}
    new = bytes(chance.randrange(256) for _ in range(pixel_bytes))
    data = b"".join(colors[i] for i in ids)
    labels = struct.pack(f"<{len(ids)}i", *ids)
    found = recolored(labels, (width, height), 256, data, pixel_bytes, new)
    for place, segment in enumerate(ids):
        value = found.data[place * pixel_bytes : (place + 1) * pixel_bytes]
        assert value == (new if segment == 256 else colors[segment]), place
    assert len(found.data) == len(data)
