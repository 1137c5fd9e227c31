"""A training in the background: a folder, two processes, and what they are told by signals.

One process makes clips, one trains. Each holds a lock while it lives, so a process that was killed
is never taken for a running one, nor another process for ours. POSIX only.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ant_core.errors import InputError, UsageError
from ant_core.training.network.curves import read_log
from ant_core.training.synthesis.stream import StreamOptions

__all__ = ["ROLES", "Background", "stopping"]

ROLES = ("generate", "train")
_START_SECONDS = 120.0  # PyTorch may be read from a cold disk, at the lowest priority
_STOP_SECONDS = 120.0  # a step, or a validation clip, and a checkpoint
_POLL_SECONDS = 0.1
_PROBE_SECONDS = 0.5  # longer than another process looks at a lock, which is no time at all
_THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Background:
    """One training in its folder.

    experiment.toml is read whenever training starts, stream.json likewise; `clips` has the clips,
    `run` the checkpoints, the log and its curves; ROLE.txt is what a process said, ROLE.pid and
    ROLE.lock tell that it lives. `paused` is there while both are held.
    """

    folder: Path

    @property
    def experiment(self) -> Path:
        """The experiment's file."""
        return self.folder / "experiment.toml"

    @property
    def clips(self) -> Path:
        """Folder of the clips."""
        return self.folder / "clips"

    @property
    def run(self) -> Path:
        """Folder of the run."""
        return self.folder / "run"

    @property
    def _paused(self) -> Path:
        return self.folder / "paused"

    @property
    def is_set_up(self) -> bool:
        """Whether the folder holds a training."""
        return (self.folder / "stream.json").exists()

    def set_up(self, options: StreamOptions, experiment: str) -> None:
        """Write what the processes read: options of the clips and the experiment's TOML text."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.experiment.write_text(experiment, "utf-8")
        values = {**asdict(options), "data": str(options.data.absolute())}
        (self.folder / "stream.json").write_text(json.dumps(values, indent=1), "utf-8")

    def stream_options(self) -> StreamOptions:
        """Read the options of the clips."""
        try:
            values = json.loads((self.folder / "stream.json").read_text("utf-8"))
        except OSError as error:
            raise InputError(f"{self.folder} holds no training: start one with --data") from error
        values["sources"] = tuple(values["sources"])
        return StreamOptions(**{**values, "data": Path(values["data"])})

    def start(self, command: Sequence[str]) -> list[str]:
        """Start the processes that do not run; return the roles that were started.

        Parameters
        ----------
        command : sequence of str
            What starts a process, without its role, which is added.

        Raises
        ------
        InputError
            When one ended at once; with the last thing it said.
        """
        started = [role for role in ROLES if self.pid(role) is None]
        for role in started:
            self._spawn([*command, role], role)
        self._signal(signal.SIGCONT)
        self._paused.unlink(missing_ok=True)
        return started

    def _spawn(self, command: list[str], role: str) -> None:
        environment = {**os.environ, **dict.fromkeys(_THREADS, "1")}
        said = self.folder / f"{role}.txt"
        with said.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=environment,
            )
        if not _within(_START_SECONDS, lambda: self.pid(role) or process.poll() is not None):
            raise InputError(f"{role} has not begun after {_START_SECONDS:.0f} s: see {said}")
        if process.poll() is not None:
            lines = said.read_text("utf-8", errors="replace").splitlines() or [""]
            raise InputError(f"{role} ended at once: {lines[-1]}")

    @contextmanager
    def living(self, role: str, nice: int) -> Iterator[None]:
        """Be the process of a role, at a priority from 0, as others, to 19, idle time alone."""
        os.nice(nice)
        # Linux shares processors between sessions first; niceness counts inside a session alone.
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(nice))
        try:
            with FileLock(self.folder / f"{role}.lock", timeout=_START_SECONDS / 2):
                (self.folder / f"{role}.pid").write_text(str(os.getpid()))
                yield
        except Timeout as error:
            raise UsageError(f"another process has the role {role} in {self.folder}") from error

    def pid(self, role: str) -> int | None:
        """Return the process of a role, None if it does not run."""
        number = self.folder / f"{role}.pid"
        try:
            lock = self.folder / f"{role}.lock"
            with FileLock(lock, timeout=_PROBE_SECONDS, poll_interval=_PROBE_SECONDS / 50):
                # Of a process that was killed: neither the next one nor another process that gets
                # its number must be taken for it.
                number.unlink(missing_ok=True)
                return None
        except Timeout:
            with contextlib.suppress(OSError, ValueError):
                return int(number.read_text())
            return None  # it has begun this moment

    def pause(self) -> None:
        """Hold both processes wherever they are; they use no processor until they go on."""
        if not self._signal(signal.SIGSTOP):
            raise UsageError(f"nothing runs in {self.folder}: start it")
        self._paused.touch()

    def resume(self) -> None:
        """Let held processes go on."""
        if not self._signal(signal.SIGCONT):
            raise UsageError(f"nothing runs in {self.folder}: start it, it goes on where it was")
        self._paused.unlink(missing_ok=True)

    def stop(self) -> None:
        """End both processes; training writes a checkpoint first."""
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)
        self._paused.unlink(missing_ok=True)
        if not _within(_STOP_SECONDS, lambda: not any(map(self.pid, ROLES))):
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> bool:
        pids = [pid for pid in map(self.pid, ROLES) if pid is not None]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return bool(pids)

    def pairs(self) -> int:
        """Return how many pairs the log knows of."""
        log = self._log()
        return int(log[-1]["pairs"]) if log else 0

    def _log(self) -> list[dict[str, Any]]:
        path = self.run / "log.jsonl"
        return read_log(path) if path.exists() else []

    def status(self) -> list[str]:
        """Say how the training stands, in lines."""
        log = self._log()
        lines = [f"folder        {self.folder}"]
        for role in ROLES:
            pid = self.pid(role)
            state = "paused" if self._paused.exists() else "runs"
            lines.append(
                f"{role:13} {'does not run' if pid is None else f'{state}, process {pid}'}"
            )
        kept = len(list(self.clips.glob("train/*.npz")))
        counter = self.clips / "next.json"
        made = json.loads(counter.read_text()) if counter.exists() else 0
        held_out = len(list(self.clips.glob("validation/*.npz")))
        lines.append(f"clips         {made} made, {kept} kept, {held_out} for validation")
        return lines + _progress(log)


def _within(seconds: float, done: Callable[[], object]) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if done():
            return True
        time.sleep(_POLL_SECONDS)
    return bool(done())


def _progress(log: list[dict[str, Any]]) -> list[str]:
    """Describe a log: pairs, speed, losses by tenths of it, and the last validation."""
    if not log:
        return ["pairs         none reported yet"]
    pairs, seconds = log[-1]["pairs"], log[-1]["seconds"]
    recent = log[max(0, len(log) - 20)]
    over = seconds - recent["seconds"]
    speed = (pairs - recent["pairs"]) / over if over > 0 else pairs / seconds
    lines = [
        f"pairs         {pairs}, in {seconds / 3600:.2f} CPU hours",
        f"speed         {speed:.1f} pairs a CPU second now, {pairs / seconds:.1f} over all",
    ]
    losses = [entry["loss"] for entry in log if "loss" in entry]
    if losses:
        tenths = [losses[i * len(losses) // 10 : (i + 1) * len(losses) // 10] for i in range(10)]
        means = " ".join(f"{sum(part) / len(part):.3f}" for part in tenths if part)
        lines.append(f"loss          {means} (tenths of the run)")
    for entry in reversed(log):
        if "validation" in entry:
            scores = ", ".join(f"{k} {v:.2f}" for k, v in sorted(entry["validation"].items()))
            lines.append(f"validation    {scores} % at {entry['pairs']} pairs")
            break
    return lines


def stopping() -> threading.Event:
    """Return an event that is set when the process is asked to end."""
    event = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: event.set())
    return event
