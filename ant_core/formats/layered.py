"""Layered pictures, OpenRaster (.ora) and Photoshop (.psd): line layers here, colour layers there.

A layer, or the group that it is in, is line art when its name says so ("line", "ink", "outline",
"contour", "trace"). Hidden layers do not count. Where no name says so all layers are colour.
"""

from __future__ import annotations

import hashlib
import io
import re
import threading
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.formats.base import FrameInfo, PictureFormat, library_errors, need
from ant_core.formats.png import PNG_START, check_png, decode_png, encode_png, shape_of_png
from ant_core.guard import (
    check_layers,
    check_pixels,
    open_zip,
    read_member,
    read_start,
    read_xml,
)

__all__ = ["FORMAT", "LINES", "LayeredPicture", "read_layered"]

_LINE = re.compile(r"line|ink|outline|contour|trace|線", re.IGNORECASE)
_OVER = ("svg:src-over", "norm", "pass")  # plain layers; "pass" is a Photoshop group's way

_FILTERS = threading.Lock()


@dataclass(frozen=True)
class LayeredPicture:
    """A layered file, its visible layers merged.

    Attributes
    ----------
    line : (H, W, 4) uint8 or uint16, or None
        The line layers, RGBA; None where no layer's name says so.
    colors : (H, W, 4) of the same dtype
        All other layers, RGBA.
    """

    line: NDArray[Any] | None
    colors: NDArray[Any]


@dataclass(frozen=True)
class _Layer:
    pixels: NDArray[Any]  # (h, w, 4)
    corner: tuple[int, int]  # x, y
    opacity: float
    is_line: bool


def read_layered(data: bytes, place: str) -> LayeredPicture:
    """Read a layered file.

    Raises
    ------
    InputError
        When it is damaged, or a colour layer is blended in a way that makes other colours.
    """
    is_ora = data[:2] == b"PK"
    # Filters of warnings belong to the process, and two threads read pictures.
    with _FILTERS, library_errors(place, _no_ora if is_ora else _no_psd), warnings.catch_warnings():
        if not is_ora:  # of a channel that is damaged psd-tools makes a black one
            library = need("psd_tools.compression", "Photoshop")
            degraded = getattr(library, "PSDDecompressionWarning", ResourceWarning)  # new of late
            warnings.simplefilter("error", degraded)
        size, depth, layers = _open_ora(data, place) if is_ora else _open_psd(data, place)
        dtype = np.uint16 if depth == 16 else np.uint8
        line, colors = (np.zeros((*size, 4), dtype) for _ in range(2))
        found = False
        for layer in layers:  # one at a time: together they would take all memory
            found = found or layer.is_line
            _merge(line if layer.is_line else colors, layer)
    return LayeredPicture(line if found else None, colors)


def _no_ora(place: str, why: object) -> InputError:
    return InputError(f"{place} is no whole OpenRaster file ({why}): save or copy it again")


def _no_psd(place: str, why: object) -> InputError:
    return InputError(f"{place} is no whole Photoshop file ({why}): save or copy it again")


def _open_ora(data: bytes, place: str) -> tuple[tuple[int, int], int, Iterator[_Layer]]:
    """Return (height, width), bits a channel, and the visible layers from the lowest up."""
    archive = open_zip(data)
    root = read_xml(archive, "stack.xml")
    size = int(root.attrib["h"]), int(root.attrib["w"])
    check_pixels(*size)
    stack = root.find("stack")
    rows = [] if stack is None else list(_ora_layers(stack, (0, 0), 1.0, False, place))
    starts = [read_start(archive, row.attrib["src"], PNG_START) for row, *_ in rows]
    told = [shape_of_png(start, place) for start in starts]
    check_layers((width, height) for width, height, _ in told)
    depth = max((depth for *_, depth in told), default=8)
    return size, depth, _ora_pictures(archive, rows[::-1], place)


