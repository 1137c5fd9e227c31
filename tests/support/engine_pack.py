"""Engine packs for tests: small ones with an engine that only looks like one, and a whole one.

The whole one is a stand-in for a release: its wheels are packed anew from the packages installed
beside the tests, and its Python is a copy of the one that runs the tests, which finds its shared
library at that one's place. A release has the published files in their stead.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from krita_plugin.propagate_colors.link.pack import lock as locks

ROOT = Path(__file__).parents[2]
KEY = locks.platform_key()
VERSION = "0.7.0"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def piece(path: Path, base: str = "") -> dict:
    """Return a file as the lock has it, at an address below `base`."""
    data = path.read_bytes()
    found = {"name": path.name, "size": len(data), "sha256": digest(data)}
    return {**found, "url": f"{base}/{path.name}"} if base else found


def lock_of(python: dict, wheels: list[dict], engine: dict, unpacked: int, leave_out=()) -> dict:
    """Return a lock for this platform, with its id."""
    part = {"python": python, "wheels": wheels, "leave_out": list(leave_out), "unpacked": unpacked}
    version = engine["name"].split("-")[1]
    body = {"schema": 1, "version": version, "platforms": {KEY: part}, "engine_wheel": engine}
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    return {**body, "id": digest(canonical)[:16]}


def offline_pack(lock: dict, folders: list[Path], out: Path) -> Path:
    """Write a pack in one file; pieces are looked for in `folders`."""
    part = lock["platforms"][KEY]
    path = out / f"propagate_colors-engine-{lock['version']}-{KEY}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("engine.lock.json", json.dumps(lock))
        for entry in (part["python"], *part["wheels"], lock["engine_wheel"]):
            (source,) = [f / entry["name"] for f in folders if (f / entry["name"]).exists()]
            archive.write(source, f"pieces/{entry['name']}")
    return path


# ---- a small one

# Behaves as `python3 -I -m ant_core` would: "doctor" tells of kernels, "serve" is the server
# with fakes. What it is called with decides nothing else; environment and folder do.
_FAKE_PYTHON = """#!{python}
import json, os, pathlib, runpy, sys, time
here = pathlib.Path(__file__).resolve().parent.parent.parent
assert sys.argv[1:4] == ["-I", "-m", "ant_core"], sys.argv
mood = (here / "site" / "ant_core" / "mood.txt").read_text()
(here / "asked.txt").open("a").write(sys.argv[4] + "\\n")
if sys.argv[4] == "doctor":
    def say(**event):
        print(json.dumps({{"schema": 1, **event}}), flush=True)
    for done in (1, 2, 3):
        say(event="progress", step="kernels", done=done, total=3)
        time.sleep(0.05)
    if mood == "sleeps":
        (here / "pid.txt").write_text(str(os.getpid()))
        time.sleep(600)
    if mood == "dies":
        os.abort()
    if mood == "ill":
        say(event="result", ok=False, exit_code=4, error="model: it is damaged")
        sys.exit(4)
    say(event="progress", step="self_test", done=0, total=1)
    say(event="result", ok=True, exit_code=0, checks=[])
elif mood == "dumb":
    sys.exit(3)
else:
    sys.path.insert(0, {root!r})
    sys.argv = ["engine", "serve"]
    runpy.run_path({fake!r}, run_name="__main__")
