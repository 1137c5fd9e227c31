"""Runs scenarios inside a real Krita on a virtual screen and brings their results back.

A scenario is a generator function, named "module:function" below `scenarios/`; inside.py runs it
as steps of Krita's event loop. Every run has its own HOME, runtime folder, temporary folder and
screen, with the plugin installed by links. Krita is this machine's own, or that of a system tree
(see scripts/_krita_trees.py), which runs in a chroot with a mount namespace of its own.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "krita_plugin"
DRIVER = "propagate_colors_tests"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
SCREEN = "1600x1000x24"
QUIT_SECONDS = 30
POLL_SECONDS = 0.2

DESKTOP = f"""[Desktop Entry]
Type=Service
ServiceTypes=Krita/PythonPlugin
X-KDE-Library={DRIVER}
X-Python-2-Compatible=false
Name={DRIVER}
Comment=Runs tests
"""
SETTINGS = """AutoSaveInterval={autosave}
HideSplashScreen=true

[python]
enable_{driver}=true
"""


class KritaFailed(Exception):
    """Krita crashed twice, hung, or could not be started; the message says which."""


@dataclass(frozen=True)
class Krita:
    """A Krita to test with: this machine's own, or the one in a system tree."""

    tree: Path | None = None

    @property
    def label(self) -> str:
        return "system" if self.tree is None else self.tree.name

    def missing(self) -> str | None:
        """Say why it cannot be run here, or None."""
        if shutil.which("Xvfb") is None:
            return "Xvfb is not installed"
        if self.tree is None:
            return None if shutil.which("krita") else "Krita is not installed"
        if not (self.tree / "usr/bin/krita").exists():
            return f"there is no Krita in {self.tree}"
        if os.geteuid() != 0 or not can_mount():
            return "system trees need root and the right to mount"
        return None


