"""What is compared: any model, and the baselines beside it, behind one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.matching.descriptors import SHAPE_FEATURES, Descriptors
from ant_core.matching.flow import Motion, comparable
from ant_core.matching.matcher import DrawingFeatures, Match
from ant_core.matching.model_file import ModelFile
from ant_core.propagation.prepared import MatcherLike
from ant_core.training.data.baselines import nearest_position, shared_pixels
from ant_core.training.data.flow_labels import look_up
from ant_core.training.data.true_shots import TrueFrame

__all__ = ["Flow", "Method", "ModelMethod", "Overlap", "Position", "region_threshold_of"]

Matched = tuple[NDArray[np.float32], NDArray[np.float32]]
_LOG_AREA = SHAPE_FEATURES.index("log_area")
_KEPT_PAIRS = 256  # of drawings, whose votes one shot keeps: some 200 MB at 400 segments each
_SURE = 0.5  # baselines say 0 or 1, so anything between divides them


class Method(Protocol):
    """Matches a target's segments with those of references."""

    name: str
    is_model: bool
    no_counterpart_threshold: float  # of colouring
    region_threshold: float  # the same where segments are matched one by one

    def can(self, references: Sequence[TrueFrame], target: TrueFrame) -> bool:
        """Say whether the drawings bring what the method looks at."""

    def match(self, references: Sequence[TrueFrame], target: TrueFrame) -> Matched:
        """Return probability (N, M) over all reference segments, and counterpart (N,)."""

    def match_pieces(self, reference: TrueFrame, target: TrueFrame) -> Matched:
        """Return the same of one reference, (N,) being whether this very piece is seen in it."""

    def confidence(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map the winning share of similarity to the chance to be right."""

    def forget(self) -> None:
        """Drop what was kept of a shot's drawings."""


class _Baseline:
    is_model = False
    no_counterpart_threshold = _SURE
    region_threshold = _SURE

    def can(self, references: Sequence[TrueFrame], target: TrueFrame) -> bool:
        del references, target
        return True

    def match_pieces(self: Method, reference: TrueFrame, target: TrueFrame) -> Matched:
        return self.match([reference], target)

    def confidence(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        return raw

    def forget(self) -> None:
        """Keep nothing."""


class Position(_Baseline):
    """Takes the reference segment nearest in centre and area."""

    name = "position"

    def match(self, references: Sequence[TrueFrame], target: TrueFrame) -> Matched:
        """Match each target segment with the nearest of like size, by position."""
        rows = nearest_position(
            np.concatenate([reference.position for reference in references]),
            np.concatenate([reference.shape[:, _LOG_AREA] for reference in references]),
            target.position,
            target.shape[:, _LOG_AREA],
        )
        columns = sum(reference.count for reference in references)
        return _one_hot(rows, columns)


class Overlap(_Baseline):
    """Takes what lies under the segment in the references, by pixels."""

    name = "overlap"

    def can(self, references: Sequence[TrueFrame], target: TrueFrame) -> bool:
        """Tell whether there are label maps, or the target follows the one reference."""
        return _have_pictures(references, target) or self._follow(references, target)

    @staticmethod
    def _follow(references: Sequence[TrueFrame], target: TrueFrame) -> bool:
        """Say whether the stored overlap with the frame before may be used."""
        return [reference.number for reference in references] == [target.before]

    def match(self, references: Sequence[TrueFrame], target: TrueFrame) -> Matched:
        """Match by the share of pixels that segments have in common."""
        if not _have_pictures(references, target):
            return _one_hot(target.overlap, references[0].count)
        shared = [shared_pixels(_labels(r), _labels(target)) for r in references]
        return _shares(_stack(shared, references, target))


@dataclass(frozen=True)
class _Votes:
    reference: TrueFrame  # both held, so that their ids stay their own
    target: TrueFrame
    pixels: NDArray[np.float32]


class Flow(_Baseline):
    """Warps the references by optical flow (OpenCV's DIS) and takes the majority by pixels.

    Of the whole pictures; or of the small ones that stored clips keep, in the better way that our
    network is told of, see `ant_core.matching.flow`.
    """

    name = "flow"

    def __init__(self) -> None:
        self._solver = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._small = Motion()
        self._known: dict[tuple[int, int], _Votes] = {}

    def can(self, references: Sequence[TrueFrame], target: TrueFrame) -> bool:
        """Tell whether there are pictures, or small ones of one size."""
        return _have_pictures(references, target) or all(
            comparable(target.small, reference.small) for reference in references
        )

    def forget(self) -> None:
        """Drop the votes of the pairs seen so far."""
        self._known.clear()

    def motion(self, target: TrueFrame, reference: TrueFrame) -> NDArray[np.float32]:
        """Return the flow from target to reference, (H, W, 2) float32 x, y in pixels."""
        assert target.darkness is not None
        assert reference.darkness is not None
        start = np.zeros((*target.darkness.shape, 2), np.float32)
        flow = self._solver.calc(255 - target.darkness, 255 - reference.darkness, start)
        return np.asarray(flow, np.float32)

    def match(self, references: Sequence[TrueFrame], target: TrueFrame) -> Matched:
        """Match by the share of pixels that optical flow leads to."""
        votes = [self._votes(reference, target) for reference in references]
        return _shares(_stack(votes, references, target))

    def _votes(self, reference: TrueFrame, target: TrueFrame) -> NDArray[np.float32]:
        key = (id(reference), id(target))
        if key not in self._known:
            if len(self._known) >= _KEPT_PAIRS:
                self._known.clear()
            self._known[key] = _Votes(reference, target, self._count(reference, target))
        return self._known[key].pixels

    def _count(self, reference: TrueFrame, target: TrueFrame) -> NDArray[np.float32]:
        if not _have_pictures([reference], target):
            assert reference.small is not None
            assert target.small is not None
            counts = target.count, reference.count
            return self._small.compare(target.small, reference.small, counts)[..., 0]
        warped = look_up(_labels(reference), self.motion(target, reference), outside=0)
        return shared_pixels(warped, _labels(target)).astype(np.float32)


@dataclass(frozen=True)
class _Encoded:
    frame: TrueFrame  # held, so that its id stays its own
    features: DrawingFeatures


class ModelMethod:
    """A network, through the product's matcher; encodes every drawing once.

    `region_threshold` is that of the matcher where none is given; see `region_threshold_of`.
    """

    is_model = True

    def __init__(
        self, matcher: MatcherLike, name: str, region_threshold: float | None = None
    ) -> None:
        self.name = name
        self.no_counterpart_threshold = matcher.no_counterpart_threshold
        if region_threshold is None:
            region_threshold = matcher.no_counterpart_threshold
        self.region_threshold = region_threshold
        self._matcher = matcher
        self._encoded: dict[int, _Encoded] = {}

    def can(self, references: Sequence[TrueFrame], target: TrueFrame) -> bool:
        """Any drawing will do."""
        del references, target
        return True

    def forget(self) -> None:
        """Drop the encoded drawings of a shot."""
        self._encoded.clear()

    def match(self, references: Sequence[TrueFrame], target: TrueFrame) -> Matched:
        """Match; references that are model sheets have the offset 0."""
        match = self._match(references, target)
        return match.probability, match.has_counterpart

    def match_pieces(self, reference: TrueFrame, target: TrueFrame) -> Matched:
        """Match, and tell which pieces are seen in the reference."""
        match = self._match([reference], target)
        seen = match.has_counterpart if match.is_seen is None else match.is_seen
        return match.probability, seen

    def _match(self, references: Sequence[TrueFrame], target: TrueFrame) -> Match:
        offsets = [0 if r.is_sheet else target.number - r.number for r in references]
        encoded = [self._encode(reference) for reference in references]
        return self._matcher.match(encoded, self._encode(target), offsets)

    def confidence(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        """Use the model's own table."""
        return self._matcher.confidence(raw)

    def _encode(self, frame: TrueFrame) -> DrawingFeatures:
        known = self._encoded.get(id(frame))
        if known is None:
            arrays = frame.crops, frame.shape, frame.box, frame.edges, frame.edge_weight
            described = Descriptors(*arrays, (0, 0), 0.0, frame.small)
            known = self._encoded[id(frame)] = _Encoded(frame, self._matcher.encode(described))
        return known.features


def region_threshold_of(model: Path) -> float | None:
    """Return the threshold for matching segment by segment that a model file holds, if any.

    Colouring loses a right colour by every answer "no counterpart" too many, and region matching
    a recognised occlusion by every one too few: each has a threshold of its own.
    """
    threshold = ModelFile.read(model).manifest.get("region_threshold")
    return None if threshold is None else float(threshold)


def _have_pictures(references: Sequence[TrueFrame], target: TrueFrame) -> bool:
    if target.labels is None:
        return False
    return all(r.labels is not None and r.labels.shape == target.labels.shape for r in references)


def _labels(frame: TrueFrame) -> NDArray[np.int32]:
    assert frame.labels is not None
    return frame.labels


def _stack(
    votes: Sequence[NDArray[Any]], references: Sequence[TrueFrame], target: TrueFrame
) -> NDArray[np.float32]:
    """Join the pixels counted by reference, (N, M); ids without pixels at the end get zeros."""
    joined = np.zeros((target.count, sum(r.count for r in references)), np.float32)
    start = 0
    for part, reference in zip(votes, references, strict=True):
        joined[: len(part), start : start + part.shape[1]] = part
        start += reference.count
    return joined


def _shares(pixels: NDArray[np.float32]) -> Matched:
    total = pixels.sum(axis=1, keepdims=True)
    return pixels / np.maximum(total, 1), (total[:, 0] > 0).astype(np.float32)


def _one_hot(rows: NDArray[np.int64], columns: int) -> Matched:
    probability = np.zeros((len(rows), columns), np.float32)
    found = np.flatnonzero(rows >= 0)
    probability[found, rows[found]] = 1
    return probability, (rows >= 0).astype(np.float32)
