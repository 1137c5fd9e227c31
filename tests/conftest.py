"""Options of the whole suite: where data lies that is not part of the project."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("propagate colors")
    group.addoption("--data", type=Path, help="folder of the data for training and rendering")
    group.addoption("--bench", type=Path, help="folder of the segmentation benchmark's drawings")


def pytest_report_header() -> str | None:
    optional = ("torch", "onnx", "skia", "moderngl")
    missing = [name for name in optional if importlib.util.find_spec(name) is None]
    return f"not installed, tests that need them are skipped: {missing}" if missing else None


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
