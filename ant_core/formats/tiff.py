"""TIFF in and out, with tifffile and the codecs of imagecodecs.

Grey, RGB and CMYK, with or without alpha, 8 and 16 bits or floating point, palettes looked up.
CMYK gets an alpha channel here, which files that have none are written back without.
"""

from __future__ import annotations

import base64
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

_DTYPES = ("uint8", "uint16", "float16", "float32")
_COMPRESSIONS = ("none", "lzw", "adobe_deflate", "zstd", "packbits")
_SAMPLES = {  # of a pixel, by what they mean: without and with alpha
    "minisblack": (1, 2),
    "miniswhite": (1, 2),
    "rgb": (3, 4),
    "palette": (1,),
    "separated": (4, 5),
}
_PROFILE = 34675


def _open(data: bytes, place: str) -> Any:
    """Return the one page of a file; InputError when it is damaged or holds something else."""
    tifffile = need("tifffile", "TIFF")
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            count = len(file.pages)
            page = file.pages.first
            ends = [a + b for a, b in zip(page.dataoffsets, page.databytecounts, strict=True)]
    except Exception as error:  # tifffile lets every kind of error of its parser through
        raise _damaged(place, error) from None
    if count != 1:
        raise InputError(f"{place} has {count} pages: save every frame as a file of its own")
    if not ends or max(ends) > len(data):
        raise _damaged(place, "it ends before the picture does")
    kind, dtype = page.photometric.name.lower(), str(page.dtype)
    known = int(page.samplesperpixel) in _SAMPLES.get(kind, ())
    if not known or dtype not in (*_DTYPES, "bool"):
        raise InputError(
            f"{place} holds {page.samplesperpixel} channels of {dtype} as {kind}: save it as grey, "
            "RGB or CMYK with 8 or 16 bits a channel, or as 16- or 32-bit floating point"
        )
    return page


def _damaged(place: str, why: object) -> InputError:
    return InputError(f"{place} is no whole TIFF file ({why}): export or copy the file again")


def _check(data: bytes, place: str) -> FrameInfo:
    page = _open(data, place)
    kind, samples = page.photometric.name.lower(), int(page.samplesperpixel)
    floating = page.dtype.kind == "f"
    depth = 8 if page.dtype.kind == "b" or kind == "palette" else page.dtype.itemsize * 8
    channels = {"palette": 3, "separated": 5}.get(kind, samples)
    digest = hashlib.sha256(data).hexdigest()
    return FrameInfo(page.imagelength, page.imagewidth, channels, depth, digest, floating)


def _decode(data: bytes, place: str) -> NDArray[Any]:
    page = _open(data, place)
    try:
        pixels = np.asarray(page.asarray())
    except Exception as error:
        raise _damaged(place, error) from None
    if int(page.planarconfig) == 2 and pixels.ndim == 3:
        pixels = np.moveaxis(pixels, 0, -1)
    kind = page.photometric.name.lower()
    if pixels.dtype.kind == "b":
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    if kind == "miniswhite":
        pixels = pixels.max(initial=1) - pixels if pixels.dtype.kind == "f" else ~pixels
    if kind == "palette":
        pixels = (page.colormap.T[pixels] >> 8).astype(np.uint8)
    if kind == "separated" and pixels.shape[2] == 4:
        full = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
        alpha = np.full((*pixels.shape[:2], 1), full, pixels.dtype)
        pixels = np.concatenate([pixels, alpha], axis=2)
    return np.ascontiguousarray(pixels)


def _extras(data: bytes, place: str) -> bytes:
    page = _open(data, place)
    compression = page.compression.name.lower()
    tag = page.tags.get(_PROFILE)
    extras = {
        "photometric": page.photometric.name.lower(),
        "samples": int(page.samplesperpixel),
        "alpha": [sample.name.lower() for sample in page.extrasamples],
        "compression": compression if compression in _COMPRESSIONS else "adobe_deflate",
        "resolution": [*map(list, _resolution(page))],
        "unit": int(page.resolutionunit),
        "profile": base64.b64encode(bytes(tag.value)).decode() if tag else "",
    }
    return json.dumps(extras).encode()


def _resolution(page: Any) -> list[tuple[int, int]]:
    values = [page.tags.get(name) for name in ("XResolution", "YResolution")]
    return [tuple(tag.value) for tag in values if tag is not None]


def _encode(pixels: NDArray[Any], extras: bytes) -> bytes:
    tifffile = need("tifffile", "TIFF")
    told: dict[str, Any] = json.loads(extras) if extras else {}
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    kind = {1: "minisblack", 2: "minisblack", 5: "separated"}.get(channels, "rgb")
    if channels == 5 and told.get("samples") == 4:
        pixels, channels = np.ascontiguousarray(pixels[:, :, :4]), 4
    has_alpha = channels in (2, 5) or (channels == 4 and kind == "rgb")
    options: dict[str, Any] = {"photometric": kind, "metadata": None, "software": False}
    if has_alpha:
        options["extrasamples"] = told.get("alpha") or ["unassalpha"]
    if told.get("resolution"):
        x, y = told["resolution"][0], told["resolution"][-1]
        options |= {"resolution": (tuple(x), tuple(y)), "resolutionunit": told["unit"]}
    if told.get("profile"):
        options["iccprofile"] = base64.b64decode(told["profile"])
    compression = told.get("compression", "adobe_deflate")
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, pixels, compression=None if compression == "none" else compression, **options
    )
    return buffer.getvalue()


FORMAT = PictureFormat("TIFF", _check, _decode, _extras, _encode)
