from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation import _line_kernels as kernels
from segmentation import extract_lines

CROSS = np.array(
    [
        [255, 255, 0, 255, 255],
        [255, 255, 0, 255, 255],
        [0, 0, 0, 0, 0],
        [255, 255, 128, 255, 255],
        [255, 255, 250, 255, 255],
    ],
    np.uint8,
)
CROSS_INK = np.array(
    [
        [0, 0, 1, 0, 0],
        [0, 0, 1, 0, 0],
        [1, 1, 1, 1, 1],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0],
    ],
    bool,
)


def layer(alpha, color):
    rgba = np.empty((*alpha.shape, 4), np.uint8)
    rgba[:, :, :3] = color
    rgba[:, :, 3] = alpha
    return rgba


@pytest.mark.parametrize(
    "image",
    [
        CROSS,
        CROSS[:, :, None],
        np.repeat(CROSS[:, :, None], 3, axis=2),
        CROSS.astype(np.uint16) * 257,
        CROSS.astype(np.float32) / 255,
        np.dstack([CROSS, np.full_like(CROSS, 255)]),
        np.dstack([CROSS, CROSS, CROSS, np.full_like(CROSS, 255)]),
        np.dstack([np.zeros_like(CROSS), 255 - CROSS]),
        layer(255 - CROSS, 0),
        layer(255 - CROSS, 255),
        layer(255 - CROSS, (255, 160, 0)),
        layer(255 - CROSS, 0).astype(np.uint16) * 257,
    ],
    ids=[
        "grey", "one channel", "rgb", "16 bit", "float", "opaque grey+alpha", "opaque rgba",
        "grey+alpha", "black on transparency", "white on transparency", "orange on transparency",
        "16 bit rgba",
    ],
)  # fmt: skip
def test_every_kind_of_layer_gives_the_same_lines(image):
    before = image.copy()
    lines = extract_lines(image)
    np.testing.assert_array_equal(lines.ink, CROSS_INK)
    np.testing.assert_array_equal(lines.darkness, 255 - CROSS)
    np.testing.assert_array_equal(lines.trace, 0)
    assert lines.line_width_px == 1.0
    np.testing.assert_array_equal(image, before)


def test_colour_under_no_alpha_is_not_ink():
    rgba = layer(255 - CROSS, 0)
    rgba[rgba[:, :, 3] == 0, :3] = (255, 0, 0)
    lines = extract_lines(rgba)
    np.testing.assert_array_equal(lines.ink, CROSS_INK)
    np.testing.assert_array_equal(lines.trace, 0)


def test_white_fill_inside_a_transparent_layer_is_paper():
    rgba = np.zeros((40, 40, 4), np.uint8)
    rgba[5:35, 5:35] = 255
    rgba[5:35, 5, :3] = rgba[5:35, 34, :3] = rgba[5, 5:35, :3] = rgba[34, 5:35, :3] = 0
    expected = np.zeros((40, 40), bool)
    expected[5:35, 5:35] = True
    expected[6:34, 6:34] = False
    np.testing.assert_array_equal(extract_lines(rgba).ink, expected)


def test_grey_and_tinted_paper_is_no_ink():
    page = np.full((60, 60, 3), (236, 228, 205), np.uint8)
    page[30] = 20
    ink = extract_lines(page).ink
    assert ink[30].all()
    assert np.count_nonzero(ink) == 60


def test_faint_pencil_counts_by_its_own_darkness():
    page = np.full((60, 60), 255, np.uint8)
    page[30] = 170
    assert extract_lines(page).ink[30].all()


def test_trace_lines_keep_their_class_to_their_anti_aliased_rim():
    page = np.full((60, 120, 3), 255, np.uint8)
    for i, color in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0), (255, 150, 0)]):
        cv2.line(page, (10 + 20 * i, 5), (14 + 20 * i, 55), color, 2, cv2.LINE_AA)
    lines = extract_lines(page)
    for i, kind in enumerate([1, 2, 3, 0, 0]):
        stroke = np.zeros((60, 120), bool)
        stroke[:, 4 + 20 * i : 22 + 20 * i] = True
        assert lines.ink[stroke].any()
        assert set(lines.trace[stroke & lines.ink]) == {kind}
    np.testing.assert_array_equal(lines.trace[~lines.ink], 0)
    assert lines.darkness.max() == 255


@pytest.mark.parametrize("image", [np.full((7, 9), 255, np.uint8), np.zeros((7, 9, 4), np.uint8)])
def test_an_empty_drawing_has_no_ink_and_no_width(image):
    lines = extract_lines(image)
    assert not lines.ink.any()
    assert lines.line_width_px == 0.0


def test_non_contiguous_input_reads_as_its_copy(scribble):
    page = scribble(3)
    view = page[::-1, ::2]
    np.testing.assert_array_equal(extract_lines(view).ink, extract_lines(view.copy()).ink)


@pytest.mark.parametrize("width", [1, 2, 3, 5, 8, 12])
@pytest.mark.parametrize("degrees", [0, 20, 45, 75])
def test_line_width_is_near_the_drawn_width(width, degrees):
    ys, xs = np.indices((240, 240)) - 120
    angle = np.deg2rad(degrees)
    across = np.mod(xs * np.sin(angle) - ys * np.cos(angle), 60) - 30
    page = np.clip(np.abs(across) - width / 2 + 0.5, 0, 1) * 255
    measured = extract_lines(page.round().astype(np.uint8)).line_width_px
    assert 0.75 * width <= measured <= 1.45 * width + 0.8  # slant, and an anti-aliased rim


