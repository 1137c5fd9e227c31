"""Which pieces of a painted drawing belong to one texture, with its light and shadow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ant_core.color.palette import UNPAINTED, Palette
from ant_core.color.pixels import to_display

__all__ = ["number_textures"]

_DARK = 4.0  # levels that are added before hues are compared: those of black say nothing
_SAME_HUE = 0.12  # distance of two directions, some 7 degrees
_MOST_LIGHT = 4.0  # times a colour in shadow that the same is in the light
_MOST_PAINTS = 256  # colours of a segment's textures that are told apart


def number_textures(
    segment: NDArray[np.int32],
    index: NDArray[np.int32],
    second: NDArray[np.int32],
    scattered: NDArray[np.bool_],
    palette: Palette,
) -> NDArray[np.int32]:
    """Number the textures of each segment; (P,) int32 from 1, 0 of pieces that belong to none.

    segment, index, second: (P,) int32, of every piece its segment and the palette's rows of its two
    commonest colours, UNPAINTED or below where there is none; scattered: (P,) bool, painted pieces
    of which no colour covers most.

    Scattered pieces of a segment are one texture, unless the two commonest colours of each have one
    hue, and those of another piece another one. Flat pieces that are light or shadow of a texture
    belong to it: they are in one of the two commonest colours of a piece of it, or in a lighter or
    darker one of its hue.
    """
    texture = np.zeros(len(index), np.int32)
    shown = _shown(palette)
    for one in np.unique(segment[scattered]):
        rows = np.flatnonzero((segment == one) & (index > UNPAINTED))
        torn, flat = rows[scattered[rows]], rows[~scattered[rows]]
        colors, at = np.unique(index[torn], return_inverse=True)
        paints = np.zeros(len(colors), np.int32)
        other = np.where(second[torn] > UNPAINTED, second[torn], index[torn])
        if len(colors) <= _MOST_PAINTS and _have_one_hue(shown[index[torn]], shown[other]).all():
            paints = _paints(shown[colors])
        texture[torn] = 1 + paints[at]
        of_second, first = np.unique(other, return_index=True)
        for color in np.unique(index[flat]):
            shades = np.flatnonzero(_are_shades(shown[colors], shown[color]) | (colors == color))
            if len(shades):
                texture[flat[index[flat] == color]] = 1 + paints[shades[0]]
            elif color in of_second:
                same = torn[first[np.searchsorted(of_second, color)]]
                texture[flat[index[flat] == color]] = texture[same]
    return texture


def _shown(palette: Palette) -> NDArray[np.float32]:
    """Return the colours of a palette as they are shown, from black on; (N, 3) float32."""
    colors = np.array([palette.color(index) for index in range(len(palette))])
    return to_display(colors[None].astype(palette.format.dtype))[0][0] + np.float32(_DARK)


def _have_one_hue(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell whether colours, (..., 3) of `_shown`, lie on one line to black, as light and shadow."""
    one = one / np.linalg.norm(one, axis=-1, keepdims=True)
    other = other / np.linalg.norm(other, axis=-1, keepdims=True)
    found: NDArray[np.bool_] = np.linalg.norm(one - other, axis=-1) <= _SAME_HUE
    return found


def _are_shades(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell whether one of two colours, (..., 3) of `_shown`, can be the other in light or shadow.

    Greys have one hue from black to white, which no light makes of each other.
    """
    lengths = np.linalg.norm(one, axis=-1), np.linalg.norm(other, axis=-1)
    near: NDArray[np.bool_] = np.maximum(*lengths) <= _MOST_LIGHT * np.minimum(*lengths)
    return near & _have_one_hue(one, other)


def _paints(shown: NDArray[np.float32]) -> NDArray[np.int32]:
    """Number colours, (K, 3) of `_shown`, by hue, which near ones share; (K,) from 0."""
    alike = _have_one_hue(shown[:, None], shown)
    number = np.arange(len(shown))
    while True:
        joined = np.where(alike, number, len(shown)).min(axis=1)
        if (joined == number).all():
            return np.unique(number, return_inverse=True)[1].astype(np.int32)
        number = joined
