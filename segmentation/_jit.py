"""How the package compiles its kernels: cached on disk, and never silently.

Numba's cache looks at the kernel's own file only: after editing a kernel that kernels of another
file call (find, stroke_end), touch that file or clear `__pycache__`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
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
    """

    def __init__(self) -> None:
        self.given = False

    def on_start(self, event: Any) -> None:
        dispatcher = event.data.get("dispatcher")
        module = getattr(getattr(dispatcher, "py_func", None), "__module__", "") or ""
        if self.given or not module.startswith("segmentation."):
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

    def __init__(self, function: Callable[..., Any], signatures: tuple[str, ...]) -> None:
        self.py_func = function
        self._signatures = list(signatures) or None
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
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
        try:
            return numba.njit(self._signatures, cache=True, **options)(self.py_func)
        except RuntimeError as error:
            if "locator" not in str(error):
                raise
            return numba.njit(self._signatures, **options)(self.py_func)


def kernel(*signatures: str) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function for the given signatures, from the disk cache where there is one.

    Numba caches beside the source, or in the user's cache folder where that is read-only;
    where neither can be written the kernels are compiled for this process only.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        return Kernel(function, signatures)

    return decorate
