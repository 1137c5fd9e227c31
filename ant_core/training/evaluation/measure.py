"""Methods over sets: every shot is read once and scored by every protocol that it allows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ant_core.errors import Cancelled
from ant_core.training.data.flow_labels import RegionStatistics
from ant_core.training.data.sets import ShotSource
from ant_core.training.data.true_shots import TrueShot
from ant_core.training.evaluation.benchmark import MethodResult, applies, run_protocol
from ant_core.training.evaluation.methods import Method
from ant_core.training.evaluation.results import Results

__all__ = ["Measured", "measure"]


@dataclass
class Measured:
    """What was scored: protocol -> method -> result, those alone that any shot allowed.

    statistics are those of shots that have flow and matches.
    """

    results: Results = field(default_factory=dict)
    statistics: RegionStatistics = field(default_factory=RegionStatistics)


def measure(
    sources: Sequence[ShotSource],
    protocols: Sequence[str],
    methods: Sequence[Method],
    cancel: threading.Event,
    scored: Callable[[ShotSource], None],
) -> Measured:
    """Score every method on every shot; `scored` is told of each shot that is done.

    Raises
    ------
    Cancelled
        When `cancel` is set.
    """
    results = {protocol: {m.name: MethodResult() for m in methods} for protocol in protocols}
    statistics = RegionStatistics()
    for source in sources:
        shot = source.read()
        for protocol in protocols:
            if applies(protocol, shot):
                _score(protocol, shot, methods, results[protocol], cancel)
        for method in methods:
            method.forget()
        _count_regions(shot, statistics)
        scored(source)
    found = {
        protocol: {name: r for name, r in by_method.items() if r.tally.counts.shots}
        for protocol, by_method in results.items()
    }
    return Measured(found, statistics)


def _score(
    protocol: str,
    shot: TrueShot,
    methods: Sequence[Method],
    results: dict[str, MethodResult],
    cancel: threading.Event,
) -> None:
    for method in methods:
        if cancel.is_set():
            raise Cancelled("stopped before all shots were scored: run the same command again")
        run_protocol(protocol, shot, method, results[method.name])


def _count_regions(shot: TrueShot, statistics: RegionStatistics) -> None:
    """Count what AnimeRun's Table 1 and figure 4 show, of shots that have flow and matches."""
    if not (shot.flows and shot.matches):
        return
    for index, frame in enumerate(shot.frames):
        statistics.add_frame(frame.count, shot.pictures[index]() if shot.pictures else None)
    for index, (source, target) in enumerate(pairwise(shot.frames)):
        flow, first = shot.flows[index]().flow, shot.matches[index]
        statistics.add_pair(shot.name, flow, first, source.centroid, target.centroid)
