"""Colours that stay from frame to frame (Shi et al. 2020, sections 3.2 and 3.5).

Frames that the network for few references has painted, and those painted by hand, go through
gated convolutions over time. Their shift over time is learned (Chang et al. 2019, LGTSM, as the
paper uses it): every channel mixes three frames, a quarter of them begins as the frame before, a
quarter as the frame after.

Where the paper does not say: 64, 128 and 256 channels; dilations of 2, 4, 8 and 16. A departure:
the output is added to the colours that were given, so that few hours are enough to learn.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, cat, nn
from torch.nn.utils.parametrizations import spectral_norm

from ant_core.training.pixels.blocks import upsampled
from ant_core.training.pixels.few import FewReferences

__all__ = ["REDUCTION", "Shifted", "Temporal", "TemporalDiscriminator"]

REDUCTION = 8
_DILATIONS = (2, 4, 8, 16)
_SLOPE = 0.2


class Shifted(nn.Module):
    """A learned shift over time before a convolution of each frame, gated or not."""

    def __init__(
        self, inside: int, outside: int, stride: int = 1, dilation: int = 1, *, gated: bool = True
    ) -> None:
        super().__init__()
        self.shift = nn.Conv1d(inside, inside, 3, padding=1, groups=inside, bias=False)
        with torch.no_grad():
            self.shift.weight.zero_()
            quarter = inside // 4
            self.shift.weight[:quarter, 0, 0] = 1
            self.shift.weight[quarter : 2 * quarter, 0, 2] = 1
            self.shift.weight[2 * quarter :, 0, 1] = 1

        def layer() -> nn.Module:
            return spectral_norm(nn.Conv2d(inside, outside, 3, stride, dilation, dilation))

        self.features = layer()
        self.gate = layer() if gated else None

    def forward(self, frames: Tensor) -> Tensor:
        """(B, T, C, H, W) -> (B, T, D, h, w)."""
        batch, count, channels, height, width = frames.shape
        lines = frames.permute(0, 3, 4, 2, 1).reshape(-1, channels, count)
        moved = self.shift(lines).reshape(batch, height, width, channels, count)
        each = moved.permute(0, 4, 3, 1, 2).flatten(0, 1)
        found = nn.functional.leaky_relu(self.features(each), _SLOPE)
        if self.gate is not None:
            found = found * self.gate(each).sigmoid()
        return torch.unflatten(found, 0, (batch, count))


def _larger(frames: Tensor) -> Tensor:
    return torch.unflatten(upsampled(frames.flatten(0, 1)), 0, frames.shape[:2])


class Temporal(nn.Module):
    """Frames of line art, some of them painted -> all frames painted.

    Parameters
    ----------
    color
        Trained before; it learns nothing here.
    width
        Of all channels; 1 = as above.
    """

    def __init__(self, color: FewReferences, width: float = 1.0) -> None:
        super().__init__()
        self.color = color.requires_grad_(requires_grad=False)
        base = max(8, round(64 * width))
        sizes = (4, base, 2 * base, 4 * base)
        steps = list(itertools.pairwise(sizes))
        self.encoder = nn.Sequential(*(Shifted(before, after, 2) for before, after in steps))
        self.middle = nn.Sequential(
            *(Shifted(4 * base, 4 * base, dilation=dilation) for dilation in _DILATIONS)
        )
        back = ((4 * base, 2 * base), (2 * base, base), (base, base))
        self.decoder = nn.ModuleList(Shifted(before, after) for before, after in back)
        self.paint = nn.Conv2d(base, 3, 3, 1, 1)

    def colored(self, planes: Tensor, known: Tensor, colors: Tensor) -> Tensor:
        """Paint each frame alone, those that are known as they are.

        Parameters
        ----------
        planes
            (B, T, 2, S, S) line art and distance fields.
        known
            (T,) bool.
        colors
            (B, T, 3, S, S); frames that are not known are not looked at.
        """
        made = colors.clone()
        self.color.eval()
        with torch.no_grad():
            alone = planes[:, ~known]
            given = (
                one[:, None].expand(-1, alone.shape[1], *one.shape[1:]).flatten(0, 1)
                for one in (planes[:, known], colors[:, known])
            )
            painted: Tensor = self.color(alone.flatten(0, 1), *given).picture
            made[:, ~known] = torch.unflatten(painted.to(made.dtype), 0, alone.shape[:2])
        return made

    def forward(self, planes: Tensor, known: Tensor, colors: Tensor) -> Tensor:
        """As `colored`, then made steady: (B, T, 3, S, S) in [-1, 1]; known frames too."""
        made = self.colored(planes, known, colors)
        features = self.middle(self.encoder(cat([planes[:, :, :1], made], 2)))
        for layer in self.decoder:
            features = layer(_larger(features))
        change = torch.unflatten(self.paint(features.flatten(0, 1)), 0, features.shape[:2])
        return (made + change).clamp(-1, 1)


class TemporalDiscriminator(nn.Module):
    """Tells whether a sequence of frames is real: five convolutions over time."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        sizes = (4, width, 2 * width, 4 * width, 8 * width)
        self.layers = nn.ModuleList(
            Shifted(before, after, 2, gated=False) for before, after in itertools.pairwise(sizes)
        )
        self.last = spectral_norm(nn.Conv2d(8 * width, 1, 3, 1, 1))

    def forward(self, line: Tensor, pictures: Tensor) -> list[Tensor]:
        """(B, T, 1, H, W) and (B, T, 3, H, W) -> features, the last (B * T, 1, h, w) logits."""
        features, found = cat([line, pictures], 2), []
        for layer in self.layers:
            features = layer(features)
            found.append(features)
        return [*found, self.last(features.flatten(0, 1))]
