"""The colour that was meant where a segment is not painted in one: noise, soft edges, dabs.

Painted frames have JPEG noise, dithering, blended edges, and dabs that do not fill a segment. What
is as near to the middle of a segment's colours as its neighbouring pixels differ is one paint;
segments whose spread holds the same value have the same paint. The value is the picture's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.color._read_kernels import climb, find_quantile, group_pairs, sum_steps
from ant_core.color.dabs import PAPER_LEVELS, Blobs
from ant_core.color.pixels import PixelFormat, from_codes, to_codes, to_levels

__all__ = ["FLAT_SHARE", "JoinedColors", "join_colors"]

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


@dataclass(frozen=True, kw_only=True)
class JoinedColors:
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
    values, counts : (V,) int64
        The different ones of these rows, rising, and the pixels of each.
    core : (P,) bool
        Pixels out of reach of blended edges.
    dab_at : int
        Offset of a pixel of the dab, -1 where it is none.
    """

    at: NDArray[np.int64]
    value: NDArray[np.int64]
    values: NDArray[np.int64]
    counts: NDArray[np.int64]
    core: NDArray[np.bool_]
    dab_at: int


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One segment that is not painted in one value.

    Attributes
    ----------
    inside : _Inside
    paint : (V,) bool
        Its values that are the segment's paint.
    middle, low, high : (C,) float32
        Levels of the middle of the paint, and between which values the middle is uncertain.
    """

    inside: _Inside
    paint: NDArray[np.bool_]
    middle: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]

    @property
    def mass(self) -> int:
        """Pixels of the paint."""
        return int(self.inside.counts[self.paint].sum())


def join_colors(
    labels: NDArray[np.int32],
    image: NDArray[Any],
    pixels: PixelFormat,
    odd: NDArray[np.int64],
    known: NDArray[Any],
    paper: NDArray[Any],
) -> JoinedColors:
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
    few = len(wanted) <= np.iinfo(np.uint16).max  # which is sorted faster
    order = np.argsort(owner.astype(np.uint16) if few else owner, kind="stable")
    at, owner = at[order], owner[order]
    color = np.ascontiguousarray(image.reshape(-1, image.shape[2])[at])
    code, value = _ranked(to_codes(color, pixels))
    levels = to_levels(from_codes(code, pixels), pixels)
    clear = levels[:, -1] == 0 if pixels.has_alpha else np.zeros(len(code), np.bool_)
    paints = _Paints(code, levels, np.isin(code, paper), clear)
    depth = _depth(labels).ravel()[at]
    bounds = np.searchsorted(owner, np.append(odd, odd[-1] + 1))
    blobs = Blobs(labels, image, pixels, paper)
    insides = [_inside(at[i:j], value[i:j], depth[i:j], paints, blobs) for i, j in pairwise(bounds)]
    width, edge = labels.shape[1], np.float32(_EDGE)
    noises = [sum_steps(inside.at, inside.value, levels, width, edge) for inside in insides]
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


def _ranked(codes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the different codes, rising, and the row of each pixel's, (P,)."""
    if codes.dtype.kind != "u":
        return np.unique(codes, return_inverse=True)
    group = np.empty(len(codes), np.int64)
    first = group_pairs(np.zeros(len(codes), np.int64), codes, group)
    order = np.argsort(codes[first])
    rank = np.empty(len(first), np.int64)
    rank[order] = np.arange(len(first))
    return codes[first[order]], rank[group]


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
    values, counts = _counted(value[inside], len(paints.code))
    bare = _bare(value, int(values[counts.argmax()]), paints)
    dab_at = -1
    if (bare & inside).sum() > (1 - FLAT_SHARE) * inside.sum() and not bare.all():
        dab = blobs.dab(at, depth, bare)
        if dab.any():
            dab_at = int(at[dab][depth[dab].argmax()])
            inside = dab
            values, counts = _counted(value[inside], len(paints.code))
    core = depth[inside] >= _CORE_PX
    return _Inside(at[inside], value[inside], values, counts, core, dab_at)


