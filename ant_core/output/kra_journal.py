"""What a run notes in the journal of the .kra file that it writes."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from ant_core.formats.kra.journal import Entry, Journal, Plane
from ant_core.matching.fills import NO_COUNTERPART
from ant_core.propagation.output import RunNotes
from ant_core.propagation.result import FrameResult

__all__ = ["merge_hints", "note_layers", "note_references", "note_result"]


def note_layers(journal: Journal, lines: Sequence[str], color: str) -> None:
    """Note which layers were chosen, so that the docker finds them; by uuid, bottom first."""
    layers = {uuid: {"role": "line"} for uuid in lines}
    journal.document["layers"] = layers | {color: {"role": "color"}}


def note_references(journal: Journal, artists: Collection[int]) -> None:
    """Note the frames that the artist painted: without it they would count as blank."""
    on = {*journal.references_on, *artists} - journal.references_off
    journal.document["references"] = {"on": sorted(on), "off": sorted(journal.references_off)}


def merge_hints(
    shot: dict[str, Any], output: dict[str, Any] | None, last: dict[str, Any]
) -> dict[str, Any]:
    """Put together the hints documents of a shot and of the output of its last run.

    Both may have been worked on since: what is new in either is in, what was removed from either
    is out. Of two hints on one segment the later counts, so the shot's new ones come last.

    Parameters
    ----------
    shot : dict
        The shot's hints and locks.
    output : dict or None
        Those of the output; None where there is none yet, or where it is the shot itself.
    last : dict
        What the shot had in the last run; empty where that is not known.
    """
    if output is None:
        return shot
    merged: dict[str, Any] = {"schema": 1}
    for kind in ("hints", "locks"):
        ours, theirs = shot.get(kind, []), output.get(kind, [])
        known = last.get(kind, [])
        kept = [item for item in theirs if item in ours or item not in known]
        merged[kind] = kept + [item for item in ours if item not in kept and item not in known]
    return merged


def note_result(
    journal: Journal,
    layer: str,
    result: FrameResult,
    after: str,
    before: Callable[[], Plane | None],
    notes: RunNotes,
) -> None:
    """Note a frame that was coloured.

    Parameters
    ----------
    journal : Journal
    layer : str
        Uuid of the colour layer.
    result : FrameResult
    after : str
        Hash of what was notes.
    before : callable
        Gives what the frame held, if the journal has no older state of it.
    notes : RunNotes
    """
    former = journal.entry(layer, result.frame)
    if former is not None and former.after == after and not result.recomputed:
        return  # kept from the run that noted it
    document = result.to_json(notes.palette, notes.review_below)
    # Where the files lay on the machine of the run is nothing for the document.
    document |= {"line_file": f"frame {result.frame}", "color_file": f"frame {result.frame}"}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    journal.record(
        Entry(
            layer,
            result.frame,
            "predicted",
            notes.model_hash,
            former.before if former is not None else before(),
            after,
            _summary(result, notes.review_below),
            zlib.compress(text.encode(), 6),
        )
    )


def _summary(result: FrameResult, review_below: float) -> dict[str, Any]:
    return {
        "confidence": result.mean_confidence,
        "doubtful": int(result.fills.doubtful(review_below).sum()),
        "no_counterpart": int(np.sum(result.fills.state == NO_COUNTERPART)),
        "segments": result.fills.count,
    }
