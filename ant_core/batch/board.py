"""Where every shot of a batch stands, and the summary of it: a page, JSON and CSV."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ant_core import __version__
from ant_core.batch.page import render_page
from ant_core.batch.records import Records
from ant_core.batch.result import SCHEMA, ShotResult
from ant_core.batch.shots import BatchShot
from ant_core.files import WholeFiles, json_bytes
from ant_core.reporter import counted
from ant_core.workflow.gate import Gate

__all__ = ["Board"]

_REWRITE_S = 10.0  # how old the summary may be while a batch runs
_AS_FORMULA = re.compile(r"(^|[;,\t\r\n]\s*)(?=[=+\-@\t\r])")  # where a cell begins one
_COLUMNS = (
    "name",
    "state",
    "exit_code",
    "frames",
    "drawings",
    "segments",
    "doubtful",
    "doubt_share",
    "no_counterpart",
    "not_flat",
    "doubtful_frames",
    "failed_frames",
    "confidence",
    "seconds",
    "attempts",
    "kept",
    "report",
    "contact_sheet",
    "error",
)


class Board:
    """The shots of a batch in their order, with what is known of each.

    Parameters
    ----------
    shots : sequence of BatchShot
        All shots of the list.
    records : Records
        Tell of shots that this run does not touch.
    gate : Gate
        What every shot is judged by.
    """

    def __init__(
        self,
        out: Path,
        shots: Sequence[BatchShot],
        records: Records,
        files: WholeFiles,
        gate: Gate,
    ) -> None:
        self.out = out
        self.page = out / "summary.html"
        self._records = records
        self._files = files
        self._gate = gate
        self._start = time.monotonic()
        self._written = time.monotonic()
        self._results: dict[str, ShotResult] = {}
        self._columns = {shot.name: shot.columns for shot in shots}
        for name in self._columns:
            record = records.read(name)
            self._note(record.result if record else ShotResult(name=name))

    def expect(self, names: Iterable[str]) -> None:
        """Take shots for not done until this run says otherwise."""
        for name in names:
            self._note(ShotResult(name=name))

    def _note(self, result: ShotResult) -> ShotResult:
        """Judge a result and take it, with what the list says today, not when it was coloured."""
        columns = self._columns.get(result.name, {})
        noted = replace(result.judged(self._gate), columns=columns)
        self._results[result.name] = noted
        return noted

    def put(self, result: ShotResult) -> ShotResult:
        """Note how a shot ended, from time to time also on disk; returns what is noted."""
        noted = self._note(result)
        if not result.worker:  # its engine crashed, so only this process can tell of it
            self._records.write(result, "", "", b"")
        if time.monotonic() - self._written > _REWRITE_S:
            self.write()
        return noted

    def results(self) -> list[ShotResult]:
        """Return what is known of every shot, in the order of the list."""
        return list(self._results.values())

    def write(self) -> None:
        """Write summary.html, summary.json and summary.csv."""
        self._written = time.monotonic()
        summary = self.summary()
        self._files.write(self.out / "summary.json", json_bytes(summary))
        self._put("summary.csv", _csv(self.results()))
        pictures = {name: self._records.picture(name) for name in self._results}
        self._put("summary.html", render_page(summary, pictures))

    def _put(self, name: str, text: str) -> None:
        self._files.write(self.out / name, text.encode("utf-8", "backslashreplace"))

    def summary(self) -> dict[str, Any]:
        """Return the summary as its schema has it."""
        results = self.results()
        return {
            "schema": SCHEMA,
            "kind": "batch",
            "version": __version__,
            "written": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "wall_s": round(time.monotonic() - self._start, 2),
            "totals": _totals(results),
            "shots": [result.to_json() for result in results],
        }

    def event(self) -> dict[str, Any]:
        """Return what the last JSON event tells of the batch."""
        return {
            "summary_page": str(self.page),
            "summary": str(self.out / "summary.json"),
            "table": str(self.out / "summary.csv"),
            "totals": _totals(self.results()),
        }

    @staticmethod
    def lines(results: Sequence[ShotResult]) -> list[str]:
        """Return a summary of some shots for people."""
        totals = _totals(results)
        kept = f", {totals['kept']} of them kept from before" if totals["kept"] else ""
        text = [
            f"{totals['done']} of {counted(totals['shots'], 'shot')} done{kept}: "
            f"{counted(totals['frames'], 'frame')}, "
            f"{totals['doubtful']} of {counted(totals['segments'], 'segment')} doubtful"
        ]
        text += [f"{r.name} failed: {r.error}" for r in results if r.state == "failed"]
        text += [f"{r.name}: {r.error}" for r in results if r.failed_frames]
        worst = sorted((r for r in results if r.doubtful), key=lambda r: -r.doubt_share)[:5]
        if worst:
            shares = ", ".join(f"{r.name} ({100 * r.doubt_share:.0f} %)" for r in worst)
            text.append(f"most doubtful: {shares}")
        return text


def _totals(results: Sequence[ShotResult]) -> dict[str, Any]:
    states = [result.state for result in results]
    return {
        "shots": len(results),
        "done": states.count("done"),
        "failed": states.count("failed"),
        "waiting": states.count("waiting"),
        "kept": sum(result.kept for result in results),
        "frames": sum(result.frames for result in results),
        "segments": sum(result.segments for result in results),
        "doubtful": sum(result.doubtful for result in results),
        "failed_frames": sum(len(result.failed_frames) for result in results),
        "shot_seconds": round(sum(result.seconds for result in results), 2),
    }


def _csv(results: Sequence[ShotResult]) -> str:
    """Return a row a shot; frames of one cell stand apart by spaces."""
    text = io.StringIO()
    writer = csv.writer(text)
    more = list(dict.fromkeys(title for result in results for title in result.columns))
    titles = [f"list: {title}" if title in _COLUMNS else title for title in more]
    writer.writerow([*_COLUMNS, *map(_cell, titles)])
    for result in results:
        values = result.to_json()
        row = [values[column] for column in _COLUMNS]
        row += [result.columns.get(title, "") for title in more]
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    # A spreadsheet would take such a text for a formula, whichever character parts its cells.
    if isinstance(value, str):
        return _AS_FORMULA.sub(r"\1'", value)
    return "" if value is None else value
