#!/usr/bin/env python3
r"""Make a model file of a training run: calibrate on validation, export, run, compare, score.

    python scripts/export.py --run runs/main --clips clips --scenes scenes/validation \
        --version 0.1.0 --notes docs/models/default.md --out ant_core/models/default.antmodel

With --scenes the threshold of "no counterpart" for matching regions is fitted as well. Prints the
scores on validation as JSON; they go into the manifest and into the model card, which
is written beside the file with its registry entry. With --release FOLDER the three also go into a
folder of releases, ready to be served.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from numpy.typing import NDArray

from ant_core.errors import AntError
from ant_core.matching.matcher import Matcher
from ant_core.models.release import describe, write_beside, write_release
from ant_core.training.data.clips import ClipFrame, StoredClip, load_clip
from ant_core.training.data.sets import find_shots
from ant_core.training.evaluation.benchmark import MethodResult, applies, run_protocol
from ant_core.training.evaluation.calibration import (
    calibration_error,
    fit_confidence,
    fit_threshold,
)
from ant_core.training.evaluation.counterparts import Line
from ant_core.training.evaluation.methods import ModelMethod
from ant_core.training.evaluation.protocols import (
    Confidence,
    MatchFrames,
    ProtocolScore,
    by_overlap,
    by_position,
    recursive,
)
from ant_core.training.network.export import TOLERANCE, compare, write_model
from ant_core.training.network.model import AntPaper, AntRelative
from ant_core.training.network.run import load_model
from ant_core.training.network.train import network_matcher


def _total(scores: Sequence[ProtocolScore]) -> float:
    right, segments = sum(s.right for s in scores), sum(s.segments for s in scores)
    return 100 * right / max(segments, 1)


def _kind_scores(clips: Sequence[StoredClip], scores: Sequence[ProtocolScore]) -> dict[str, Any]:
    position, overlap = (
        [by_position(c.frames) for c in clips],
        [by_overlap(c.frames) for c in clips],
    )
    ours, base = _total(scores), _total(position)
    return {
        "clips": len(clips),
        "drawings": sum(s.drawings for s in scores),
        "segments": sum(s.segments for s in scores),
        "accuracy": round(ours, 2),
        "position": round(base, 2),
        "overlap": round(_total(overlap), 2),
        "position_errors_removed": round(100 * (ours - base) / (100 - base), 1),
    }


def _table(scores: Sequence[ProtocolScore]) -> NDArray[np.float64]:
    """Fit confidence on clips that weigh the same: one full scene holds as much as ten others."""
    raw, hit = [a for s in scores for a in s.raw], [a for s in scores for a in s.hit]
    weight = [np.full(sum(map(len, s.raw)), 1 / max(sum(map(len, s.raw)), 1)) for s in scores]
    return np.array(
        fit_confidence(np.concatenate(raw), np.concatenate(hit), np.concatenate(weight))
    )


def _interpolate(table: NDArray[np.float64]) -> Confidence:
    return lambda raw: np.interp(raw, table[:, 0], table[:, 1]).astype(np.float32)


def _remembered(match: MatchFrames) -> MatchFrames:
    """Match the same drawings once only: what is matched does not depend on colours."""
    known: dict[tuple[int, ...], tuple[NDArray[np.float32], NDArray[np.float32]]] = {}

    def recall(
        references: Sequence[ClipFrame], target: ClipFrame
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        key = (id(target), *map(id, references))
        if key not in known:
            known[key] = match(references, target)
        return known[key]

    return recall


def _calibration_error(match: MatchFrames, clips: Sequence[StoredClip]) -> float:
    """Fit on every other clip; measure what propagation then says of the rest."""
    table = _table([recursive(c.frames, match, true_references=True) for c in clips[::2]])
    scores = [recursive(clip.frames, match, _interpolate(table)) for clip in clips[1::2]]
    return calibration_error(
        np.concatenate([a for s in scores for a in s.confidence]),
        np.concatenate([a for s in scores for a in s.hit]),
    )


def _region_line(model: Path, scenes: Path | None) -> Line | None:
    """Fit the threshold of "no counterpart" for matching regions on full scenes."""
    if scenes is None:
        return None
    method, result = ModelMethod(Matcher(model, "cpu", 1), "exported"), MethodResult()
    for source in find_shots(scenes):
        shot = source.read()
        if applies("regions", shot):
            run_protocol("regions", shot, method, result)
        method.forget()
    line = result.counterparts.fit()
    if line is None:
        print("no threshold recognises occlusion often enough: colouring's serves", file=sys.stderr)
    return line


def _export(
    run: Path, model: AntPaper | AntRelative, clips: Path, scenes: Path | None, out: Path
) -> dict[str, Any]:
    validation = [load_clip(path) for path in sorted((clips / "validation").glob("*.npz"))]
    # Clips of all kinds in both halves of the calibration.
    random.Random(0).shuffle(validation)
    match = _remembered(network_matcher(model))
    fitted = [recursive(clip.frames, match, true_references=True) for clip in validation]
    confidence = _table(fitted)

    def propagated(threshold: float) -> list[ProtocolScore]:
        sure = _interpolate(confidence)
        return [recursive(clip.frames, match, sure, threshold) for clip in validation]

    threshold = fit_threshold(
        lambda threshold: float(np.mean([score.accuracy for score in propagated(threshold)]))
    )
    scores = propagated(threshold)
    kinds: dict[str, list[int]] = {}
    for index, clip in enumerate(validation):
        kinds.setdefault(re.sub(r"_?\d+$", "", clip.name), []).append(index)
    table = {
        kind: _kind_scores([validation[i] for i in rows], [scores[i] for i in rows])
        for kind, rows in sorted(kinds.items())
    }
    stored = torch.load(run / "best.pt", map_location="cpu", weights_only=True)
    result = {
        "pairs_seen": stored["pairs"] + stored.get("pairs_before", 0),
        "calibration_error": round(_calibration_error(match, validation), 4),
        "validation": table,
    }
    manifest = {
        "name": model.config.name,
        "no_counterpart_threshold": threshold,
        "confidence": confidence.round(5).tolist(),
        **result,
    }
    write_model(model, out, manifest)
    line = _region_line(out, scenes)
    if line is not None:
        write_model(model, out, {**manifest, "region_threshold": line.threshold})
        result["region_line"] = asdict(line)
    difference = compare(model, out)
    if difference > TOLERANCE["float32"]:
        out.unlink()
        raise AntError(f"the exported file differs from PyTorch by {difference}; not kept")
    return {**result, "no_counterpart_threshold": threshold, "largest_difference": difference}


def main() -> None:
    """Parse the command line and export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="run folder with best.pt")
    parser.add_argument("--clips", type=Path, required=True, help="folder with validation/*.npz")
    parser.add_argument("--scenes", type=Path, help="full scenes of validation, AnimeRun's layout")
    parser.add_argument("--out", type=Path, required=True, help="NAME.antmodel to write")
    parser.add_argument("--version", required=True, help="of the model, such as 0.1.0")
    parser.add_argument("--notes", type=Path, help="Markdown for the card: data, limits")
    parser.add_argument("--release", type=Path, help="folder of releases to add it to")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(options.run / "best.pt")
    result = _export(options.run, model, options.clips, options.scenes, options.out)
    print(json.dumps(result, indent=1))
    notes = options.notes.read_text("utf-8") if options.notes else ""
    entry = describe(options.out, options.out.stem, options.version, notes=notes)
    write_beside(entry, options.out)
    if options.release:
        write_release(entry, options.out, options.release)


if __name__ == "__main__":
    main()
