"""Drawn frames -> what training reads: descriptors of every segment with its true part.

Drawings go through the product's own segmentation, so that training sees the product's mistakes.
A segment's true part is the majority of the part ids under it.

A stored clip is one .npz file; S = the segments of all F frames one after another:

    frame_start (F+1,) int32     rows frame_start[f]:frame_start[f+1] are frame f
    frame_number (F,) int32      number on the source's time line
    size (2,) int32              H, W
    crops (S, 4, 32, 32) uint8, shape (S, features) float32, box (S, 4) float32   see descriptors.py
    area (S,) int64, centroid (S, 2) float32 x, y, touches_border (S,) bool       see regions.py
    part (S,) int32              true part id; 0 = paper
    purity (S,) float32          share of the segment that is of that part
    color (S,) int32             number of the part's colour in this clip; 0 = unpainted paper
    edges (E, 2) int32           rows within the frame; edge_weight (E,) float32
    edge_start (F+1,) int32      as frame_start
    line_width_px (F,) float32
    overlap (S,) int32           row, in the frame before, of the segment under most of it; -1
    seen (S, 2) int8             whether this very piece is seen in the frame before and in the one
                                 after: 1 yes, 0 no, -1 not known (the source has no optical flow)
    small_darkness (F, h, w) uint8, small_labels (F, h, w) int    see ant_core.matching.flow
    flow_...                     what optical flow says of some of its drawings, see pair_flows.py
    meta () str                  JSON: name, split, characters, motions, versions
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import OutputError
from ant_core.matching.descriptors import DESCRIPTOR_VERSION, Descriptors, describe
from ant_core.training.data.baselines import overlap
from ant_core.training.data.flow_labels import match_segments, occlusion
from ant_core.training.data.majority import majority
from ant_core.training.data.pair_flows import flows_between, pack
from ant_core.training.data.splits import Split
from ant_core.training.synthesis.ink.ink import Drawn, InkStyle, draw, draw_style
from ant_core.training.synthesis.source import ClipMaker, SourceClip, SourceFrame, seeded
from segmentation import Segments, expand_labels, extract_lines, measure, segment

__all__ = [
    "CLIP_VERSION",
    "DrawnSample",
    "clip_arrays",
    "clip_path",
    "drawings",
    "sample",
    "samples",
    "write_arrays",
    "write_clip",
]

CLIP_VERSION = 4


@dataclass(frozen=True)
class DrawnSample:
    """One drawn frame with its segments and the truth about them.

    Attributes
    ----------
    labels
        (H, W) int32, 0 = line, 1..N segments.
    part
        (N,) int32 true part of each segment.
    purity
        (N,) float32 share of the segment's pixels that are of that part.
    """

    drawn: Drawn
    labels: NDArray[np.int32]
    segments: Segments
    descriptors: Descriptors
    part: NDArray[np.int32]
    purity: NDArray[np.float32]


def sample(drawn: Drawn) -> DrawnSample:
    """Segment and describe a drawing as the product does, and name each segment's true part."""
    lines = extract_lines(drawn.image)
    labels = segment(lines).labels
    segments = measure(labels)
    part, purity = majority(labels, drawn.ids)
    return DrawnSample(drawn, labels, segments, describe(lines, labels, segments), part, purity)


def drawings(clip: SourceClip, style: InkStyle | None = None) -> Iterator[Drawn]:
    """Draw the frames one by one; without a style in the clip's own or one from its name."""
    style = style or clip.ink
    if style is None:
        style = draw_style(seeded("style", clip.split, clip.name), clip.frames[0].ids.shape[0])
    for i, frame in enumerate(clip.frames):
        yield draw(frame, style, seeded("pen", clip.split, clip.name, i))


def samples(clip: SourceClip) -> list[DrawnSample]:
    """Draw and segment all frames, in the clip's own style or one from its name."""
    return [sample(drawn) for drawn in drawings(clip)]


def _color_numbers(clip: SourceClip) -> NDArray[np.int32]:
    """Return part id -> number of its colour, 0 for the paper and 1, 2, ... in order of the ids."""
    numbers: dict[tuple[int, int, int], int] = {}
    table = np.zeros(max(clip.colors, default=0) + 1, dtype=np.int32)
    for part in sorted(clip.colors):
        table[part] = numbers.setdefault(clip.colors[part], len(numbers) + 1)
    return table


