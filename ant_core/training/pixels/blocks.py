"""What the networks that paint pixels are made of, and their discriminators."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from torch import Tensor, cat, nn
from torch.nn.utils.parametrizations import spectral_norm

__all__ = [
    "Judges",
    "PairDiscriminator",
    "PatchDiscriminator",
    "Residual",
    "convolution",
    "plain_convolution",
    "two_convolutions",
    "upsampled",
]

_SLOPE = 0.2  # of leaky ReLU


def plain_convolution(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    """3 x 3, leaky ReLU: for what colours pass through, because a norm takes their level away."""
    layer = nn.Conv2d(inside, outside, 3, stride, 1)
    nn.init.kaiming_normal_(layer.weight, _SLOPE)
    return nn.Sequential(layer, nn.LeakyReLU(_SLOPE))


def convolution(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    """3 x 3, instance norm, leaky ReLU."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, 1),
        nn.InstanceNorm2d(outside, affine=True),
        nn.LeakyReLU(_SLOPE),
    )


def upsampled(features: Tensor) -> Tensor:
    """Return features at twice the size."""
    return nn.functional.interpolate(features, scale_factor=2.0, mode="nearest")


def two_convolutions(channels: int) -> nn.Sequential:
    """Convolution, norm and leaky ReLU, then convolution and norm."""
    return nn.Sequential(
        convolution(channels, channels),
        nn.Conv2d(channels, channels, 3, 1, 1),
        nn.InstanceNorm2d(channels, affine=True),
    )


class Residual(nn.Module):
    """Two convolutions beside an identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = two_convolutions(channels)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) -> the same."""
        sum_: Tensor = features + self.inner(features)
        return sum_


class _Discriminator(nn.Module):
    layers: nn.ModuleList

    def forward(self, line: Tensor, picture: Tensor) -> list[Tensor]:
        """(B, 1, H, W) and (B, 3, H, W) -> features of each layer, the last (B, 1, h, w) logits."""
        features, found = cat([line, picture], 1), []
        for layer in self.layers:
            features = layer(features)
            found.append(features)
        return found


class PatchDiscriminator(_Discriminator):
    """Tells painted pictures from real ones, given the line art: one logit for each 70 x 70 patch.

    Isola et al. 2017, as the papers cite it; instance norm in place of batch norm.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        leaky = nn.LeakyReLU(_SLOPE)
        self.layers = nn.ModuleList([nn.Sequential(nn.Conv2d(4, width, 4, 2, 1), leaky)])
        for factor, stride in ((1, 2), (2, 2), (4, 1)):
            outside = 2 * factor * width
            inner = nn.Conv2d(factor * width, outside, 4, stride, 1)
            self.layers.append(nn.Sequential(inner, nn.InstanceNorm2d(outside, affine=True), leaky))
        self.layers.append(nn.Conv2d(8 * width, 1, 4, 1, 1))


class PairDiscriminator(_Discriminator):
    """Tells whether a pair of line art and picture is real (Shi et al. 2020, section 3.5).

    Five convolutions with leaky ReLU, all but the last with spectral norm.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        leaky = nn.LeakyReLU(_SLOPE)
        sizes = (4, width, 2 * width, 4 * width, 8 * width)
        self.layers = nn.ModuleList(
            nn.Sequential(spectral_norm(nn.Conv2d(inside, outside, 4, 2, 1)), leaky)
            for inside, outside in itertools.pairwise(sizes)
        )
        self.layers.append(nn.Conv2d(8 * width, 1, 3, 1, 1))


class Judges(nn.Module):
    """Equal discriminators that look at a pair at its size, half of it, and so on.

    Wang et al. 2018, pix2pixHD, as Yuan and Simo-Serra 2021 use it (section 3.2).
    """

    def __init__(self, scales: Sequence[nn.Module]) -> None:
        super().__init__()
        self.scales = nn.ModuleList(scales)

    def forward(self, line: Tensor, picture: Tensor) -> list[list[Tensor]]:
        """Line art and pictures -> for each scale, features of each layer and logits."""
        found = []
        for number, judge in enumerate(self.scales):
            if number:
                line, picture = (nn.functional.avg_pool2d(one, 2) for one in (line, picture))
            found.append(judge(line, picture))
        return found
