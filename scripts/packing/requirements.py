"""What the tests are run with on the build server: every version and hash, no address."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from scripts.packing.project import ROOT
from scripts.packing.resolve import Platform, resolve

__all__ = ["EXTRAS", "FILE", "write_requirements"]

FILE = ROOT / "scripts" / "requirements-linux-x86_64-3.11.txt"
EXTRAS = ("cpu", "dev", "farm", "formats", "release", "site", "train")
# Debian 12, whose Python is 3.11 and whose glibc is newer than this.
_SERVER = Platform(
    "the tests", "x86_64-manylinux_2_28", "", "manylinux_2_28_x86_64", "cpython-3.11.0.tar.gz", ""
)
_HEAD = """\
# Written by scripts/package.py requirements, for scripts/test.py on Linux with Python 3.11.
# PyTorch is not among them: its build without CUDA is not on every index.
"""


def write_requirements(when: int) -> Path:
    """Resolve the project as it is in this checkout, as of a time, and write the file."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        without = re.sub(r'^ *"torch>=.*\n', "", project, flags=re.M)
        Path(folder, "pyproject.toml").write_text(without, "utf-8")
        wheels = resolve(_SERVER, Path(folder), when, EXTRAS)
    lines = [f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n" for wheel in wheels]
    FILE.write_text(_HEAD + "".join(sorted(lines)), "utf-8")
    return FILE
