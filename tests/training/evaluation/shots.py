"""Shots of a few segments, made by hand."""

from __future__ import annotations

import numpy as np

from ant_core.matching.descriptors import SHAPE_FEATURES
from ant_core.training.data.true_shots import TrueFrame, TrueShot


def true_frame(number, centres, colors, parts=None, overlap=None):
    """A frame of segments in a row at `centres`, -1 to 1, without pictures."""
    count = len(centres)
    box = np.zeros((count, 4), np.float32)
    box[:, 0], box[:, 2:] = centres, 0.1
    return TrueFrame(
        number,
        np.zeros((count, 4, 32, 32), np.uint8),
        np.zeros((count, len(SHAPE_FEATURES)), np.float32),
        box,
        np.zeros((0, 2), np.int32),
        np.zeros(0, np.float32),
        np.array(colors if parts is None else parts, np.int64),
        np.array(colors, np.int64),
        np.array([-1] * count if overlap is None else overlap, np.int64),
        np.full(count, 20, np.int64),
        box[:, :2] * 50,
        position=box[:, :2],
    )


def still_shot(count, name="still", **options):
    """A shot in which two segments, of colours 1 and 2, stay where they are."""
    frames = [true_frame(n, [-0.5, 0.5], [1, 2]) for n in range(1, count + 1)]
    return TrueShot(name=name, frames=frames, characters=("someone",), **options)


class Scripted:
    """Takes the same row, but the other one of two in the frames that it is told."""

    name = "scripted"
    is_model = True
    no_counterpart_threshold = 0.5
    region_threshold = 0.5

    def __init__(self, wrong=(), absent=()):
        self.wrong, self.absent = set(wrong), set(absent)
        self.asked: list[tuple[list[int], int]] = []

    def can(self, references, target):
        del references, target
        return True

    def forget(self):
        pass

    def confidence(self, raw):
        return raw

    def match_pieces(self, reference, target):
        return self.match([reference], target)

    def match(self, references, target):
        self.asked.append(([r.number for r in references], target.number))
        probability = np.zeros((target.count, sum(r.count for r in references)), np.float32)
        start = probability.shape[1] - references[-1].count
        for row in range(target.count):
            swap = target.number in self.wrong
            probability[row, start + (target.count - 1 - row if swap else row)] = 1
        seen = np.full(target.count, target.number not in self.absent, np.float32)
        return probability, seen
