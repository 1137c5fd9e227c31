from dataclasses import replace

import numpy as np
import pytest

from ant_core.synthesis.ink import InkStyle, draw, draw_style
from ant_core.synthesis.source import SourceFrame, seeded

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
    assert one.image.shape == one.ids.shape == (300, 200)
