import numpy as np

from ant_core.training.data.histograms import Histograms


def test_colours_count_by_their_pixels():
    found = Histograms()
    picture = np.zeros((4, 10, 4), np.uint8)  # transparent, which does not matter
    picture[:, :1] = picture[:2, 1:4] = 255
    found.add_picture(picture)
    found.add_picture(np.zeros((0, 3, 3), np.uint8))
    shares = found.shares()["luminance"]
    assert (shares["0-32"], shares["224-256"]) == (0.75, 0.25)
    assert sum(shares.values()) == 1
    assert "speed_px" not in found.shares()


def test_motion_is_that_of_a_picture_of_960_by_540():
    flow = np.zeros((270, 480, 2), np.float32)  # half that size
    flow[:, :240, 0] = 4  # 8 px there
    flow[:135, 240:, 1] = 100  # 200 px there
    flow[0, 0] = np.nan  # no motion known
    found = Histograms()
    found.add_flow(flow)
    assert found.speed.tolist() == [135 * 240, 0, 0, 270 * 240 - 1, 0, 0, 0, 135 * 240]


def test_joined_is_the_sum():
    one, other = Histograms(), Histograms()
    one.add_picture(np.zeros((1, 1, 3), np.uint8))
    other.add_picture(np.full((1, 1, 3), 255, np.uint8))
    one.join(other)
    assert one.luminance.tolist() == [1, 0, 0, 0, 0, 0, 0, 1]