def _seen_beside(frames: list[SourceFrame], drawn: list[DrawnSample]) -> NDArray[np.int8]:
    """Return (S, 2) whether a segment is matched by flow in the drawings before and after it."""
    planes = [np.maximum(expand_labels(s.labels) - 1, 0).astype(np.int32) for s in drawn]
    seen = [np.full((s.descriptors.count, 2), -1, np.int8) for s in drawn]
    for k, (here, after) in enumerate(pairwise(frames)):
        there, back = here.forward, after.backward
        if there is None or back is None:
            continue
        for one, other, column, flows in (
            (k, k + 1, 1, (there, back)),
            (k + 1, k, 0, (back, there)),
        ):
            rows = match_segments(planes[one], planes[other], flows[0], occlusion(*flows))
            for row, found in enumerate(rows[: len(seen[one])]):
                seen[one][row, column] = found[0] >= 0
    return np.concatenate(seen)


def _small(described: list[Descriptors]) -> dict[str, NDArray[np.generic]]:
    small = [d.small for d in described if d.small is not None]
    return {
        "small_darkness": np.stack([picture.darkness for picture in small]),
        "small_labels": np.stack([picture.labels for picture in small]),
    }


def _starts(counts: list[int]) -> NDArray[np.int32]:
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int32)


def clip_arrays(clip: SourceClip, drawn: list[DrawnSample]) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of a stored clip (see the top of this file) from its drawn frames."""
    described = [s.descriptors for s in drawn]
    part = np.concatenate([s.part for s in drawn])
    before = [np.full(described[0].count, -1, dtype=np.int32)]
    before += [overlap(a.labels, b.labels).astype(np.int32) for a, b in pairwise(drawn)]
    meta = {
        "name": clip.name,
        "split": clip.split,
        "characters": list(clip.characters),
        "motions": list(clip.motions),
        "clip_version": CLIP_VERSION,
        "descriptor_version": DESCRIPTOR_VERSION,
    }
    return {
        "frame_start": _starts([d.count for d in described]),
        "frame_number": clip.numbers(),
        "size": np.asarray(drawn[0].labels.shape, dtype=np.int32),
        "crops": np.concatenate([d.crops for d in described]),
        "shape": np.concatenate([d.shape for d in described]),
        "box": np.concatenate([d.box for d in described]),
        "area": np.concatenate([s.segments.area for s in drawn]),
        "centroid": np.concatenate([s.segments.centroid for s in drawn]),
        "touches_border": np.concatenate([s.segments.touches_border for s in drawn]),
        "part": part,
        "purity": np.concatenate([s.purity for s in drawn]),
        "color": _color_numbers(clip)[part],
        "edges": np.concatenate([d.edges for d in described]),
        "edge_weight": np.concatenate([d.edge_weight for d in described]),
        "edge_start": _starts([len(d.edges) for d in described]),
        "line_width_px": np.array([d.line_width_px for d in described], dtype=np.float32),
        "overlap": np.concatenate(before),
        "seen": _seen_beside(clip.frames, drawn),
        **_small(described),
        **pack(flows_between([d.small for d in described], [d.count for d in described])),
        "meta": np.array(json.dumps(meta, ensure_ascii=False)),
    }


def clip_path(out: Path, source: str, split: Split, seed: int) -> Path:
    """Return where the clip of a source and seed is stored."""
    return out / split / f"{source}_{seed:06d}.npz"


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} could not be written ({error.strerror}): "
        "choose a place with room that can be written to."
    )


def write_arrays(path: Path, arrays: dict[str, NDArray[np.generic]]) -> None:
    """Write beside the final name and rename, so that an interruption leaves whole files only.

    OutputError when the place cannot be written to.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with beside.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def write_clip(maker: ClipMaker, data: Path, path: Path, split: Split, seed: int) -> bool:
    """Make, draw and store one clip unless it is stored already.

    Returns
    -------
    Whether it was made now.

    Raises
    ------
    InputError
        The source's data cannot be read.
    OutputError
        The place cannot be written to.
    """
    if path.exists():
        return False
    clip = maker(data, split, seed)
    write_arrays(path, clip_arrays(clip, samples(clip)))
    return True
