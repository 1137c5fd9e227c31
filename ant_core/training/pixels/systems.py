"""The networks that paint pixels with what training, validation and painting need of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ant_core.training.network.self_reference import warp_map
from ant_core.training.pixels import few, scft, spatial, temporal
from ant_core.training.pixels.augment import (
    appearance,
    distance_field,
    hint_planes,
    nearest,
    network_color,
    network_line,
    picture_of,
    sampled_hints,
    source_cells,
)
from ant_core.training.pixels.blocks import Judges, PairDiscriminator, PatchDiscriminator
from ant_core.training.pixels.config import PixelConfig
from ant_core.training.pixels.losses import triplet
from ant_core.training.pixels.pictures import PictureClip

__all__ = ["SYSTEMS", "Painter", "Sample", "System", "Terms", "painter"]

Painter = Callable[[PictureClip, int, Sequence[int]], NDArray[np.uint8]]
"""Paints frames of a clip: clip, paint, painted frames -> (F, S, S, 3) levels."""

Sample = dict[str, NDArray[Any]]
Terms = dict[str, Tensor]

_STRENGTHS = (0.02, 0.08)  # weakest and strongest thin-plate spline, see `warp_map`
_TOGETHER = 4  # frames that are painted at a time


@dataclass(frozen=True)
class System:
    """One paper's.

    Attributes
    ----------
    reduction
        Sizes of pictures are multiples of it.
    network, judges
        Make them by the configuration.
    sample
        Draws one sample: arrays by name, among them `line` (1, S, S) and `truth` (3, S, S).
    painted
        Network and batch -> (B, 3, S, S) and the terms of the loss that are the paper's own.
    shown
        What the network is given of a clip: clip, paint, painted frames, number of dots -> for
        each of its calls the arrays of one item of a batch.
    """

    reduction: int
    network: Callable[[PixelConfig], nn.Module]
    judges: Callable[[PixelConfig], Judges]
    sample: Callable[[PixelConfig, PictureClip, np.random.Generator], Sample]
    painted: Callable[[PixelConfig, nn.Module, dict[str, Tensor]], tuple[Tensor, Terms]]
    shown: Callable[[PictureClip, int, Sequence[int], int], Iterator[Sample]]


def painter(config: PixelConfig, network: nn.Module, hints: int = 10) -> Painter:
    """Wrap a network; a clip's painted frames are its references.

    A network that paints by dots is given `hints` of each frame's own colours instead.
    """
    system = SYSTEMS[config.network]
    device = next(network.parameters()).device

    def paint(clip: PictureClip, kind: int, given: Sequence[int]) -> NDArray[np.uint8]:
        network.eval()
        pictures = []
        for calls in _batched(system.shown(clip, kind, given, hints), _TOGETHER):
            batch = {
                name: torch.from_numpy(np.stack([one[name] for one in calls])).to(device)
                for name in calls[0]
            }
            with torch.inference_mode():
                made = picture_of(system.painted(config, network, batch)[0])
            pictures.append(made.reshape(-1, *made.shape[-3:]))
        return np.concatenate(pictures)

    return paint


def _batched(calls: Iterator[Sample], count: int) -> Iterator[list[Sample]]:
    """Yield `count` at a time; itertools has `batched` from Python 3.12 on."""
    while together := list(islice(calls, count)):
        yield together


def _width(config: PixelConfig) -> int:
    return max(8, round(64 * config.width))


def _drawn(clip: PictureClip, rng: np.random.Generator) -> tuple[int, int, bool]:
    """Return paint, frame, and whether the clip is mirrored."""
    return (
        int(rng.integers(len(clip.paints))),
        int(rng.integers(len(clip.line))),
        rng.random() < 0.5,
    )


def _mirrored(planes: NDArray[Any], axis: int, *, mirror: bool) -> NDArray[Any]:
    return np.ascontiguousarray(np.flip(planes, axis)) if mirror else planes


def _one_frame(
    config: PixelConfig, clip: PictureClip, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the line (S, S) and the colours (S, S, 3) of a drawing, its colours moved."""
    kind, frame, mirror = _drawn(clip, rng)
    line = _mirrored(clip.line[frame], -1, mirror=mirror)
    color = _mirrored(clip.color[kind, frame], -2, mirror=mirror)
    return line, appearance(color, config.shift, rng)


# --- Lee et al. 2020


