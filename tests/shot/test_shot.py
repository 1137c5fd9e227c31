"""Laying out a shot: frames, holds, references, and what does not fit together."""

import numpy as np
import pytest

from ant_core.color.palette import PixelFormat
from ant_core.errors import InputError, UsageError
from ant_core.formats import SequenceReader
from ant_core.shot.frames import describe_frames, parse_frames, select_frames
from ant_core.shot.shot import load_shot
from tests.support.drawn import line_drawing, make_shot, painting, save


def load(root, **options):
    return load_shot(SequenceReader(root / "line"), SequenceReader(root / "color"), **options)


def test_frames_keep_their_own_numbers(tmp_path):
    make_shot(tmp_path, frames=[7, 9, 120], painted=[9])
    shot = load(tmp_path)
    assert shot.frames == (7, 9, 120)
    assert [reference.frame for reference in shot.references] == [9]
    assert shot.size == (80, 96)
    assert shot.pixels == PixelFormat(8, 4)


def test_held_frames_share_one_drawing(tmp_path):
    make_shot(tmp_path, frames=[1, 2])
    save(tmp_path / "line" / "0003.png", line_drawing(0))
    assert [drawing.frames for drawing in load(tmp_path).drawings] == [(1, 3), (2,)]


def test_chosen_references_and_frames(tmp_path):
    make_shot(tmp_path, frames=range(1, 7), painted=[1, 4, 6])
    shot = load(tmp_path, references=[4], frames=[2, 3])
    assert [reference.frame for reference in shot.references] == [4]
    assert shot.frames == (2, 3)
    assert [drawing.frames for drawing in shot.drawings] == [(2,), (3,), (4,)]


def test_references_of_several_kinds_share_the_richest_format(tmp_path):
    make_shot(tmp_path, frames=[1, 2], painted=[1])
    save(tmp_path / "color" / "0002.png", painting(1)[:, :, :3])
    assert load(tmp_path).pixels == PixelFormat(8, 4)


def test_no_line_drawings(tmp_path):
    (tmp_path / "line").mkdir()
    (tmp_path / "color").mkdir()
    with pytest.raises(InputError, match="no line drawings"):
        load(tmp_path)


def test_no_reference(tmp_path):
    make_shot(tmp_path, painted=[])
    (tmp_path / "color").mkdir()
    with pytest.raises(InputError, match="no reference: paint at least one frame"):
        load(tmp_path)


def test_reference_without_line_drawing(tmp_path):
    make_shot(tmp_path, frames=[1, 2], painted=[1])
    save(tmp_path / "color" / "0007.png", painting(0))
    with pytest.raises(InputError, match=r"reference frame 7 .*0007\.png.* has no line drawing"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("layer", "told"), [("line", "drawing frame 3"), ("color", "reference frame 3")]
)
def test_a_picture_of_another_size_is_named_with_both_sizes(tmp_path, layer, told):
    make_shot(tmp_path, frames=range(1, 5), painted=[1, 3])
    save(tmp_path / layer / "0003.png", np.full((40, 50), 255, np.uint8))
    with pytest.raises(
        InputError, match=rf"{told} .*0003\.png.* is 50 x 40 but the shot is 96 x 80"
    ):
        load(tmp_path)


def test_references_of_different_depth(tmp_path):
    make_shot(tmp_path, frames=[1, 2], painted=[1])
    save(tmp_path / "color" / "0002.png", painting(1).astype(np.uint16) * 257)
    with pytest.raises(InputError, match=r"0001\.png has 8 bits .*0002\.png has 16"):
        load(tmp_path)


def test_frames_that_do_not_exist(tmp_path):
    make_shot(tmp_path, frames=[1, 2], painted=[1])
    with pytest.raises(UsageError, match="reference frame 2 is not painted"):
        load(tmp_path, references=[2])
    with pytest.raises(UsageError, match="frame 9 is not in the shot"):
        load(tmp_path, frames=[9])


@pytest.mark.parametrize(
    ("text", "ranges"),
    [("1", [(1, 1)]), ("1,24", [(1, 1), (24, 24)]), ("1-48, 60", [(1, 48), (60, 60)])],
)
def test_lists_of_frames(text, ranges):
    assert parse_frames(text, "--frames") == ranges


@pytest.mark.parametrize(
    "text", ["", "a", "1-", "-3", "1,,2", "1-2-3", "1.5", "²", "1-²", "1 2", "1" * 5000]
)
def test_what_is_no_list_of_frames(text):
    with pytest.raises(UsageError, match="is no list of frames"):
        parse_frames(text, "--frames")


def test_a_list_that_runs_backwards():
    with pytest.raises(UsageError, match="runs backwards"):
        parse_frames("9-3", "--frames")


def test_ranges_may_have_gaps_but_not_be_empty():
    assert select_frames([(1, 5)], [2, 4, 9], "--frames", "frame") == [2, 4]
    with pytest.raises(UsageError, match=r"--frames names frames 5-8, .* there are 2, 4, 9"):
        select_frames([(5, 8)], [2, 4, 9], "--frames", "frame")
    with pytest.raises(UsageError, match="frame 3,"):
        select_frames([(3, 3)], [2, 4, 9], "--frames", "frame")


def test_frames_are_described_as_people_write_them():
    assert describe_frames([3, 1, 2, 7, 9, 10]) == "1-3, 7, 9-10"
    assert describe_frames([]) == "none"
    assert describe_frames(range(0, 100, 2)).endswith(", ... 98")
