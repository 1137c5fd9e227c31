"""The layers that the networks are built of. Letters as in `ant_core.training.network.model`."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from ant_core.matching.flow import EVIDENCE

__all__ = [
    "PAIR_FEATURES",
    "Block",
    "FlowBias",
    "PairLinear",
    "PieceHead",
    "crop_cnn",
    "differences",
    "mlp",
    "padding_bias",
    "patch_cnn",
    "scaled",
]

PAIR_FEATURES = 11  # columns of `scaled`
_MASKED = -1e4  # added to scores of padded segments; finite, so that empty rows stay finite
_ROUNDS = 2  # of `PieceHead`: pieces beside a piece, and those beside them
_NO_SHARE = 0.02  # share of pixels that lead somewhere by chance


def mlp(*widths: int) -> nn.Sequential:
    """Build linear layers of these widths, rectified in between."""
    modules: list[nn.Module] = []
    for before, after in pairwise(widths):
        modules += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def crop_cnn(channels: tuple[int, ...], features: int) -> nn.Sequential:
    """Build a CNN (n, channels[0], 32, 32) -> (n, features) of strided 3 x 3 convolutions.

    The last map is squashed to a vector by one convolution over all of it.
    """
    modules: list[nn.Module] = []
    for before, after in pairwise(channels):
        modules += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.ReLU()]
    side = 32 >> (len(channels) - 1)
    return nn.Sequential(*modules, nn.Conv2d(channels[-1], features, side), nn.Flatten())


class _WholeMap(nn.Conv2d):
    """A convolution over all of a map at once, (n, C, H, W) -> (n, D), as one matrix product.

    Trains faster on a CPU than the convolution that it is.
    """

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, C, H, W), H and W the kernel's."""
        return nn.functional.linear(x.flatten(1), self.weight.flatten(1), self.bias)


def patch_cnn(channels: int, features: int) -> nn.Sequential:
    """Build a CNN (n, channels, 32, 32) -> (n, features) that starts with overlapping patches.

    A third of the arithmetic of `crop_cnn`, and the large maps that cost a laptop its memory
    bandwidth never exist.
    """
    patches = nn.Conv2d(channels, 48, 6, stride=4, padding=1)  # (n, 48, 8, 8)
    inner = nn.Conv2d(48, 96, 3, stride=2, padding=1)  # (n, 96, 4, 4)
    # Convolutions follow their weights' layout; with this one a CPU trains a fifth faster.
    for layer in (patches, inner):
        layer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return nn.Sequential(patches, nn.ReLU(), inner, nn.ReLU(), _WholeMap(96, features, 4))


class Attention(nn.Module):
    """Multi-head attention with an additive bias (Casey et al., equation 2)."""

    def __init__(self, features: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(features, features)
        self.key_value = nn.Linear(features, 2 * features)
        self.out = nn.Linear(features, features)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, source: Tensor, bias: Tensor) -> Tensor:
        """x: (B, N, D) asks source: (B, M, D); bias: broadcasts to (B, A, N, M)."""
        batch, _, features = x.shape
        depth = features // self.heads
        k, v = self.key_value(source).chunk(2, dim=-1)
        v = v.reshape(batch, -1, self.heads, depth).transpose(1, 2)  # (B, A, M, d)
        q = self.query(x).reshape(batch, -1, self.heads, depth).transpose(1, 2)  # (B, A, N, d)
        k = k.reshape(batch, -1, self.heads, depth).permute(0, 2, 3, 1)  # (B, A, d, M)
        scores = torch.matmul(q * depth**-0.5, k) + bias  # (B, A, N, M)
        mixed = torch.matmul(self.dropout(scores.softmax(dim=-1)), v)
        return self.out(mixed.transpose(1, 2).reshape(batch, -1, features))


