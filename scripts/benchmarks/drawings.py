"""Benchmark drawings with ground truth, and the same drawings rendered in other ways.

A drawing is `NAME_gaps.png` (with breaks), `NAME_gt.png` (uint16 label map, 0 = ink), `NAME.json`
(the breaks and the two regions each would join) and mostly `NAME_closed.png` (without breaks).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.skeleton import thin

# Lighter than this is paper in the ground truth of the bench drawings.
PAPER = 200
# Regions of this many pixels count, on a drawing of 1080 lines or more.
COUNTED_PX = 100
# A region holds a fragment from this many pixels on.
FRAGMENT_PX = 20


@dataclass(frozen=True)
class BenchDrawing:
    """One benchmark drawing.

    Attributes
    ----------
    image : what the segmenter is given
    truth : (H, W) int32, true region of every pixel, 0 = ink, which belongs to no region
    joins : (G, 2) int, the two regions that each break would join
    counted_px, fragment_px : smallest region that counts, smallest fragment that splits one
    """

    name: str
    image: NDArray[Any]
    truth: NDArray[np.int32]
    joins: NDArray[np.int64]
    counted_px: int = COUNTED_PX
    fragment_px: int = FRAGMENT_PX


def read(bench: Path, name: str) -> tuple[BenchDrawing, NDArray[np.uint8] | None]:
    """Read a drawing and, where there is one, its twin without breaks."""
    image = _read_grey(bench / f"{name}_gaps.png")
    truth_path = bench / f"{name}_gt.png"
    if not truth_path.exists():  # uhd2160_wide shares the ground truth of uhd2160
        truth_path = bench / f"{name.rsplit('_', 1)[0]}_gt.png"
    truth = _read_grey(truth_path).astype(np.int32)
    gaps = json.loads((bench / f"{name}.json").read_text(encoding="utf-8"))["gaps"]
    joins = np.array([gap["joins"] for gap in gaps], np.int64).reshape(-1, 2)
    closed_path = bench / f"{name}_closed.png"
    closed = _read_grey(closed_path) if closed_path.exists() else None
    return BenchDrawing(name, image, truth, joins), closed


def _read_grey(path: Path) -> NDArray[Any]:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None or image.ndim != 2:
        raise SystemExit(f"{path}: no readable grey PNG there; pass the bench folder with --bench")
    return image


@dataclass(frozen=True)
class Score:
    """How a label map compares with the truth."""

    segments: int
    regions: int
    recovered: int
    merged_away: int
    split: int
    gaps: int
    leaked: int


def score(drawing: BenchDrawing, labels: NDArray[np.int32]) -> Score:
    """Count regions recovered (IoU > 0.8), merged away and split, and breaks that leak.

    A region belongs to the segment that holds most of it. A break leaks when both its regions
    belong to one segment; regions are merged away when counted regions share a segment.
    """
    truth = drawing.truth.astype(np.int64)
    labels = np.where(truth > 0, labels, 0).astype(np.int64)
    base = int(labels.max()) + 1
    true_area = np.bincount(truth.ravel())
    area = np.bincount(labels.ravel(), minlength=base)
    keys, shared = np.unique(truth * base + labels, return_counts=True)
    region, label = keys // base, keys % base
    real = (region > 0) & (label > 0)
    region, label, shared = region[real], label[real], shared[real]
    overlap = shared / (true_area[region] + area[label] - shared)
    best = np.zeros(true_area.size)
    np.maximum.at(best, region, overlap)
    order = np.lexsort((-label, shared))
    owner = -np.arange(true_area.size)  # a region without any label is its own
    owner[region[order]] = label[order]
    fragments = np.bincount(region[shared >= drawing.fragment_px], minlength=true_area.size)
    counted = np.flatnonzero(true_area >= drawing.counted_px)
    counted = counted[counted > 0]
    owned = owner[counted][owner[counted] > 0]
    sides = owner[drawing.joins]
    return Score(
        segments=int(np.count_nonzero(area[1:])),
        regions=counted.size,
        recovered=int(np.count_nonzero(best[counted] > 0.8)),
        merged_away=int(owned.size - np.unique(owned).size),
        split=int(np.count_nonzero(fragments[counted] > 1)),
        gaps=len(drawing.joins),
        leaked=int(np.count_nonzero(sides[:, 0] == sides[:, 1])),
    )


def components(free: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Label the 4-connected components of a mask."""
    return cv2.connectedComponents(free.astype(np.uint8), connectivity=4)[1]


