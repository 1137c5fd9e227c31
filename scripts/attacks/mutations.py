"""Damaged files in every reader: an answer or an error of the tree, soon and within bounds.

A worker reads damaged files one after the other; what it raises beyond the tree is a find. Case
N of a reader is the same in every run with the same seed. A worker that hangs, crashes or takes too
much memory is ended, and another goes on behind the case.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

from scripts.attacks.readers import Disagreement, Reader, readers
from scripts.attacks.spoil import spoil

__all__ = ["add_arguments", "attack", "case", "read_one", "run"]

ROOT = Path(__file__).parents[2]
LONGEST_S = 10.0  # of one file of a few thousand bytes, on a busy machine too
_MOST_MEMORY = 1 << 30  # bytes above what a worker takes that has read the samples
_SLICE_S = 5.0  # with one reader, before the next
_SILENCE_S = 4 * LONGEST_S  # native code that no alarm ends


@dataclasses.dataclass
class Found:
    """One kind of find: how often, and the first case that shows it."""

    count: int
    case: int
    text: str


def case(samples: list[bytes], seed: int, kind: str, number: int) -> bytes:
    """Return the damaged file of a number."""
    rng = random.Random(f"{seed} {kind} {number}")
    return spoil(rng.choice(samples), rng)


def read_one(reader: Reader, data: bytes, scratch: Path) -> str | None:
    """Read a damaged file; return what is wrong with how it ended, None where nothing is.

    The text is the same for all cases of one kind: the error and where in our code it arose.
    """
    from ant_core.errors import AntError

    try:
        reader.read(data, scratch)
    except AntError as error:
        text = str(error)
        return None if "\n" not in text else "an error of several lines"
    except Disagreement as error:
        return f"Disagreement: {error}"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        rows = traceback.extract_tb(error.__traceback__)
        ours = [row for row in rows if "ant_core" in row.filename] or rows
        place = f"{Path(ours[-1].filename).name}:{ours[-1].name}"
        return f"{type(error).__name__} in {place}: {str(error)[:80]}"
    return None


def attack(kinds: list[str], seed: int, cases: range) -> dict[str, dict[str, Found]]:
    """Read a range of cases of some readers in this process; return the finds by reader."""
    found: dict[str, dict[str, Found]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            reader = readers()[kind]
            samples = reader.samples()
            rows = found.setdefault(kind, {})
            for number in cases:
                data = case(samples, seed, kind, number)
                told = read_one(reader, data, Path(folder) / "x")
                if told is not None:
                    _note(rows, told, number)
    return found


def _note(rows: dict[str, Found], told: str, number: int) -> None:
    key = told.partition(": ")[0]
    if key in rows:
        rows[key].count += 1
    else:
        rows[key] = Found(1, number, told)


# ---- the worker


class _TooLong(BaseException):
    """A case took too long."""


def _alarm(*_: object) -> None:
    raise _TooLong


def work(kind: str, seed: int, first: int) -> None:
    """Read cases from `first` on for a while; a line a find, and the number reached at the end."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # libraries print
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    warnings.simplefilter("error", RuntimeWarning)  # numbers that NumPy cannot tell
    reader = readers()[kind]
    samples = reader.samples()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as home:
        os.chdir(home)
        scratch = Path(home) / "x"
        for sample in samples:
            reader.read(sample, scratch)  # an intact file is read; all libraries are loaded
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + _MOST_MEMORY,) * 2)
        signal.signal(signal.SIGALRM, _alarm)
        number, end = first, time.monotonic() + _SLICE_S
        while time.monotonic() < end:
            out.write(f"{number}\n")
            data = case(samples, seed, kind, number)
            begun = time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
            with contextlib.redirect_stdout(io.StringIO()):
                told = read_one(reader, data, scratch)
            signal.setitimer(signal.ITIMER_REAL, 0)
            if told is not None:
                row = {"case": number, "told": told, "s": round(time.monotonic() - begun, 2)}
                out.write(json.dumps(row) + "\n")
            number += 1
        out.write(f"{number} done\n")


# ---- the parent


def _slice(kind: str, seed: int, first: int, rows: dict[str, Found]) -> int:
    """Let a worker read for a while; returns the number of the next case."""
    command = [sys.executable, str(ROOT / "scripts" / "attack.py"), "mutations",
               "--worker", kind, str(seed), str(first)]  # fmt: skip
    worker = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    assert worker.stdout is not None
    assert worker.stderr is not None
    heard, reached, ended = time.monotonic(), first - 1, False
    silent = threading.Event()

    def watch() -> None:
        while worker.poll() is None:
            time.sleep(1)
            if time.monotonic() - heard > _SILENCE_S:
                silent.set()
                worker.kill()

    threading.Thread(target=watch, daemon=True).start()
    for line in worker.stdout:
        heard = time.monotonic()
        if line.startswith("{"):
            row = json.loads(line)
            _note(rows, row["told"], row["case"])
        elif line.endswith(" done\n"):
            ended = True
            reached = int(line.split()[0]) - 1
        elif line.strip().isdigit():
            reached = int(line)
    code = worker.wait()
    if reached < first:
        raise SystemExit(f"the worker for {kind} did not begin ({code}): {worker.stderr.read()}")
    if not ended:
        _note(rows, "hang" if silent.is_set() else f"the process ended ({code})", reached)
    return reached + 1


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of this attack."""
    command.add_argument("--only", nargs="+", metavar="READER", help="these readers alone")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--minutes", type=float, default=5.0)
    command.add_argument("--first", type=int, default=0, help="number of the first case")
    command.add_argument("--case", type=int, help="read this one case of --only and show the error")
    command.add_argument("--record", type=Path, help="write counts and finds here as JSON")
    command.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Attack for a while; 1 when anything was found."""
    if args.worker:
        work(args.worker[0], int(args.worker[1]), int(args.worker[2]))
        return 0
    kinds = args.only or sorted(readers())
    if args.case is not None:
        return _show(kinds[0], args.seed, args.case)
    counts = dict.fromkeys(kinds, 0)
    found: dict[str, dict[str, Found]] = {kind: {} for kind in kinds}
    end = time.monotonic() + 60 * args.minutes
    while time.monotonic() < end:
        for kind in kinds:
            first = args.first + counts[kind]
            counts[kind] = _slice(kind, args.seed, first, found[kind]) - args.first
            if args.record:
                args.record.write_text(json.dumps(_told(counts, found), indent=1))
            if time.monotonic() > end:
                break
    print(json.dumps(_told(counts, found), indent=1))
    return int(any(found.values()))


def _told(counts: dict[str, int], found: dict[str, dict[str, Found]]) -> dict[str, Any]:
    finds = {
        kind: [dataclasses.asdict(row) for row in rows.values()]
        for kind, rows in found.items()
        if rows
    }
    total = collections.Counter(counts).total()
    return {"mutations": total, "by_reader": counts, "finds": finds}


def _show(kind: str, seed: int, number: int) -> int:
    reader = readers()[kind]
    with tempfile.TemporaryDirectory() as folder:
        reader.read(case(reader.samples(), seed, kind, number), Path(folder) / "x")
    return 0
