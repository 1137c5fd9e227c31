"""OpenEXR in and out, with the OpenEXR library's own Python binding.

One layer of scan lines or tiles with channels R, G, B, A or Y, A, as 16- or 32-bit floating point.
The picture is the display window; what lies outside it is left out, what is missing is 0.

A layer is what channels have before their last dot (`ink` of `ink.R`), or a part of a file of
several. Channels without a dot in the only part are the plain picture: every viewer shows it, and
it is taken where no layer is chosen.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.formats.base import FrameInfo, PictureFormat, library_errors, need
from ant_core.guard import DENSEST, DENSEST_DEFLATE, MOST_PIXELS, check_pixels

__all__ = ["FORMAT", "layer_format"]

_LAYOUTS = (("R", "G", "B", "A"), ("R", "G", "B"), ("Y", "A"), ("Y",))
_KEPT = ("chromaticities", "pixelAspectRatio", "whiteLuminance", "colorInteropID")
_MOST_SAMPLES = 16 * MOST_PIXELS  # values of all layers: the library unpacks them together


_PLAIN = ""  # the name of the layer that has none
_BOUNDED = ("NO_COMPRESSION", "RLE_COMPRESSION", "ZIP_COMPRESSION", "ZIPS_COMPRESSION")


@dataclass(frozen=True)
class _ExrLayer:
    """Where a layer lies: the number of its part, and what stands before its channels' names."""

    part: int
    prefix: str
    names: tuple[str, ...]  # of its channels, in our order


def _open(data: bytes, place: str, *, header_only: bool = False) -> Sequence[Any]:
    """Return the parts of a file; InputError when it is damaged."""
    openexr = need("OpenEXR", "OpenEXR")
    # The binding prints warnings to stdout, which belongs to data.
    with contextlib.redirect_stdout(io.StringIO()):
        file = openexr.File(io.BytesIO(data), separate_channels=True, header_only=header_only)
    parts: Sequence[Any] = file.parts
    if not parts:
        raise _damaged(place, "it ends before the picture does")
    return parts


def _damaged(place: str, why: object) -> InputError:
    return InputError(f"{place} is no whole OpenEXR file ({why}): export or copy the file again")


def _layers(parts: Sequence[Any]) -> dict[str, _ExrLayer]:
    """Return the layers that are pictures, by name, in the order of the file."""
    layers: dict[str, _ExrLayer] = {}
    for number, part in enumerate(parts):
        found: dict[str, set[str]] = {}
        for channel in part.header["channels"]:
            prefix, dot, name = channel.name.rpartition(".")
            found.setdefault(prefix + dot, set()).add(name)
        for prefix, names in found.items():
            layout = next((layout for layout in _LAYOUTS if set(layout) <= names), None)
            if layout is not None:
                name = prefix.rstrip(".")
                if len(parts) > 1:
                    name = _name_in_part(str(part.header.get("name", number)), name)
                layers[name] = _ExrLayer(number, prefix, layout)
    return layers


def _name_in_part(part: str, name: str) -> str:
    """Return a layer's name in a file of several parts, of which each has a name of its own."""
    if name in ("", part) or name.startswith(f"{part}."):
        return name or part
    return f"{part}.{name}"


def _choose(parts: Sequence[Any], place: str, wanted: str | None) -> _ExrLayer:
    """Return the layer to read; InputError names those that are there when it is not clear."""
    layers = _layers(parts)
    if not layers:
        names = sorted(channel.name for part in parts for channel in part.header["channels"])
        raise InputError(
            f"{place} has the channels {', '.join(names)}: save it with R, G, B (and A), or Y"
        )
    if wanted in layers:
        return layers[wanted]
    # A file of no layers, beside others that have them, leaves no choice.
    if _PLAIN in layers and (wanted is None or len(layers) == 1):
        return layers[_PLAIN]
    if wanted is None and len(layers) == 1:
        return next(iter(layers.values()))
    there = ", ".join(name or "(the plain picture)" for name in layers)
    missing = "" if wanted is None else f" and none called {wanted}"
    raise InputError(
        f"{place} has the layers {there}{missing}: choose one with --layer NAME, or save it alone"
    )


def _check(data: bytes, place: str, wanted: str | None) -> FrameInfo:
    pixels = _decode(data, place, wanted)  # only unpacking tells whether it is whole
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    digest = hashlib.sha256(data)
    if wanted is not None:  # lines and colours may be layers of one file
        digest.update(b"layer " + wanted.encode())
    depth = pixels.dtype.itemsize * 8
    return FrameInfo(height, width, channels, depth, digest.hexdigest(), floating=True)


