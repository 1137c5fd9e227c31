"""3D clips: ids, lines inside parts, parts of models, and whole clips from tiny packs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.training.synthesis.packs3d import quads, write_packs

pytest.importorskip("moderngl", reason="moderngl is not installed: needs the extra 'train'")

from ant_core.errors import DeviceUnavailable, InputError
from ant_core.training.synthesis.clip import drawings
from ant_core.training.synthesis.scene3d import (
    gltf,
    scene3d,
)
from ant_core.training.synthesis.scene3d.cast3d import load_catalogue
from ant_core.training.synthesis.scene3d.look3d import Look
from ant_core.training.synthesis.scene3d.model_parts import PartedModel, build_figure
from ant_core.training.synthesis.scene3d.props3d import Thing, backdrop, random_thing
from ant_core.training.synthesis.scene3d.render3d import (
    Planes,
    Renderer,
    Sight,
    crease_edges,
    depth_edges,
    look_at,
    perspective,
    without_specks,
)
from ant_core.training.synthesis.scene3d.scene3d import make_clip

EYE = np.array([0.0, 0.0, 5.0])


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    try:
        yield Renderer()
    except DeviceUnavailable as error:
        pytest.skip(f"no OpenGL here: {error}")


def draw_quads(renderer: Renderer, depths: list[float], halves: list[float]) -> Planes:
    """Render squares about the axis, part 1, 2, ..., at these heights over the picture's plane."""
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    points = [
        np.column_stack((square * h, np.full(4, z))) for z, h in zip(depths, halves, strict=True)
    ]
    count = len(depths)
    faces = np.array([[0, 1, 2], [0, 2, 3]]) + 4 * np.arange(count)[:, None, None]
    return renderer.render(
        (40, 60),
        Sight(
            look_at(EYE, np.zeros(3)),
            perspective(2 * np.arctan(0.2), 1.5, 1.0, 10.0),
            np.concatenate(points).astype(np.float32),
        ),
        normals=np.tile(np.array([0, 0, 1], np.float32), (4 * count, 1)),
        parts=np.repeat(np.arange(1, count + 1), 4).astype(np.int32),
        faces=faces.reshape(-1, 3).astype(np.int32),
    )


def test_nearer_quad_covers_the_farther_whatever_the_order(renderer: Renderer) -> None:
    # At the plane z = 0, 40 rows show 2 units: a half of 0.5 covers the 20 middle rows and columns.
    expected = np.zeros((40, 60), np.int32)
    expected[10:30, 20:40] = 1
    expected[16:24, 26:34] = 2
    near = 0.2 * (5 - 1) / 5  # as large as 0.2 on the plane, when 1 nearer
    np.testing.assert_array_equal(draw_quads(renderer, [0, 1], [0.5, near]).ids, expected)
    swapped = np.array([0, 2, 1])[expected]
    np.testing.assert_array_equal(draw_quads(renderer, [1, 0], [near, 0.5]).ids, swapped)


def test_depth_and_normals_are_the_cameras(renderer: Renderer) -> None:
    planes = draw_quads(renderer, [1], [0.4])
    inside = planes.ids > 0
    assert inside.any()
    assert not inside.all()
    np.testing.assert_allclose(planes.depth[inside], 4, atol=1e-4)
    assert (planes.depth[~inside] == 0).all()
    np.testing.assert_allclose(planes.normals[inside], [[0, 0, 1]] * inside.sum(), atol=1e-5)


def test_top_of_the_world_is_the_top_row(renderer: Renderer) -> None:
    points = np.array([[-1, 0.2, 0], [1, 0.2, 0], [0, 0.8, 0]], np.float32)
    planes = renderer.render(
        (40, 40),
        Sight(look_at(EYE, np.zeros(3)), perspective(2 * np.arctan(0.2), 1.0, 1.0, 10.0), points),
        normals=points,
        parts=np.full(3, 7, np.int32),
        faces=np.array([[0, 1, 2]], np.int32),
    )
    assert set(np.unique(planes.ids)) == {0, 7}
    assert np.nonzero(planes.ids)[0].max() < 20


def flat_planes(depth: np.ndarray, ids: np.ndarray | None = None) -> Planes:
    ids = np.ones(depth.shape, np.int32) if ids is None else ids
    normals = np.zeros((*depth.shape, 3), np.float32)
    normals[..., 2] = 1
    return Planes(ids, depth.astype(np.float32), normals)


