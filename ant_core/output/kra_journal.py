"""What a run notes in the journal of the .kra file that it writes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from ant_core.formats.kra.journal import COPY, MOVED, Entry, KraJournal, Plane, pack_result
from ant_core.matching.fills import FLAG_SHADE, FLAG_SURFACE, NO_COUNTERPART
from ant_core.propagation.output import RunNotes
from ant_core.propagation.result import FrameResult

__all__ = ["merge_hints", "note_frame", "note_layers", "note_references"]

_NOTED = (
    "confidence",
    "doubtful",
    "no_counterpart",
    "segments",
    "surfaces",
    "surface_layers",
    MOVED,
    COPY,
)  # what we note in a summary


def note_layers(journal: KraJournal, lines: Sequence[str], color: str) -> None:
    """Note which layers were chosen, so that the docker finds them; by uuid, bottom first."""
    known = journal.document["layers"].items()
    layers = {uuid: layer for uuid, layer in known if layer["role"] == "moved"}
    layers |= {uuid: {"role": "line"} for uuid in lines}
    journal.document["layers"] = layers | {color: {"role": "color"}}


def note_references(journal: KraJournal, artists: Collection[int]) -> None:
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


def note_frame(
    journal: KraJournal,
    layer: str,
    result: FrameResult,
    after: str,
    before: Callable[[], Plane | None],
    notes: RunNotes,
    *,
    copy: bool = False,
    further: bool = False,
) -> None:
    """Note a frame that was written.

    Parameters
    ----------
    layer : str
        Its uuid.
    after : str
        Hash of what was written.
    before : callable
        Gives what the frame held, if the journal has no older state of it.
    copy : bool
        Whether these are the very pixels of a frame that the artist painted, shown again.
    further : bool
        Whether it is a layer beside the colours: the result stands with those.
    """
    former, model = journal.entry(layer, result.frame), notes.model_hash
    summary = {MOVED: True} if further else _summary(result, notes.review_below)
    if copy:
        summary[COPY] = True
    # A run that goes on after a stop may have kept what no document has yet: what the frame was
    # made of tells, not whether it was made in this run.
    same = former is not None and former.after == after and _summaries_agree(former, summary)
    if same and not result.recomputed:
        return
    packed = b"" if further else _packed(result, notes)
    if same and former is not None and (former.packed_result, former.model) == (packed, model):
        return
    held = former.before if former is not None else before()
    journal.record(
        Entry(
            layer=layer,
            time=result.frame,
            state="predicted",
            model=model,
            before=held,
            after=after,
            summary=summary,
            packed_result=packed,
        )
    )


def _summaries_agree(former: Entry, summary: dict[str, Any]) -> bool:
    """Tell whether an entry says the same; the docker notes more beside it."""
    return all(former.summary.get(name) == summary.get(name) for name in _NOTED)


def _packed(result: FrameResult, notes: RunNotes) -> bytes:
    document = result.to_json(notes.palette, notes.review_below)
    # Why this run coloured the frame, and where the files lay on its machine, is nothing for the
    # document: a run that goes on after a stop writes the same as one that was not stopped.
    del document["recomputed"]
    document |= {"line_file": f"frame {result.frame}", "color_file": f"frame {result.frame}"}
    return pack_result(document)


def _summary(result: FrameResult, review_below: float) -> dict[str, Any]:
    surfaces = int(np.sum((result.fills.flags & (FLAG_SURFACE | FLAG_SHADE)) > 0))
    moved = {"surfaces": surfaces, "surface_layers": result.doubtful_layers()} if surfaces else {}
    return moved | {
        "confidence": result.mean_confidence,
        "doubtful": int(result.fills.doubtful(review_below).sum()),
        "no_counterpart": int(np.sum(result.fills.state == NO_COUNTERPART)),
        "segments": result.fills.count,
    }
