"""Any line layer to a line mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmentation import _line_kernels as kernels

# A pixel is ink from a fifth of the drawing's own full ink upwards: anti-aliased rims then
# belong to the line, and holes in pencil grain close.
_INK_SHARE = 0.2
# Of thin lines the rim is too large a part: less of it is taken for lines up to this width.
_THIN_INK_SHARE = 0.28
_THIN_PX = 2.5
# Below this darkness there is only paper grain and compression noise.
_FAINTEST = 20
# Paper may be grey or tinted (scans), but darker than this it is no paper.
_DARKEST_PAPER = 96


@dataclass(frozen=True)
class LineArt:
    """One drawing's lines.

    Attributes
    ----------
    darkness : (H, W) uint8, 255 = full ink, 0 = bare paper or transparent
    ink : (H, W) bool, the line mask
    trace : (H, W) uint8, 0 = none or ordinary ink, 1 = red, 2 = green, 3 = blue trace line
    line_width_px : typical width of the lines in pixels, 0.0 without ink
    """

    darkness: NDArray[np.uint8]
    ink: NDArray[np.bool_]
    trace: NDArray[np.uint8]
    line_width_px: float


def extract_lines(image: ArrayLike) -> LineArt:
    """Read the lines off a line layer.

    A layer with transparency holds ink wherever it is opaque, whatever the colour; an opaque
    one holds ink wherever it is darker or more coloured than its paper.

    Parameters
    ----------
    image : (H, W) or (H, W, 1 | 2 | 3 | 4), uint8, uint16 or float in [0, 1]
        Grey, grey + alpha, RGB or RGBA, alpha not premultiplied; not modified.

    Returns
    -------
    LineArt

    Raises
    ------
    ValueError
        If the shape or type is none of these.
    """
    pixels = _as_bytes(_checked(image))
    darkness, trace, opaque = _darkness(pixels)
    counts = _histogram(darkness)
    if opaque and (tone := _paper_tone(counts)):
        table = np.clip((np.arange(256) - tone) * 255.0 / (255 - tone), 0, 255)
        darkness = np.rint(table).astype(np.uint8)[darkness]
        counts = _histogram(darkness)
    full = _full_ink(counts)
    ink = darkness >= max(_FAINTEST, round(_INK_SHARE * full))
    width = float(kernels.line_width(ink))
    if 0 < width < _THIN_PX:
        ink = darkness >= max(_FAINTEST, round(_THIN_INK_SHARE * full))
        width = float(kernels.line_width(ink))
    if pixels.shape[2] > 2:
        trace *= ink
    return LineArt(darkness, ink, trace, width)


def _checked(image: ArrayLike) -> NDArray[Any]:
    array = np.asarray(image)
    if array.ndim not in (2, 3) or (array.ndim == 3 and not 1 <= array.shape[2] <= 4):
        raise ValueError(
            f"line image has shape {array.shape}, expected (H, W) or (H, W, 1 to 4): "
            "pass one grey, grey + alpha, RGB or RGBA image"
        )
    if array.size == 0:
        raise ValueError(f"line image has shape {array.shape}, expected at least 1 x 1 pixel")
    if array.dtype not in (np.uint8, np.uint16) and array.dtype.kind != "f":
        raise ValueError(
            f"line image holds {array.dtype}, expected uint8, uint16 or float in [0, 1]: "
            "convert it first"
        )
    return array


def _as_bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Bring to (H, W, C) C-contiguous uint8, rounding to nearest.

    The kernels are compiled for arrays that can be written: read-only ones are copied.
    """
    if array.ndim == 2:
        array = array[:, :, None]
    if array.dtype == np.uint16:
        # Exact: 1 / 257 of a whole number is never half way between two.
        array = np.asarray(cv2.convertScaleAbs(np.ascontiguousarray(array), alpha=1 / 257))
        array = array.reshape(*array.shape[:2], -1)
    elif array.dtype.kind == "f":
        array = np.rint(np.clip(np.nan_to_num(array), 0, 1) * 255).astype(np.uint8)
    return np.require(array, np.uint8, ["C", "W"])


def _darkness(
    pixels: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], bool]:
    """Return darkness, trace classes of all pixels, and whether the layer has paper."""
    height, width, channels = pixels.shape
    if channels == 1:
        return 255 - pixels[:, :, 0], np.zeros((height, width), np.uint8), True
    opaque = channels == 3 or _has_paper(pixels)
    darkness, trace = kernels.coloured(pixels, opaque)
    return darkness, trace, opaque


def _has_paper(pixels: NDArray[np.uint8]) -> bool:
    """Tell an opaque layer, or a white-filled one with dark lines, from lines on transparency."""
    solid, white, dark = kernels.solid_tones(pixels)
    everywhere = solid == pixels.shape[0] * pixels.shape[1]
    return bool(everywhere or (white * 2 > solid and dark * 100 > solid))


def _histogram(plane: NDArray[np.uint8]) -> NDArray[np.int64]:
    return cv2.calcHist([plane], [0], None, [256], [0, 256]).ravel().astype(np.int64)


def _paper_tone(counts: NDArray[np.int64]) -> int:
    """Darkness of the paper: the most frequent light tone, 0 where there is little paper."""
    light = counts[:_DARKEST_PAPER]
    return int(light.argmax()) if light.sum() * 5 >= counts.sum() else 0


def _full_ink(counts: NDArray[np.int64]) -> int:
    """Darkness of the drawing's own full ink: the 95th percentile of what is not paper."""
    inked = counts.copy()
    inked[:_FAINTEST] = 0
    if not inked.any():
        return 0
    return int(np.searchsorted(np.cumsum(inked), inked.sum() * 0.95))
