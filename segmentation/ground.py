"""What is paper and what is ink: any picture to darkness against its own ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation import _line_kernels as kernels
from segmentation.paper import block_side, blocks_of, fit, tones, uneven

Ground = Literal["light", "dark", "transparent"]

# Darker than this is no ordinary paper, which may be grey or tinted (scans).
_DARKEST_PAPER = 96
# One pixel in so many has to be light for light paper to be there.
_SOME = 5
# Paper of more colour than this is compared channel by channel.
_TINTED = 16
# Pixels that the ground is judged by: every n-th along both axes, to about this many.
_SAMPLES = 70_000
# A pixel this far from what is around it stands out.
_STANDS_OUT = 24
# What surrounds a pixel is so many blocks of paper wide: mostly bare, at any line width.
_SURROUNDINGS = 4
# Widths, in samples, that marks are looked for by, and how many samples.
_NARROW = (3, 5, 9, 17)
_FINE_SAMPLES = 500_000
# One in so many pixels that stand out is dirt, not a drawing.
_DIRT = 20_000
# Where more pixels than this share stand out there are no surroundings, only noise.
_NOISE_SHARE = 0.6


class NoLinesError(ValueError):
    """A picture in which no line can be told from its ground; says why and what to do."""


@dataclass(frozen=True)
class Layer:
    """A picture seen against its ground.

    Attributes
    ----------
    darkness : (H, W) uint8, 255 = full ink, 0 = bare ground
    trace : (H, W) uint8, as in `LineArt` but of all pixels
    counts : (256,) int64, how many pixels have each darkness
    ground : what the lines lie on
    white : (H, W, 1 | 3) uint8, the lines as if on white paper; None where the picture's own
        pixels show them so
    """

    darkness: NDArray[np.uint8]
    trace: NDArray[np.uint8]
    counts: NDArray[np.int64]
    ground: Ground
    white: NDArray[np.uint8] | None = None


def read(pixels: NDArray[np.uint8]) -> Layer:
    """Decide what is ground and measure how far every pixel is from it.

    Light paper that is even and has little colour is judged by its commonest tone and the
    darkest channel. Any other ground is estimated from place to place and channel by channel.

    Parameters
    ----------
    pixels : (H, W, 1 | 2 | 3 | 4) uint8, as `channels.to_bytes` gives them; not modified

    Raises
    ------
    NoLinesError
        If the picture is of one tone that is no paper, or noise.
    """
    height, width, channels = pixels.shape
    if channels == 1:
        darkness = np.asarray(cv2.bitwise_not(pixels[:, :, 0]), np.uint8)
        trace = np.zeros((height, width), np.uint8)
    else:
        opaque = channels == 3 or _has_paper(pixels)
        darkness, trace = kernels.coloured(pixels, opaque)
        if not opaque:
            return Layer(darkness, trace, kernels.histogram(darkness), "transparent")
    counts = kernels.histogram(darkness)
    light = counts[:_DARKEST_PAPER]
    tone = int(light.argmax())
    step = max(1, round(np.sqrt(height * width / _SAMPLES)))
    side = block_side((height, width), step)
    sample = on_white(np.ascontiguousarray(pixels[::step, ::step]))
    ground: Ground = "light"
    some = bool(light.sum() * _SOME >= counts.sum())
    if not some:
        ground = _by_tone(blocks_of(sample, _SURROUNDINGS * side))
    elif light.sum() * 2 < counts.sum():
        fine = max(1, round(np.sqrt(height * width / _FINE_SAMPLES)))
        ground = _by_width(on_white(np.ascontiguousarray(pixels[::fine, ::fine])))
    plain = ground == "light" and some
    if plain and not _tinted(sample, np.ascontiguousarray(darkness[::step, ::step]), tone):
        lightest = blocks_of(255 - darkness[::step, ::step, None], side)
        if not uneven(tones(lightest), 255 - _DARKEST_PAPER):
            darkness, counts = _above(darkness, counts, tone)
            return Layer(darkness, trace, counts, ground)
    blocks = blocks_of(sample, side)
    paper = fit(tones(blocks if ground == "light" else 255 - blocks), side * step)
    flat = np.ascontiguousarray(on_white(pixels))
    darkness, white = kernels.against(flat, paper.tones, paper.side_px, ground == "dark")
    if white.shape[2] == 3:
        _, trace = kernels.coloured(white, True)
    return Layer(darkness, trace, kernels.histogram(darkness), ground, white)


def _has_paper(pixels: NDArray[np.uint8]) -> bool:
    """Tell an opaque layer, or a white-filled one with dark lines, from lines on transparency."""
    solid, white, dark = kernels.solid_tones(pixels)
    everywhere = solid == pixels.shape[0] * pixels.shape[1]
    return bool(everywhere or (white * 2 > solid and dark * 100 > solid))


def on_white(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay pixels with alpha on white; (h, w, 1 | 3) uint8."""
    if pixels.shape[2] in (1, 3):
        return pixels
    alpha = pixels[:, :, -1:].astype(np.uint16)
    cover = alpha * (255 - pixels[:, :, :-1].astype(np.uint16))
    return (255 - (cover + 127) // 255).astype(np.uint8)


def _above(
    darkness: NDArray[np.uint8], counts: NDArray[np.int64], tone: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Measure darkness, and count it, from the paper's tone on."""
    if tone == 0:
        return darkness, counts
    scale = np.clip((np.arange(256) - tone) * 255.0 / (255 - tone), 0, 255)
    table = np.rint(scale).astype(np.uint8)
    moved = np.zeros(256, np.int64)
    np.add.at(moved, table, counts)
    return np.asarray(cv2.LUT(darkness, table), np.uint8), moved


def _tinted(sample: NDArray[np.uint8], darkness: NDArray[np.uint8], tone: int) -> bool:
    """Tell whether the paper has a colour."""
    if sample.shape[2] == 1:
        return False
    paper = cv2.inRange(darkness, max(0, tone - 2), tone + 2)
    mean = cv2.mean(sample, paper)[:3]
    return bool(paper.any()) and max(mean) - min(mean) > _TINTED


def _by_tone(blocks: NDArray[np.uint8]) -> Ground:
    """Tell whether lines are darker or lighter than the tone that most of the picture has.

    Each pixel is compared with the middle tone of its block.
    """
    values = blocks.astype(np.int16)
    away = values - np.median(values, axis=3, keepdims=True)
    down, up = -away.min(axis=2), away.max(axis=2)
    dark = int(np.count_nonzero((down >= _STANDS_OUT) & (down >= up)))
    light = int(np.count_nonzero((up >= _STANDS_OUT) & (up > down)))
    if (dark + light) * _DIRT <= down.size:
        tone = np.median(values, axis=(0, 1, 3)).astype(int)
        if tone.mean() > 255 - _DARKEST_PAPER:
            return "light"  # a blank sheet of a colour
        raise NoLinesError(_one_tone(tone.tolist()))
    if dark + light > _NOISE_SHARE * down.size:
        raise NoLinesError(
            "no line can be told: the picture is noise without any ground; scan or export the "
            "drawing again as dark lines on light paper or on transparency"
        )
    return "light" if dark >= light else "dark"


def _by_width(sample: NDArray[np.uint8]) -> Ground:
    """Tell whether dark or light marks are the narrower ones, which are the lines.

    For pictures with much of both: black may be a shape filled on paper, or the ground. Lines
    show at their own width, what is left bare between them only at a larger one, so that marks
    of a width count the less the wider they are.
    """
    lighter_by = 0.0
    for side in _NARROW:
        box = np.ones((side, side), np.uint8)
        darker = _strongest(cv2.morphologyEx(sample, cv2.MORPH_BLACKHAT, box))
        lighter = _strongest(cv2.morphologyEx(sample, cv2.MORPH_TOPHAT, box))
        dark = np.count_nonzero((darker >= _STANDS_OUT) & (darker >= lighter))
        light = np.count_nonzero((lighter >= _STANDS_OUT) & (lighter > darker))
        lighter_by += (light - dark) / side
    return "dark" if lighter_by > 0 else "light"


def _strongest(planes: NDArray[Any]) -> NDArray[np.uint8]:
    return planes.max(axis=2) if planes.ndim == 3 else planes


def _one_tone(tone: list[int]) -> str:
    shown = tuple(tone) if len(tone) > 1 else tone[0]
    return (
        f"no line can be told: the whole picture is one dark tone, {shown}; export the lines with "
        "their transparency (RGBA) or on white paper"
    )


__all__ = ["Ground", "Layer", "NoLinesError", "on_white", "read"]
