"""What is paper and what is ink: any picture to darkness against its own ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segmentation import _line_kernels as kernels
from segmentation.paper import block_side, blocks_of, fit, tones, uneven

Ground = Literal["light", "dark", "transparent"]

# Darker than this is no ordinary paper, which may be grey or tinted (scans).
_DARKEST_PAPER = 96
# Paper of more colour than this is compared channel by channel.
_TINTED = 16
# Pixels that the ground is judged by: every n-th along both axes, to about this many.
_SAMPLES = 70_000
# A pixel this far from the middle tone of its surroundings stands out from them.
_STANDS_OUT = 24
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
    ground : what the lines lie on
    white : (H, W, 1 | 3) uint8, the lines as if on white paper; None where the picture's own
        pixels show them so
    """

    darkness: NDArray[np.uint8]
    trace: NDArray[np.uint8]
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
        darkness = 255 - pixels[:, :, 0]
        trace = np.zeros((height, width), np.uint8)
    else:
        opaque = channels == 3 or _has_paper(pixels)
        darkness, trace = kernels.coloured(pixels, opaque)
        if not opaque:
            return Layer(darkness, trace, "transparent")
    counts = kernels.histogram(darkness)
    light = counts[:_DARKEST_PAPER]
    tone = int(light.argmax()) if light.sum() * 5 >= counts.sum() else 0
    step = max(1, round(np.sqrt(height * width / _SAMPLES)))
    side = block_side((height, width), step)
    sample = on_white(np.ascontiguousarray(pixels[::step, ::step]))
    blocks = blocks_of(sample, side)
    ground: Ground = "light"
    if light.sum() * 2 < counts.sum():
        ground = _vote(blocks)
    plain = ground == "light" and light.sum() * 5 >= counts.sum()
    if plain and not _tinted(sample, darkness[::step, ::step], tone):
        lightest = blocks_of(255 - darkness[::step, ::step, None], side)
        if not uneven(tones(lightest), 255 - _DARKEST_PAPER):
            return Layer(_above(darkness, tone), trace, ground)
    paper = fit(tones(blocks if ground == "light" else 255 - blocks), side * step)
    flat = np.ascontiguousarray(on_white(pixels))
    darkness, white = kernels.against(flat, paper.tones, paper.side_px, ground == "dark")
    if white.shape[2] == 3:
        _, trace = kernels.coloured(white, True)
    return Layer(darkness, trace, ground, white)


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


def _above(darkness: NDArray[np.uint8], tone: int) -> NDArray[np.uint8]:
    """Measure darkness from the paper's tone on."""
    if tone == 0:
        return darkness
    table = np.clip((np.arange(256) - tone) * 255.0 / (255 - tone), 0, 255)
    return np.rint(table).astype(np.uint8)[darkness]


def _tinted(sample: NDArray[np.uint8], darkness: NDArray[np.uint8], tone: int) -> bool:
    """Tell whether the paper has a colour."""
    if sample.shape[2] == 1:
        return False
    paper = sample[np.abs(darkness.astype(np.int16) - tone) <= 2]
    return bool(paper.size and np.ptp(paper.mean(axis=0)) > _TINTED)


def _vote(blocks: NDArray[np.uint8]) -> Ground:
    """Tell whether the lines are darker or lighter than what is around them.

    Where a picture is not mostly light, solid black may be a filled shape on paper or the
    ground. Lines stand out from their surroundings: each sampled pixel is compared with the
    middle tone of its block, and the side on which more stand out is the ink.
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


def _one_tone(tone: list[int]) -> str:
    shown = tuple(tone) if len(tone) > 1 else tone[0]
    return (
        f"no line can be told: the whole picture is one dark tone, {shown}; export the lines with "
        "their transparency (RGBA) or on white paper"
    )


__all__ = ["Ground", "Layer", "NoLinesError", "on_white", "read"]
