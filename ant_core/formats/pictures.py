"""The picture formats that frames come in, by the suffix of their names.

PNG and JPEG are read by OpenCV, which is always there; the others by well-kept libraries of the
`formats` extra, imported when the first such file is met. Values are the file's own, in and out.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from ant_core.errors import InputError
from ant_core.formats.base import PictureFormat

__all__ = ["SUFFIXES", "picture_format"]

_MODULES = {
    ".png": "png",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".tga": "tga",
    ".exr": "exr",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".ora": "layered",
    ".psd": "layered",
}
SUFFIXES = tuple(_MODULES)


def picture_format(
    name: str | Path, *, lines: bool = False, layer: str | None = None
) -> PictureFormat:
    """Return the format of a file, by its name.

    Parameters
    ----------
    name : str or Path
    lines : bool
        Whether the line layers of a layered file are wanted; its colour layers otherwise.
    layer : str, optional
        The layer of an OpenEXR file that is wanted; the only or the plain one otherwise.

    Raises
    ------
    InputError
        When no such format is known.
    """
    path = Path(name)
    module = _MODULES.get(path.suffix.lower())
    if module is None:
        raise InputError(
            f"{name} is of no format that can be read here: save it as PNG, TIFF, TGA, OpenEXR, "
            "JPEG, OpenRaster (.ora) or Photoshop (.psd)"
        )
    room = importlib.import_module(f"ant_core.formats.{module}")
    chosen: PictureFormat = room.LINES if lines and module == "layered" else room.FORMAT
    if module == "exr" and layer is not None:
        chosen = room.layer_format(layer)
    return chosen