def variants(
    drawing: BenchDrawing, closed: NDArray[np.uint8], rng: np.random.Generator
) -> list[BenchDrawing]:
    """Render a clean drawing in the nine other ways that the benchmark asks for, and a tenth.

    "1 px" redraws the lines thin and keeps the breaks; "thinned" thins what is there, so that
    the breaks grow by a line width.
    """
    grey = drawing.image
    skeleton = thin(closed < PAPER, stairs=True)
    named: list[tuple[str, Callable[[], BenchDrawing]]] = [
        ("transparent", lambda: replace(drawing, image=on_transparency(grey))),
        ("16 bit", lambda: replace(drawing, image=grey.astype(np.uint16) * 257)),
        ("textured", lambda: replace(drawing, image=_textured(grey, rng))),
        ("1 px", lambda: _redrawn(drawing, skeleton, grey, 1)),
        ("thinned", lambda: replace(drawing, image=_thinned(grey))),
        ("8 px", lambda: _redrawn(drawing, skeleton, grey, 8)),
        ("hard-edged", lambda: replace(drawing, image=hard_edged(grey))),
        ("trace lines", lambda: replace(drawing, image=_traced(grey, skeleton))),
        ("half size", lambda: _scaled(drawing, closed, 0.5)),
        ("double size", lambda: _scaled(drawing, closed, 2.0)),
    ]
    return [replace(make(), name=f"{drawing.name}, {name}") for name, make in named]


