"""Lines told from colours in pictures that have both in one."""

import cv2
import numpy as np
import pytest

from ant_core.color.pixels import PixelFormat
from ant_core.shot.lines_and_colors import split_lines_and_colors

RGB = PixelFormat(8, 3)
SKIN, SHIRT, HAIR, PAPER = (244, 188, 157), (40, 90, 200), (20, 16, 12), (255, 255, 255)


def picture(ink=(0, 0, 0), trace=None, hair=HAIR):
    """Return a figure in anti-aliased ink: face with hair, body with a shadow edge."""
    image = np.full((300, 240, 3), PAPER, np.uint8)
    cv2.ellipse(image, (120, 90), (60, 70), 0, 0, 360, SKIN, -1)
    cv2.ellipse(image, (120, 60), (60, 45), 0, 180, 360, hair, -1)
    cv2.rectangle(image, (60, 170), (180, 280), SHIRT, -1)
    cv2.line(image, (120, 170), (120, 280), trace or ink, 2, cv2.LINE_AA)
    cv2.ellipse(image, (120, 90), (60, 70), 0, 0, 360, ink, 3, cv2.LINE_AA)
    cv2.rectangle(image, (60, 170), (180, 280), ink, 3, cv2.LINE_AA)
    return image


def colors_of(image):
    return {tuple(row) for row in np.unique(image.reshape(-1, image.shape[2]), axis=0).tolist()}


@pytest.mark.parametrize("ink", [(0, 0, 0), (60, 20, 10), (90, 0, 80)])
def test_every_colour_is_one_that_was_painted(ink):
    line, colors = split_lines_and_colors(picture(ink), RGB)
    assert colors_of(colors) <= {SKIN, SHIRT, HAIR, PAPER}
    assert colors[90, 120].tolist() == list(SKIN)
    assert colors[250, 90].tolist() == list(SHIRT)
    assert (line[168:173, 90] < 64).any()  # the top of the body
    assert line[250, 90] == 255


def test_coloured_trace_lines_are_lines():
    line, colors = split_lines_and_colors(picture(trace=(30, 30, 255)), RGB)
    assert (30, 30, 255) not in colors_of(colors)
    assert (line[220, 117:124] < 128).any()


def test_solid_areas_in_the_colour_of_the_ink_are_painted():
    line, colors = split_lines_and_colors(picture(hair=(0, 0, 0)), RGB)
    assert colors[45, 120].tolist() == [0, 0, 0]
    assert line[45, 120] == 255
    assert colors[250, 90].tolist() == list(SHIRT)


def test_colours_that_meet_without_ink_get_a_line_between_them():
    image = np.full((80, 120, 3), SKIN, np.uint8)
    image[:, 60:] = SHIRT
    line, colors = split_lines_and_colors(image, RGB)
    assert (line[:, 59:61] == 0).all()
    assert (line[:, :58] == 255).all()
    assert np.array_equal(colors, image)


def test_anti_aliased_pixels_are_as_dark_as_they_are_covered():
    image = picture()
    line, _ = split_lines_and_colors(image, RGB)
    # Across the left side of the body: paper, half-covered pixels, ink, half-covered, shirt.
    row = line[230, 50:70].astype(int)
    assert row[0] == row[-1] == 255
    assert row.min() == 0
    first = int(np.flatnonzero(row < 255)[0])
    assert row[first] > row[first + 1]


@pytest.mark.parametrize(
    ("pixels", "scale"),
    [
        (PixelFormat(16, 3), 257),
        (PixelFormat(16, 3, floating=True), 1 / 255),
        (PixelFormat(32, 3, floating=True), 1 / 255),
    ],
)
def test_other_depths_keep_their_values(pixels, scale):
    image = (picture().astype(np.float64) * scale).astype(pixels.dtype)
    _, colors = split_lines_and_colors(image, pixels)
    assert colors.dtype == image.dtype
    assert np.array_equal(colors[250, 90], image[250, 90])
    assert colors_of(colors) <= colors_of(image)


def test_transparent_ground_stays_transparent():
    image = np.dstack([picture(), np.full((300, 240), 255, np.uint8)])
    image[(image[:, :, :3] == 255).all(axis=2)] = (9, 9, 9, 0)
    line, colors = split_lines_and_colors(image, PixelFormat(8, 4))
    assert colors[5, 5, 3] == 0
    assert line[5, 5] == 255
    assert colors[90, 120].tolist() == [*SKIN, 255]


def test_noise_is_no_model_sheet():
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    with pytest.raises(ValueError, match="flat colour"):
        split_lines_and_colors(noise, RGB)
