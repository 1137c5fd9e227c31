"""Spatially corresponding feature transfer (Lee et al. 2020, sections 3.1 and 3.3).

The paper's layers are in a supplement that is not available. Chosen here: encoders of ten 3 x 3
convolutions of 16, 16, 32, 32, 64, 64, 128, 128, 256 and 256 channels, every other one from the
third to the seventh of stride 2, so that attention is at an eighth of the size; d_v is their sum,
992; a 1 x 1 convolution to 256, four residual blocks, and a decoder that takes the sketch encoder's
features at each size. What colours pass through, the reference's encoder and the decoder, has no
norm: with instance norm, colours that were all moved by one amount could not be told.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, cat, nn

from ant_core.training.pixels.blocks import Residual, convolution, plain_convolution, upsampled

__all__ = ["REDUCTION", "Scft", "Transferred"]

REDUCTION = 8  # of the size of the picture to that of the attention
_CHANNELS = (16, 16, 32, 32, 64, 64, 128, 128, 256, 256)
_STRIDES = (1, 1, 2, 1, 2, 1, 2, 1, 1, 1)
_BLOCKS = 4


@dataclass(frozen=True)
class Transferred:
    """What comes out of the network.

    Attributes
    ----------
    picture
        (B, 3, S, S) in [-1, 1].
    similarity
        (B, N, N) scaled dot products of the drawing's cells with the reference's, N = (S / 8)^2.
    """

    picture: Tensor
    similarity: Tensor


class _Encoder(nn.Module):
    def __init__(
        self, inside: int, channels: list[int], layer: Callable[[int, int, int], nn.Sequential]
    ) -> None:
        super().__init__()
        pairs = zip([inside, *channels[:-1]], channels, _STRIDES, strict=True)
        self.layers = nn.ModuleList(layer(*pair) for pair in pairs)

    def forward(self, picture: Tensor) -> list[Tensor]:
        maps = []
        for layer in self.layers:
            picture = layer(picture)
            maps.append(picture)
        return maps


def _gathered(maps: list[Tensor]) -> Tensor:
    """All maps at the size of the last, one after another (equation 1)."""
    size = (maps[-1].shape[-2], maps[-1].shape[-1])
    return cat([nn.functional.adaptive_avg_pool2d(one, size) for one in maps], 1)


class Scft(nn.Module):
    """Line art and a painted reference -> the painted drawing.

    Parameters
    ----------
    width
        Of all channels; 1 = as above.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        channels = [round(width * count) for count in _CHANNELS]
        depth, inner = sum(channels), channels[-1]
        self.sketch = _Encoder(1, channels, convolution)
        self.reference = _Encoder(3, channels, plain_convolution)
        self.query = nn.Linear(depth, depth, bias=False)
        self.key = nn.Linear(depth, depth, bias=False)
        self.value = nn.Linear(depth, depth, bias=False)
        self.reduce = nn.Conv2d(depth, inner, 1)
        self.blocks = nn.Sequential(*(Residual(inner) for _ in range(_BLOCKS)))
        quarter, half, whole = channels[5], channels[3], channels[1]
        self.up = nn.ModuleList(
            [
                plain_convolution(inner + quarter, channels[7]),
                plain_convolution(channels[7] + half, quarter),
                plain_convolution(quarter + whole, half),
            ]
        )
        self.paint = nn.Conv2d(half, 3, 3, 1, 1)

    def forward(self, line: Tensor, reference: Tensor) -> Transferred:
        """(B, 1, S, S) and (B, 3, S, S); S a multiple of 8."""
        maps = self.sketch(line)
        drawn = _gathered(maps)
        cells = drawn.flatten(2).transpose(1, 2)
        painted = _gathered(self.reference(reference)).flatten(2).transpose(1, 2)
        similarity = self.query(cells) @ self.key(painted).transpose(1, 2)
        similarity = similarity / math.sqrt(cells.shape[-1])  # equation 2
        moved = similarity.softmax(-1) @ self.value(painted)  # equation 3
        features = (cells + moved).transpose(1, 2).reshape(drawn.shape)  # equation 4
        features = self.blocks(self.reduce(features))
        for layer, beside in zip(self.up, (maps[5], maps[3], maps[1]), strict=True):
            features = layer(cat([upsampled(features), beside], 1))
        return Transferred(self.paint(features).tanh(), similarity)
