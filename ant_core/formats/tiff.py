"""TIFF in and out, with tifffile and the codecs of imagecodecs.

Grey, RGB and CMYK, with or without alpha, 8 and 16 bits or floating point, palettes looked up.
CMYK gets an alpha channel here, which files that have none are written back without.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.formats.base import FrameInfo, PictureFormat, library_errors, need
from ant_core.guard import DENSEST, DENSEST_DEFLATE, check_pixels

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
_ALPHA = ("unassalpha", "assocalpha", "unspecified")
_UNITS = (1, 2, 3)  # of the resolution: none, inch, centimetre
_PROFILE = 34675
_BOUNDED = (1, 5, 8, 32773, 32946)  # none, LZW, deflate, PackBits, deflate as it was
_DENSEST = 1.5 * DENSEST_DEFLATE  # bytes a byte: LZW packs a little denser than deflate


@dataclass(frozen=True, kw_only=True)
class _Page:
    """The one page of a file, its tags checked.

    `page` is the page of tifffile; `kind` and `extra` are names of enumerations, in small letters.
    """

    page: Any
    kind: str
    dtype: np.dtype[Any]
    samples: int
    height: int
    width: int
    extra: tuple[str, ...]


def _open(data: bytes, place: str) -> _Page:
    """Return the one page of a file; InputError when it is damaged or holds something else."""
    tifffile = need("tifffile", "TIFF")
    with library_errors(place, _damaged):
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            count = len(file.pages)
            page = file.pages.first
            counts = [int(number) for number in page.databytecounts]
            ends = [int(a) + b for a, b in zip(page.dataoffsets, counts, strict=True)]
            found = _Page(
                page=page,
                kind=tifffile.PHOTOMETRIC(page.photometric).name.lower(),
                dtype=np.dtype(page.dtype),
                samples=int(page.samplesperpixel),
                height=int(page.imagelength),
                width=int(page.imagewidth),
                extra=tuple(tifffile.EXTRASAMPLE(kind).name.lower() for kind in page.extrasamples),
            )
            densest = 8 * _DENSEST if page.compression in _BOUNDED else DENSEST
        check_pixels(found.width, found.height, sum(counts), densest)
    if count != 1:
        raise InputError(f"{place} has {count} pages: save every frame as a file of its own")
    if not ends or max(ends) > len(data):
        raise _damaged(place, "it ends before the picture does")
    known = found.samples in _SAMPLES.get(found.kind, ())
    if not known or str(found.dtype) not in (*_DTYPES, "bool"):
        raise InputError(
            f"{place} holds {found.samples} channels of {found.dtype} as {found.kind}: save it as "
            "grey, RGB or CMYK with 8 or 16 bits a channel, or as 16- or 32-bit floating point"
        )
    return found


def _damaged(place: str, why: object) -> InputError:
    return InputError(f"{place} is no whole TIFF file ({why}): export or copy the file again")


def _check(data: bytes, place: str) -> FrameInfo:
    found = _open(data, place)
    floating = found.dtype.kind == "f"
    depth = 8 if found.dtype.kind == "b" or found.kind == "palette" else found.dtype.itemsize * 8
    channels = {"palette": 3, "separated": 5}.get(found.kind, found.samples)
    digest = hashlib.sha256(data).hexdigest()
    return FrameInfo(found.height, found.width, channels, depth, digest, floating)


def _decode(data: bytes, place: str) -> NDArray[Any]:
    found = _open(data, place)
    with library_errors(place, _damaged):
        pixels = np.asarray(found.page.asarray())
        if int(found.page.planarconfig) == 2 and pixels.ndim == 3:
            pixels = np.moveaxis(pixels, 0, -1)
        if found.kind == "palette":
            pixels = (found.page.colormap.T[pixels] >> 8).astype(np.uint8)
    channels = 3 if found.kind == "palette" else found.samples
    if pixels.shape != (found.height, found.width, channels)[: 2 if channels == 1 else 3]:
        raise _damaged(place, "its pixels are not what its header says")
    if pixels.dtype.kind == "b":
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    if found.kind == "miniswhite":
        pixels = pixels.max(initial=1) - pixels if pixels.dtype.kind == "f" else ~pixels
    if found.kind == "separated" and channels == 4:
        full = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
        alpha = np.full((*pixels.shape[:2], 1), full, pixels.dtype)
        pixels = np.concatenate([pixels, alpha], axis=2)
    return np.ascontiguousarray(pixels)


def _extras(data: bytes, place: str) -> bytes:
    found = _open(data, place)
    page = found.page
    with library_errors(place, _damaged):
        compression = str(getattr(page.compression, "name", page.compression)).lower()
        tag = page.tags.get(_PROFILE)
        unit = int(page.resolutionunit)
        extras = {
            "photometric": found.kind,
            "samples": found.samples,
            "alpha": [name for name in found.extra if name in _ALPHA][:1],
            "compression": compression if compression in _COMPRESSIONS else "adobe_deflate",
            "resolution": _resolution(page),
            "unit": unit if unit in _UNITS else 1,
            "profile": base64.b64encode(bytes(tag.value)).decode() if tag else "",
        }
        return json.dumps(extras).encode()


def _resolution(page: Any) -> list[tuple[int, int]]:
    """Return the resolution along x and y as fractions; none where the file gives no such."""
    found = []
    for name in ("XResolution", "YResolution"):
        tag = page.tags.get(name)
        value = tag.value if tag is not None else None
        if isinstance(value, tuple) and len(value) == 2 and value[1]:
            found.append((int(value[0]), int(value[1])))
    return found


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


FORMAT = PictureFormat(name="TIFF", check=_check, decode=_decode, extras=_extras, encode=_encode)
