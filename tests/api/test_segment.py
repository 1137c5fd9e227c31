"""The segments of one array."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ant_core import api, errors
from tests.support.drawn import BOXES, line_drawing, load


def test_it_gives_what_the_command_line_writes(sample, real_cli, tmp_path):
    path = sample / "line" / "0001.png"
    done = real_cli("segment", path, "--out", tmp_path / "labels.png", "--json")
    assert done.code == 0
    found = api.segment(load(path))
    assert found.labels.dtype == np.int32
    assert (found.labels == load(tmp_path / "labels.png")).all()
    told = json.loads(done.out.splitlines()[-1])
    assert (told["segments"], told["gap_px"]) == (found.count, round(found.gap_px, 3))
    assert told["closed_gaps"] == found.closed_gaps.round(2).tolist()
    assert told["lines"] == {"ground": found.ground, "rough": found.rough}


def test_a_gap_is_closed_as_wide_as_asked_for():
    image = line_drawing(0, BOXES[:1])
    image[10:15, 18:24] = 255
    wide = api.segment(image, gap_px=12)
    assert (wide.count, wide.gap_px, len(wide.closed_gaps)) == (2, 12, 1)
    assert api.segment(image, gap_px=0).count == 1


def test_a_blank_sheet_is_one_segment():
    found = api.segment(np.full((8, 9), 255, np.uint8))
    assert (found.count, set(found.labels.ravel().tolist())) == (1, {1})


@pytest.mark.parametrize(
    ("line", "gap_px", "kind", "told"),
    [
        (np.zeros((8, 9), np.uint8), None, errors.InputError, "cannot be segmented"),
        (np.zeros((8, 9), np.int32), None, errors.InputError, "int32"),
        (np.zeros((0, 9), np.uint8), None, errors.InputError, "shape"),
        (np.full((8, 9), 255, np.uint8), -1, errors.UsageError, "gap_px is -1"),
    ],
)
def test_what_is_no_drawing_is_refused(line, gap_px, kind, told):
    with pytest.raises(kind, match=told):
        api.segment(line, gap_px=gap_px)
