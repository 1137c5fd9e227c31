"""What a painted frame teaches: the flat colour of each of its segments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ant_core.analysis import Analysis
from ant_core.colors import UNPAINTED, read_segment_colors
from ant_core.result import LOCKED, NOT_FLAT, PAINTED, STATE_UNPAINTED, Fills, NotFlat, SourceUsed
from ant_core.shot import Reference
from ant_core.state import Record
from ant_core.workbench import Workbench

__all__ = ["learn", "make_record"]

_NOT_FLAT_SHARE = 0.1  # design, section 4: a second colour over a tenth of a segment


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
        colors = read_segment_colors(analysis.labels, image, bench.palette)
    state = np.where(colors.index == UNPAINTED, STATE_UNPAINTED, PAINTED)
    mixed = np.flatnonzero(colors.second_share > _NOT_FLAT_SHARE)
    state[mixed] = NOT_FLAT
    if reference.origin == "locked":
        state[:] = LOCKED
    fills = Fills.given(colors.index, state, frame)
    not_flat = tuple(
        NotFlat(
            int(row) + 1,
            int(colors.second[row]),
            float(colors.second_share[row]),
            (int(colors.second_at[row, 0]), int(colors.second_at[row, 1])),
        )
        for row in mixed
    )
    bench.features(frame, analysis.line_hash)  # while the drawing is at hand
    digest = fills.digest(analysis.line_hash, bench.palette)
    record = make_record(keys, (), digest, fills, not_flat, analysis)
    return replace(record, thumbnail=bench.output.thumbnail(analysis.image, image))


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
