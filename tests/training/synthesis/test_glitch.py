import json

import numpy as np
import pytest

pytest.importorskip("skia", reason="drawing puppets needs skia-python, of the extra 'train'")

from ant_core.errors import InputError, UsageError
from ant_core.training.synthesis.puppet import glitch
from ant_core.training.synthesis.puppet.glitch_parts import load_part, part_names
from ant_core.training.synthesis.puppet.puppet import ANIMATIONS
from ant_core.training.synthesis.puppet.raster import (
    IdCanvas,
    affine,
    compose,
    parse_contours,
    polygon,
)

SQUARE = "M-10 -10L10 -10L10 10L-10 10Z"


def _shape(d: str, color: str = "#cccccc", alpha: float = 1.0) -> dict:
    return {"kind": "fill", "color": color, "alpha": alpha, "m": [1, 0, 0, 1, 0, 0], "d": d}


def test_ids_come_back_exactly_through_the_rasteriser():
    canvas = IdCanvas(20, 30)
    for i, part in enumerate((1, 255, 256, 4000)):
        box = np.array([[0, 0], [4, 0], [4, 4], [0, 4]], dtype=float)
        canvas.fill(polygon(box), affine(move=(6.0 * i, 5.0)), part)
    plane = canvas.plane()
    assert plane.dtype == np.int32
    assert np.unique(plane).tolist() == [0, 1, 255, 256, 4000]
    assert (plane[5:9, 18:22] == 4000).all()
    assert (plane == 4000).sum() == 16


def test_affine_maps_compose_from_right_to_left():
    turn, move = affine(np.pi / 2), affine(move=(10.0, 0.0))
    a, b, c, d, tx, ty = compose(move, turn)
    assert np.allclose((a + tx, b + ty), (10.0, 1.0))
    assert np.allclose((c + tx, d + ty), (9.0, 0.0))


def test_contours_keep_every_command_and_drop_lone_points():
    contours = parse_contours("M0 0L1 0Q2 0 2 1.5ZM5 5M-1 -2L3 4Z")
    assert contours == [
        [("M", (0.0, 0.0)), ("L", (1.0, 0.0)), ("Q", (2.0, 0.0, 2.0, 1.5))],
        [("M", (-1.0, -2.0)), ("L", (3.0, 4.0))],
    ]


def test_touching_fills_of_one_colour_are_one_group_and_others_are_not(data):
    root = data / "glitch_avatars"
    shapes = [
        _shape(SQUARE),
        _shape("M5 5L30 5L30 30Z", "#c8c8c8"),
        _shape("M5 5L30 5L30 30Z", "#ff0000"),
        _shape("M50 50L60 50L60 60Z"),
        _shape(SQUARE, "#000000", 0.2),
    ]
    path = root / "parts" / "hat" / "mine.json"
    path.write_text(json.dumps({"front": {"slot": "sideSkullContainer_mc", "shapes": shapes}}))
    fills = load_part(root, "hat", "mine")["sideSkullContainer_mc"]
    groups = [fill.group for fill in fills]
    assert groups[0] == groups[1]
    assert len({groups[0], groups[2], groups[3], groups[4]}) == 4
    assert [fill.shading for fill in fills] == [False] * 4 + [True]
    assert fills[0].area == pytest.approx(400 + 312.5)


def test_a_part_that_copies_a_held_out_outline_is_used_by_nobody(data):
    root = data / "glitch_avatars"
    before = part_names(root)
    assert before["validation"]["hat"] == ["hat00", "hat10"]
    assert before["test"]["hat"] == ["hat05"]
    assert "hat03" in before["train"]["hat"]
    part_names.cache_clear()
    (root / "parts/hat/hat03.json").write_text((root / "parts/hat/hat05.json").read_text())
    after = part_names(root)
    part_names.cache_clear()
    assert "hat03" not in after["train"]["hat"]
    assert after["test"] == before["test"]


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_clips_show_parts_and_motions_of_their_split_only(data, split):
    allowed = part_names(data / "glitch_avatars")[split]
    for seed in range(3):
        clip = glitch.make_clip(data, split, seed)
        assert 8 <= len(clip.frames) <= 16
        assert clip.split == split
        for character in clip.characters:
            category, name = character.split("/")
            assert name in allowed[category]
        assert set(clip.motions) <= (
            {"jumpOver"}
            if split == "test"
            else {"angry", "idle3"}
            if split == "validation"
            else set(ANIMATIONS) - {"jumpOver", "angry", "idle3"}
        )


def test_a_clip_depends_on_its_seed_alone_and_every_id_has_a_colour(data):
    one, two = (glitch.make_clip(data, "train", 4) for _ in range(2))
    other = glitch.make_clip(data, "train", 5)
    for a, b in zip(one.frames, two.frames, strict=True):
        assert np.array_equal(a.ids, b.ids)
        assert (a.shade is None) == (b.shade is None)
    assert one.colors == two.colors
    assert one.frames[0].ids.shape != other.frames[0].ids.shape
    for frame in one.frames:
        assert set(np.unique(frame.ids).tolist()) <= {0, *one.colors}
    assert all(np.diff(one.numbers()) > 0)


def test_draws_of_the_usual_recipe_stay_what_they_were(data):
    clip = glitch.make_clip(data, "train", 4)
    assert clip.name == "glitch_000004"
    assert clip.frames[0].ids.shape == (921, 1003)
    assert clip.numbers().tolist() == list(range(1, 42, 4))
    assert clip.motions == ("do",)
    assert len(clip.colors) == 46


@pytest.mark.parametrize("seed", range(3))
def test_single_clips_show_one_puppet_on_ones_or_twos(data, seed):
    clip = glitch.make_single(data, "validation", seed)
    assert len(clip.frames) in (11, 21)
    assert set(np.diff(clip.numbers())) in ({1}, {2})
    assert len(clip.motions) == 1
    assert (clip.frames[0].ids == 0).any()


def test_a_folder_without_data_is_named(tmp_path):
    with pytest.raises(InputError, match="--data"):
        glitch.make_clip(tmp_path, "train", 0)


def test_the_puppets_have_no_fresh_split(data):
    with pytest.raises(UsageError, match="no fresh split"):
        glitch.make_clip(data, "fresh", 0)