def _ora_pictures(
    archive: zipfile.ZipFile,
    rows: list[tuple[ElementTree.Element, tuple[int, int], float, bool]],
    place: str,
) -> Iterator[_Layer]:
    for row, corner, opacity, is_line in rows:
        source = f"{place}, layer {row.get('name', '')!r}"
        picture = read_member(archive, row.attrib["src"])
        check_png(picture, source)
        pixels = _to_rgba(decode_png(picture, source))
        yield _Layer(pixels, corner, opacity, is_line)


def _ora_layers(
    stack: ElementTree.Element,
    corner: tuple[int, int],
    opacity: float,
    is_line: bool,
    place: str,
) -> Iterator[tuple[ElementTree.Element, tuple[int, int], float, bool]]:
    """Yield the visible layers of a stack from the highest down: element, corner, opacity, line."""
    for item in stack:
        if item.get("visibility", "visible") != "visible":
            continue
        name, mode = item.get("name", ""), item.get("composite-op", "svg:src-over")
        line = is_line or bool(_LINE.search(name))
        at = (corner[0] + int(item.get("x", "0")), corner[1] + int(item.get("y", "0")))
        shown = opacity * float(item.get("opacity", "1"))
        if not 0 <= shown <= 1:
            raise ValueError(f"layer {name!r} has the opacity {shown}")
        _check_mode(mode, line, place, name)
        if item.tag == "stack":
            yield from _ora_layers(item, at, shown, line, place)
        elif item.tag == "layer":
            yield item, at, shown, line


def _open_psd(data: bytes, place: str) -> tuple[tuple[int, int], int, Iterator[_Layer]]:
    """Return (height, width), bits a channel, and the visible layers from the lowest up."""
    psd_tools = need("psd_tools", "Photoshop")
    document = psd_tools.PSDImage.open(io.BytesIO(data))
    size = int(document.height), int(document.width)
    check_pixels(*size)
    if document.depth not in (8, 16) or document.color_mode.name not in ("RGB", "GRAYSCALE"):
        raise InputError(
            f"{place} has {document.depth} bits a channel in {document.color_mode.name} mode: "
            "save it as RGB or grey with 8 or 16 bits"
        )
    if not len(document):
        pixels = _psd_pixels(document, document.depth)
        if pixels is None:
            raise ValueError("it has neither a layer nor a picture")
        return size, document.depth, iter((_Layer(pixels, (0, 0), 1.0, False),))
    pictures = [one for one in document.descendants() if one.visible and not one.is_group()]
    check_layers((layer.width, layer.height) for layer in pictures)
    layers = _psd_layers(document, 1.0, False, document.depth, place)
    return size, document.depth, layers


def _psd_layers(
    group: Any, opacity: float, is_line: bool, depth: int, place: str
) -> Iterator[_Layer]:
    for layer in group:
        if not layer.visible:
            continue
        line = is_line or bool(_LINE.search(layer.name))
        shown = opacity * layer.opacity / 255
        _check_mode(layer.blend_mode.value.decode("ascii").strip(), line, place, layer.name)
        if layer.is_group():
            yield from _psd_layers(layer, shown, line, depth, place)
            continue
        pixels = _psd_pixels(layer, depth)
        if pixels is not None:
            if layer.has_mask() and not layer.mask.disabled:
                pixels = _masked(pixels, layer)
            yield _Layer(pixels, (layer.left, layer.top), shown, line)


def _psd_pixels(layer: Any, depth: int) -> Any:
    """Return the pixels of a layer in the values of the file, None where it has none."""
    shares = layer.numpy()  # (h, w, C) float32 in [0, 1]
    if shares is None:
        return None
    full = (1 << depth) - 1
    dtype = np.uint16 if depth == 16 else np.uint8
    return _to_rgba(np.rint(shares.astype(np.float64) * full).astype(dtype))


