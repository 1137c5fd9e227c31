"""The model sheets that a session was given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError, UsageError
from ant_core.files import read_bytes
from ant_core.formats.pictures import picture_format
from ant_core.shot.model_sheet import ModelSheet, open_model_sheets
from segmentation import extract_lines, segment

__all__ = ["SheetList"]


class SheetList:
    """Paths of sheets that were read once and found good.

    Parameters
    ----------
    pixels : PixelFormat
        Of the colour layer.
    """

    def __init__(self, pixels: PixelFormat) -> None:
        self._pixels = pixels
        self._paths: set[str] = set()

    def add(self, path: str) -> dict[str, Any]:
        """Check a sheet and describe it; InputError when it cannot teach this document.

        Returns
        -------
        dict
            `name`, `width` and `height` in pixels, `segments` of all its figures together.
        """
        (sheet,) = open_model_sheets([Path(path)])
        info = picture_format(path).check(read_bytes(sheet.path), path)
        try:
            count = sum(
                int(segment(extract_lines(view.line)).labels.max(initial=0))
                for view in sheet.views(self._pixels)
            )
        except ValueError as error:
            raise InputError(f"{path} cannot serve as a model sheet: {error}") from error
        self._paths.add(path)
        return {"name": sheet.name, "width": info.width, "height": info.height, "segments": count}

    def remove(self, path: str) -> None:
        """Take away a sheet, if it was added."""
        self._paths.discard(path)

    def open(self, paths: Sequence[str]) -> tuple[ModelSheet, ...]:
        """Return sheets for a run, as their files are now; UsageError for one never added."""
        for path in paths:
            if path not in self._paths:
                raise UsageError(f"the model sheet {path} was not added: add it before the run")
        return open_model_sheets([Path(path) for path in paths])
