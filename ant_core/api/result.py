"""What came of a run, by frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.api.arrays import ArrayFrames
from ant_core.api.label_map import LabelMap, label_map_of
from ant_core.color.palette import Palette
from ant_core.errors import InputError
from ant_core.matching.fills import STATES
from ant_core.output.memory import MemoryOutput
from ant_core.propagation.options import RunOptions
from ant_core.propagation.prepared import pixel_hash
from ant_core.propagation.result import FrameResult, Role

__all__ = ["ColoredFrame", "Result", "SharedRun"]


@dataclass(frozen=True)
class SharedRun:
    """What the frames of one run share."""

    lines: ArrayFrames
    output: MemoryOutput
    palette: Palette
    options: RunOptions


class ColoredFrame:
    """One frame: its picture, and what is known of each of its N segments.

    Row i of `color`, `state`, `confidence` and `doubtful` is the segment with the id i + 1 in the
    label map. `numpy.append(1, confidence)[labels]` is the confidence of every pixel.
    """

    def __init__(self, result: FrameResult, run: SharedRun) -> None:
        self._result = result
        self._run = run

    def __repr__(self) -> str:
        return f"<frame {self.frame}: {self.role}, {len(self.confidence)} segments>"

    @property
    def frame(self) -> int:
        """The frame's number."""
        return self._result.frame

    @property
    def role(self) -> Role:
        """Where its picture comes from.

        "reference": given; "held_reference": shows the drawing of a given one; "locked";
        "predicted"; or "failed".
        """
        return self._result.role

    @property
    def error(self) -> str:
        """Why it failed, in one sentence; empty otherwise."""
        return self._result.error

    @property
    def recomputed(self) -> str:
        """Why it was computed in this run; empty when it was kept from `previous`."""
        return self._result.recomputed

    @property
    def image(self) -> NDArray[Any]:
        """The painted frame, (H, W, C) of the painted frames' type; unpacked at every use.

        What is unpainted, or has no counterpart, is transparent; white where there is no alpha.
        InputError when the frame failed.
        """
        self._refuse_failed()
        return self._run.output.read(self.frame)

    @property
    def color(self) -> NDArray[Any]:
        """The colour of every segment, (N, C) of the type of `image`."""
        return self._run.palette.table(self._result.fills.color)[1:]

    @property
    def state(self) -> NDArray[np.str_]:
        """What became of every segment, (N,).

        "painted", "unpainted" (bare as in a reference), "no_counterpart" (nothing known, left
        bare), "not_flat" (a reference's, with several colours), "locked", "failed" or "never" (left
        bare by a rule).
        """
        return np.array(STATES)[self._result.fills.state]

    @property
    def confidence(self) -> NDArray[np.float32]:
        """The chance that each segment's fill is right, (N,) in [0, 1]."""
        return self._result.fills.confidence.copy()

    @property
    def doubtful(self) -> NDArray[np.bool_]:
        """Which segments an artist should look at, (N,)."""
        return self._result.fills.doubtful(self._run.options.review_below)

    def label_map(self) -> LabelMap:
        """Divide the drawing again as this run did; takes as long as `segment`.

        Raises
        ------
        InputError
            When the frame failed, or its line drawing is another array than in the run.
        """
        self._refuse_failed()
        lines, options = self._run.lines, self._run.options
        place = lines.place(self.frame)
        image = lines.read(self.frame)
        if pixel_hash(image) != self._result.drawing:
            raise InputError(f"{place} has changed since the run: color it again")
        return label_map_of(image, place, options.gap, options.rough, self._result.division.of)

    def to_json(self) -> dict[str, Any]:
        """Return all that is known of the frame, as `report.json` has it."""
        return self._result.to_json(self._run.palette, self._run.options.review_below)

    def _refuse_failed(self) -> None:
        if self.error:
            raise InputError(self.error)


class Result(Mapping[int, ColoredFrame]):
    """The frames of a run by number, rising; give it as `previous` to go on from it.

    Pictures are kept compressed, and line drawings not at all: they are the caller's arrays.

    Attributes
    ----------
    warnings : tuple of str
        A sentence each: hints without effect, and what painted frames have that flat ones have
        not.
    """

    def __init__(
        self, run: SharedRun, results: Mapping[int, FrameResult], warnings: tuple[str, ...]
    ) -> None:
        self._run = run
        self._frames = {frame: ColoredFrame(results[frame], run) for frame in sorted(results)}
        self.warnings = warnings

    def __getitem__(self, frame: int) -> ColoredFrame:
        return self._frames[frame]

    def __iter__(self) -> Iterator[int]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)