def _scft_sample(config: PixelConfig, clip: PictureClip, rng: np.random.Generator) -> Sample:
    """A drawing, its colours moved, and those bent by a thin-plate spline (section 3.2)."""
    line, truth = _one_frame(config, clip, rng)
    x, y = warp_map((line.shape[0], line.shape[1]), float(rng.uniform(*_STRENGTHS)), rng)
    outside = tuple(int(level) for level in truth[0, 0])
    bent = cv2.remap(truth, x, y, cv2.INTER_LINEAR, borderValue=outside)
    return {
        "line": network_line(line),
        "truth": network_color(truth),
        "reference": network_color(bent.astype(np.uint8)),
        "source": source_cells(x, y, line.shape[0] // scft.REDUCTION),
    }


def _scft_painted(
    config: PixelConfig, network: nn.Module, batch: dict[str, Tensor]
) -> tuple[Tensor, Terms]:
    made: scft.Transferred = network(batch["line"], batch["reference"])
    terms = {}
    if config.triplet and "source" in batch:
        terms["triplet"] = triplet(made.similarity.float(), batch["source"], config.margin)
    return made.picture.float(), terms


def _scft_shown(clip: PictureClip, kind: int, given: Sequence[int], _: int) -> Iterator[Sample]:
    for frame, line in enumerate(clip.line):
        near = clip.color[kind, nearest(given, frame)]
        yield {"line": network_line(line), "reference": network_color(near)}


# --- Shi et al. 2020


def _planes(line: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.concatenate([network_line(line), distance_field(line)])


def _few_sample(config: PixelConfig, clip: PictureClip, rng: np.random.Generator) -> Sample:
    """A frame between painted ones; their colours are moved alike, which the paper does not do.

    It has 29,834 pictures, so that one part has many colours; generated clips are fewer.
    """
    kind, frame, mirror = _drawn(clip, rng)
    others = [one for one in range(len(clip.line)) if one != frame]
    given = sorted(rng.choice(others, min(config.references, len(others)), replace=False).tolist())
    lines = _mirrored(clip.line[[frame, *given]], -1, mirror=mirror)
    colors = _mirrored(clip.color[kind, [frame, *given]], -2, mirror=mirror)
    truth, *painted = network_color(appearance(colors, config.shift, rng))
    target, *references = (_planes(line) for line in lines)
    return {
        "line": target[:1],
        "target": target,
        "truth": truth,
        "references": np.stack(references),
        "colors": np.stack(painted),
    }


def _few_painted(
    config: PixelConfig, network: nn.Module, batch: dict[str, Tensor]
) -> tuple[Tensor, Terms]:
    made: few.FewShotOutput = network(batch["target"], batch["references"], batch["colors"])
    terms = {}
    if config.latent and "truth" in batch:
        latents = (made.similar.float(), made.middle.float())
        terms["latent"] = sum(
            (functional.l1_loss(one, batch["truth"]) for one in latents), made.picture.new_zeros(())
        )
    return made.picture.float(), terms


def _few_shown(clip: PictureClip, kind: int, given: Sequence[int], _: int) -> Iterator[Sample]:
    references = np.stack([_planes(clip.line[one]) for one in given])
    colors = network_color(clip.color[kind, list(given)])
    for line in clip.line:
        yield {"target": _planes(line), "references": references, "colors": colors}


def _temporal_sample(config: PixelConfig, clip: PictureClip, rng: np.random.Generator) -> Sample:
    """Frames one after another, the first and the last of them painted (section 4.1)."""
    kind, _, mirror = _drawn(clip, rng)
    count = min(config.frames, len(clip.line))
    first = int(rng.integers(len(clip.line) - count + 1))
    window = slice(first, first + count)
    lines = _mirrored(clip.line[window], -1, mirror=mirror)
    colors = _mirrored(clip.color[kind, window], -2, mirror=mirror)
    truth = network_color(appearance(colors, config.shift, rng))
    planes = np.stack([_planes(line) for line in lines])
    known = np.arange(count) % (count - 1) == 0
    given = {"planes": planes, "colors": truth, "known": known}
    return {"line": planes[:, :1], "truth": truth, **given}


def _temporal_painted(
    _: PixelConfig, network: nn.Module, batch: dict[str, Tensor]
) -> tuple[Tensor, Terms]:
    pictures: Tensor = network(batch["planes"], batch["known"][0], batch["colors"])
    return pictures.float(), {}


def _few_network(config: PixelConfig) -> few.FewReferences:
    return few.FewReferences(config.width, similarity=config.similarity, distance=config.distance)


def _temporal_clip(clip: PictureClip, kind: int, given: Sequence[int]) -> Sample:
    known = np.isin(np.arange(len(clip.line)), list(given))
    return {
        "planes": np.stack([_planes(line) for line in clip.line]),
        "colors": network_color(clip.color[kind]) * known[:, None, None, None],
        "known": known,
    }


# --- Yuan and Simo-Serra 2021


def _spatial_sample(config: PixelConfig, clip: PictureClip, rng: np.random.Generator) -> Sample:
    line, truth = _one_frame(config, clip, rng)
    places = sampled_hints((line.shape[0], line.shape[1]), rng)
    return {
        "line": network_line(line),
        "truth": network_color(truth),
        "hints": hint_planes(truth, places),
    }


def _spatial_painted(
    _: PixelConfig, network: nn.Module, batch: dict[str, Tensor]
) -> tuple[Tensor, Terms]:
    picture: Tensor = network(batch["line"], batch["hints"])
    return picture.float(), {}


def _spatial_shown(clip: PictureClip, kind: int, _: Sequence[int], hints: int) -> Iterator[Sample]:
    """Each frame with dots of its own true colours."""
    for frame, (line, truth) in enumerate(zip(clip.line, clip.color[kind], strict=True)):
        places = sampled_hints((line.shape[0], line.shape[1]), np.random.default_rng(frame), hints)
        yield {"line": network_line(line), "hints": hint_planes(truth, places)}


SYSTEMS = {
    "scft": System(
        scft.REDUCTION,
        lambda config: scft.Scft(config.width),
        lambda config: Judges([PatchDiscriminator(_width(config))]),
        _scft_sample,
        _scft_painted,
        _scft_shown,
    ),
    "few_references": System(
        few.REDUCTION,
        _few_network,
        lambda config: Judges([PairDiscriminator(_width(config))]),
        _few_sample,
        _few_painted,
        _few_shown,
    ),
    "temporal": System(
        temporal.REDUCTION,
        lambda config: temporal.Temporal(_few_network(config), config.width),
        lambda config: Judges([temporal.TemporalDiscriminator(_width(config))]),
        _temporal_sample,
        _temporal_painted,
        lambda clip, kind, given, _: iter([_temporal_clip(clip, kind, given)]),
    ),
    "spatial_attention": System(
        spatial.REDUCTION,
        lambda config: spatial.SpatialAttention(config.width, attention=config.attention),
        lambda config: Judges([PatchDiscriminator(_width(config)) for _ in range(3)]),
        _spatial_sample,
        _spatial_painted,
        _spatial_shown,
    ),
}
