"""OpenEXR in and out, with the OpenEXR library's own Python binding.

One part of scan lines or tiles with channels R, G, B, A or Y, A, as 16- or 32-bit floating point.
The picture is the display window; what lies outside it is left out, what is missing is 0.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.formats.base import FrameInfo
from ant_core.formats.pictures import PictureFormat, need

__all__ = ["FORMAT"]

_LAYOUTS = (("R", "G", "B", "A"), ("R", "G", "B"), ("Y", "A"), ("Y",))
_KEPT = ("chromaticities", "pixelAspectRatio", "whiteLuminance", "colorInteropID")
_MAX_PIXELS = 1 << 30


def _open(data: bytes, place: str, *, header_only: bool = False) -> Any:
    """Return the one part of a file; InputError when it is damaged or holds something else."""
    openexr = need("OpenEXR", "OpenEXR")
    try:
        # The binding prints warnings to stdout, which belongs to data.
        with contextlib.redirect_stdout(io.StringIO()):
            file = openexr.File(io.BytesIO(data), separate_channels=True, header_only=header_only)
        parts = file.parts
    except Exception as error:
        raise _damaged(place, error) from None
    if not parts:
        raise _damaged(place, "it ends before the picture does")
    if len(parts) > 1:
        raise InputError(f"{place} has {len(parts)} parts: save the flat colours or lines alone")
    return parts[0]


def _damaged(place: str, why: object) -> InputError:
    return InputError(f"{place} is no whole OpenEXR file ({why}): export or copy the file again")


def _layout(channels: dict[str, Any], place: str) -> tuple[str, ...]:
    """Return the names of the channels that make the picture, in our order."""
    for names in _LAYOUTS:
        if set(names) <= set(channels):
            return names
    raise InputError(
        f"{place} has the channels {', '.join(sorted(channels))}: save it with R, G, B (and A), "
        "or Y"
    )


def _check(data: bytes, place: str) -> FrameInfo:
    pixels = _decode(data, place)  # only unpacking tells whether it is whole
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    digest = hashlib.sha256(data).hexdigest()
    return FrameInfo(height, width, channels, pixels.dtype.itemsize * 8, digest, floating=True)


def _decode(data: bytes, place: str) -> NDArray[Any]:
    header = _open(data, place, header_only=True).header
    (x0, y0), (x1, y1) = (window.tolist() for window in header["displayWindow"])
    width, height = x1 - x0 + 1, y1 - y0 + 1
    if min(width, height) < 1 or width * height > _MAX_PIXELS:
        raise _damaged(place, f"its header says {width} x {height} pixels")
    part = _open(data, place)
    names = _layout(part.channels, place)
    planes = [part.channels[name] for name in names]
    kinds = {plane.pixels.dtype for plane in planes}
    if any(plane.xSampling != 1 or plane.ySampling != 1 for plane in planes):
        raise InputError(f"{place} stores colour at half size: save it with full RGB channels")
    if not kinds <= {np.dtype(np.float16), np.dtype(np.float32)}:
        raise InputError(f"{place} holds whole numbers: save it as half or float")
    left, top = (int(v) for v in (part.header["dataWindow"][0] - part.header["displayWindow"][0]))
    stored = np.stack([plane.pixels for plane in planes], axis=2)  # of two kinds: the wider one
    picture = np.zeros((height, width, len(names)), stored.dtype)
    rows = slice(max(0, top), min(height, top + stored.shape[0]))
    columns = slice(max(0, left), min(width, left + stored.shape[1]))
    picture[rows, columns] = stored[
        rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
    ]
    return picture[:, :, 0] if len(names) == 1 else picture


def _extras(data: bytes, place: str) -> bytes:
    header = _open(data, place, header_only=True).header
    kept: dict[str, Any] = {"compression": header["compression"].name}
    for name in _KEPT:
        if name in header:
            value = header[name]
            kept[name] = np.asarray(value).tolist() if not isinstance(value, str) else value
    return json.dumps(kept).encode()


def _encode(pixels: NDArray[Any], extras: bytes) -> bytes:
    openexr = need("OpenEXR", "OpenEXR")
    told: dict[str, Any] = json.loads(extras) if extras else {}
    compression = getattr(openexr, told.pop("compression", "ZIP_COMPRESSION"))
    if "B44" in compression.name or "PXR24" in compression.name or "DWA" in compression.name:
        compression = openexr.ZIP_COMPRESSION  # these lose values
    if "chromaticities" in told:
        told["chromaticities"] = tuple(told["chromaticities"])
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    names = next(names for names in _LAYOUTS if len(names) == pixels.shape[2])
    channels = {name: np.ascontiguousarray(pixels[:, :, i]) for i, name in enumerate(names)}
    header = told | {"compression": compression, "type": openexr.scanlineimage}
    buffer = io.BytesIO()
    openexr.File(header, channels).write(buffer)
    return buffer.getvalue()


FORMAT = PictureFormat("OpenEXR", _check, _decode, _extras, _encode)