def test_jump_of_depth_is_marked_on_its_near_side() -> None:
    depth = np.full((7, 8), 5.0)
    depth[:, :3] = 4.0
    expected = np.zeros((7, 8), bool)
    expected[:, 2] = True
    np.testing.assert_array_equal(depth_edges(flat_planes(depth), 0.5), expected)
    np.testing.assert_array_equal(depth_edges(flat_planes(depth.T), 0.5), expected.T)
    assert not depth_edges(flat_planes(depth), 1.5).any()


def test_steep_slope_is_no_jump() -> None:
    depth = np.tile(np.arange(8.0) * 3, (7, 1))
    assert not depth_edges(flat_planes(depth), 0.5).any()


def test_jump_between_parts_is_left_to_their_border() -> None:
    depth = np.full((7, 8), 5.0)
    depth[:, :3] = 4.0
    ids = np.where(depth < 4.5, 1, 2).astype(np.int32)
    assert not depth_edges(flat_planes(depth, ids), 0.5).any()


def test_only_bends_over_the_angle_are_creases() -> None:
    planes = flat_planes(np.full((5, 6), 4.0))
    planes.normals[:, 3:] = (np.sin(0.7), 0, np.cos(0.7))
    expected = np.zeros((5, 6), bool)
    expected[:, 3] = True
    np.testing.assert_array_equal(crease_edges(planes, 0.6), expected)
    assert not crease_edges(planes, 0.8).any()


def test_short_pieces_of_edges_go() -> None:
    edges = np.zeros((6, 6), bool)
    edges[0, :4] = True
    edges[3, 3] = edges[4, 4] = True
    np.testing.assert_array_equal(np.nonzero(without_specks(edges, 3)), [[0] * 4, range(4)])


def figure(tmp_path: Path, offsets: list[float], materials: list[str]) -> PartedModel:
    path = quads(offsets, materials).write_glb(tmp_path / "model.glb")
    return build_figure(gltf.load_model(path), "quaternius")


def test_separate_pieces_of_one_material_are_two_parts_of_one_colour(tmp_path: Path) -> None:
    made = figure(tmp_path, [0, 5], ["skin", "skin"])
    assert made.vertex_part.tolist() == [0] * 4 + [1] * 4
    assert made.part_material.tolist() == [0, 0]


def test_touching_pieces_of_one_material_are_one_part(tmp_path: Path) -> None:
    made = figure(tmp_path, [0, 1], ["skin", "skin"])
    assert set(made.vertex_part.tolist()) == {0}


def test_touching_pieces_of_two_materials_stay_apart(tmp_path: Path) -> None:
    made = figure(tmp_path, [0, 1], ["skin", "cloth"])
    assert len(made.part_material) == 2
    assert len(set(made.part_material.tolist())) == 2


def test_every_face_lies_in_one_part(tmp_path: Path) -> None:
    made = figure(tmp_path, [0, 1, 2, 9], ["a", "b", "a", "b"])
    parts = made.vertex_part[made.faces]
    assert (parts == parts[:, :1]).all()
    assert made.height == pytest.approx(6)  # 0.6 of the length of 10, more than the height of 1


