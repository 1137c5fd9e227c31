"""Turn the renderings of posed puppets into a line drawing and its true flat colours.

The line drawing keeps the puppet's own ink. Where two flat colours meet without ink, a thin line
is added, as an animator's cleaner would: black between parts, blue (a colour trace line) along
the edge of a painted shadow. So every region of one colour is enclosed.

Needs numpy and OpenCV.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from _morevna import OVERSAMPLE, Layers
from numpy.typing import NDArray

BLACK = (16, 14, 18)
TRACE_BLUE = (30, 70, 235)
INK_LEVEL = 96  # darkness (of 255) from which a pixel counts as line when regions are looked up
SOLID_PX = 40  # a colour counts as flat when at least this many pixels have it on all sides
TWIN_LEVELS = 2  # colours no further apart than this (of 255) are the same paint
REACH_PX = 2.0  # a border this near to drawn ink needs no line of its own
MIXED_PX = 12  # smaller patches of a second colour are the rendering's edge, not a leak
PASSES = 4  # rounds of closing leaks; two suffice on every shot so far
SHORTEST_PX = 6  # added lines shorter than this are specks of the rendering


@dataclass(frozen=True)
class DrawnFrame:
    """One frame: what the artist draws and what the painter would make of it.

    Attributes
    ----------
    line : (H, W, 3) uint8
        RGB line art on white paper.
    color : (H, W, 4) uint8
        RGBA flat colours; transparent where nothing is painted.
    regions : int
        Enclosed regions, the background included.
    mixed : int
        Regions that still hold more than one colour: leaks of the line.
    """

    line: NDArray[np.uint8]
    color: NDArray[np.uint8]
    regions: int
    mixed: int


def stack(layers: Sequence[Layers]) -> Layers:
    """Lay characters over each other, the first one at the back."""
    planes = []
    for name in ("ink", "fill", "base"):
        below = getattr(layers[0], name)
        for layer in layers[1:]:
            below = _over(getattr(layer, name), below)
        planes.append(below)
    return Layers(*planes)


def _over(top: NDArray[np.uint8], below: NDArray[np.uint8]) -> NDArray[np.uint8]:
    a, b = top[..., 3:] / np.float32(255), below[..., 3:] / np.float32(255)
    alpha = a + b * (1 - a)
    rgb = top[..., :3] * a + below[..., :3] * b * (1 - a)
    rgb /= np.maximum(alpha, 1e-6)
    return np.rint(np.concatenate([rgb, alpha * 255], axis=2)).astype(np.uint8)


def draw(layers: Layers, line_px: float) -> DrawnFrame:
    """Make the line drawing and the flat colours of one frame.

    Parameters
    ----------
    layers : Layers
        Renderings of the frame.
    line_px : float
        Width of the lines that are added between colours.
    """
    fill = flatten(layers.fill)
    base = flatten(layers.base)
    ink = _darkness(layers.ink)
    small = fill[::OVERSAMPLE, ::OVERSAMPLE]
    borders = _borders(fill)
    shade = borders & ~_near(_borders(base), 2 * OVERSAMPLE)
    part, shadow = _missing_lines(borders, shade, ink, line_px)
    found = _regions(small, np.maximum(np.maximum(ink, part), shadow))
    for _ in range(PASSES):
        if not found.mixed.any():
            break
        leaks = _leaks(borders, small, found)
        part = np.maximum(part, _stroke(leaks & ~shade, line_px))
        shadow = np.maximum(shadow, _stroke(leaks & shade, line_px))
        found = _regions(small, np.maximum(np.maximum(ink, part), shadow))
    line = _ink_on_paper(np.maximum(ink, part), shadow)
    return DrawnFrame(line, unpack(found.color), found.count, int(found.mixed.sum()))


def flatten(image: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Replace blended pixels by the nearest flat colour: (H, W, 4) uint8 -> (H, W) packed RGBA.

    A colour is flat where a pixel and its eight neighbours share it. Half-transparent pixels and
    mixtures of two colours take the colour of the nearest pixel (in the plane) that has a flat one.
    """
    packed = _pack(np.where(image[..., 3:] >= 254, image | [0, 0, 0, 255], image))
    packed[image[..., 3] <= 1] = 0
    same = np.ones(packed.shape, bool)
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        moved = np.roll(packed, (dy, dx), (0, 1)) == packed
        same &= moved & np.roll(moved, (-dy, -dx), (0, 1))
    values, counts = np.unique(packed[same], return_counts=True)
    order = np.argsort(-counts)
    flat = values[order][(counts[order] >= SOLID_PX)]
    flat = flat[(flat == 0) | (flat >> 24 == 255)]
    packed = _merge_twins(packed, flat)
    known = np.isin(packed, flat)
    _, nearest = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    lookup = np.zeros(int(nearest.max()) + 1, np.uint32)
    lookup[nearest[known]] = packed[known]
    return lookup[nearest]


