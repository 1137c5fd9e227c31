"""The compiled kernels: whether they come from the disk, where they lie, and compiling them."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

from ant_core.doctor.check import Check
from ant_core.errors import OutputError
from ant_core.formats.kra.spaces import space_named
from ant_core.formats.kra.tiles import decode_tiles, encode_tiles
from segmentation._jit import Kernel

__all__ = ["Kernels"]

_PACKAGES = ("segmentation", "ant_core")
_TRAINING = "ant_core.training."  # imported and compiled where training is
_REMEDY = "set NUMBA_CACHE_DIR to a folder that can be written"


class Kernels:
    """All kernels of the engine.

    Attributes
    ----------
    count : int
        How many there are.
    """

    def __init__(self) -> None:
        self._kernels = [kernel for module in _modules() for kernel in _kernels_in(module)]
        self.count = len(self._kernels)

    def prepare(self, on_done: Callable[[int], None], then: Callable[[], object]) -> Check:
        """Read every kernel from the disk, or compile it.

        Parameters
        ----------
        on_done : callable
            Told how many are ready, after each.
        then : callable
            Uses those kernels whose types are known only when they are called.
        """
        started = time.perf_counter()
        for number, kernel in enumerate(self._kernels, 1):
            kernel.compiled  # noqa: B018 - the property compiles it
            on_done(number)
        _pack_and_unpack()
        then()
        return self._found(time.perf_counter() - started)

    def _found(self, seconds: float) -> Check:
        used = [kernel.compiled.stats for kernel in self._kernels]
        compiled = sum(sum(stats.cache_misses.values()) for stats in used)
        read = sum(sum(stats.cache_hits.values()) for stats in used)
        folders = sorted({str(stats.cache_path) for stats in used if stats.cache_path})
        facts = {
            "state": "cold" if compiled else "warm",
            "compiled": compiled,
            "read": read,
            "seconds": round(seconds, 2),
            "folders": folders,
        }
        if not folders:
            text = f"{compiled} compiled in {seconds:.1f} s, kept nowhere"
            return Check("kernels", text, "problem", _REMEDY, facts, OutputError)
        place = folders[0] if len(folders) == 1 else os.path.commonpath(folders)
        if compiled:
            text = f"were cold: {compiled} compiled in {seconds:.1f} s, kept in {place}"
        else:
            text = f"warm: {read} read in {seconds:.1f} s from {place}"
        return Check("kernels", text, facts=facts)


def _modules() -> Iterator[ModuleType]:
    for name in _PACKAGES:
        package = Path(importlib.import_module(name).__path__[0])
        for path in sorted(package.rglob("*_kernels.py")):
            module = ".".join((name, *path.relative_to(package).with_suffix("").parts))
            if not module.startswith(_TRAINING):
                yield importlib.import_module(module)


def _kernels_in(module: ModuleType) -> Iterator[Kernel]:
    for value in vars(module).values():
        if isinstance(value, Kernel) and value.py_func.__module__ == module.__name__:
            yield value


def _pack_and_unpack() -> None:
    """Use the kernels that read and write Krita's pixel files, once."""
    space, bare = space_named("RGBA", "the self-test"), bytes(4)
    picture = np.full((64, 64, 4), 9, np.uint8)
    decode_tiles(encode_tiles(picture, space, bare), space, bare, (0, 0), (64, 64), "self-test", 1)
