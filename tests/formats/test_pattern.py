"""Which files are frames, and how new ones are named."""

import pytest

from ant_core.errors import InputError
from ant_core.formats.pattern import NameTemplate, find_sequence


def touch(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"")


def test_a_folder_is_all_its_png_files_by_their_last_number(tmp_path):
    touch(tmp_path, "A2_0010.png", "A2_0003.PNG", "notes.txt", ".hidden_0001.png")
    found = find_sequence(tmp_path)
    assert found.files == {3: "A2_0003.PNG", 10: "A2_0010.png"}


@pytest.mark.parametrize(
    ("pattern", "frames"),
    [
        ("A_%04d.png", [1, 2]),
        ("A_####.png", [1, 2]),
        ("A_%d.png", [1, 2, 7]),
        ("B_*.png", [1]),
        ("*_0001.png", None),  # two files claim frame 1
    ],
)
def test_a_pattern_takes_only_what_it_names(tmp_path, pattern, frames):
    touch(tmp_path, "A_0001.png", "A_0002.png", "A_7.png", "B_0001.png")
    if frames is None:
        with pytest.raises(InputError, match="for frame 1"):
            find_sequence(pattern, tmp_path)
    else:
        assert list(find_sequence(pattern, tmp_path).files) == frames


def test_a_hash_beside_a_percent_number_is_a_plain_character(tmp_path):
    touch(tmp_path, "C#_0004.png")
    assert find_sequence("C#_%04d.png", tmp_path).files == {4: "C#_0004.png"}


def test_brackets_and_spaces_in_names_are_plain_characters(tmp_path):
    folder = tmp_path / "cut [12] * draft"
    touch(folder, "a [1] 005.png")
    assert find_sequence(folder / "a [1] %03d.png").files == {5: "a [1] 005.png"}


def test_two_files_for_one_frame_are_refused(tmp_path):
    touch(tmp_path, "1.png", "0001.png")
    with pytest.raises(InputError, match=r"0001\.png and 1\.png for frame 1"):
        find_sequence(tmp_path)


def test_a_png_without_number_is_refused(tmp_path):
    touch(tmp_path, "0001.png", "cover.png")
    with pytest.raises(InputError, match=r"cover\.png has no frame number"):
        find_sequence(tmp_path)


def test_digits_of_the_suffix_are_no_frame_number(tmp_path):
    touch(tmp_path, "0001.png", "frame.mp4")
    assert list(find_sequence(tmp_path).files) == [1]


def test_frames_in_other_formats_are_mentioned(tmp_path):
    touch(tmp_path, "0001.png", "0002.dpx", "readme.txt")
    assert find_sequence(tmp_path).ignored == ("0002.dpx",)


def test_a_preview_beside_a_drawing_with_letters_is_left_out(tmp_path):
    touch(tmp_path, "1.png", "1a.png", "1a.jpg", "2.jpg", "2.png")
    sequence = find_sequence(tmp_path)
    assert {str(frame): name for frame, name in sequence.files.items()} == {
        "1": "1.png",
        "1a": "1a.png",
        "2": "2.png",
    }
    assert sequence.ignored == ("1a.jpg", "2.jpg")


def test_previews_that_a_pattern_names_are_its_frames(tmp_path):
    touch(tmp_path, "0001.png", "0001.jpg")
    with pytest.raises(InputError, match=r"holds both 0001\.jpg and 0001\.png for frame 1"):
        find_sequence("*", tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="there is no folder"):
        find_sequence(tmp_path / "line" / "A_%04d.png")


def test_a_plain_file_is_no_pattern(tmp_path):
    touch(tmp_path, "line.png")
    with pytest.raises(InputError, match="neither a folder nor a pattern"):
        find_sequence(tmp_path / "line.png")


def test_any_start_number_and_gaps(tmp_path):
    touch(tmp_path, "0000.png", "86399.png", "123456789.png")
    assert list(find_sequence(tmp_path).files) == [0, 86399, 123456789]


def test_a_number_with_a_date_in_it_is_refused(tmp_path):
    touch(tmp_path, "202601010001.png")
    with pytest.raises(InputError, match="more than 9 digits"):
        find_sequence(tmp_path)


@pytest.mark.parametrize(
    ("template", "frame", "name"),
    [
        (NameTemplate("A_", 4, ".png"), 7, "A_0007.png"),
        (NameTemplate("", 0, ".png"), 7, "7.png"),
        (NameTemplate("x", 3, "b.png"), 12345, "x12345b.png"),
    ],
)
def test_new_frames_are_named_like_the_others(template, frame, name):
    assert template.name(frame) == name
