"""Which wheels a platform gets: resolved by uv, one file each, as they were at the commit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from scripts.packing.project import PackagingError

__all__ = ["SETTINGS", "Platform", "PlatformSettings", "Wheel", "best_wheel", "resolve"]

SETTINGS = Path(__file__).with_name("platforms.toml")
_OLD_NAMES = ("manylinux2014", "manylinux2010", "manylinux1")  # of manylinux_2_17, 2_12 and 2_5


@dataclass(frozen=True)
class Platform:
    """A system that a pack is made for.

    Attributes
    ----------
    key : str
        As the lock names it, such as "linux-x86_64".
    resolve : str
        As uv names it.
    extra : str
        The project's extra with its ONNX Runtime.
    tag : str
        The newest platform tag of a wheel that it takes.
    python, sha256 : str
        Name and hash of the Python archive: cpython-VERSION+BUILD-....tar.gz.
    """

    key: str
    resolve: str
    extra: str
    tag: str
    python: str
    sha256: str

    @property
    def python_version(self) -> str:
        """The version of its Python that wheels are made for, such as "3.12"."""
        found = re.match(r"cpython-(3\.\d+)\.", self.python)
        if found is None:
            raise PackagingError(f"{self.python} does not begin with cpython-VERSION: rename it")
        return found[1]

    @property
    def tags(self) -> list[Tag]:
        """Every tag of a wheel that runs there, the best first."""
        version = tuple(map(int, self.python_version.split(".")))
        names = self.tag_names
        return [*cpython_tags(version, platforms=names), *compatible_tags(version, platforms=names)]

    @property
    def tag_names(self) -> list[str]:
        """The platform tags that it takes, the newest first."""
        mac = re.fullmatch(r"macosx_(\d+)_(\d+)_(\w+)", self.tag)
        if mac:
            return list(mac_platforms((int(mac[1]), int(mac[2])), mac[3]))
        linux = re.fullmatch(r"manylinux_2_(\d+)_(\w+)", self.tag)
        if linux:
            new = [f"manylinux_2_{minor}_{linux[2]}" for minor in range(int(linux[1]), 4, -1)]
            return [*new, *(f"{old}_{linux[2]}" for old in _OLD_NAMES)]
        return [self.tag]


@dataclass(frozen=True)
class Wheel:
    """One wheel as the index has it."""

    project: str
    version: str
    name: str
    url: str
    size: int
    sha256: str


@dataclass(frozen=True)
class PlatformSettings:
    """What platforms.toml says.

    Attributes
    ----------
    platforms : dict of str to Platform
        By key.
    leave_out : list of str
        Patterns of what is never used, for wheels and for the Python archive.
    """

    platforms: dict[str, Platform]
    leave_out: list[str]

    @classmethod
    def read(cls, path: Path = SETTINGS) -> PlatformSettings:
        """Read a file of platforms."""
        document = tomllib.loads(path.read_text("utf-8"))
        platforms = {
            key: Platform(key=key, **found) for key, found in document["platforms"].items()
        }
        left_out = document["leave_out"]
        return cls(platforms, [*left_out["wheels"], *left_out["python"]])


def resolve(platform: Platform, source: Path, when: int, extras: Sequence[str] = ()) -> list[Wheel]:
    """Return the wheels that the project needs on a platform, by name.

    Parameters
    ----------
    source : Path
        Folder with pyproject.toml.
    when : int
        Seconds since 1970: what was published later is not looked at, so that the answer for a
        commit stays the same.
    extras : sequence of str
        Of the project; the platform's own where none is given.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "pylock.toml"
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "pyproject.toml"]
        command += [word for extra in extras or (platform.extra,) for word in ("--extra", extra)]
        command += ["--python-platform", platform.resolve, "--only-binary", ":all:"]
        # Where the newest has no wheel, as for Intel Macs, uv would take a beta of it.
        command += ["--prerelease", "disallow"]
        command += ["--python-version", platform.python_version, "--format", "pylock.toml"]
        command += ["--exclude-newer", datetime.fromtimestamp(when, UTC).isoformat()]
        done = subprocess.run(
            [*command, "--output-file", str(out)],
            capture_output=True,
            text=True,
            check=False,
            cwd=source,
            env=os.environ | _deployment_target(platform),
        )
        if done.returncode:
            raise PackagingError(f"the wheels for {platform.key} cannot be found:\n{done.stderr}")
        packages = tomllib.loads(out.read_text("utf-8"))["packages"]
    return sorted(
        (_chosen(package, platform) for package in packages), key=lambda wheel: wheel.name
    )


def _deployment_target(platform: Platform) -> dict[str, str]:
    mac = re.match(r"macosx_(\d+)_(\d+)_", platform.tag)
    return {"MACOSX_DEPLOYMENT_TARGET": f"{mac[1]}.{mac[2]}"} if mac else {}


def _chosen(package: dict[str, Any], platform: Platform) -> Wheel:
    if Version(package["version"]).is_prerelease:
        raise PackagingError(f"{package['name']} {package['version']} is no release")
    by_name = {wheel["url"].rpartition("/")[2]: wheel for wheel in package.get("wheels", ())}
    name = best_wheel(by_name, platform)
    if name is None:
        raise PackagingError(f"{package['name']} has no wheel for {platform.key}")
    wheel = by_name[name]
    return Wheel(
        package["name"],
        package["version"],
        name,
        wheel["url"],
        wheel["size"],
        wheel["hashes"]["sha256"],
    )


def best_wheel(names: Iterable[str], platform: Platform) -> str | None:
    """Return the wheel that an installer would take there; None where none runs."""
    rank = {tag: place for place, tag in enumerate(platform.tags)}
    ranked = [
        (min(rank[tag] for tag in tags if tag in rank), name)
        for name in names
        for tags in [parse_wheel_filename(name)[3]]
        if not tags.isdisjoint(rank)
    ]
    return min(ranked)[1] if ranked else None
