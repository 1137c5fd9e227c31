"""What `ant_core evaluate` does, given its options."""

from __future__ import annotations

import itertools
import os
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ant_core import __version__
from ant_core.errors import InputError, OutputError, UsageError
from ant_core.files import WholeFiles, json_bytes
from ant_core.matching.matcher import Device, Matcher
from ant_core.matching.model_file import default_model
from ant_core.models.installed import locate
from ant_core.propagation.pipeline import limit_threads
from ant_core.reporter import Reporter
from ant_core.training.data.sets import ShotSource, find_shots
from ant_core.training.evaluation.benchmark import PROTOCOLS
from ant_core.training.evaluation.measure import measure
from ant_core.training.evaluation.methods import (
    Flow,
    Method,
    ModelMethod,
    Overlap,
    Position,
    region_threshold_of,
)
from ant_core.training.evaluation.reliability import Reliability, draw_reliability
from ant_core.training.evaluation.results import Results, document, statistics_table, table
from ant_core.training.evaluation.worst_sheet import draw_worst

__all__ = ["EvaluateOptions", "evaluate"]


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """What is scored, on what, and where the figures go."""

    # Stored clips, shots, or folders of them.
    datasets: tuple[str, ...]
    # Model files or names. Default (): the model in the package.
    models: tuple[str, ...] = ()
    # Protocols by name. Default (): all that the data allow.
    protocols: tuple[str, ...] = ()
    # File for all figures. Default None.
    json: str | None = None
    # Folder for reliability diagrams and sheets of the worst segments. Default None.
    pictures: str | None = None
    # How many shots of each data set are taken. Default None: all.
    limit: int | None = None
    # Where the networks run: "auto", "cpu" or "cuda". Default "auto".
    device: Device = "auto"
    # CPU threads. Default None: all cores.
    threads: int | None = None


def evaluate(
    options: EvaluateOptions,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> str:
    """Score everything on everything and return the table; see `ant_core evaluate --help`."""
    protocols = _protocols(options.protocols)
    sources = [s for place in options.datasets for s in find_shots(Path(place))[: options.limit]]
    _refuse_twice([source.name for source in sources])
    _check_place(options.json, files)
    if options.pictures:
        files.make_folder(Path(options.pictures))
    limit_threads(options.threads)
    models, told = _models(options)
    methods: list[Method] = [Position(), Overlap(), Flow(), *models]
    done = itertools.count(1)

    def scored(source: ShotSource) -> None:
        reporter.progress(next(done), len(sources), source.name, {"shot": source.name})

    found = measure(sources, protocols, methods, cancel, scored)
    measured, statistics = found.results, found.statistics
    if not any(measured.values()):
        raise InputError(
            f"nothing to score: the data sets do not bring what {', '.join(protocols)} asks for; "
            "choose another --protocol"
        )
    _warn_unequal(measured, reporter)
    about = _about(options, sources, told)
    text = table(measured)
    if statistics.scenes:
        about["region_statistics"] = statistics.table()
        about["region_histograms"] = statistics.histograms.shares()
        text += "\n\n" + statistics_table(statistics)
    if options.json:
        files.write(Path(options.json), json_bytes(document(measured, about)))
    if options.pictures:
        _draw(Path(options.pictures), measured, files)
    return text


def _draw(folder: Path, measured: Results, files: WholeFiles) -> None:
    """Draw what there is to draw of every model."""
    curves: dict[str, dict[str, Reliability]] = {}
    for protocol, methods in measured.items():
        for name, result in methods.items():
            if result.reliability.fills:
                curves.setdefault(name, {})[protocol] = result.reliability
    for name, by_protocol in curves.items():
        # Two models of one name are told apart by their paths.
        plain = re.sub(r"[^\w.-]+", "_", name)
        files.write(folder / f"calibration.{plain}.png", draw_reliability(name, by_protocol))
        if "recursive" in by_protocol:
            worst = measured["recursive"][name].worst
            files.write(folder / f"worst.{plain}.png", draw_worst(worst, name))


def _check_place(path: str | None, files: WholeFiles) -> None:
    """Refuse a place for the figures that cannot be written to, before hours of work."""
    if path is None:
        return
    if Path(path).is_dir():
        raise UsageError(f"--json takes a file and {path} is a folder: add a file name")
    folder = Path(path).parent
    files.make_folder(folder)
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{folder} cannot be written to: give --json a place that can")


def _warn_unequal(measured: Results, reporter: Reporter) -> None:
    """Say where methods stand on different shots, since their figures then do not compare."""
    unequal = [
        protocol
        for protocol, methods in measured.items()
        if len({len(result.tally.counts.shots) for result in methods.values()}) > 1
    ]
    if unequal:
        reporter.warn(
            f"in {', '.join(unequal)} not every method could run on every shot, because stored "
            "clips hold no pictures: figures on different numbers of shots do not compare"
        )


def _protocols(asked: Sequence[str]) -> list[str]:
    names: list[str] = []
    for name in asked or PROTOCOLS:
        found = [known for known in PROTOCOLS if known == name or known.startswith(f"{name}_")]
        if name in ("recursive", "regions"):  # their variants are asked for by their own names
            found = [name]
        if not found:
            raise UsageError(f"no protocol is named {name!r}: choose from {', '.join(PROTOCOLS)}")
        names += [known for known in found if known not in names]
    return names


def _refuse_twice(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{twice[0]} is given twice: name every data set once")


def _models(options: EvaluateOptions) -> tuple[list[Method], list[dict[str, Any]]]:
    """Load the models; two of one name are told apart by their files."""
    _refuse_twice(options.models)
    paths = [locate(Path(path)) for path in options.models] or [default_model()]
    matchers = [Matcher(path, options.device, options.threads) for path in paths]
    names = [matcher.model_name for matcher in matchers]
    if len(set(names)) < len(names) or set(names) & {"position", "overlap", "flow"}:
        names = [path.stem for path in paths]
    if len(set(names)) < len(names):
        names = [str(path) for path in paths]
    _refuse_twice(names)
    told = [
        {"method": name, "name": m.model_name, "sha256": m.model_hash, "device": m.device}
        for name, m in zip(names, matchers, strict=True)
    ]
    thresholds = [region_threshold_of(path) for path in paths]
    methods = map(ModelMethod, matchers, names, thresholds)
    return list(methods), told


def _about(
    options: EvaluateOptions, sources: Sequence[ShotSource], models: list[dict[str, Any]]
) -> dict[str, Any]:
    layouts: dict[str, int] = {}
    for source in sources:
        layouts[source.layout] = layouts.get(source.layout, 0) + 1
    return {
        "ant_core": __version__,
        "datasets": list(options.datasets),
        "shots_of_layout": layouts,
        "limit": options.limit,
        "models": models,
        "interval": "95 %, bootstrap over shots",
        "abstention": "counts as wrong in every accuracy",
        "characters": "names in the clips' own lists, where parts held out by name count as well",
    }
