"""Kills over every command that writes: nothing half written, nothing lost.

Each round starts a command afresh, kills it one to three times and lets it end: at random moments,
and, since writing takes a thousandth of the time, as often just before a file is opened, renamed
or removed, a folder made, or a line added to a run's memory. After every kill
all that lies there must be whole and the inputs untouched; at the end nothing unfinished may lie
about, and the outputs must be those of an undisturbed run, but for what is history. Some commands
go on from another run, with a painted frame or a hint changed since: were a kill to leave a record
of the one beside a picture of the other, they would differ.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import hashlib
import importlib
import json
import os
import random
import shutil
import signal
import struct
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ant_core.formats.kra.journal import KIND
from scripts.attacks.commands import COMMANDS, Command
from scripts.attacks.processes import start, steps_of, wait

__all__ = [
    "HISTORY",
    "LOADED",
    "add_arguments",
    "add_bounds",
    "difference",
    "outputs_of",
    "prepare",
    "run",
    "unfinished",
    "whole",
]

HISTORY = {  # fields that tell how outputs came about, not what they are
    "kept", "recomputed", "timings", "seconds", "shot_seconds", "wall_s", "written", "time",
    "started",
    "ended",
    "worker",
}  # fmt: skip
_HISTORY_FILES = ("summary.csv", "summary.html")  # of a batch: pages of such fields
LOADED = (  # by commands; here once, so that each start of one is quick
    "onnxruntime",
    "ant_core.workflow.propagate",
    "ant_core.workflow.segment",
    "ant_core.matching.matcher",
    "ant_core.output.kra",
    "ant_core.commands.interrupt",
)


def _hash(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def whole(folder: Path) -> list[str]:
    """Return what is half there among the files that have their final name."""
    from ant_core.errors import AntError
    from ant_core.formats.kra.archive import KraArchive
    from ant_core.formats.kra.document import KraDocument
    from ant_core.formats.png import check_png
    from ant_core.matching.model_file import ModelFile

    checks: dict[str, Callable[[Path], object]] = {
        ".png": lambda path: check_png(path.read_bytes(), path.name),
        ".kra": lambda path: KraDocument(KraArchive(path)),
        ".kra~": lambda path: KraDocument(KraArchive(path)),
        ".json": lambda path: json.loads(path.read_bytes()),
        ".antmodel": ModelFile.read,
        ".html": lambda path: path.read_text("utf-8").rstrip().endswith("</html>") or 1 / 0,
    }
    wrong = []
    for path in sorted(folder.rglob("*")):
        name = path.name.removesuffix("2")  # of a second backup
        suffix = Path(name).suffix
        if not path.is_file() or unfinished(path) or suffix not in checks:
            continue
        try:
            checks[suffix](path)
        except (AntError, ValueError, ZeroDivisionError, OSError) as error:
            wrong.append(f"{path.name} is not whole: {error}")
    return wrong


def unfinished(path: Path) -> bool:
    """Tell whether a file is one that a run had not finished."""
    return path.name.startswith(".part-") or path.suffix == ".part"


def outputs_of(folder: Path, *, alone: bool = True) -> dict[str, Any]:
    """Return what a command left, by name and without history.

    Where other runs with other settings wrote the same document, its journal keeps the hashes of
    what they wrote: history too.
    """
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if not path.is_file() or ".ant_core" in place.parts or ".locks" in place.parts:
            continue
        if path.name in _HISTORY_FILES:
            continue
        if path.suffix == ".json":
            found[str(place)] = _without_history(json.loads(path.read_bytes()))
        elif ".kra" in path.suffix:
            with zipfile.ZipFile(path) as archive:
                found[str(place)] = {
                    name: hashlib.sha256(archive.read(name)).hexdigest()
                    for name in archive.namelist()
                }
                journals = [name for name in archive.namelist() if name.endswith(KIND)]
                if not alone:
                    for name in journals:
                        found[str(place)][name] = _journal(archive.read(name))
                    continue
                found[f"{place} as a file"] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[str(place)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _journal(data: bytes) -> Any:
    """Return a journal without what other runs leave in it.

    Hashes of former pixels, why frames were coloured anew, and the gap width that was last named,
    which stays the document's setting in a run that names none.
    """
    (length,) = struct.unpack_from("<I", data, 8)
    document = json.loads(data[12 : 12 + length])
    for entry in document["entries"]:
        entry.pop("result", None)
    document.pop("former", None)
    document.get("settings", {}).pop("gap_px", None)
    return document


def _without_history(document: Any) -> Any:
    if isinstance(document, dict):
        return {
            key: _without_history(value) for key, value in document.items() if key not in HISTORY
        }
    if isinstance(document, list):
        return [_without_history(value) for value in document]
    return document


class _Attack:
    """One command: a run without kills, and rounds of kills."""

    def __init__(self, name: str, command: Command, home: Path) -> None:
        self.name, self.command, self.home = name, command, home
        self.source = home / "source"
        self.source.mkdir(parents=True)
        command.make(self.source)
        for module in command.loads:
            importlib.import_module(module)
        self.log = home / "log"
        if command.before is not None:
            self._run_before(command.before(self.source))
        self.kills, self.told = 0, collections.Counter[str]()
        for _ in range(2):  # the second time as all that follow: compiled code is there
            work = self._fresh()
            begun = time.monotonic()
            if wait(self._start()) != 0:
                raise SystemExit(f"{name} fails undisturbed: {self.log.read_text()[-800:]}")
            self.calm_s = time.monotonic() - begun
        self.calm, self.steps = self._outputs(work), steps_of(self.log)

    def _run_before(self, arguments: list[str]) -> None:
        """Let the run that comes first end, and change what it was of."""
        folder = self.source / "out"
        environment = self.command.environment(self.source)
        if wait(start(arguments, self.log, environment, folder)) != 0:
            raise SystemExit(f"the run before {self.name} fails: {self.log.read_text()[-800:]}")
        self.command.change(self.source)

    def _outputs(self, work: Path) -> dict[str, Any]:
        found, history = outputs_of(work / "out"), self.command.history
        return {name: what for name, what in found.items() if Path(name).name not in history}

    def _fresh(self) -> Path:
        work = self.home / "work"  # one place: reports hold paths
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self.source, work)
        return work

    def _start(self, dies_at: int = 0) -> int:
        work, of = self.home / "work", self.command
        return start(of.arguments(work), self.log, of.environment(work), work / "out", dies_at)

    def round(self, rng: random.Random, step: int = 0) -> None:
        """Kill the command, where a step is given once before it, and let it end."""
        work = self._fresh()
        inputs = _hash(work / "in")
        for _ in range(1 if step else rng.choice((1, 1, 2, 3))):
            self._kill(rng, step)
            self._check(work, inputs)
        code = wait(self._start())
        if code != 0:
            self._tell(f"the run after a kill ended with {code}: {self.log.read_text()[-300:]}")
        self._check(work, inputs)
        left = [path.name for path in (work / "out").rglob("*") if unfinished(path)]
        if left:
            self._tell(f"left lying: {left}")
        found = self._outputs(work)
        for key in sorted(self.calm.keys() | found.keys()):
            if self.calm.get(key) != found.get(key):
                self._tell(f"differs: {key} {difference(self.calm.get(key), found.get(key))}")

    def _kill(self, rng: random.Random, step: int) -> None:
        """Start the command and have it end at a step, or kill it at a moment."""
        if step or rng.random() < 0.5:
            process = self._start(step or rng.randint(1, self.steps))
        else:
            process = self._start()
            time.sleep(rng.uniform(0.0, 1.1) * self.calm_s)
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        code = wait(process)
        if code == -signal.SIGKILL:
            self.kills += 1
        elif code != 0:
            self._tell(f"a run ended by itself with {code}: {self.log.read_text()[-300:]}")

    def _check(self, work: Path, inputs: dict[str, str]) -> None:
        if _hash(work / "in") != inputs:
            self._tell("an input changed")
        for text in whole(work / "out"):
            self._tell(text)

    def _tell(self, text: str) -> None:
        print(f"{self.name}: {text}", flush=True)
        self.told[text[:400]] += 1


def difference(calm: Any, found: Any, place: str = "") -> str:
    """Return the first place at which two documents differ."""
    if isinstance(calm, dict) and isinstance(found, dict):
        for key in sorted(calm.keys() | found.keys()):
            if calm.get(key) != found.get(key):
                return difference(calm.get(key), found.get(key), f"{place}.{key}")
    if isinstance(calm, list) and isinstance(found, list) and len(calm) == len(found):
        for number, (a, b) in enumerate(zip(calm, found, strict=True)):
            if a != b:
                return difference(a, b, f"{place}[{number}]")
    return f"at {place}: {str(calm)[:80]} and {str(found)[:80]}"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of this attack."""
    command.add_argument("--kills", type=int, default=300)
    command.add_argument("--steps", action="store_true", help="once before each step instead")
    add_bounds(command, COMMANDS)


