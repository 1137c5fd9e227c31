"""A client of the engine for attacks, and small drawings to send."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.engine.protocol import pack, read_message

__all__ = ["FORMAT", "Client", "drawing", "painting", "plane"]

ROOT = Path(__file__).parents[2]
FORMAT = {"model": "RGBA", "depth": "U8", "profile": "sRGB"}
_MORE = ("progress", "frame_result")  # all other types end a request


class Client:
    """An engine that was started; a context manager that ends it."""

    def __init__(self, *, stderr: Any = subprocess.DEVNULL) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ant_core", "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"},
        )
        self._number = 0

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def send(self, kind: str, payload: bytes = b"", **fields: Any) -> int:
        """Send a request; return its id."""
        self._number += 1
        assert self.process.stdin is not None
        for piece in pack({"id": self._number, "type": kind} | fields, payload):
            self.process.stdin.write(piece)
        self.process.stdin.flush()
        return self._number

    def ask(self, kind: str, payload: bytes = b"", **fields: Any) -> dict[str, Any]:
        """Send a request; return the header of its last answer, an error's too."""
        number = self.send(kind, payload, **fields)
        assert self.process.stdout is not None
        while (message := read_message(self.process.stdout)) is not None:
            if message.header["re"] == number and message.header["type"] not in _MORE:
                return message.header
        raise EOFError("the engine ended")

    def memory_mb(self) -> float:
        """Return what the engine holds in memory now, in MB."""
        return _status(self.process.pid, "VmRSS:")

    def peak_mb(self) -> float:
        """Return the most that the engine held in memory, in MB."""
        return _status(self.process.pid, "VmHWM:")


def _status(process: int, name: str) -> float:
    rows = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    return next(int(row.split()[1]) / 1024 for row in rows if row.startswith(name))


def drawing(size: tuple[int, int], rng: np.random.Generator, moved: int) -> NDArray[np.uint8]:
    """Draw a dozen closed shapes in ink, (H, W, 4) in Krita's order."""
    image = np.zeros((*size, 4), np.uint8)
    for _ in range(12):
        x, y = (int(rng.integers(20, side - 20)) for side in size[::-1])
        radius = int(rng.integers(8, 40))
        cv2.circle(image, (x + moved, y), radius, (0, 0, 0, 255), 2)
    cv2.rectangle(image, (4, 4), (size[1] - 5, size[0] - 5), (0, 0, 0, 255), 2)
    return image


def painting(lines: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fill what the lines of a drawing enclose, each part in a colour of its own."""
    _, labels = cv2.connectedComponents((lines[:, :, 3] == 0).astype(np.uint8), connectivity=4)
    colors = (np.arange(labels.max() + 1)[:, None] * np.array([37, 91, 151]) % 256).astype(np.uint8)
    image = np.full((*labels.shape, 4), 255, np.uint8)
    image[:, :, :3] = colors[labels]
    image[lines[:, :, 3] > 0] = 0
    return image


def plane(image: NDArray[np.uint8]) -> tuple[dict[str, Any], bytes]:
    """Return how a whole layer is sent: its box and bytes."""
    box = [0, 0, image.shape[1], image.shape[0]]
    data = image.tobytes()
    return {"box": box, "bytes": len(data)}, data