def on_transparency(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Black ink on transparency, white where nothing is drawn."""
    layer = np.zeros((*grey.shape, 4), np.uint8)
    layer[:, :, 3] = 255 - grey
    layer[grey == 255, :3] = 255
    return layer


def hard_edged(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink or paper, nothing between."""
    return np.where(grey < 128, 0, 255).astype(np.uint8)


def _textured(grey: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Chalky ink on grained paper: coarse pressure, fine grain, off-white ground."""
    coarse = cv2.GaussianBlur(rng.standard_normal(grey.shape).astype(np.float32), (0, 0), 6)
    fine = cv2.GaussianBlur(rng.standard_normal(grey.shape).astype(np.float32), (0, 0), 0.8)
    strength = np.clip(0.72 + 0.12 * coarse / coarse.std() + 0.2 * fine / fine.std(), 0.15, 1)
    paper = 244 + 3 * rng.standard_normal(grey.shape)
    ink = (255.0 - grey) / 255 * strength
    return np.clip(paper * (1 - ink) + 25 * ink, 0, 255).round().astype(np.uint8)


def _thinned(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.where(thin(grey < PAPER, stairs=True), 0, 255).astype(np.uint8)


def nearest_to(mask: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Distance of every pixel to a mask, and flat index of its nearest mask pixel."""
    distance, which = cv2.distanceTransformWithLabels(
        (~mask).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    place = np.zeros(int(which.max()) + 1, np.int32)
    place[which[mask]] = np.flatnonzero(mask)
    return distance, place[which]


def _redrawn(
    drawing: BenchDrawing, skeleton: NDArray[np.bool_], grey: NDArray[np.uint8], width: int
) -> BenchDrawing:
    """Redraw along the middle of the lines with another width; breaks keep theirs."""
    distance, nearest = nearest_to(skeleton)
    cover = skeleton.astype(np.float32) if width == 1 else np.clip(width / 2 + 0.5 - distance, 0, 1)
    kept = (grey < PAPER).ravel()[nearest]
    truth = components(cover < 0.2)
    image = np.rint(255 * (1 - cover * kept)).astype(np.uint8)
    return replace(drawing, image=image, truth=truth, joins=_carry(drawing, truth))


def _carry(drawing: BenchDrawing, truth: NDArray[np.int32]) -> NDArray[np.int64]:
    """Name the regions that each break joins in another ground truth."""
    joins = drawing.joins.copy()
    for at in np.ndindex(joins.shape):
        inside = truth[drawing.truth == drawing.joins[at]]
        joins[at] = np.bincount(inside[inside > 0]).argmax()
    return joins


def strokes(skeleton: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Label the strokes of a skeleton, divided where three or more meet."""
    around = cv2.filter2D(skeleton.astype(np.uint8), -1, np.ones((3, 3), np.uint8))
    joints = cv2.dilate((skeleton & (around > 3)).astype(np.uint8), np.ones((3, 3), np.uint8))
    apart = (skeleton & (joints == 0)).astype(np.uint8)
    return cv2.connectedComponents(apart, connectivity=8)[1]


def _traced(grey: NDArray[np.uint8], skeleton: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Make every tenth stroke a red, green or blue trace line, anti-aliased as it was."""
    stroke = strokes(skeleton)
    _, nearest = nearest_to(stroke > 0)
    owner = stroke.ravel()[nearest]
    colors = np.zeros((int(stroke.max()) + 1, 3), np.float32)
    for turn, label in enumerate(range(10, len(colors), 10)):
        colors[label, turn % 3] = 1
    cover = (255 - grey.astype(np.float32))[:, :, None]
    return np.rint(255 - cover * (1 - colors[owner])).astype(np.uint8)


def _scaled(drawing: BenchDrawing, closed: NDArray[np.uint8], scale: float) -> BenchDrawing:
    """Resize; the truth keeps its regions, its ink is that of the resized closed drawing."""
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    image = cv2.resize(drawing.image, None, fx=scale, fy=scale, interpolation=how)
    whole = cv2.resize(closed, None, fx=scale, fy=scale, interpolation=how)
    size = (image.shape[1], image.shape[0])
    truth = cv2.resize(drawing.truth, size, interpolation=cv2.INTER_NEAREST)
    return replace(
        drawing,
        image=image,
        truth=np.where(whole < PAPER, 0, truth),
        counted_px=round(drawing.counted_px * scale * scale),
        fragment_px=round(drawing.fragment_px * scale * scale),
    )


def recut(closed: NDArray[np.uint8], rng: np.random.Generator, name: str) -> BenchDrawing:
    """Cut 16 new breaks of 3 to 8 px into a whole drawing, every other beside a junction."""
    ink = closed < PAPER
    truth = components(~ink)
    area = np.bincount(truth.ravel())
    skeleton = thin(ink, stairs=True)
    stroke = strokes(skeleton)
    to_joint, _ = nearest_to(skeleton & (stroke == 0))
    _, nearest = nearest_to(skeleton)
    ys, xs = np.nonzero(stroke)
    image, joins, taken = closed.copy(), [], np.zeros(closed.shape, np.uint8)
    for place in rng.permutation(len(ys)):
        if len(joins) == 16:
            break
        y, x = int(ys[place]), int(xs[place])
        beside = to_joint[y, x] < 7
        if beside != bool(len(joins) % 2) or taken[y, x] or (beside and to_joint[y, x] < 4):
            continue
        around = truth[max(0, y - 6) : y + 7, max(0, x - 6) : x + 7]
        sides = np.bincount(around[around > 0], minlength=area.size)
        top = np.argsort(-sides, kind="stable")[:2]
        if sides[top[1]] < 30 or area[top].min() < COUNTED_PX:
            continue
        away = (xs - x) ** 2 + (ys - y) ** 2
        half = rng.uniform(3, 8) / 2
        cut = np.zeros(closed.size, np.bool_)
        near = (away <= half * half) & (stroke[ys, xs] == stroke[y, x])
        cut[ys[near] * closed.shape[1] + xs[near]] = True
        image[cut[nearest] & (_disc(closed.shape, x, y, half + 6))] = 255
        cv2.circle(taken, (x, y), 60, 1, -1)
        joins.append(top)
    return BenchDrawing(name, image, truth, np.array(joins, np.int64).reshape(-1, 2))


def _disc(shape: tuple[int, ...], x: float, y: float, radius: float) -> NDArray[np.bool_]:
    plane = np.zeros(shape, np.uint8)
    cv2.circle(plane, (round(x), round(y)), round(radius), 1, -1)
    return plane > 0


def roughened(drawing: BenchDrawing, rng: np.random.Generator) -> BenchDrawing:
    """Redraw as with a pencil: wobble, pressure, grain, faint stretches and specks."""
    shape = drawing.image.shape
    wobble = [1.6 * noise(rng, shape, 14) + 0.5 * noise(rng, shape, 4) for _ in range(2)]
    ys, xs = np.indices(shape).astype(np.float32)
    at = (xs + wobble[0], ys + wobble[1])
    line = cv2.remap(255 - drawing.image, *at, cv2.INTER_LINEAR).astype(np.float32) / 255
    truth = cv2.remap(drawing.truth.astype(np.float32), *at, cv2.INTER_NEAREST).astype(np.int32)
    pressure = np.clip(0.75 + 0.15 * noise(rng, shape, 25), 0.35, 1)
    grain = np.clip(0.8 + 0.3 * noise(rng, shape, 0.9), 0.1, 1)
    line = cv2.GaussianBlur(line, (0, 0), 0.5) * pressure * grain
    for y, x in rng.integers(2, (shape[0] - 2, shape[1] - 2), (60, 2)):
        line[y : y + rng.integers(1, 3), x : x + rng.integers(1, 3)] = rng.uniform(0.3, 0.9)
    image = np.clip(255 * (1 - line) + rng.standard_normal(shape), 0, 255)
    return replace(drawing, image=image.round().astype(np.uint8), truth=truth)


def noise(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> NDArray[np.float32]:
    """Smooth noise of unit deviation."""
    plane = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), sigma)
    return np.asarray(plane / plane.std(), np.float32)
