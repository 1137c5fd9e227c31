"""A small matcher by place and shape, with the interface of `ant_core.matching.matcher.Matcher`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ant_core.errors import InputError
from ant_core.matching.attention import LayerAttention
from ant_core.matching.descriptors import Descriptors
from ant_core.matching.flow import Landing, Motion, SmallDrawing
from ant_core.matching.matcher import DrawingFeatures, Match


class FakeMatcher:
    """Takes the reference segment whose box lies nearest; far away means no counterpart."""

    no_counterpart_threshold = 0.5

    def __init__(
        self, model: Path | None = None, device: str = "auto", threads: int | None = None
    ) -> None:
        del threads
        self.device = "cpu" if device == "auto" else device
        self.model_name = "fake"
        self.model_hash = hashlib.sha256(str(model).encode()).hexdigest()
        self.encoded = 0
        self.matches: list[list[int]] = []
        self._motion = Motion()

    def encode(self, descriptors: Descriptors) -> DrawingFeatures:
        self.encoded += 1
        return DrawingFeatures(
            descriptors.box.copy(),
            descriptors.shape,
            descriptors.box,
            descriptors.edges,
            descriptors.edge_weight,
            descriptors.small,
        )

    def match(
        self,
        references: Sequence[DrawingFeatures],
        target: DrawingFeatures,
        offsets: Sequence[int],
    ) -> Match:
        self.matches.append(list(offsets))
        boxes = np.concatenate([reference.box for reference in references])
        distance = np.abs(target.box[:, None] - boxes[None]).sum(axis=2)  # (N, M)
        weight = np.exp(-20 * (distance - distance.min(axis=1, keepdims=True)))
        probability = (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)
        counts = [reference.count for reference in references]
        return Match(
            probability,
            np.exp(-4 * distance.min(axis=1)).astype(np.float32),
            np.repeat(np.arange(len(counts)), counts).astype(np.int32),
            np.concatenate([np.arange(1, count + 1) for count in counts]).astype(np.int32),
        )

    def explain(
        self,
        references: Sequence[DrawingFeatures],
        target: DrawingFeatures,
        offsets: Sequence[int],
    ) -> tuple[Match, list[LayerAttention]]:
        raise InputError("this model shows no attention: its network has no attention layers")

    def landing(
        self, target: SmallDrawing, reference: SmallDrawing, *, is_far: bool = False
    ) -> Landing:
        return self._motion.landing(target, reference, is_far=is_far)

    def confidence(self, raw: np.ndarray) -> np.ndarray:
        return raw.astype(np.float32)
