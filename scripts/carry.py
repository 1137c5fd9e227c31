#!/usr/bin/env python3
r"""Pack what training needs on a machine that has a GPU and no network.

    python scripts/carry.py --data DATA --out carried --python 3.12
    # there, in a checkout, with PyTorch, NumPy, SciPy, OpenCV, Numba and ONNX installed:
    . carried/there.sh
    python scripts/generate.py --data $CARRIED/data --out clips --wild 0.4 --clips 90 --jobs 14 &
    python -m ant_core train long.toml --clips clips --out run

Both machines run Linux on x86-64, this one Debian. OUT gets archives of the figures and motions
that clips are made of, of the Python packages that draw them, of OpenGL's loader with all it needs,
and there.sh, which unpacks them once and sets the paths. A large GPU wants `tokens = 32000`,
`workers = 8` and `samples.mutual = true`: one process makes some 500 pairs a second.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path

PACKAGES = ("glcontext", "moderngl", "skia-python")
LIBRARIES = (
    *("libegl1", "libgl1", "libgles2", "libglvnd0", "libglx0", "libopengl0"),
    *("libx11-6", "libxcb1", "libxau6", "libxdmcp6", "libbsd0", "libmd0", "libexpat1"),
)
PLATFORMS = (*(f"manylinux_2_{minor}_x86_64" for minor in (28, 27, 17)), "manylinux2014_x86_64")
LEFT_OUT = ("morevna_puppets",)  # validation and test alone

THERE = """\
CARRIED=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in data site libraries; do
    [ -d "$CARRIED/$part" ] && continue
    mkdir "$CARRIED/$part"
    tar xJf "$CARRIED/$part.tar.xz" -C "$CARRIED/$part"
done
LIBRARIES="$CARRIED/libraries/usr/lib/x86_64-linux-gnu"
export CARRIED PYTHONPATH="$CARRIED/site${PYTHONPATH:+:$PYTHONPATH}"
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$LIBRARIES"
"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with glitch_avatars, ...")
    parser.add_argument("--out", type=Path, required=True, help="folder that is to be carried")
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    parser.add_argument("--python", default=here, help=f"version there (default: {here})")
    return parser.parse_args()


def _archive(folder: Path, path: Path, left_out: tuple[str, ...] = ()) -> None:
    with tarfile.open(path, "w:xz", preset=9) as archive:
        for entry in sorted(folder.iterdir()):
            if entry.name not in left_out:
                archive.add(entry, entry.name)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


def _packages(python: str, folder: Path) -> None:
    """Unpack the packages, in the versions that are installed here, for another Python."""
    pinned = [f"{name}=={metadata.version(name)}" for name in PACKAGES]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", python, "--implementation", "cp"]
    for platform in PLATFORMS:
        command += ["--platform", platform]
    with tempfile.TemporaryDirectory() as wheels:
        subprocess.run([*command, "-d", wheels, *pinned], check=True)
        for wheel in Path(wheels).glob("*.whl"):
            with zipfile.ZipFile(wheel) as members:
                members.extractall(folder)


def _libraries(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as packages:
        subprocess.run(["apt-get", "download", "-qq", *LIBRARIES], cwd=packages, check=True)
        for package in Path(packages).glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, folder], check=True)


def main() -> int:
    """Run the command line; return its exit code."""
    arguments = _arguments()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        site, libraries = Path(made, "site"), Path(made, "libraries")
        site.mkdir()
        libraries.mkdir()
        try:
            _packages(arguments.python, site)
            _libraries(libraries)
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            print(f"what is to be carried cannot be fetched: {error}", file=sys.stderr)
            return 5
        _archive(site, out / "site.tar.xz")
        _archive(libraries, out / "libraries.tar.xz")
    _archive(arguments.data, out / "data.tar.xz", LEFT_OUT)
    (out / "there.sh").write_text(THERE, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
