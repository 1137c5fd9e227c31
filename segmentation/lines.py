"""Any line layer to a line mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmentation import _line_kernels as kernels
from segmentation import ground, ink, stroke_holes
from segmentation import rough as sketch
from segmentation.channels import ColorModel, to_bytes
from segmentation.ground import Ground, NoLinesError
from segmentation.rough import Rough, RoughTaken

# A picture with less than this share left bare is a tone, not a drawing.
_LEAST_BARE = 0.02
# Noise of a blank sheet, in grey levels; with more it is no sheet.
_MOST_NOISE = 10.0


@dataclass(frozen=True)
class LineArt:
    """One drawing's lines.

    Attributes
    ----------
    darkness : (H, W) uint8, 255 = full ink, 0 = bare ground or transparent
    ink : (H, W) bool, the line mask
    trace : (H, W) uint8, 0 = none or ordinary ink, 1 = red, 2 = green, 3 = blue trace line
    line_width_px : typical width of the lines in pixels, 0.0 without ink
    ground : "light" under darker lines, "dark" under lighter ones, or "transparent"
    rough : "ignored" where a light coloured sketch under the ink was taken out, "kept" where
        light coloured lines were taken for lines, "none" where there are none
    """

    darkness: NDArray[np.uint8]
    ink: NDArray[np.bool_]
    trace: NDArray[np.uint8]
    line_width_px: float
    ground: Ground = "light"
    rough: RoughTaken = "none"


def extract_lines(
    image: ArrayLike, *, model: ColorModel | None = None, rough: Rough = "auto"
) -> LineArt:
    """Read the lines off a line layer.

    A layer with transparency holds ink wherever it is opaque, in any colour; an opaque
    one holds ink wherever it differs from its ground, in the direction in which lines do.

    Parameters
    ----------
    image : (H, W) or (H, W, 1 to 5), uint8, uint16 or float in [0, 1]
        Alpha last, not premultiplied; not modified.
    model : "grey", "rgb", "cmyk" or None
        Colour model of the channels. None: 1 or 2 channels are grey, 3 or 4 RGB, 5 CMYK and
        alpha, so that CMYK without alpha has to be named.
    rough : "auto", "keep" or "ignore"
        What becomes of a light coloured sketch under the ink. "auto" tells it from trace lines.

    Returns
    -------
    LineArt

    Raises
    ------
    NoLinesError
        If no line can be told: one tone that is no paper, everything dark, or noise.
    ValueError
        If the shape or type is none of these.
    """
    pixels = to_bytes(image, model)
    layer = ground.read(pixels)
    darkness, counts = layer.darkness, layer.counts
    taken: RoughTaken = "none"
    if pixels.shape[2] > 2 and layer.ground != "dark":
        white = pixels if layer.white is None else layer.white
        darkness, taken = sketch.take_out(white, darkness, rough)
        if taken == "ignored":
            counts = kernels.histogram(darkness)
    mask, width = ink.mask(darkness, counts)
    mask, width = stroke_holes.fill(mask, width)
    _check(mask, darkness, layer.ground)
    trace = layer.trace
    if pixels.shape[2] > 2:
        trace *= mask.view(np.uint8)
    return LineArt(darkness, mask, trace, width, layer.ground, taken)


def line_width(ink: NDArray[np.bool_]) -> float:
    """Return the typical width of the lines of a mask in pixels, 0.0 without ink.

    Parameters
    ----------
    ink : (H, W) bool; not modified
    """
    return float(kernels.line_width(np.ascontiguousarray(ink)))


def _check(mask: NDArray[np.bool_], darkness: NDArray[np.uint8], lies_on: Ground) -> None:
    """Refuse a picture that shows no lines; a blank sheet, light or transparent, is a drawing."""
    inked = np.count_nonzero(mask)
    if inked > (1 - _LEAST_BARE) * mask.size:
        raise NoLinesError(
            "no line can be told: the whole picture is as dark as a line; export the lines with "
            "their transparency (RGBA) or on white paper"
        )
    if inked == 0 and (lies_on == "dark" or ink.deviation(darkness) > _MOST_NOISE):
        raise NoLinesError(
            "no line can be told: nothing rises above the noise of the picture; scan or export "
            "the drawing again as dark lines on light paper or on transparency"
        )
