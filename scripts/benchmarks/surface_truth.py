"""How near painted surfaces come to what they should be, beside simpler ways to bring them over."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.api.arrays import ArrayFrames
from ant_core.color.palette import Palette
from ant_core.color.pixels import PixelFormat
from ant_core.color.warp import Canvas, Surface, move
from ant_core.matching.flow import Motion, shrink
from ant_core.matching.matcher import Matcher
from ant_core.matching.surface_maps import by_place, measure_places
from ant_core.output.memory import MemoryOutput
from ant_core.propagation.assemble import assemble
from ant_core.propagation.options import RunOptions
from ant_core.propagation.result import COLOR, FrameResult
from ant_core.shot.hints import HintSet
from segmentation import expand_labels, extract_lines, find_pieces, join_by_lines, measure

__all__ = ["METHODS", "Clip", "Scores", "score_clip"]

Picture = NDArray[np.uint8]  # (H, W, 4) RGBA
METHODS = ("surfaces", "sure", "commonest", "mean", "flow", "centroid")
_FORMAT = PixelFormat(8, 4)
_LINE = 96  # darkness from which on a pixel is line and does not count


@dataclass(frozen=True)
class Clip:
    """Drawings of a clip with the truth.

    Attributes
    ----------
    lines : list of (H, W) uint8
    painted : list of (H, W, 4) uint8
        How each frame should look.
    ids : list of (H, W) int32
        Part of every pixel, 0 = paper.
    """

    lines: list[NDArray[np.uint8]]
    painted: list[Picture]
    ids: list[NDArray[np.int32]]


@dataclass(frozen=True)
class Scores:
    """Of one target frame.

    Attributes
    ----------
    psnr : dict of str to float
        In dB over all painted pixels that are no line, by `METHODS`: through every map, as the
        product paints (doubtful ones flat), with one colour a segment, and so on.
    segments : (K, 6) float
        Share, area, squared error through the map and of the mean colour, kind of map, confidence;
        for every segment that has a map.
    """

    psnr: dict[str, float]
    segments: NDArray[np.float64]


def run_shot(clip: Clip, matcher: Matcher) -> tuple[dict[int, FrameResult], Palette, MemoryOutput]:
    """Colour a clip from its first frame alone, frames numbered from 1."""
    lines = ArrayFrames(dict(enumerate(clip.lines, 1)), "lines")
    colors = ArrayFrames({1: clip.painted[0]}, "painted")
    output = MemoryOutput(clip.lines[0].shape, _FORMAT)
    assembly = assemble(
        lines=lines,
        colors=colors,
        output=output,
        frames=None,
        references=None,
        kept=(),
        hints=HintSet(),
        sheets=(),
    )
    run = assembly.propagation(
        matcher, RunOptions(surface="auto"), cancel=threading.Event(), notify=lambda _: None
    ).run()
    return run.results, run.palette, output


def _labels(line: NDArray[np.uint8], result: FrameResult) -> NDArray[np.int32]:
    """Return the segments of a drawing as they were coloured, (H, W)."""
    return result.division.of(find_pieces(extract_lines(line), None)).labels


def _psnr(error: NDArray[np.float64]) -> float:
    return float(10 * np.log10(255**2 / max(float(error.mean()), 1e-3)))


def _error(image: Picture, truth: Picture) -> NDArray[np.float64]:
    """Return the mean squared difference of the colours, what is clear being black, (H, W)."""
    one, other = (p[..., :3].astype(np.float64) * (p[..., 3:] / 255.0) for p in (image, truth))
    return ((one - other) ** 2).mean(axis=2)


def _means(labels: NDArray[np.int32], image: Picture, count: int) -> Picture:
    """Return the mean colour of segments 0..count, (count + 1, 4)."""
    size = np.maximum(np.bincount(labels.ravel(), minlength=count + 1), 1)
    sums = [np.bincount(labels.ravel(), image[..., c].ravel(), count + 1) for c in range(4)]
    table = (np.stack(sums, axis=1) / size[:, None] + 0.5).astype(np.uint8)
    table[:, 3] = np.where(table[:, 3] > 127, 255, 0)
    return table


def score_clip(
    clip: Clip, matcher: Matcher, frames: Sequence[int]
) -> tuple[dict[int, Scores], list[Picture]]:
    """Colour a clip and compare some of its frames with the truth; returns all frames, too."""
    results, palette, output = run_shot(clip, matcher)
    first = _labels(clip.lines[0], results[1])
    grown = expand_labels(first)
    count = results[1].fills.count
    nothing = np.zeros(count, np.bool_)
    canvas = Canvas(
        grown, results[1].division.point, clip.painted[0], Surface(nothing, nothing, nothing)
    )
    scores = {}
    for frame in frames:
        result = results[frame]
        here = _labels(clip.lines[frame - 1], result)
        under = expand_labels(here)
        off = palette.table(result.fills.color)[under]
        surfaces = result.surfaces[COLOR]
        rows = np.flatnonzero(surfaces.segment > 0)
        segment = surfaces.segment[rows]
        every = move(under, rows, surfaces.map[rows], segment, canvas, _FORMAT, off)
        places = measure_places(here, result.fills.count), measure_places(first, count)
        place = by_place(places[0][rows], places[1][segment - 1])
        centroid = move(under, rows, place, segment, canvas, _FORMAT, off)
        means = _means(first, clip.painted[0], count)
        table = np.zeros((result.fills.count + 1, 4), np.uint8)
        table[rows + 1] = means[segment]
        mean = np.where(
            (surfaces.segment > 0)[np.maximum(under, 1) - 1][..., None], table[under], off
        )
        pictures = {
            "surfaces": every,
            "sure": output.read(frame),
            "commonest": off,
            "mean": mean,
            "flow": _by_flow(clip, frame),
            "centroid": centroid,
        }
        truth = clip.painted[frame - 1]
        counted = (clip.ids[frame - 1] > 0) & (255 - clip.lines[frame - 1] < _LINE)
        errors = {name: _error(image, truth) for name, image in pictures.items()}
        psnr = {name: _psnr(error[counted]) for name, error in errors.items()}
        weight = [
            np.bincount(under[counted], e[counted], result.fills.count + 1)[1:]
            for e in (errors["surfaces"], errors["mean"])
        ]
        area = np.bincount(under[counted], minlength=result.fills.count + 1)[1:]
        segments = np.stack(
            [surfaces.share, area, *weight, surfaces.how, result.fills.confidence], axis=1
        )[rows]
        scores[frame] = Scores(psnr, segments[area[rows] > 0])
    return scores, [output.read(frame) for frame in sorted(results)]


def _by_flow(clip: Clip, frame: int) -> Picture:
    """Bring the first picture to a frame by optical flow of the whole drawings."""
    small = []
    for line in (clip.lines[frame - 1], clip.lines[0]):
        lines = extract_lines(line)
        labels = join_by_lines(find_pieces(lines, None)).labels
        small.append(shrink(lines.darkness, labels, measure(labels).centroid))
    landing = Motion().landing(small[0], small[1])
    height, width = clip.lines[0].shape
    ratio = width / small[0].labels.shape[1], height / small[0].labels.shape[0]
    size = width, height
    x = cv2.resize((landing.x + 0.5) * ratio[0] - 0.5, size, interpolation=cv2.INTER_LINEAR)
    y = cv2.resize((landing.y + 0.5) * ratio[1] - 0.5, size, interpolation=cv2.INTER_LINEAR)
    moved = cv2.remap(clip.painted[0], x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)
