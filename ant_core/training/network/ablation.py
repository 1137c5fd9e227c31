"""What each idea is worth: one short run an idea, on the same clips, pairs, seed and validation.

`scripts/ablate.py` runs them. Results are JSON lines, one an experiment, with the counts of
every validation clip, so that differences are paired by clip.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ant_core.errors import InputError
from ant_core.training.data.clips import StoredClip, load_clip
from ant_core.training.evaluation.protocols import ProtocolScore, by_position, keyframes, recursive
from ant_core.training.network.config import TrainConfig
from ant_core.training.network.data import SampleOptions
from ant_core.training.network.model import AntPaper, AntRelative
from ant_core.training.network.paper import PaperOptions
from ant_core.training.network.run import load_model
from ant_core.training.network.switches import Switches
from ant_core.training.network.train import network_matcher, train

__all__ = ["EXPERIMENTS", "Experiment", "ablate", "read_results"]

Counts = dict[str, list[int]]  # by clip: segments of the right colour, segments

_FRAMES = 8  # first frames of each validation clip
_SHOWN = (1, 3, 5)  # references of the keyframe table
_NEVER = 1e6  # minutes: runs end by their pairs, and validate once, here


@dataclass(frozen=True)
class Experiment:
    """One row: what differs from ours."""

    about: str
    switches: Mapping[str, Any] = field(default_factory=dict)
    samples: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    paper: Mapping[str, Any] = field(default_factory=dict)
    references: bool = False  # measured with 1, 3 and 5 references too


# A quarter of our rate, at which its loss fell in a short trial; not tuned further.
_PAPER = {"network": "ant_paper", "learning_rate": 2e-4}

EXPERIMENTS = {
    "ours": Experiment("up to 3 references", references=True),
    "ours_again": Experiment("ours with another seed: what chance does", config={"seed": 1}),
    "self_reference": Experiment(
        "the first fifth on bent single drawings", {"self_reference_share": 0.2}
    ),
    "one_reference": Experiment(
        "1 reference in training", samples={"references_max": 1}, references=True
    ),
    "five_references": Experiment(
        "up to 5 references in training", samples={"references_max": 5}, references=True
    ),
    "no_graph": Experiment("without messages between neighbours", {"graph": False}),
    "no_context": Experiment("without crops of the surroundings", {"context_crop": False}),
    "no_geometry": Experiment("without relative geometry", {"pair_geometry": False}),
    "no_counterpart": Experiment('without the "has a counterpart" head', {"counterpart": False}),
    "no_agreement": Experiment("without rounds of agreement", {"agreement": False}),
    "no_flow": Experiment("without what optical flow says", {"flow": False}),
    "wide": Experiment("tokens of 224 instead of 128", {"features": 224}),
    "wide_pointwise": Experiment("point-wise networks twice as wide", {"pointwise": 4}),
    "cycle": Experiment("with the cycle loss, 0.25 times", {"cycle_weight": 0.25}),
    "ant_paper": Experiment("the Animation Transformer as published", config=_PAPER),
    # Casey et al. 2021, Table 2.
    **{
        f"ant_paper_{name}": Experiment(
            f"ant_paper {about}",
            # Its loss by part never looks at colours; the one by colour wants them as they are.
            samples={"merge_share": 0.0} if "labels" in options else {},
            config=_PAPER,
            paper=options,
        )
        for name, about, options in (
            ("paired", "with nine of each attention, 18 blocks", {"paired": True}),
            ("no_transformer", "without transformer", {"layers": 0}),
            ("no_position", "without boxes", {"position": False}),
            ("no_cycle", "without cycle loss", {"cycle_weight": 0.0}),
            ("three_layers", "with three layers", {"layers": 3}),
            # Table 3: by what its forward loss compares.
            ("colors", "trained on colours alone", {"labels": "colors"}),
            ("mixed", "trained on parts and colours", {"labels": "mixed"}),
        )
    },
}


def ablate(
    names: Sequence[str],
    clips: Path,
    out: Path,
    base: TrainConfig,
    notify: Callable[[str], None] = lambda _: None,
) -> dict[str, dict[str, Any]]:
    """Run experiments that have no result yet; return all results by name.

    Parameters
    ----------
    names : sequence of str
        Keys of `EXPERIMENTS`.
    clips : Path
        Holds train/, validation/ and for `self_reference` self_reference/; must stay as it is
        until the last experiment.
    out : Path
        Gets results.jsonl and a folder a run.
    base : TrainConfig
        Pairs, threads, seed; of `validate_clips` of each kind (name before the last "_").
    notify : callable
        Told of what is done.

    Raises
    ------
    InputError
        When the stored results are of other clips or another number of pairs.
    """
    out.mkdir(parents=True, exist_ok=True)
    validation = _validation(clips / "validation", base.validate_clips)
    data = {"train": _fingerprint(clips / "train"), "validation": [c.name for c in validation]}
    results = read_results(out)
    for name, result in results.items():
        if (result["data"], result["asked"]) != (data, base.pairs):
            raise InputError(
                f"{out} holds {name} on other clips or of {result['asked']} pairs: choose another "
                "--out folder"
            )
    if "position" not in results:
        counts = _count(validation, lambda clip: by_position(clip.frames))
        _keep(out, results, {"name": "position", "asked": base.pairs, "recursive": counts}, data)
    for name in names:
        if name not in results:
            result = {"name": name, "asked": base.pairs}
            result |= _run(EXPERIMENTS[name], base, clips, out / name, validation)
            _keep(out, results, result, data)
            notify(f"{name}: {result['pairs']} pairs in {result['seconds']:.0f} s")
    return results


def read_results(out: Path) -> dict[str, dict[str, Any]]:
    """Return the stored results by name."""
    path = out / "results.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return {result["name"]: result for result in map(json.loads, lines)}


def _keep(
    out: Path, results: dict[str, dict[str, Any]], result: dict[str, Any], data: dict[str, Any]
) -> None:
    results[result["name"]] = {**result, "data": data}
    with (out / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(results[result["name"]]) + "\n")


def _fingerprint(folder: Path) -> list[int]:
    """Return the number of clips, and a checksum of their names."""
    names = sorted(path.name for path in folder.glob("*.npz"))
    return [len(names), zlib.crc32("\n".join(names).encode())]


def _validation(folder: Path, count: int) -> list[StoredClip]:
    kinds: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.npz")):
        kinds.setdefault(path.stem.rsplit("_", 1)[0], []).append(path)
    if not kinds:
        raise InputError(f"no clips (*.npz) in {folder}; make some with scripts/generate.py")
    clips = [load_clip(path, small=False) for paths in kinds.values() for path in paths[:count]]
    return [clip for clip in clips if len(clip.frames) > max(_SHOWN)]


def _configured(experiment: Experiment, base: TrainConfig) -> TrainConfig:
    """Return the configuration of an experiment; the run's own validation is kept to a glance."""
    samples = SampleOptions(window_share=1.0, window_segments=(12, 40))
    return replace(
        base,
        minutes=_NEVER,
        validate_minutes=_NEVER,
        validate_clips=1,
        validate_frames=2,
        samples=replace(samples, **experiment.samples),
        switches=Switches(**experiment.switches),
        paper=PaperOptions(**experiment.paper),
        **experiment.config,
    )


