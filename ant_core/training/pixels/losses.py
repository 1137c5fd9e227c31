"""What the networks that paint pixels are trained with (Lee et al. 2020, section 3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ant_core.errors import InputError

__all__ = ["Vgg19", "adversarial", "feature_matching", "perceptual_and_style", "triplet"]

_PLAN = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512)
_SEEN = (1, 6, 11, 20, 29)  # relu1_1, relu2_1, relu3_1, relu4_1, relu5_1
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def adversarial(logits: Tensor, *, real: bool) -> Tensor:
    """Cross entropy of a discriminator's logits (equation 7)."""
    wanted = torch.ones_like(logits) if real else torch.zeros_like(logits)
    return functional.binary_cross_entropy_with_logits(logits, wanted)


def feature_matching(ours: list[Tensor], true: list[Tensor]) -> Tensor:
    """L1 of a discriminator's features but its logits (Yuan and Simo-Serra 2021, equation 2)."""
    pairs = zip(ours[:-1], true[:-1], strict=True)
    return torch.stack([functional.l1_loss(one, other) for one, other in pairs]).sum()


def triplet(similarity: Tensor, source: Tensor, margin: float) -> Tensor:
    """Similarity-based triplet loss (equation 5).

    Parameters
    ----------
    similarity : (B, N, N)
        Of the drawing's cells with the reference's.
    source : (B, N) int64
        The drawing's cell that each cell of the reference shows, -1 = none. That pair is the
        positive; the negative is any other cell of the reference.
    margin : float

    Returns
    -------
    Tensor
        Mean over the cells that show one; 0 without any.
    """
    count = similarity.shape[-1]
    shown = source >= 0
    query = source.clamp(min=0)
    cell = torch.arange(count, device=source.device).expand_as(source)
    step = torch.randint(1, count, source.shape, device=source.device)
    rows = similarity.gather(1, query[..., None].expand_as(similarity))
    positive = rows.gather(2, cell[..., None])[..., 0]
    negative = rows.gather(2, ((cell + step) % count)[..., None])[..., 0]
    loss = functional.relu(negative - positive + margin) * shown
    return loss.sum() / shown.sum().clamp(min=1)


class Vgg19(nn.Module):
    """The convolutions of VGG19 up to relu5_1, with weights that the user gives.

    Parameters
    ----------
    weights : Path
        torchvision's VGG19 for ImageNet, as its state dictionary.

    Raises
    ------
    InputError
        When they are none.
    """

    def __init__(self, weights: Path) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inside = 3
        for channels in _PLAN:
            if channels:
                layers += [nn.Conv2d(inside, channels, 3, 1, 1), nn.ReLU()]
                inside = channels
            else:
                layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        try:
            stored = torch.load(weights, map_location="cpu", weights_only=True)
            own = {name: stored[name] for name in self.state_dict()}
            self.load_state_dict(own)
        except (OSError, RuntimeError, KeyError, ValueError, TypeError, EOFError) as error:
            raise InputError(
                f"{weights} holds no weights of VGG19 as torchvision stores them "
                f"({type(error).__name__}): give another file, or leave vgg empty"
            ) from error
        self.requires_grad_(requires_grad=False)

    def forward(self, picture: Tensor) -> Iterator[Tensor]:
        """(B, 3, H, W) in [-1, 1] -> relu1_1 to relu5_1."""
        mean, std = (picture.new_tensor(values)[:, None, None] for values in (_MEAN, _STD))
        features = ((picture + 1) / 2 - mean) / std
        for number, layer in enumerate(self.features):
            features = layer(features)
            if number in _SEEN:
                yield features


def perceptual_and_style(vgg: Vgg19, picture: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """L1 of activations and of their Gram matrices, summed over layers (equations 8 and 9)."""
    perceptual = picture.new_zeros(())
    style = picture.new_zeros(())
    for ours, true in zip(vgg(picture), vgg(truth), strict=True):
        perceptual = perceptual + functional.l1_loss(ours, true)
        style = style + functional.l1_loss(_gram(ours), _gram(true))
    return perceptual, style


def _gram(features: Tensor) -> Tensor:
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / (flat.shape[1] * flat.shape[2])
