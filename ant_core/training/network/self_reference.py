"""Pairs with known matches from a single coloured drawing, by bending it.

After Lee et al. 2020, augmented self-reference colourisation, sections 3.2 and 3.4: the drawing is
warped by a thin-plate spline, and every segment of the warped drawing is known by the one that
it came from. The warped line art goes through our own segmentation, so that the pair shows its
mistakes. Changes of colour have no counterpart here: the networks do not see colours.

Drawings of a production are warped as they are (`self_reference_clip`); of generated ones the
planes of ids are warped and drawn anew (`bent_maker`), so that lines keep their width.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.data.clips import UNSURE, StoredClip
from ant_core.training.data.majority import majority
from ant_core.training.data.splits import Split
from ant_core.training.data.true_shots import TrueFrame, from_picture
from ant_core.training.synthesis.source import ClipMaker, SourceClip, SourceFrame, seeded

__all__ = ["bent_maker", "self_reference_clip", "warp_map"]

_CONTROLS = 4  # control points a side
_GRID = 24  # the spline is evaluated on so many points a side, and interpolated between them
_LEAST_PURITY = 0.7  # segments that mix more than this teach nothing
_STRENGTHS = (0.01, 0.05)  # weakest and strongest warp, see `warp_map`
_COPIES = 6  # frames of a generated clip
_EDGE = 0.2  # a warped line inside a part stays where this much of a pixel comes from one


def warp_map(
    size: tuple[int, int], strength: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw a smooth random warp.

    Parameters
    ----------
    size : (int, int)
        Height and width in pixels.
    strength : float
        Standard deviation of the control points' shifts, as a share of the longer side.
    rng : numpy.random.Generator

    Returns
    -------
    two (H, W) float32
        The columns and rows that each pixel of the warped picture is taken from.
    """
    from scipy.interpolate import RBFInterpolator

    height, width = size
    side = np.linspace(0, 1, _CONTROLS)
    controls = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    turn = np.exp(rng.normal(0, strength)) * _rotation(rng.normal(0, 2 * strength))
    moved = (controls - 0.5) @ turn.T + 0.5 + rng.normal(0, strength, controls.shape)
    spline = RBFInterpolator(controls, moved, kernel="thin_plate_spline")
    fine = np.linspace(0, 1, _GRID)
    points = np.stack(np.meshgrid(fine, fine), axis=-1).reshape(-1, 2)
    field = spline(points).reshape(_GRID, _GRID, 2) * [width - 1, height - 1]
    full = cv2.resize(field.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(full[..., 0]), np.ascontiguousarray(full[..., 1])


def _rotation(angle: float) -> NDArray[np.float64]:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def self_reference_clip(
    name: str,
    line: NDArray[Any],
    frame: TrueFrame,
    count: int,
    rng: np.random.Generator,
) -> StoredClip:
    """Bend one coloured drawing in several ways.

    Parameters
    ----------
    name : str
    line : (H, W) or (H, W, 3|4) uint8
        What `frame` was made from; not modified.
    frame : TrueFrame
        With its label map and colours.
    count : int
        Warped drawings beside the drawing itself.
    rng : numpy.random.Generator

    Returns
    -------
    StoredClip
        The drawing, then its warps; a segment's label is its id in the drawing, and segments that
        mix several are UNSURE.
    """
    assert frame.labels is not None
    frames = [replace(frame, number=0, label=np.arange(1, frame.count + 1))]
    paper = 0 if line.ndim == 3 and line.shape[2] == 4 else 255
    for number in range(1, count + 1):
        x, y = warp_map(frame.labels.shape, float(rng.uniform(*_STRENGTHS)), rng)
        warped = cv2.remap(line, x, y, cv2.INTER_LINEAR, borderValue=(paper,) * 4)
        bent = from_picture(number, warped)
        truth = cv2.remap(frame.labels.astype(np.float32), x, y, cv2.INTER_NEAREST, borderValue=-1)
        frames.append(_labelled(bent, truth.astype(np.int32), frame.color))
    return StoredClip(name, list(frames))


def _labelled(bent: TrueFrame, truth: NDArray[np.int32], color: NDArray[np.int64]) -> TrueFrame:
    """Name each segment by the one under most of it, lines and the outside not counted."""
    assert bent.labels is not None
    inside = truth > 0
    label, purity = majority(np.where(inside, bent.labels, 0), np.where(inside, truth, 0))
    full = np.full(bent.count, UNSURE, np.int64)
    full[: len(label)] = np.where((purity >= _LEAST_PURITY) & (label > 0), label, UNSURE)
    colors = np.where(full > 0, color[np.maximum(full, 1) - 1], UNSURE)
    return replace(bent, label=full, color=colors)


def bent_maker(maker: ClipMaker) -> ClipMaker:
    """Return a maker of clips that show one drawing of the given maker's clips, bent.

    A clip's first frame is the middle drawing itself. Nothing else of the clip is used.
    """

    def make(data: Path, split: Split, seed: int) -> SourceClip:
        clip = maker(data, split, seed)
        rng = seeded("bent", clip.split, clip.name)
        middle = clip.frames[len(clip.frames) // 2]
        frames = [middle, *(_bent(middle, rng) for _ in range(_COPIES - 1))]
        return replace(clip, name=f"{clip.name}_bent", frames=frames, frame_numbers=())

    return make


def _bent(frame: SourceFrame, rng: np.random.Generator) -> SourceFrame:
    x, y = warp_map(frame.ids.shape, float(rng.uniform(*_STRENGTHS)), rng)

    def moved(plane: NDArray[Any], how: int = cv2.INTER_NEAREST) -> NDArray[Any]:
        return cv2.remap(plane.astype(np.float32), x, y, how, borderValue=0)

    return SourceFrame(
        moved(frame.ids).astype(np.int32),
        None if frame.edges is None else moved(frame.edges, cv2.INTER_LINEAR) > _EDGE,
        None if frame.shade is None else moved(frame.shade).astype(np.uint8),
    )