def test_box_has_six_closed_sides() -> None:
    thing = Thing()
    thing.box((0, 0, 0), (1, 2, 3), 0)
    points, normals, faces, parts = thing.mesh()
    a, b, c = (points[faces[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    assert area == pytest.approx(2 * (2 + 3 + 6))
    assert len(set(parts.tolist())) == 6
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_random_things_are_whole_meshes(seed: int) -> None:
    for thing in (random_thing(np.random.default_rng(seed)), backdrop(np.random.default_rng(seed))):
        points, normals, faces, parts = thing.mesh()
        assert np.isfinite(points).all()
        assert np.isfinite(normals).all()
        assert faces.max() < len(points)
        assert (parts[faces] == parts[faces[:, :1]]).all()
        assert parts.max() < len(thing.materials)


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    return write_packs(tmp_path)


def test_catalogue_divides_characters_and_clips(packs: Path) -> None:
    catalogue = load_catalogue(packs)
    split = {entry.path.stem: entry.split for entry in catalogue.characters}
    assert split == {"Cow": "train", "Husky": "validation", "Wolf": "test"}
    held_out = {clip: s for clip, s in catalogue.clip_split.items() if s != "train"}
    assert held_out == {"clip0": "test", "clip4": "validation", "clip8": "test"}


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="3D models"):
        make_clip(tmp_path, "train", 0)


@pytest.mark.usefixtures("renderer")
def test_clip_depends_on_its_seed_alone(packs: Path) -> None:
    first, other = make_clip(packs, "train", 3), make_clip(packs, "train", 4)
    again = make_clip(packs, "train", 3)
    assert first.colors == again.colors
    assert first.numbers().tolist() == again.numbers().tolist()
    for a, b in zip(first.frames, again.frames, strict=True):
        np.testing.assert_array_equal(a.ids, b.ids)
    same_size = first.frames[0].ids.shape == other.frames[0].ids.shape
    assert not same_size or (first.frames[0].ids != other.frames[0].ids).any()


@pytest.mark.usefixtures("renderer")
@pytest.mark.parametrize("seed", range(2))
def test_clip_keeps_to_its_split_and_colours_every_id(packs: Path, seed: int) -> None:
    allowed = {"train": "Cow", "validation": "Husky", "test": "Wolf"}
    clips = load_catalogue(packs).clip_split
    for split, name in allowed.items():
        clip = make_clip(packs, split, seed)
        assert {Path(c).name for c in clip.characters} == {name}
        assert {clips[motion] for motion in clip.motions} <= {split}
        assert 8 <= len(clip.frames) <= 16
        assert (np.diff(clip.numbers()) > 0).all()
        for frame in clip.frames:
            assert set(np.unique(frame.ids).tolist()) - {0} <= set(clip.colors)


@pytest.mark.usefixtures("renderer")
def test_full_scene_holds_more_than_the_usual_one(packs: Path) -> None:
    full, usual = scene3d.make_full(packs, "train", 1), make_clip(packs, "train", 1)
    assert full.name == "scene3d_full_train_000001"
    assert usual.name == "scene3d_train_000001"
    assert len(full.colors) > len(usual.colors)
    for frame in full.frames:
        assert set(np.unique(frame.ids).tolist()) - {0} <= set(full.colors)


@pytest.mark.usefixtures("renderer")
def test_draws_of_the_usual_recipe_stay_what_they_were(packs: Path) -> None:
    clip = make_clip(packs, "train", 3)
    assert clip.frames[0].ids.shape == (800, 1200)
    assert clip.numbers().tolist() == list(range(1, 12))
    assert clip.motions == ("clip3",)
    assert [clip.colors[part] for part in (1, 2)] == [(93, 11, 97), (124, 146, 160)]


@pytest.mark.usefixtures("renderer")
@pytest.mark.parametrize("seed", range(2))
def test_single_clips_show_one_character_on_ones_or_twos(packs: Path, seed: int) -> None:
    clip = scene3d.make_single(packs, "test", seed)
    assert clip.characters == ("quaternius/animals_pack/Wolf",)
    assert len(clip.frames) in (11, 21)
    assert set(np.diff(clip.numbers())) in ({1}, {2})
    assert (clip.frames[0].ids == 0).any()


@pytest.mark.usefixtures("renderer")
@pytest.mark.parametrize("seed", range(2))
def test_clean_clips_show_one_character_on_ones_in_even_ink(packs: Path, seed: int) -> None:
    clip = scene3d.make_clean(packs, "validation", seed)
    assert clip.name == f"scene3d_clean_validation_{seed:06d}"
    assert clip.characters == ("quaternius/animals_pack/Husky",)
    assert len(clip.colors) == 3  # the squares of the character and no thing
    assert len(clip.frames) in (11, 21)
    assert set(np.diff(clip.numbers())) == {1}
    assert {frame.ids.shape for frame in clip.frames} == {(1080, 1080)}
    assert all(frame.shade is None for frame in clip.frames)
    first = next(drawings(clip))
    np.testing.assert_array_equal(first.ids, clip.frames[0].ids)  # nothing is bent
    assert 0 < (first.image < 128).mean() < 0.02


def test_plain_look_draws_great_jumps_alone() -> None:
    look = Look.draw(np.random.default_rng(0), 1080).plain()
    depth = np.full((60, 80), 5.0)
    depth[:, :30] = 4.95
    bent = flat_planes(depth)
    bent.normals[:, 50:] = (np.sin(1.5), 0, np.cos(1.5))
    assert look.edges(bent) is None
    assert look.shade(bent) is None
    depth[:, :30] = 4.5
    edges = look.edges(flat_planes(depth))
    assert edges is not None
    assert set(np.nonzero(edges)[1].tolist()) == {29}


@pytest.mark.usefixtures("renderer")
def test_film_shows_every_frame_of_24_and_no_paper(packs: Path) -> None:
    clip = scene3d.make_film(packs, "validation", 1)
    assert 8 <= len(clip.frames) <= 12
    assert set(np.diff(clip.numbers())) == {1}
    for frame in clip.frames:
        assert (frame.ids > 0).all()
        assert frame.shade is None
