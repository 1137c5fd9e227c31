"""Matches of segments from optical flow, as AnimeRun's section 3.2 defines them.

Serves every set that has flow both ways; `write_scene` puts such a set into AnimeRun's folders,
and `RegionStatistics` counts what the paper's Table 1 lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.training.data.animerun import AnimeRunWriter
from ant_core.training.data.histograms import Histograms
from ant_core.training.data.true_shots import line_area
from segmentation import expand_labels, extract_lines, segment

__all__ = [
    "PUBLISHED",
    "FlowFrame",
    "RegionStatistics",
    "look_up",
    "match_segments",
    "occlusion",
    "segment_centers",
    "write_scene",
]

_OCCLUDED_PX = 0.5
_ERODE = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class FlowFrame:
    """One frame of a flow-annotated set.

    Attributes
    ----------
    contour : (H, W) uint8
        Grey line art, 255 = paper.
    forward, backward : (H, W, 2) float32 or None
        Flow x, y in pixels to the next frame and to the one before; None where there is none.
    color : (H, W, 3) uint8 RGB or None
    labels : (H, W) int32 or None
        Segments from 0, every pixel has one; None: the product segments the contour.
    """

    contour: NDArray[np.uint8]
    forward: NDArray[np.float32] | None
    backward: NDArray[np.float32] | None
    color: NDArray[np.uint8] | None = None
    labels: NDArray[np.int32] | None = None


def occlusion(forward: NDArray[np.float32], backward: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which pixels are not seen in the other frame, (H, W) bool.

    forward: (H, W, 2) float32 flow x, y in pixels out of this frame; backward: the flow of the
    other frame back. A pixel is occluded where the two do not cancel to within 0.5 px, the
    backward flow being read bilinearly where the forward flow leads, or where that is outside.
    """
    height, width = forward.shape[:2]
    x = np.arange(width, dtype=np.float32)[None] + forward[..., 0]
    y = np.arange(height, dtype=np.float32)[:, None] + forward[..., 1]
    back = cv2.remap(
        backward, x, y, interpolation=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    close = np.linalg.norm(forward + back, axis=-1) <= _OCCLUDED_PX  # False also for NaN
    return np.asarray(~(inside & close))


def match_segments(
    source: NDArray[np.int32],
    target: NDArray[np.int32],
    flow: NDArray[np.float32],
    occluded: NDArray[np.bool_],
) -> list[list[int]]:
    """Return where the segments of a frame go.

    Parameters
    ----------
    source, target : (H, W) int32
        Segments from 0, negative = none.
    flow : (H, W, 2) float32 x, y in pixels, source to target
    occluded : (H, W) bool
        Source pixels that do not count.

    Returns
    -------
    list of list of int
        For each source segment all target segments that its pixels reach, by falling share of
        its pixels (ties to the lower number); [-1] where none is reached. Segments are eroded
        by a 3 x 3 kernel first; those that vanish in that reach nothing.
    """
    count = int(source.max(initial=-1)) + 1
    plane = source.astype(np.float32)  # exact up to 2^24 segments; morphology takes no int32
    inner = cv2.erode(plane, _ERODE) == cv2.dilate(plane, _ERODE)
    reached = look_up(target, flow, outside=-1)
    use = inner & ~occluded & (source >= 0) & (reached >= 0)
    width = int(target.max(initial=-1)) + 1
    keys, pixels = np.unique(
        source[use].astype(np.int64) * width + reached[use], return_counts=True
    )
    rows: list[list[int]] = [[] for _ in range(count)]
    for key in keys[np.lexsort((keys, -pixels))].tolist():
        rows[key // width].append(key % width)
    return [row or [-1] for row in rows]


def segment_centers(labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the centre of each segment, (N, 2) x, y in pixels; labels from 0."""
    count = int(labels.max(initial=-1)) + 1
    height, width = labels.shape
    flat = labels.ravel()
    use = flat >= 0
    area = np.maximum(np.bincount(flat[use], minlength=count), 1)
    x, y = np.tile(np.arange(width), height), np.repeat(np.arange(height), width)
    sums = [np.bincount(flat[use], weights=axis[use], minlength=count) for axis in (x, y)]
    return np.stack(sums, axis=1) / area[:, None]


# Rows of AnimeRun's Table 1: what `RegionStatistics.table` counts, in its order.
PUBLISHED = {
    "AnimeRun": (237, 9.59, 19.27, 19.09, 1774.43),
    "CreativeFlow+": (49, 0.82, 3.84, 16.40, 373.68),
}


@dataclass
class RegionStatistics:
    """What AnimeRun's Table 1 and figure 4 show, summed over frames and scenes."""

    segments: list[int] = field(default_factory=list)  # a frame
    occluded: list[int] = field(default_factory=list)  # a pair of frames
    pixel_shift: list[float] = field(default_factory=list)  # px, mean of a pair
    segment_shift: list[float] = field(default_factory=list)  # px, mean of a pair
    scenes: dict[str, float] = field(default_factory=dict)  # px, sum of pixel_shift
    histograms: Histograms = field(default_factory=Histograms)

    def add_frame(self, count: int, picture: NDArray[np.uint8] | None = None) -> None:
        """Count a frame of so many segments; picture: its colours, (H, W, 3 or 4) uint8 RGB(A)."""
        self.segments.append(count)
        if picture is not None:
            self.histograms.add_picture(picture)

    def add_pair(
        self,
        scene: str,
        flow: NDArray[np.float32],
        first: NDArray[np.int64],
        source_centers: NDArray[Any],
        target_centers: NDArray[Any],
    ) -> None:
        """Count a frame and the next.

        flow: (H, W, 2) float32 px; first: (N,) first candidate of each source segment, -1 =
        none; centres (N, 2) and (M, 2) x, y in pixels.
        """
        seen = first >= 0
        self.occluded.append(int((~seen).sum()))
        speed = np.linalg.norm(flow.astype(np.float64), axis=-1)
        self.pixel_shift.append(float(speed[np.isfinite(speed)].mean()))
        self.histograms.add_flow(flow)
        if seen.any():
            moves = target_centers[first[seen]] - source_centers[seen]
            self.segment_shift.append(float(np.linalg.norm(moves, axis=1).mean()))
        self.scenes[scene] = self.scenes.get(scene, 0.0) + self.pixel_shift[-1]

    def join(self, other: RegionStatistics) -> None:
        """Add what was counted of other scenes."""
        self.segments += other.segments
        self.occluded += other.occluded
        self.pixel_shift += other.pixel_shift
        self.segment_shift += other.segment_shift
        self.scenes |= other.scenes
        self.histograms.join(other.histograms)

    def stored(self) -> dict[str, Any]:
        """Return all of it, ready for JSON; `from_stored` takes it back."""
        return {**vars(self), "histograms": self.histograms.as_lists()}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> RegionStatistics:
        """Return what `stored` gave; records from before there were histograms have none."""
        histograms = Histograms.from_lists(stored.get("histograms", {}))
        return cls(**{**stored, "histograms": histograms})

    def table(self) -> dict[str, float]:
        """Return the row of Table 1, and on how many frames and scenes it stands."""
        return {
            "segments_per_frame": _mean(self.segments),
            "occluded_segments_per_frame": _mean(self.occluded),
            "pixel_shift_per_frame_px": _mean(self.pixel_shift),
            "segment_shift_per_frame_px": _mean(self.segment_shift),
            "accumulated_pixel_shift_per_sequence_px": _mean(list(self.scenes.values())),
            "frames": len(self.segments),
            "sequences": len(self.scenes),
        }


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def write_scene(
    writer: AnimeRunWriter,
    scene: str,
    frames: Iterable[FlowFrame],
    statistics: RegionStatistics,
) -> None:
    """Label a flow-annotated scene and write it in AnimeRun's layout, two frames in memory.

    Masks, matches of both ways and line areas are made here. `statistics` is added to.

    Raises
    ------
    InputError
        When two frames that follow each other lack the flow between them, or sizes differ.
    """
    labelled: Iterator[Any] = chain((_labelled(frame) for frame in frames), [None])
    for number, (here, after) in enumerate(pairwise(labelled), 1):
        name = f"{number:04d}"
        frame, labels = here
        writer.frame(name, frame.contour, labels, frame.color)
        statistics.add_frame(int(labels.max(initial=-1)) + 1, frame.color)
        if after is None:
            break
        forward, backward = frame.forward, after[0].backward
        if forward is None or backward is None or forward.shape != backward.shape:
            raise InputError(
                f"scene {scene}: no flow both ways between frames {number} and {number + 1}, or "
                "of two sizes; render both flows for every two frames that follow each other"
            )
        hidden = occlusion(forward, backward)
        matches = match_segments(labels, after[1], forward, hidden)
        writer.pair(name, "forward", forward, hidden, matches)
        writer.line_area(name, line_area(extract_lines(frame.contour).ink))
        first = np.array([row[0] for row in matches], np.int64)
        centers = [segment_centers(plane) for plane in (labels, after[1])]
        statistics.add_pair(scene, forward, first, *centers)
        hidden = occlusion(backward, forward)
        matches = match_segments(after[1], labels, backward, hidden)
        writer.pair(f"{number + 1:04d}", "backward", backward, hidden, matches)


def _labelled(frame: FlowFrame) -> tuple[FlowFrame, NDArray[np.int32]]:
    if frame.labels is not None:
        return frame, frame.labels
    labels = expand_labels(segment(extract_lines(frame.contour)).labels)
    return frame, np.maximum(labels - 1, 0).astype(np.int32)


def look_up(
    labels: NDArray[np.int32], flow: NDArray[np.float32], outside: int
) -> NDArray[np.int32]:
    """Return the label at x + flow(x), rounded to a pixel, for every pixel x.

    labels: (H, W) int32; flow: (H, W, 2) float32 x, y; `outside` stands where that leaves the
    picture or the flow is not finite.
    """
    height, width = labels.shape
    known = np.asarray(np.isfinite(flow).all(axis=-1))
    step = np.where(known[..., None], flow, 0)
    # Far beyond any picture a float no longer fits an integer.
    x = np.clip(np.arange(width)[None] + np.rint(step[..., 0]), -1, width).astype(np.int64)
    y = np.clip(np.arange(height)[:, None] + np.rint(step[..., 1]), -1, height).astype(np.int64)
    inside = known & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    found = labels[np.where(inside, y, 0), np.where(inside, x, 0)]
    return np.where(inside, found, outside).astype(np.int32)
