"""The page that shows a night's shots: one file, opened from anywhere, without a network."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from typing import Any
from urllib.parse import quote

from ant_core.batch.groups import describe_columns, render_groups
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
    title = f"{totals['done']} of {totals['shots']} shots coloured"
    values = {
        "TITLE": f"{title} - Propagate Colors",
        "HEADING": title,
        "SUBTITLE": escape(
            f"Propagate Colors {summary['version']}, written {summary['written'][:16]}".replace(
                "T", " "
            )
        ),
        "TILES": "".join(_tiles(totals)),
        "GROUPS": render_groups(summary["shots"]),
        "ROWS": "\n".join(_row(shot, pictures.get(shot["name"], b"")) for shot in shots),
    }
    page = (resources.files("ant_core.batch") / "summary_page.html").read_text("utf-8")
    # In one go: what is put in is never looked through for a placeholder.
    return re.sub(r"@([A-Z]+)@", lambda found: values[found[1]], page)


def _doubt(shot: Mapping[str, Any]) -> float:
    """Return by how much a shot needs a person: failures more than any doubt."""
    if shot["state"] == "failed":
        return 3.0
    if shot["state"] == "waiting":
        return -1.0
    return float(shot["doubt_share"]) + (1.0 if shot["failed_frames"] else 0.0)


def _tiles(totals: Mapping[str, Any]) -> list[str]:
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
    return [f'<li class="{kind}"><strong>{big}</strong>{text}</li>' for kind, big, text in tiles]


def _row(shot: Mapping[str, Any], picture: bytes) -> str:
    name = escape(shot["name"])
    findable = escape(" ".join([shot["name"], *shot["columns"].values()]))
    kind, words = _state(shot)
    done = shot["state"] == "done"
    share = (
        f"<strong>{_percent(shot['doubt_share'])}</strong><br>"
        f"<small>{shot['doubtful']:,} of {shot['segments']:,}</small>"
        if done
        else '<span class="faint">-</span>'
    )
    return (
        f'<tr data-name="{name}" data-words="{findable}" data-state="{kind}" '
        f'data-doubt="{_doubt(shot):.5f}" data-frames="{shot["frames"]}" '
        f'data-seconds="{shot["seconds"]}">'
        f'<td class="picture">{_picture(shot, picture)}</td>'
        f'<th scope="row">{name}{describe_columns(shot)}{_trouble(shot)}</th>'
        f'<td class="state"><span class="badge {kind}">{words}</span>{_notes(shot)}</td>'
        f'<td class="share" data-label="Doubt">{share}</td>'
        f"<td>{_chart(shot['doubt'])}</td>"
        f'<td class="number" data-label="Frames">{shot["frames"] if done else "-"}</td>'
        f'<td class="number" data-label="Time">{_duration(shot["seconds"]) if done else "-"}</td>'
        f'<td class="links">{_links(shot)}</td></tr>'
    )


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


def _notes(shot: Mapping[str, Any]) -> str:
    notes = []
    if shot["doubtful_frames"]:
        word = "frame" if len(shot["doubtful_frames"]) == 1 else "frames"
        notes.append(f"{word} {describe_frames(shot['doubtful_frames'])}")
    if shot["kept"]:
        notes.append("kept from before")
    if shot["attempts"] > 1:
        notes.append(f"begun {shot['attempts']} times")
    return "".join(f"<br><small>{escape(note)}</small>" for note in notes)


def _trouble(shot: Mapping[str, Any]) -> str:
    texts = [f'<p class="trouble">{escape(shot["error"])}</p>'] if shot["error"] else []
    texts += [f"<br><small>{escape(text)}</small>" for text in shot["warnings"]]
    return "".join(texts)


def _picture(shot: Mapping[str, Any], data: bytes) -> str:
    if not data:
        return '<div class="none">no picture</div>'
    source = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    frame = shot["picture_frame"]
    image = f'<img src="{source}" alt="Frame {frame} of {escape(shot["name"])}" loading="lazy">'
    if shot["contact_sheet"]:
        image = f'<a href="{_link(shot["contact_sheet"])}">{image}</a>'
    return f"{image}<small>frame {frame}</small>"


def _links(shot: Mapping[str, Any]) -> str:
    name = escape(shot["name"])
    return "".join(
        f'<a href="{_link(shot[key])}">{text}<span class="hidden"> of {name}</span></a>'
        for key, text in (("contact_sheet", "Contact sheet"), ("report", "Report"))
        if shot[key]
    )


def _link(path: str) -> str:
    return escape(quote(path, errors="surrogateescape"))


def _chart(doubt: Sequence[Sequence[int]]) -> str:
    """Draw the doubtful segments of every frame as bars; neighbours share one in long shots."""
    if not doubt or not any(count for _, count in doubt):
        return ""
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
    return (
        f'<svg class="spark" role="img" aria-label="{label}" preserveAspectRatio="none" '
        f'viewBox="0 0 {width} {_CHART_HEIGHT}"><title>{label}</title>'
        f'<line x1="0" x2="{width}" y1="{_CHART_HEIGHT}" y2="{_CHART_HEIGHT}"/>'
        f'<path d="{bars}"/></svg>'
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
