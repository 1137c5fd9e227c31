"""Painted surfaces: what is one, and how its pixels go where a map leads."""

import numpy as np
import pytest

from ant_core.color.pixels import PixelFormat
from ant_core.color.warp import Canvas, Surface, find_surfaces, move

RGBA8 = PixelFormat(8, 4)
FORMATS = [
    RGBA8,
    PixelFormat(8, 1),
    PixelFormat(16, 3),
    PixelFormat(16, 4),
    PixelFormat(16, 4, floating=True),
    PixelFormat(32, 4, floating=True),
    PixelFormat(8, 5),
    PixelFormat(16, 5),
    PixelFormat(32, 5, floating=True),
]
SIZE = (24, 30)


def noise(pixels, seed=0):
    rng = np.random.default_rng(seed)
    image = rng.random((*SIZE, pixels.channels)) * pixels.full
    return np.ascontiguousarray(image.astype(pixels.dtype))


def halves():
    labels = np.full(SIZE, 1, np.int32)
    labels[:, 15:] = 2
    return labels


def canvas(image, crisp, labels=None):
    labels = halves() if labels is None else labels
    flags = np.full(2, False)
    inside = np.array([[5, 12], [22, 12]], np.int32)
    return Canvas(labels, inside, image, Surface(flags, np.full(2, crisp), flags))


def moved(image, pixels, maps, *, crisp, labels=None, segment=(1, 2)):
    empty = np.zeros((*SIZE, pixels.channels), pixels.dtype)
    rows = np.arange(2)
    maps = np.asarray(maps, np.float64).reshape(-1, 6)
    labels = halves() if labels is None else labels
    source = canvas(image, crisp)
    return move(labels, rows, maps, np.array(segment, np.int32), source, pixels, empty)


STILL = [[1, 0, 0, 0, 1, 0]] * 2


@pytest.mark.parametrize("pixels", FORMATS, ids=str)
@pytest.mark.parametrize("crisp", [True, False])
def test_what_stands_still_comes_back_bit_by_bit(pixels, crisp):
    image = noise(pixels)
    if pixels.has_alpha:
        image[..., -1] = pixels.full
    assert moved(image, pixels, STILL, crisp=crisp).tobytes() == image.tobytes()


@pytest.mark.parametrize("pixels", FORMATS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_copied_surfaces_have_no_new_value(pixels, seed):
    rng = np.random.default_rng(seed)
    image = noise(pixels, seed)
    maps = np.array(STILL) + rng.normal(0, (0.2, 0.2, 3, 0.2, 0.2, 3), (2, 6))
    made = moved(image, pixels, maps, crisp=True)
    known = {pixel.tobytes() for pixel in image.reshape(-1, pixels.channels)}
    assert {pixel.tobytes() for pixel in made.reshape(-1, pixels.channels)} <= known


def obvious(image, labels, segment, u, v):
    """The slow way: mix the pixels of the segment around a place, weighted with alpha."""
    total = solid = 0.0
    color = np.zeros(3)
    for y in {int(v), min(int(v) + 1, SIZE[0] - 1)}:
        for x in {int(u), min(int(u) + 1, SIZE[1] - 1)}:
            weight = (1 - abs(u - x)) * (1 - abs(v - y)) * (labels[y, x] == segment)
            total += weight
            solid += weight * image[y, x, 3]
            color += weight * image[y, x, 3] * image[y, x, :3].astype(float)
    if solid == 0:
        return np.zeros(4)
    return np.floor(np.append(color / solid, solid / total) + 0.5)


def test_mixed_surfaces_are_those_of_the_obvious_way():
    image, labels = noise(RGBA8), halves()
    image[::3, ::4, 3] = 0
    maps = np.array([[0.9, 0.1, 1.3, -0.1, 0.95, 2.2], [1, 0, -0.4, 0, 1, 0.3]])
    made = moved(image, RGBA8, maps, crisp=False)
    checked = 0
    for y in range(SIZE[0]):
        for x in range(SIZE[1]):
            m = maps[labels[y, x] - 1]
            u, v = m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]
            u, v = np.clip(u, 0, SIZE[1] - 1), np.clip(v, 0, SIZE[0] - 1)
            if labels[round(v), round(u)] == labels[y, x]:
                wanted = obvious(image, labels, labels[y, x], u, v)
                assert np.abs(made[y, x] - wanted).max() <= 1
                checked += 1
    assert checked > 500