def _check_part(part: Any, file_bytes: int) -> int:
    """Check the size that a part claims; return how many values it has."""
    first, last = (window.astype(np.int64) for window in part.header["dataWindow"])
    width, height = (int(v) for v in last - first + 1)
    bounded = part.header["compression"].name in _BOUNDED
    check_pixels(width, height, file_bytes, DENSEST_DEFLATE if bounded else DENSEST)
    return width * height * len(part.header["channels"])


def _decode(data: bytes, place: str, wanted: str | None) -> NDArray[Any]:
    headers = _open(data, place, header_only=True)
    layer = _choose(headers, place, wanted)
    header = headers[layer.part].header
    (x0, y0), (x1, y1) = (window.tolist() for window in header["displayWindow"])
    width, height = x1 - x0 + 1, y1 - y0 + 1
    check_pixels(width, height)
    if sum(_check_part(part, len(data)) for part in headers) > _MOST_SAMPLES:
        raise InputError(f"{place} holds too many layers to be read at once: save one alone")
    parts = _open(data, place)
    if len(parts) != len(headers):
        raise _damaged(place, "it ends before the picture does")
    part = parts[layer.part]
    planes = [part.channels[layer.prefix + name] for name in layer.names]
    kinds = {plane.pixels.dtype for plane in planes}
    if any(plane.xSampling != 1 or plane.ySampling != 1 for plane in planes):
        raise InputError(f"{place} stores colour at half size: save it with full RGB channels")
    if not kinds <= {np.dtype(np.float16), np.dtype(np.float32)}:
        raise InputError(f"{place} holds whole numbers: save it as half or float")
    left, top = (int(v) for v in (part.header["dataWindow"][0] - part.header["displayWindow"][0]))
    stored = np.stack([plane.pixels for plane in planes], axis=2)  # of two kinds: the wider one
    picture = np.zeros((height, width, len(planes)), stored.dtype)
    rows = slice(max(0, top), min(height, top + stored.shape[0]))
    columns = slice(max(0, left), min(width, left + stored.shape[1]))
    picture[rows, columns] = stored[
        rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
    ]
    return picture[:, :, 0] if len(planes) == 1 else picture


def _extras(data: bytes, place: str, wanted: str | None) -> bytes:
    headers = _open(data, place, header_only=True)
    header = headers[_choose(headers, place, wanted).part].header
    kept: dict[str, Any] = {"compression": header["compression"].name}
    for name in _KEPT:
        if name in header:
            value = header[name]
            kept[name] = np.asarray(value).tolist() if not isinstance(value, str) else value
    return json.dumps(kept).encode()


def _alone(data: bytes, place: str, wanted: str | None) -> bytes:
    """Return a file whose plain picture is the layer that is read; `data` where it is so."""
    headers = _open(data, place, header_only=True)
    layer = _choose(headers, place, wanted)
    if len(headers) == 1 and layer.prefix == _PLAIN:
        return data
    return _encode(_decode(data, place, wanted), _extras(data, place, wanted))


def _passed_over(data: bytes, place: str, wanted: str | None) -> tuple[str, ...]:
    """Return the layers beside a plain picture that is taken because none of them was chosen."""
    layers = _layers(_open(data, place, header_only=True))
    if wanted is not None or _PLAIN not in layers:
        return ()
    return tuple(name for name in layers if name != _PLAIN)


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


def _guarded(read: Callable[..., Any]) -> Callable[..., Any]:
    """Let a reader raise nothing but the error tree."""

    def through_the_door(data: bytes, place: str, *, wanted: str | None) -> Any:
        with library_errors(place, _damaged):
            return read(data, place, wanted)

    return through_the_door


def layer_format(wanted: str | None) -> PictureFormat:
    """Return the format of files of which one layer is read; None: the only or the plain one."""
    return PictureFormat(
        name="OpenEXR",
        check=partial(_guarded(_check), wanted=wanted),
        decode=partial(_guarded(_decode), wanted=wanted),
        extras=partial(_guarded(_extras), wanted=wanted),
        encode=_encode,
        alone=partial(_guarded(_alone), wanted=wanted),
        passed_over=partial(_guarded(_passed_over), wanted=wanted),
    )


FORMAT = layer_format(None)
