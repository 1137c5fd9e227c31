import cv2
import numpy as np
import pytest

from ant_core.errors import InputError
from ant_core.training.synthesis import pages
from ant_core.training.synthesis.ink_statistics import FIGURES, comparison, ink_figures


def _drawing(color=(0, 0, 0), gap=0):
    """Two black squares of 120 px side, the second divided by a line of a colour."""
    page = np.full((300, 400, 3), 255, dtype=np.uint8)
    cv2.rectangle(page, (30, 90), (150, 210), (0, 0, 0), 1)
    cv2.rectangle(page, (230, 90), (350, 210), (0, 0, 0), 1)
    page = cv2.erode(page, np.ones((3, 3), np.uint8))
    page[149:152, 232:349] = color
    page[89:92, 60 : 60 + gap] = 255
    return page


def _value(figures, key):
    return float(figures.values[key][0])


def test_figures_of_a_drawing_counted_by_hand():
    figures = ink_figures(_drawing())
    heights = (2 * 480 + 120) / 300
    assert set(figures.values) == set(FIGURES)
    assert _value(figures, "segments") == 4
    assert _value(figures, "gaps") == _value(figures, "all_gaps") == 0
    assert _value(figures, "width_px") == pytest.approx(3, abs=0.5)
    assert _value(figures, "corners") == pytest.approx(8 / heights, rel=0.05)
    assert _value(figures, "junctions") == pytest.approx(2 / heights, rel=0.05)
    assert _value(figures, "ends") == 0
    assert _value(figures, "unevenness") == 0
    areas = np.sort(figures.values["areas"]) * 300 * 400 / 1e6
    assert areas == pytest.approx([58 * 117, 58 * 117, 117 * 117], rel=0.02)


def test_a_closed_gap_and_its_two_ends_are_counted():
    figures = ink_figures(_drawing(gap=2))
    heights = (2 * 480 + 120) / 300
    assert _value(figures, "all_gaps") == 1
    assert _value(figures, "gaps") == pytest.approx(1 / heights, rel=0.05)
    assert _value(figures, "segments") == 4
    assert _value(figures, "ends") == pytest.approx(2 / heights, rel=0.05)


def test_the_share_of_trace_lines_is_that_of_their_pixels():
    figures = ink_figures(_drawing(color=(235, 30, 30)))
    assert _value(figures, "trace") == pytest.approx(100 * 120 / (2 * 480 + 120), abs=1.0)
    assert _value(ink_figures(_drawing()), "trace") == 0


def test_relative_figures_do_not_depend_on_the_size_of_the_picture():
    small = _drawing()
    large = cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    one, two = ink_figures(small), ink_figures(large)
    for key in ("width", "corners", "junctions", "areas"):
        assert _value(one, key) == pytest.approx(_value(two, key), rel=0.1), key


def test_an_empty_page_has_figures_too():
    figures = ink_figures(np.full((60, 80), 255, dtype=np.uint8))
    assert _value(figures, "segments") == 1
    assert figures.values["areas"].shape == (0,)
    assert all(np.isfinite(values).all() for values in figures.values.values())


def test_the_table_has_a_row_a_group_under_each_figure():
    drawn = [ink_figures(_drawing())]
    lines = comparison({"by hand": drawn, "simulated": drawn * 2, "none": []})
    assert lines[0] == "drawings: by hand 1, simulated 2"
    at = lines.index(FIGURES["segments"])
    assert lines[at + 1].split() == ["by", "hand", "4", "4", "4", "4", "4"]
    assert lines[at + 2].split() == ["simulated", "4", "4", "4", "4", "4"]
    assert len(lines) == 2 + 3 * len(FIGURES)


def test_generated_drawings_stand_beside_folders_of_drawn_ones(boxes, tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "load_source", lambda _: boxes)
    shot = tmp_path / "saha"
    (shot / "line").mkdir(parents=True)
    (shot / "truth").mkdir()
    cv2.imwrite(str(shot / "line" / "0001.png"), _drawing())
    cv2.imwrite(str(shot / "frame_0002_line.png"), _drawing())
    cv2.imwrite(str(shot / "truth" / "0001.png"), _drawing())
    lines = pages.ink_beside(tmp_path, "train", [("boxes", 0), ("boxes", 1)], [shot])
    assert lines[0] == "drawings: saha 2, boxes 2"


def test_a_folder_without_line_drawings_is_named(tmp_path):
    with pytest.raises(InputError, match="line drawings"):
        pages.ink_beside(tmp_path, "train", [], [tmp_path])
