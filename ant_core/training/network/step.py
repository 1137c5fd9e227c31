"""One batch through a network: its matches, and the loss that they are trained with."""

from __future__ import annotations

from torch import Tensor

from ant_core.training.network.config import TrainConfig
from ant_core.training.network.losses import paper_loss, relative_loss
from ant_core.training.network.model import AntPaper, AntRelative
from ant_core.training.network.paper import PaperOptions

__all__ = ["match_batch", "step_loss"]


def match_batch(
    model: AntPaper | AntRelative, batch: dict[str, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Encode both sides of a batch and match them.

    Returns similarity (B, N, M), and the logits counterpart and seen, (B, N) each.
    """
    looks = model.look(batch["crops"].float() / 255.0)
    reference, target = (_place(model, looks, batch, side) for side in ("reference", "target"))
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
    model: AntPaper | AntRelative, batch: dict[str, Tensor], config: TrainConfig | None = None
) -> Tensor:
    """Return the loss of a batch, by the losses that belong to the network.

    `config` weighs them; the default is that of an experiment where nothing is set.
    """
    paper = PaperOptions() if config is None else config.paper
    similarity, counterpart, seen = match_batch(model, batch)
    if isinstance(model, AntPaper):
        return paper_loss(batch, similarity, paper.cycle_weight, paper.labels)
    cycle_weight = 0.0 if config is None else config.switches.cycle_weight
    return relative_loss(batch, similarity, counterpart, seen, cycle_weight)
