"""Clips written in the folder layouts of published sets, so that their protocols run on ours.

    OUT/SPLIT/...               AnimeRun's folders (see ant_core.training.data.animerun)
    OUT/SPLIT/PaintBucket_Char/NAME/...    PaintBucket's (see ant_core.training.data.paintbucket)
    OUT/SPLIT/clips/NAME.json   written last: who is in the clip, and its region statistics

Lines are clean and lie exactly where the ids change, so that flow and labels stay exact.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ant_core.files import WholeFiles, read_bytes
from ant_core.training.data.animerun import AnimeRunWriter
from ant_core.training.data.flow_labels import FlowFrame, RegionStatistics, write_scene
from ant_core.training.data.majority import majority
from ant_core.training.data.paintbucket import NO_PART, PaintBucketFrame, write_frame
from ant_core.training.data.splits import Split
from ant_core.training.synthesis.ink.ink import InkStyle, draw
from ant_core.training.synthesis.source import SourceClip, SourceFrame, load_source
from segmentation import extract_lines, segment

__all__ = ["LAYOUTS", "write_layout"]

_CLEAN = InkStyle(seed=0, width_px=1.5)


def _contour(frame: SourceFrame, style: InkStyle = _CLEAN) -> NDArray[np.uint8]:
    # A clean style draws nothing at random.
    return draw(frame, style, np.random.default_rng(0)).image


def _palette(clip: SourceClip) -> NDArray[np.uint8]:
    """Return part id -> (r, g, b, a) uint8; paper is transparent white."""
    table = np.zeros((max(clip.colors, default=0) + 1, 4), np.uint8)
    table[0] = (255, 255, 255, 0)
    for part, color in clip.colors.items():
        table[part] = (*color, 255)
    return table


def _write_animerun(clip: SourceClip, folder: Path, files: WholeFiles) -> RegionStatistics:
    statistics = RegionStatistics()
    palette = _palette(clip)
    frames = (
        FlowFrame(_contour(f), f.forward, f.backward, np.ascontiguousarray(palette[f.ids, :3]))
        for f in clip.frames
    )
    write_scene(AnimeRunWriter(folder, clip.name, files), clip.name, frames, statistics)
    return statistics


def _write_paintbucket(clip: SourceClip, folder: Path, files: WholeFiles) -> RegionStatistics:
    place = folder / "PaintBucket_Char" / clip.name
    for number, frame in enumerate(clip.frames):
        write_frame(place, f"{number:04d}", _bucket(clip, frame), files)
    return RegionStatistics()


def _bucket(clip: SourceClip, frame: SourceFrame) -> PaintBucketFrame:
    """Draw and segment a frame as the sets of PaintBucket are; parts only where those have any."""
    lines = extract_lines(_contour(frame, replace(_CLEAN, hard=True)))
    labels = segment(lines).labels
    parts = majority(labels, frame.ids)[0]
    colors = _palette(clip)[parts]
    ink = np.array((0, 0, 0, 255), np.uint8)
    color = np.concatenate((ink[None], colors))[labels]
    known = np.where(parts > 0, parts, NO_PART).astype(np.int64) if clip.split == "train" else None
    line = np.where(lines.ink[..., None], ink, np.uint8(0))
    return PaintBucketFrame(line, color, labels, np.arange(1, len(parts) + 1), colors, known)


LAYOUTS: dict[str, Callable[[SourceClip, Path, WholeFiles], RegionStatistics]] = {
    "animerun": _write_animerun,
    "paintbucket": _write_paintbucket,
}


def write_layout(
    layout: str, source: str, data: Path, out: Path, split: Split, seed: int
) -> tuple[bool, RegionStatistics]:
    """Make a clip and write it in a published layout, unless it is there already.

    Parameters
    ----------
    layout
        A name of `LAYOUTS`; "animerun" needs a source with optical flow.
    source, data, split, seed
        Which clip; see `ant_core.training.synthesis.source`.
    out
        Folder of the set; see the top of this file.

    Returns
    -------
    Whether it was made now, and what AnimeRun's Table 1 counts (nothing for other layouts).

    Raises
    ------
    InputError
        The source's data cannot be read, or it has no flow.
    OutputError
        The place cannot be written to.
    """
    record = out / split / "clips" / f"{source}_{seed:06d}.json"
    if record.exists():
        return False, RegionStatistics.from_stored(json.loads(read_bytes(record))["statistics"])
    clip = load_source(source)(data, split, seed)
    files = WholeFiles()
    statistics = LAYOUTS[layout](clip, out / split, files)
    about = {"name": clip.name, "layout": layout, "statistics": statistics.stored()}
    about |= {"characters": clip.characters, "motions": clip.motions}
    files.make_folder(record.parent)
    files.write(record, json.dumps(about, ensure_ascii=False).encode())
    return True, statistics
