"""Adapt a trained network to a production, from the coloured frames of its own shots.

Shi et al., "Deep Line Art Video Colorization with a Few References", section 4.5, show what such
adaptation is worth. Colours alone are known, not which segment is which; bent copies of single
drawings (`self_reference`) add pairs whose matches are known, and a weight of the cycle loss
(Casey et al. 2021, section 3.3) keeps parts of one colour apart.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ant_core.errors import Cancelled, InputError
from ant_core.formats.sequence import SequenceReader
from ant_core.training.data.clips import StoredClip
from ant_core.training.data.majority import majority
from ant_core.training.data.pair_flows import flows_between
from ant_core.training.data.pictures import color_numbers, read_picture
from ant_core.training.data.true_shots import TrueFrame, from_picture
from ant_core.training.evaluation.protocols import keyframes
from ant_core.training.network.batches import batches
from ant_core.training.network.config import TrainConfig
from ant_core.training.network.machine import Machine
from ant_core.training.network.model import AntPaper, AntRelative
from ant_core.training.network.run import TrainingRun
from ant_core.training.network.self_reference import self_reference_clip
from ant_core.training.network.train import learning_rate, network_matcher, train_batch

__all__ = ["Production", "check", "finetune", "read_production"]

_HELD_OUT = 3  # every so manieth coloured frame is kept for validation
_WARPS = 5  # bent copies of each coloured drawing


@dataclass(frozen=True)
class Production:
    """Coloured frames of a production.

    Attributes
    ----------
    clips : list of StoredClip
        To learn from: the frames of each shot, and bent copies of each frame.
    checks : list of (references, targets)
        A shot's frames that were learned from, and those held out.
    segments : int
        Of all frames held out.
    frames : int
        Coloured frames in all.
    """

    clips: list[StoredClip]
    checks: list[tuple[list[TrueFrame], list[TrueFrame]]]
    segments: int
    frames: int


def read_production(shots: Sequence[Path], seed: int) -> Production:
    """Read every frame of the shots that has colours, and hold some out.

    Parameters
    ----------
    shots : sequence of Path
        Folders with line/ and color/ as `ant_core propagate` takes them.
    seed : int
        Of the warps.

    Raises
    ------
    InputError
        When no shot has two coloured frames, or a picture cannot be used.
    """
    rng = np.random.default_rng(seed)
    clips: list[StoredClip] = []
    checks = []
    total = 0
    numbers: dict[int, int] = {}  # colours are the same throughout the production
    for shot in shots:
        frames = _colored_frames(shot, numbers)
        total += len(frames)
        held = frames[1::_HELD_OUT]
        kept = [pair for index, pair in enumerate(frames) if index % _HELD_OUT != 1]
        for line, frame in kept:
            picture = read_picture(line)
            clips.append(self_reference_clip(str(line), picture, frame, _WARPS, rng))
        if len(kept) > 1:
            clips.append(StoredClip(str(shot), [frame for _, frame in kept]))
        if held:
            checks.append(([frame for _, frame in kept], [frame for _, frame in held]))
    if not checks:
        raise InputError(
            "no shot has two coloured frames: finetuning learns from some and checks itself on "
            "others, so paint or accept at least one more frame"
        )
    for clip in clips:
        drawings = [frame.small for frame in clip.frames]
        clip.flows = flows_between(drawings, [frame.count for frame in clip.frames])
    segments = sum(frame.count for _, held in checks for frame in held)
    return Production(clips, checks, segments, total)


def _colored_frames(shot: Path, numbers: dict[int, int]) -> list[tuple[Path, TrueFrame]]:
    lines = SequenceReader("line", shot)
    colors = SequenceReader("color", shot, like=lines.frames)
    result = []
    for number in sorted(set(lines.frames) & set(colors.frames)):
        line = Path(lines.place(number))
        frame = from_picture(number, read_picture(line), place=str(line))
        assert frame.labels is not None
        painted = color_numbers(read_picture(Path(colors.place(number))), numbers)
        if painted.shape != frame.labels.shape:
            raise InputError(
                f"{colors.place(number)} has another size than its line drawing: export both alike"
            )
        frame.color = majority(frame.labels, painted)[0].astype(np.int64)
        frame.label = frame.color
        if frame.count > 1:
            result.append((line, frame))
    return result


def check(model: AntPaper | AntRelative, production: Production) -> float:
    """Return the share of segments of held-out frames that get the right colour, in percent."""
    match = network_matcher(model)
    scores = [keyframes(references, held, match) for references, held in production.checks]
    return 100 * sum(score.right for score in scores) / max(1, production.segments)


def finetune(
    model: AntPaper | AntRelative,
    production: Production,
    config: TrainConfig,
    *,
    notify: Callable[[float, int, float], None] = lambda *_: None,
    cancel: threading.Event | None = None,
) -> AntPaper | AntRelative:
    """Train a network further on a production's frames, by the bounds of the configuration.

    Parameters
    ----------
    model : AntPaper or AntRelative
        Not modified.
    notify : callable
        Told seconds, pairs and mean loss, every few seconds.

    Returns
    -------
    AntPaper or AntRelative
        The averaged weights, on the CPU.

    Raises
    ------
    Cancelled
    """
    machine = Machine(config.device, full_precision=config.full_precision, threads=config.threads)
    torch.manual_seed(config.seed)
    run = TrainingRun(config, None, model.config, machine)
    run.model.load_state_dict(model.state_dict())
    run.average.load_state_dict(model.state_dict())
    source = batches(
        production.clips, config.tokens, np.random.default_rng(config.seed), config.samples
    )
    start = told = time.perf_counter()
    losses: list[torch.Tensor] = []
    while not run.is_over:
        if cancel is not None and cancel.is_set():
            raise Cancelled("stopped: no model was written, the one in use is as it was")
        loss, pairs = train_batch(run, source, learning_rate(config, run.share))
        now = time.perf_counter()
        run.seconds, run.pairs = now - start, run.pairs + pairs
        losses.append(loss)
        if now - told > 5:
            notify(run.seconds, run.pairs, float(torch.stack(losses).mean()))
            told = now
            losses.clear()
    return run.average.cpu().eval()
