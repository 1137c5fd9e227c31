"""How the package compiles its kernels: cached on disk, and never silently.

Numba's cache looks at the kernel's own file only: after editing a kernel that kernels of another
file call (find, stroke_end), touch that file or clear `__pycache__`.
"""

from __future__ import annotations

import getpass
import inspect
import logging
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core import event
from numba.core.compiler_lock import global_compiler_lock
from numpy.typing import NDArray

Array = NDArray[Any]

logger = logging.getLogger("segmentation")


class _CompileNotice(event.Listener):
    """Tell the user once when kernels are compiled instead of read from the cache.

    Numba sends "numba:compile" only after its disk cache had no answer.

    Attributes
    ----------
    on_compile : callable, optional
        Called with the number of kernels so far as each begins to be compiled, from any thread.
    """

    def __init__(self) -> None:
        self.given = False
        self.told_place = False
        self.on_compile: Callable[[int], None] | None = None
        self._count = 0

    def on_start(self, event: Any) -> None:
        """Count a kernel of this package that begins to be compiled, and tell of the first."""
        dispatcher = event.data.get("dispatcher")
        module = getattr(getattr(dispatcher, "py_func", None), "__module__", "") or ""
        if not module.startswith("segmentation."):
            return
        self._count += 1
        if self.on_compile is not None:
            self.on_compile(self._count)
        if self.given:
            return
        self.given = True
        # Warning level: the text must reach stderr also where logging is not set up.
        logger.warning(
            "compiling the segmentation kernels: done once for this installation, "
            "takes ten to thirty seconds"
        )

    def on_end(self, event: Any) -> None:
        """Nothing to say: the result follows."""


NOTICE = _CompileNotice()
event.register("numba:compile", NOTICE)  # type: ignore[no-untyped-call]


class Kernel:
    """A function that is compiled, or read from the disk cache, when it is first called.

    Most drawings need half of the kernels, and reading one from the cache takes about 15 ms. A
    kernel that is only called by others is part of their cached code.
    """

    def __init__(
        self, function: Callable[..., Any], signatures: tuple[str, ...], *, parallel: bool
    ) -> None:
        self.py_func = function
        self._signatures = list(signatures) or None
        self._parallel = parallel
        self._compiled: Any = None

    def __call__(self, *args: Any) -> Any:
        return (self._compiled or self.compiled)(*args)

    @property
    def compiled(self) -> Any:
        """The Numba dispatcher.

        Numba's own lock, since kernels that call this one ask for it while they hold that.
        """
        with global_compiler_lock:
            if self._compiled is None:
                self._compiled = self._compile()
        return self._compiled

    @property
    def _numba_type_(self) -> Any:
        """Numba's type of this object where another kernel calls it."""
        return self.compiled._numba_type_

    def _compile(self) -> Any:
        options: dict[str, Any] = {
            "nogil": True,
            "error_model": "numpy",
            "parallel": self._parallel,
        }
        if _has_no_home() and not os.access(Path(inspect.getfile(self.py_func)).parent, os.W_OK):
            _move_cache()  # Numba would make a folder called ~ in the working folder
        try:
            return numba.njit(self._signatures, cache=True, **options)(self.py_func)
        except OSError as error:  # the disk is full, or a quota
            if not NOTICE.told_place:
                logger.warning("compiled kernels cannot be kept (%s): free some space", error)
            NOTICE.told_place = True
            return numba.njit(self._signatures, **options)(self.py_func)
        except RuntimeError as error:
            if "locator" not in str(error):
                raise
        if _move_cache():
            return numba.njit(self._signatures, cache=True, **options)(self.py_func)
        return numba.njit(self._signatures, **options)(self.py_func)


def kernel(*signatures: str, parallel: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function for the given signatures, from the disk cache where there is one.

    Numba caches where NUMBA_CACHE_DIR says, beside the source, or in the user's cache folder.
    Where none can be written, as for a service account without a home, the cache is a folder of
    this user alone among the temporary files; without that, or where the disk is full, the kernels
    are compiled for this process only. It is compiled when it is first called.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        return Kernel(function, signatures, parallel=parallel)

    return decorate


def _has_no_home() -> bool:
    """Tell whether nothing says where the user's files are: no HOME, and no account."""
    return not os.path.isabs(os.path.expanduser("~"))


def _move_cache() -> bool:
    """Have Numba cache among the temporary files, in this process and in its children."""
    folder = None if os.environ.get("NUMBA_CACHE_DIR") else _private_folder()
    if folder is None:
        if not NOTICE.told_place:
            logger.warning(
                "compiled kernels can be kept nowhere, every run compiles them again: set "
                "NUMBA_CACHE_DIR to a folder that can be written"
            )
        NOTICE.told_place = True
        return False
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    numba.core.config.reload_config()  # type: ignore[no-untyped-call]
    logger.warning(
        "neither the installation nor a home can be written: compiled kernels are kept in %s; "
        "NUMBA_CACHE_DIR names another place",
        folder,
    )
    return True


def _private_folder() -> Path | None:
    """Make a folder that this user alone can read and write, or find the one made before.

    What is loaded from a cache is run, so that a folder which others may have made is not used.
    """
    user = getattr(os, "geteuid", getpass.getuser)()
    try:
        folder = Path(tempfile.gettempdir()) / f"ant_core-kernels-{user}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:  # also when there is no folder for temporary files
        return None
    if not stat.S_ISDIR(found.st_mode):
        return None
    if hasattr(os, "geteuid") and (found.st_uid != user or found.st_mode & 0o077):
        return None
    return folder
