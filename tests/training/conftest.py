"""Tests of training leave the process as they found it."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Iterator

import pytest

_STRUCTURE_BYTES = 512  # struct sigaction: 152 on Linux, 16 on macOS


@pytest.fixture(autouse=True)
def same_handler_of_ended_children() -> Iterator[None]:
    """Give SIGCHLD back to Qt, which hears of ended programs through its handler alone.

    A DataLoader with workers puts its own in the place, and Python cannot tell it which one was
    there before, as Qt's is not written in Python. Of a widget's test that came later in the same
    process the program would never end.
    """
    if sys.platform == "win32":
        yield
        return
    library, kept = ctypes.CDLL(None), ctypes.create_string_buffer(_STRUCTURE_BYTES)
    library.sigaction(signal.SIGCHLD, None, kept)
    yield
    library.sigaction(signal.SIGCHLD, kept, None)
