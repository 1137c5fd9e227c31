"""The networks: the Animation Transformer to the letter, and our own smaller configuration.

Both share one contract, so that training, export and the run-time know only one kind of model:

    encode(crops, shape, box, adjacency) -> tokens            once a drawing, cached
    match(reference..., target..., adjacencies) -> similarity, counterpart, seen

Letters: B batch, N target segments, M reference segments (all references of a target
concatenated), D features, A attention heads. Padded rows carry mask = 0.

`ant_paper` follows Casey et al., "The Animation Transformer", ICCV 2021, sections 3.1 and 3.2.
Where the paper leaves a detail open we say so below. `ant_relative` keeps the two-stage shape and
changes what later work and our own measurements showed to matter: crops with surroundings and
shape features, message passing over segment adjacency, relative geometry between every two
segments as an attention bias (instead of absolute positions), rounds of agreement between
neighbours' matches, a "has a counterpart" head (after LightGlue's matchability) with one more for
"this very piece is seen", and a learned temperature.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from ant_core.descriptors import SHAPE_FEATURES
from ant_core.network.hints import HintJoin

__all__ = ["CONFIGS", "AntPaper", "AntRelative", "ModelConfig", "build", "distance_field"]

_MASKED = -1e4  # added to scores of padded segments; finite, so that empty rows stay finite
_PAIR_FEATURES = 11
_REACH_PX = 8  # a quarter of a crop's side
_AGREEMENT = 0.5  # first weight of a round of agreement
_NO_SUPPORT = 0.02  # share of neighbours that agree by chance; keeps the logarithm calm
_CERTAIN = 20.0  # logit of "has a counterpart" of networks that do not know
_EVIDENCE = 10  # columns of `_evidence`


@dataclass(frozen=True)
class ModelConfig:
    """What defines a network; written into checkpoints and model files."""

    name: str  # a key of CONFIGS
    features: int = 256  # D, width of a token
    heads: int = 4  # A
    layers: int = 9  # transformer blocks, alternating self- and cross-attention
    dropout: float = 0.1  # on the tokens that enter and on attention weights (paper, section 4.2)
    graph_layers: int = 0  # rounds of message passing over segment adjacency, ours only
    pair_hidden: int = 16  # hidden width of the relative-geometry network, ours only
    context_crop: bool = True  # the second pair of crops, with the surroundings, ours only
    pair_geometry: bool = True  # relative geometry as an attention bias, ours only
    counterpart: bool = True  # the "has a counterpart" head, ours only
    seen: bool = False  # the "this very piece is seen" head, ours only
    distance_field: bool = False  # a third channel of the crops, see `distance_field`, ours only
    agreement: int = 0  # rounds of agreement between neighbours' matches, ours only
    hints: bool = False  # tokens take colours in, see `ant_core.network.hints`, ours only


CONFIGS = {
    "ant_paper": ModelConfig("ant_paper"),
    "ant_relative": ModelConfig(
        "ant_relative",
        features=128,
        layers=8,
        dropout=0.0,
        graph_layers=2,
        agreement=2,
        seen=True,
    ),
}


def build(config: ModelConfig) -> AntPaper | AntRelative:
    """Build the network that a configuration names, with fresh weights."""
    return AntPaper(config) if config.name == "ant_paper" else AntRelative(config)


def _mlp(*widths: int) -> nn.Sequential:
    modules: list[nn.Module] = []
    for before, after in pairwise(widths):
        modules += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def _crop_cnn(channels: tuple[int, ...], features: int) -> nn.Sequential:
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


def _patch_cnn(channels: int, features: int) -> nn.Sequential:
    """Build a CNN (n, channels, 32, 32) -> (n, features) that starts with overlapping patches.

    A third of the arithmetic of `_crop_cnn`, and the large maps that cost a laptop its memory
    bandwidth never exist.
    """
    return nn.Sequential(
        nn.Conv2d(channels, 48, 6, stride=4, padding=1),  # (n, 48, 8, 8)
        nn.ReLU(),
        nn.Conv2d(48, 96, 3, stride=2, padding=1),  # (n, 96, 4, 4)
        nn.ReLU(),
        _WholeMap(96, features, 4),
    )


def distance_field(line: Tensor) -> Tensor:
    """Return the distance from the line, up to `_REACH_PX` pixels, over `_REACH_PX`.

    line: (n, 1, H, W) in [0, 1]. The distance is that of a king on a chess board; grey lines give
    the mean of the distances from the line at every threshold. Shi et al., "Deep Line Art Video
    Colorization with a Few References", section 3.1, match on distance fields because lines
    alone leave most pixels empty.
    """
    reached, distance = line, 1 - line
    for _ in range(_REACH_PX - 1):
        reached = nn.functional.max_pool2d(reached, 3, stride=1, padding=1)
        distance = distance + 1 - reached
    return distance / _REACH_PX


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
        k, v = self.key_value(source).chunk(2, dim=-1)
        v = v.reshape(batch, -1, self.heads, features // self.heads).transpose(1, 2)  # (B, A, M, d)
        weights = self.dropout(self._scores(x, k, bias).softmax(dim=-1))
        mixed = torch.matmul(weights, v).transpose(1, 2).reshape(batch, -1, features)
        return self.out(mixed)

    def scores(self, x: Tensor, source: Tensor, bias: Tensor) -> Tensor:
        """Return what `forward` takes the softmax of, (B, A, N, M), for losses on it."""
        return self._scores(x, self.key_value(source).chunk(2, dim=-1)[0], bias)

    def _scores(self, x: Tensor, k: Tensor, bias: Tensor) -> Tensor:
        batch, _, features = x.shape
        depth = features // self.heads
        q = self.query(x).reshape(batch, -1, self.heads, depth).transpose(1, 2)  # (B, A, N, d)
        k = k.reshape(batch, -1, self.heads, depth).permute(0, 2, 3, 1)  # (B, A, d, M)
        return torch.matmul(q * depth**-0.5, k) + bias  # (B, A, N, M)


class Block(nn.Module):
    """One transformer block: attention, then a point-wise network, each with a residual."""

    def __init__(self, features: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm_in = nn.LayerNorm(features)
        self.attention = Attention(features, heads, dropout)
        self.norm_out = nn.LayerNorm(features)
        self.pointwise = _mlp(features, 2 * features, features)

    def forward(self, x: Tensor, source: Tensor, bias: Tensor) -> Tensor:
        """x: (B, N, D); source: (B, M, D), x itself in self-attention."""
        x = x + self.attention(self.norm_in(x), self.norm_in(source), bias)
        return x + self.pointwise(self.norm_out(x))


def _padding_bias(mask: Tensor) -> Tensor:
    """(B, M) 1 = segment, 0 = padding -> additive bias (B, 1, 1, M)."""
    return (1.0 - mask)[:, None, None, :] * _MASKED


def _scaled(geometry: Tensor) -> Tensor:
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


class AntPaper(nn.Module):
    """The Animation Transformer as published; shape features and adjacency go unused.

    Left open by the paper, and chosen here: five strided convolutions as the "conventional
    backbone"; layer norm before each sub-layer; several references are concatenated.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        features = config.features
        cnn = _crop_cnn((2, 32, 64, 128, 256, features), features)
        # Convolutions follow their weights' layout; with this one a CPU trains twice as fast.
        self.cnn = cnn.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.box_mlp = _mlp(4, 64, 128, features)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(
            Block(features, config.heads, config.dropout) for _ in range(config.layers)
        )
        self.project = nn.Linear(features, features)

    def encode(self, crops: Tensor, shape: Tensor, box: Tensor, adjacency: Tensor) -> Tensor:
        """Equation 1: crops (B, N, 4, 32, 32) in [0, 1], box (B, N, 4) -> tokens (B, N, D)."""
        batch, count = crops.shape[:2]
        pictures = crops[:, :, :2].reshape(-1, 2, 32, 32)
        return self.cnn(pictures).reshape(batch, count, -1) + self.box_mlp(box)

    def match(  # noqa: PLR0917 - an exported graph's inputs are positional
        self,
        reference: Tensor,
        reference_geometry: Tensor,
        reference_mask: Tensor,
        target: Tensor,
        target_geometry: Tensor,
        target_mask: Tensor,
        reference_adjacency: Tensor,
        target_adjacency: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens (B, M, D), (B, N, D) -> similarity (B, N, M), counterpart and seen logits (B, N).

        The paper has no notion of "no counterpart": its logits are a constant, certain yes.
        """
        a, b = self.dropout(reference), self.dropout(target)
        bias_a, bias_b = _padding_bias(reference_mask), _padding_bias(target_mask)
        for index, block in enumerate(self.blocks):
            if index % 2 == 0:
                a, b = block(a, a, bias_a), block(b, b, bias_b)
            else:
                a, b = block(a, b, bias_b), block(b, a, bias_a)
        similarity = torch.matmul(self.project(b), self.project(a).transpose(1, 2))  # (B, N, M)
        similarity = similarity + _padding_bias(reference_mask)[:, 0]
        certain = torch.full_like(target_mask, _CERTAIN)
        return similarity, certain, certain


class AntRelative(nn.Module):
    """Our configuration; the docstring of this module says what differs and why."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        features, heads = config.features, config.heads
        channels = 3 if config.distance_field else 2
        self.near_cnn = _patch_cnn(channels, features)
        self.context_cnn = _patch_cnn(channels, features) if config.context_crop else None
        self.shape_mlp = _mlp(len(SHAPE_FEATURES) + 4, features, features)
        self.graph = nn.ModuleList(
            _mlp(2 * features, 2 * features, features) for _ in range(config.graph_layers)
        )
        self.graph_norm = nn.ModuleList(nn.LayerNorm(features) for _ in range(config.graph_layers))
        if config.pair_geometry:
            self.pair_geometry = nn.Linear(_PAIR_FEATURES, config.pair_hidden)
            self.pair_hidden = nn.Linear(config.pair_hidden, config.pair_hidden)
            # One row a head and cross-attention layer, and one for the final similarity.
            self.pair_out = nn.Linear(config.pair_hidden, config.layers // 2 * heads + 1)
        self.blocks = nn.ModuleList(
            Block(features, heads, config.dropout) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(features)
        self.project = nn.Linear(features, features)
        self.log_scale = nn.Parameter(torch.tensor(2.5))  # exp(2.5) = 12: cosine similarity spread
        self.counterpart = _mlp(features + 2, features // 2, 1) if config.counterpart else None
        self.seen = _mlp(features + _EVIDENCE, features // 2, 1) if config.seen else None
        weights = torch.full((config.agreement,), _AGREEMENT)
        self.agreement = nn.Parameter(weights) if config.agreement else None
        self.hints = HintJoin(features) if config.hints else None

    def encode(self, crops: Tensor, shape: Tensor, box: Tensor, adjacency: Tensor) -> Tensor:
        """Turn one drawing into tokens.

        crops: (B, N, 4, 32, 32) in [0, 1]; shape: (B, N, F); box: (B, N, 4); adjacency:
        (B, N, N), rows sum to 1 (or 0 for a segment without neighbours). Returns (B, N, D).
        """
        batch, count = crops.shape[:2]
        # Thin lines average to pale grey in coarse crops; the root brings them back.
        pictures = crops.reshape(-1, 4, 32, 32).clamp(min=1e-6).sqrt()
        x = self.near_cnn(self._channels(pictures[:, :2]))
        if self.context_cnn is not None:
            x = x + self.context_cnn(self._channels(pictures[:, 2:]))
        x = x.reshape(batch, count, -1) + self.shape_mlp(torch.cat([shape, box], dim=-1))
        for norm, layer in zip(self.graph_norm, self.graph, strict=True):
            normed = norm(x)
            x = x + layer(torch.cat([normed, torch.matmul(adjacency, normed)], dim=-1))
        return x

    def _channels(self, pictures: Tensor) -> Tensor:
        """(n, 2, 32, 32) line and mask -> what the crop networks take."""
        if not self.config.distance_field:
            return pictures
        return torch.cat([pictures, distance_field(pictures[:, :1])], dim=1)

    def _pair_bias(self, target: Tensor, reference: Tensor) -> list[Tensor]:
        """Score the relative geometry of every two segments; (B, A, N, M) a layer, (B, 1, N, M).

        Geometry rows: see `ant_core.descriptors.pair_geometry`. The first layer is linear in the
        difference of the two rows, so it is applied to each row before they are paired.
        """
        if not self.config.pair_geometry:
            return [target.new_zeros(1, 1, 1, 1)] * (self.config.layers // 2 + 1)
        a, b = self.pair_geometry(_scaled(target)), self.pair_geometry(_scaled(reference))
        bias = self.pair_geometry.bias
        hidden = (a[:, :, None] - b[:, None] + bias).relu()  # (B, N, M, h)
        out = self.pair_out(self.pair_hidden(hidden).relu()).permute(0, 3, 1, 2)
        heads = self.config.heads
        return [*out[:, :-1].split(heads, dim=1), out[:, -1:]]

    def match(  # noqa: PLR0917 - an exported graph's inputs are positional
        self,
        reference: Tensor,
        reference_geometry: Tensor,
        reference_mask: Tensor,
        target: Tensor,
        target_geometry: Tensor,
        target_mask: Tensor,
        reference_adjacency: Tensor,
        target_adjacency: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Match every target segment against all reference segments.

        reference: (B, M, D) tokens; reference_geometry: (B, M, 8), see `_pair_bias`; its mask:
        (B, M) 1 = segment; the same for the target with N; adjacencies (B, M, M), (B, N, N) as
        in `encode`, references one block each. Returns similarity (B, N, M), to be soft-maxed
        over M, the logit of "its part is in the references" (B, N) and that of "this very piece
        is seen in them" (B, N): a piece may be hidden whose part, and colour, go on elsewhere.
        """
        a, b = reference, target
        pad_a, pad_b = _padding_bias(reference_mask), _padding_bias(target_mask)
        *across, score = self._pair_bias(target_geometry, reference_geometry)
        for index, block in enumerate(self.blocks):
            if index % 2 == 0:
                a, b = block(a, a, pad_a), block(b, b, pad_b)
            else:
                bias = across[index // 2]  # (B, A, N, M)
                a, b = block(a, b, bias.transpose(2, 3) + pad_b), block(b, a, bias + pad_a)
        a, b = self.norm(a), self.norm(b)
        unit_a = nn.functional.normalize(self.project(a), dim=-1)
        unit_b = nn.functional.normalize(self.project(b), dim=-1)
        # Under mixed precision too: bfloat16 would round similarities to steps of 0.06.
        with torch.autocast(unit_b.device.type, enabled=False):
            scaled = unit_b.float() * self.log_scale.exp()
            similarity = torch.matmul(scaled, unit_a.float().transpose(1, 2))
        similarity = similarity + score[:, 0].float() + pad_a[:, 0]  # (B, N, M)
        agreed = self._agree(similarity, reference_adjacency, target_adjacency)
        if self.counterpart is None:
            certain = torch.full_like(target_mask, _CERTAIN)
            return agreed, certain, certain
        best = similarity.amax(dim=-1, keepdim=True)
        total = similarity.logsumexp(dim=-1, keepdim=True)
        counterpart = self.counterpart(torch.cat([b, best, total], dim=-1))[..., 0]
        if self.seen is None:
            return agreed, counterpart, counterpart
        geometry = target_geometry, reference_geometry
        evidence = self._evidence(agreed, pad_b, *geometry, target_adjacency)
        strength = torch.cat([best, total], dim=-1)
        seen = self.seen(torch.cat([b, strength.detach().float(), evidence], dim=-1))[..., 0]
        return agreed, counterpart, seen

    @staticmethod
    def _evidence(
        similarity: Tensor, pad: Tensor, target: Tensor, reference: Tensor, adjacency: Tensor
    ) -> Tensor:
        """Say how well a target's match holds, (B, N, _EVIDENCE - 2); teaches the matches nothing.

        similarity: (B, N, M); pad: (B, 1, 1, N) bias of padded targets; geometry rows (B, N, 8)
        and (B, M, 8). A hidden piece shares its best match with the piece that belongs there, and
        that match lies elsewhere than its neighbours' matches suggest.
        """
        with torch.autocast(similarity.device.type, enabled=False):
            similarity = similarity.detach()
            row = similarity.log_softmax(dim=-1)
            column = (similarity + pad[:, 0].transpose(1, 2)).log_softmax(dim=1)
            probability = row.exp()
            both = (row + column).amax(dim=-1, keepdim=True)
            returned = (probability * column.exp()).sum(dim=-1, keepdim=True)
            matched = torch.matmul(probability, reference.float())  # (B, N, 8)
            moved = (matched - target)[..., :2] * 8
            apart = moved - torch.matmul(adjacency, moved)
            columns = [
                both,
                torch.matmul(adjacency, both),
                row.amax(dim=-1, keepdim=True),
                (returned + _NO_SUPPORT).log(),
                moved.square().sum(dim=-1, keepdim=True).sqrt(),
                apart.square().sum(dim=-1, keepdim=True).sqrt(),
                (matched - target)[..., 6:7],
                target[..., 6:7],
            ]
            return torch.cat(columns, dim=-1)

    def _agree(self, similarity: Tensor, reference: Tensor, target: Tensor) -> Tensor:
        """Raise the similarity of pairs whose neighbours are matched with each other.

        similarity: (B, N, M); reference: (B, M, M) and target: (B, N, N) adjacency, rows sum to
        1. The support of a pair is the probability that a neighbour of the one, drawn by its
        share of the boundary, is matched with a neighbour of the other. Region adjacency graphs
        have long matched cartoon frames (Sato et al., "Reference-based manga colorization by
        graph correspondence", 2014); here each round is one step, and its weight is learned.
        """
        if self.agreement is None:
            return similarity
        with torch.autocast(similarity.device.type, enabled=False):
            for weight in self.agreement:
                probability = similarity.softmax(dim=-1)
                support = target @ probability @ reference.transpose(1, 2)  # (B, N, M)
                similarity = similarity + weight * (support + _NO_SUPPORT).log()
        return similarity
