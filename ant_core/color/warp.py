"""Painted surfaces: whether a segment has one, and how its pixels go where its map leads.

Pixels come from the artist's picture alone. Where few colours cover a segment, as hard shadows
and patterns do, they are copied, so that no new value appears; elsewhere the four pixels around a
place are mixed, weighted with their alpha. Pixels of other segments never take part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color._warp_kernels import count_near, count_paints, move_surfaces
from ant_core.color.joined import FLAT_SHARE
from ant_core.color.pixels import FLOAT_INK, PixelFormat, to_codes

__all__ = ["Canvas", "Surface", "find_surfaces", "move"]

_CRISP_COLORS = 16  # that many colours
_CRISP_SHARE = 0.98  # cover so much of a surface whose values are copied
_CODES = 64  # different colours of a segment that are told apart
_NOISE_LEVELS = 6.0  # of 255 on each channel: what JPEG, dithering and rounding add to one colour
_COPY, _MIX = 1, 2


@dataclass(frozen=True)
class Surface:
    """What the N segments of a painted frame have; row i is segment i + 1.

    Attributes
    ----------
    flat : (N,) bool
        One colour, give or take noise.
    crisp : (N,) bool
        Few colours: values are copied.
    bare : (N,) bool
        Nothing is painted.
    """

    flat: NDArray[np.bool_]
    crisp: NDArray[np.bool_]
    bare: NDArray[np.bool_]


@dataclass(frozen=True)
class Canvas:
    """A painted frame that surfaces come from.

    Attributes
    ----------
    labels : (H, W) int32
        Its segments, each reaching to the middle of its lines.
    inside : (N, 2) int32
        A pixel x, y of each.
    image : (H, W, C) of the format
    surface : Surface
    """

    labels: NDArray[np.int32]
    inside: NDArray[np.int32]
    image: NDArray[Any]
    surface: Surface


def find_surfaces(
    labels: NDArray[np.int32],
    image: NDArray[Any],
    pixels: PixelFormat,
    meant: NDArray[Any] | None = None,
) -> Surface:
    """Tell which segments of a painted frame are no single colour.

    Parameters
    ----------
    labels : (H, W) int32
        0 = line, 1..N; not modified.
    image : (H, W, C) of `pixels`
        Not modified.
    meant : (N + 1, C) of `pixels`, optional
        The flat colour of each segment, row 0 unused. Segments within noise of it on nine tenths
        of their pixels are flat. Without it those are flat that have exactly one value.
    """
    count = int(labels.max(initial=0)) if meant is None else len(meant) - 1
    labels = np.ascontiguousarray(labels, np.int32)
    codes = _folded(to_codes(np.ascontiguousarray(image).reshape(-1, image.shape[2]), pixels))
    values = np.zeros((count + 1, _CODES), np.uint64)
    uses = np.zeros((count + 1, _CODES), np.int64)
    others = np.zeros(count + 1, np.int64)
    size = np.bincount(labels.ravel(), minlength=count + 1)
    size[0] = 0
    # So many others tell that a segment is not crisp, and so neither flat nor bare.
    enough = ((1 - _CRISP_SHARE) * size).astype(np.int64) + 1
    count_paints(labels.ravel(), codes, values, uses, others, enough)
    most = -np.sort(-uses, axis=1)[:, :_CRISP_COLORS]
    nothing = to_codes(pixels.bare()[None], pixels)
    bare = np.where(values == _folded(nothing), uses, 0).sum(axis=1) == size
    crisp = most.sum(axis=1) >= _CRISP_SHARE * size
    if meant is None:
        flat = most[:, 0] == size
    else:
        near = np.zeros(count + 1, np.int64)
        count_near(labels, _plain(image), meant.astype(np.float64), _noise(pixels), near)
        flat = near >= FLAT_SHARE * size
    return Surface(flat[1:], crisp[1:], bare[1:])


def _folded(codes: NDArray[Any]) -> NDArray[np.uint64]:
    """Fold codes (P,) of any width into 64 bits each."""
    if codes.dtype.kind == "u":
        return codes.astype(np.uint64)
    width = -(-codes.dtype.itemsize // 8) * 8
    padded = codes.astype(f"S{width}")
    words = np.ascontiguousarray(padded).view(np.uint64).reshape(len(codes), -1)
    folded = np.zeros(len(codes), np.uint64)
    for column in words.T:
        folded = (folded ^ column) * np.uint64(0x9E3779B97F4A7C15)
        folded ^= folded >> np.uint64(29)
    return folded


def _noise(pixels: PixelFormat) -> NDArray[np.float64]:
    limit = np.full(pixels.channels, pixels.full * _NOISE_LEVELS / 255)
    if pixels.floating and pixels.channels == 5:
        limit[:-1] = FLOAT_INK * _NOISE_LEVELS / 255
    return limit


def _plain(image: NDArray[Any]) -> NDArray[Any]:
    """Return an image in a type that kernels calculate with; half floats are exact as floats."""
    return image.astype(np.float32) if image.dtype == np.float16 else np.ascontiguousarray(image)


def move(
    labels: NDArray[np.int32],
    rows: NDArray[np.int64],
    maps: NDArray[np.float64],
    segment: NDArray[np.int32],
    canvas: Canvas,
    pixels: PixelFormat,
    out: NDArray[Any],
) -> NDArray[Any]:
    """Paint segments of a target with those of a canvas.

    Parameters
    ----------
    labels : (H, W) int32
        Segments 1..N of the target, under its lines too; not modified.
    rows : (n,) int64
        Which segments, less one.
    maps : (n, 6) float64
        Target pixel x, y to canvas: xx, xy, x0, yx, yy, y0.
    segment : (n,) int32
        The segment of the canvas that each comes from. Places outside of it get its nearest pixel.
    out : (H, W, C) of `pixels`
        Not modified.

    Returns
    -------
    (H, W, C) of `pixels`
        `out` with those segments painted.
    """
    if len(rows) == 0:
        return out
    count = max(int(labels.max(initial=0)), int(rows.max()) + 1)
    mode = np.zeros(count + 1, np.uint8)
    mode[rows + 1] = np.where(canvas.surface.crisp[segment - 1], _COPY, _MIX)
    table = np.zeros((count + 1, 6))
    table[rows + 1] = maps
    own = np.zeros(count + 1, np.int32)
    own[rows + 1] = segment
    inside = np.zeros((count + 1, 2), np.int32)
    inside[rows + 1] = canvas.inside[segment - 1]
    painted = np.array(_plain(out))
    move_surfaces(
        labels,
        mode,
        table,
        own,
        inside,
        canvas.labels,
        _plain(canvas.image),
        pixels.channels - 1 if pixels.has_alpha else -1,
        0.0 if pixels.floating else float(pixels.full),
        painted,
    )
    return painted.astype(out.dtype) if painted.dtype != out.dtype else painted
