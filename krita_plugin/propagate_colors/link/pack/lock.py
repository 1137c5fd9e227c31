"""What an engine consists of, as `engine.lock.json` beside the plugin's modules says."""

from __future__ import annotations

import json
import os
import platform as system
import re
from pathlib import Path
from typing import Any, Mapping, NamedTuple, Sequence

from ...i18n import tr
from .problems import SetupProblem

SCHEMA = 1
LOCK_FILE = "engine.lock.json"
CUDA = "-cuda"  # the end of the key of a pack that computes on an NVIDIA GPU

_HASH = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{16}")
# A piece's name is a file name on three systems, and part of no path.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,150}")
_MACHINES = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
_SYSTEMS = {"Linux": "linux", "Windows": "windows", "Darwin": "macos"}
_TAGS = re.compile(r"(manylinux|macosx)_(\d+)_(\d+)_")


class Piece(NamedTuple):
    """One file: the Python archive, or a wheel."""

    name: str
    url: str  # "" where it comes with the plugin or with the pack
    size: int  # bytes
    sha256: str


class Pack(NamedTuple):
    """All that one platform needs."""

    id: str  # names the folder on disk
    version: str  # of ant_core
    platform: str
    python: Piece
    wheels: tuple[Piece, ...]
    engine: Piece
    leave_out: tuple[str, ...]  # patterns of paths inside the pieces
    unpacked: int  # bytes

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Return them in the order in which they are unpacked."""
        return (self.python, *self.wheels, self.engine)

    @property
    def download(self) -> int:
        """Return the bytes that come over the network when nothing is there yet."""
        return sum(piece.size for piece in self.pieces if piece.url)


class Lock:
    """The packs by platform."""

    def __init__(self, packs: Mapping[str, Pack]) -> None:
        self.packs = dict(packs)

    def pack(self, key: str) -> Pack:
        """Return the pack for a platform; SetupProblem says what is needed instead."""
        found = self.packs.get(key)
        if found is None:
            raise SetupProblem(_no_pack(key))
        return found


def read(text: str | bytes) -> Lock:
    """Read a lock; SetupProblem where it is none."""
    try:
        return _lock(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise SetupProblem(
            tr("The list of the engine's parts is damaged: install the plugin's zip again.")
        ) from None


def read_beside_plugin(folder: Path) -> Lock | None:
    """Return the lock that came with the plugin; None in a source checkout."""
    try:
        text = (folder / LOCK_FILE).read_bytes()
    except OSError:
        return None
    return read(text)


def _lock(data: dict[str, Any]) -> Lock:
    if data["schema"] != SCHEMA or not _ID.fullmatch(data["id"]):
        raise ValueError("another schema")
    engine = _piece({"url": "", **data["engine_wheel"]})
    packs = {}
    for key, part in data["platforms"].items():
        packs[key] = Pack(
            id=data["id"] + (CUDA if key.endswith(CUDA) else ""),
            version=str(data["version"]),
            platform=str(key),
            python=_piece(part["python"]),
            wheels=tuple(_piece(wheel) for wheel in part["wheels"]),
            engine=engine,
            leave_out=tuple(str(pattern) for pattern in part["leave_out"]),
            unpacked=int(part["unpacked"]),
        )
        names = [piece.name.lower() for piece in packs[key].pieces]
        if len(set(names)) != len(names):
            raise ValueError("a name stands for two pieces")
    return Lock(packs)


def _piece(data: dict[str, Any]) -> Piece:
    piece = Piece(data["name"], data["url"], int(data["size"]), data["sha256"])
    if not _NAME.fullmatch(piece.name) or not _HASH.fullmatch(piece.sha256) or piece.size <= 0:
        raise ValueError(f"{piece.name!r} is no piece")
    if piece.url and not re.match(r"https?://", piece.url):
        raise ValueError(f"{piece.url!r} is no address")
    return piece


# ---- this computer


def platform_key(name: str = "", machine: str = "") -> str:
    """Return the key of this computer's pack, such as "linux-x86_64"."""
    name, machine = name or system.system(), machine or system.machine()
    return f"{_SYSTEMS.get(name, name)}-{_MACHINES.get(machine.lower(), machine)}"


def _no_pack(key: str) -> str:
    if key.startswith("macos"):
        return tr("The engine needs a Mac with Apple silicon: this Mac has another processor.")
    if key.startswith("windows"):
        return tr(
            "The engine needs Windows on a 64-bit Intel or AMD processor: this one is another."
        )
    if key.startswith("linux"):
        return tr("The engine needs Linux on a 64-bit Intel or AMD processor: this one is another.")
    return tr("There is no engine for this system: it needs Windows, macOS or Linux.")


def require_system(pack: Pack, libc: str | None = None, macos: str | None = None) -> None:
    """SetupProblem where a wheel needs a newer system than this one.

    What a wheel needs stands in its name (PEP 425 and 600); of several there the oldest counts.
    """
    libc = system.libc_ver()[1] if libc is None else libc
    macos = system.mac_ver()[0] if macos is None else macos
    if pack.platform.startswith("linux"):
        needed, there = _newest(pack.wheels, "manylinux"), _numbers(libc)
        if there and needed > there:
            raise SetupProblem(
                tr(
                    "The engine needs a Linux with glibc {needed} or newer, and this one has "
                    "{there}: update the system.",
                    needed=_dotted(needed),
                    there=libc,
                )
            )
    elif pack.platform.startswith("macos"):
        needed, there = _newest(pack.wheels, "macosx"), _numbers(macos)
        if there and needed[:1] > there[:1]:
            raise SetupProblem(
                tr(
                    "The engine needs macOS {needed} or newer, and this Mac has {there}: update "
                    "macOS.",
                    needed=needed[0],
                    there=macos,
                )
            )


def _newest(wheels: Sequence[Piece], family: str) -> tuple[int, ...]:
    found = []
    for wheel in wheels:
        tags = [(int(a), int(b)) for kind, a, b in _TAGS.findall(wheel.name) if kind == family]
        if tags:
            found.append(min(tags))
    return max(found, default=(0, 0))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _dotted(numbers: Sequence[int]) -> str:
    return ".".join(str(number) for number in numbers)


def has_nvidia_driver(root: str = "/", windows: str | None = None) -> bool:
    """Tell whether the driver of an NVIDIA GPU is installed."""
    windows = os.environ.get("SYSTEMROOT", "") if windows is None else windows
    places = [os.path.join(root, "proc/driver/nvidia/version")]
    if windows:
        places.append(os.path.join(windows, "System32", "nvcuda.dll"))
    return any(os.path.exists(place) for place in places)


def closed_in(environment: Mapping[str, str], program: str) -> str:
    """Return "store" or "sandbox" where Krita may not share files or start programs, else ""."""
    if "windowsapps" in program.lower().replace("/", "\\").split("\\"):
        return "store"
    return "sandbox" if environment.get("APP_SANDBOX_CONTAINER_ID") else ""
