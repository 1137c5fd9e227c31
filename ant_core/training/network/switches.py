"""Ideas that can be switched on or off, one at a time: `scripts/ablate.py` says what each is worth.

The defaults are ours. A switch is a field here and a few lines where it acts; one that is off
costs nothing, in training or afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ant_core.errors import UsageError
from ant_core.training.network.model import ModelConfig
from ant_core.training.network.options import option

__all__ = ["Switches"]

_OF_NETWORK = (
    "graph",
    "context_crop",
    "pair_geometry",
    "counterpart",
    "agreement",
    "flow",
    "features",
    "pointwise",
    "cycle_weight",
)


@dataclass(frozen=True, kw_only=True)
class Switches:
    """What the network consists of, and what it is trained on beside matches."""

    graph: bool = option(default=True, comment="messages between adjacent segments")
    context_crop: bool = option(default=True, comment="crops with the surroundings")
    pair_geometry: bool = option(default=True, comment="relative geometry as attention bias")
    counterpart: bool = option(default=True, comment='the heads "has a counterpart" and "seen"')
    agreement: bool = option(default=True, comment="agreement between neighbours' matches")
    flow: bool = option(default=True, comment="what optical flow says of every two segments")
    features: int = option(0, "width of a token, a multiple of 4; 0 = 128")
    pointwise: int = option(
        2,
        "hidden width of the blocks' point-wise networks, in tokens; start_from may be narrower",
    )
    cycle_weight: float = option(
        0.0, "weight of the cycle loss, for labels that several parts share; ant_paper has its own"
    )
    self_reference_share: float = option(
        0.0, "first part of the run that trains on CLIPS/self_reference, bent single drawings"
    )

    def __post_init__(self) -> None:
        """Refuse values that no run could use."""
        if not 0 <= self.self_reference_share <= 1:
            raise UsageError(
                f"self_reference_share is {self.self_reference_share}, expected 0 to 1: it is a "
                "share of the run"
            )
        if self.features < 0 or self.features % 4:
            raise UsageError(f"features is {self.features}, expected a multiple of 4")
        if self.pointwise < 1:
            raise UsageError(f"pointwise is {self.pointwise}, expected 1 or more")
        if self.cycle_weight < 0:
            raise UsageError(f"cycle_weight is {self.cycle_weight}, expected 0 or more")

    def applied(self, base: ModelConfig) -> ModelConfig:
        """Return a network's configuration with these switches.

        Raises
        ------
        UsageError
            When a part of our network is switched in another.
        """
        if base.name != "ant_relative":
            default = Switches()
            for name in _OF_NETWORK:
                if getattr(self, name) != getattr(default, name):
                    raise UsageError(f"{name} is a switch of ant_relative: {base.name} has none")
            return base
        return replace(
            base,
            features=self.features or base.features,
            pointwise=self.pointwise,
            graph_layers=base.graph_layers if self.graph else 0,
            context_crop=self.context_crop,
            pair_geometry=self.pair_geometry,
            counterpart=self.counterpart,
            seen=base.seen and self.counterpart,
            agreement=base.agreement if self.agreement else 0,
            flow=base.flow and self.flow and self.pair_geometry,
        )
