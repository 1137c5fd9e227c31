from dataclasses import replace

import numpy as np
import pytest

from ant_core.training.synthesis.clip import sample
from ant_core.training.synthesis.ink.ink import InkStyle, draw, draw_style
from ant_core.training.synthesis.source import SourceFrame, seeded

PLAIN = InkStyle(seed=1, width_px=2.0)


def _halves(height: int = 60, width: int = 80) -> SourceFrame:
    ids = np.ones((height, width), dtype=np.int32)
    ids[:, width // 2 :] = 2
    return SourceFrame(ids)


def _dark(image: np.ndarray) -> np.ndarray:
    return image < 128


def test_a_line_is_drawn_where_ids_change_and_nowhere_else():
    image = draw(_halves(), PLAIN, np.random.default_rng(0)).image
    assert image.dtype == np.uint8
    assert _dark(image)[:, 38:42].any(axis=1).all()
    assert (image[:, :36] == 255).all()
    assert (image[:, 44:] == 255).all()


def test_a_plane_of_one_part_stays_blank():
    frame = SourceFrame(np.full((20, 30), 5, dtype=np.int32))
    drawn = draw(frame, PLAIN, np.random.default_rng(0))
    assert (drawn.image == 255).all()
    assert (drawn.ids == 5).all()


@pytest.mark.parametrize("width", [1.0, 3.0, 8.0])
def test_lines_are_as_wide_as_the_pen(width):
    image = draw(_halves(), replace(PLAIN, width_px=width), np.random.default_rng(0)).image
    ink = (255 - image.astype(float)).sum(axis=1) / 255
    assert np.allclose(ink, width, atol=0.8)


def test_hard_ink_has_two_greys():
    image = draw(_halves(), replace(PLAIN, hard=True, ink=40), np.random.default_rng(0)).image
    assert set(np.unique(image)) == {40, 255}


def test_a_dropped_line_is_left_out_in_every_frame():
    style = replace(PLAIN, dropped=1.0)
    for seed in range(3):
        assert (draw(_halves(), style, np.random.default_rng(seed)).image == 255).all()


def test_gaps_open_the_line():
    style = replace(PLAIN, gaps=200.0, gap_px=6.0)
    image = draw(_halves(400), style, np.random.default_rng(3)).image
    open_rows = ~_dark(image).any(axis=1)
    assert open_rows.any()
    assert not open_rows.all()


def test_shade_and_edges_draw_lines_inside_a_part():
    ids = np.ones((40, 40), dtype=np.int32)
    shade = np.zeros((40, 40), dtype=np.uint8)
    shade[:, 20:] = 1
    edges = np.zeros((40, 40), dtype=bool)
    edges[10, :] = True
    drawn = draw(SourceFrame(ids, edges, shade), PLAIN, np.random.default_rng(0))
    assert _dark(drawn.image)[:, 18:22].any(axis=1).all()
    assert _dark(drawn.image)[9:12].any(axis=0).all()
    assert (drawn.ids == 1).all()


def test_bent_ids_stay_under_the_bent_lines():
    style = replace(PLAIN, bend_px=4.0, bend_wave_px=30.0, wobble_px=0.6)
    frame = _halves(200, 200)
    drawn = draw(frame, style, np.random.default_rng(5))
    assert (drawn.ids != frame.ids).any()
    change = drawn.ids[:, :-1] != drawn.ids[:, 1:]
    assert _dark(drawn.image)[:, :-1][change].mean() > 0.95


def test_wrinkles_do_not_change_ids_and_stay_from_frame_to_frame():
    ids = np.zeros((120, 120), dtype=np.int32)
    ids[10:110, 10:110] = 3
    style = replace(PLAIN, wrinkles=1.0)
    first = draw(SourceFrame(ids), style, np.random.default_rng(0))
    second = draw(SourceFrame(ids), style, np.random.default_rng(1))
    assert _dark(first.image)[20:100, 20:100].any()
    assert (first.image == second.image).all()
    assert (first.ids == ids).all()


@pytest.mark.parametrize("seed", range(6))
def test_any_style_draws_the_same_from_the_same_seed_and_keeps_its_input(seed):
    frame = _halves(300, 200)
    before = frame.ids.copy()
    style = draw_style(seeded("style", seed), 300)
    one = draw(frame, style, seeded("pen", seed))
    two = draw(frame, style, seeded("pen", seed))
    assert (one.image == two.image).all()
    assert (one.ids == two.ids).all()
    assert (frame.ids == before).all()
    assert one.image.shape[:2] == one.ids.shape == (300, 200)
    assert one.image.ndim == (3 if style.trace else 2)


def _shadowed() -> SourceFrame:
    """One part on paper, its lower half in shadow."""
    ids = np.zeros((120, 160), dtype=np.int32)
    ids[20:100, 20:140] = 4
    shade = np.zeros((120, 160), dtype=np.uint8)
    shade[60:100, 20:140] = 1
    return SourceFrame(ids, shade=shade)


@pytest.mark.parametrize("color", [(235, 30, 30), (245, 140, 20), (20, 190, 235)])
def test_a_border_of_shade_is_a_coloured_line_that_splits_the_part(color):
    drawn = draw(_shadowed(), replace(PLAIN, trace=(color,)), np.random.default_rng(0))
    assert drawn.image.shape == (120, 160, 3)
    assert (np.abs(drawn.image[58:61, 80].astype(int) - color).max(axis=1) < 40).any()
    assert (np.ptp(drawn.image[:55].astype(int), axis=2) == 0).all()
    assert (np.ptp(drawn.image[65:].astype(int), axis=2) == 0).all()
    found = sample(drawn)
    assert sorted(found.part.tolist()) == [0, 4, 4]
    assert (found.purity > 0.99).all()


def test_ink_covers_the_ends_of_trace_lines():
    style = replace(PLAIN, width_px=8.0, trace=((235, 30, 30),))
    image = draw(_shadowed(), style, np.random.default_rng(0)).image.astype(int)
    assert (np.ptp(image[:, 17:23], axis=2) == 0).all()
    assert (image[59, 30:130].min(axis=1) < image[59, 30:130, 0] - 100).all()


def test_some_borders_between_parts_are_traced_and_those_with_the_paper_never():
    ids = np.zeros((100, 100), dtype=np.int32)
    ids[20:80, 20:50], ids[20:80, 50:80] = 1, 2
    style = replace(PLAIN, trace=((30, 60, 235),), traced=1.0)
    image = draw(SourceFrame(ids), style, np.random.default_rng(0)).image.astype(int)
    colored = np.ptp(image, axis=2) > 100
    assert colored[25:75, 47:53].any(axis=1).all()
    assert not colored[:, :45].any()
    assert not colored[:, 55:].any()


def test_redrawn_ink_leaves_slivers_of_the_same_part():
    style = replace(PLAIN, redrawn=0.6, redrawn_px=5.0, redrawn_wave_px=40.0)
    frame = _halves(300, 300)
    once = draw(frame, PLAIN, np.random.default_rng(2))
    twice = draw(frame, style, np.random.default_rng(2))
    assert _dark(twice.image).sum() > 1.2 * _dark(once.image).sum()
    assert (twice.ids == once.ids).all()
    found = sample(twice)
    assert len(found.part) > len(sample(once).part)
    assert np.median(found.purity) > 0.95


def test_the_share_of_redrawn_ink_follows_the_style():
    frame = _halves(400, 200)
    ink = [
        _dark(draw(frame, replace(PLAIN, redrawn=share, redrawn_px=6.0, redrawn_wave_px=20.0),
                   np.random.default_rng(4)).image).sum()
        for share in (0.0, 0.3, 0.9)
    ]  # fmt: skip
    assert ink[0] < ink[1] < ink[2]


def test_strokes_run_beyond_corners_and_nowhere_else():
    ids = np.zeros((140, 140), dtype=np.int32)
    ids[40:100, 40:100] = 1
    style = replace(PLAIN, overshoot=1.0, overshoot_px=16.0)
    clean = _dark(draw(SourceFrame(ids), PLAIN, np.random.default_rng(0)).image)
    image = _dark(draw(SourceFrame(ids), style, np.random.default_rng(0)).image)
    y, x = np.nonzero(image & ~clean)
    assert len(y) > 0
    corners = np.array([(39, 39), (39, 99), (99, 39), (99, 99)])
    away = np.hypot(y[:, None] - corners[:, 0], x[:, None] - corners[:, 1])
    assert away.min(axis=1).max() < 20
    assert (away.argmin(axis=1)[:, None] == np.arange(4)).any(axis=0).all()


def test_pressure_pales_ink_but_leaves_it_ink():
    style = replace(PLAIN, pressure=0.8, width_px=4.0)
    image = draw(_halves(400, 80), style, np.random.default_rng(1)).image
    darkest = image[:, 38:42].min(axis=1)
    assert darkest.min() == 0
    assert 60 < darkest.max() < 200


def test_clips_differ_in_pen_trace_lines_and_sketchiness():
    styles = [draw_style(seeded("style", seed), 1080) for seed in range(300)]
    width = np.array([style.width_px for style in styles])
    assert width.min() < 1.3
    assert width.max() > 9
    assert 0.05 < np.mean(width >= 6) < 0.3
    assert 0.3 < np.mean([bool(style.trace) for style in styles]) < 0.5
    assert 0.15 < np.mean([style.redrawn > 0 for style in styles]) < 0.3
    assert 0.05 < np.mean([style.grain_px < 2.1 for style in styles]) < 0.2


def test_shadows_split_large_parts_along_one_side_and_stay_from_frame_to_frame():
    ids = np.zeros((200, 200), dtype=np.int32)
    ids[40:160, 40:160] = 6
    ids[10:28, 10:28] = 7
    style = replace(PLAIN, shadows=1.0)
    first = draw(SourceFrame(ids), style, np.random.default_rng(0))
    second = draw(SourceFrame(ids), style, np.random.default_rng(1))
    found = sample(first)
    assert set(found.part.tolist()) == {0, 6, 7}
    assert (found.part == 7).sum() == 1
    assert 2 <= (found.part == 6).sum() <= 3  # the band may open at a corner
    assert (found.purity > 0.98).all()
    assert (first.image == second.image).all()
    share = np.sort(found.segments.area[found.part == 6]) / 120**2
    assert 0.05 < share[:-1].sum() < 0.5


def test_shade_of_the_source_is_kept_instead_of_shadows():
    plain = draw(_shadowed(), PLAIN, np.random.default_rng(0))
    shadowed = draw(_shadowed(), replace(PLAIN, shadows=1.0), np.random.default_rng(0))
    assert (plain.image == shadowed.image).all()


def test_a_sources_own_ink_is_the_line_and_borders_are_drawn_only_where_it_lacks():
    frame = _halves()
    ink = np.zeros(frame.ids.shape, dtype=np.uint8)
    ink[:30, 36:44] = 255
    image = draw(replace(frame, ink=ink), PLAIN, np.random.default_rng(0)).image
    assert (_dark(image)[:30] == (ink[:30] > 0)).all()
    below = _dark(image)[34:]
    assert below[:, 38:42].any(axis=1).all()
    assert below.sum(axis=1).max() <= 3
    grey = draw(replace(frame, ink=ink // 4 * 3), PLAIN, np.random.default_rng(0)).image
    assert (grey[:30, 40] == 255 - 189).all()


def test_a_sources_own_ink_bends_with_its_parts():
    frame = _halves(120, 160)
    ink = np.zeros(frame.ids.shape, dtype=np.uint8)
    ink[:, 77:83] = 255
    style = replace(PLAIN, bend_px=5.0, bend_wave_px=60.0)
    drawn = draw(replace(frame, ink=ink), style, np.random.default_rng(1))
    step = np.argmax(drawn.ids == 2, axis=1)
    assert np.ptp(step) >= 5
    middle = [np.flatnonzero(row).mean() for row in _dark(drawn.image)]
    assert np.abs(middle - (step - 0.5)).max() <= 1.2
