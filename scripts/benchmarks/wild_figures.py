"""Clean figures of the wild benchmark: regions and flat colours at any size.

A figure is a partition of the canvas into flat parts. Its lines are drawn along the borders of the
parts, so that their width and their holes are parameters and the ground truth is exact.

`portrait` and `fox` are smooth outlines (tests/data/wild), drawn for this benchmark. `saha` follows
the flat colours of the sample shot (Morevna Project, CC0), `saha_ink` keeps its hand-drawn ink.
`bench` is the drawing hd1080 of the folder given with --bench.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks import drawings

ROOT = Path(__file__).resolve().parent.parent.parent
OUTLINES = ROOT / "tests" / "data" / "wild"
SAMPLE = ROOT / "samples" / "saha"
NAMES = ("saha", "saha_ink", "portrait", "fox")
# Sizes, and regions that count, are told for a drawing of this many pixels along its longer side.
FULL_PX = 1920
# Partitions are kept at twice the drawing's size, so that lines can be anti-aliased.
OVERSAMPLE = 2
# Regions of this many pixels count at full size; at any size they have at least COUNTED_LEAST_PX.
COUNTED_PX = 100
COUNTED_LEAST_PX = 40
# From this share of full ink on a pixel is ink in the ground truth.
INK = 0.2

Box = tuple[int, int, int, int]
# Frame of each of the two poses in the sample shot, and the box (x, y, width, height) of it.
_FRAMES: dict[str, tuple[tuple[int, int], Box]] = {
    "saha": ((9, 10), (420, 20, 1130, 960)),
    "saha_ink": ((1, 2), (400, 20, 1140, 1060)),
}


@dataclass(frozen=True, eq=False)  # equal by identity, so that what is drawn of it can be cached
class Figure:
    """One pose of a figure at one size.

    Attributes
    ----------
    name : str
    scale : longer side of the drawing by FULL_PX
    parts : (2H, 2W) int32, the part of every pixel, 1..N, at twice the drawing's size
    colors : (N + 1, 4) uint8 RGBA, flat colour of every part, row 0 unused; transparent = unpainted
    details : (2H, 2W) bool, strokes that enclose nothing
    ink : (H, W) float32 in [0, 1] or None, lines drawn by hand that stand for those on the borders
    """

    name: str
    scale: float
    parts: NDArray[np.int32]
    colors: NDArray[np.uint8]
    details: NDArray[np.bool_]
    ink: NDArray[np.float32] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the drawing in pixels."""
        return self.parts.shape[0] // OVERSAMPLE, self.parts.shape[1] // OVERSAMPLE

    @property
    def width_px(self) -> float:
        """Width of ordinary lines: 3 px at full size, never under 1.5 px."""
        return max(1.5, 3 * self.scale)

    @property
    def counted_px(self) -> int:
        """Smallest region that counts."""
        return max(COUNTED_LEAST_PX, round(COUNTED_PX * self.scale**2))


@lru_cache(maxsize=4)
def load(name: str, size: int, pose: int, bench: Path | None = None) -> Figure:
    """Build pose 0 or 1 of a figure, `size` pixels along its longer side."""
    if name in _FRAMES:
        return _drawn(name, size, pose)
    if name == "bench":
        return _bench(size, pose, bench)
    return _outlined(name, size, pose)


