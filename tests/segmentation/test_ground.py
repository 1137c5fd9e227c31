"""Ground and ink, decided from the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation import NoLinesError, extract_lines, paper, segment

SHAPE = (270, 360)


def rooms(width: int = 3) -> np.ndarray:
    """Cover of a drawing: a house of rooms, a ring, a slanted stroke; share of ink, 0..1."""
    page = np.zeros(SHAPE, np.uint8)
    cv2.rectangle(page, (40, 40), (200, 220), 255, width, cv2.LINE_AA)
    cv2.line(page, (40, 120), (200, 120), 255, width, cv2.LINE_AA)
    cv2.line(page, (110, 120), (110, 220), 255, width, cv2.LINE_AA)
    cv2.circle(page, (280, 100), 45, 255, width, cv2.LINE_AA)
    cv2.line(page, (230, 250), (330, 180), 255, width, cv2.LINE_AA)
    return page.astype(np.float32) / 255


def laid(cover, ink, ground):
    """Lay ink of a colour on a ground: one colour or (H, W, 3)."""
    share = cover[..., None]
    ground = np.broadcast_to(np.float32(ground), (*cover.shape, 3))
    return np.clip(np.rint(ground * (1 - share) + np.float32(ink) * share), 0, 255).astype(np.uint8)


def noise(seed, sigma, shape=SHAPE):
    plane = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    if sigma:
        plane = cv2.GaussianBlur(plane, (0, 0), sigma)
    return (plane / plane.std())[..., None]


def shade(low, high):
    """Light that falls off from one corner to the other and towards the rim."""
    ys, xs = np.indices(SHAPE)
    ys, xs = ys / SHAPE[0], xs / SHAPE[1]
    fall = 0.5 * (ys + xs) + 0.8 * ((xs - 0.5) ** 2 + (ys - 0.5) ** 2)
    return (high + (low - high) * fall)[..., None]


CLEAN = extract_lines(laid(rooms(), (0, 0, 0), (255, 255, 255)))
ROOMS = int(segment(CLEAN).labels.max())


def same_ink(lines, share=0.04):
    """Ink that differs from the clean drawing's is within a pixel of its rim, and little."""
    wrong = np.count_nonzero(lines.ink ^ CLEAN.ink)
    around = cv2.dilate(CLEAN.ink.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    inside = cv2.erode(CLEAN.ink.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return (
        wrong <= share * np.count_nonzero(CLEAN.ink)
        and not (lines.ink & ~around).any()
        and not (inside & ~lines.ink).any()
    )


def test_the_drawing_of_these_tests_has_five_segments():
    assert ROOMS == 5
    assert CLEAN.ground == "light"
    assert 3 < CLEAN.line_width_px < 6.5


def test_inverting_a_drawing_gives_the_same_ink(scribble):
    for seed in range(4):
        page = scribble(seed)
        straight, inverse = extract_lines(page), extract_lines(255 - page)
        assert (straight.ground, inverse.ground) == ("light", "dark")
        np.testing.assert_array_equal(straight.ink, inverse.ink)
        np.testing.assert_array_equal(straight.darkness, inverse.darkness)


@pytest.mark.parametrize(
    ("ink", "ground", "said"),
    [
        ((255, 255, 255), (0, 0, 0), "dark"),
        ((110, 65, 25), (0, 0, 0), "dark"),
        ((230, 20, 20), (6, 6, 10), "dark"),
        ((245, 245, 240), (25, 60, 150), "dark"),
        ((225, 230, 220), (38, 60, 45), "dark"),
        ((30, 30, 40), (250, 235, 110), "light"),
        ((0, 0, 0), (130, 130, 130), "light"),
        ((20, 40, 160), (236, 205, 190), "light"),
        ((0, 0, 0), (60, 60, 60), "light"),
    ],
    ids=["white on black", "brown on black", "red on black", "blueprint", "chalkboard",
         "yellow paper", "grey card", "blue on pink", "black on dark grey"],
)  # fmt: skip
@pytest.mark.parametrize("opaque_alpha", [False, True])
def test_lines_are_found_on_any_ground(ink, ground, said, opaque_alpha):
    page = laid(rooms(), ink, ground)
    if opaque_alpha:
        page = np.dstack([page, np.full(SHAPE, 255, np.uint8)])
    lines = extract_lines(page)
    assert lines.ground == said
    assert same_ink(lines)
    assert segment(lines).labels.max() == ROOMS


@pytest.mark.parametrize(("low", "high"), [(170, 250), (110, 220)])
@pytest.mark.parametrize("tint", [(1, 1, 1), (1, 0.94, 0.8)])
def test_uneven_and_tinted_paper_is_no_ink(low, high, tint):
    sheet = shade(low, high) * np.float32(tint)
    page = laid(rooms(), (25, 20, 20), sheet)
    lines = extract_lines(page)
    assert lines.ground == "light"
    assert same_ink(lines, 0.08)
    assert segment(lines).labels.max() == ROOMS


def test_a_board_wiped_unevenly_is_no_ink():
    board = np.float32([40, 62, 50]) + 8 * noise(1, 20) + 2 * noise(2, 0.7)
    lines = extract_lines(laid(rooms(), (225, 225, 220), board))
    assert lines.ground == "dark"
    assert same_ink(lines, 0.1)
    assert segment(lines).labels.max() == ROOMS


def test_solid_black_on_uneven_paper_stays_ink():
    cover = rooms()
    cover[130:210, 120:190] = 1
    page = laid(cover, (20, 20, 20), shade(150, 245))
    lines = extract_lines(page)
    assert lines.ink[130:210, 120:190].all()
    assert not lines.ink[50:110, 60:180].any()


@pytest.mark.parametrize("color", [(255, 0, 0), (0, 255, 0), (0, 0, 255)])
@pytest.mark.parametrize("ground", [(255, 255, 255), (250, 235, 200), (10, 10, 10)])
def test_trace_lines_keep_their_class_on_other_grounds(color, ground):
    dark = max(ground) < 128
    cover = rooms()
    page = laid(cover, (240, 240, 240) if dark else (0, 0, 0), ground)
    traced = np.zeros(SHAPE, np.float32)
    cv2.line(traced, (60, 60), (180, 100), 1.0, 3, cv2.LINE_AA)
    page = laid(traced, color, page)
    lines = extract_lines(page)
    found = lines.trace[traced > 0.9]
    assert (found == color.index(255) + 1).mean() > 0.95
    assert not lines.trace[(cover > 0.9) & (traced == 0)].any()


@pytest.mark.parametrize(
    "page",
    [
        np.full((60, 80), 255, np.uint8),
        np.full((60, 80, 3), (240, 230, 210), np.uint8),
        np.full((60, 80, 3), (255, 240, 90), np.uint8),
        np.zeros((60, 80, 4), np.uint8),
        np.full((60, 80, 4), 255, np.uint8),
        np.zeros((60, 80, 5), np.uint8),
        (252 - 2 * np.abs(noise(3, 0, (60, 80)))).astype(np.uint8),
    ],
    ids=["white", "cream", "yellow", "transparent", "opaque white", "no CMYK ink", "faint grain"],
)
def test_a_blank_sheet_is_a_drawing_without_lines(page):
    lines = extract_lines(page)
    assert not lines.ink.any()
    assert lines.line_width_px == 0.0
    assert segment(lines).labels.max() == 1


@pytest.mark.parametrize(
    "page",
    [
        np.zeros((60, 80), np.uint8),
        np.zeros((60, 80, 3), np.uint8),
        np.full((60, 80, 4), (0, 0, 0, 255), np.uint8),
        np.full((60, 80, 4), (0, 0, 0, 128), np.uint8),
        np.full((60, 80), 110, np.uint8),
        np.full((60, 80, 3), (160, 20, 20), np.uint8),
        np.full((60, 80, 5), (0, 0, 0, 255, 255), np.uint8),
        np.clip(4 + 2 * noise(0, 0, (60, 80)), 0, 255).astype(np.uint8),
    ],
    ids=["black", "black RGB", "black RGBA", "half black", "grey", "red", "CMYK", "noisy black"],
)
def test_one_dark_tone_is_refused_with_a_remedy(page):
    with pytest.raises(NoLinesError, match=r"no line can be told: .*; export the lines with"):
        extract_lines(page)


def test_noise_alone_is_refused_with_a_remedy():
    rng = np.random.default_rng(0)
    for page in (
        rng.integers(0, 256, (*SHAPE, 3)).astype(np.uint8),
        np.clip(128 + 30 * noise(1, 0), 0, 255).astype(np.uint8),
        np.clip(235 + 25 * noise(2, 0), 0, 255).astype(np.uint8),
        np.clip(25 + 10 * noise(3, 0), 0, 255).astype(np.uint8),
    ):
        with pytest.raises(NoLinesError, match=r"noise.*scan or export"):
            extract_lines(page)


def test_a_black_picture_with_a_white_figure_keeps_its_black_lines():
    cover = rooms()
    page = laid(cover, (0, 0, 0), (255, 255, 255))
    page[:, 210:] = 0
    page[230:] = 0
    lines = extract_lines(page)
    assert lines.ground == "light"
    np.testing.assert_array_equal(lines.ink[:230, :209], CLEAN.ink[:230, :209])


def test_blocks_are_mirrored_at_the_far_edges():
    sample = np.arange(35, dtype=np.uint8).reshape(5, 7, 1)
    blocks = paper.blocks_of(sample, 3)
    assert blocks.shape == (2, 3, 1, 9)
    assert blocks[0, 0, 0].tolist() == [0, 1, 2, 7, 8, 9, 14, 15, 16]
    assert blocks[1, 2, 0].tolist() == [27, 26, 25, 34, 33, 32, 27, 26, 25]


def test_paper_is_fitted_past_blocks_full_of_ink():
    rows, columns = np.indices((12, 16))
    sheet = (240 - 3.0 * rows - 2.0 * columns).astype(np.float32)
    blocks = sheet.copy()
    blocks[3:6, 4:9] = 15
    fitted = paper.fit(blocks[..., None], 8).tones[..., 0]
    assert np.abs(fitted - sheet).max() < 4
