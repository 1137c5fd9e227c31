"""Metrics of painted pictures, against values worked out by hand."""

import numpy as np
import pytest

from ant_core.training.evaluation.pixel_metrics import (
    corresponding,
    patch_psnr,
    psnr,
    ssim,
    warp_error,
)


def test_psnr_of_a_known_error_and_of_chosen_pixels():
    truth = np.full((4, 4, 3), 100, np.uint8)
    picture = truth.copy()
    picture[0] = 110
    assert psnr(picture, truth) == pytest.approx(10 * np.log10(255**2 / 25))
    first = np.zeros((4, 4), bool)
    first[0] = True
    assert psnr(picture, truth, first) == pytest.approx(10 * np.log10(255**2 / 100))
    assert psnr(truth, truth) == 100


def test_ssim_of_equal_pictures_is_one_and_of_flat_ones_is_that_of_their_brightness():
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (24, 30, 3), dtype=np.uint8)
    assert ssim(picture, picture) == pytest.approx(1)
    noisy = np.clip(picture + rng.normal(0, 40, picture.shape), 0, 255).astype(np.uint8)
    assert 0.3 < ssim(noisy, picture) < 0.99
    one, two = np.full((2, 16, 16, 1), [[[[50]]], [[[100]]]], np.uint8)
    constant = (0.01 * 255) ** 2
    expected = (2 * 50 * 100 + constant) / (50**2 + 100**2 + constant)
    assert ssim(one, two) == pytest.approx(expected, abs=1e-6)


def test_corresponding_places_lie_on_the_same_point_of_the_same_part(clip):
    here, there = (clip.ids[2], clip.rest[2]), (clip.ids[0], clip.rest[0])
    rng = np.random.default_rng(0)
    places, moved = corresponding(here, there, 40, 0.001, rng)
    assert len(places) == 40
    assert np.array_equal(places - moved, np.tile([0, 4], (40, 1)))
    gone = np.where(there[0] == 2, 0, there[0]), there[1]
    fewer, _ = corresponding(here, gone, 40, 0.001, np.random.default_rng(0))
    assert 0 < len(fewer) < 40
    none = corresponding((clip.ids[0] * 0, clip.rest[0]), there, 40, 0.001, rng)
    assert len(none[0]) == 0


def test_patches_about_corresponding_places_are_compared(clip):
    here, there = (clip.ids[2], clip.rest[2]), (clip.ids[0], clip.rest[0])
    places = corresponding(here, there, 200, 0.001, np.random.default_rng(0))
    truth, reference = clip.color[0, 2], clip.color[0, 0]
    assert patch_psnr(truth, reference, places, 2) == 100  # all that is painted moved alike
    assert patch_psnr(reference, reference, places, 2) < 25
    edge = (np.array([[0, 0]]), np.array([[9, 9]]))
    assert patch_psnr(truth, reference, edge, 2) is None


def test_warp_error_is_zero_along_the_true_flow_and_counts_what_flickers(clip):
    truth = clip.color[0]
    assert warp_error(truth[0], truth[1], clip.flow[0], clip.ids[:2]) == 0
    brighter = np.clip(truth[1] * 1.0 + 7, 0, 255).astype(np.uint8)
    expected = np.abs(brighter.astype(float) - truth[1])[clip.ids[1] > 0].mean()
    assert warp_error(truth[0], brighter, clip.flow[0], clip.ids[:2]) == pytest.approx(expected)
    assert warp_error(truth[0], truth[1], clip.flow[0], clip.ids[:2] * 0) is None
