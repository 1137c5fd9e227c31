"""A client of the engine for attacks, and small drawings to send."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray

from tests.engine import client

__all__ = ["FORMAT", "Client", "drawing", "painting", "plane"]

FORMAT = {"model": "RGBA", "depth": "U8", "profile": "sRGB"}


class Client(client.Client):
    """An engine that was started; a context manager that ends it.

    `broken` has all that it called unexpected.
    """

    def __init__(self) -> None:
        self.broken: list[str] = []
        super().__init__(stderr=subprocess.DEVNULL)

    def __exit__(self, *_: object) -> None:
        self.process.kill()  # before its answers are read to their end
        self.reads.set()
        self.kill()

    def next(self, timeout_s: float = 60) -> client.Answer:
        """Return the next message; see `tests.engine.client.Client.next`."""
        header, payload = super().next(timeout_s)
        if header.get("code") == "internal":
            self.broken.append(header["message"])
        return header, payload

    def ask(self, kind: str, payload: bytes = b"", **fields: Any) -> Any:
        """Send a request; return the header of its last answer, an error's too."""
        return self.answers(self.send(kind, payload, **fields))[-1][0]

    def memory_mb(self) -> float:
        """Return what the engine holds in memory now, in MB."""
        return _status(self.process.pid, "VmRSS:")

    def peak_mb(self) -> float:
        """Return the most that the engine held in memory, in MB."""
        return _status(self.process.pid, "VmHWM:")

    def cpu_s(self) -> float:
        """Return the processor time that the engine has used, in seconds."""
        used = psutil.Process(self.process.pid).cpu_times()
        return float(used.user + used.system)


def _status(process: int, name: str) -> float:
    rows = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    return next((int(row.split()[1]) / 1024 for row in rows if row.startswith(name)), 0.0)


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