def _merge_twins(packed: NDArray[np.uint32], flat: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Replace colours that differ by a rounding error by the commoner of the two."""
    colors = unpack(flat).astype(np.int16)
    for i, color in enumerate(colors[1:], start=1):
        twins = np.flatnonzero(np.abs(colors[:i] - color).max(axis=1) <= TWIN_LEVELS)
        if twins.size:
            packed = np.where(packed == flat[i], flat[twins[0]], packed)
    return packed


def _pack(image: NDArray[np.uint8]) -> NDArray[np.uint32]:
    r, g, b, a = (image[..., i].astype(np.uint32) for i in range(4))
    return r | g << 8 | b << 16 | a << 24


def unpack(packed: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Undo `_pack`: packed RGBA -> (..., 4) uint8."""
    return np.stack([packed >> shift & 255 for shift in (0, 8, 16, 24)], axis=-1).astype(np.uint8)


def _darkness(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grey = ink[..., :3].mean(axis=2)
    return np.rint((255 - grey) * (ink[..., 3] / 255)).astype(np.uint8)


def _missing_lines(
    borders: NDArray[np.bool_], shade: NDArray[np.bool_], ink: NDArray[np.uint8], line_px: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw the borders that have no ink: darkness of part edges and of shadow edges."""
    size = (borders.shape[1], borders.shape[0])
    inked = cv2.resize(ink, size, interpolation=cv2.INTER_LINEAR) >= INK_LEVEL
    bare = _without_crumbs(borders & ~_near(inked, REACH_PX * OVERSAMPLE))
    # Back under the ink that it was cut from, so that no hole stays between the two.
    drawn = borders & _near(bare, (REACH_PX + 3) * OVERSAMPLE)
    is_shadow = _near(bare & shade, (REACH_PX + 3) * OVERSAMPLE) & ~_near(
        bare & ~shade, (REACH_PX + 1) * OVERSAMPLE
    )
    return (
        _stroke(drawn & ~is_shadow, line_px),
        _stroke(drawn & is_shadow, line_px),
    )


def _borders(plane: NDArray[np.uint32]) -> NDArray[np.bool_]:
    border = np.zeros(plane.shape, bool)
    border[:, 1:] |= plane[:, 1:] != plane[:, :-1]
    border[1:, :] |= plane[1:, :] != plane[:-1, :]
    return border


def _near(mask: NDArray[np.bool_], radius: float) -> NDArray[np.bool_]:
    if not mask.any():
        return mask
    distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    return distance <= radius


def _without_crumbs(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    keep = stats[:, cv2.CC_STAT_AREA] >= SHORTEST_PX * OVERSAMPLE
    keep[0] = False
    return keep[labels]


def _stroke(path: NDArray[np.bool_], width_px: float) -> NDArray[np.uint8]:
    """Draw a path of the oversampled plane as an anti-aliased line at the frame's size."""
    if not path.any():
        return np.zeros([side // OVERSAMPLE for side in path.shape], np.uint8)
    soft = cv2.GaussianBlur(path.astype(np.float32), (0, 0), 0.8 * OVERSAMPLE)
    smooth = (soft > 0.5 * soft[path].mean()) | path
    distance = cv2.distanceTransform((~smooth).astype(np.uint8), cv2.DIST_L2, 5)
    wide = np.clip(width_px * OVERSAMPLE / 2 - distance + 0.5, 0, 1)
    size = (path.shape[1] // OVERSAMPLE, path.shape[0] // OVERSAMPLE)
    return np.rint(cv2.resize(wide, size, interpolation=cv2.INTER_AREA) * 255).astype(np.uint8)


def _ink_on_paper(ink: NDArray[np.uint8], trace: NDArray[np.uint8]) -> NDArray[np.uint8]:
    paper = np.full((*ink.shape, 3), 255, np.float32)
    for plane, color in ((trace, TRACE_BLUE), (ink, BLACK)):
        share = plane[..., None] / np.float32(255)
        paper = paper * (1 - share) + np.array(color, np.float32) * share
    return np.rint(paper).astype(np.uint8)


@dataclass(frozen=True)
class _Regions:
    """Enclosed regions of a drawing: labels (H, W), their colours laid out flat, which leak."""

    labels: NDArray[np.int32]
    color: NDArray[np.uint32]
    mixed: NDArray[np.bool_]
    count: int


def _regions(fill: NDArray[np.uint32], darkness: NDArray[np.uint8]) -> _Regions:
    """Give every enclosed region its majority colour and find those that hold more than one."""
    paper = (darkness < INK_LEVEL).astype(np.uint8)
    count, labels = cv2.connectedComponents(paper, connectivity=4)
    values, index = np.unique(fill, return_inverse=True)
    votes = np.bincount(labels.ravel() * len(values) + index.ravel(), minlength=count * len(values))
    votes = votes.reshape(count, len(values))
    area, best = votes.sum(axis=1), votes.argmax(axis=1)
    wrong = area - votes[np.arange(count), best]
    mixed = (wrong > MIXED_PX) & (wrong > 0.1 * np.sqrt(area))
    mixed[0] = False
    color = np.where(labels > 0, values[best][labels], fill)
    return _Regions(labels, color, mixed, int((area[1:] > MIXED_PX).sum()))


def _leaks(
    borders: NDArray[np.bool_], fill: NDArray[np.uint32], found: _Regions
) -> NDArray[np.bool_]:
    """Find the borders of the patches that have another colour than their region."""
    wrong = (found.mixed[found.labels] & (fill != found.color)).astype(np.uint8)
    size = (borders.shape[1], borders.shape[0])
    patches = cv2.resize(wrong, size, interpolation=cv2.INTER_NEAREST) > 0
    return borders & _near(patches, 1.5 * OVERSAMPLE)
