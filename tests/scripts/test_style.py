"""The project's own rules for its code, as pyproject.toml states them."""

import ast
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("command", [["check", "--no-cache"], ["format", "--check", "--no-cache"]])
def test_ruff_is_content(command):
    pytest.importorskip("ruff", reason="needs the dev extra")
    run = [sys.executable, "-m", "ruff", *command, "--quiet", "."]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("room", "most"),
    [("segmentation", 400), ("ant_core", 400), ("krita_plugin", 400), ("scripts", 400),
     ("tests", 600)],
)  # fmt: skip
def test_files_stay_readable(room, most):
    """No file of code has more lines than can be read in one sitting."""
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for path in (ROOT / room).rglob("*.py")
    }
    assert lengths
    assert {name: length for name, length in lengths.items() if length > most} == {}


def test_a_class_name_means_one_thing():
    """No two files outside the tests define classes of one name, but for the file that is twice."""
    files = defaultdict(list)
    for room in ("segmentation", "ant_core", "krita_plugin", "scripts"):
        for path in (ROOT / room).rglob("*.py"):
            if path != ROOT / "krita_plugin/propagate_colors/state/journal_format.py":
                for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                    if isinstance(node, ast.ClassDef):
                        files[node.name].append(str(path.relative_to(ROOT)))
    assert {name: places for name, places in files.items() if len(places) > 1} == {}


@pytest.mark.slow
def test_types_are_checked(tmp_path):
    for package in ("mypy", "torch"):
        pytest.importorskip(package, reason="needs the dev and train extras")
    run = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path)]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
