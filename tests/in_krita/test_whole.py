"""The whole way in the real Krita: docker, engine, document, file; see scenarios/whole.py."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from scripts import package
from tests import test_quality
from tests.in_krita import runner
from tests.in_krita.scenarios import DOCKER
from tests.in_krita.scenarios.shot_times import CLONE, CLONED, DRAWINGS, KEYS

pytestmark = pytest.mark.slow

SHOT = test_quality.SHOT
SIZE = (1080, 1920, 4)
WHOLE = "whole:the_whole_way"


@pytest.mark.parametrize("scenario", DOCKER)
def test_scenario(docker_report, scenario):
    result = docker_report.results[scenario]
    assert result["status"] == "passed", result["text"]


def planes(place: Path, name: str) -> dict[int, np.ndarray]:
    """Return the frames that a scenario wrote to files, as (H, W, 4) uint8 BGRA by time."""
    return {
        int(path.name.split("_")[1][:4]): np.frombuffer(
            zlib.decompress(path.read_bytes()), np.uint8
        ).reshape(SIZE)
        for path in sorted(place.glob(f"{name}_*.bgra.z"))
    }


def sample(kind: str, drawing: int) -> np.ndarray:
    """Return a picture of the sample shot as (H, W, 4) uint8 BGRA."""
    picture = cv2.imread(str(SHOT / kind / f"{drawing + 1:04}.png"), cv2.IMREAD_UNCHANGED)
    return picture if picture.shape[2] == 4 else np.dstack([picture, np.full(SIZE[:2], 255)])


@pytest.fixture(scope="module")
def command_line(tmp_path_factory) -> float:
    """Return the command line's accuracy on the document's shot: on twos, one drawing twice.

    How far apart frames are is part of what the network sees.
    """
    shot, out = tmp_path_factory.mktemp("on_twos"), tmp_path_factory.mktemp("command_line")
    for kind in ("line", "color"):
        (shot / kind).mkdir()
        for path in sorted((SHOT / kind).glob("*.png")):
            shutil.copy(path, shot / kind / f"{2 * int(path.stem) - 2:04}.png")
    shutil.copy(shot / "line" / f"{CLONED:04}.png", shot / "line" / f"{CLONE:04}.png")
    command = [sys.executable, "-m", "ant_core", "propagate", str(shot), "--out", str(out / "twos")]
    subprocess.run(command, check=True, capture_output=True)
    (out / "color").mkdir()
    for drawing in range(1, DRAWINGS):
        place = out / "twos" / "color" / f"{2 * drawing:04}.png"
        place.rename(out / "color" / f"{drawing + 1:04}.png")
    return test_quality.accuracy(out)


def accuracy(colors: dict[int, np.ndarray], out: Path) -> float:
    """Return the accuracy of frames read out of Krita, as test_quality counts it."""
    (out / "color").mkdir(parents=True)
    for drawing in range(1, DRAWINGS):
        cv2.imwrite(str(out / "color" / f"{drawing + 1:04}.png"), colors[2 * drawing])
    return test_quality.accuracy(out)


def check_untouched(lines: dict[int, np.ndarray], colors: dict[int, np.ndarray]) -> None:
    assert tuple(lines) == KEYS
    for drawing in range(DRAWINGS):
        assert np.array_equal(lines[2 * drawing], sample("line", drawing))
    assert np.array_equal(lines[CLONE], lines[CLONED])
    assert np.array_equal(colors[0], sample("color", 0))


@pytest.mark.parametrize("scenario", [WHOLE])
def test_the_saved_file_holds_colors_as_right_as_the_command_line_s(
    docker_report, scenario, command_line, tmp_path
):
    place = Path(docker_report.results[scenario]["place"])
    lines, colors = planes(place, "line"), planes(place, "color")
    check_untouched(lines, colors)
    assert tuple(colors) == KEYS[:-1], "the clone's colors were taken back"
    assert accuracy(colors, tmp_path) >= command_line


def start(krita, scenario: str, place: Path, home: Path, **options) -> tuple[int | str, dict]:
    """Start Krita once, without a second try; returns its exit code and what came of it."""
    place.mkdir()
    plugin = options.pop("plugin", True)
    shown = options.pop("shown", ())
    session = runner.Session(krita, [scenario], place, home, shown, plugin)
    environment = {"SCENARIO_SECONDS": "400", **options.get("environment", {})}
    code = session.run(environment, options.get("settings", {}), 900.0)
    return code, session.result()


@pytest.fixture
def home(tmp_path):
    """Return a folder for a home; its path is short, for Krita makes a socket below it."""
    with tempfile.TemporaryDirectory(prefix="krita_tests_", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.mark.parametrize("scenario", [WHOLE])
def test_after_krita_was_killed_the_autosave_has_whole_frames(
    krita, docker_report, scenario, command_line, home, tmp_path
):
    work = tmp_path / "work"
    work.mkdir()
    made = Path(docker_report.results[scenario]["place"]) / "shot.kra"
    shutil.copy(made, work / "shot.kra")
    options = {"environment": {"SHOT_FILE": str(work / "shot.kra")}, "shown": [work]}
    settings = {"AutoSaveInterval": "4"}
    scenario = "whole:krita_is_killed_in_the_middle"
    code, seen = start(krita, scenario, tmp_path / "killed", home, settings=settings, **options)
    assert code == -signal.SIGKILL, seen
    assert scenario not in seen["scenarios"], seen
    assert not is_running((work / "shot.kra.engine").read_text())
    scenario = "whole:the_autosave_is_recovered"
    code, seen = start(krita, scenario, tmp_path / "recovered", home, **options)
    assert seen["scenarios"][scenario]["status"] == "passed", seen["scenarios"][scenario]["text"]
    assert code == 0
    lines, colors = planes(tmp_path / "recovered", "line"), planes(tmp_path / "recovered", "color")
    check_untouched(lines, colors)
    assert tuple(colors) == KEYS
    # The run was cut in two: of 983 segments a few near a tie may fall the other way.
    assert accuracy(colors, tmp_path / "out") >= command_line - 0.005


def is_running(pid: str) -> bool:
    """Tell whether a process is there and not only waiting to be buried, after a moment's grace."""
    for _ in range(50):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.1)
    return True


def test_krita_imports_the_packed_plugin_and_the_docker_appears(krita, home, tmp_path):
    packed = package.pack_plugin(tmp_path / "dist")
    options = {"plugin": False, "shown": [tmp_path / "dist"]}
    scenario = "installing:the_zip_is_imported"
    environment = {"PLUGIN_ZIP": str(packed)}
    code, seen = start(
        krita, scenario, tmp_path / "imported", home, environment=environment, **options
    )
    assert seen["scenarios"][scenario]["status"] == "passed", seen["scenarios"][scenario]["text"]
    assert code == 0
    scenario = "installing:the_docker_appears"
    code, seen = start(krita, scenario, tmp_path / "appeared", home, **options)
    assert seen["scenarios"][scenario]["status"] == "passed", seen["scenarios"][scenario]["text"]
    assert code == 0
