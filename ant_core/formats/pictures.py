"""The picture formats that frames come in, by the suffix of their names.

PNG and JPEG are read by OpenCV, which is always there; the others by well-kept libraries of the
`formats` extra, imported when the first such file is met. Values are the file's own, in and out.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ant_core.errors import InputError
from ant_core.formats.base import FrameInfo

if TYPE_CHECKING:  # a command line is read before NumPy is loaded
    from numpy.typing import NDArray

__all__ = ["SUFFIXES", "PictureFormat", "need", "picture_format"]

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


@dataclass(frozen=True)
class PictureFormat:
    """How one format is read and written.

    Attributes
    ----------
    name : str
        For messages.
    check : callable
        (data, place) -> FrameInfo; InputError when the file is damaged or of another kind.
    decode : callable
        (data, place) -> (H, W) or (H, W, C) in the values of the file.
    extras : callable
        (data, place) -> bytes: all that a file says of how its values are meant and packed.
    encode : callable
        (pixels, extras) -> bytes: a file with those pixels, packed like the one that the
        extras come from.
    suffix : str or None
        Of the files that `encode` makes; None where it is that of the file read.
    lossy : bool
        Whether the values are not those that were painted.
    alone : callable or None
        (data, place) -> a file with nothing but the picture that `decode` gives; None where files
        hold no other.
    passed_over : callable or None
        (data, place) -> names of layers of the file that are left out though none was chosen.
    """

    name: str
    check: Callable[[bytes, str], FrameInfo]
    decode: Callable[[bytes, str], NDArray[Any]]
    extras: Callable[[bytes, str], bytes]
    encode: Callable[[NDArray[Any], bytes], bytes]
    suffix: str | None = None
    lossy: bool = False
    alone: Callable[[bytes, str], bytes] | None = None
    passed_over: Callable[[bytes, str], tuple[str, ...]] | None = None


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


def need(module: str, what: str) -> Any:
    """Import a library of the `formats` extra; InputError says how to get it when it is missing."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise InputError(
            f'{what} files need a library that is not installed: pip install "ant-core[formats]"'
        ) from None