"""


def small(
    out: Path,
    base: str,
    *,
    mood: str = "well",
    bytes_a_wheel: int = 400_000,
    engine: str = "1",
    version: str = VERSION,
) -> dict:
    """Write the pieces of a small pack into `out` and return its lock.

    `out/served` holds what is downloaded, `out/engine` what comes with the plugin, lock included.
    """
    served, plugin = out / "served", out / "engine"
    served.mkdir(parents=True, exist_ok=True)
    plugin.mkdir(exist_ok=True)
    fake = ROOT / "tests" / "engine" / "fake_engine.py"
    program = _FAKE_PYTHON.format(python=sys.executable, root=str(ROOT), fake=str(fake))
    python = served / "cpython-3.12.0-test.tar.gz"
    if not python.exists():
        _write_tar(python, program)
    wheels = []
    for name in ("one", "two", "three"):
        path = served / f"{name}-1.0-py3-none-any.whl"
        if not path.exists():
            with zipfile.ZipFile(path, "w") as archive:
                noise = b"".join(
                    hashlib.sha256(f"{name}{n}".encode()).digest()
                    for n in range(bytes_a_wheel // 32)
                )
                archive.writestr(f"{name}/__init__.py", "")
                archive.writestr("shared/__init__.py", "# of all three\n")
                archive.writestr(f"{name}/data.bin", noise)
                archive.writestr(f"{name}/tests/test_data.py", "assert False")
                archive.writestr(f"{name}-1.0.data/scripts/{name}", "#!python")
        wheels.append(piece(path, base))
    for old in plugin.glob("ant_core-*.whl"):
        old.unlink()
    wheel = plugin / f"ant_core-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("ant_core/__init__.py", f"# {engine}")
        archive.writestr("ant_core/mood.txt", mood)
    lock = lock_of(piece(python, base), wheels, piece(wheel), 4 * bytes_a_wheel, ["*/tests/**"])
    (plugin / "engine.lock.json").write_text(json.dumps(lock), encoding="utf-8")
    return lock


def _write_tar(path: Path, program: str) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, text, mode in (
            ("python/bin/python3.12", program, 0o755),
            ("python/lib/python3.12/os.py", "", 0o644),
        ):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(text.encode()), mode
            archive.addfile(info, io.BytesIO(text.encode()))
        link = tarfile.TarInfo("python/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, "python3.12"
        archive.addfile(link)


# ---- a whole one


def whole(out: Path, base: str) -> dict:
    """Write a stand-in for a release's pack into `out`, as `small` does, and return its lock."""
    served, plugin = out / "served", out / "engine"
    served.mkdir(parents=True, exist_ok=True)
    plugin.mkdir()
    python = _pack_python(served)
    wheels = [_pack_installed(name, served) for name in _needed("ant-core", {"cpu"})]
    wheel = _build_wheel(out / "source", plugin)
    leave_out = ["*/tests/**", "numpy/**/tests/**"]
    unpacked = sum(_size(path) for path in (*wheels, python, wheel))
    lock = lock_of(
        piece(python, base),
        [piece(path, base) for path in wheels],
        piece(wheel),
        unpacked,
        leave_out,
    )
    (plugin / "engine.lock.json").write_text(json.dumps(lock), encoding="utf-8")
    return lock


def _build_wheel(source: Path, out: Path) -> Path:
    """Build ant_core's wheel from a copy of this checkout, in which nothing is left behind."""
    skip = shutil.ignore_patterns("__pycache__")
    for name in ("ant_core", "segmentation"):
        shutil.copytree(ROOT / name, source / name, ignore=skip)
    for name in ("pyproject.toml", "README.md", "LICENSE", "THIRD_PARTY.md"):
        shutil.copy(ROOT / name, source / name)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q"]
    subprocess.run([*build, "-w", str(out), str(source)], check=True, cwd=source)
    (wheel,) = out.glob("ant_core-*.whl")
    return wheel


def _size(path: Path) -> int:
    if path.suffix == ".whl":
        return sum(info.file_size for info in zipfile.ZipFile(path).infolist())
    with tarfile.open(path) as archive:
        return sum(info.size for info in archive)


def _needed(name: str, extras: set[str]) -> list[str]:
    """Return the installed distributions that one needs, in name order, without itself."""
    from packaging.requirements import Requirement

    found: dict[str, None] = {}
    left = [(name, extras)]
    while left:
        here, wanted = left.pop()
        for text in importlib.metadata.requires(here) or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker and not any(marker.evaluate({"extra": e}) for e in (*wanted, "")):
                continue
            if requirement.name.lower() not in found:
                found[requirement.name.lower()] = None
                left.append((requirement.name, set(requirement.extras)))
    return sorted(found)


def _pack_installed(name: str, out: Path) -> Path:
    """Pack an installed distribution as a wheel again."""
    distribution = importlib.metadata.distribution(name)
    tags = re.findall(r"^Tag: (.*)$", distribution.read_text("WHEEL") or "", re.M)
    title = re.sub(r"[-_.]+", "_", distribution.metadata["Name"])
    path = out / f"{title}-{distribution.version}-{tags[0]}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in distribution.files or ():
            inside = file.as_posix()
            if inside.startswith("..") or "__pycache__" in inside or inside.endswith("RECORD"):
                continue
            archive.write(file.locate(), inside)
    return path


def _pack_python(out: Path) -> Path:
    """Pack the Python that runs the tests, without what it installed."""
    base = Path(sys.base_prefix)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    path = out / f"cpython-{sys.version.split()[0]}-stand-in.tar.gz"
    skip = re.compile(r"/(site-packages|test|tests|idlelib|config-[^/]*|__pycache__)(/|$)")

    def keep(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if skip.search(info.name) else info

    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        archive.add(base / "bin" / version, f"python/bin/{version}", filter=keep)
        link = tarfile.TarInfo("python/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, version
        archive.addfile(link)
        archive.add(base / "lib" / version, f"python/lib/{version}", filter=keep)
    return path
