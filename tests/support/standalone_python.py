"""A stand-in for the standalone Python of a release, made of one that this machine has.

It is laid out as the real archives are, and starts from any folder; but it uses the machine's own
shared libraries, so that it runs on machines like this one alone.
"""

from __future__ import annotations

import io
import re
import sys
import tarfile
from pathlib import Path

__all__ = ["stand_in_python"]

_SKIPPED = re.compile(r"/(dist-packages|site-packages|config-[^/]*|__pycache__)(/|$)")


def stand_in_python(out: Path) -> Path:
    """Pack the Python that the tests' environment was made with, and return the archive.

    Debian's own does not look into site-packages, where an engine's Python is led to its packages.
    """
    prefix, version = Path(sys.base_prefix), ".".join(map(str, sys.version_info[:3]))
    name = "python" + ".".join(map(str, sys.version_info[:2]))
    path = out / f"cpython-{version}+standin-install_only.tar.gz"
    out.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz", compresslevel=6) as archive:
        archive.add((prefix / "bin" / name).resolve(), f"python/bin/{name}")
        link = tarfile.TarInfo("python/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, name
        archive.addfile(link)
        archive.add(prefix / "lib" / name, f"python/lib/{name}", filter=_kept)
        readme = tarfile.TarInfo(f"python/lib/{name}/site-packages/README.txt")
        archive.addfile(readme, io.BytesIO())
    return path


def _kept(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out what is installed beside, and links that would lead out of the archive."""
    outside = info.issym() and info.linkname.startswith(("/", "../.."))
    return None if outside or _SKIPPED.search(info.name) else info
