"""Colours from a few references by similarity and style (Shi et al. 2020, sections 3.2 to 3.5).

Where the paper does not say: encoders of 64, 128 and 256 channels, the second and third
convolution of stride 2; decoder of 128, 64, 64 and 3; embedder of 32, 64, 128, 256 and 256, then
the mean over places; the latent decoders are one 3 x 3 convolution, enlarged to the picture.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, cat, nn
from torch.nn.utils.parametrizations import spectral_norm

from ant_core.training.pixels.blocks import upsampled

__all__ = ["REDUCTION", "FewReferences", "FewShotOutput", "Similarity"]

REDUCTION = 4  # of the size of the picture to that of the features
_BLOCKS = 8
_STYLE = 256  # numbers of the style vector


@dataclass(frozen=True)
class FewShotOutput:
    """What comes out of the network, all (B, 3, S, S) in [-1, 1].

    Attributes
    ----------
    picture
    similar, middle
        What the latent decoders make of the similarity layer and of the middle blocks.
    """

    picture: Tensor
    similar: Tensor
    middle: Tensor


def _encoder(inside: int, width: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    sizes = ((inside, width, 7, 1), (width, 2 * width, 4, 2), (2 * width, 4 * width, 4, 2))
    for before, after, kernel, stride in sizes:
        layers += [
            spectral_norm(nn.Conv2d(before, after, kernel, stride, (kernel - 1) // 2)),
            nn.InstanceNorm2d(after),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)


class Similarity(nn.Module):
    """Colour features of the references, moved to where the target's distance field is alike.

    Section 3.3, equations 3 to 5, with the mean over K references in place of two.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        small = channels // 8
        self.take = nn.Conv2d(2 * channels, channels, 3, 1, 1)  # m, equation 3
        self.trust = nn.Conv2d(2 * channels, channels, 3, 1, 1)  # n, equation 4
        self.target = nn.Conv2d(channels, small, 1)
        self.reference = nn.Conv2d(channels, small, 1)
        self.color = nn.Conv2d(channels, small, 1)
        self.matched = nn.Conv2d(small, channels, 1)

    def forward(self, target: Tensor, references: Tensor, colors: Tensor) -> Tensor:
        """(B, C, h, w), and (B, K, C, h, w) twice -> (B, C, h, w)."""
        batch, count, _, height, width = references.shape
        query = self.target(target).flatten(2).transpose(1, 2)
        each = references.flatten(0, 1)

        def listed(one: Tensor) -> Tensor:  # (B, c, K * h * w)
            return torch.unflatten(one, 0, (batch, count)).transpose(1, 2).flatten(2)

        map_ = (query @ listed(self.reference(each))).softmax(-1)  # over all references' places
        moved = listed(self.color(colors.flatten(0, 1))) @ map_.transpose(1, 2)
        matched = self.matched(torch.unflatten(moved, 2, (height, width)))
        both = cat([each, target.repeat_interleave(count, 0)], 1)
        taken = colors.flatten(0, 1) * self.take(both).sigmoid()
        trust = self.trust(both).sigmoid()
        mixed = (1 - trust) * matched.repeat_interleave(count, 0) + taken * trust
        return torch.unflatten(mixed, 0, (batch, count)).mean(1)


class _Styled(nn.Module):
    """A residual block whose norms take mean and spread from the style (AdaIN)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, 1, 1)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1)
        self.norm = nn.InstanceNorm2d(channels)

    def forward(self, features: Tensor, style: Tensor) -> Tensor:
        """Style: (B, 4, C, 1, 1): spread and mean of both norms."""
        inner = self.norm(self.first(features)) * (1 + style[:, 0]) + style[:, 1]
        inner = self.norm(self.second(inner.relu())) * (1 + style[:, 2]) + style[:, 3]
        return features + inner


class _Embedder(nn.Module):
    """Line art and colours of a reference -> style vector."""

    def __init__(self, width: int) -> None:
        super().__init__()
        sizes = (4, width // 2, width, 2 * width, 4 * width, _STYLE)
        layers: list[nn.Module] = []
        for inside, outside in itertools.pairwise(sizes):
            layers += [nn.Conv2d(inside, outside, 4, 2, 1), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, references: Tensor) -> Tensor:
        """(B, K, 4, S, S) -> (B, 256), the mean over references."""
        found = self.layers(references.flatten(0, 1)).mean((2, 3))
        return torch.mean(found.unflatten(0, references.shape[:2]), 1)


class FewReferences(nn.Module):
    """Line art with distance fields, and painted references -> the painted drawing.

    Parameters
    ----------
    width
        Of all channels; 1 = as above.
    similarity
        False: without the similarity layer; the references' mean features stand for it (Table 1).
    distance
        False: line art stands for distance fields (Table 1).
    """

    def __init__(
        self, width: float = 1.0, *, similarity: bool = True, distance: bool = True
    ) -> None:
        super().__init__()
        base = 8 * max(1, round(8 * width))
        channels = 4 * base
        self.line, self.color = _encoder(1, base), _encoder(3, base)
        self.distance = _encoder(1, base) if similarity else None
        self._uses_distance = distance
        self.similarity = Similarity(channels) if similarity else None
        self.embedder = _Embedder(base)
        self.style = nn.Sequential(
            nn.Linear(_STYLE, _STYLE), nn.ReLU(), nn.Linear(_STYLE, _BLOCKS * 4 * channels)
        )
        self.middle = nn.ModuleList(_Styled(channels) for _ in range(_BLOCKS))
        sizes = ((channels, 2 * base), (2 * base, base), (base, base))
        self.decoder = nn.ModuleList(
            nn.Sequential(
                spectral_norm(nn.Conv2d(inside, outside, 3, 1, 1)),
                nn.InstanceNorm2d(outside),
                nn.ReLU(),
            )
            for inside, outside in sizes
        )
        self.paint = spectral_norm(nn.Conv2d(base, 3, 3, 1, 1))
        self.latent = nn.ModuleList(nn.Conv2d(channels, 3, 3, 1, 1) for _ in range(2))

    def forward(self, target: Tensor, references: Tensor, colors: Tensor) -> FewShotOutput:
        """Paint.

        Parameters
        ----------
        target
            (B, 2, S, S) line art and distance field, in [-1, 1]; S a multiple of 4, at least 32.
        references
            (B, K, 2, S, S) the same of the references.
        colors
            (B, K, 3, S, S) in [-1, 1].
        """
        batch = references.shape[:2]
        painted = self.color(colors.flatten(0, 1)).unflatten(0, batch)
        if self.similarity is None or self.distance is None:
            similar = painted.mean(1)
        else:
            plane = 1 if self._uses_distance else 0
            there = self.distance(references[:, :, plane : plane + 1].flatten(0, 1))
            here = self.distance(target[:, plane : plane + 1])
            similar = self.similarity(here, there.unflatten(0, batch), painted)
        style = self.style(self.embedder(cat([references[:, :, :1], colors], 2)))
        style = style.unflatten(1, (_BLOCKS, 4, -1))[..., None, None]
        features = self.line(target[:, :1]) + similar
        for number, block in enumerate(self.middle):
            features = block(features, style[:, number])
        small = [
            layer(one).tanh() for layer, one in zip(self.latent, (similar, features), strict=True)
        ]
        latent = [upsampled(upsampled(one)) for one in small]
        for number, layer in enumerate(self.decoder):
            features = layer(upsampled(features) if number < 2 else features)
        return FewShotOutput(self.paint(features).tanh(), *latent)
