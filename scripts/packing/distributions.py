"""The wheel and the source archive, equal byte for byte whenever and wherever they are built."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from scripts.packing.project import PackagingError

__all__ = ["build_sdist", "build_wheel"]


def build_wheel(source: Path, out: Path, when: int) -> Path:
    """Build the wheel of a clean copy of the project into a folder, and return it.

    Parameters
    ----------
    source : Path
        See `project.export`; what setuptools leaves behind stays in it.
    when : int
        The time of every member, in seconds since 1970.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _moved(_build(source, Path(folder), "--wheel", when), out)


def build_sdist(source: Path, out: Path, when: int) -> Path:
    """Build the source archive of a clean copy of the project into a folder, and return it.

    setuptools writes the present time into it, so it is packed a second time.
    """
    with tempfile.TemporaryDirectory() as folder:
        built = _build(source, Path(folder), "--sdist", when)
        data = _repacked(built, when)
    out.mkdir(parents=True, exist_ok=True)
    path = out / built.name
    path.write_bytes(data)
    return path


def _build(source: Path, out: Path, kind: str, when: int) -> Path:
    command = [sys.executable, "-m", "build", kind, "--no-isolation", "--outdir", str(out)]
    done = subprocess.run(
        [*command, str(source)],
        capture_output=True,
        text=True,
        check=False,
        cwd=out,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(when)},
        umask=0o022 if os.name == "posix" else -1,  # permissions go into the wheel
    )
    if done.returncode:
        raise PackagingError(f"the project cannot be built:\n{done.stdout}{done.stderr}")
    (path,) = out.iterdir()
    return path


def _moved(path: Path, out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    target = out / path.name
    target.write_bytes(path.read_bytes())
    return target


def _repacked(path: Path, when: int) -> bytes:
    """Return a .tar.gz with the same files, in order of names, of one time and of no owner."""
    out = io.BytesIO()
    with (
        tarfile.open(path) as old,
        gzip.GzipFile("", "wb", 9, out, when) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old, key=lambda info: info.name):
            info = tarfile.TarInfo(member.name)
            info.type, info.size, info.mtime = member.type, member.size, when
            info.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            new.addfile(info, old.extractfile(member) if member.isfile() else None)
    return out.getvalue()
