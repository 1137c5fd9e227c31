"""Hints and locks on the segments of one drawing, resolved to segment ids and palette colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ant_core.analysis import Analysis
from ant_core.colors import read_segment_colors
from ant_core.hints import HintSet, segment_under
from ant_core.state import digest_of
from ant_core.workbench import Workbench

__all__ = ["GivenColors"]


class GivenColors:
    """What the artist fixed by hand.

    Parameters
    ----------
    bench : Workbench
    hints : HintSet
    """

    def __init__(self, bench: Workbench, hints: HintSet) -> None:
        self._bench = bench
        self._hints = hints

    def keys(self, frame: int, frames: Sequence[int]) -> dict[str, str]:
        """Return what a drawing shown at `frames` depends on, by name."""
        given = self._hints.on(frames)
        raw = self._bench.palette.raw
        locked = self.locked(frames, self._bench.pipeline.get(frame)) if given.locks else {}
        return {
            "hints": digest_of([[hint.points, hint.color] for hint in given.hints]),
            "locks": digest_of([[segment, raw(i)] for segment, i in sorted(locked.items())]),
        }

    def hinted(self, frames: Sequence[int], analysis: Analysis) -> dict[int, int]:
        """Return palette index by segment id; of two hints on one segment the later counts."""
        colors = {}
        for hint in self._hints.on(frames).hints:
            segment = segment_under(analysis.labels, hint.points)
            if segment:
                colors[segment] = hint.palette_index(self._bench.palette)
        return colors

    def locked(self, frames: Sequence[int], analysis: Analysis) -> dict[int, int]:
        """Return palette index by segment id, as the painted files in the output have it now."""
        colors: dict[int, int] = {}
        present: dict[int, NDArray[np.int32]] = {}
        for lock in self._hints.on(frames).locks:
            if lock.frame not in present:
                present[lock.frame] = self._present_colors(lock.frame, analysis)
            segment = segment_under(analysis.labels, lock.points)
            if segment:
                colors[segment] = int(present[lock.frame][segment - 1])
        return colors

    def _present_colors(self, frame: int, analysis: Analysis) -> NDArray[np.int32]:
        output = self._bench.output
        image = self._bench.shot.pixels.convert(output.read(frame), output.place(frame))
        return read_segment_colors(analysis.labels, image, self._bench.palette).index
