"""Colours that are given: those of painted frames, and the artist's hints and locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.joined import FLAT_SHARE
from ant_core.color.palette import (
    NO_COLOR,
    UNPAINTED,
    Palette,
    SegmentColors,
    read_segment_colors,
)
from ant_core.color.shifted import find_shift, move_back
from ant_core.matching.fills import FLAG_DAB, LOCKED, NOT_FLAT, PAINTED, STATE_UNPAINTED, Fills
from ant_core.propagation.drawings import Workbench
from ant_core.propagation.memory import Record, digest_of
from ant_core.propagation.prepared import Analysis
from ant_core.propagation.result import NotFlat, SourceUsed
from ant_core.shot.hints import HintSet, segment_under
from ant_core.shot.shot import Reference

__all__ = ["GivenColors", "learn", "make_record"]

_NAMED = 3  # places that a note names


def learn(bench: Workbench, reference: Reference, keys: dict[str, str]) -> Record:
    """Read the colours of a painted frame, segment by segment.

    Parameters
    ----------
    bench : Workbench
    reference : Reference
    keys : dict of str to str
        What the record depends on.
    """
    frame = reference.frame
    analysis = bench.pipeline.get(frame)
    bench.check()
    with bench.timings.measure("read"):
        image = bench.painting(reference)
        colors, shift = _read(analysis.labels, image, bench.palette)
    state = np.where(colors.index == UNPAINTED, STATE_UNPAINTED, PAINTED)
    mixed = np.flatnonzero((colors.share < FLAT_SHARE) & (colors.index != NO_COLOR))
    state[mixed] = NOT_FLAT
    if reference.origin == "locked":
        state[:] = LOCKED
    dabbed = colors.dab_at[:, 0] >= 0
    flags = np.where(dabbed, FLAG_DAB, 0).astype(np.uint8)
    fills = replace(Fills.given(colors.index, state, frame), flags=flags)
    not_flat = tuple(
        NotFlat(
            int(row) + 1,
            int(colors.second[row]),
            float(colors.second_share[row]),
            (int(colors.second_at[row, 0]), int(colors.second_at[row, 1])),
            float(colors.share[row]),
        )
        for row in mixed
    )
    bench.features(frame, analysis.line_hash)  # while the drawing is at hand
    digest = fills.digest(analysis.line_hash, bench.palette)
    record = make_record(keys, (), digest, fills, not_flat, analysis)
    return replace(
        record,
        thumbnail=bench.output.thumbnail(analysis.image, image),
        notes=_notes(frame, shift, colors.dab_at[dabbed], not_flat),
    )


def _read(
    labels: NDArray[np.int32], image: NDArray[Any], palette: Palette
) -> tuple[SegmentColors, tuple[int, int] | None]:
    """Read the colours of segments; of a frame beside its lines as if it were moved back."""
    colors = read_segment_colors(labels, image, palette)
    shift = find_shift(labels, image, palette.format, colors)
    if shift is None:
        return colors, None
    moved = read_segment_colors(labels, move_back(image, shift), palette)
    better = moved.second_share.sum() < colors.second_share.sum()
    return (moved, shift) if better else (colors, None)


def _notes(
    frame: int,
    shift: tuple[int, int] | None,
    dabs: NDArray[np.int32],
    not_flat: Sequence[NotFlat],
) -> tuple[str, ...]:
    """Say in one sentence each what a painted frame has that a flat one has not."""
    notes = []
    if shift is not None:
        notes.append(
            f"frame {frame} is painted {shift[0]}, {shift[1]} px (right, down) beside its lines: "
            "its colours are read as if it were moved back; move it"
        )
    if len(dabs):
        places = _places([f"{x}, {y}" for x, y in dabs.tolist()])
        notes.append(
            f"frame {frame}: paint that does not fill its segment gives {len(dabs)} of them "
            f"their colour, at {places}"
        )
    if not_flat:
        places = _places([_cause(item) for item in not_flat])
        notes.append(f"frame {frame} is not painted flat at {places}: fill the segment, or part it")
    return tuple(notes)


def _places(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return "; ".join(names[:_NAMED]) + (f" and {more} more places" if more > 0 else "")


def _cause(item: NotFlat) -> str:
    """Name place and cause: another flat colour, or many."""
    place = f"{item.at[0]}, {item.at[1]}"
    if item.share > 1 - FLAT_SHARE:
        return f"{place} (another colour on {item.share:.0%} of segment {item.segment})"
    return (
        f"{place} (a gradient or noise: the colour meant covers {item.cover:.0%} of segment "
        f"{item.segment})"
    )


def make_record(
    keys: dict[str, str],
    sources: tuple[SourceUsed, ...],
    digest: str,
    fills: Fills,
    not_flat: tuple[NotFlat, ...],
    analysis: Analysis,
) -> Record:
    """Return the record of a drawing; its thumbnail is added when the drawing is painted."""
    height, width = analysis.labels.shape
    places = analysis.segments.centroid / np.array([width, height], np.float32)
    return Record(
        keys, sources, digest, fills, not_flat, analysis.gap_px, b"", places.astype(np.float32)
    )


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
