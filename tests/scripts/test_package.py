"""The wheel that users install: complete, and nothing else in it."""

import configparser
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("pyproject.toml", "README.md", "LICENSE", "THIRD_PARTY.md", "segmentation", "ant_core")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from a copy, so that the checkout stays as it is."""
    source = tmp_path_factory.mktemp("source")
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=unwanted)
        else:
            shutil.copy(ROOT / name, source)
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    done = subprocess.run(
        [*build, str(source)], capture_output=True, text=True, check=False, cwd=out
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_every_module_and_data_file_is_in_it(wheel):
    names = set(wheel.namelist())
    for room in ("segmentation", "ant_core"):
        for path in (ROOT / room).rglob("*"):
            if path.suffix in {".py", ".json", ".antmodel"}:
                assert path.relative_to(ROOT).as_posix() in names


def test_it_carries_model_forms_type_marks_and_licences(wheel):
    names = wheel.namelist()
    assert "ant_core/models/default.antmodel" in names
    assert {"ant_core/schemas/report.py", "ant_core/schemas/request.py"} <= set(names)
    assert {"ant_core/py.typed", "segmentation/py.typed"} <= set(names)
    licences = {Path(name).name for name in names if ".dist-info/licenses/" in name}
    assert licences == {"LICENSE", "THIRD_PARTY.md"}


def test_it_holds_the_two_packages_alone(wheel):
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"segmentation", "ant_core"}


def test_it_brings_the_command(wheel):
    (entry,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    points = configparser.ConfigParser()
    points.read_string(wheel.read(entry).decode())
    assert points["console_scripts"]["ant_core"] == "ant_core.cli:main"


def test_the_model_is_at_most_16_megabytes(wheel):
    assert wheel.getinfo("ant_core/models/default.antmodel").file_size <= 16 * 1024 * 1024


def test_the_two_onnx_runtimes_never_meet(wheel):
    (metadata,) = (name for name in wheel.namelist() if name.endswith("METADATA"))
    needs = [
        line.removeprefix("Requires-Dist: ")
        for line in wheel.read(metadata).decode().splitlines()
        if line.startswith("Requires-Dist: onnxruntime")
    ]
    extras = {tuple(re.findall(r'^[\w-]+|(?<=extra == ")\w+', line)) for line in needs}
    assert extras == {
        ("onnxruntime", "cpu"),
        ("onnxruntime-gpu", "gpu"),
        ("onnxruntime-gpu", "cuda"),
    }
