"""Options of the whole suite: where data lies that is not part of the project."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

import pytest

from tests.support.command_line import ant_core, cli, fake_ant_core, real_cli

__all__ = ["ant_core", "cli", "fake_ant_core", "real_cli"]

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("propagate colors")
    group.addoption("--data", type=Path, help="folder of the data for training and rendering")
    group.addoption("--bench", type=Path, help="folder of the segmentation benchmark's drawings")
    group.addoption("--release", type=Path, help="folder that scripts/package.py release wrote")
    group.addoption(
        "--krita",
        help="Kritas to test in: system (the default), all, or paths of trees; several by commas",
    )
    group.addoption(
        "--krita-table", type=Path, help="file for a table of the tests in each Krita (Markdown)"
    )


def _unusable() -> dict[str, str]:
    """Optional packages that cannot be imported, and why.

    Skia and moderngl come as wheels, but want the system's libGL and libEGL. Without those they
    count as not installed, so that importorskip skips the tests that need them. PyTorch and ONNX
    are only looked for: to import them takes longer than most tests.
    """
    reasons = {
        name: f"No module named {name!r}"
        for name in ("torch", "onnx")
        if importlib.util.find_spec(name) is None
    }
    for name in ("skia", "moderngl"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            reasons[name] = str(error)
            sys.modules[name] = None  # type: ignore[assignment]
    return reasons


UNUSABLE = _unusable()


def pytest_report_header() -> list[str]:
    return [f"tests that need {name} are skipped: {why}" for name, why in UNUSABLE.items()]


@pytest.fixture(scope="session")
def data_dir(pytestconfig: pytest.Config) -> Path:
    """Folder given with --data."""
    return _folder(pytestconfig, "--data")


@pytest.fixture(scope="session")
def bench_dir(pytestconfig: pytest.Config) -> Path:
    """Folder given with --bench."""
    return _folder(pytestconfig, "--bench")


@pytest.fixture(scope="session")
def sample() -> Path:
    """Folder of the bundled sample shot."""
    return ROOT / "samples" / "saha"


def _folder(config: pytest.Config, option: str) -> Path:
    folder = config.getoption(option)
    if folder is None:
        pytest.skip(f"needs {option} FOLDER")
    assert folder.is_dir(), f"{option} {folder} is no folder"
    return Path(folder)
