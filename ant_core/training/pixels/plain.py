"""Plain ways to paint that networks stand beside: copies, means, and pixels moved by flow.

Those that know parts are told the true ones, so that they show what painting by parts can reach,
apart from how well parts are matched.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.color.pixels import PixelFormat
from ant_core.color.warp import Canvas, find_surfaces, move
from ant_core.matching.flow import Landing, Motion, SmallDrawing
from ant_core.matching.surface_maps import by_place, fit, measure_places
from ant_core.training.pixels.augment import nearest
from ant_core.training.pixels.pictures import PictureClip
from ant_core.training.pixels.systems import Painter
from segmentation import expand_labels

__all__ = ["OF_PARTS", "PLAIN"]

_FORMAT = PixelFormat(8, 4)
_INK = 128  # darker is ink
_LEAST_SHARE = 0.2  # of a part's flow that returns: below, places and areas say more


def _copied(clip: PictureClip, kind: int, given: Sequence[int]) -> NDArray[np.uint8]:
    """The nearest painted frame, as it is."""
    return clip.color[kind, [nearest(given, frame) for frame in range(len(clip.line))]]


def _mean(clip: PictureClip, kind: int, given: Sequence[int]) -> NDArray[np.uint8]:
    """The painted frames' mean colour wherever there is a figure, on white."""
    color = clip.color[kind, list(given)][clip.ids[list(given)] > 0].mean(0)
    return np.where(clip.ids[..., None] > 0, np.rint(color), 255).astype(np.uint8)


def _part_means(clip: PictureClip, kind: int, given: Sequence[int]) -> NDArray[np.uint8]:
    """The mean colour of each true part; parts that no painted frame has are as the mean of all."""
    ids, picture = clip.ids[list(given)], clip.color[kind, list(given)].astype(np.float64)
    table = np.tile(picture[ids > 0].mean(0), (int(clip.ids.max()) + 1, 1))
    counts = np.bincount(ids.ravel(), minlength=len(table))
    for channel in range(3):
        sums = np.bincount(ids.ravel(), picture[..., channel].ravel(), len(table))
        table[counts > 0, channel] = sums[counts > 0] / counts[counts > 0]
    table[0] = 255
    return np.rint(table[clip.ids]).astype(np.uint8)


def _landing(clip: PictureClip, frame: int, near: int) -> Landing:
    """Return where a frame's pixels lie in another one, by the product's flow."""
    here, there = (SmallDrawing(255 - clip.line[one], _parts(clip, one)) for one in (frame, near))
    return Motion().landing(here, there)


def _parts(clip: PictureClip, frame: int) -> NDArray[np.int32]:
    """Return true parts as segments, (S, S): 0 = line, 1 = paper, then the parts."""
    return np.where(clip.line[frame] < _INK, 0, clip.ids[frame].astype(np.int32) + 1)


def _flow(clip: PictureClip, kind: int, given: Sequence[int]) -> NDArray[np.uint8]:
    """The nearest painted frame, every pixel moved by the flow of the whole picture."""
    painted = clip.color[kind].copy()
    for frame in set(range(len(painted))) - set(given):
        near = nearest(given, frame)
        there = _landing(clip, frame, near)
        source = clip.color[kind, near]
        painted[frame] = cv2.remap(
            source, there.x, there.y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return painted


def _surfaces(clip: PictureClip, kind: int, given: Sequence[int]) -> NDArray[np.uint8]:
    """Each true part as the product moves a painted surface, from the nearest painted frame."""
    painted = _part_means(clip, kind, given)
    painted[list(given)] = clip.color[kind, list(given)]
    count = int(clip.ids.max()) + 1
    classes = np.arange(count)
    for frame in set(range(len(painted))) - set(given):
        near = nearest(given, frame)
        here, there = _parts(clip, frame), _parts(clip, near)
        under, source = expand_labels(here), expand_labels(there)
        image = _opaque(clip.color[kind, near])
        fitted = fit(here, _landing(clip, frame, near), source, (classes, classes))
        places = measure_places(under, count), measure_places(source, count)
        rows = np.flatnonzero((places[0][:, 2] > 0) & (places[1][:, 2] > 0))
        sure = (fitted.segment[rows] > 0) & (fitted.share[rows] >= _LEAST_SHARE)
        placed = by_place(places[0][rows], places[1][rows])
        maps = np.where(sure[:, None], fitted.map[rows], placed)
        canvas = Canvas(
            source, _inside(source, count), image, find_surfaces(source, image, _FORMAT)
        )
        segment = (rows + 1).astype(np.int32)
        moved = move(under, rows, maps, segment, canvas, _FORMAT, _opaque(painted[frame]))
        painted[frame] = moved[..., :3]
    return painted


def _opaque(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(S, S, 3) -> (S, S, 4), all of it painted."""
    return cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA).astype(np.uint8)


def _inside(labels: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """Return a pixel x, y of each segment, (count, 2); 0, 0 of those that are not there."""
    places = np.zeros((count + 1, 2), np.int32)
    y, x = np.indices(labels.shape, np.int32)
    places[labels.ravel()] = np.stack([x.ravel(), y.ravel()], 1)
    return places[1:]


PLAIN: dict[str, Painter] = {
    "the reference, copied": _copied,
    "its mean colour": _mean,
    "the mean colour of each part (true parts)": _part_means,
    "the reference, moved by flow": _flow,
    "each part's surface, moved by flow (true parts)": _surfaces,
}
OF_PARTS = frozenset(name for name in PLAIN if "true parts" in name)  # for exact clips alone
