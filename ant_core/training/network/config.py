"""One training experiment as data: a TOML file whose every option is known and explained."""

from __future__ import annotations

import dataclasses
import difflib
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ant_core.errors import InputError, UsageError
from ant_core.files import read_bytes
from ant_core.training.network.data import SampleOptions
from ant_core.training.network.model import CONFIGS, ModelConfig
from ant_core.training.network.options import option
from ant_core.training.network.switches import Switches

__all__ = ["TrainConfig", "example", "read_config", "stored_config"]

_TABLES: dict[str, type] = {"samples": SampleOptions, "switches": Switches}


@dataclass(frozen=True)
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
        60.0, "time box over all sittings; the learning rate falls to zero with it"
    )
    pairs: int = option(0, "stop after so many pairs, if the time box allows; 0 = no limit")
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
    pool_clips: int = option(700, "most clips held in memory, 10 to 20 MB each")
    purity_min: float = option(0.7, "segments of which less belongs to one true part teach nothing")
    samples: SampleOptions = field(default_factory=SampleOptions)
    switches: Switches = field(default_factory=Switches)

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
        _ = self.model  # refuses switches that the network does not have

    @property
    def model(self) -> ModelConfig:
        """The network with its switches."""
        return self.switches.applied(CONFIGS[self.network])


def read_config(path: Path) -> TrainConfig:
    """Read an experiment's file.

    Raises
    ------
    InputError
        When it cannot be read or is no TOML.
    UsageError
        When an option is unknown or of the wrong kind.
    """
    try:
        document = tomllib.loads(read_bytes(path, "check its name").decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is no TOML file ({error}): start from what ant_core train --example prints"
        ) from error
    tables = {}
    for name, kind in _TABLES.items():
        table = document.pop(name, {})
        if not isinstance(table, dict):
            raise UsageError(
                f"{name} in {path} must be a table: write [{name}] on a line of its own"
            )
        tables[name] = kind(**_checked(kind, table, f"[{name}] in {path}"))
    return TrainConfig(**_checked(TrainConfig, document, str(path)), **tables)


def stored_config(values: dict[str, Any]) -> TrainConfig:
    """Return the configuration that a checkpoint holds as nested dictionaries."""
    tables = {name: kind(**values[name]) for name, kind in _TABLES.items()}
    return TrainConfig(**{**values, **tables})


def _checked(kind: type, document: dict[str, Any], place: str) -> dict[str, Any]:
    known = {item.name: item.default for item in _plain_fields(kind)}
    values = {}
    for name, value in document.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            advice = f"did you mean {near[0]}" if near else f"there are {', '.join(known)}"
            raise UsageError(f"{place} has the unknown option {name}: {advice}?")
        values[name] = _converted(name, value, known[name], place)
    return values


def _converted(name: str, value: Any, default: Any, place: str) -> Any:
    if isinstance(default, tuple) and isinstance(value, list) and len(value) == len(default):
        return tuple(_converted(name, v, d, place) for v, d in zip(value, default, strict=True))
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if type(value) is not type(default):
        raise UsageError(
            f"{name} in {place} is {value!r}, expected a value like {_toml(default)}: correct it"
        )
    return value


def _plain_fields(kind: type) -> list[dataclasses.Field[Any]]:
    return [item for item in dataclasses.fields(kind) if item.name not in _TABLES]


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(part) for part in value)}]"
    return json.dumps(value)  # numbers, strings and booleans are written alike in TOML


def example(config: TrainConfig | None = None) -> str:
    """Return the file of an experiment, of one with every default if none is given, explained."""
    config = config or TrainConfig()
    lines = ["# A training experiment: ant_core train THIS_FILE --clips CLIPS --out RUN", ""]
    for part, title in ((config, ""), *((getattr(config, name), name) for name in _TABLES)):
        lines += ["", f"[{title}]"] if title else []
        for item in _plain_fields(type(part)):
            value = _toml(getattr(part, item.name))
            lines += [f"# {item.metadata['comment']}", f"{item.name} = {value}"]
    return "\n".join(lines) + "\n"