class Block(nn.Module):
    """One transformer block: attention, then a point-wise network, each with a residual."""

    def __init__(self, features: int, heads: int, dropout: float, pointwise: int = 2) -> None:
        super().__init__()
        self.norm_in = nn.LayerNorm(features)
        self.attention = Attention(features, heads, dropout)
        self.norm_out = nn.LayerNorm(features)
        self.pointwise = mlp(features, pointwise * features, features)

    def forward(self, x: Tensor, source: Tensor, bias: Tensor) -> Tensor:
        """x: (B, N, D); source: (B, M, D), x itself in self-attention."""
        x = x + self.attention(self.norm_in(x), self.norm_in(source), bias)
        return x + self.pointwise(self.norm_out(x))


def padding_bias(mask: Tensor) -> Tensor:
    """(B, M) 1 = segment, 0 = padding -> additive bias (B, 1, 1, M)."""
    return (1.0 - mask)[:, None, None, :] * _MASKED


def scaled(geometry: Tensor) -> Tensor:
    """Bring geometry rows (B, N, 8) to alike ranges and add logarithms: (B, N, 11).

    Columns in: box centre x, y, width, height, content x, y, log area, frame offset.
    """
    size = geometry[..., 2:4]
    offset = geometry[..., 7:8].abs()
    columns = [
        geometry[..., :2] * 8,
        size * 2,
        (size + 1e-3).log(),
        geometry[..., 4:6] * 2,
        geometry[..., 6:7],
        (offset + 1).log(),
        (offset > 0).to(geometry.dtype),
    ]
    return torch.cat(columns, dim=-1)


def differences(layer: nn.Linear, target: Tensor, reference: Tensor) -> Tensor:
    """Apply a layer to the difference of every two rows: (B, N, F), (B, M, F) -> (B, h, N, M).

    It is linear, so it is applied to each row before they are paired.
    """
    a = layer(target).transpose(1, 2)[..., None]
    return a - nn.functional.linear(reference, layer.weight).transpose(1, 2)[:, :, None]


class PairLinear(nn.Linear):
    """A linear layer over what is known of every two segments, (B, h, N, M) -> (B, k, N, M).

    With features first it is a 1 x 1 convolution, to which ONNX Runtime joins the bias, the sum and
    the rectifier that follow: one pass over memory instead of four.
    """

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, h, N, M)."""
        return nn.functional.conv2d(x, self.weight[..., None, None], self.bias)


class FlowBias(nn.Module):
    """Scores every two segments by what flow says of them, in the light of their geometry."""

    def __init__(self, hidden: int, outputs: int) -> None:
        super().__init__()
        self.geometry = nn.Linear(PAIR_FEATURES, hidden)
        self.flow = PairLinear(2 * len(EVIDENCE) - 1, hidden, bias=False)
        self.hidden = PairLinear(hidden, hidden)
        self.out = PairLinear(hidden, outputs)
        # From nothing: a network that never met flow goes on as it was.
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, target: Tensor, reference: Tensor, flow: Tensor) -> Tensor:
        """Scaled geometry (B, N, F) and (B, M, F), flow (B, 4, N, M) -> (B, outputs, N, M)."""
        logarithms = (flow[:, 1:] + _NO_SHARE).log() - math.log(_NO_SHARE)
        pair = self.flow(torch.cat([flow, logarithms], dim=1))
        hidden = (pair + differences(self.geometry, target, reference)).relu()
        return self.out(self.hidden(hidden).relu())


class PieceHead(nn.Module):
    """Tells whether this very piece is seen, from its own evidence and that of pieces around it.

    What hides a piece hides pieces beside it, too, and pieces beside those.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.evidence = mlp(inputs, hidden, hidden)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(_ROUNDS))
        self.among = nn.ModuleList(mlp(2 * hidden, hidden, hidden) for _ in range(_ROUNDS))
        self.out = nn.Linear(hidden, 1)

    def forward(self, evidence: Tensor, adjacency: Tensor) -> Tensor:
        """Evidence (B, N, inputs), adjacency (B, N, N), rows sum to 1 -> logits (B, N)."""
        x = self.evidence(evidence).relu()
        for norm, layer in zip(self.norms, self.among, strict=True):
            normed = norm(x)
            x = x + layer(torch.cat([normed, torch.matmul(adjacency, normed)], dim=-1))
        return self.out(x.relu())[..., 0]
