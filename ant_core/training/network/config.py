"""One training experiment as data: a TOML file whose every option is known and explained."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ant_core.errors import UsageError
from ant_core.training.network.data import SampleOptions
from ant_core.training.network.model import CONFIGS, ModelConfig
from ant_core.training.network.options import checked, explained, option, read_document
from ant_core.training.network.paper import PAPER_SAMPLES, PAPER_TRAINING, PaperOptions
from ant_core.training.network.switches import Switches

__all__ = ["TrainConfig", "defaults", "example", "read_config", "stored_config"]

_TABLES: dict[str, type] = {"samples": SampleOptions, "switches": Switches, "paper": PaperOptions}


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One experiment; `example` prints the options with their comments as a file."""

    network: str = option("ant_relative", f"the network: {' or '.join(CONFIGS)}")
    start_from: str = option(
        "", "model file (.antmodel) whose weights a new run starts from; empty = fresh weights"
    )
    only: str = option(
        "", "train only the weights whose name starts so, such as seen; empty = all weights"
    )
    minutes: float = option(
        60.0, "time box over all sittings; without pairs the learning rate falls to zero with it"
    )
    pairs: int = option(
        0,
        "stop after so many pairs, with which the learning rate falls then; as many as the time "
        "box allows; 0 = no limit",
    )
    device: str = option("auto", "auto, cpu or cuda; auto takes CUDA where it works")
    tokens: int = option(
        2400, "segments a step: targets, references and padding; 2400 are about 13 pairs"
    )
    accumulate: int = option(1, "batches whose gradients are summed in a step (ant_paper: 4)")
    learning_rate: float = option(8e-4, "peak of the learning rate")
    warmup_share: float = option(
        0.01, "part of the run (time or pairs) in which the learning rate rises"
    )
    weight_decay: float = option(1e-4, "of AdamW")
    clip_norm: float = option(1.0, "largest norm of all gradients together")
    constant_rate: bool = option(
        default=False, comment="keep the learning rate after the warm-up, as the paper does"
    )
    validate_minutes: float = option(8.0, "time between two validations")
    validate_clips: int = option(
        12, "clips of each kind (name up to the first '_') that are validated"
    )
    validate_frames: int = option(8, "first frames of each of these")
    full_precision: bool = option(
        default=False,
        comment="float32 throughout; false = bfloat16 where PyTorch thinks it safe, if the "
        "processor has it",
    )
    seed: int = option(0, "of the weights and of the order and variation of the samples")
    threads: int = option(2, "CPU threads of PyTorch")
    workers: int = option(
        0, "processes that make batches beside the training: 8 keep a large GPU busy; 0 = none"
    )
    pool_clips: int = option(700, "most clips held in memory, 10 to 20 MB each")
    purity_min: float = option(0.7, "segments of which less belongs to one true part teach nothing")
    samples: SampleOptions = field(default_factory=SampleOptions)
    switches: Switches = field(default_factory=Switches)
    paper: PaperOptions = field(default_factory=PaperOptions)

    def __post_init__(self) -> None:
        """Refuse values that no run could use."""
        if self.network not in CONFIGS:
            raise UsageError(
                f"there is no network {self.network!r}: choose one of {', '.join(CONFIGS)}"
            )
        if self.device not in ("auto", "cpu", "cuda"):
            raise UsageError(f"there is no device {self.device!r}: choose auto, cpu or cuda")
        for name in ("minutes", "tokens", "accumulate", "learning_rate", "validate_minutes"):
            if getattr(self, name) <= 0:
                raise UsageError(f"{name} is {getattr(self, name)}, expected more than 0")
        if self.workers < 0:
            raise UsageError(f"workers is {self.workers}, expected 0 or more")
        _ = self.model  # refuses switches that the network does not have

    @property
    def model(self) -> ModelConfig:
        """The network with its switches and options."""
        return self.paper.applied(self.switches.applied(CONFIGS[self.network]))


def defaults(network: str) -> TrainConfig:
    """Return the experiment of a network where a file sets nothing: ours, or the paper's.

    Raises
    ------
    UsageError
        When there is no such network.
    """
    if network != "ant_paper":
        return TrainConfig(network=network)
    samples = SampleOptions(**PAPER_SAMPLES)
    return TrainConfig(network=network, samples=samples, **PAPER_TRAINING)


def read_config(path: Path) -> TrainConfig:
    """Read an experiment's file; what it does not set is as `defaults` of its network has it.

    Raises
    ------
    InputError
        When it cannot be read or is no TOML.
    UsageError
        When an option is unknown or of the wrong kind.
    """
    document = read_document(path, "ant_core train --example")
    given = {name: document.pop(name, {}) for name in _TABLES}
    options = checked(TrainConfig, document, str(path))
    base = defaults(options.get("network", TrainConfig.network))
    tables = {}
    for name, kind in _TABLES.items():
        if not isinstance(given[name], dict):
            raise UsageError(
                f"{name} in {path} must be a table: write [{name}] on a line of its own"
            )
        values = checked(kind, given[name], f"[{name}] in {path}")
        tables[name] = replace(getattr(base, name), **values)
    return replace(base, **options, **tables)


def stored_config(values: dict[str, Any]) -> TrainConfig:
    """Return the configuration that a checkpoint holds as nested dictionaries.

    Raises
    ------
    TypeError
        When it has an option that this version does not know, beside switches that are off.
    """
    switches = values["switches"]
    known = {key: v for key, v in switches.items() if v or key in Switches.__dataclass_fields__}
    values = {**values, "switches": known}
    # Runs from before a table was there have its defaults.
    tables = {name: kind(**values.get(name, {})) for name, kind in _TABLES.items()}
    return TrainConfig(**{**values, **tables})


def example(config: TrainConfig | None = None) -> str:
    """Return the file of an experiment, of one with every default if none is given, explained."""
    config = config or TrainConfig()
    lines = ["# A training experiment: ant_core train THIS_FILE --clips CLIPS --out RUN", ""]
    for part, title in ((config, ""), *((getattr(config, name), name) for name in _TABLES)):
        lines += ["", f"[{title}]"] if title else []
        lines += explained(part)
    return "\n".join(lines) + "\n"
