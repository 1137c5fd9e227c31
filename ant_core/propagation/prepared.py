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

from ant_core.matching.descriptors import Descriptors, describe
from ant_core.matching.matcher import DrawingFeatures, Match
from ant_core.propagation.timing import Timings
from segmentation import Segments, extract_lines, measure, segment

__all__ = ["Analysis", "FeatureCache", "MatcherLike", "analyze", "pixel_hash"]

# Segmentation runs free of any lock; the descriptors' kernels run in parallel, and Numba's
# plain threading layer must not be entered by two threads at once.
_DESCRIBE = threading.Lock()


class MatcherLike(Protocol):
    """What propagation needs of `ant_core.matching.matcher.Matcher`."""

    device: str
    model_name: str
    model_hash: str
    no_counterpart_threshold: float

    def encode(self, descriptors: Descriptors) -> DrawingFeatures: ...

    def match(
        self, references: list[DrawingFeatures], target: DrawingFeatures, offsets: list[int]
    ) -> Match: ...

    def confidence(self, raw: NDArray[np.float32]) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Analysis:
    """A drawing taken apart.

    Attributes
    ----------
    image : (H, W) or (H, W, 3|4), uint8 or uint16
        The decoded line drawing.
    line_hash : str
        Of the decoded pixels.
    labels : (H, W) int32, 0 = line
    segments : Segments
    descriptors : Descriptors
    gap_px : float
        The gap width that was used.
    """

    image: NDArray[Any]
    line_hash: str
    labels: NDArray[np.int32]
    segments: Segments
    descriptors: Descriptors
    gap_px: float


def pixel_hash(image: NDArray[Any]) -> str:
    """Hash decoded pixels, shape and depth; equal pictures have equal hashes."""
    digest = hashlib.sha256(f"{image.shape} {image.dtype}".encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def analyze(
    image: NDArray[Any], line_hash: str, gap_px: float | None, timings: Timings
) -> Analysis:
    """Segment and describe one drawing.

    Parameters
    ----------
    image : (H, W) or (H, W, 3|4), uint8 or uint16
        Not modified.
    gap_px : float or None
        Widest gap in a line that is closed; derived from the drawing if None.

    Raises
    ------
    ValueError
        When segmentation cannot work on it.
    """
    with timings.measure("segment"):
        lines = extract_lines(image)
        segmentation = segment(lines, gap_px)
        segments = measure(segmentation.labels)
    with _DESCRIBE, timings.measure("describe"):
        descriptors = describe(lines, segmentation.labels, segments)
    return Analysis(
        image, line_hash, segmentation.labels, segments, descriptors, segmentation.gap_px
    )


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
