"""Segments that a wide gap joins are divided where colours meet: painted, voted, or hinted."""

from __future__ import annotations

import json
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from ant_core.propagation.division import Division, divided_as
from ant_core.propagation.record import pack_record, unpack_record
from ant_core.shot.hints import Hint, HintSet
from segmentation import cut_by_colors, extract_lines, find_pieces, join_by_lines
from tests.propagation.test_propagate import run
from tests.support.drawn import load, save
from tests.support.fakes import FakeMatcher

RED, BLUE, GREEN = (200, 30, 30, 255), (30, 60, 200, 255), (20, 160, 60, 255)
LEFT, RIGHT = (200, 250), (360, 250)  # inside the two halves, x, y
SHORT = 20  # px that the dividing line ends above the floor: too wide to close by its shape


def drawing(step: int, short: int) -> np.ndarray:
    """Return a box with a line down its middle that stops `short` px above the floor."""
    image = np.full((480, 640), 255, np.uint8)
    cv2.rectangle(image, (140 + step, 140), (460 + step, 360), 0, 3)
    cv2.line(image, (260 + step, 140), (260 + step, 360 - short), 0, 3)
    return image


def painted(step: int, left=RED, right=BLUE) -> np.ndarray:
    image = np.zeros((480, 640, 4), np.uint8)
    image[140:361, 140 + step : 261 + step] = left
    image[140:361, 261 + step : 461 + step] = right
    return image


@pytest.fixture
def shot(tmp_path):
    """Lay out three frames, the first painted; `short` px are missing on frames 1 and 2."""

    def make(short_first: int, short_next: int, right=BLUE):
        save(tmp_path / "shot" / "color" / "0001.png", painted(0, right=right))
        for frame, short in ((1, short_first), (2, short_next)):
            line = drawing(2 * (frame - 1), short)
            save(tmp_path / "shot" / "line" / f"{frame:04d}.png", line)
        return tmp_path / "shot"

    return make


def colors_at(out, frame, *points):
    image = load(out / "color" / f"{frame:04d}.png")
    return [tuple(image[y, x].tolist()) for x, y in points]


def closed(result, frame):
    gaps = result.results[frame].to_json(result.palette, 0.6)["closed_gaps"]
    return [gap["by"] for gap in gaps]


def test_a_target_that_leaks_is_divided_by_its_votes(shot, tmp_path):
    result = run(shot(0, SHORT), tmp_path / "out")
    assert colors_at(tmp_path / "out", 2, LEFT, RIGHT) == [RED, BLUE]
    assert closed(result, 1) == []
    assert closed(result, 2) == ["colors"]
    assert result.results[2].fills.count == 3  # the ground and the two halves


def test_a_painted_frame_that_leaks_teaches_both_colours(shot, tmp_path):
    result = run(shot(SHORT, 0), tmp_path / "out")
    assert colors_at(tmp_path / "out", 2, LEFT, RIGHT) == [RED, BLUE]
    assert closed(result, 1) == ["colors"]
    assert result.results[1].not_flat == ()
    assert result.results[1].fills.count == 3


@pytest.mark.parametrize(("textured", "count"), [(True, 2), (False, 3)])
def test_one_texture_is_not_divided_at_a_narrow_place(shot, tmp_path, textured, count):
    """Its two halves have other commonest colours, which without surfaces are all that counts."""
    place = shot(SHORT, SHORT)
    image = painted(0)
    noise = np.random.default_rng(0).integers(0, 256, image.shape, np.uint8)
    inside = (image[..., 3] > 0)[..., None] & (np.arange(4) < 3)
    save(place / "color" / "0001.png", np.where(inside & textured, noise, image))
    result = run(place, tmp_path / "out", surfaces=True)
    assert result.results[1].fills.count == count  # the ground, and the halves or the whole box


