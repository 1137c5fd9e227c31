"""What is carried to a machine without a network works there: the packages load from it alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "carry.py"
LOADED = "import moderngl, skia; print(moderngl.__file__); print(skia.__file__)"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("dpkg"), reason="libraries are Debian's: needs dpkg")
def test_what_is_carried_loads_from_there(tmp_path):
    pytest.importorskip("skia", reason="versions are those installed here: needs the extra train")
    data, out = tmp_path / "data", tmp_path / "carried"
    (data / "figures").mkdir(parents=True)
    (data / "figures" / "one.json").write_text("{}")
    (data / "morevna_puppets").mkdir()
    command = [sys.executable, SCRIPT, "--data", data, "--out", out]
    subprocess.run(command, check=True, timeout=300)
    run = f'. "{out}/there.sh"; "{sys.executable}" -S -c "{LOADED}"; ls "$CARRIED/data"'
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    there = subprocess.run(
        ["bash", "-c", run], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    moderngl, skia, *names = there.stdout.split()
    assert Path(moderngl).is_relative_to(out / "site")
    assert Path(skia).is_relative_to(out / "site")
    assert names == ["figures"]
    assert list((out / "libraries").rglob("libEGL.so.1"))
