"""How near a painted picture is to the true one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["corresponding", "frechet", "patch_psnr", "psnr", "ssim", "warp_error"]

_WINDOW, _SIGMA = 11, 1.5  # of SSIM
_MOST_DB = 100.0  # of equal pictures

Picture = NDArray[np.uint8]


def psnr(picture: Picture, truth: Picture, where: NDArray[np.bool_] | None = None) -> float:
    """Return the peak signal-to-noise ratio in dB, of the pixels `where` alone if given.

    >>> grey = np.full((2, 2, 3), 128, np.uint8)
    >>> round(psnr(grey, grey - 1), 2), psnr(grey, grey)
    (48.13, 100.0)
    """
    squares = (picture.astype(np.float64) - truth) ** 2
    error = float(np.mean(squares if where is None else squares[where]))
    return _MOST_DB if error == 0 else min(_MOST_DB, float(10 * np.log10(255**2 / error)))


def ssim(picture: Picture, truth: Picture) -> float:
    """Return the structural similarity, the mean of the channels (Wang et al. 2004, section III).

    Parameters
    ----------
    picture, truth
        (H, W, C), at least 11 pixels a side.
    """
    a, b = picture.astype(np.float64), truth.astype(np.float64)

    def blurred(plane: NDArray[np.float64]) -> NDArray[np.float64]:
        half = _WINDOW // 2
        full = cv2.GaussianBlur(plane, (_WINDOW, _WINDOW), _SIGMA)
        return np.asarray(full[half:-half, half:-half], np.float64)

    one, two = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = blurred(a), blurred(b)
    spread_a = blurred(a * a) - mean_a**2
    spread_b = blurred(b * b) - mean_b**2
    both = blurred(a * b) - mean_a * mean_b
    above = (2 * mean_a * mean_b + one) * (2 * both + two)
    below = (mean_a**2 + mean_b**2 + one) * (spread_a + spread_b + two)
    return float(np.mean(above / below))


def corresponding(
    here: tuple[NDArray[np.int16], NDArray[np.float16]],
    there: tuple[NDArray[np.int16], NDArray[np.float16]],
    count: int,
    nearer: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find places that show the same point of a surface in two frames.

    Parameters
    ----------
    here, there
        (H, W) part ids and (H, W, 3) places at rest of each.
    count
        Places tried, drawn from the painted pixels of `here`.
    nearer
        Greatest distance at rest of a pair.

    Returns
    -------
    two (N, 2) int64
        Rows and columns in each; N at most `count`.
    """
    rows, columns = np.nonzero(here[0])
    if len(rows) == 0:
        return np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64)
    drawn = rng.choice(len(rows), min(count, len(rows)), replace=False)
    pairs = []
    for row, column in zip(rows[drawn], columns[drawn], strict=True):
        y, x = np.nonzero(there[0] == here[0][row, column])
        if len(y) == 0:
            continue
        place = here[1][row, column].astype(np.float32)
        distance = np.linalg.norm(there[1][y, x].astype(np.float32) - place, axis=1)
        best = int(distance.argmin())
        if distance[best] <= nearer:
            pairs.append(((row, column), (y[best], x[best])))
    found = np.array(pairs, np.int64).reshape(-1, 2, 2)
    return found[:, 0], found[:, 1]


def patch_psnr(
    picture: Picture,
    reference: Picture,
    places: tuple[NDArray[np.int64], NDArray[np.int64]],
    half: int,
) -> float | None:
    """Return SC-PSNR (Lee et al. 2020, section 4.2): PSNR of patches about corresponding places.

    Parameters
    ----------
    places
        (N, 2) rows and columns in the picture and in the reference.
    half
        Patches are 2 * half + 1 pixels a side; the paper does not say.

    Returns
    -------
    float or None
        None without a pair of places whose patches lie in both pictures.
    """
    size = np.array(picture.shape[:2])
    inside = [
        np.all((p >= half) & (p < size - half), axis=1) if len(p) else np.zeros(0, bool)
        for p in places
    ]
    both = inside[0] & inside[1]
    if not both.any():
        return None
    reach = np.arange(-half, half + 1)

    def patches(image: Picture, points: NDArray[np.int64]) -> Picture:
        rows = points[:, 0, None, None] + reach[:, None]
        columns = points[:, 1, None, None] + reach
        return image[rows, columns]

    return psnr(patches(picture, places[0][both]), patches(reference, places[1][both]))


def frechet(ours: NDArray[np.floating], true: NDArray[np.floating]) -> float:
    """Return the Frechet distance of two sets of features, each taken as normally distributed.

    Only with Inception's features is it the FID (Heusel et al. 2017); what it says depends on
    whose features they are.

    Parameters
    ----------
    ours, true
        (N, D) and (M, D), two rows or more; fewer rows than columns make it larger than it is.

    >>> one = np.array([[0.0, 0.0], [2.0, 2.0]])
    >>> round(frechet(one, one + [3, 4]), 6)
    25.0
    """
    means = [one.mean(0, dtype=np.float64) for one in (ours, true)]
    first, second = (np.cov(one, rowvar=False).reshape(2 * [one.shape[1]]) for one in (ours, true))
    # The product of two covariances has the eigenvalues of a positive matrix, but for rounding.
    values = np.linalg.eigvals(first @ second).real.clip(min=0)
    spread = np.trace(first) + np.trace(second) - 2 * np.sqrt(values).sum()
    return float(((means[0] - means[1]) ** 2).sum() + spread)


def warp_error(
    before: Picture, after: Picture, flow: NDArray[np.float16], ids: NDArray[np.int16]
) -> float | None:
    """Return how far a picture is from the one before, moved by the exact flow.

    Parameters
    ----------
    flow
        (H, W, 2) x, y in pixels from `before` to `after`.
    ids
        (2, H, W) part ids of both: only pixels count that show the same part.

    Returns
    -------
    float or None
        Mean absolute difference of levels; None where no part is seen in both.
    """
    height, width = flow.shape[:2]
    y, x = np.mgrid[:height, :width]
    there_x = np.rint(x + flow[..., 0].astype(np.float32)).astype(np.int64)
    there_y = np.rint(y + flow[..., 1].astype(np.float32)).astype(np.int64)
    inside = (there_x >= 0) & (there_x < width) & (there_y >= 0) & (there_y < height)
    there_x, there_y = there_x.clip(0, width - 1), there_y.clip(0, height - 1)
    seen = inside & (ids[0] > 0) & (ids[1][there_y, there_x] == ids[0])
    if not seen.any():
        return None
    difference = np.abs(before.astype(np.float32) - after[there_y, there_x])
    return float(difference[seen].mean())
