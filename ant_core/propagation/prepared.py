"""One line drawing, taken apart: label map, segments and what the network sees of them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ant_core.matching.attention import LayerAttention
from ant_core.matching.descriptors import Descriptors, describe
from ant_core.matching.flow import Landing, SmallDrawing
from ant_core.matching.matcher import DrawingFeatures, Match
from ant_core.propagation.timing import Timings
from segmentation import (
    LineArt,
    Pieces,
    Rough,
    Segmentation,
    Segments,
    extract_lines,
    find_pieces,
    join_by_lines,
    measure,
)

__all__ = [
    "HUGE_PIXELS",
    "Analysis",
    "FeatureCache",
    "LinesTaken",
    "MatcherLike",
    "analyze",
    "describe_labels",
    "pixel_hash",
]

# Segmentation runs free of any lock; the descriptors' kernels run in parallel, and Numba's
# plain threading layer must not be entered by two threads at once.
_DESCRIBE = threading.Lock()
HUGE_PIXELS = 16_000_000  # of larger drawings only what is needed is kept, and one at a time


class MatcherLike(Protocol):
    """What propagation needs of `ant_core.matching.matcher.Matcher`."""

    device: str
    model_name: str
    model_hash: str
    no_counterpart_threshold: float

    def encode(self, descriptors: Descriptors) -> DrawingFeatures:
        """Encode one drawing, for every match that it takes part in."""

    def match(
        self, references: list[DrawingFeatures], target: DrawingFeatures, offsets: list[int]
    ) -> Match:
        """Match a target against all segments of all references; `offsets` are in frames."""

    def explain(
        self, references: list[DrawingFeatures], target: DrawingFeatures, offsets: list[int]
    ) -> tuple[Match, list[LayerAttention]]:
        """Match likewise, and tell what segments attend to; InputError where nothing shows it."""

    def confidence(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map shares of similarity, (N,) in [0, 1], to the chance to be right, (N,) float32."""

    def landing(
        self, target: SmallDrawing, reference: SmallDrawing, *, is_far: bool = False
    ) -> Landing:
        """Return where the target's pixels lie in the reference."""


@dataclass(frozen=True)
class LinesTaken:
    """What was taken for lines in a drawing, see `segmentation.LineArt`; `blank`: none at all."""

    ground: str = "light"
    rough: str = "none"
    blank: bool = False


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """A drawing taken apart.

    Attributes
    ----------
    image : (H, W) or (H, W, 3|4), uint8 or uint16
        The decoded line drawing.
    line_hash : str
        Of the decoded pixels.
    lines : LineArt or None
        None where the drawing is huge: they are read off the image again if need be.
    taken : LinesTaken
        What its lines say of themselves.
    pieces : Pieces
        What is kept apart for the colours to decide; a segment is one piece, or a few.
    segmentation : Segmentation
        The segments as the lines alone divide them.
    descriptors : Descriptors
    """

    image: NDArray[Any]
    line_hash: str
    lines: LineArt | None
    taken: LinesTaken
    pieces: Pieces
    segmentation: Segmentation
    descriptors: Descriptors


def pixel_hash(image: NDArray[Any]) -> str:
    """Hash decoded pixels, shape and depth; equal pictures have equal hashes."""
    digest = hashlib.sha256(f"{image.shape} {image.dtype}".encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def analyze(
    image: NDArray[Any],
    line_hash: str,
    gap_px: float | None,
    timings: Timings,
    *,
    rough: Rough = "auto",
) -> Analysis:
    """Segment and describe one drawing.

    Parameters
    ----------
    image : (H, W) or (H, W, 3|4), uint8 or uint16
        Not modified.
    gap_px : float or None
        Widest gap in a line that is closed; derived from the drawing if None.

    rough : "auto", "keep" or "ignore"
        Whether a light coloured sketch under the ink belongs to the lines.

    Raises
    ------
    ValueError
        When segmentation cannot work on it.
    """
    with timings.measure("segment"):
        lines = extract_lines(image, rough=rough)
        pieces = find_pieces(lines, gap_px)
        segmentation = join_by_lines(pieces)
        labels = segmentation.labels
        measured = measure(labels)
    descriptors = _described(lines, labels, measured, timings)
    taken = LinesTaken(lines.ground, lines.rough, blank=not lines.ink.any())
    kept = lines if lines.ink.size <= HUGE_PIXELS else None
    return Analysis(
        image=image,
        line_hash=line_hash,
        lines=kept,
        taken=taken,
        pieces=pieces,
        segmentation=segmentation,
        descriptors=descriptors,
    )


def describe_labels(lines: LineArt, labels: NDArray[np.int32], timings: Timings) -> Descriptors:
    """Measure and describe any division of a drawing, (H, W) int32, 0 = line."""
    with timings.measure("segment"):
        measured = measure(labels)
    return _described(lines, labels, measured, timings)


def _described(
    lines: LineArt, labels: NDArray[np.int32], measured: Segments, timings: Timings
) -> Descriptors:
    with _DESCRIBE, timings.measure("describe"):
        return describe(lines, labels, measured)


class FeatureCache:
    """Encoded drawings, the least recently used dropped first, bounded in segments.

    Parameters
    ----------
    max_segments : int
        Of all drawings kept, but at least `_LEAST` drawings stay: the sources of one target. The
        small picture of a drawing takes as much memory as `_PICTURE` segments.
    """

    _LEAST = 8
    _PICTURE = 400

    def __init__(self, max_segments: int) -> None:
        self._max_segments = max_segments
        self._items: OrderedDict[str, DrawingFeatures] = OrderedDict()

    def get(self, line_hash: str, make: Callable[[], DrawingFeatures]) -> DrawingFeatures:
        """Return the features of a drawing, making them if they are not at hand."""
        if line_hash in self._items:
            self._items.move_to_end(line_hash)
            return self._items[line_hash]
        features = make()
        self._put(line_hash, features)
        return features

    def _put(self, line_hash: str, features: DrawingFeatures) -> None:
        self._items[line_hash] = features
        while len(self._items) > self._LEAST and self._total() > self._max_segments:
            self._items.popitem(last=False)

    def _total(self) -> int:
        return sum(features.count + self._PICTURE for features in self._items.values())
