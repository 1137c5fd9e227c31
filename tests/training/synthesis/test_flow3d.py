"""Optical flow of rendered frames: known moves, nothing for what stands still, whole clips."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import cv2
import numpy as np
import pytest

pytest.importorskip("moderngl", reason="moderngl is not installed: needs the extra 'train'")

from ant_core.errors import DeviceUnavailable
from ant_core.training.data.flow_labels import look_up, occlusion
from ant_core.training.synthesis.scene3d import scene3d
from ant_core.training.synthesis.scene3d.camera3d import Camera
from ant_core.training.synthesis.scene3d.props3d import backdrop
from ant_core.training.synthesis.scene3d.render3d import (
    Planes,
    Renderer,
    Sight,
    look_at,
    perspective,
)
from ant_core.training.synthesis.scene3d.sky3d import sky
from ant_core.training.synthesis.source import SourceClip
from tests.training.synthesis.packs3d import write_packs

SIZE = (40, 60)
LENS = perspective(2 * np.arctan(0.2), 1.5, 1.0, 10.0)  # 20 px a unit at distance 5
SQUARE = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32) / 2


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    try:
        yield Renderer()
    except DeviceUnavailable as error:
        pytest.skip(f"no OpenGL here: {error}")


@pytest.fixture(scope="module")
def clips(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> list[SourceClip]:
    data = write_packs(tmp_path_factory.mktemp("packs"))
    return [scene3d.make_film(data, "train", seed) for seed in range(2)]


Place = tuple[float, float, float]


def seen(points: np.ndarray, move: Place = (0, 0, 0), eye: Place = (0, 0, 5)) -> Sight:
    place = np.array(eye, float)
    view = look_at(place, place - np.array([0, 0, 5]))
    return Sight(view, LENS, points + np.array(move, np.float32))


def draw(renderer: Renderer, here: Sight, after: Sight | None, before: Sight | None) -> Planes:
    return renderer.render(
        SIZE,
        here,
        normals=np.tile(np.array([0, 0, 1], np.float32), (4, 1)),
        parts=np.ones(4, np.int32),
        faces=np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        after=after,
        before=before,
    )


def test_square_moves_right_and_up(renderer: Renderer) -> None:
    planes = draw(renderer, seen(SQUARE), seen(SQUARE, (0.2, 0.1, 0)), seen(SQUARE, (-0.1, 0, 0)))
    inside = planes.ids > 0
    # A picture's y goes down, the world's up.
    np.testing.assert_allclose(planes.forward[inside], [[4, -2]] * inside.sum(), atol=1e-4)
    np.testing.assert_allclose(planes.backward[inside], [[-2, 0]] * inside.sum(), atol=1e-4)
    assert (planes.forward[~inside] == 0).all()


def test_camera_that_pans_moves_everything_the_other_way(renderer: Renderer) -> None:
    planes = draw(renderer, seen(SQUARE), seen(SQUARE, eye=(0.2, 0, 5)), None)
    inside = planes.ids > 0
    np.testing.assert_allclose(planes.forward[inside], [[-4, 0]] * inside.sum(), atol=1e-4)
    assert planes.backward is None


def test_square_that_comes_nearer_grows_from_the_middle(renderer: Renderer) -> None:
    planes = draw(renderer, seen(SQUARE), seen(SQUARE, (0, 0, 1)), None)
    y, x = np.nonzero(planes.ids)
    # From distance 5 to 4: everything is 5 / 4 times as far from the middle of the picture.
    expected = np.stack((x + 0.5 - 30, y + 0.5 - 20), 1) / 4
    np.testing.assert_allclose(planes.forward[y, x], expected, atol=1e-3)


def test_order_of_the_corners_does_not_change_the_flow(renderer: Renderer) -> None:
    """As in a mirrored character, whose faces turn the other side to the camera."""
    mirrored = SQUARE * np.array([-1, 1, 1], np.float32)
    one = draw(renderer, seen(SQUARE), seen(SQUARE, (0.2, 0.1, 0)), None)
    two = draw(renderer, seen(mirrored), seen(mirrored, (0.2, 0.1, 0)), None)
    np.testing.assert_allclose(one.forward, two.forward, atol=1e-4)


def test_still_camera_and_still_scene_flow_by_exactly_nothing(renderer: Renderer) -> None:
    camera = Camera(
        0.6, (0.7, 0), (0.2, 0), (0.05, 0), (1.0, 0), np.array([[0, 0.5, 0], [0, 0, 0]])
    )
    points, normals, faces, parts = backdrop(np.random.default_rng(3)).mesh()
    far = sky()
    positions = np.concatenate((points, far[0]))
    sights = [
        Sight(camera.view(share)[0], perspective(0.6, 1.5, 0.2, 50.0), positions.copy())
        for share in (0.0, 0.5, 1.0)
    ]
    planes = renderer.render(
        (200, 300),
        sights[1],
        normals=np.concatenate((normals, far[1])),
        parts=np.concatenate((parts + 1, np.full(len(far[0]), 9999, np.int32))),
        faces=np.concatenate((faces, far[2] + len(points))),
        after=sights[2],
        before=sights[0],
    )
    assert len(np.unique(planes.ids)) > 2
    assert (planes.ids > 0).all()
    assert not planes.forward.any()
    assert not planes.backward.any()


def test_flow_leads_from_the_first_frame_to_the_last(clips: list[SourceClip]) -> None:
    for clip in clips:
        assert clip.frames[0].backward is None
        assert clip.frames[-1].forward is None
        for here, after in pairwise(clip.frames):
            assert here.forward.shape == after.backward.shape == (*here.ids.shape, 2)
            assert here.forward.dtype == np.float32
            assert np.isfinite(here.forward).all()


def inner(ids: np.ndarray) -> np.ndarray:
    """Mark pixels whose eight neighbours show the same part."""
    plane, around = ids.astype(np.float32), np.ones((3, 3), np.uint8)
    return cv2.erode(plane, around) == cv2.dilate(plane, around)


def test_ids_of_the_next_frame_warped_back_are_those_of_this_one(clips: list[SourceClip]) -> None:
    moved = 0.0
    for clip in clips:
        for here, after in pairwise(clip.frames):
            for a, b, flow, back in (
                (here.ids, after.ids, here.forward, after.backward),
                (after.ids, here.ids, after.backward, here.forward),
            ):
                use = inner(a) & ~occlusion(flow, back)
                assert use.mean() > 0.3
                assert (look_up(b, flow, outside=-1) == a)[use].mean() > 0.99
            moved = max(moved, float(np.linalg.norm(here.forward, axis=-1).mean()))
    assert moved > 2  # or the test would say nothing


def test_flows_cancel_where_a_part_is_seen_in_both_frames(clips: list[SourceClip]) -> None:
    for clip in clips:
        for here, after in pairwise(clip.frames):
            there = np.where(inner(after.ids), after.ids, -1).astype(np.int32)
            both = (look_up(there, here.forward, outside=-1) == here.ids) & inner(here.ids)
            # What is left is a part that hides more of itself.
            assert occlusion(here.forward, after.backward)[both].mean() < 0.03
