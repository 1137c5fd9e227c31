"""One experiment on a network that paints pixels, as a TOML file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ant_core.errors import UsageError
from ant_core.training.network.options import checked, explained, option, read_document

__all__ = ["EXAMPLES", "PixelConfig", "example", "read_config"]

_POSITIVE = ("width", "minutes", "batch", "rate", "discriminator_rate", "validate_minutes")
_WEIGHTS = ("adversarial", "reconstruction", "triplet", "perceptual", "style", "latent")


@dataclass(frozen=True, kw_only=True)
class PixelConfig:
    """The defaults are those of Lee et al. 2020, where pictures have 256 pixels a side."""

    network: str = option("scft", "scft, few_references, temporal or spatial_attention")
    width: float = option(1.0, "of the network's channels; 0.5 = the reduced network")
    minutes: float = option(60.0, "time box over all sittings")
    pairs: int = option(0, "stop after so many pictures, if the time box allows; 0 = no limit")
    device: str = option("auto", "auto, cpu or cuda; auto takes CUDA where it works")
    threads: int = option(2, "CPU threads of PyTorch")
    full_precision: bool = option(
        default=True, comment="float32 throughout; false = bfloat16 where the processor has it"
    )
    workers: int = option(0, "processes that make samples beside the training; 0 = none")
    batch: int = option(8, "pictures a step; scft: the paper does not say how many")
    rate: float = option(1e-4, "learning rate of the network")
    discriminator_rate: float = option(2e-4, "learning rate of the discriminator")
    decay: float = option(
        0.0, "last share of time box or pairs over which both rates fall to nothing; 0 = they stay"
    )
    adversarial: float = option(1.0, "weight of the adversarial term; 0 = no discriminator")
    reconstruction: float = option(30.0, "weight of the L1 term")
    perceptual: float = option(0.01, "weight of the perceptual term, where vgg is given")
    style: float = option(50.0, "weight of the style term, where vgg is given")
    vgg: str = option(
        "", "torchvision's weights of VGG19, as a file; empty = no perceptual and style terms"
    )
    shift: int = option(50, "levels that a sample's colours are moved by at most, a channel")
    triplet: float = option(1.0, "scft: weight of the triplet term")
    margin: float = option(12.0, "scft: of the triplet term")
    latent: float = option(1.0, "few_references: weight of the latent constraint term")
    references: int = option(2, "few_references: painted frames, K")
    similarity: bool = option(
        default=True, comment="few_references: false = without the similarity layer"
    )
    distance: bool = option(
        default=True, comment="few_references: false = line art in place of distance fields"
    )
    color: str = option(
        "", "temporal: best.pt of few_references, of the same width; it is not trained further"
    )
    frames: int = option(8, "temporal: frames a sequence; the first and last are painted")
    feature_matching: float = option(
        10.0, "spatial_attention: weight of the feature matching term; the paper's is not stated"
    )
    attention: bool = option(
        default=True, comment="spatial_attention: false = without the paper's module"
    )
    validate_minutes: float = option(10.0, "time between two validations")
    validate_clips: int = option(8, "first validation clips that are painted")
    seed: int = option(0, "of the weights and of the samples")

    def __post_init__(self) -> None:
        """Refuse values that no run could use."""
        networks = ("scft", "few_references", "temporal", "spatial_attention")
        if self.network not in networks:
            raise UsageError(
                f"there is no network {self.network!r}: choose one of {', '.join(networks)}"
            )
        for name in _POSITIVE:
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} is {getattr(self, name)}, expected more than 0")
        for name in (*_WEIGHTS, "margin", "decay", "feature_matching"):
            if not getattr(self, name) >= 0:
                raise UsageError(f"{name} is {getattr(self, name)}, expected 0 or more")
        for name, least in (("workers", 0), ("shift", 0), ("references", 1), ("frames", 3)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} is {getattr(self, name)}, expected {least} or more")


_FEW = PixelConfig(
    network="few_references",
    batch=4,
    discriminator_rate=1e-5,
    reconstruction=10.0,
    perceptual=1.0,
    style=1000.0,
)
EXAMPLES = {
    "scft": PixelConfig(),
    "few_references": _FEW,
    "temporal": replace(_FEW, network="temporal", batch=1),
    # The paper has no L1 term; without VGG's perceptual one it stands for it.
    "spatial_attention": PixelConfig(
        network="spatial_attention",
        batch=8,
        rate=2e-4,
        reconstruction=10.0,
        perceptual=10.0,
        style=0.0,
    ),
}
"""The papers' own settings, by network."""


def read_config(path: Path) -> PixelConfig:
    """Read an experiment's file; options that it leaves out are those of its network's paper.

    Raises
    ------
    InputError
        When it cannot be read or is no TOML.
    UsageError
        When an option is unknown, of the wrong kind or out of range.
    """
    document = read_document(path, "scripts/pixels.py train --example NETWORK")
    values = checked(PixelConfig, document, str(path))
    base = EXAMPLES.get(values.get("network", "scft"), PixelConfig())
    return replace(base, **values)


def example(network: str) -> str:
    """Return an experiment's file with every option as the network's paper has it, explained."""
    return "\n".join(explained(EXAMPLES[network])) + "\n"
