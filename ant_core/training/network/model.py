"""The networks: the Animation Transformer to the letter, and our own smaller configuration.

Both share one contract, so that training, export and the run-time know only one kind of model:

    encode(crops, shape, box, adjacency) -> tokens            once a drawing, cached
    match(reference..., target..., adjacencies, flow) -> similarity, counterpart, seen

Letters: B batch, N target segments, M reference segments (all references of a target
concatenated), D features, A attention heads. Padded rows carry mask = 0.

`ant_paper` follows Casey et al., "The Animation Transformer", ICCV 2021, sections 3.1 and 3.2.
Where the paper leaves a detail open we say so below. `ant_relative` keeps the two-stage shape and
changes what later work and our own measurements showed to matter: crops with surroundings and
shape features, message passing over segment adjacency, relative geometry between every two
segments as an attention bias (instead of absolute positions) with what optical flow says of them
in it, rounds of agreement between
neighbours' matches, a "has a counterpart" head (after LightGlue's matchability) with one more for
"this very piece is seen", and a learned temperature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ant_core.matching.descriptors import SHAPE_FEATURES
from ant_core.training.network.layers import (
    PAIR_FEATURES,
    Block,
    FlowBias,
    PairLinear,
    PieceHead,
    crop_cnn,
    differences,
    mlp,
    padding_bias,
    patch_cnn,
    scaled,
)

__all__ = ["CONFIGS", "AntPaper", "AntRelative", "ModelConfig", "build", "stored_model_config"]

_AGREEMENT = 0.5  # first weight of a round of agreement
_NO_SUPPORT = 0.02  # share of neighbours that agree by chance; keeps the logarithm bounded
_LARGER = 8.0  # log of the largest ratio of two areas that is told apart
_CERTAIN = 20.0  # logit of "has a counterpart" of networks that do not know
_EVIDENCE = 10  # columns that the head "seen" asks beside the token
_FLOW_EVIDENCE = 7  # the same of flow
_GONE = ("distance_field", "hints")  # parts of before, off in every network that was shipped


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """What defines a network; written into checkpoints and model files."""

    name: str  # a key of CONFIGS
    features: int = 256  # D, width of a token
    heads: int = 4  # A
    layers: int = 9  # transformer blocks, alternating self- and cross-attention
    paired: bool = False  # a layer is two blocks, one of either, ant_paper only
    position: bool = True  # boxes are added to the tokens, ant_paper only
    dropout: float = 0.1  # on the tokens that enter and on attention weights (paper, section 4.2)
    graph_layers: int = 0  # rounds of message passing over segment adjacency, ours only
    pair_hidden: int = 16  # hidden width of the relative-geometry network, ours only
    context_crop: bool = True  # the second pair of crops, with the surroundings, ours only
    pair_geometry: bool = True  # relative geometry as an attention bias, ours only
    counterpart: bool = True  # the "has a counterpart" head, ours only
    seen: bool = False  # the "this very piece is seen" head, ours only
    pointwise: int = 2  # hidden width of a block's point-wise network, in D, ours only
    agreement: int = 0  # rounds of agreement between neighbours' matches, ours only
    flow: bool = False  # what optical flow says joins the relative geometry, ours only


CONFIGS = {
    "ant_paper": ModelConfig(name="ant_paper"),
    "ant_relative": ModelConfig(
        name="ant_relative",
        features=128,
        layers=8,
        dropout=0.0,
        graph_layers=2,
        agreement=2,
        seen=True,
        flow=True,
    ),
}


def stored_model_config(values: Mapping[str, Any]) -> ModelConfig:
    """Return the configuration that a checkpoint or a model file holds.

    Raises
    ------
    TypeError
        When it names a part that this version does not have.
    """
    return ModelConfig(**{key: v for key, v in values.items() if v or key not in _GONE})


def build(config: ModelConfig) -> AntPaper | AntRelative:
    """Build the network that a configuration names, with fresh weights."""
    return AntPaper(config) if config.name == "ant_paper" else AntRelative(config)


class AntPaper(nn.Module):
    """The Animation Transformer as published; shape features and adjacency go unused.

    Left open by the paper, and chosen here: five strided convolutions as the "conventional
    backbone"; layer norm before each sub-layer; several references are concatenated. "9 layers of
    alternating self- and cross-attention" are 9 blocks, or with `paired` 9 of each.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        features = config.features
        cnn = crop_cnn((2, 32, 64, 128, 256, features), features)
        # Convolutions follow their weights' layout; with this one a CPU trains twice as fast.
        self.cnn = cnn.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.box_mlp = mlp(4, 64, 128, features) if config.position else None
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(
            Block(features, config.heads, config.dropout)
            for _ in range(config.layers * (2 if config.paired else 1))
        )
        self.project = nn.Linear(features, features)

    def encode(self, crops: Tensor, shape: Tensor, box: Tensor, adjacency: Tensor) -> Tensor:
        """Equation 1: crops (B, N, 4, 32, 32) in [0, 1], box (B, N, 4) -> tokens (B, N, D)."""
        looks = self.look(crops.reshape(-1, 4, 32, 32))
        return self.place(looks.reshape(*crops.shape[:2], -1), shape, box, adjacency)

    def look(self, crops: Tensor) -> Tensor:
        """See segments by themselves: crops (n, 4, 32, 32) -> (n, D)."""
        looks: Tensor = self.cnn(crops[:, :2])
        return looks

    def place(self, looks: Tensor, shape: Tensor, box: Tensor, adjacency: Tensor) -> Tensor:
        """Complete what `look` saw, (B, N, D), to tokens."""
        del shape, adjacency
        return looks if self.box_mlp is None else looks + self.box_mlp(box)

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
        flow: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens (B, M, D), (B, N, D) -> similarity (B, N, M), counterpart and seen logits (B, N).

        The paper has no notion of "no counterpart": its logits are a constant, certain yes.
        """
        a, b = self.dropout(reference), self.dropout(target)
        bias_a, bias_b = padding_bias(reference_mask), padding_bias(target_mask)
        for index, block in enumerate(self.blocks):
            if index % 2 == 0:
                a, b = block(a, a, bias_a), block(b, b, bias_b)
            else:
                a, b = block(a, b, bias_b), block(b, a, bias_a)
        similarity = torch.matmul(self.project(b), self.project(a).transpose(1, 2))  # (B, N, M)
        similarity = similarity + padding_bias(reference_mask)[:, 0]
        certain = torch.full_like(target_mask, _CERTAIN)
        return similarity, certain, certain


class AntRelative(nn.Module):
    """Our configuration; the docstring of this module says what differs and why."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        features, heads = config.features, config.heads
        self.near_cnn = patch_cnn(2, features)
        self.context_cnn = patch_cnn(2, features) if config.context_crop else None
        self.shape_mlp = mlp(len(SHAPE_FEATURES) + 4, features, features)
        self.graph = nn.ModuleList(
            mlp(2 * features, 2 * features, features) for _ in range(config.graph_layers)
        )
        self.graph_norm = nn.ModuleList(nn.LayerNorm(features) for _ in range(config.graph_layers))
        if config.pair_geometry:
            self.pair_geometry = nn.Linear(PAIR_FEATURES, config.pair_hidden)
            self.pair_hidden = PairLinear(config.pair_hidden, config.pair_hidden)
            # One row a head and cross-attention layer, and one for the final similarity.
            self.pair_out = PairLinear(config.pair_hidden, config.layers // 2 * heads + 1)
        if config.flow:
            self.flow_bias = FlowBias(config.pair_hidden, config.layers // 2 * heads + 1)
        self.blocks = nn.ModuleList(
            Block(features, heads, config.dropout, config.pointwise) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(features)
        self.project = nn.Linear(features, features)
        self.log_scale = nn.Parameter(torch.tensor(2.5))  # exp(2.5) = 12: cosine similarity spread
        self.counterpart = mlp(features + 2, features // 2, 1) if config.counterpart else None
        evidence = features + _EVIDENCE + (_FLOW_EVIDENCE if config.flow else 0)
        self.seen = PieceHead(evidence, features) if config.seen else None
        weights = torch.full((config.agreement,), _AGREEMENT)
        self.agreement = nn.Parameter(weights) if config.agreement else None

    def encode(self, crops: Tensor, shape: Tensor, box: Tensor, adjacency: Tensor) -> Tensor:
        """Turn one drawing into tokens.

        crops: (B, N, 4, 32, 32) in [0, 1]; shape: (B, N, F); box: (B, N, 4); adjacency:
        (B, N, N), rows sum to 1 (or 0 for a segment without neighbours). Returns (B, N, D).
        """
        looks = self.look(crops.reshape(-1, 4, 32, 32))
        return self.place(looks.reshape(*crops.shape[:2], -1), shape, box, adjacency)

    def look(self, crops: Tensor) -> Tensor:
        """See segments by themselves: crops (n, 4, 32, 32) -> (n, D).

        The dearest part of encoding; training does it once for all samples of a drawing.
        """
        # Thin lines average to pale grey in coarse crops; the root brings them back.
        pictures = crops.clamp(min=1e-6).sqrt()
        x = self.near_cnn(pictures[:, :2])
        if self.context_cnn is not None:
            x = x + self.context_cnn(pictures[:, 2:])
        return x

    def place(self, looks: Tensor, shape: Tensor, box: Tensor, adjacency: Tensor) -> Tensor:
        """Complete what `look` saw, (B, N, D), to tokens; the rest as in `encode`."""
        x = looks + self.shape_mlp(torch.cat([shape, box], dim=-1))
        for norm, layer in zip(self.graph_norm, self.graph, strict=True):
            normed = norm(x)
            x = x + layer(torch.cat([normed, torch.matmul(adjacency, normed)], dim=-1))
        return x

    def _pair_bias(self, target: Tensor, reference: Tensor, flow: Tensor) -> list[Tensor]:
        """Score the relative geometry of every two segments; (B, A, N, M) a layer, (B, 1, N, M).

        Geometry rows: see `ant_core.matching.descriptors.pair_geometry`. flow: (B, 4, N, M), see
        `ant_core.matching.flow.EVIDENCE`.
        """
        heads, layers = self.config.heads, self.config.layers // 2
        if not self.config.pair_geometry:
            return [target.new_zeros(1, 1, 1, 1)] * (layers + 1)
        target, reference = scaled(target), scaled(reference)
        hidden = differences(self.pair_geometry, target, reference).relu()  # (B, h, N, M)
        out = self.pair_out(self.pair_hidden(hidden).relu())
        if self.config.flow:
            out = self.flow_bias(target, reference, flow) + out
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
        flow: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Match every target segment against all reference segments.

        reference: (B, M, D) tokens; reference_geometry: (B, M, 8), see `_pair_bias`; its mask:
        (B, M) 1 = segment; the same for the target with N; adjacencies (B, M, M), (B, N, N) as
        in `encode`, references one block each; flow: (B, N, M, 4), see
        `ant_core.matching.flow.EVIDENCE`. Returns similarity (B, N, M), to be soft-maxed
        over M, the logit of "its part is in the references" (B, N) and that of "this very piece
        is seen in them" (B, N): a piece may be hidden whose part, and colour, go on elsewhere.
        """
        a, b = reference, target
        pad_a, pad_b = padding_bias(reference_mask), padding_bias(target_mask)
        flow = flow.permute(0, 3, 1, 2)  # (B, 4, N, M): planes are read as a whole
        *across, score = self._pair_bias(target_geometry, reference_geometry, flow)
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
        evidence = [
            b,
            torch.cat([best, total], dim=-1).detach().float(),
            self._evidence(agreed, pad_b, *geometry, target_adjacency),
        ]
        if self.config.flow:
            evidence.append(self._flow_evidence(agreed, flow, *geometry, target_adjacency))
        return agreed, counterpart, self.seen(torch.cat(evidence, dim=-1), target_adjacency)

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

    @staticmethod
    def _flow_evidence(
        similarity: Tensor, flow: Tensor, target: Tensor, reference: Tensor, adjacency: Tensor
    ) -> Tensor:
        """Say what flow thinks of a target's match, (B, N, _FLOW_EVIDENCE), as `_evidence` does.

        flow: (B, 4, N, M), the rest as there.
        Whether it was asked; how much of the segment leads to its match, comes back from there,
        and returns from anywhere, of its own and of its neighbours' pixels; how much leads to one
        segment at most; how much of it is covered by what the references' pixels lead to.
        """
        with torch.autocast(similarity.device.type, enabled=False):
            flow = flow.float()
            probability = similarity.detach().softmax(dim=-1)[:, None]
            matched = (flow[:, :3] * probability).sum(dim=-1).transpose(1, 2)  # (B, N, 3)
            returned = flow[:, 3].sum(dim=-1)[..., None]
            most = flow[:, 1].amax(dim=-1)[..., None]
            larger = (reference[:, None, :, 6] - target[:, :, None, 6]).float()  # log of areas
            covered = (flow[:, 2] * larger.clamp(max=_LARGER).exp()).sum(dim=-1)[..., None]
            columns = [
                matched,
                returned,
                torch.matmul(adjacency, returned),
                most,
                (covered + _NO_SUPPORT).log(),
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
