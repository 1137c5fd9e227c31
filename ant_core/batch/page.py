"""The page that shows a night's shots: one file, opened from anywhere, without a network."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from ant_core.batch.groups import describe_columns, group_shots
from ant_core.output.html import render
from ant_core.shot.frames import describe_frames

__all__ = ["render_page"]

_BARS = 66  # in the small chart; more frames share a bar
_BAR_WIDTH, _CHART_HEIGHT = 2, 28


def render_page(summary: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    """Write the page.

    Parameters
    ----------
    summary : dict
        As `summary.json` has it.
    pictures : dict of str to bytes
        A JPEG of each shot by its name; empty where there is none.

    Returns
    -------
    str
        HTML with everything in it; its links are relative to the folder of the summary.
    """
    # Without scripts the shots stand as the page would first sort them.
    shots = sorted(summary["shots"], key=lambda shot: (-_doubt(shot), shot["name"]))
    totals = summary["totals"]
    written = summary["written"][:16].replace("T", " ")
    return render(
        "batch/summary_page.html",
        heading=f"{totals['done']} of {totals['shots']} shots coloured",
        subtitle=f"Propagate Colors {summary['version']}, written {written}",
        tiles=_tiles(totals),
        groups=group_shots(summary["shots"]),
        rows=[_row(shot, pictures.get(shot["name"], b"")) for shot in shots],
    )


def _doubt(shot: Mapping[str, Any]) -> float:
    """Return by how much a shot needs a person: failures more than any doubt."""
    if shot["state"] == "failed":
        return 3.0
    if shot["state"] == "waiting":
        return -1.0
    return float(shot["doubt_share"]) + (1.0 if shot["failed_frames"] else 0.0)


def _tiles(totals: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return kind, figure and what it counts."""
    share = totals["doubtful"] / totals["segments"] if totals["segments"] else 0.0
    tiles = [
        ("", f"{totals['done']:,}", "shots done"),
        ("failed" if totals["failed"] else "", f"{totals['failed']:,}", "shots failed"),
        ("", f"{totals['frames']:,}", "frames"),
        ("doubt", _percent(share), f"of {totals['segments']:,} segments are doubtful"),
        ("", _duration(totals["shot_seconds"]), "of colouring, all shots together"),
    ]
    if totals["waiting"]:
        tiles.insert(1, ("", f"{totals['waiting']:,}", "shots waiting"))
    return tiles


def _row(shot: Mapping[str, Any], picture: bytes) -> dict[str, Any]:
    """Return what the page shows of a shot beside what the summary says."""
    kind, words = _state(shot)
    data = f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
    return {
        "shot": shot,
        "kind": kind,
        "words": words,
        "findable": " ".join([shot["name"], *shot["columns"].values()]),
        "done": shot["state"] == "done",
        "doubt": _doubt(shot),
        "share": _percent(shot["doubt_share"]),
        "time": _duration(shot["seconds"]),
        "columns": describe_columns(shot),
        "notes": _notes(shot),
        "chart": _chart(shot["doubt"]),
        "picture": data if picture else "",
    }


def _state(shot: Mapping[str, Any]) -> tuple[str, str]:
    """Return the class of a shot's state, and the words for it."""
    if shot["state"] == "failed":
        return "failed", "Failed"
    if shot["state"] == "waiting":
        return "waiting", "Waiting"
    if shot["failed_frames"]:
        return "failed", "Frames failed"
    if shot["doubtful"]:
        return "review", "To review"
    return "sure", "No doubt"


def _notes(shot: Mapping[str, Any]) -> list[str]:
    notes = []
    if shot["doubtful_frames"]:
        word = "frame" if len(shot["doubtful_frames"]) == 1 else "frames"
        notes.append(f"{word} {describe_frames(shot['doubtful_frames'])}")
    if shot["kept"]:
        notes.append("kept from before")
    if shot["attempts"] > 1:
        notes.append(f"begun {shot['attempts']} times")
    return notes


def _chart(doubt: Sequence[Sequence[int]]) -> dict[str, Any] | None:
    """Draw the doubtful segments of every frame as bars; neighbours share one in long shots.

    None where there is no doubt.
    """
    if not doubt or not any(count for _, count in doubt):
        return None
    size = -(-len(doubt) // _BARS)
    heights = [max(c for _, c in doubt[i : i + size]) for i in range(0, len(doubt), size)]
    most = max(heights)
    width = max(len(heights) * _BAR_WIDTH, _BARS)
    step, rise = width / len(heights), (_CHART_HEIGHT - 2) / most
    bars = "".join(
        f"M{i * step:.1f} {_CHART_HEIGHT}v-{rise * h:.1f}h{step * 0.8:.2f}V{_CHART_HEIGHT}z"
        for i, h in enumerate(heights)
        if h
    )
    frame = max(doubt, key=lambda item: item[1])[0]
    label = f"most doubt in frame {frame}: {most} segments"
    return {"label": label, "bars": bars, "width": width, "height": _CHART_HEIGHT}


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
