import json
from functools import cache
from itertools import combinations, pairwise

import numpy as np
import pytest

pytest.importorskip("skia", reason="drawing parts needs skia-python, of the extra 'train'")

from ant_core.errors import InputError, UsageError
from ant_core.training.data.flow_labels import look_up, occlusion
from ant_core.training.synthesis.clip import samples
from ant_core.training.synthesis.drawn import emoji
from ant_core.training.synthesis.drawn.emoji_cast import emoji_cast, emoji_shapes, redraws
from ant_core.training.synthesis.drawn.emoji_figure import Course, make_emoji_figure
from ant_core.training.synthesis.drawn.emoji_pieces import cut_pieces, joints, overlap
from ant_core.training.synthesis.drawn.sheet import Sheet
from ant_core.training.synthesis.ink.noise import field, grid
from ant_core.training.synthesis.puppet.puppet import PartColors
from ant_core.training.synthesis.puppet.raster import affine, compose
from ant_core.training.synthesis.source import SOURCES
from tests.training.synthesis.drawn_files import assert_same_clip
from tests.training.synthesis.emoji_files import SHIRT, SKIN, box, fill, write_cast


@pytest.fixture
def root(tmp_path):
    write_cast(tmp_path / "fluent_emoji")
    return tmp_path / "fluent_emoji"


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Clips by split and seed, each made once."""
    data = tmp_path_factory.mktemp("emoji")
    write_cast(data / "fluent_emoji")
    return cache(lambda split, seed: emoji.make_clip(data, split, seed))


def _pieces(root, name="people/man-act00", **options):
    settings = {"least_px": 20, "line_px": 4.0} | options
    size = (320, 320)
    return cut_pieces(emoji_shapes(root / f"{name}.json"), affine(scale=10.0), size, **settings)


def test_a_path_of_two_shapes_is_two_pieces_and_a_thin_one_is_a_line(root):
    pieces = _pieces(root)
    assert [(p.shape, p.order) for p in pieces] == [
        (0, 0), (0, 1), (1, 0), (2, 0), (3, 0), (3, 1), (4, 0)
    ]  # fmt: skip
    assert [p.is_line for p in pieces] == [False] * 6 + [True]
    assert pieces[-1].planes.ink.max() == 255
    assert not pieces[-1].planes.regions.any()


def test_thin_pale_shapes_specks_and_hidden_ones_are_left_out(root):
    shapes = [
        fill(box(10, 20, 2, 2), SKIN),  # below the shirt
        fill(box(4, 4, 20, 25), SHIRT),
        fill(box(5, 5, 15, 0.2), SKIN),
        fill(box(6, 10, 0.4, 0.4), "#000000"),
    ]
    (root / "people/hidden.json").write_text(json.dumps(shapes))
    assert [p.shape for p in _pieces(root, "people/hidden")] == [1]


def test_a_piece_goes_on_below_what_lies_over_it_and_nowhere_else(root):
    arm, _, trunk, *_ = _pieces(root)
    (left, top), regions = arm.planes.corner, arm.planes.regions
    rows, columns = np.nonzero(regions)
    assert columns.min() + left == 40  # as it was drawn
    assert columns.max() + left > 95  # drawn up to 90, and covered by the trunk from 85 on
    assert (rows.min() + top, rows.max() + top) < (140, 190)
    assert trunk.planes.fills == (SHIRT,)


def test_eyes_lie_on_the_head_and_arms_hang_on_the_trunk(root):
    left, right, trunk, head, eye, other, line = joints(_pieces(root))
    assert trunk.parent == -1
    assert [left.parent, right.parent, head.parent] == [2, 2, 2]
    assert [eye.parent, other.parent, line.parent] == [3, 3, 3]
    assert eye.is_inside
    assert not left.is_inside
    assert 80 < left.pivot[0] < 100  # where the arm meets the trunk
    assert left.share < 0.6


def test_overlap_is_that_of_the_places(root):
    one, two = _pieces(root), _pieces(root, "people/woman-act00")
    assert overlap(one[2], two[2]) == 1
    assert 0.4 < overlap(one[4], two[4]) < 0.9
    assert overlap(one[0], two[1]) == 0


def test_a_character_plays_in_one_split_alone(root):
    cast = emoji_cast(root)
    groups = {split: {e.group for e in found} for split, found in cast.items()}
    paths = {split: {e.path for e in found} for split, found in cast.items()}
    for names in (groups, paths):
        assert not any(a & b for a, b in combinations(names.values(), 2))
    assert sum(len(found) for found in cast.values()) == 33
    assert groups["test"] == {"people/man-act05", "animals/animal05"}
    assert groups["validation"] == {
        f"{name}{i:02d}" for name in ("people/man-act", "animals/animal") for i in (0, 10)
    }
    assert {e.path.stem for e in cast["test"]} == {"man-act05", "woman-act05", "animal05"}


def test_drawings_that_share_a_longer_outline_are_one_group(root):
    long = "".join(box(2 + i, 2, 0.5, 20) for i in range(12))
    for name in ("animals/animal03", "animals/animal05"):
        items = json.loads((root / f"{name}.json").read_text())
        (root / f"{name}.json").write_text(json.dumps([*items, fill(long, SKIN)]))
    groups = {e.path.stem: e.group for found in emoji_cast(root).values() for e in found}
    assert groups["animal05"] == groups["animal03"] == "animals/animal03"
    assert groups["animal04"] != groups["animal03"]


def test_man_and_woman_are_redraws_of_each_other(root):
    train = emoji_cast(root)["train"]
    man = next(e for e in train if e.path.stem == "man-act03")
    names = {e.path.stem for e in redraws(man, train)}
    assert "woman-act03" in names
    assert "man-act03" not in names


@pytest.mark.parametrize("seed", range(3))
def test_a_sheet_of_coarse_bends_finds_the_places_that_it_looks_up(seed):
    rng = np.random.default_rng(seed)
    shape, cell = (120, 160), 4
    cells = (shape[0] // cell + 40, shape[1] // cell + 40)
    bend = np.stack([6 * field(rng, cells, 20.0) for _ in (0, 1)], axis=-1)
    outward = affine(0.3, (-0.8, 0.7), (20.0, -9.0), (80.0, 60.0))
    inward = np.linalg.inv(np.array([[*outward[::2]], [*outward[1::2]], [0, 0, 1]]))
    back = (*inward[:2, 0], *inward[:2, 1], *inward[:2, 2])
    to_bend = compose(affine(scale=1 / cell, move=(20.0, 20.0)), back)
    sheet = Sheet(outward, bend, to_bend, shape)
    x, y = grid(shape)
    back_x, back_y = sheet.find(*sheet.look_up(x, y))
    assert np.abs(back_x - x).max() < 0.1
    assert np.abs(back_y - y).max() < 0.1
    moved_x, moved_y = sheet.look_up(x, y)
    assert max(np.ptp(moved_x - x), np.ptp(moved_y - y)) > 10  # there is something to undo


def test_redrawn_pieces_keep_their_part_and_get_a_layer_of_their_own(root):
    train = emoji_cast(root)["train"]
    man, woman = (next(e for e in train if e.path.stem == f"{w}-act03") for w in ("man", "woman"))
    palette = PartColors()
    figure = make_emoji_figure(
        man,
        [woman],
        np.random.default_rng(0),
        name="figure0",
        frame=(600, 800),
        tall=400.0,
        count=12,
        course=Course((400.0, 300.0), (500.0, 300.0), 11.0, -1.0),
        palette=palette,
    )
    eyes = {key: layer.ids[1] for key, layer in figure.layers.items() if key[1] == "3"}
    assert len(eyes) == 4
    assert len(set(eyes.values())) == 2
    assert {key[0] for key in figure.layers if key[1] == "1"} == {"man-act03"}  # drawn alike
    assert figure.groups == {"people/man-act03"}


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_clips_show_characters_of_their_split_and_every_id_has_a_colour(root, clips, split):
    allowed = {f"emoji/{e.group}" for e in emoji_cast(root)[split]}
    clip = clips(split, int(split == "train"))
    assert 10 <= len(clip.frames) <= 20
    assert all(np.diff(clip.numbers()) > 0)
    assert clip.characters
    assert set(clip.characters) <= allowed
    for frame in clip.frames:
        assert set(np.unique(frame.ids).tolist()) <= {0, *clip.colors}


def test_a_clip_depends_on_its_seed_alone(root, clips):
    one, two = clips("train", 1), emoji.make_clip(root.parent, "train", 1)
    assert_same_clip(one, two)
    assert one.frames[0].ids.shape != clips("validation", 0).frames[0].ids.shape


@pytest.mark.parametrize("which", [("train", 1), ("validation", 0)])
def test_flow_leads_to_the_same_part(clips, which):
    clip = clips(*which)
    seen_share, moved = [], 0.0
    for here, there in pairwise(clip.frames):
        seen = ~occlusion(here.forward, there.backward) & (here.ids > 0)
        if not seen.any():
            continue
        found = look_up(there.ids, here.forward, -1)
        assert (found == here.ids)[seen].mean() > 0.97
        seen_share.append(seen.sum() / (here.ids > 0).sum())
        moved = max(moved, float(np.abs(here.forward[seen]).max()))
    assert np.mean(seen_share) > 0.3
    assert moved > 5


def test_segments_of_the_drawing_are_the_parts(clips):
    assert np.average(np.concatenate([s.purity for s in samples(clips("train", 1))])) > 0.97


def test_the_source_is_known_by_its_name():
    assert SOURCES["emoji"] == (emoji.__name__, "make_clip")


def test_a_folder_without_drawings_is_named(tmp_path):
    with pytest.raises(InputError, match=r"--data.*fetch_drawn"):
        emoji.make_clip(tmp_path, "train", 0)


def test_the_emoji_have_no_fresh_split(root):
    with pytest.raises(UsageError, match="no fresh split"):
        emoji.make_clip(root.parent, "fresh", 0)
