"""What the Animation Transformer's paper leaves open or takes away: options of `ant_paper` alone.

Casey et al., ICCV 2021: section 4.2 (training), Table 2 (parts taken away), Table 3 (labels).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ant_core.errors import UsageError
from ant_core.training.network.model import ModelConfig
from ant_core.training.network.options import option

__all__ = ["PAPER_SAMPLES", "PAPER_TRAINING", "PaperOptions"]

_LABELS = ("parts", "colors", "mixed")

# Section 4.2. 64 pairs an iteration, here 4 batches of 16 (see PAPER_SAMPLES, whose `batch_pairs`
# takes the place of `tokens`), 100,000 iterations at a constant rate after a warm-up of 1,000.
PAPER_TRAINING: dict[str, Any] = {
    "accumulate": 4,
    "learning_rate": 5e-4,
    "weight_decay": 1e-4,
    "clip_norm": 1.0,
    "constant_rate": True,
    "warmup_share": 0.01,
    "pairs": 6_400_000,
}
# One reference a target, both whole and as they were drawn, mirrored or not; colours are not
# joined, and flow is no input. How far apart the two drawings are is ours: see `sample_group`.
PAPER_SAMPLES: dict[str, Any] = {
    "batch_pairs": 16,
    "references_max": 1,
    "window_share": 0.0,
    "vary_share": 0.0,
    "merge_share": 0.0,
    "drop_share": 0.0,
    "flow_share": 0.0,
}


@dataclass(frozen=True, kw_only=True)
class PaperOptions:
    """How the paper is read, and what is taken away from it."""

    layers: int = option(
        9, "attention layers (section 4.2); 3 is the smaller network of Table 2, 0 no transformer"
    )
    paired: bool = option(
        default=False,
        comment='how "9 layers of alternating self- and cross-attention" is read: false = 9 blocks '
        "by turns, five of self- and four of cross-attention; true = 9 of each, 18 blocks, as "
        "SuperGlue and AnimeRun's code have it",
    )
    position: bool = option(default=True, comment="boxes are added to what the crops say")
    cycle_weight: float = option(
        0.25, "alpha of equation 8, the weight of the cycle loss; 0 = none"
    )
    labels: str = option(
        "parts",
        "what the forward loss compares: parts (the paper's synthetic set), colors (its real one) "
        "or mixed, every other pair by colours",
    )

    def __post_init__(self) -> None:
        """Refuse values that no run could use."""
        if self.layers < 0:
            raise UsageError(f"layers is {self.layers}, expected 0 or more")
        if self.cycle_weight < 0:
            raise UsageError(f"cycle_weight is {self.cycle_weight}, expected 0 or more")
        if self.labels not in _LABELS:
            raise UsageError(f"labels is {self.labels!r}: choose one of {', '.join(_LABELS)}")

    def applied(self, base: ModelConfig) -> ModelConfig:
        """Return a network's configuration with these options.

        Raises
        ------
        UsageError
            When an option is set for another network.
        """
        if base.name != "ant_paper":
            if self != PaperOptions():
                raise UsageError(f"[paper] holds options of ant_paper: {base.name} has none")
            return base
        return replace(base, layers=self.layers, paired=self.paired, position=self.position)
