"""A process and its children under a system-call trace, without any network but the loopback."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_NETWORK = "socket,connect,bind,sendto,sendmsg,sendmmsg"
_FILES = "open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2"
# A new network namespace has a loopback that is down; then the command takes this one's place.
_LOOPBACK = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    up = struct.pack("16sh14x", b"lo", 1)  # IFF_UP
    fcntl.ioctl(any_socket, 0x8914, up)  # SIOCSIFFLAGS
os.execvp(sys.argv[1], sys.argv[1:])
"""
_LOCAL = re.compile(r'inet_addr\("127\.|"::1"|sa_family=AF_(UNIX|NETLINK|UNSPEC)')
_ADDRESS = re.compile(r"sa_family=AF_(INET6?|PACKET)")
_PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Trace:
    """What a process and its children did.

    Attributes
    ----------
    foreign : tuple of str
        Calls that name an address which is not of this machine.
    written : tuple of Path
        Files and folders that were made, opened to be written, or renamed to.
    """

    foreign: tuple[str, ...]
    written: tuple[Path, ...]

    def outside(self, *places: Path) -> list[Path]:
        """Return what was written in none of the places."""
        return sorted(
            {
                path
                for path in self.written
                if not any(path.is_relative_to(place) for place in places)
            }
        )


def need_trace() -> list[str]:
    """Return the command that cuts off the network; skips the test where that cannot be done."""
    for program in ("strace", "unshare"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    done = subprocess.run([*unshare, "strace", "-f", "true"], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this system allows no network namespace, or no trace")
    return unshare


def traced_command(log: Path, command: Sequence[object]) -> list[str]:
    """Return a command that runs another one without a network, its calls noted in `log`."""
    launcher = [*need_trace(), sys.executable, "-c", _LOOPBACK]
    trace = [
        "strace",
        "-f",
        "-qq",
        "-y",
        "-s",
        "4096",
        "-e",
        f"trace={_NETWORK},{_FILES}",
        "-e",
        "signal=none",
    ]
    return [*launcher, *trace, "-o", str(log), *map(str, command)]


def hostile_environment(home: Path) -> dict[str, str]:
    """Return an environment with a home of its own, whose owner wants every report sent.

    Compiled kernels are kept where those of the tests are.
    """
    scratch = home / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    kernels = os.environ.get("NUMBA_CACHE_DIR")
    return ({"NUMBA_CACHE_DIR": kernels} if kernels else {}) | {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(scratch),
        "PYTHONPATH": str(ROOT),
        "NUMBA_NUM_THREADS": "2",
        "NO_COLOR": "1",
        "ORT_DISABLE_TELEMETRY": "0",
    }


def read_trace(log: Path) -> Trace:
    """Read what strace wrote."""
    foreign, written = [], []
    for line in log.read_text("utf-8", "replace").splitlines():
        call = line.partition(" ")[2].strip()  # without the process
        name = call.partition("(")[0]
        if name in ("connect", "bind", "sendto", "sendmsg", "sendmmsg"):
            if _ADDRESS.search(call) and not _LOCAL.search(call):
                foreign.append(call)
        elif " = -1 " not in call:
            written += _written(name, call)
    return Trace(tuple(foreign), tuple(written))


def _written(name: str, call: str) -> list[Path]:
    opened = name in ("open", "openat")
    if opened and not re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE", call):
        return []
    if not opened and name not in ("creat", "mkdir", "mkdirat", "rename", "renameat", "renameat2"):
        return []
    folder, text = _PATH.findall(call)[-1]
    path = Path(folder or ROOT) / text
    return [Path(os.path.normpath(path))]
