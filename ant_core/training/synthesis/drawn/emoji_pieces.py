"""A drawing of flat fills -> pieces that can move against each other, and what each hangs on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.drawn.drawn_parts import DrawnShape
from ant_core.training.synthesis.drawn.part_planes import PartPlanes, half_width
from ant_core.training.synthesis.puppet.raster import Affine, IdCanvas, compose

__all__ = ["EmojiPiece", "Joint", "cut_pieces", "joints", "overlap"]

_LARGE = 60  # pixels along the longer side of the picture in which pieces are compared
_TOUCH = 0.04  # least share of its outline with which a piece hangs on another
_INSIDE = 0.85  # share from which it lies on the other, as an eye does
_DARK = 330  # sum of the three channels up to which a thin fill is drawn as a line
_UNDER = 0.05  # how far a piece goes on below those above it, in sizes of the picture


@dataclass(frozen=True)
class EmojiPiece:
    """One connected stretch of a fill.

    Attributes
    ----------
    shape
        Number of the fill in its drawing, from the back.
    order
        Number among that fill's pieces.
    planes
        Where it is; below pieces that lie over it, it goes on a little.
    outline
        (h, w) bool, where it is in the drawing, `small` times smaller than the planes.
    is_line
        Whether it is so thin that it is drawn as a line.
    """

    shape: int
    order: int
    fill: str
    planes: PartPlanes
    outline: NDArray[np.bool_]
    small: float
    is_line: bool


@dataclass(frozen=True)
class Joint:
    """What a piece hangs on.

    Attributes
    ----------
    parent
        Place in the pieces; -1 = nothing.
    pivot
        (x, y) in the still picture that it turns about.
    share
        Of its outline that touches the parent.
    is_inside
        Whether it lies on the parent.
    """

    parent: int
    pivot: tuple[float, float]
    share: float
    is_inside: bool


def _stretches(
    shapes: Sequence[DrawnShape], to_pixels: Affine, size: tuple[int, int]
) -> list[tuple[int, int, NDArray[np.bool_]]]:
    """Return (shape, order, (H, W) mask) of every connected stretch, from back to front."""
    found = []
    for number, shape in enumerate(shapes):
        canvas = IdCanvas(*size)
        canvas.fill(shape.path, compose(to_pixels, shape.matrix), 1)
        count, labels = cv2.connectedComponents(canvas.plane().astype(np.uint8), connectivity=4)
        found += [(number, i - 1, labels == i) for i in range(1, count)]
    return found


def cut_pieces(
    shapes: Sequence[DrawnShape],
    to_pixels: Affine,
    size: tuple[int, int],
    *,
    least_px: int,
    line_px: float,
) -> list[EmojiPiece]:
    """Cut a drawing into its pieces, from back to front.

    Pieces of which fewer than `least_px` pixels are seen are left out.  Those that are nowhere
    broader than `line_px` become lines where they are dark and are left out where they are not.

    Parameters
    ----------
    shapes
        From back to front.
    to_pixels
        The drawing's units -> pixels of the still picture.
    size
        (H, W) of the still picture.
    """
    above = np.zeros(size, dtype=bool)
    small = max(1.0, max(size) / _LARGE)
    reach = max(2, round(_UNDER * max(size)))
    wide = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    disc = np.asarray(wide, dtype=np.uint8)
    pieces = []
    for number, order, mask in reversed(_stretches(shapes, to_pixels, size)):
        seen = mask & ~above
        if np.count_nonzero(seen) < least_px:
            continue
        fill = shapes[number].fill
        left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
        is_line = half_width(mask[top : top + height, left : left + width]) < line_px / 2
        if is_line and sum(int(fill[i : i + 2], 16) for i in (1, 3, 5)) > _DARK:
            continue
        margin = 3 if is_line else reach + 3
        rows = slice(max(0, top - margin), top + height + margin)
        columns = slice(max(0, left - margin), left + width + margin)
        inner = mask[rows, columns].astype(np.uint8)
        planes = PartPlanes(
            (columns.start, rows.start),
            255 * inner if is_line else np.zeros_like(inner),
            (np.zeros_like(inner) if is_line else _under(inner, above[rows, columns], disc)),
            () if is_line else (fill,),
        )
        shape = (max(1, round(size[1] / small)), max(1, round(size[0] / small)))
        outline = cv2.resize(255 * mask.astype(np.uint8), shape, interpolation=cv2.INTER_AREA) > 60
        pieces.append(EmojiPiece(number, order, fill, planes, outline, small, is_line))
        if not is_line:
            above |= mask
    return pieces[::-1]


def _under(
    mask: NDArray[np.uint8], above: NDArray[np.bool_], disc: NDArray[np.uint8]
) -> NDArray[np.uint16]:
    """Return where a piece is, with what goes on below others, so that they may move away."""
    wide = np.asarray(cv2.dilate(mask, disc), dtype=bool)
    return ((mask > 0) | (wide & above)).astype(np.uint16)


def joints(pieces: Sequence[EmojiPiece]) -> list[Joint]:
    """Find for every piece the larger one that most of its outline touches."""
    disc = np.ones((3, 3), dtype=np.uint8)
    masks = [piece.outline.astype(np.uint8) for piece in pieces]
    wide = np.array([cv2.dilate(mask, disc) for mask in masks], dtype=bool)
    narrow = np.array([cv2.erode(mask, disc) for mask in masks], dtype=bool)
    flat = wide.reshape(len(pieces), -1).astype(np.float32)
    rings = (wide & ~narrow).reshape(len(pieces), -1).astype(np.float32)
    share = rings @ flat.T / np.maximum(rings.sum(axis=1), 1)[:, None]
    area = np.array([np.count_nonzero(mask) for mask in masks])
    found = []
    for i, piece in enumerate(pieces):
        larger = (area > area[i]) | ((area == area[i]) & (np.arange(len(area)) < i))
        larger &= np.array([not other.is_line for other in pieces])
        candidates = np.where(larger, share[i], 0)
        parent = int(candidates.argmax())
        if candidates[parent] < _TOUCH:
            y, x = np.nonzero(piece.outline)
            middle = (float(x.mean()), float(y.mean())) if x.size else (0.0, 0.0)
            pivot = (middle[0] * piece.small, middle[1] * piece.small)
            found.append(Joint(-1, pivot, 0.0, is_inside=False))
            continue
        y, x = np.nonzero((rings[i] * flat[parent]).reshape(piece.outline.shape))
        pivot = (float(x.mean()) * piece.small, float(y.mean()) * piece.small)
        part = float(candidates[parent])
        found.append(Joint(parent, pivot, part, is_inside=part > _INSIDE and parent < i))
    return found


def overlap(one: EmojiPiece, other: EmojiPiece) -> float:
    """Return the intersection of two pieces over their union, in the still picture."""
    both = np.count_nonzero(one.outline & other.outline)
    either = np.count_nonzero(one.outline | other.outline)
    return both / either if either else 0.0