@pytest.mark.parametrize(("shadow_at", "count"), [(180, 2), (261, 3)])
def test_light_and_shadow_of_one_surface_are_not_divided(shot, tmp_path, shadow_at, count):
    """Where the shadow begins beyond the narrow place, both of its colours are on one side."""
    place = shot(SHORT, SHORT)
    image = painted(0, right=RED)
    image[140:361, shadow_at:461] = BLUE
    save(place / "color" / "0001.png", image)
    result = run(place, tmp_path / "out", surfaces=True)
    assert result.results[1].fills.count == count  # the ground, and the halves or the whole box


@pytest.mark.parametrize(
    ("beyond", "count"), [((80, 12, 12, 255), 2), ((240, 120, 120, 255), 3), (GREEN, 3)]
)
def test_a_darker_colour_of_the_same_hue_is_shadow(shot, tmp_path, beyond, count):
    """Beyond the narrow place lies a colour that the other side, half in shadow, does not have."""
    place = shot(SHORT, SHORT)
    image = painted(0, right=beyond)
    image[140:361, 180:261] = (130, 20, 20, 255)
    save(place / "color" / "0001.png", image)
    result = run(place, tmp_path / "out", surfaces=True)
    assert result.results[1].fills.count == count  # the ground, and the halves or the whole box


@pytest.mark.parametrize(
    ("left", "right", "count"),
    [
        ((200, 20, 20), (20, 20, 200), 3),  # two paints
        ((200, 20, 20), (150, 15, 15), 2),  # light and shadow
    ],
)
def test_two_textures_are_divided_where_they_are_other_paints(shot, tmp_path, left, right, count):
    place = shot(SHORT, SHORT)
    image = painted(0)
    light = np.random.default_rng(0).uniform(0.1, 1.2, image.shape[:2])[..., None]
    beyond = (np.arange(image.shape[1]) >= 261)[:, None]
    textured = (np.where(beyond, right, left) * light).round().astype(np.uint8)
    inside = image[..., 3] > 0
    image[inside, :3] = textured[inside]
    save(place / "color" / "0001.png", image)
    result = run(place, tmp_path / "out", surfaces=True)
    assert result.results[1].fills.count == count  # the ground, and the halves or the whole box


@pytest.mark.parametrize(("beyond", "count"), [((60, 60, 60, 255), 2), ((0, 0, 0, 255), 3)])
def test_black_is_no_shadow_of_a_grey_texture(shot, tmp_path, beyond, count):
    place = shot(SHORT, SHORT)
    image = painted(0, right=beyond)
    grey = np.random.default_rng(0).integers(60, 200, image.shape[:2], np.uint8)
    left = (image == painted(0)).all(axis=2) & (image[..., 3] > 0)
    image[left, :3] = grey[left, None]
    save(place / "color" / "0001.png", image)
    result = run(place, tmp_path / "out", surfaces=True)
    assert result.results[1].fills.count == count  # the ground, and the halves or the whole box


def test_both_may_leak(shot, tmp_path):
    run(shot(SHORT, SHORT), tmp_path / "out")
    assert colors_at(tmp_path / "out", 2, LEFT, RIGHT) == [RED, BLUE]


def test_one_colour_on_both_sides_stays_one_segment(shot, tmp_path):
    result = run(shot(SHORT, SHORT, right=RED), tmp_path / "out")
    assert colors_at(tmp_path / "out", 2, LEFT, RIGHT) == [RED, RED]
    for frame in (1, 2):
        assert result.results[frame].fills.count == 2
        assert closed(result, frame) == []


def hint(point, color, number=1):
    return Hint(2, (point,), color, f"hint {number}")


def test_one_hint_colours_the_whole_segment_and_two_divide_it(shot, tmp_path):
    folder = shot(SHORT, SHORT, right=RED)
    one = HintSet((hint(LEFT, GREEN),))
    result = run(folder, tmp_path / "one", hints=one)
    assert colors_at(tmp_path / "one", 2, LEFT, RIGHT) == [GREEN, GREEN]
    assert result.results[2].fills.count == 2
    two = HintSet((hint(LEFT, GREEN), hint(RIGHT, BLUE, 2)))
    result = run(folder, tmp_path / "two", hints=two)
    assert colors_at(tmp_path / "two", 2, LEFT, RIGHT) == [GREEN, BLUE]
    assert result.results[2].fills.count == 3
    assert result.results[2].fills.source_segment.tolist()[1:] == [2, 3]


