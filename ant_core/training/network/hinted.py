"""Recursive propagation where the artist gives some colours of every target.

What a hint is worth beyond its own segment: scored are the segments that got none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from ant_core.matching.flow import Motion
from ant_core.matching.matcher import Match
from ant_core.matching.voting import Ballot, apply_given, vote
from ant_core.training.data.clips import UNSURE, Frame
from ant_core.training.evaluation.protocols import Score
from ant_core.training.network.batches import collate
from ant_core.training.network.data import observed
from ant_core.training.network.model import AntPaper, AntRelative
from ant_core.training.network.step import match_batch

__all__ = ["hinted_recursive"]


def hinted_recursive(
    model: AntPaper | AntRelative, frames: Sequence[Frame], share: float, seed: int
) -> Score:
    """Propagate the first frame's colours, with hints on every other frame.

    As `training.evaluation.protocols.recursive`, which it equals without hints. A hint fixes the
    colour of its segment, which the next frame takes over; networks that take known colours also
    see all hints and all colours of the references, as predicted.

    Parameters
    ----------
    model : AntPaper or AntRelative
    frames : sequence of Frame
    share : float
        Of the segments of a target that are hinted.
    seed : int
        Of the choice of these segments.

    Returns
    -------
    Score
        Over the segments without hint; `predicted` has all.
    """
    rng = np.random.default_rng(seed)
    rank = np.arange(max(int(frame.color.max(initial=0)) for frame in frames) + 1)
    score = Score()
    given = Ballot(
        frames[0].number,
        0,
        frames[0].color.astype(np.int32),
        np.ones(frames[0].count, np.float32),
    )
    sources = [(frames[0], given)]
    for frame in frames[1:]:
        hinted = rng.random(frame.count) < share
        references = [reference for reference, _ in sources]
        ballots = [replace(ballot, offset=frame.number - ballot.frame) for _, ballot in sources]
        match = _match(model, references, ballots, frame, np.where(hinted, frame.color, UNSURE))
        fills = vote(match, ballots, rank, lambda raw: raw, 0.0)
        hints = {int(row) + 1: int(frame.color[row]) for row in np.flatnonzero(hinted)}
        fills = apply_given(fills, frame.number, hints, {}, {})
        score.predicted.append(fills.color)
        score.right += int((fills.color == frame.color)[~hinted].sum())
        score.segments += int((~hinted).sum())
        score.drawings += 1
        last = Ballot(frame.number, 0, fills.color, fills.confidence)
        sources = [sources[0], (frame, last)]
    return score


def _match(
    model: AntPaper | AntRelative,
    references: list[Frame],
    ballots: list[Ballot],
    target: Frame,
    hints: NDArray[np.int64],
) -> Match:
    device = next(model.parameters()).device
    sample = collate([observed(target, references, Motion() if model.config.flow else None)])
    batch = {k: v.to(device) for k, v in sample.items()}
    colors = np.concatenate([ballot.color for ballot in ballots]).astype(np.int64)
    known = torch.from_numpy(colors)[None].to(device), torch.from_numpy(hints)[None].to(device)
    with torch.inference_mode():
        similarity, counterpart, _ = match_batch(model, batch, known)
    counts = [reference.count for reference in references]
    return Match(
        similarity.softmax(-1)[0].cpu().numpy(),
        counterpart.sigmoid()[0].cpu().numpy(),
        np.repeat(np.arange(len(counts)), counts).astype(np.int32),
        np.concatenate([np.arange(1, count + 1) for count in counts]).astype(np.int32),
    )
