import struct

import pytest

pytest.importorskip("PyQt5.QtGui", reason="the viewer's module draws", exc_type=ImportError)

from krita_plugin.propagate_colors.viewing import SegmentMap

ROWS = ["1110", "1220", "0220"]
IDS = struct.pack("<12i", *(int(digit) for row in ROWS for digit in row))


def test_the_segment_under_a_document_position():
    segments = SegmentMap((4, 3), IDS, (40, 30))
    assert segments.at((0, 0)) == 1
    assert segments.at((25.5, 19)) == 2
    assert segments.at((39, 5)) == 0
    assert [segments.at(place) for place in ((-1, 0), (0, 30), (400, 0))] == [0, 0, 0]


def test_the_box_of_a_segment_in_document_pixels():
    segments = SegmentMap((4, 3), IDS, (40, 30))
    assert segments.box(1) == (0, 0, 30, 20)
    assert segments.box(2) == (10, 10, 20, 20)
    assert segments.box(7) is None


def test_ids_that_lie_astride_two_pixels_are_not_found():
    # 256 and 1 side by side hold the bytes of 65536 twice, but no such segment.
    data = struct.pack("<4i", 256, 1, 256, 65536)
    segments = SegmentMap((4, 1), data, (4, 1))
    assert segments.box(65536) == (3, 0, 1, 1)
    assert segments.box(1) == (1, 0, 1, 1)
    assert segments.box(16777216) is None
