"""Pictures of any colour model and depth to 8-bit grey or RGB, with or without alpha."""

from __future__ import annotations

from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

ColorModel = Literal["grey", "rgb", "cmyk"]

_CHANNELS = {"grey": (1, 2), "rgb": (3, 4), "cmyk": (4, 5)}
# What a number of channels means where the colour model is not told.
_USUAL: dict[int, ColorModel] = {1: "grey", 2: "grey", 3: "rgb", 4: "rgb", 5: "cmyk"}
# Full ink of a floating-point CMYK channel as painting programs store it.
_PERCENT = 100.0


def to_bytes(image: ArrayLike, model: ColorModel | None = None) -> NDArray[np.uint8]:
    """Bring a picture to 8-bit grey or RGB, without colour management.

    Parameters
    ----------
    image : (H, W) or (H, W, 1 to 5), uint8, uint16 or float in [0, 1]; not modified
        Alpha last, not premultiplied. Floating-point CMYK ink may also be in percent: it is
        taken for that where a value is above 1.
    model : "grey", "rgb", "cmyk" or None
        Colour model of the channels. None: 1 or 2 channels are grey, 3 or 4 RGB, 5 CMYK and
        alpha, so that CMYK without alpha has to be named.

    Returns
    -------
    (H, W, 1 | 2 | 3 | 4) uint8, C-contiguous, writeable
        Grey, grey + alpha, RGB or RGBA, rounded to nearest.

    Raises
    ------
    ValueError
        If shape, type and model do not go together.
    """
    array = _checked(image, model)
    if array.ndim == 2:
        array = array[:, :, None]
    if (model or _USUAL[array.shape[2]]) != "cmyk":
        return _rounded(array)
    if array.dtype.kind == "f":
        ink = np.nan_to_num(array[:, :, :4])
        if ink.max() > 1:
            array = np.concatenate([ink / _PERCENT, array[:, :, 4:]], axis=2)
    return _without_inks(_rounded(array))


def _checked(image: ArrayLike, model: ColorModel | None) -> NDArray[Any]:
    array = np.asarray(image)
    if array.ndim not in (2, 3) or (array.ndim == 3 and not 1 <= array.shape[2] <= 5):
        raise ValueError(
            f"line image has shape {array.shape}, expected (H, W) or (H, W, 1 to 5): "
            "pass one grey, RGB or CMYK image, with or without alpha"
        )
    if array.size == 0:
        raise ValueError(f"line image has shape {array.shape}, expected at least 1 x 1 pixel")
    if array.dtype not in (np.uint8, np.uint16) and array.dtype.kind != "f":
        raise ValueError(
            f"line image holds {array.dtype}, expected uint8, uint16 or float in [0, 1]: "
            "convert it first"
        )
    if model is None:
        return array
    if model not in get_args(ColorModel):
        raise ValueError(f"colour model is {model!r}, expected one of {get_args(ColorModel)}")
    channels = 1 if array.ndim == 2 else array.shape[2]
    if channels not in _CHANNELS[model]:
        raise ValueError(
            f"line image has {channels} channels, expected {_CHANNELS[model][0]} or "
            f"{_CHANNELS[model][1]} for {model}: name the colour model that it has"
        )
    return array


def _rounded(array: NDArray[Any]) -> NDArray[np.uint8]:
    if array.dtype == np.uint16:
        # Exact: 1 / 257 of a whole number is never half way between two.
        shape = array.shape
        flat = np.ascontiguousarray(array).reshape(shape[0], -1)
        array = np.asarray(cv2.convertScaleAbs(flat, alpha=1 / 257)).reshape(shape)
    elif array.dtype.kind == "f":
        array = np.rint(np.clip(np.nan_to_num(array), 0, 1) * 255).astype(np.uint8)
    # The kernels are compiled for arrays that can be written: read-only ones are copied.
    return np.require(array, np.uint8, ["C", "W"])


def _without_inks(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn CMYK inks into RGB, alpha untouched."""
    paper = 255 - pixels[:, :, :4].astype(np.uint16)
    color = (paper[:, :, :3] * paper[:, :, 3:] + 127) // 255
    return np.concatenate([color.astype(np.uint8), pixels[:, :, 4:]], axis=2)