def add_bounds(command: argparse.ArgumentParser, commands: Iterable[str]) -> None:
    """Add what bounds an attack on commands."""
    command.add_argument("--only", nargs="+", choices=sorted(commands))
    command.add_argument("--minutes", type=float, default=60.0, help="end after so many at most")
    command.add_argument("--seed", type=int, default=0)


def prepare(args: argparse.Namespace) -> tuple[random.Random, float]:
    """Load what every child inherits; return the chances and when the attack ends, monotonic."""
    for module in LOADED:
        importlib.import_module(module)
    return random.Random(args.seed), time.monotonic() + 60 * args.minutes


def run(args: argparse.Namespace) -> int:
    """Kill; 1 when anything was lost, half there or different."""
    rng, end = prepare(args)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        attacks = []
        for name in args.only or COMMANDS:
            stack.enter_context(COMMANDS[name].server())
            attacks.append(_Attack(name, COMMANDS[name], Path(folder) / name))
            calm = f"{attacks[-1].calm_s:.1f} s and {attacks[-1].steps} steps undisturbed"
            print(f"{name}: {calm}", flush=True)
        for attack in attacks if args.steps else ():
            for step in range(1, attack.steps + 1):
                if time.monotonic() < end:
                    attack.round(rng, step)
        most = 0 if args.steps else args.kills
        while sum(attack.kills for attack in attacks) < most and time.monotonic() < end:
            # Long commands have fewer rounds, but not in proportion.
            weights = [attack.calm_s**-0.5 for attack in attacks]
            rng.choices(attacks, weights)[0].round(rng)
            print(f"{sum(attack.kills for attack in attacks)} kills", flush=True)
        for attack in attacks:
            print(f"{attack.name}: {attack.kills} kills")
            for text, count in attack.told.items():
                print(f"  {count} x {text}")
    total = sum(attack.kills for attack in attacks)
    bad = sum(attack.told.total() for attack in attacks)
    print(f"{total} kills, {bad} finds")
    return int(bad > 0)
