"""A flattened picture taken apart again: lines here, flat colours there.

Flat colour is what repeats exactly over an area; ink is a dark colour that does so in thin
strokes only; anti-aliased pixels are neither. Nothing is blurred or averaged: every colour of
the result is a value of the picture.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.color.pixels import PixelFormat, from_codes, same_as_next, to_codes, to_display
from segmentation import line_width

__all__ = ["split_lines_and_colors"]

_LEAST_INK_LENGTH = 0.15  # of the longer side: all strokes of one ink colour together
_WIDEST_INK = 0.006  # of the longer side, and seven pixels more
_THIN_SHARE = 0.3  # of an ink colour's pixels must lie in strokes; the rest are solid fills
_MOST_CANDIDATES = 48  # colours that are looked at as ink
_LEAST_FLAT = 0.4  # share of a picture in flat colour, below which it is no model sheet
_AROUND_INK = 0.4  # of a colour's rim beside darker ink: then it is a fill or an edge, not ink


def split_lines_and_colors(
    image: NDArray[Any], pixels: PixelFormat
) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Tell the lines of a coloured picture from its flat colours.

    Where two colours meet without ink a line is drawn between them, as trace lines do in line
    art. Solid areas of an ink's colour (black hair) are flat colour, not ink.

    Parameters
    ----------
    image : (H, W, C) of the format
        Lines and colours in one; not modified.

    Returns
    -------
    line : (H, W) uint8
        Ink on white paper.
    colors : (H, W, C) of the dtype of `image`
        The flat colours, which reach under the lines to their middle.

    Raises
    ------
    ValueError
        When the picture has hardly any flat colour, as after lossy compression.
    """
    index, values = _color_index(image, pixels)
    solid = _solid(index)
    counts = np.bincount(index.ravel(), minlength=len(values))
    solids = np.bincount(index[solid], minlength=len(values))
    depth = _depth(values)
    flat = (solids > 0)[index]
    ink = np.zeros(index.shape, np.bool_)
    for color in _candidates(counts, depth, max(index.shape)):
        part = _around(index == color)
        strokes = _strokes(index[part] == color, index[part], depth, ink[part], max(index.shape))
        if strokes is not None:
            ink[part] |= strokes
            flat[part] &= ~strokes
    if flat.mean() < _LEAST_FLAT:
        raise ValueError(
            f"only {flat.mean():.0%} of it is flat colour: export it without blur, texture or "
            "lossy compression (as PNG, not JPEG)"
        )
    owner = _nearest(flat)
    colors = image.reshape(-1, image.shape[2])[owner]
    darkness = _darkness(image, colors, ink, flat)
    darkness[_seams(index.ravel()[owner])] = 255
    return (255 - darkness).astype(np.uint8), colors


def _color_index(
    image: NDArray[Any], pixels: PixelFormat
) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Number the colours: (H, W) int32 index, (K, C) values; fully transparent is one colour."""
    flat = np.ascontiguousarray(image).reshape(-1, image.shape[2])
    # Flat pictures are few runs of equal pixels.
    change = ~same_as_next(flat, pixels)
    start = np.flatnonzero(np.concatenate([[True], change]))
    length = np.diff(np.append(start, len(flat)))
    codes, run = np.unique(to_codes(flat[start], pixels), return_inverse=True)
    index = np.repeat(run.astype(np.int32), length)
    return index.reshape(image.shape[:2]), from_codes(codes, pixels)


def _solid(index: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Mark pixels whose eight neighbours have their colour."""
    number = index.astype(np.float32)  # exact: fewer than 2**24 colours
    box = np.ones((3, 3), np.uint8)
    return np.asarray(cv2.erode(number, box) == cv2.dilate(number, box))


