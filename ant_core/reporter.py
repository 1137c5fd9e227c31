"""How a command speaks: bar or lines for people on stderr, data on stdout."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Sequence
from typing import Any, Protocol, TextIO

from ant_core.errors import OutputError

_PLAIN_SIZE = {"ncols": 80, "nrows": 24}  # for terminals that do not know their size

__all__ = [
    "FarmReporter",
    "JsonReporter",
    "PlainReporter",
    "Reporter",
    "aligned",
    "counted",
    "has_bars",
    "make_reporter",
    "markdown_table",
    "open_bar",
    "silence",
]


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 frame", "2 frames"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of equally many cells as lines of columns, for fonts of one width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def markdown_table(rows: Sequence[Sequence[str]], text_columns: int = 1) -> str:
    """Return rows, the titles first, as a table in Markdown; columns after the text are numbers."""
    marks = ["---" if i < text_columns else "---:" for i in range(len(rows[0]))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], marks, *rows[1:]))


def silence(stream: TextIO) -> None:
    """Let a stream that takes nothing more end in nothing, also when Python flushes it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _put(stream: TextIO, text: str) -> None:
    """Write one line of data."""
    try:
        print(text, file=stream, flush=True)
    except UnicodeEncodeError:  # a path that the stream's encoding lacks: as the disk has it
        stream.buffer.write(os.fsencode(text) + b"\n")
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence(stream)
        raise OutputError(
            f"stdout cannot be written ({error.strerror}): send it elsewhere and run again, "
            "finished files are kept"
        ) from error


def _tell(stream: TextIO, text: str) -> None:
    """Write a line for people; where they cannot be told the work goes on."""
    try:
        print(text, file=stream, flush=True)
    except OSError:  # full, or its reader is gone
        silence(stream)


class Reporter(Protocol):
    """What commands tell while they work.

    `live` says whether small steps within a piece of work are welcome.
    """

    live: bool

    def say(self, text: str) -> None:
        """Tell people something."""

    def warn(self, text: str) -> None:
        """Tell people that something is not as it should be."""

    def progress(self, done: int, total: int, text: str, event: dict[str, Any]) -> None:
        """Tell that one more piece of work is done."""

    def result(self, event: dict[str, Any], text: str) -> None:
        """Give the outcome, once, at the end."""


def has_bars(err: TextIO) -> bool:
    """Tell whether bars are drawn there: on terminals that can draw over a line."""
    return err.isatty() and os.environ.get("TERM") != "dumb"


def open_bar(err: TextIO, **options: Any) -> Any:
    """Return a bar on a terminal, with options of tqdm; close it at the end."""
    from tqdm import tqdm

    knows_size = os.get_terminal_size(err.fileno()).columns > 0
    size: dict[str, Any] = {"dynamic_ncols": True} if knows_size else _PLAIN_SIZE
    return tqdm(file=err, **size, **options)


class PlainReporter:
    """For people: a bar on a terminal, plain lines otherwise; `text` of the result on stdout."""

    def __init__(self, out: TextIO, err: TextIO, unit: str = "frame") -> None:
        self._out, self._err, self._unit = out, err, unit
        self._bar: Any = None
        self.live = has_bars(err)

    def say(self, text: str) -> None:
        """Write a line to stderr, below the progress bar."""
        self._close_bar()
        _tell(self._err, text)

    def warn(self, text: str) -> None:
        """Write a warning to stderr."""
        self.say(f"warning: {text}")

    def progress(self, done: int, total: int, text: str, event: dict[str, Any]) -> None:
        """Move the bar; a line a step where there is no terminal."""
        del event
        if not self.live:
            self.say(f"[{done}/{total}] {text}")
            return
        if self._bar is None:
            self._bar = open_bar(self._err, total=total, unit=self._unit)
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(done - self._bar.n)

    def result(self, event: dict[str, Any], text: str) -> None:
        """Write the text to stdout, or the error to stderr."""
        self._close_bar()
        if event["ok"] and text:
            _put(self._out, text)
        elif not event["ok"]:
            self.say(f"ant_core: {event['error']}")

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class FarmReporter(PlainReporter):
    """For render farms that read a task's log as Open Job Description has it."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        super().__init__(out, err)
        self.live = True

    def progress(self, done: int, total: int, text: str, event: dict[str, Any]) -> None:
        """Write progress in percent and a status, as the farm's worker reads them."""
        part = event.get("frame", {})  # of a shot that is under way
        share = (done + (part["done"] / part["total"] if part else 0)) / total
        self.say(f"openjd_progress: {100 * share:.1f}\nopenjd_status: {_one_line(text)}")

    def result(self, event: dict[str, Any], text: str) -> None:
        """Write the result; an error also as the farm's worker reads it."""
        super().result(event, text)
        if not event["ok"]:
            self.say(f"openjd_fail: {_one_line(event['error'])}")


def _one_line(text: str) -> str:
    return " ".join(text.split())


class JsonReporter:
    """For programs: one JSON event a line on stdout, `result` the last; people still on stderr."""

    live = True

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out, self._err = out, err

    def say(self, text: str) -> None:
        """Write a line to stderr: stdout has JSON alone."""
        _tell(self._err, text)

    def warn(self, text: str) -> None:
        """Write a warning to stderr."""
        self.say(f"warning: {text}")

    def progress(self, done: int, total: int, text: str, event: dict[str, Any]) -> None:
        """Write a progress event, one line of JSON."""
        del text
        self._emit({"event": "progress", "schema": 1, "done": done, "total": total} | event)

    def result(self, event: dict[str, Any], text: str) -> None:
        """Write the result event, one line of JSON; an error also to stderr."""
        del text
        if not event["ok"]:
            self.say(f"ant_core: {event['error']}")
        self._emit({"event": "result", "schema": 1} | event)

    def _emit(self, event: dict[str, Any]) -> None:
        _put(self._out, json.dumps(event, ensure_ascii=True))


def make_reporter(*, as_json: bool, unit: str = "frame") -> Reporter:
    """Return the reporter for this process's stdout and stderr, of which either may be closed.

    `unit` is what the bar counts. ANT_CORE_PROGRESS=openjd in the environment, as jobs written by
    `ant_core farm` have it, asks for the lines that render farms read.
    """
    nowhere = io.StringIO()
    out, err = sys.stdout or nowhere, sys.stderr or nowhere
    if as_json:
        return JsonReporter(out, err)
    if os.environ.get("ANT_CORE_PROGRESS") == "openjd":
        return FarmReporter(out, err)
    return PlainReporter(out, err, unit)
