import cv2
import numpy as np
import pytest

from ant_core.training.synthesis.skeleton import strokes, thin


def _page(*polylines, width=3, closed=False, size=(200, 240)):
    """Draw lines given as lists of x, y, with a round pen of an odd width."""
    page = np.zeros(size, dtype=np.uint8)
    for points in polylines:
        cv2.polylines(page, [np.array(points, dtype=np.int32)], closed, 1)
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return cv2.dilate(page, pen).astype(bool)


@pytest.mark.parametrize("stairs", [False, True])
def test_thin_lines_keep_their_parts_and_holes(stairs):
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.standard_normal((120, 120)).astype(np.float32), (0, 0), 3)
    ink = np.abs(noise) < 0.03
    skeleton = thin(ink, stairs=stairs)
    assert (skeleton <= ink).all()
    for mask, connectivity in ((np.array([ink, skeleton]), 8), (~np.array([ink, skeleton]), 4)):
        before, after = (
            cv2.connectedComponents(np.pad(m, 1, constant_values=connectivity == 4).astype("u1"),
                                    connectivity=connectivity)[0]
            for m in mask
        )  # fmt: skip
        assert before == after
    assert not cv2.erode(skeleton.astype(np.uint8), np.ones((3, 3), np.uint8)).any()


def test_a_straight_line_has_two_ends_and_its_length():
    found = strokes(_page([(30, 100), (200, 100)]), 3.0)
    assert (found.corners, found.junctions, found.ends) == (0, 0, 2)
    assert found.length_px == pytest.approx(170, abs=5)
    assert np.median(found.local_width_px) == pytest.approx(3.0, abs=0.5)


def test_a_slanted_line_is_as_long_as_a_ruler_says():
    found = strokes(_page([(20, 20), (200, 120)]), 3.0)
    assert found.length_px == pytest.approx(np.hypot(180, 100), rel=0.04)


@pytest.mark.parametrize("width", [1, 3, 7])
def test_a_rectangle_has_four_corners_and_no_end(width):
    found = strokes(_page([(40, 40), (190, 40), (190, 150), (40, 150)], width=width, closed=True),
                    float(width))  # fmt: skip
    assert (found.corners, found.junctions, found.ends) == (4, 0, 0)
    assert found.length_px == pytest.approx(520, rel=0.05)


def test_a_circle_has_nothing_to_count():
    page = np.zeros((200, 200), dtype=np.uint8)
    cv2.circle(page, (100, 100), 60, 1, 3)
    found = strokes(page.astype(bool), 3.0)
    assert (found.corners, found.junctions, found.ends) == (0, 0, 0)
    assert found.length_px == pytest.approx(2 * np.pi * 60, rel=0.05)


@pytest.mark.parametrize("width", [1, 3, 7])
def test_crossings_and_branches_are_one_junction_each(width):
    cross = [[(20, 60), (120, 60)], [(70, 20), (70, 110)]]
    branch = [[(140, 40), (140, 160)], [(140, 100), (210, 130)]]
    found = strokes(_page(*cross, *branch, width=width), float(width))
    assert (found.junctions, found.ends) == (2, 7)


def test_lines_that_leave_the_picture_do_not_end():
    found = strokes(_page([(-5, 100), (250, 100)]), 3.0)
    assert (found.junctions, found.ends) == (0, 0)


def test_rough_ink_has_no_strokes_of_its_own():
    rng = np.random.default_rng(3)
    page = _page([(20, 100), (220, 100)], width=5)
    rim = cv2.dilate(page.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~page
    found = strokes(page | (rim & (rng.random(page.shape) < 0.3)), 5.0)
    assert found.ends == 2
    assert found.junctions == 0


def test_an_empty_page_has_no_lines():
    found = strokes(np.zeros((50, 50), dtype=bool), 0.0)
    assert (found.length_px, found.corners, found.junctions, found.ends) == (0, 0, 0, 0)
    assert found.local_width_px.shape == (0,)
