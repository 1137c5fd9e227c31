"""The fresh test split: frozen, and with nothing in common with any other."""

import json
from collections import defaultdict

import pytest

from ant_core.errors import InputError, UsageError
from ant_core.training.data import fresh
from ant_core.training.data.fresh import (
    check_request,
    clip_name,
    differences,
    fresh_split,
    record_hash,
)
from ant_core.training.data.splits import (
    CHARACTERS,
    FRESH_FIGURES,
    SPLITS,
    fresh_motion,
    intersections,
)


@pytest.fixture
def unread():
    """Forget the record before and after a test that exchanges it."""
    fresh_split.cache_clear()
    yield
    fresh_split.cache_clear()


def test_the_record_is_the_one_that_was_frozen():
    assert record_hash() == fresh.FROZEN
    # Written out here as well, so that neither can be changed alone.
    assert fresh.FROZEN.startswith("a3f98d4ff3bce74c")


def test_a_record_with_another_number_of_clips_is_refused(tmp_path, monkeypatch, unread):
    record = json.loads(fresh._RECORD.read_text())
    record["clips"]["scene3d_clean"] += 1
    changed = tmp_path / "fresh.json"
    changed.write_text(json.dumps(record))
    monkeypatch.setattr(fresh, "_RECORD", changed)
    with pytest.raises(InputError, match="not the record that was frozen"):
        fresh_split()


def test_the_record_names_the_figures_and_files_of_the_split():
    split = fresh_split()
    assert split.figures == tuple(f"mesh2motion/{name}" for name in sorted(FRESH_FIGURES))
    lenders = set(FRESH_FIGURES.values())
    assert set(split.files) == {f"mesh2motion/{n}.glb" for n in {*FRESH_FIGURES, *lenders}}
    assert {motion.split("/")[0] for motion in split.motions} == lenders


def test_the_record_holds_the_content_of_every_clip():
    split = fresh_split()
    names = {clip_name(source, seed) for source, n in split.clips.items() for seed in range(n)}
    assert set(split.hashes) == names
    assert len(set(split.hashes.values())) == len(names)


def test_no_fresh_figure_is_held_out_for_another_split():
    others = {name for characters in CHARACTERS.values() for name in characters}
    assert not others & set(FRESH_FIGURES)


def test_headline_sources_are_frozen():
    assert set(fresh_split().clips) == {"scene3d_clean", "scene3d_single", "scene3d_film"}


def test_a_file_that_is_absent_or_changed_is_named(tmp_path):
    names = list(fresh_split().files)
    (tmp_path / names[0]).parent.mkdir()
    (tmp_path / names[0]).write_bytes(b"another")
    split = fresh_split()
    found = differences(tmp_path, split.figures, split.motions)
    assert found[0] == f"{names[0]} is another file than the one that was frozen"
    assert found[1:] == [f"{name} is missing" for name in names[1:]]


def test_packs_that_move_a_movement_to_or_from_the_split_are_told(tmp_path):
    split = fresh_split()
    files = len(split.files)
    found = differences(tmp_path, split.figures, {*split.motions[1:], "fox-animations/Howl"})
    assert found[files:] == [
        f"the movement {split.motions[0]} is in another split",
        "the movement fox-animations/Howl was not frozen",
    ]


@pytest.mark.parametrize(
    ("source", "seeds", "says"),
    [
        ("scene3d_clean", range(23, 25), "frozen with those from 0 to 23"),
        ("scene3d_film", range(-1, 3), "frozen with those from 0 to 11"),
        ("scene3d", range(1), "no scene3d: choose --source of scene3d_clean"),
    ],
)
def test_clips_that_were_not_frozen_are_no_part_of_the_split(source, seeds, says):
    with pytest.raises(UsageError, match=says):
        check_request([source], seeds)


def test_the_frozen_clips_may_be_asked_for():
    for source, count in fresh_split().clips.items():
        check_request([source], range(count))


def test_all_four_splits_share_no_character_and_no_motion(data_dir):
    """Of the whole catalogue: who is in which split, and what each may play."""
    cast3d = pytest.importorskip("ant_core.training.synthesis.scene3d.cast3d")
    catalogue = cast3d.load_catalogue(data_dir)
    characters, motions, files = defaultdict(set), defaultdict(set), defaultdict(set)
    for entry in catalogue.characters:
        characters[entry.split].add(entry.name)
        files[entry.split].add(entry.path)
        for path, name, known in entry.motions:
            if catalogue.clip_split[known] == entry.split:
                motions[entry.split].add(known)
                files[entry.split].add((path, name))
    assert set(characters) == set(SPLITS)
    for shown in (characters, motions, files):
        assert intersections(shown) == {}
    assert characters["fresh"] == set(fresh_split().figures)
    assert motions["fresh"] == set(fresh_split().motions)


def test_the_files_are_those_that_were_frozen(data_dir):
    cast3d = pytest.importorskip("ant_core.training.synthesis.scene3d.cast3d")
    shown = cast3d.fresh_shown(cast3d.load_catalogue(data_dir))
    assert differences(data_dir, *shown) == []


def test_a_motion_is_known_by_its_file():
    assert fresh_motion("fox-animations", "Walk") != fresh_motion("bird-animations", "Walk")