def _masked(pixels: NDArray[Any], layer: Any) -> NDArray[Any]:
    """Return the pixels of a layer with its mask applied to their alpha."""
    mask = layer.mask
    shown = np.full(pixels.shape[:2], mask.background_color / 255)
    x0, y0 = max(mask.left, layer.left), max(mask.top, layer.top)
    x1, y1 = min(mask.right, layer.right), min(mask.bottom, layer.bottom)
    if x1 > x0 and y1 > y0:
        plane = layer.numpy("mask", real_mask=False)[:, :, 0]  # of the mask's own box
        part = plane[y0 - mask.top : y1 - mask.top, x0 - mask.left : x1 - mask.left]
        shown[y0 - layer.top : y1 - layer.top, x0 - layer.left : x1 - layer.left] = part
    result = pixels.copy()
    result[:, :, 3] = np.rint(pixels[:, :, 3] * shown)
    return result


def _check_mode(mode: str, is_line: bool, place: str, name: str) -> None:
    if not is_line and mode not in _OVER:
        raise InputError(
            f"{place}, layer {name!r} is blended as {mode!r}, which makes other colours than its "
            "own: set it to normal or merge it down"
        )


def _to_rgba(pixels: NDArray[Any]) -> NDArray[Any]:
    full = np.iinfo(pixels.dtype).max
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    color, alpha = pixels, np.full((*pixels.shape[:2], 1), full, pixels.dtype)
    if pixels.shape[2] in (2, 4):
        color, alpha = pixels[:, :, :-1], pixels[:, :, -1:]
    if color.shape[2] == 1:
        color = np.repeat(color, 3, axis=2)
    return np.concatenate([color, alpha], axis=2)


def _merge(below: NDArray[Any], layer: _Layer) -> None:
    """Lay a layer over what is below, in place; opaque pixels are copied exactly."""
    height, width = below.shape[:2]
    left, top = layer.corner
    x0, y0 = max(0, left), max(0, top)
    x1 = min(width, left + layer.pixels.shape[1])
    y1 = min(height, top + layer.pixels.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    above = layer.pixels[y0 - top : y1 - top, x0 - left : x1 - left]
    part = below[y0:y1, x0:x1]
    full = float(np.iinfo(below.dtype).max)
    scale = full / float(np.iinfo(above.dtype).max)  # 1 or 257: exact
    upper = above.astype(np.float64) * scale
    alpha = upper[:, :, 3:] / full * layer.opacity
    beneath = part[:, :, 3:] / full * (1 - alpha)
    total = alpha + beneath
    mixed = (upper[:, :, :3] * alpha + part[:, :, :3] * beneath) / np.maximum(total, 1e-12)
    part[:] = np.rint(np.concatenate([mixed, total * full], axis=2)).astype(below.dtype)


def _check(data: bytes, place: str) -> FrameInfo:
    colors = _decode(data, place)
    height, width, channels = colors.shape
    digest = hashlib.sha256(data).hexdigest()
    return FrameInfo(height, width, channels, colors.dtype.itemsize * 8, digest)


def _decode(data: bytes, place: str) -> NDArray[Any]:
    return read_layered(data, place).colors


def _check_lines(data: bytes, place: str) -> FrameInfo:
    line = _decode_lines(data, place)
    digest = hashlib.sha256(data).hexdigest()
    return FrameInfo(line.shape[0], line.shape[1], 4, line.dtype.itemsize * 8, digest)


def _decode_lines(data: bytes, place: str) -> NDArray[Any]:
    line = read_layered(data, place).line
    if line is None:
        raise InputError(
            f"{place} has no layer that is line art by its name: call it, for example, Line"
        )
    return line


# Outputs beside a layered reference are PNG files: flat colours need no layers.
FORMAT = PictureFormat(name="PNG", check=_check, decode=_decode, encode=encode_png, suffix=".png")
LINES = PictureFormat(
    name="PNG",
    check=_check_lines,
    decode=_decode_lines,
    encode=encode_png,
    suffix=".png",
)