def can_mount() -> bool:
    """Tell whether a mount namespace can be made; containers usually forbid it."""
    test = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(test, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@dataclass
class Report:
    """What came out of a run."""

    version: str = "?"
    qt: str = "?"
    python: str = "?"
    # By scenario: status, text, seconds, values, and the folder of its files ("place").
    results: dict[str, dict] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # what was tried again, and why
    seconds: float = 0.0

    def passed(self, name: str) -> bool:
        return self.results.get(name, {}).get("status") == "passed"

    def describe(self, krita: Krita) -> str:
        good = sum(map(self.passed, self.results))
        line = f"Krita {self.version} ({krita.label}): {good} of {len(self.results)} scenarios"
        return "\n".join([f"{line} passed in {self.seconds:.0f} s", *self.notes])


def run(
    krita: Krita,
    scenarios: Sequence[str],
    out: Path,
    *,
    environment: dict[str, str] | None = None,
    settings: dict[str, str] | None = None,
    shown: Sequence[Path] = (),
    timeout: float = 1200.0,
) -> Report:
    """Run scenarios in one Krita; what crashed or failed is tried once more, in another, and noted.

    Real input on a virtual screen depends on the machine's pace: a scenario that fails once in
    hundreds of runs is told in the summary, one that fails twice is a failure.

    `timeout` is in seconds, a multiple of what it takes where much else runs beside it.
    `environment` is added to Krita's; `settings` are the plugin's own; `shown` are further folders
    that a system tree may see. Logs and pictures lie in `out`.
    """
    started = time.monotonic()
    report = Report()
    for attempt in (1, 2):
        place = out / f"try{attempt}"
        place.mkdir(parents=True, exist_ok=True)
        left = [name for name in scenarios if not report.passed(name)]
        with tempfile.TemporaryDirectory(prefix="krita_tests_", ignore_cleanup_errors=True) as box:
            session = Session(krita, left or list(scenarios), place, Path(box), list(shown))
            exit_code = session.run(environment or {}, settings or {}, timeout)
        seen = session.result()
        report.version = seen.get("krita", report.version)
        report.qt, report.python = seen.get("qt", report.qt), seen.get("python", report.python)
        for name, result in seen.get("scenarios", {}).items():
            report.results[name] = {**result, "place": str(place)}
        report.seconds = time.monotonic() - started
        if seen.get("finished") and exit_code == 0:
            failed = [name for name in scenarios if not report.passed(name)]
            if attempt == 2 or not failed:
                return report
            report.notes += [_failure(name, report.results[name], place) for name in failed]
            continue
        where = (
            "while closing" if seen.get("finished") else f"in {seen.get('running', 'its start')}"
        )
        report.notes.append(
            f"Krita {report.version} ended by itself {where} (exit code {exit_code}); "
            f"{'tried again' if attempt == 1 else 'gave up'}, see {place}"
        )
    raise KritaFailed("\n".join(report.notes) + "\n" + _tail(place / "krita.log"))


def _failure(name: str, result: dict, place: Path) -> str:
    last = (result["text"] or "?").strip().splitlines()[-1]
    return f"{name} failed and was tried again, see {place}: {last}"


class Session:
    """One start of Krita with a home below `box`, which a later start may share.

    `plugin` says whether the plugin is there from the beginning.
    """

    def __init__(self, krita, scenarios, out: Path, box: Path, shown=(), plugin=True) -> None:
        self._krita = krita
        self._scenarios = scenarios
        self._out = out
        self._box = box
        self._plugin = plugin
        self._shown = [*shown, *engine_folders(), ROOT, out, box]
        self._result = out / "result.json"

    def result(self) -> dict:
        """Return what inside.py wrote down so far."""
        try:
            return json.loads(self._result.read_text(encoding="utf-8"))
        except OSError:
            return {}

    def run(self, environment, settings, timeout) -> int | str:
        """Start Krita and wait for its end; returns its exit code."""
        self._result.unlink(missing_ok=True)
        self._install(settings)
        orders = {"scenarios": self._scenarios, "out": str(self._out)}
        (self._box / "orders.json").write_text(json.dumps(orders), encoding="utf-8")
        with (
            (self._out / "xvfb.log").open("wb") as screen_log,
            (self._out / "krita.log").open("wb") as krita_log,
        ):
            screen, display = _start_screen(screen_log)
            try:
                process = subprocess.Popen(
                    self._command(["krita", "--nosplash"]),
                    env={**self._environment(display), **environment},
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=krita_log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                try:
                    return self._wait(process, timeout)
                finally:
                    _stop(process)
            finally:
                _stop(screen)

    def _wait(self, process: subprocess.Popen, timeout: float) -> int | str:
        deadline = time.monotonic() + timeout
        finished = False
        while process.poll() is None:
            if not finished and self.result().get("finished"):
                finished = True
                deadline = time.monotonic() + QUIT_SECONDS
            if time.monotonic() > deadline:
                return "none: it had to be stopped"
            time.sleep(POLL_SECONDS)
        return process.returncode

    def _install(self, settings: dict[str, str]) -> None:
        data = self._box / "home/.local/share/krita"
        driver = data / "pykrita" / DRIVER
        for folder in (driver, data / "actions", self._box / "home/.config", self._box / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        (self._box / "run").mkdir(mode=0o700, exist_ok=True)
        if self._plugin:
            _link_plugin(data)
        (driver.parent / f"{DRIVER}.desktop").write_text(DESKTOP)
        (driver / "__init__.py").write_text(
            f"import sys\nsys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n"
            f"from in_krita import inside\ninside.install({str(self._box / 'orders.json')!r})\n"
        )
        kritarc = self._box / "home/.config/kritarc"
        if not kritarc.exists():
            kritarc.write_text(self._kritarc(dict(settings)))

    def _kritarc(self, settings: dict[str, str]) -> str:
        text = SETTINGS.format(driver=DRIVER, autosave=settings.pop("AutoSaveInterval", "0"))
        if self._plugin:
            text += "enable_propagate_colors=true\n"
        if settings:
            text += "\n[propagate_colors]\n"
            text += "".join(f"{name}={value}\n" for name, value in settings.items())
        return text

    def _environment(self, display: str) -> dict[str, str]:
        # Krita takes its Python from the first python3 on PATH: a virtual environment there would
        # hide PyQt from it. So nothing of this process's own environment goes in.
        return {
            "PATH": SYSTEM_PATH,
            "HOME": str(self._box / "home"),
            "XDG_RUNTIME_DIR": str(self._box / "run"),
            "TMPDIR": str(self._box / "tmp"),  # holds the socket that allows one Krita a user
            "DISPLAY": display,
            "QT_QPA_PLATFORM": "xcb",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            # The engine in the Python that runs the tests; found in the checkout, where Krita is
            # started.
            "ANT_CORE": f"{shlex.quote(sys.executable)} -m ant_core",
        }

    def _command(self, command: list[str]) -> list[str]:
        if self._krita.tree is None:
            return command
        return in_tree(self._krita.tree, self._shown, command)


def _link_plugin(data: Path) -> None:
    for name in ("pykrita/propagate_colors", "pykrita/propagate_colors.desktop"):
        if not (data / name).exists():
            (data / name).symlink_to(PLUGIN / Path(name).name)
    action = "actions/propagate_colors.action"
    if not (data / action).exists():
        (data / action).symlink_to(PLUGIN / action)


def engine_folders() -> list[Path]:
    """Folders and files of the Python that runs the tests, for an engine inside a system tree."""
    prefix, base = Path(sys.prefix), Path(sys.base_prefix)
    if base != Path("/usr"):
        return [prefix, base]
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return [prefix, base / "bin" / version, base / "lib" / version]


def in_tree(tree: Path, shown: Sequence[Path], command: Sequence[str]) -> list[str]:
    """Return the command that runs `command` in a system tree, with `shown` at their own places.

    The mounts live in a namespace of their own and end with its last process.
    """
    steps = ["set -e", f"mount -t tmpfs -o mode=1777 tmpfs {shlex.quote(str(tree / 'tmp'))}"]
    fixed = [Path("/dev"), Path("/proc"), Path("/sys"), Path("/tmp/.X11-unix")]
    done: list[Path] = []
    for path in [*fixed, *sorted({Path(path).resolve() for path in shown})]:
        if any(path == other or other in path.parents for other in done):
            continue
        done.append(path)
        inside = tree / path.relative_to("/")
        make = f"mkdir -p {shlex.quote(str(inside if path.is_dir() else inside.parent))}"
        if not path.is_dir():
            make += f"; touch {shlex.quote(str(inside))}"
        steps.append(f"{make}; mount --rbind {shlex.quote(str(path))} {shlex.quote(str(inside))}")
    words = " ".join(shlex.quote(word) for word in command)
    go = shlex.quote(f"cd {shlex.quote(str(ROOT))} && exec {words}")
    steps.append(f"exec chroot {shlex.quote(str(tree))} /bin/sh -c {go}")
    return ["unshare", "--mount", "sh", "-c", "\n".join(steps)]


def _start_screen(log) -> tuple[subprocess.Popen, str]:
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp"]
    process = subprocess.Popen(
        [*command, "-noreset"],
        pass_fds=(writing,),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()
    if not number:
        _stop(process)
        raise KritaFailed("Xvfb did not start")
    return process, f":{number}"


def _stop(process: subprocess.Popen) -> None:
    """End a process started here, and its children."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, kind)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            continue


def _tail(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-15:])
