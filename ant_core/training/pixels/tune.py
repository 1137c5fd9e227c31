"""Fine-tuning on the few painted frames of a shot (Shi et al. 2020, section 4.5).

There, a trained network learns a new style from 8 to 40 sequences of it. Here it learns from what
one shot gives: its painted frames, each painted from the others. Colours are not moved, since they
are what is to be learned, and no discriminator takes part: it would have to begin from nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ant_core.errors import UsageError
from ant_core.training.pixels.config import PixelConfig
from ant_core.training.pixels.pictures import PictureClip
from ant_core.training.pixels.systems import Painter, painter
from ant_core.training.pixels.train import PixelRun, batches

__all__ = ["tuned", "tuned_painter"]


def tuned(
    config: PixelConfig,
    network: nn.Module,
    clip: PictureClip,
    kind: int,
    given: Sequence[int],
    steps: int,
) -> nn.Module:
    """Return a copy of a network that has learned from a clip's painted frames alone.

    Parameters
    ----------
    network
        scft, or few_references with two painted frames or more; it stays as it is.
    kind
        Number of the paint.
    given
        Painted frames.
    steps
        Of `config.batch` pictures.

    Raises
    ------
    UsageError
        When the network is another, or too few frames are painted for it.
    """
    least = {"scft": 1, "few_references": 2}.get(config.network)
    if least is None:
        raise UsageError(f"{config.network} cannot be tuned: name a scft or few_references")
    if len(given) < least:
        raise UsageError(f"{config.network} is tuned on {least} painted frames or more: paint more")
    frames = list(given)
    seen = replace(
        clip,
        paints=clip.paints[kind : kind + 1],
        line=clip.line[frames],
        color=clip.color[kind : kind + 1, frames],
    )
    device = next(network.parameters()).device
    own = replace(
        config, shift=0, adversarial=0.0, vgg="", device="cuda" if device.type == "cuda" else "cpu"
    )
    run = PixelRun(own, None)
    run.network.load_state_dict(network.state_dict())
    run.network.train()
    source = batches(own, [seen], np.random.default_rng(config.seed))
    for _ in range(steps):
        run.step(next(source))
    return run.network.eval()


def tuned_painter(config: PixelConfig, network: nn.Module, steps: int) -> Painter:
    """Wrap a network that is tuned on each clip and paint before it paints it."""

    def paint(clip: PictureClip, kind: int, given: Sequence[int]) -> NDArray[np.uint8]:
        own = tuned(config, network, clip, kind, given, steps)
        return painter(config, own)(clip, kind, given)

    return paint