def _run(
    experiment: Experiment,
    base: TrainConfig,
    clips: Path,
    folder: Path,
    validation: list[StoredClip],
) -> dict[str, Any]:
    begun = time.process_time()
    train(_configured(experiment, base), clips, folder)
    used = time.process_time() - begun
    stored = torch.load(folder / "best.pt", map_location="cpu", weights_only=True)
    model = load_model(folder / "best.pt")
    start = time.perf_counter()
    result = {
        "about": experiment.about,
        "pairs": stored["pairs"],
        "steps": stored["step"],
        "seconds": round(stored["seconds"], 1),
        "cpu_seconds": round(used, 1),
        "parameters": sum(weights.numel() for weights in model.parameters()),
        "recursive": _count(
            validation, lambda clip: recursive(clip.frames, network_matcher(model))
        ),
    }
    if experiment.references:
        result["references"] = {str(k): _keyframes(model, validation, k) for k in _SHOWN}
    return {**result, "validation_seconds": round(time.perf_counter() - start, 1)}


def _count(clips: list[StoredClip], score: Callable[[StoredClip], ProtocolScore]) -> Counts:
    counts = {}
    for clip in clips:
        shortened = StoredClip(clip.name, clip.frames[:_FRAMES])
        done = score(shortened)
        counts[clip.name] = [done.right, done.segments]
    return counts


def _keyframes(model: AntPaper | AntRelative, clips: list[StoredClip], references: int) -> Counts:
    """Colour the same targets from the middle drawing, the outer two as well, or five."""

    def score(clip: StoredClip) -> ProtocolScore:
        frames = clip.frames
        five = np.linspace(0, len(frames) - 1, 5).round().astype(int)
        shown = {1: five[2:3], 3: five[::2], 5: five}[references]
        others = np.setdiff1d(np.arange(len(frames)), five)
        match = network_matcher(model)
        return keyframes([frames[i] for i in shown], [frames[i] for i in others], match)

    return _count(clips, score)
