"""The colour that was meant where a segment is not painted in one: noise, soft edges, dabs.

Painted frames come with JPEG noise, dithering, blended edges, and dabs that do not fill their
segment. What is near the middle of a segment's colours, by as much as its own pixels differ from
their neighbours, is one paint; segments whose spread holds the same value have the same paint.
The value given is always one that occurs in the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.color.dabs import PAPER_LEVELS, Blobs
from ant_core.color.pixels import PixelFormat, from_codes, to_codes, to_levels

__all__ = ["FLAT_SHARE", "Joined", "join_colors"]

FLAT_SHARE = 0.9  # share of a segment's inside from which on it is flat
_LEAST_INTERIOR = 0.1  # share of a segment that must be interior for the rim to be left out
_CORE_PX = 3  # blended edges reach this deep
_LEAST_CORE = 16  # pixels of the core from which on it decides about scattered colours
_TYPICAL_PAIRS = 64  # pairs of pixels that the noise of the whole picture counts as
_PATCH = 16  # pixels over which noise is alike: blocks, dots, grains
_EDGE = 32  # levels; neighbours that differ by more belong to two paints
_ROUNDING = 1.0  # levels that conversions cost (YCbCr and back)
_SPREAD = (0.1, 0.9)  # shares of a paint's pixels between which its name is looked for
_STEPS = 4  # until the middle stands still, in nearly all cases
_NOISE = 3.0  # a paint reaches this many times the noise to each side of its middle


@dataclass(frozen=True)
class Joined:
    """What was meant in the segments looked at; row k is `segment[k]`.

    Attributes
    ----------
    segment : (K,) int64
    code : (K,)
        Of `to_codes`: the colour meant.
    share : (K,) float64
        Of the segment's inside, bare ground left out where it is dabbed.
    second : (K,)
        Code of the next colour; equal to `code` where there is none.
    second_share : (K,) float64
    second_at : (K,) int64
        Offset of a pixel of it.
    dab_at : (K,) int64
        Offset of a pixel inside the dab; -1 where the segment is not dabbed.
    """

    segment: NDArray[np.int64]
    code: NDArray[Any]
    share: NDArray[np.float64]
    second: NDArray[Any]
    second_share: NDArray[np.float64]
    second_at: NDArray[np.int64]
    dab_at: NDArray[np.int64]


@dataclass(frozen=True)
class _Paints:
    """The different values of the segments looked at.

    Attributes
    ----------
    code : (V,)
        Rising.
    levels : (V, C) float32
    paper : (V,) bool
        Bare where it is the commonest of a segment.
    clear : (V,) bool
        Transparent.
    """

    code: NDArray[Any]
    levels: NDArray[np.float32]
    paper: NDArray[np.bool_]
    clear: NDArray[np.bool_]


@dataclass(frozen=True)
class _Inside:
    """The pixels of a segment that count.

    Attributes
    ----------
    at : (P,) int64
        Offsets of its inside, only painted ones where it is dabbed.
    value : (P,) int64
        Row of each pixel's colour in `_Paints`.
    core : (P,) bool
        Pixels out of reach of blended edges.
    dab_at : int
        Offset of a pixel of the dab, -1 where it is none.
    """

    at: NDArray[np.int64]
    value: NDArray[np.int64]
    core: NDArray[np.bool_]
    dab_at: int


@dataclass(frozen=True)
class _Part:
    """One segment that is not painted in one value.

    Attributes
    ----------
    inside : _Inside
    values, counts : (V,) int64
        The different rows of `_Paints`, rising, and the pixels of each.
    paint : (V,) bool
        Values that are the segment's paint.
    middle, low, high : (C,) float32
        Levels of the middle of the paint, and between which values the middle is uncertain.
    """

    inside: _Inside
    values: NDArray[np.int64]
    counts: NDArray[np.int64]
    paint: NDArray[np.bool_]
    middle: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]

    @property
    def mass(self) -> int:
        """Pixels of the paint."""
        return int(self.counts[self.paint].sum())


def join_colors(
    labels: NDArray[np.int32],
    image: NDArray[Any],
    pixels: PixelFormat,
    odd: NDArray[np.int64],
    known: NDArray[Any],
    paper: NDArray[Any],
) -> Joined:
    """Find the colour meant in segments whose commonest value does not cover them.

    Parameters
    ----------
    labels : (H, W) int32, 0 = line; not modified
    image : (H, W, C) of the format; not modified
    pixels : PixelFormat
    odd : (K,) int64
        Ids of the segments to look at, rising.
    known : (A,)
        Codes of paints that are sure: those of flat segments and of earlier frames.
    paper : (G,)
        Codes of what is bare in this picture: transparent, and the paper of opaque pictures.
    """
    wanted = np.zeros(int(labels.max(initial=0)) + 1, np.bool_)
    wanted[odd] = True
    at = np.flatnonzero(wanted[labels.ravel()])
    owner = labels.ravel()[at]
    order = np.argsort(owner, kind="stable")
    at, owner = at[order], owner[order]
    color = np.ascontiguousarray(image.reshape(-1, image.shape[2])[at])
    code, value = np.unique(to_codes(color, pixels), return_inverse=True)
    levels = to_levels(from_codes(code, pixels), pixels)
    clear = levels[:, -1] == 0 if pixels.has_alpha else np.zeros(len(code), np.bool_)
    paints = _Paints(code, levels, np.isin(code, paper), clear)
    depth = _depth(labels).ravel()[at]
    bounds = np.searchsorted(owner, np.append(odd, odd[-1] + 1))
    blobs = Blobs(labels, image, pixels, paper)
    insides = [_inside(at[i:j], value[i:j], depth[i:j], paints, blobs) for i, j in pairwise(bounds)]
    noises = [_noise(inside, labels.shape[1], paints) for inside in insides]
    pairs, squares = np.array(noises).T
    # Flat segments have none; a small one has at least about what is usual in the picture.
    typical = squares.sum() / max(1.0, pairs.sum() + 2 * (np.count_nonzero(labels) - len(at)))
    blended = (squares + _TYPICAL_PAIRS * typical) / (pairs + _TYPICAL_PAIRS)
    squared = np.maximum(blended, squares / np.maximum(1, pairs))
    parts = [
        _part(inside, float(noise), paints)
        for inside, noise in zip(insides, np.sqrt(squared), strict=True)
    ]
    middles = to_levels(from_codes(known, pixels), pixels)
    return _result(odd, parts, _names(parts, paints, known, middles), paints)


def _depth(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """How deep in its segment a pixel lies: 0 on the rim, 1 beside it; the picture has no rim."""
    inner = np.ones(labels.shape, np.uint8)
    across, down = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
    inner[:, 1:][across] = inner[:, :-1][across] = 0
    inner[1:][down] = inner[:-1][down] = 0
    if inner.all():
        return np.full(labels.shape, max(labels.shape), np.float32)
    return np.asarray(cv2.distanceTransform(inner, cv2.DIST_C, 3), np.float32)


def _inside(
    at: NDArray[np.int64],
    value: NDArray[np.int64],
    depth: NDArray[np.float32],
    paints: _Paints,
    blobs: Blobs,
) -> _Inside:
    """Choose the pixels of one segment that count: its interior, or the dab in it."""
    inside = depth >= 1
    if inside.sum() < max(1, _LEAST_INTERIOR * len(at)):
        inside[:] = True
    bare = _bare(value, inside, paints)
    dab_at = -1
    if (bare & inside).sum() > (1 - FLAT_SHARE) * inside.sum() and not bare.all():
        dab = blobs.dab(at, depth, bare)
        if dab.any():
            dab_at = int(at[dab][depth[dab].argmax()])
            inside = dab
    return _Inside(at[inside], value[inside], depth[inside] >= _CORE_PX, dab_at)


def _part(inside: _Inside, noise: float, paints: _Paints) -> _Part:
    """Find the paint of one segment.

    Parameters
    ----------
    inside : _Inside
    noise : float
        Root of the mean square of what neighbours differ by, in levels.
    paints : _Paints
    """
    values, counts = _counted(inside.value, len(paints.code))
    levels = paints.levels[values]
    bare = paints.paper[values] | paints.clear[values]
    paint, middle = _paint(levels, counts, _ROUNDING + _NOISE * noise, bare)
    low, high = (_quantile(levels[paint], counts[paint], share) for share in _SPREAD)
    # Noise comes in patches, so that the middle of a small segment is off as well.
    off = np.float32(_ROUNDING + noise * np.sqrt(_PATCH / max(1, counts[paint].sum())))
    return _Part(inside, values, counts, paint, middle, low - off, high + off)


def _counted(value: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the different values, rising, and how many there are of each."""
    if len(value) < size:
        return np.unique(value, return_counts=True)
    counts = np.bincount(value, minlength=size)
    values = np.flatnonzero(counts)
    return values, counts[values]