def _depth(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return (K,) float32 in [0, 1]: 1 minus the lowest channel, less where transparent."""
    color, alpha = to_display(values[None])
    return np.asarray(((1 - color.min(axis=2) / 255) * alpha[:, :, 0])[0])


def _candidates(
    counts: NDArray[np.int64], depth: NDArray[np.float32], side_px: int
) -> NDArray[np.int64]:
    """Return the colours that may be ink, the darkest first."""
    enough = np.flatnonzero((counts >= _LEAST_INK_LENGTH * side_px) & (depth >= 0.35))
    enough = enough[np.argsort(-counts[enough], kind="stable")][:_MOST_CANDIDATES]
    return enough[np.argsort(-depth[enough], kind="stable")]


def _around(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the box of a mask with a pixel around it."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return slice(max(0, y - 1), y + height + 1), slice(max(0, x - 1), x + width + 1)


def _strokes(
    mask: NDArray[np.bool_],
    index: NDArray[np.int32],
    depth: NDArray[np.float32],
    ink: NDArray[np.bool_],
    side_px: int,
) -> NDArray[np.bool_] | None:
    """Return the part of one colour that is strokes, None when the colour is no ink.

    `ink` is the ink found so far, all of it at least as dark; all arrays are cut to where the
    colour is, and `side_px` is the longer side of the whole picture.
    """
    width = line_width(mask)
    if width > _WIDEST_INK * side_px + 7:
        return None
    radius = 0.75 * width + 1
    inner = cv2.distanceTransform(_padded(mask), cv2.DIST_L2, 5)[1:-1, 1:-1]
    core = inner > radius
    strokes = mask.copy()
    if core.any():
        # As far from the core as the core is from the rim: the opening of the mask by a ball.
        solid = cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 5) <= radius
        strokes &= ~_large(solid & mask, 8 * radius * radius)
    length = strokes.sum() / width
    if strokes.sum() < _THIN_SHARE * mask.sum() or length < _LEAST_INK_LENGTH * side_px:
        return None
    near = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~mask
    rim = int(near.sum())
    own = depth[index[mask][0]]
    around = depth[index[near]]
    if rim == 0 or (ink & near).sum() > _AROUND_INK * rim or (around > own).mean() > _AROUND_INK:
        return None
    return strokes


def _large(mask: NDArray[np.bool_], least_px: float) -> NDArray[np.bool_]:
    """Keep the connected parts of at least so many pixels: others are joints of strokes."""
    _, parts, table, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    keep = table[:, cv2.CC_STAT_AREA] >= least_px
    keep[0] = False
    return np.asarray(keep[parts])


def _padded(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Surround a mask with bare pixels: the picture's border bounds a colour too."""
    return np.pad(mask.astype(np.uint8), 1)


def _nearest(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for every pixel the flat index of the nearest marked pixel, (H, W)."""
    _, zone = cv2.distanceTransformWithLabels(
        (~mask).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    places = np.flatnonzero(mask)
    table = np.zeros(int(zone.max()) + 1, np.int64)
    table[zone.ravel()[places]] = places
    return np.asarray(table[zone])


def _darkness(
    image: NDArray[Any], colors: NDArray[Any], ink: NDArray[np.bool_], flat: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Return how much ink covers every pixel, from where its value lies between colour and ink."""
    darkness = np.where(ink, 255, 0).astype(np.uint8)
    mixed = np.flatnonzero(~(ink | flat))
    if not ink.any() or len(mixed) == 0:
        return darkness
    channels = image.shape[2]
    value = image.reshape(-1, channels)[mixed].astype(np.float32)
    below = colors.reshape(-1, channels)[mixed].astype(np.float32)
    above = image.reshape(-1, channels)[_nearest(ink).ravel()[mixed]].astype(np.float32)
    way = above - below
    share = ((value - below) * way).sum(axis=1) / np.maximum((way * way).sum(axis=1), 1e-9)
    darkness.ravel()[mixed] = np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
    return darkness


def _seams(owner_color: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Mark both pixels wherever two colours meet."""
    seam = np.zeros(owner_color.shape, np.bool_)
    across = owner_color[:, 1:] != owner_color[:, :-1]
    down = owner_color[1:] != owner_color[:-1]
    seam[:, 1:] |= across
    seam[:, :-1] |= across
    seam[1:] |= down
    seam[:-1] |= down
    return seam
