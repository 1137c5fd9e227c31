"""What a batch remembers of its shots, so that none is coloured twice, even after a crash.

    OUT/.ant_core/shots/NAME.json   one record a shot, written whole when the shot has ended
    OUT/.ant_core/shots/NAME.jpg    its picture for the summary
    OUT/.ant_core/shots/NAME.lock   held by the process that works on the shot

All of it may be deleted while no batch runs: then the shots are looked through again.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ant_core.batch.result import SCHEMA, ShotResult
from ant_core.files import WholeFiles, json_bytes
from ant_core.locks import hold, process_name

__all__ = ["Records", "ShotRecord"]

_LONGEST_HISTORY = 20
_PATIENCE_S = 0.2  # a lock that is about to be given back


@dataclass(frozen=True)
class ShotRecord:
    """How a shot ended the last time.

    Attributes
    ----------
    result : ShotResult
    inputs, outputs : str
        Hashes of what it was made from and of what was made; empty when it failed.
    history : tuple of dict
        When, where and from which inputs it ended, the last time at the end.
    """

    result: ShotResult
    inputs: str
    outputs: str
    history: tuple[dict[str, Any], ...]


class Records:
    """The records of one batch.

    Parameters
    ----------
    out : Path
        OUT of the batch.
    """

    def __init__(self, out: Path, files: WholeFiles) -> None:
        self._folder = out / ".ant_core" / "shots"
        self._files = files

    def _path(self, name: str, suffix: str) -> Path:
        return self._folder / f"{name}{suffix}"

    def read(self, name: str) -> ShotRecord | None:
        """Return the record of a shot; None where there is none that can be read."""
        try:
            document = json.loads(self._path(name, ".json").read_bytes())
            if document["schema"] != SCHEMA:
                return None
            return ShotRecord(
                ShotResult.from_json(document["result"]),
                document["inputs"],
                document["outputs"],
                tuple(document["history"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, result: ShotResult, inputs: str, outputs: str, picture: bytes) -> None:
        """Put the record of a shot that has ended."""
        before = self.read(result.name)
        now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        entry = {"time": now, "worker": process_name(), "state": result.state, "inputs": inputs}
        history = [*(before.history if before else ()), entry][-_LONGEST_HISTORY:]
        document = {
            "schema": SCHEMA,
            "result": result.to_json(),
            "inputs": inputs,
            "outputs": outputs,
            "history": history,
        }
        path = self._path(result.name, ".json")
        self._files.make_folder(path.parent)
        if picture:
            self._files.write(self._path(result.name, ".jpg"), picture)
        # Last: a record vouches for everything else.
        self._files.write(path, json_bytes(document))

    def picture(self, name: str) -> bytes:
        """Return the picture of a shot as JPEG, b"" without."""
        with contextlib.suppress(OSError):
            return self._path(name, ".jpg").read_bytes()
        return b""

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Keep a shot from all other processes; Held when one of them has it."""
        path = self._path(name, ".lock")
        self._files.make_folder(path.parent)
        with hold(path, _PATIENCE_S):
            yield
