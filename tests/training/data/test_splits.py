import pytest

from ant_core.training.data.splits import (
    CHARACTERS,
    SPLITS,
    character_split,
    clip_splits,
    glitch_animation_split,
    glitch_part_splits,
    intersections,
)


def test_the_place_in_the_sorted_folder_decides_the_split_of_a_part():
    names = [f"part{i:02d}" for i in range(23)]
    splits = glitch_part_splits(reversed(names))
    assert [n for n in names if splits[n] == "validation"] == ["part00", "part10", "part20"]
    assert [n for n in names if splits[n] == "test"] == ["part05", "part15"]
    assert len(splits) == 23


@pytest.mark.parametrize(
    ("label", "split"),
    [
        ("jumpOver_lift", "test"),
        ("hit2", "test"),
        ("angry", "validation"),
        ("idle3", "validation"),
        ("jumpUp_lift", "train"),
        ("idle4", "train"),
    ],
)
def test_animations_of_the_rig(label, split):
    assert glitch_animation_split(label) == split


@pytest.mark.parametrize(
    ("pack", "name", "split"),
    [
        ("kaykit_adventurers", "Rogue", "test"),
        ("kaykit_adventurers", "characters/Rogue_Hooded.glb", "test"),
        ("kaykit_adventurers", "Barbarian.glb", "validation"),
        ("kaykit_adventurers", "Mage", "train"),
        ("quaternius", "mech_pack/Stan.glb", "test"),
        ("quaternius", "modular_men/Casual2.glb", "validation"),
        ("quaternius", "modular_men/Casual.glb", "train"),
        ("quaternius", "Smooth_Male_Suit.fbx", "test"),
        ("mesh2motion", "Wolf", "train"),
    ],
)
def test_characters(pack, name, split):
    assert character_split(pack, name) == split


def test_every_held_out_character_is_found_by_its_own_name():
    for pack, held_out in CHARACTERS.items():
        assert {name: character_split(pack, name) for name in held_out} == held_out


def test_every_eighth_clip_name_is_held_out_for_test_and_four_later_for_validation():
    names = [f"clip{i:02d}" for i in range(17)]
    splits = clip_splits({"pack": names[::-1] + names})
    assert [n for n in names if splits[n] == "test"] == ["clip00", "clip08", "clip16"]
    assert [n for n in names if splits[n] == "validation"] == ["clip04", "clip12"]


def test_a_clip_name_of_two_packs_is_held_out_if_either_holds_it_out():
    splits = clip_splits({"a": ["Attack", "Run"], "b": ["Run", "Walk"]})
    assert splits == {"Attack": "test", "Run": "test", "Walk": "train"}


def test_what_two_splits_share_is_named():
    assert intersections({"train": ["a", "b"], "test": ["c"], "validation": []}) == {}
    shared = intersections({"train": ["a", "b"], "test": ["b"]})
    assert shared == {("train", "test"): {"b"}}


def test_no_name_can_be_in_two_splits():
    parts = glitch_part_splits(f"p{i}" for i in range(101))
    by_split = {split: [n for n, s in parts.items() if s == split] for split in SPLITS}
    assert intersections(by_split) == {}
    assert sum(map(len, by_split.values())) == 101