def test_other_segments_never_take_part():
    image = np.zeros((*SIZE, 4), np.uint8)
    image[:, :15] = (200, 0, 0, 255)
    image[:, 15:] = (0, 0, 200, 255)
    made = moved(image, RGBA8, [[1, 0, 0.5, 0, 1, 0.5]] * 2, crisp=False)
    assert np.unique(made.reshape(-1, 4), axis=0).tolist() == [[0, 0, 200, 255], [200, 0, 0, 255]]


def test_places_outside_of_the_segment_get_its_nearest_pixel():
    image = noise(RGBA8)
    image[..., 3] = 255
    near = moved(image, RGBA8, [[1, 0, 5, 0, 1, 0], STILL[0]], crisp=False)
    assert (near[:, 10:15] == image[:, 14:15]).all()
    far = moved(image, RGBA8, [[1, 0, 400, 0, 1, 0], STILL[0]], crisp=False)
    known = {pixel.tobytes() for pixel in image[:, :15].reshape(-1, 4)}
    assert {pixel.tobytes() for pixel in far[:, :15].reshape(-1, 4)} <= known


def test_clear_pixels_lend_no_colour():
    image = np.zeros((*SIZE, 4), np.uint8)
    image[:, :7] = (255, 255, 255, 0)  # clear, and white
    image[:, 7:] = (100, 50, 20, 200)
    made = moved(image, RGBA8, [[1, 0, 0.5, 0, 1, 0]] * 2, crisp=False)
    assert made[0, 6].tolist() == [100, 50, 20, 100]
    assert made[0, 3].tolist() == [0, 0, 0, 0]


def test_what_is_no_number_stays_where_it_is():
    pixels = PixelFormat(32, 4, floating=True)
    image = noise(pixels)
    image[..., 3] = 1
    image[:, 15:, :3] = np.nan
    made = moved(image, pixels, [[1, 0, 0.5, 0, 1, 0.5], STILL[0]], crisp=False)
    assert np.isfinite(made[:, :15]).all()
    assert np.isnan(made[:, 15:, :3]).all()


def test_nothing_to_move_leaves_the_picture_alone():
    image = noise(RGBA8)
    none = np.zeros(0, np.int64)
    assert move(halves(), none, np.zeros((0, 6)), none, canvas(image, True), RGBA8, image) is image


@pytest.mark.parametrize("pixels", FORMATS, ids=str)
def test_one_colour_with_a_little_noise_is_flat_and_a_gradient_is_none(pixels):
    labels = halves()
    image = np.zeros((*SIZE, pixels.channels), np.float64)
    image[:] = 0.5
    image[:, :15] += np.random.default_rng(0).normal(0, 1 / 255, (SIZE[0], 15, 1))
    image[:, 15:] += np.linspace(-0.4, 0.4, SIZE[0])[:, None, None]
    scale = np.full(pixels.channels, float(pixels.full))
    if pixels.channels == 5 and pixels.floating:
        scale[:4] = 100
    image = (image * scale).astype(pixels.dtype)
    meant = np.tile((0.5 * scale).astype(pixels.dtype), (3, 1))
    assert find_surfaces(labels, image, pixels, meant).flat.tolist() == [True, False]


def test_sixteen_colours_are_crisp_and_more_are_not():
    labels = halves()
    image = np.full((*SIZE, 4), 255, np.uint8)
    image[..., 0] = np.arange(SIZE[0])[:, None] % 16
    image[:, 15:, 0] = np.arange(SIZE[0])[:, None]
    found = find_surfaces(labels, image, RGBA8)
    assert found.crisp.tolist() == [True, False]
    assert found.flat.tolist() == [False, False]


@pytest.mark.parametrize("others", [7, 9])
def test_two_in_a_hundred_pixels_may_have_other_colours(others):
    """Whichever come first: colours are told apart no more where it is decided."""
    labels = np.ones((20, 20), np.int32)
    image = np.full((20, 20, 4), 255, np.uint8)
    image[..., 0] = np.arange(20) % 16
    image.reshape(-1, 4)[:others, 1] = np.arange(others)
    image.reshape(-1, 4)[100 : 100 + 70, 0] = 3
    assert find_surfaces(labels, image, RGBA8).crisp.tolist() == [others < 8]
    rare = np.full((20, 20, 4), 255, np.uint8)
    rare.reshape(-1, 4)[:90, 1] = np.arange(90)
    assert find_surfaces(labels, rare, RGBA8).crisp.tolist() == [False]


def test_bare_is_where_nothing_is_painted():
    image = np.zeros((*SIZE, 4), np.uint8)
    image[:, :3] = (9, 9, 9, 0)  # clear in any colour
    image[2, 20] = 255
    found = find_surfaces(halves(), image, RGBA8)
    assert found.bare.tolist() == [True, False]
    assert found.flat.tolist() == [True, False]