def test_a_divided_drawing_is_kept_when_nothing_changed(shot, tmp_path):
    folder = shot(0, SHORT)
    first = run(folder, tmp_path / "out")
    matcher = FakeMatcher()
    again = run(folder, tmp_path / "out", matcher=matcher)
    assert matcher.matches == []
    one, other = (r.results[2].to_json(r.palette, 0.6) for r in (first, again))
    assert json.dumps(one | {"recomputed": ""}) == json.dumps(other | {"recomputed": ""})


def test_a_record_keeps_its_division(shot, tmp_path):
    result = run(shot(0, SHORT), tmp_path / "out")
    name = result.records[2]
    path = tmp_path / "out" / ".ant_core" / "drawings" / f"{name}.npz"
    record = unpack_record(path.read_bytes(), result.palette)
    assert not record.division.plain
    again = unpack_record(pack_record(record, result.palette), result.palette)
    for one, other in zip(
        vars(record.division).values(), vars(again.division).values(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_a_division_of_nothing_has_no_places():
    nothing = Division.whole(0)
    assert nothing.plain
    assert nothing.of_piece.size == 0
    assert nothing.closed_gaps.shape == (0, 4)


def hatched(side):
    """Return strokes side by side, as a hand draws them: narrow places without number."""
    rng = np.random.default_rng(0)
    image = np.full((side, side), 255, np.uint8)
    along = np.arange(0, side + 1, 10)
    for start in range(0, side, 20):
        across = start + rng.normal(0, 2.5) + np.cumsum(rng.normal(0, 1.2, along.size))
        points = np.column_stack([along, across]).round().astype(np.int32)
        cv2.polylines(image, [points], False, 0, 4, cv2.LINE_AA)
    analysis = SimpleNamespace(pieces=find_pieces(extract_lines(image)))
    analysis.segmentation = join_by_lines(analysis.pieces)
    return analysis


def test_of_a_hatched_drawing_only_what_colors_divide_is_told():
    analysis = hatched(1000)
    pieces = analysis.pieces
    segments = int(analysis.segmentation.of_piece.max())
    assert pieces.count > 2 * segments
    color = np.ones(pieces.count, np.int32)
    whole = Division.make(analysis, cut_by_colors(pieces, color))
    assert whole.to_json() is None
    color[pieces.passes.pieces[np.flatnonzero(~pieces.passes.closed)[5], 0] - 1] = 2
    division = Division.make(analysis, cut_by_colors(pieces, color))
    assert division.of_piece.max() > segments
    assert len(division.to_json()) < 10


@pytest.mark.parametrize("seed", range(5))
def test_a_drawing_is_divided_again_as_it_was_written(seed):
    analysis = hatched(600)
    pieces = analysis.pieces
    color = np.random.default_rng(seed).integers(0, 3, pieces.count)
    segmentation = cut_by_colors(pieces, color)
    written = Division.make(analysis, segmentation).to_json()
    again = divided_as(pieces, written)
    np.testing.assert_array_equal(again.of_piece, segmentation.of_piece)
    np.testing.assert_array_equal(again.closed_gaps, segmentation.closed_gaps)
    np.testing.assert_array_equal(again.by_colors, segmentation.by_colors)


def test_what_was_written_of_other_pieces_divides_nothing():
    pieces = hatched(600).pieces
    count, passes = pieces.count, pieces.passes.count
    for other in ([count + 1, 1], [count, passes + 1], [count, 2, 1], [count, 2, 2]):
        assert divided_as(pieces, other) is None
    # Earlier versions wrote the segment of every piece.
    assert divided_as(pieces, np.arange(1, count + 1).tolist()) is None
    assert divided_as(pieces, [count, passes]) is not None
