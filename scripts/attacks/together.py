"""Two and three processes on one output: one has it, the others say so, and nothing is lost."""

from __future__ import annotations

import argparse
import collections
import contextlib
import random
import shutil
import tempfile
import time
from pathlib import Path

from scripts.attacks.commands import COMMANDS
from scripts.attacks.kills import (
    add_bounds,
    difference,
    outputs_of,
    prepare,
    unfinished,
    whole,
)
from scripts.attacks.processes import start, wait

__all__ = ["add_arguments", "run"]

_COMMANDS = ("propagate", "propagate_kra", "import", "download", "batch", "recolor")
_SETTINGS = {"propagate": ("--gap", "3"), "propagate_kra": ("--gap", "3")}  # of every other one


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of this attack."""
    command.add_argument("--rounds", type=int, default=40)
    add_bounds(command, _COMMANDS)


def run(args: argparse.Namespace) -> int:
    """Run commands against each other; 1 when anything was lost, half there or different."""
    rng, end = prepare(args)
    rounds, told = collections.Counter[str](), collections.Counter[str]()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        stack.enter_context(COMMANDS["download"].server())
        names = args.only or _COMMANDS
        calm = {name: _calm(name, Path(folder) / name) for name in names}
        while rounds.total() < args.rounds and time.monotonic() < end:
            name = names[rounds.total() % len(names)]
            rounds[name] += 1
            for text in _round(name, Path(folder) / name, calm[name], rng):
                told[f"{name}: {text[:300]}"] += 1
                print(f"{name}: {text}", flush=True)
            print(f"{rounds.total()} rounds, {told.total()} finds", flush=True)
    for text, count in told.items():
        print(f"  {count} x {text}")
    print(f"{dict(rounds)}: {told.total()} finds")
    return int(told.total() > 0)


def _begin(name: str, work: Path, *more: str) -> int:
    command = COMMANDS[name]
    arguments = [*command.arguments(work), *more]
    return start(arguments, work / "log", command.environment(work), work / "out")


def _calm(name: str, home: Path) -> dict[str, object]:
    """Run a command alone; return what it left."""
    (home / "source").mkdir(parents=True)
    COMMANDS[name].make(home / "source")
    work = shutil.copytree(home / "source", home / "work")
    if wait(_begin(name, work)) != 0:
        raise SystemExit(f"{name} fails alone: {(work / 'log').read_text()[-800:]}")
    return outputs_of(work / "out", alone=False)


def _round(name: str, home: Path, calm: dict[str, object], rng: random.Random) -> list[str]:
    """Run a command two or three times at once, then once alone; return what is wrong."""
    work = home / "work"
    shutil.rmtree(work)
    shutil.copytree(home / "source", work)
    document = work / "out" / "shot.kra"
    before = document.read_bytes() if document.exists() else b""
    processes = []
    for number in range(rng.choice((2, 3))):
        more = _SETTINGS.get(name, ()) if number % 2 else ()
        processes.append(_begin(name, work, *more))
        time.sleep(rng.choice((0.0, 0.05, 0.3, 1.0)))
    codes = [wait(process) for process in processes]
    wrong = []
    if not set(codes) <= {0, 5} or 0 not in codes:
        wrong.append(f"they ended with {codes}: {(work / 'log').read_text()[-300:]}")
    wrong += whole(work / "out")
    if (code := wait(_begin(name, work))) != 0:
        wrong.append(f"the run behind ended with {code}: {(work / 'log').read_text()[-300:]}")
    wrong += whole(work / "out")
    wrong += [f"{path.name} is left" for path in (work / "out").rglob("*") if unfinished(path)]
    found = outputs_of(work / "out", alone=False)
    keys = calm.keys() | found.keys()
    wrong += [
        f"{key} differs {difference(calm.get(key), found.get(key))}"
        for key in sorted(keys)
        if calm.get(key) != found.get(key)
    ]
    backup = document.with_name("shot.kra~")
    if before and (not backup.exists() or backup.read_bytes() != before):
        wrong.append("the artist's document is lost")
    return wrong
