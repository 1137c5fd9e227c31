import json
from functools import cache
from itertools import combinations, pairwise

import numpy as np
import pytest

pytest.importorskip("skia", reason="drawing parts needs skia-python, of the extra 'train'")

from ant_core.errors import InputError, UsageError
from ant_core.training.data.flow_labels import look_up, occlusion
from ant_core.training.synthesis.clip import clip_arrays, samples
from ant_core.training.synthesis.drawn import drawn
from ant_core.training.synthesis.drawn.drawn_parts import DrawnShape, assemble, cast, part_name
from ant_core.training.synthesis.drawn.part_planes import part_planes
from ant_core.training.synthesis.drawn.sheet import Sheet, apply, inverse
from ant_core.training.synthesis.drawn.svg_path import svg_path
from ant_core.training.synthesis.ink.noise import field, grid
from ant_core.training.synthesis.puppet.raster import IDENTITY, affine, compose
from tests.training.synthesis.drawn_files import assert_same_clip, ring, write_style


@pytest.fixture
def drawn_data(tmp_path):
    write_style(tmp_path / "dicebear" / "plain")
    return tmp_path


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Clips by split and seed, each made once."""
    data = tmp_path_factory.mktemp("drawn")
    write_style(data / "dicebear" / "plain")
    return cache(lambda split, seed: drawn.make_clip(data, split, seed))


def _box(path):
    bounds = path.getBounds()
    return [bounds.left(), bounds.top(), bounds.right(), bounds.bottom()]


@pytest.mark.parametrize(
    ("d", "box"),
    [
        ("M1 2L5 2 5 8Z", [1, 2, 5, 8]),
        ("m1 2 4 0 0 6z", [1, 2, 5, 8]),
        ("M1 2h4v6H1Z", [1, 2, 5, 8]),
        ("M1,2l.5.5.5-.5z", [1, 2, 2, 2.5]),
        ("M0 0h4v4h-4zm10 10h1v1z", [0, 0, 11, 11]),  # goes on from where the first began
        ("M0 0a2 2 0 014 0Z", [0, -2, 4, 0]),  # flags need no space behind them
    ],
)
def test_path_data_in_all_its_spellings(d, box):
    assert _box(svg_path(d, even_odd=False)) == pytest.approx(box, abs=1e-5)


def test_smooth_commands_mirror_the_last_handle():
    one = svg_path("M0 0C0 4 4 4 4 0S8-4 8 0Q10 4 12 0T16 0", even_odd=False)
    two = svg_path("M0 0C0 4 4 4 4 0C4-4 8-4 8 0Q10 4 12 0Q14-4 16 0", even_odd=False)
    assert [(p.x(), p.y()) for p in one.getPoints()] == [(p.x(), p.y()) for p in two.getPoints()]


@pytest.mark.parametrize("d", ["M1", "M0 0L1 x", "M0 0C1 2 3 4 5"])
def test_what_is_no_path_data_is_said_to_be_none(d):
    with pytest.raises(InputError, match="no SVG path data"):
        svg_path(d, even_odd=False)


def _ink(d):
    return DrawnShape(svg_path(d, even_odd=True), IDENTITY, "#000000", True)


def _fill(d, fill="skin"):
    return DrawnShape(svg_path(d, even_odd=True), IDENTITY, fill, False)


def _at(planes, x, y):
    return int(planes.regions[y - planes.corner[1], x - planes.corner[0]])


def test_ink_divides_a_fill_and_encloses_paper():
    shapes = [_fill("M0 0H60V40H0Z"), _ink("M28 0h4v40h-4Z"), _ink(ring(90, 20, 14, 10))]
    planes = part_planes(shapes, IDENTITY, rim_px=0.0, least_px=10)
    left, right, hole = _at(planes, 10, 20), _at(planes, 50, 20), _at(planes, 90, 20)
    assert len({left, right, hole, 0}) == 4
    assert [planes.fills[n - 1] for n in (left, right, hole)] == ["skin", "skin", ""]
    assert _at(planes, 70, 20) == 0
    assert _at(planes, 29, 20) == left  # also under the ink, by what is nearest
    assert planes.ink[20 - planes.corner[1], 30 - planes.corner[0]] == 255


def test_broad_black_becomes_a_region_with_a_rim_and_thin_black_stays():
    shapes = [_ink("M0 0H60V60H0Z"), _ink("M80 0h14v60h-14Z")]
    solid = part_planes(shapes, IDENTITY, rim_px=0.0, least_px=10)
    assert solid.fills == ()
    hollow = part_planes(shapes, IDENTITY, rim_px=4.0, least_px=10)
    assert hollow.fills == ("#000000",)
    assert _at(hollow, 30, 30) == 1
    ink = hollow.ink[30 - hollow.corner[1]]
    dark = {x for x in range(95) if ink[x - hollow.corner[0]] > 200}
    assert dark == {*range(4), *range(56, 60), *range(80, 94)}


def test_specks_belong_to_the_nearest_region():
    shapes = [_fill("M0 0H60V40H0Z"), _ink(ring(30, 20, 8, 2))]
    assert len(part_planes(shapes, IDENTITY, rim_px=0.0, least_px=10).fills) == 2
    assert len(part_planes(shapes, IDENTITY, rim_px=0.0, least_px=17).fills) == 1


@pytest.mark.parametrize("seed", range(3))
def test_a_sheet_finds_the_places_that_it_looks_up(seed):
    rng = np.random.default_rng(seed)
    shape = (120, 160)
    bend = np.stack([6 * field(rng, shape, 80.0) for _ in (0, 1)], axis=-1)
    sheet = Sheet(affine(0.3, (-0.8, 0.7), (20.0, -9.0), (80.0, 60.0)), bend)
    x, y = grid(shape)
    back_x, back_y = sheet.find(*sheet.look_up(x, y))
    inner = (slice(12, -12), slice(12, -12))
    assert np.abs(back_x - x)[inner].max() < 0.05
    assert np.abs(back_y - y)[inner].max() < 0.05


def test_an_inverse_undoes_its_map():
    matrix = affine(0.7, (2.0, -0.5), (3.0, 4.0), (5.0, 6.0))
    assert compose(inverse(matrix), matrix) == pytest.approx(IDENTITY)
    x, y = grid((3, 4))
    there = apply(matrix, x, y)
    assert np.allclose(apply(inverse(matrix), *there), (x, y), atol=1e-4)


def test_a_figure_is_put_together_from_back_to_front(drawn_data):
    chosen = {"body": "body02", "head": "head01", "eyes": "eyes03"}
    parts = assemble(drawn_data / "dicebear" / "plain", chosen)
    assert [(part.category, part.name) for part in parts] == list(chosen.items())
    assert parts[2].shapes[0].matrix == (1, 0, 0, 1, 100, 1)
    assert [shape.is_ink for shape in parts[1].shapes] == [False, True]


def test_a_part_plays_in_one_split_alone(drawn_data):
    root = drawn_data / "dicebear"
    names = {
        split: {(c, n) for c, ns in styles["plain"].items() for n in ns}
        for split, styles in cast(root).items()
    }
    assert ("head", "head00") in names["validation"]
    assert ("head", "head10") in names["validation"]
    assert ("head", "head05") in names["test"]
    assert ("head", "head03") in names["train"]
    assert not any(a & b for a, b in combinations(names.values(), 2))


def test_a_copy_of_a_held_out_part_is_used_by_nobody(drawn_data):
    root = drawn_data / "dicebear"
    copy = (root / "plain/head/head05.json").read_text()
    (root / "plain/head/head03.json").write_text(copy)
    assert "head03" not in cast(root)["train"]["plain"]["head"]
    assert cast(root)["test"]["plain"]["head"] == ["head05"]


def test_an_outline_that_every_figure_needs_is_common_and_not_reported(drawn_data):
    base = drawn_data / "dicebear/notionists/base"
    base.mkdir(parents=True)
    (base / "variant01.json").write_text("[]")
    for styles in cast(drawn_data / "dicebear").values():
        assert styles["notionists"] == {"base": ["variant01"]}
    assert part_name("notionists", "base", "variant01") == ""
    assert part_name("notionists", "hair", "hat") == "notionists/hair/hat"


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_clips_show_parts_of_their_split_and_every_id_has_a_colour(drawn_data, clips, split):
    allowed = cast(drawn_data / "dicebear")[split]["plain"]
    for seed in range(2 if split == "train" else 1):
        clip = clips(split, seed)
        assert 10 <= len(clip.frames) <= 20
        assert all(np.diff(clip.numbers()) > 0)
        for character in clip.characters:
            style, category, name = character.split("/")
            assert style == "plain"
            assert name in allowed[category]
        for frame in clip.frames:
            assert set(np.unique(frame.ids).tolist()) <= {0, *clip.colors}


def test_a_clip_depends_on_its_seed_alone(drawn_data, clips):
    one, two = clips("train", 1), drawn.make_clip(drawn_data, "train", 1)
    assert_same_clip(one, two)
    other = clips("train", 0)
    assert one.frames[0].ids.shape != other.frames[0].ids.shape


@pytest.mark.parametrize("seed", range(2))
def test_flow_leads_to_the_same_part(clips, seed):
    clip = clips("train", seed)
    assert clip.frames[0].backward is None
    assert clip.frames[-1].forward is None
    moved = 0.0
    for here, there in pairwise(clip.frames):
        seen = ~occlusion(here.forward, there.backward) & (here.ids > 0)
        assert seen.sum() > 0.3 * (here.ids > 0).sum()
        found = look_up(there.ids, here.forward, -1)
        assert (found == here.ids)[seen].mean() > 0.98
        moved = max(moved, float(np.abs(here.forward[seen]).max()))
    assert moved > 1


def _swap(clip):
    """Return two frames between which a part of the face changes, and the ids that go."""
    for here, there in pairwise(clip.frames):
        gone = np.isnan(here.forward[..., 0])
        if gone.any():
            return here, there, set(here.ids[gone].tolist())
    return None


def test_what_is_drawn_in_another_way_has_no_flow_and_new_ids(clips):
    found = [_swap(clips(*which)) for which in (("train", 0), ("train", 1), ("train", 2))]
    swaps = [swap for swap in found if swap]
    assert swaps
    for here, there, gone in swaps:
        assert gone - set(there.ids.ravel().tolist())
        assert np.isfinite(here.forward).any()


def test_segments_of_the_drawing_are_the_regions(clips):
    clip = clips("train", 1)
    made = samples(clip)
    assert np.average(np.concatenate([s.purity for s in made])) > 0.97
    arrays = clip_arrays(clip, made)
    assert {-1, 1} <= set(arrays["seen"].ravel().tolist())
    assert json.loads(str(arrays["meta"]))["motions"] == []


def test_a_folder_without_parts_is_named(tmp_path):
    with pytest.raises(InputError, match=r"--data.*fetch_drawn"):
        drawn.make_clip(tmp_path, "train", 0)


def test_a_damaged_part_is_named(drawn_data):
    (drawn_data / "dicebear/plain/head/head03.json").write_text("{")
    with pytest.raises(InputError, match=r"head03.*fetch_drawn"):
        drawn.make_clip(drawn_data, "train", 0)


def test_the_drawn_characters_have_no_fresh_split(drawn_data):
    with pytest.raises(UsageError, match="no fresh split"):
        drawn.make_clip(drawn_data, "fresh", 0)