def test_line_width_looks_through_grain_and_past_solid_black(scribble):
    page = np.full((300, 300), 255, np.uint8)
    for x in range(20, 160, 20):
        page[:, x : x + 5] = 0
    plain = extract_lines(page).line_width_px
    rng = np.random.default_rng(0)
    grained = np.where((page == 0) & (rng.random(page.shape) < 0.1), 255, page).astype(np.uint8)
    assert extract_lines(grained).line_width_px == pytest.approx(plain, abs=1)
    page[50:200, 180:280] = 0
    assert extract_lines(page).line_width_px == pytest.approx(plain, abs=0.5)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((4, 4, 6), np.uint8), "1 to 5"),
        (np.zeros(4, np.uint8), "1 to 5"),
        (np.zeros((0, 4), np.uint8), "at least 1 x 1"),
        (np.zeros((4, 4), np.int32), "uint8, uint16 or float"),
    ],
)
def test_what_is_no_line_image_is_refused(image, words):
    with pytest.raises(ValueError, match=words):
        extract_lines(image)


@pytest.mark.parametrize(
    ("channels", "model"), [(3, "grey"), (2, "rgb"), (5, "rgb"), (3, "cmyk"), (1, "cmyk")]
)
def test_channels_that_a_colour_model_has_not_are_refused(channels, model):
    with pytest.raises(ValueError, match="channels, expected"):
        extract_lines(np.zeros((4, 4, channels), np.uint8), model=model)


def inks(dtype, alpha):
    """The cross in black of CMYK."""
    planes = [np.zeros_like(CROSS)] * 3 + [255 - CROSS]
    if alpha == "opaque":
        planes.append(np.full_like(CROSS, 255))
    if alpha == "transparent":
        planes = [*[np.full_like(CROSS, 255)] * 4, 255 - CROSS]
    stacked = np.dstack(planes)
    if dtype == np.uint16:
        return stacked.astype(np.uint16) * 257
    if dtype == np.float32:
        return stacked.astype(np.float32) / 255
    return stacked


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("alpha", ["none", "opaque", "transparent"])
def test_cmyk_gives_the_same_lines(dtype, alpha):
    image = inks(dtype, alpha)
    lines = extract_lines(image, model="cmyk")
    np.testing.assert_array_equal(lines.ink, CROSS_INK)
    np.testing.assert_array_equal(lines.darkness, 255 - CROSS)
    if alpha != "none":
        np.testing.assert_array_equal(extract_lines(image).ink, CROSS_INK)
    if dtype == np.float32:
        percent = image * np.array([100] * 4 + [1] * (image.shape[2] - 4), np.float32)
        np.testing.assert_array_equal(extract_lines(percent, model="cmyk").ink, CROSS_INK)


@pytest.mark.parametrize("channels", [2, 3, 4])
@pytest.mark.parametrize("opaque", [True, False])
def test_coloured_equals_its_slow_twin(channels, opaque):
    rng = np.random.default_rng(channels)
    pixels = rng.integers(0, 256, (30, 40, channels)).astype(np.uint8)
    pixels[rng.random((30, 40)) < 0.2] = 0
    darkness, trace = kernels.coloured(pixels, opaque)
    for y, x in np.ndindex(30, 40):
        values = [int(v) for v in pixels[y, x]]
        alpha = values.pop() if channels in (2, 4) else 255
        rgb = values * 3 if len(values) == 1 else values
        chroma = max(rgb) - min(rgb)
        expected = (alpha * (255 - min(rgb)) + 127) // 255 if opaque else alpha
        middle = sorted(rgb)[1]
        pure = chroma >= 24 and 2 * chroma >= 255 - min(rgb) and 2 * (middle - min(rgb)) <= chroma
        kind = rgb.index(max(rgb)) + 1 if pure and alpha > 0 else 0
        assert darkness[y, x] == expected
        assert trace[y, x] == kind


def test_solid_tones_equals_its_slow_twin():
    rng = np.random.default_rng(5)
    pixels = rng.choice(np.array([0, 100, 200, 245, 255], np.uint8), (30, 40, 4))
    lowest = pixels[:, :, :3].min(axis=2)[pixels[:, :, 3] >= 250]
    expected = (lowest.size, int((lowest >= 240).sum()), int((lowest < 128).sum()))
    assert kernels.solid_tones(pixels) == expected


@pytest.mark.parametrize("planes", [1, 3])
@pytest.mark.parametrize("dark", [False, True])
def test_against_equals_its_slow_twin(planes, dark):
    rng = np.random.default_rng(planes)
    pixels = rng.integers(0, 256, (30, 41, planes)).astype(np.uint8)
    paper = rng.uniform(60, 255, (4, 6, planes)).astype(np.float32)
    darkness, white = kernels.against(pixels, paper, 8, dark)
    for y, x in np.ndindex(30, 41):
        fy, fx = np.clip((y + 0.5) / 8 - 0.5, 0, 3), np.clip((x + 0.5) / 8 - 0.5, 0, 5)
        y0, x0 = min(int(fy), 2), min(int(fx), 4)
        ty, tx = fy - y0, fx - x0
        corner = paper[y0 : y0 + 2, x0 : x0 + 2].astype(float)
        tone = (corner * np.outer([1 - ty, ty], [1 - tx, tx])[..., None]).sum(axis=(0, 1))
        value = 255.0 - pixels[y, x] if dark else pixels[y, x].astype(float)
        lost = np.maximum(0, 1 - value / tone) * 255
        shown = 255 - (lost.max() - lost if dark else lost)
        assert abs(int(darkness[y, x]) - lost.max()) <= 0.501
        assert np.abs(white[y, x] - shown).max() <= 0.501


def test_histogram_equals_its_slow_twin():
    plane = np.random.default_rng(1).integers(0, 256, (13, 17)).astype(np.uint8)
    expected = np.bincount(plane.ravel(), minlength=256)
    np.testing.assert_array_equal(kernels.histogram(plane), expected)
