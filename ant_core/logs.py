"""Where logs lie: each in its usual place, or all in the folder that ANT_CORE_LOGS names."""

from __future__ import annotations

import os
import socket
from pathlib import Path

__all__ = ["engine_log", "error_log"]

_VARIABLE = "ANT_CORE_LOGS"


def error_log() -> Path:
    """Return the file for details of unexpected errors; its folder is made.

    Raises
    ------
    OSError, RuntimeError
        When there is no folder for it, as for an account without a home.
    """
    folder = _chosen()
    if folder is None:
        from platformdirs import user_log_path

        folder = user_log_path("ant_core", appauthor=False)
        if not folder.is_absolute():
            raise OSError("there is no home folder")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "error.log"


def engine_log(out: Path, number: int, *, shared: bool) -> Path:
    """Return the file for what an engine process of a batch says; its folder need not exist.

    Parameters
    ----------
    out : Path
        OUT of the batch.
    number : int
        The engine's, in this process.
    shared : bool
        Whether processes of other machines write beside it; so it is in a folder that was chosen.
    """
    folder = _chosen()
    if shared or folder is not None:
        name = f"{socket.gethostname()}-{os.getpid()}-{number}.log"
    else:
        name = f"engine-{number}.log"
    return (folder or out / ".ant_core" / "logs") / name


def _chosen() -> Path | None:
    name = os.environ.get(_VARIABLE)
    return Path(name).absolute() if name else None
