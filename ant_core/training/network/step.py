"""One batch through a network: its matches, and the loss that they are trained with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ant_core.training.network.hints import color_codes, random_hints
from ant_core.training.network.layers import Attention
from ant_core.training.network.losses import (
    consistency_loss,
    label_agreement,
    paper_loss,
    relative_loss,
    triplet_loss,
)
from ant_core.training.network.model import AntPaper, AntRelative
from ant_core.training.network.switches import Switches

__all__ = ["Known", "match_batch", "step_loss"]

Known = tuple[Tensor, Tensor]  # colours of references (B, M) and target (B, N), -1 = not known

_OFFSET = 7  # column of a geometry row: target frame - own frame


def match_batch(
    model: AntPaper | AntRelative, batch: dict[str, Tensor], known: Known | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Encode both sides of a batch and match them: (B, N, M) similarity, (B, N) counterpart, seen.

    `known` colours are for networks that take them; others never see any.
    """
    looks = model.look(batch["crops"])
    reference, target = (_place(model, looks, batch, side) for side in ("reference", "target"))
    if isinstance(model, AntRelative) and model.hints is not None:
        if known is None:
            known = (
                torch.full_like(batch["reference_label"], -1),
                torch.full_like(batch["target_label"], -1),
            )
        codes = color_codes(*known)
        reference, target = model.hints(reference, codes[0]), model.hints(target, codes[1])
    return model.match(
        *(reference, batch["reference_geometry"], batch["reference_mask"]),
        *(target, batch["target_geometry"], batch["target_mask"]),
        *(batch["reference_adjacency"], batch["target_adjacency"], batch["flow"]),
    )


def _place(
    model: AntPaper | AntRelative, looks: Tensor, batch: dict[str, Tensor], side: str
) -> Tensor:
    rows = batch[f"{side}_place"]
    own = looks.index_select(0, rows.flatten()).reshape(*rows.shape, -1)  # (B, N, D)
    return model.place(own, *(batch[f"{side}_{key}"] for key in ("shape", "box", "adjacency")))


def step_loss(
    model: AntPaper | AntRelative, batch: dict[str, Tensor], switches: Switches | None = None
) -> Tensor:
    """Return the loss of a batch, by the losses that belong to the network and the switches."""
    switches = switches or Switches()
    known = None
    if switches.hints:
        known = random_hints(batch["reference_color"], batch["target_color"])
    with _cross_scores(model, wanted=switches.triplet_weight > 0) as scores:
        similarity, counterpart, seen = match_batch(model, batch, known)
    if isinstance(model, AntPaper):
        loss = paper_loss(batch, similarity)
    else:
        loss = relative_loss(batch, similarity, counterpart, seen)
    count = batch["target_mask"].sum().clamp(min=1.0)
    if switches.triplet_weight > 0:
        parts = label_agreement(batch["target_label"], batch["reference_label"])
        triplets = [triplet_loss(layer, parts, batch["reference_mask"]) for layer in scores]
        loss = loss + switches.triplet_weight * torch.stack(triplets).mean(dim=0).sum() / count
    if switches.consistency_weight > 0:
        parts = label_agreement(batch["target_label"], batch["companion_label"])
        if known is not None:
            known = known[0], torch.full_like(batch["companion_label"], -1)
        companion, *_ = match_batch(model, _companions(batch), known)
        apart = consistency_loss(similarity, companion, parts).sum() / count
        loss = loss + switches.consistency_weight * apart
    return loss


def _companions(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Put the companions in the targets' place; flow was not asked about them."""
    moved = {
        key.replace("companion", "target"): value
        for key, value in batch.items()
        if key.startswith("companion")
    }
    geometry = batch["reference_geometry"].clone()
    geometry[..., _OFFSET] += batch["companion_step"][:, None]
    rows, columns = moved["target_mask"].shape[1], geometry.shape[1]
    flow = batch["flow"].new_zeros(len(geometry), rows, columns, batch["flow"].shape[-1])
    return {**batch, **moved, "reference_geometry": geometry, "flow": flow}


@contextmanager
def _cross_scores(model: AntPaper | AntRelative, *, wanted: bool) -> Iterator[list[Tensor]]:
    """Collect what targets score references by, (B, N, M) a layer, means over the heads.

    The list is complete after the context; it stays empty if it is not `wanted`.
    """
    scores: list[Tensor] = []

    def note(attention: nn.Module, inputs: tuple[Tensor, Tensor, Tensor]) -> None:
        assert isinstance(attention, Attention)
        scores.append(attention.scores(*inputs).mean(dim=1))

    layers = [m for m in model.blocks.modules() if isinstance(m, Attention)][1::2]
    handles = [layer.register_forward_pre_hook(note) for layer in layers if wanted]
    try:
        yield scores
    finally:
        for handle in handles:
            handle.remove()
    del scores[::2]  # the first call of a layer is the references': they ask the target
