"""How a command speaks: bar or lines for people on stderr, data on stdout."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any, Protocol, TextIO

from ant_core.errors import OutputError

_PLAIN_SIZE = {"ncols": 80, "nrows": 24}  # for terminals that do not know their size

__all__ = ["JsonReporter", "PlainReporter", "Reporter", "make_reporter", "silence"]


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


class Reporter(Protocol):
    """What commands tell while they work."""

    def say(self, text: str) -> None:
        """Tell people something."""

    def warn(self, text: str) -> None:
        """Tell people that something is not as it should be."""

    def progress(self, done: int, total: int, text: str, event: dict[str, Any]) -> None:
        """Tell that one more piece of work is done."""

    def result(self, event: dict[str, Any], text: str) -> None:
        """Give the outcome, once, at the end."""


class PlainReporter:
    """For people: a bar on a terminal, plain lines otherwise; `text` of the result on stdout."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out, self._err = out, err
        self._bar: Any = None
        self._wants_bar = err.isatty() and os.environ.get("TERM") != "dumb"

    def say(self, text: str) -> None:
        self._close_bar()
        print(text, file=self._err, flush=True)

    def warn(self, text: str) -> None:
        self.say(f"warning: {text}")

    def progress(self, done: int, total: int, text: str, event: dict[str, Any]) -> None:
        del event
        if not self._wants_bar:
            self.say(f"[{done}/{total}] {text}")
            return
        if self._bar is None:
            from tqdm import tqdm

            knows_size = os.get_terminal_size(self._err.fileno()).columns > 0
            size: dict[str, Any] = {"dynamic_ncols": True} if knows_size else _PLAIN_SIZE
            self._bar = tqdm(total=total, unit="frame", file=self._err, **size)
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(done - self._bar.n)

    def result(self, event: dict[str, Any], text: str) -> None:
        self._close_bar()
        if event["ok"] and text:
            _put(self._out, text)
        elif not event["ok"]:
            self.say(f"ant_core: {event['error']}")

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class JsonReporter:
    """For programs: one JSON event a line on stdout, `result` the last; people still on stderr."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out, self._err = out, err

    def say(self, text: str) -> None:
        print(text, file=self._err, flush=True)

    def warn(self, text: str) -> None:
        self.say(f"warning: {text}")

    def progress(self, done: int, total: int, text: str, event: dict[str, Any]) -> None:
        del text
        self._emit({"event": "progress", "schema": 1, "done": done, "total": total} | event)

    def result(self, event: dict[str, Any], text: str) -> None:
        del text
        if not event["ok"]:
            self.say(f"ant_core: {event['error']}")
        self._emit({"event": "result", "schema": 1} | event)

    def _emit(self, event: dict[str, Any]) -> None:
        _put(self._out, json.dumps(event, ensure_ascii=True))


def make_reporter(*, as_json: bool) -> Reporter:
    """Return the reporter for this process's stdout and stderr, of which either may be closed."""
    nowhere = io.StringIO()
    reporter = JsonReporter if as_json else PlainReporter
    return reporter(sys.stdout or nowhere, sys.stderr or nowhere)