def _bare(
    value: NDArray[np.int64], inside: NDArray[np.bool_], paints: _Paints
) -> NDArray[np.bool_]:
    """Mark the pixels of a segment that are not painted, (P,) bool.

    Opaque paper is told from paint of its colour by covering most of a segment.
    """
    values, counts = _counted(value[inside], len(paints.code))
    commonest = values[counts.argmax()]
    bare = paints.clear[value]
    if paints.paper[commonest] and not paints.clear[commonest]:
        off = np.abs(paints.levels - paints.levels[commonest]).max(axis=1)
        bare = bare | (off <= PAPER_LEVELS)[value]
    return bare


def _noise(inside: _Inside, width: int, paints: _Paints) -> tuple[float, float]:
    """Compare pixels with right and lower neighbours: number of pairs, sum of squared levels."""
    at = inside.at
    right = np.flatnonzero((np.diff(at) == 1) & (at[1:] % width > 0))
    below = np.searchsorted(at, at + width)
    has_below = np.flatnonzero(at[np.minimum(below, len(at) - 1)] == at + width)
    first = inside.value[np.concatenate([right, has_below])]
    second = inside.value[np.concatenate([right + 1, below[has_below]])]
    off = np.abs(paints.levels[first] - paints.levels[second]).max(axis=1, initial=0)
    off = off[off <= _EDGE]
    return float(len(off)), float((off**2).sum())


