"""What a network that paints pixels reaches on clips it has not seen, beside plain ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ant_core.training.evaluation.pixel_metrics import (
    corresponding,
    frechet,
    patch_psnr,
    psnr,
    ssim,
    warp_error,
)
from ant_core.training.pixels.augment import nearest, network_color, spaced
from ant_core.training.pixels.pictures import PictureClip
from ant_core.training.pixels.scft import Scft
from ant_core.training.pixels.systems import Painter

__all__ = ["Encoder", "encoder", "measure", "painted_psnr"]

Encoder = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Gives features of pictures: (N, S, S, 3) levels -> (N, D)."""

_PLACES = 60  # tried a frame for SC-PSNR
_NEARER = 0.02  # heights of a character, between two pixels that show the same point
_HALF = 2  # SC-PSNR's patches are 5 pixels a side


def _frames(clip: PictureClip, count: int) -> tuple[tuple[int, ...], list[int]]:
    """Return the painted frames and the others."""
    given = spaced(len(clip.line), count)
    return given, [frame for frame in range(len(clip.line)) if frame not in given]


def painted_psnr(paint: Painter, clips: Sequence[PictureClip], count: int) -> float:
    """Return the mean PSNR in dB of all frames that are not painted, `count` of a clip being so."""
    values = []
    for clip in clips:
        given, others = _frames(clip, count)
        for kind in range(len(clip.paints)):
            pictures = paint(clip, kind, given)
            values += [psnr(pictures[frame], clip.color[kind, frame]) for frame in others]
    return float(np.mean(values))


def encoder(network: Scft) -> Encoder:
    """Return what gives features of pictures by a trained network's reference encoder.

    Means over places of its last map, (N, 256) at full width.
    """
    device = next(network.parameters()).device

    def encode(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            colors = torch.from_numpy(network_color(pictures)).to(device)
            found: Tensor = network.eval().reference(colors)[-1].mean((2, 3))
        return found.float().cpu().numpy()

    return encode


def measure(
    paint: Painter, clips: Sequence[PictureClip], count: int = 1, encode: Encoder | None = None
) -> dict[str, float]:
    """Score a way to paint on clips of which `count` frames are painted, evenly spaced.

    Parameters
    ----------
    encode
        Gives the features of the Frechet distance; None: it is not measured.

    Returns
    -------
    dict of str to float
        psnr and psnr_inside (painted pixels alone) in dB, ssim, sc_psnr in dB, warp_error and
        warp_error_truth in levels: means over frames. frechet: of all frames. Without exact clips
        sc_psnr and the warp errors are left out.
    """
    found: dict[str, list[float | None]] = defaultdict(list)
    features: tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]] = [], []
    for clip in clips:
        given, others = _frames(clip, count)
        near = {frame: nearest(given, frame) for frame in others}
        exact = others if clip.is_exact else []
        places = {frame: _places(clip, frame, near[frame]) for frame in exact}
        for kind in range(len(clip.paints)):
            pictures = paint(clip, kind, given)
            if encode is not None:
                for kept, shown in zip(features, (pictures, clip.color[kind]), strict=True):
                    kept.append(encode(shown[others]))
            for frame in others:
                found_here = _scores(clip, kind, frame, pictures)
                if frame in places:
                    pair = pictures[frame], clip.color[kind, near[frame]]
                    found_here["sc_psnr"] = patch_psnr(*pair, places[frame], _HALF)
                for name, value in found_here.items():
                    found[name].append(value)
    means = {
        name: float(np.mean([value for value in values if value is not None]))
        for name, values in found.items()
        if any(value is not None for value in values)
    }
    if encode is not None:
        means["frechet"] = frechet(*(np.concatenate(kept) for kept in features))
    return means


def _places(
    clip: PictureClip, frame: int, near: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return places that frame and reference share, the same for every way and paint."""
    here, there = (clip.ids[frame], clip.rest[frame]), (clip.ids[near], clip.rest[near])
    return corresponding(here, there, _PLACES, _NEARER, np.random.default_rng(frame))


def _scores(
    clip: PictureClip, kind: int, frame: int, pictures: NDArray[np.uint8]
) -> dict[str, float | None]:
    one, true = pictures[frame], clip.color[kind, frame]
    inside = clip.ids[frame] > 0
    found = {
        "psnr": psnr(one, true),
        "psnr_inside": psnr(one, true, inside) if inside.any() else None,
        "ssim": ssim(one, true),
    }
    if frame and clip.is_exact:
        pair = clip.flow[frame - 1], clip.ids[frame - 1 : frame + 1]
        found["warp_error"] = warp_error(pictures[frame - 1], one, *pair)
        found["warp_error_truth"] = warp_error(clip.color[kind, frame - 1], true, *pair)
    return found
