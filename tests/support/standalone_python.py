"""A stand-in for the standalone Python of a release, made of one that this machine has.

It is laid out as the real archives are, and starts from any folder; but it uses the machine's own
shared libraries, so that it runs on machines like this one alone.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path

__all__ = ["stand_in_python"]

_SKIPPED = re.compile(r"/(dist-packages|site-packages|config-[^/]*|__pycache__)(/|$)")
_ASK = "import sys, sysconfig; print(sys.base_prefix, *sys.version_info[:3], sep='\\n')"


def stand_in_python(out: Path, program: str = "/usr/bin/python3") -> Path:
    """Pack a Python of the system, or the one that runs this, and return the archive.

    The system's is preferred: Debian's has no shared library that it would look for elsewhere.
    """
    chosen = program if Path(program).exists() else sys.executable
    answer = subprocess.run([chosen, "-c", _ASK], capture_output=True, text=True, check=True)
    prefix, major, minor, micro = answer.stdout.split()
    name = f"python{major}.{minor}"
    path = out / f"cpython-{major}.{minor}.{micro}+standin-x86_64-unknown-linux-gnu.tar.gz"
    out.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz", compresslevel=6) as archive:
        archive.add(Path(prefix, "bin", name).resolve(), f"python/bin/{name}")
        link = tarfile.TarInfo("python/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, name
        archive.addfile(link)
        archive.add(Path(prefix, "lib", name), f"python/lib/{name}", filter=_kept)
    return path


def _kept(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out what is installed beside, and links that would lead out of the archive."""
    outside = info.issym() and info.linkname.startswith(("/", "../.."))
    return None if outside or _SKIPPED.search(info.name) else info
