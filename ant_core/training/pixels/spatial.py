"""Colours from dots by concatenation and spatial attention (Yuan and Simo-Serra 2021, section 3).

Where the paper does not say: 64, 128, 256, 512 and 512 channels, each half the size of the one
before; hints are their colours with a mask beside them, so that a dot of middle grey is not no dot.
A departure: the paper takes the features of the hints from VGG19 (conv4_4), which has learned from
ImageNet; here they come from four convolutions of stride 2 that are learned with the rest. Norms
are in the blocks alone, beside the identity: elsewhere they would take away how light a dot is.
"""

from __future__ import annotations

import itertools

from torch import Tensor, cat, nn

from ant_core.training.pixels.blocks import plain_convolution, two_convolutions

__all__ = ["REDUCTION", "SpatialAttention"]

REDUCTION = 16  # of the size of the picture to that of the blocks
_BLOCKS = 8
_CHANNELS = (64, 128, 256, 512, 512)


class _Attended(nn.Module):
    """A residual block whose output is weighed, place by place, by what the hints say."""

    def __init__(self, channels: int, *, attention: bool) -> None:
        super().__init__()
        self.processed = two_convolutions(channels)
        self.weight = (
            nn.Sequential(
                nn.Conv2d(2 * channels, channels, 3, 1, 1),
                nn.ReLU(),
                nn.Conv2d(channels, channels, 3, 1, 1),
                nn.Sigmoid(),
            )
            if attention
            else None
        )

    def forward(self, features: Tensor, hints: Tensor) -> Tensor:
        processed = self.processed(features)
        if self.weight is not None:
            processed = processed * self.weight(cat([processed, hints], 1))
        return features + processed


class SpatialAttention(nn.Module):
    """Line art and dots of colour -> the painted drawing.

    Parameters
    ----------
    width
        Of all channels; 1 = as above.
    attention
        False: without the paper's module; hints are seen at the input alone (Table 1).
    """

    def __init__(self, width: float = 1.0, *, attention: bool = True) -> None:
        super().__init__()
        channels = [max(8, round(width * count)) for count in _CHANNELS]
        inner = channels[-1]
        pairs = list(itertools.pairwise(channels))
        self.enter = plain_convolution(1 + 4, channels[0])
        self.down = nn.ModuleList(
            plain_convolution(inside, outside, 2) for inside, outside in pairs
        )
        steps = zip([4, *channels[:-2]], channels[:-1], strict=True)
        self.seen = nn.Sequential(
            *(plain_convolution(inside, outside, 2) for inside, outside in steps)
        )
        self.hints = nn.Sequential(
            plain_convolution(channels[-2], inner),
            plain_convolution(inner, inner),
            plain_convolution(inner, inner),
        )
        self.blocks = nn.ModuleList(_Attended(inner, attention=attention) for _ in range(_BLOCKS))
        up = [
            nn.ConvTranspose2d(2 * outside, inside, 4, 2, 1) for inside, outside in reversed(pairs)
        ]
        for layer in up:
            nn.init.kaiming_normal_(layer.weight, mode="fan_out")
        self.up = nn.ModuleList(up)
        self.paint = nn.Conv2d(2 * channels[0], 3, 3, 1, 1)

    def forward(self, line: Tensor, hints: Tensor) -> Tensor:
        """(B, 1, S, S), and (B, 4, S, S) colours with their mask -> (B, 3, S, S).

        All in [-1, 1] but the mask, which is 1 where there is a hint and else 0, as the colours
        are then. S is a multiple of 16.
        """
        features = self.enter(cat([line, hints], 1))
        beside = [features]
        for layer in self.down:
            features = layer(features)
            beside.append(features)
        seen = self.hints(self.seen(hints))
        for block in self.blocks:
            features = block(features, seen)
        for layer in self.up:
            features = layer(cat([features, beside.pop()], 1)).relu()
        picture: Tensor = self.paint(cat([features, beside.pop()], 1)).tanh()
        return picture
