"""The review page of a shot: the segments that need a look, and what the last run changed."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ant_core import __version__
from ant_core.color.palette import NO_COLOR, UNPAINTED, Palette
from ant_core.color.pixels import to_display
from ant_core.matching.fills import FLAG_SIDES_DISAGREE, STATES
from ant_core.output.html import render
from ant_core.output.notes import Note, NotePlace, attach, notes_json
from ant_core.output.report import RunInfo, summarize
from ant_core.propagation.crops import Crop, worth
from ant_core.propagation.output import RunOutput
from ant_core.propagation.progress import RunResult
from ant_core.propagation.result import FrameResult
from ant_core.shot.frames import describe_frames
from ant_core.shot.shot import Shot

__all__ = ["write_review_page"]

_MOST = 150  # segments on the page: some 4 MB
_VOTED = ("painted", "unpainted", "never")  # states whose confidence is that of their colour
_STATES = {
    "no_counterpart": "No counterpart",
    "failed": "Failed",
    "never": "Never coloured",
    "locked": "Locked",
}


def write_review_page(
    output: RunOutput, shot: Shot, run: RunResult, info: RunInfo, notes: Sequence[Note]
) -> Path:
    """Write the page; returns its path.

    Parameters
    ----------
    notes : sequence of Note
        All that are kept, one a place.
    """
    drawings = [r for r in run.results.values() if r.drawing_frame == r.frame and not r.error]
    places = {result.drawing: _places(result) for result in drawings}
    noted = attach(notes, places)
    cards = [card for result in drawings for card in _cards(output, run, result, info, noted)]
    cards.sort(key=_rank)
    cards = [card for number, card in enumerate(cards) if number < _MOST or card["note"]]
    shown = {card["note"] for card in cards}
    others = [note for note in notes if note not in shown]
    page = _page(output, shot, run, info, cards=cards, others=others)
    output.files.write(output.page_path, page.encode("utf-8", "backslashreplace"))
    return output.page_path


def _rank(card: dict[str, Any]) -> tuple[bool, float, int]:
    """Order by doubt, then those that only changed; the larger first of equals."""
    sure = card["worth"] if card["doubtful"] else 1.0
    return not card["doubtful"], sure, -card["area"]


def _places(result: FrameResult) -> list[NotePlace]:
    division = result.division
    return [
        NotePlace(result.drawing, (point[0], point[1]), (box[0], box[1], box[2], box[3]))
        for point, box in zip(division.point.tolist(), division.box.tolist(), strict=True)
    ]


def _page(
    output: RunOutput,
    shot: Shot,
    run: RunResult,
    info: RunInfo,
    *,
    cards: Sequence[dict[str, Any]],
    others: Sequence[Note],
) -> str:
    summary = summarize(run.results, info.review_below)
    return render(
        "output/pages/review.html",
        title=output.path.resolve().name,
        version=__version__,
        frames=describe_frames(shot.frames),
        references=describe_frames([reference.frame for reference in shot.references]),
        model=f"{info.model_name}, {info.device}",
        summary=summary,
        cards=cards,
        shown=sum(card["doubtful"] for card in cards),
        changed=sum(bool(card["was"]) for card in cards),
        others=[note for note in others if note.text],
        other_rows=notes_json(others)["notes"],
        notes_name=output.notes_path.name,
        report=_beside(output, output.report_path),
        sheet=_beside(output, output.sheet_path),
    )


def _beside(output: RunOutput, path: Path) -> str:
    """Return a path as seen from the folder of the page; as it is where none leads there."""
    try:
        return Path(os.path.relpath(path, output.page_path.parent)).as_posix()
    except ValueError:  # another drive
        return str(path)


def _cards(
    output: RunOutput,
    run: RunResult,
    result: FrameResult,
    info: RunInfo,
    noted: dict[NotePlace, Note],
) -> Iterator[dict[str, Any]]:
    """Yield what the page says of each segment of a drawing that needs a look or has a note."""
    record = output.state.load(run.records.get(result.frame, ""), run.palette)
    if record is None or result.role != "predicted":
        return
    places, doubtful = _places(result), result.fills.doubtful(info.review_below)
    crops = {crop.segment - 1: crop for crop in record.crops}
    for row, place in enumerate(places):
        crop, note, was = crops.get(row), noted.get(place), None
        if crop is not None and result.recomputed:
            was = _was(crop, run.palette)
        if (crop is not None and (doubtful[row] or was)) or (note is not None and note.text):
            card = _card(result, row, run.palette) | {"was": was, "note": note, "place": place}
            card["doubtful"] = bool(doubtful[row])
            card["picture"] = "" if crop is None else _data(crop.picture)
            card["file"] = _beside(output, output.file(result.frame))
            yield card


def _card(result: FrameResult, row: int, palette: Palette) -> dict[str, Any]:
    fills, division = result.fills, result.division
    state, confidence = STATES[fills.state[row]], float(fills.confidence[row])
    return {
        "frame": str(result.frame),
        "segment": row + 1,
        "area": int(division.area[row]),
        "worth": round(float(worth(fills)[row]), 2),
        "state": _STATES.get(state, ""),
        "kind": state if state in _STATES else "painted",
        "sure": f"{confidence:.0%} sure" if confidence < 1 and state in _VOTED else "",
        "color": _swatch(int(fills.color[row]), palette),
        "source": result.source_json(row),
        "disagree": bool(fills.flags[row] & FLAG_SIDES_DISAGREE),
        "others": [
            (_swatch(index, palette), f"{share:.0%}")
            for index, share in zip(
                fills.other_color[row].tolist(), fills.other_share[row].tolist(), strict=True
            )
            if index != NO_COLOR
        ],
        "moved": result.doubtful_layers(row),
        "reason": result.recomputed,
    }


def _was(crop: Crop, palette: Palette) -> dict[str, Any] | None:
    """Return what a segment had before; None where its colour has not changed."""
    if crop.was is None or not crop.before:
        return None
    index, state, confidence = crop.was
    words = _STATES.get(STATES[state], f"{confidence:.0%} sure")
    return {"color": _swatch(index, palette), "words": words, "picture": _data(crop.before)}


def _swatch(index: int, palette: Palette) -> dict[str, str]:
    """Return a colour as the page shows it: what to fill with, and what it is called."""
    if index == NO_COLOR:
        return {"css": "", "text": "nothing"}
    if index == UNPAINTED:
        return {"css": "", "text": "unpainted"}
    values = palette.color(index)
    pixel = np.array([[values]], palette.format.dtype)
    red, green, blue = (round(float(value)) for value in to_display(pixel)[0][0, 0])
    text = " ".join(f"{value:g}" for value in values)
    return {"css": f"#{red:02x}{green:02x}{blue:02x}", "text": text}


def _data(picture: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