def _tidied(
    parts: NDArray[np.int32], colors: NDArray[np.uint8], least_px: int
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Number connected parts anew and give those under `least_px` to their neighbours."""
    labels = np.zeros(parts.shape, np.int32)
    kept: list[int] = [0]
    for part in np.unique(parts[parts > 0]):
        count, pieces, stats, _ = cv2.connectedComponentsWithStats(
            (parts == part).astype(np.uint8), connectivity=4
        )
        for piece in range(1, count):
            if stats[piece, cv2.CC_STAT_AREA] >= least_px:
                labels[pieces == piece] = len(kept)
                kept.append(int(part))
    _, nearest = drawings.nearest_to(labels > 0)
    return labels.ravel()[nearest], colors[kept]


def _warp(shape: tuple[int, int], strength_px: float) -> tuple[NDArray[np.float32], ...]:
    """Map of a smooth warp: long sine waves and a small shift."""
    ys, xs = np.indices(shape).astype(np.float32)
    period = max(shape)
    dx = strength_px * (np.sin(6.3 * ys / period + 0.7) + 0.6)
    dy = strength_px * (np.sin(7.1 * xs / period + 2.0) - 0.4)
    return (xs + dx).astype(np.float32), (ys + dy).astype(np.float32)


def _warped(plane: NDArray[Any], strength_px: float) -> NDArray[Any]:
    at = _warp((plane.shape[0], plane.shape[1]), strength_px)
    moved = cv2.remap(
        plane.astype(np.float32), *at, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    return moved.astype(plane.dtype)


@cache
def _outline(name: str) -> dict[str, Any]:
    return dict(json.loads((OUTLINES / f"{name}.json").read_text("utf-8")))


def _outlined(name: str, size: int, pose: int) -> Figure:
    """Fill the parts of an outline from back to front; pose 1 turns and shifts its groups."""
    outline = _outline(name)
    width, height = outline["canvas"]
    zoom = size * OVERSAMPLE / max(width, height)
    shape = (round(height * zoom / 2) * 2, round(width * zoom / 2) * 2)
    parts = np.ones(shape, np.int32)
    colors = [[0, 0, 0, 0], [0, 0, 0, 0]]
    for item in outline["parts"]:
        move = outline["moves"].get(item["group"]) if pose else None
        points = _curve(item["points"], not item["sharp"], closed=True)
        cv2.fillPoly(parts, [_placed(points, move, zoom)], len(colors))
        colors.append([*item["color"], 255])
    details = np.zeros(shape, np.uint8)
    for item in outline["details"]:
        move = outline["moves"].get(item["group"]) if pose else None
        points = _placed(_curve(item["points"], True, closed=False), move, zoom)
        cv2.polylines(details, [points], False, 1, 1)
    if pose:
        parts, details = (_warped(plane, 3 * zoom) for plane in (parts, details))
    scale = size / FULL_PX
    tidy = _tidied(parts, np.array(colors, np.uint8), round(240 * max(scale, 0.5) ** 2))
    return Figure(name, scale, *tidy, details > 0)


def _curve(points: list[list[float]], smooth: bool, closed: bool) -> NDArray[np.float64]:
    """Points along a polygon, or along a Catmull-Rom spline through its corners."""
    corner = np.array(points, np.float64)
    if not smooth:
        return corner
    count = len(corner)
    steps = np.linspace(0, 1, 12, endpoint=False)[:, None]
    pieces = []
    for i in range(count if closed else count - 1):
        around = [i - 1, i, i + 1, i + 2]
        around = [k % count if closed else min(max(k, 0), count - 1) for k in around]
        a, b, c, d = corner[around]
        pieces.append(
            b
            + steps * (c - a) / 2
            + steps**2 * (a - 2.5 * b + 2 * c - d / 2)
            + steps**3 * (1.5 * (b - c) + (d - a) / 2)
        )
    return np.vstack([*pieces, corner[-1:]] if not closed else pieces)


def _placed(
    points: NDArray[np.float64], move: list[float] | None, zoom: float
) -> NDArray[np.int32]:
    """Turn by move[2] degrees about (move[3], move[4]), shift by move[:2], scale to pixels."""
    if move is not None:
        turn = cv2.getRotationMatrix2D((move[3], move[4]), move[2], 1.0)
        points = points @ turn[:, :2].T + turn[:, 2] + np.array(move[:2])
    return np.rint(points * zoom).astype(np.int32)


def _drawn(name: str, size: int, pose: int) -> Figure:
    """Cut a frame out of the sample shot; its ink divides the parts, its colours fill them."""
    frames, (left, top, width, height) = _FRAMES[name]
    box = np.s_[top : top + height, left : left + width]
    line = read_picture(SAMPLE / "line" / f"{frames[pose]:04d}.png")[box][..., :3]
    flat = read_picture(SAMPLE / "truth" / f"{frames[pose]:04d}.png")[box]
    dark = 1 - line.min(axis=2).astype(np.float32) / 255
    parts, colors = _enclosed(dark, flat[..., [2, 1, 0, 3]])
    target = (round(size * height / max(width, height)), round(size * width / max(width, height)))
    big = (target[1] * OVERSAMPLE, target[0] * OVERSAMPLE)
    grown = cv2.resize(parts, big, interpolation=cv2.INTER_NEAREST)
    # Rounds the steps of the enlarged pixels; the middle value is always one of the parts.
    steps = 2 * round(big[0] / width) + 1
    grown = cv2.medianBlur(grown.astype(np.uint8), max(3, steps)).astype(np.int32)
    scale = size / FULL_PX
    grown, colors = _tidied(grown, colors, round(240 * max(scale, 0.5) ** 2))
    ink = None
    if name == "saha_ink":
        how = cv2.INTER_AREA if size < max(width, height) else cv2.INTER_CUBIC
        ink = np.clip(cv2.resize(dark, target[::-1], interpolation=how), 0, 1)
    return Figure(name, scale, grown, colors, np.zeros(grown.shape, np.bool_), ink)


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Read a picture as OpenCV lays it out."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise SystemExit(f"{path}: no readable picture there; it is part of the project")
    return np.asarray(image, np.uint8)


def _enclosed(
    dark: NDArray[np.float32], flat: NDArray[np.uint8]
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Parts that ink encloses, grown to the middle of it, and the commonest colour of each."""
    flat = np.ascontiguousarray(flat)
    values, index = np.unique(flat.view(np.uint32)[..., 0], return_inverse=True)
    inside = drawings.components(dark < INK)
    area = np.bincount(inside.ravel())
    area[0] = 0
    real = np.where(area[inside] >= 60, inside, 0)
    numbers = np.unique(real[real > 0])
    parts = np.searchsorted(numbers, real).astype(np.int32) + 1
    parts[real == 0] = 0
    votes = np.zeros((len(numbers) + 1, len(values)), np.int64)
    np.add.at(votes, (parts.ravel(), index.ravel()), 1)
    colors = values[votes.argmax(axis=1)].view(np.uint8).reshape(-1, 4).copy()
    colors[colors[:, 3] == 0] = 0
    _, nearest = drawings.nearest_to(parts > 0)
    return parts.ravel()[nearest].astype(np.int32), colors


def _bench(size: int, pose: int, bench: Path | None) -> Figure:
    """Paint a bench drawing so that neighbours differ; pose 1 is warped."""
    if bench is None:
        raise SystemExit("the figure bench needs the folder of the bench drawings: pass --bench")
    drawing, _ = drawings.read(bench, "hd1080")
    _, nearest = drawings.nearest_to(drawing.truth > 0)
    whole = drawing.truth.ravel()[nearest].astype(np.int32)
    zoom = size * OVERSAMPLE / max(whole.shape)
    big = (round(whole.shape[1] * zoom / 2) * 2, round(whole.shape[0] * zoom / 2) * 2)
    parts = cv2.resize(whole.astype(np.float32), big, interpolation=cv2.INTER_NEAREST)
    parts = parts.astype(np.int32)
    count = int(parts.max()) + 1
    hues = np.stack([np.arange(count) * 67 % 180, 90 + np.arange(count) % 3 * 60], axis=1)
    hsv = np.concatenate([hues, np.full((count, 1), 220)], axis=1).astype(np.uint8)
    rgb = cv2.cvtColor(hsv[None], cv2.COLOR_HSV2RGB)[0]
    colors = np.concatenate([rgb, np.full((count, 1), 255, np.uint8)], axis=1)
    if pose:
        parts = _warped(parts, 4 * zoom)
    scale = size / FULL_PX
    tidy = _tidied(parts, colors, round(240 * max(scale, 0.5) ** 2))
    return Figure("bench", scale, *tidy, np.zeros(parts.shape, np.bool_))
