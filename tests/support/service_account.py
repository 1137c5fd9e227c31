"""A command run as an account without rights, in a mount namespace where it reaches this Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Folders of root may keep others from this Python: they are replaced by empty ones that do not,
# for this command alone, with the interpreter's folder mounted where it was.
_RUN = """
set -e
mount --make-rprivate /
if [ -n "$CLOSED" ]; then
  mkdir -p "$SPARE"
  mount --bind "$PYTHON_FOLDER" "$SPARE"
  mount -t tmpfs -o mode=755 none "$CLOSED"
  mkdir -p "$PYTHON_FOLDER"
  mount --bind "$SPARE" "$PYTHON_FOLDER"
fi
cd "$WORK"
exec setpriv --reuid="$ACCOUNT" --regid="$ACCOUNT" --clear-groups env -i "$@"
"""
NOBODY, UNKNOWN = 65534, 54321  # the second is in no list of accounts


def need_account() -> None:
    """Skip the test where accounts cannot be changed."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("needs root, to become an account without rights")
    for program in ("unshare", "setpriv"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if subprocess.run(["unshare", "--mount", "true"], check=False).returncode:
        pytest.skip("this system allows no mount namespace")
    if _closed(Path(sys.prefix)):
        pytest.skip("the tests' environment lies in a folder that others may not enter")


def _closed(path: Path) -> Path | None:
    """Return the highest folder above a path that others may not enter."""
    for folder in reversed([path, *path.parents]):
        if not folder.stat().st_mode & 0o001:
            return folder
    return None


def run_as(account: int, work: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command with `NAME=value` before it as its whole environment, in the folder `work`."""
    python_folder = Path(sys.base_prefix).resolve()
    closed = _closed(python_folder)
    settings = {
        "ACCOUNT": str(account),
        "WORK": str(work),
        "CLOSED": str(closed or ""),
        "PYTHON_FOLDER": str(python_folder),
        "SPARE": str(work.parent / "spare"),
    }
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", _RUN, "sh", *command],
        capture_output=True,
        text=True,
        env=os.environ | settings,
        timeout=600,
        check=False,
    )