def _paint(
    levels: NDArray[np.float32], counts: NDArray[np.int64], reach: float, bare: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Find the values about the middle of most of a segment; (V,) bool, and that middle.

    The middle climbs from the fullest cell of colours to the median within reach. Where that is
    not most of the segment, the commonest value stands alone.
    """
    alone = np.zeros(len(counts), np.bool_)
    alone[counts.argmax()] = True
    if bare[alone][0]:
        return alone, levels[alone][0]
    cells = np.floor(np.clip(levels, -1e6, 1e6) / (2 * reach)).astype(np.int64)
    _, cell = np.unique(cells, axis=0, return_inverse=True)
    cell = cell.ravel()
    near = (cell == np.bincount(cell, counts * ~bare).argmax()) & ~bare
    middle = _quantile(levels[near], counts[near], 0.5)
    for _ in range(_STEPS):
        near = (np.abs(levels - middle).max(axis=1) <= reach) & ~bare
        middle = _quantile(levels[near], counts[near], 0.5)
    mass = counts[near].sum()
    if mass <= counts.sum() / 2 or mass <= counts.max():
        return alone, levels[alone][0]
    return near, middle


def _quantile(
    levels: NDArray[np.float32], counts: NDArray[np.int64], share: float
) -> NDArray[np.float32]:
    """Return the value at a share of the pixels, channel by channel; (C,) float32."""
    result = np.empty(levels.shape[1], np.float32)
    for channel in range(levels.shape[1]):
        order = np.argsort(levels[:, channel], kind="stable")
        total = np.cumsum(counts[order])
        place = np.searchsorted(total, share * total[-1])
        result[channel] = levels[order[place], channel]
    return result


def _names(
    parts: list[_Part], paints: _Paints, known: NDArray[Any], middles: NDArray[np.float32]
) -> NDArray[Any]:
    """Give every part the code of its paint: a known one within its spread, else a common one.

    Larger parts go first; a part without a known paint founds one, which later parts may join.
    It is called by the commonest value of all that joined.
    """
    found = list(middles)
    members: list[list[_Part]] = [[] for _ in found]
    chosen = np.full(len(parts), -1)
    for row in sorted(range(len(parts)), key=lambda row: -parts[row].mass):
        part = parts[row]
        if part.paint.sum() == 1:
            continue
        best = _nearest(part, found)
        if best == len(found):
            found.append(part.middle)
            members.append([])
        members[best].append(part)
        chosen[row] = best
    new = [_commonest(joined, len(paints.code)) for joined in members[len(known) :]]
    codes = np.concatenate([known, paints.code[new]]) if new else known
    result = paints.code[[part.values[part.paint][0] for part in parts]]
    result[chosen >= 0] = codes[chosen[chosen >= 0]]
    return result


def _nearest(part: _Part, found: list[NDArray[np.float32]]) -> int:
    """Return the row of the nearest paint that the part may be, their number where it is none."""
    if not found:
        return 0
    middles = np.array(found)
    off = np.abs(middles - part.middle).max(axis=1)
    fits = ((middles >= part.low) & (middles <= part.high)).all(axis=1)
    return int(np.where(fits, off, np.inf).argmin()) if fits.any() else len(found)


def _commonest(parts: list[_Part], size: int) -> int:
    """Return the commonest value of the paint of parts, the lowest of equal ones."""
    total = np.zeros(size, np.int64)
    for part in parts:
        total[part.values[part.paint]] += part.counts[part.paint]
    return int(total.argmax())


def _result(
    odd: NDArray[np.int64], parts: list[_Part], codes: NDArray[Any], paints: _Paints
) -> Joined:
    """Say what covers each part, and what else there is."""
    count = len(parts)
    share, second_share = np.ones(count), np.zeros(count)
    second, second_at = codes.copy(), np.zeros(count, np.int64)
    for row, part in enumerate(parts):
        total = part.counts.sum()
        mine = part.paint | (paints.code[part.values] == codes[row])
        share[row] = part.counts[mine].sum() / total
        rest = np.where(mine, 0, part.counts)
        if rest.any():
            other = part.values[rest.argmax()]
            second[row] = paints.code[other]
            second_share[row] = rest.max() / total
            second_at[row] = part.inside.at[part.inside.value == other][0]
        if second_share[row] <= 1 - FLAT_SHARE and part.inside.core.sum() >= _LEAST_CORE:
            core = np.isin(part.inside.value[part.inside.core], part.values[mine])
            share[row] = max(share[row], core.mean())
    dab_at = np.array([part.inside.dab_at for part in parts], np.int64)
    return Joined(odd, codes, share, second, second_share, second_at, dab_at)
