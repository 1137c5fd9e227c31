"""What the readers of drawn figures have in common."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ant_core.errors import InputError

__all__ = ["read_figure_file"]

_T = TypeVar("_T")


def read_figure_file(path: Path, kind: Callable[[Any], _T], folder: str) -> _T:
    """Return the document of a JSON file of a figure, made a `kind`: list or dict.

    InputError says that the data folder must hold `folder`.
    """
    try:
        return kind(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} could not be read ({error}): point --data at the folder that holds {folder}."
        ) from error