def _part(inside: _Inside, noise: float, paints: _Paints) -> _Part:
    """Find the paint of one segment.

    Parameters
    ----------
    inside : _Inside
    noise : float
        Root of the mean square of what neighbours differ by, in levels.
    paints : _Paints
    """
    levels = paints.levels[inside.values]
    bare = paints.paper[inside.values] | paints.clear[inside.values]
    # Once for all the quantiles that are asked of them.
    orders = np.argsort(levels, axis=0, kind="stable")
    counts = inside.counts
    paint, middle = _paint((levels, orders), counts, _ROUNDING + _NOISE * noise, bare)
    low, high = np.empty((2, levels.shape[1]), np.float32)
    for share, found in zip(_SPREAD, (low, high), strict=True):
        find_quantile(levels, orders, counts, paint, share, found)
    # Noise comes in patches, so that the middle of a small segment is off as well.
    off = np.float32(_ROUNDING + noise * np.sqrt(_PATCH / max(1, counts[paint].sum())))
    return _Part(inside=inside, paint=paint, middle=middle, low=low - off, high=high + off)


def _counted(value: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the different values, rising, and how many there are of each."""
    if len(value) < size:
        return np.unique(value, return_counts=True)
    counts = np.bincount(value, minlength=size)
    values = np.flatnonzero(counts)
    return values, counts[values]


def _bare(value: NDArray[np.int64], commonest: int, paints: _Paints) -> NDArray[np.bool_]:
    """Mark the pixels of a segment that are not painted, (P,) bool, given its commonest value.

    Opaque paper is told from paint of its colour by covering most of a segment.
    """
    bare = paints.clear[value]
    if paints.paper[commonest] and not paints.clear[commonest]:
        off = np.abs(paints.levels - paints.levels[commonest]).max(axis=1)
        bare = bare | (off <= PAPER_LEVELS)[value]
    return bare


def _paint(
    values: tuple[NDArray[np.float32], NDArray[np.int64]],
    counts: NDArray[np.int64],
    reach: float,
    bare: NDArray[np.bool_],
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Find the values about the middle of most of a segment; (V,) bool, and that middle.

    The middle climbs from the fullest cell of colours to the median within reach. Where that is
    not most of the segment, the commonest value stands alone.

    values: levels (V, C), and (V, C) int64 in which order its rows rise by each channel.
    """
    levels, orders = values
    alone = np.zeros(len(counts), np.bool_)
    alone[counts.argmax()] = True
    if bare[alone][0]:
        return alone, levels[alone][0]
    cells = np.floor(np.clip(levels, -1e6, 1e6) / (2 * reach)).astype(np.int64)
    near = _fullest(cells, counts * ~bare) & ~bare
    middle = np.empty(levels.shape[1], np.float32)
    climb(levels, orders, counts, bare, np.float32(reach), _STEPS, near, middle)
    mass = counts[near].sum()
    if mass <= counts.sum() / 2 or mass <= counts.max():
        return alone, levels[alone][0]
    return near, middle


def _fullest(cells: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the rows, (V,), of the cell (V, C) that has the highest count, the first of equals."""
    order = np.lexsort(cells.T[::-1])
    rising = cells[order]
    starts = (rising[1:] != rising[:-1]).any(axis=1)
    cell = np.concatenate([[0], np.cumsum(starts)])
    full = np.bincount(cell, counts[order]).argmax()
    fullest = np.zeros(len(cells), np.bool_)
    fullest[order[cell == full]] = True
    return fullest


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
    result = paints.code[[part.inside.values[part.paint][0] for part in parts]]
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
        total[part.inside.values[part.paint]] += part.inside.counts[part.paint]
    return int(total.argmax())


def _result(
    odd: NDArray[np.int64], parts: list[_Part], codes: NDArray[Any], paints: _Paints
) -> JoinedColors:
    """Say what covers each part, and what else there is."""
    count = len(parts)
    share, second_share = np.ones(count), np.zeros(count)
    second, second_at = codes.copy(), np.zeros(count, np.int64)
    known = np.zeros(len(paints.code), np.bool_)  # of the values of one part: its paint
    for row, part in enumerate(parts):
        inside = part.inside
        total = inside.counts.sum()
        mine = part.paint | (paints.code[inside.values] == codes[row])
        share[row] = inside.counts[mine].sum() / total
        rest = np.where(mine, 0, inside.counts)
        if rest.any():
            other = inside.values[rest.argmax()]
            second[row] = paints.code[other]
            second_share[row] = rest.max() / total
            second_at[row] = inside.at[(inside.value == other).argmax()]
        if second_share[row] <= 1 - FLAT_SHARE and inside.core.sum() >= _LEAST_CORE:
            known[inside.values] = mine
            share[row] = max(share[row], known[inside.value[inside.core]].mean())
    dab_at = np.array([part.inside.dab_at for part in parts], np.int64)
    return JoinedColors(
        segment=odd,
        code=codes,
        share=share,
        second=second,
        second_share=second_share,
        second_at=second_at,
        dab_at=dab_at,
    )
