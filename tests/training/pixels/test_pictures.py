"""Painted clips as they are cut to their figures and stored."""

import numpy as np
import pytest

from ant_core.training.pixels import make, pictures
from ant_core.training.synthesis.ink.ink_style import InkStyle
from ant_core.training.synthesis.scene3d.shaded import PAINTS, ShadedClip, ShadedFrame
from ant_core.training.synthesis.source import SourceClip, SourceFrame

TOP, LEFT, SIDE, STEP = 20, 120, 100, 12  # of a square that moves right and out of the picture


def shaded(data, split, seed):
    """A square of two halves in a picture of 160 x 240, as the renderer would give it."""
    assert (data, split, seed) == ("packs", "validation", 4)
    y, x = np.mgrid[:160, :240]
    frames, painted = [], []
    for number in range(2):
        left = LEFT + STEP * number
        inside = (y >= TOP) & (y < TOP + SIDE) & (x >= left) & (x < left + SIDE)
        ids = np.where(inside, np.where(y < TOP + SIDE // 2, 1, 2), 0).astype(np.int32)
        rest = np.stack([(x - left) / 160, y / 160, 0 * x], -1).astype(np.float32)
        normals = np.zeros((160, 240, 3), np.float32)
        normals[..., 2] = 1
        flow = np.zeros((160, 240, 2), np.float32)
        flow[..., 0] = STEP
        frames.append(SourceFrame(ids, None, None, flow, flow))
        painted.append(ShadedFrame(ids, rest, normals))
    colors = {1: (200, 60, 60), 2: (60, 60, 200)}
    ink = InkStyle(seed=0, width_px=1.8)
    clip = SourceClip("squares", split, ("square",), ("slide",), frames, colors, ink=ink)
    return ShadedClip(clip, painted)


@pytest.fixture
def stored(monkeypatch, tmp_path):
    monkeypatch.setattr(make, "make_shaded", shaded)
    path = tmp_path / "validation" / "4.npz"
    make.make_pictures("packs", "validation", 4, 64, path)
    assert [one.name for one in path.parent.iterdir()] == ["4.npz"]
    return pictures.load_pictures(path)


def test_a_stored_clip_is_cut_to_its_figures(stored):
    assert stored.name == "squares"
    assert stored.paints == PAINTS
    assert stored.line.shape == (2, 64, 64)
    assert stored.color.shape == (4, 2, 64, 64, 3)
    assert set(np.unique(stored.ids)) == {0, 1, 2}
    columns = np.flatnonzero(stored.ids.any((0, 1)))
    assert columns[0] <= 6, "little is left beside the figures"
    assert columns[-1] >= 57
    rows = np.flatnonzero(stored.ids.any((0, 2)))
    assert abs(rows[0] + rows[-1] - 63) <= 1, "they stand in the middle"


def test_lines_lie_where_parts_meet_and_paint_is_inside(stored):
    dark = stored.line[0] < 128
    assert dark.any()
    edge = np.abs(np.diff(stored.ids[0], axis=0)) > 0
    near = np.zeros((64, 64), bool)
    near[1:] |= edge
    near[:-1] |= edge
    assert near[dark.nonzero()].mean() > 0.4
    assert (stored.color[:, :, 0, 0] == 255).all(), "paper is white"
    soft = stored.color[PAINTS.index("soft"), 0]
    inner = soft[stored.ids[0] == 1].astype(int)
    assert np.all(inner[:, 0].mean() > inner[:, 2].mean() + 20)


def test_flow_is_in_pixels_of_the_stored_size(stored):
    moved = np.roll(stored.ids[0], round(float(stored.flow[0, 0, 0, 0])), axis=1)
    both = (moved > 0) & (stored.ids[1] > 0)
    assert float(stored.flow[0, 0, 0, 0]) == pytest.approx(STEP * 64 / 125, abs=0.3)
    assert both.sum() > 0.9 * (stored.ids[1] > 0).sum()
    here = stored.rest[0][stored.ids[0] == 1].astype(float)
    there = stored.rest[1][stored.ids[1] == 1].astype(float)
    assert here.min(0) == pytest.approx(there.min(0), abs=0.02)
