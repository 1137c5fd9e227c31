"""The files of a pack on this machine: fetched once, kept, and never used without their hash."""

from __future__ import annotations

import http.client
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from scripts.packing.project import PackagingError, sha256
from scripts.packing.resolve import Platform, Wheel

__all__ = ["fetch_python", "fetch_wheels", "python_url"]


def fetch_wheels(wheels: Sequence[Wheel], platform: Platform, folder: Path) -> list[Path]:
    """Have pip fetch the wheels that are not in the folder yet, and return all in order."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [wheel for wheel in wheels if not _is_there(folder / wheel.name, wheel.sha256)]
    if missing:
        _download(missing, platform, folder)
    return [folder / wheel.name for wheel in wheels]


def _download(wheels: Sequence[Wheel], platform: Platform, folder: Path) -> None:
    short = platform.python_version.replace(".", "")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--disable-pip-version-check", "--only-binary", ":all:", "--dest", str(folder)]
    command += ["--python-version", platform.python_version, "--implementation", "cp"]
    command += [word for abi in (f"cp{short}", "abi3", "none") for word in ("--abi", abi)]
    command += [word for name in platform.tag_names for word in ("--platform", name)]
    lines = [f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n" for wheel in wheels]
    with tempfile.TemporaryDirectory() as temporary:
        asked = Path(temporary) / "requirements.txt"
        asked.write_text("".join(lines))
        done = subprocess.run(
            [*command, "--requirement", str(asked)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise PackagingError(f"the wheels for {platform.key} cannot be fetched:\n{done.stderr}")
    for wheel in wheels:
        if not _is_there(folder / wheel.name, wheel.sha256):
            raise PackagingError(f"pip has not fetched {wheel.name}")


def python_url(platform: Platform, address: str) -> str:
    """Return where the Python archive lies below an address; "+" stands escaped in it."""
    return f"{address.rstrip('/')}/{quote(platform.python)}"


def fetch_python(platform: Platform, address: str, folder: Path) -> Path:
    """Fetch the Python archive unless it is in the folder already, and return it.

    Parameters
    ----------
    address : str
        Of the folder that holds it; "" where it must be there already.
    """
    path = folder / platform.python
    if _is_there(path, platform.sha256):
        return path
    if not address:
        raise PackagingError(
            f"{platform.python} is not in {folder}: put it there, or say with --python-address "
            "where it can be had"
        )
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with (
            urllib.request.urlopen(python_url(platform, address), timeout=60) as answer,
            part.open("wb") as file,
        ):
            shutil.copyfileobj(answer, file, 1 << 20)
    except (OSError, http.client.HTTPException) as error:
        part.unlink(missing_ok=True)
        raise PackagingError(
            f"{platform.python} cannot be had from {address} ({error}): check the address"
        ) from None
    if sha256(part) != platform.sha256:
        part.unlink()
        raise PackagingError(
            f"what {address} gives as {platform.python} has another hash than platforms.toml: "
            "find out why before anything is released"
        )
    part.replace(path)
    return path


def _is_there(path: Path, digest: str) -> bool:
    return path.is_file() and sha256(path) == digest
