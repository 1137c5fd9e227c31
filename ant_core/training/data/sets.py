"""Sets of shots with their truth: found by their layout, read one shot at a time.

Known are stored clips (.npz, see `ant_core.training.synthesis.clip`), shots as line/ and truth/
pictures (see `ant_core.training.data.pictures`), AnimeRun and PaintBucket-Character.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.training.data import animerun, paintbucket
from ant_core.training.data.animerun import AnimeRunScene
from ant_core.training.data.clips import clip_from_arrays
from ant_core.training.data.flow_labels import segment_centers
from ant_core.training.data.majority import majority
from ant_core.training.data.pictures import color_numbers, read_picture, shot_pictures
from ant_core.training.data.true_shots import (
    FlowTruth,
    TrueFrame,
    TrueShot,
    from_picture,
    line_area,
    link,
)
from segmentation import extract_lines

__all__ = ["ShotSource", "find_shots"]


@dataclass(frozen=True)
class ShotSource:
    """A shot that can be read; `name` is unique within a run."""

    name: str
    layout: str
    read: Callable[[], TrueShot]


def find_shots(place: Path) -> list[ShotSource]:
    """Return the shots of a set, by name.

    Raises
    ------
    InputError
        When the place is missing or in no layout that is known.
    """
    if not place.exists():
        raise InputError(f"{place} is missing: give a clip, a shot or the folder of a data set")
    clips = [place] if place.suffix == ".npz" else sorted(place.glob("*.npz"))
    if clips:
        return [ShotSource(str(path), "clips", partial(_read_clip, path)) for path in clips]
    scenes = animerun.scenes(place)
    if scenes:
        return [
            ShotSource(str(s.split / s.name), "animerun", partial(_read_scene, s)) for s in scenes
        ]
    shots = [place, *sorted(path for path in place.glob("*") if path.is_dir())]
    shots = [path for path in shots if (path / "line").is_dir() and (path / "truth").is_dir()]
    if shots:
        return [ShotSource(str(path), "pictures", partial(_read_pictures, path)) for path in shots]
    characters = paintbucket.characters(place)
    if characters:
        return [
            ShotSource(str(path), "paintbucket", partial(_read_character, path))
            for path in characters
        ]
    raise InputError(
        f"{place} is no data set that is known: expected *.npz clips, shots of line/ and truth/ "
        "pictures, or the folders of AnimeRun or PaintBucket-Character"
    )


# ---- stored clips


def _read_clip(path: Path) -> TrueShot:
    try:
        with np.load(path) as stored:
            data = {key: stored[key] for key in stored.files}
        clip = clip_from_arrays(path.stem, data)
        meta = json.loads(str(data["meta"]))
    except (ValueError, KeyError, EOFError, OSError) as error:
        raise InputError(f"{path} is no stored clip ({error}): generate it again") from None
    frames: list[TrueFrame] = []
    for index, frame in enumerate(clip.frames):
        rows = slice(data["frame_start"][index], data["frame_start"][index + 1])
        before = clip.frames[index - 1].number if index else None
        frames.append(
            TrueFrame(
                **frame.__dict__,
                area=data["area"][rows],
                centroid=data["centroid"][rows],
                before=before,
            )
        )
    return TrueShot(
        name=str(path), frames=frames, characters=tuple(meta["characters"]), has_parts=True
    )


# ---- line/ and truth/ pictures


def _read_pictures(folder: Path) -> TrueShot:
    numbers: dict[int, int] = {}
    frames = []
    pictures = shot_pictures(folder)
    for number, (line, truth) in zip(
        _frame_numbers([line.stem for line, _ in pictures]), pictures, strict=True
    ):
        frame = from_picture(number, read_picture(line), place=str(line))
        _paint(frame, color_numbers(read_picture(truth), numbers), str(truth))
        frames.append(frame)
    _check_sizes(frames, folder)
    link(frames)
    return TrueShot(name=str(folder), frames=frames, palette=_palette(numbers))


def _frame_numbers(stems: Sequence[str]) -> list[int]:
    """Return the numbers that end the names; 1, 2, ... unless all have one and they rise."""
    ends = [re.search(r"\d+$", stem) for stem in stems]
    numbers = [int(end.group()) for end in ends if end]
    rise = len(numbers) == len(stems) and all(a < b for a, b in pairwise(numbers))
    return numbers if rise else list(range(1, len(stems) + 1))


def _paint(frame: TrueFrame, colors: NDArray[np.int32], place: str) -> None:
    """Set each segment's colour to the commonest one under it."""
    assert frame.labels is not None
    if colors.shape != frame.labels.shape:
        raise InputError(f"{place} has another size than its line drawing: export both alike")
    frame.color = majority(frame.labels, colors)[0].astype(np.int64)
    frame.label = frame.color


def _palette(numbers: Mapping[int, int]) -> dict[int, tuple[int, int, int]]:
    """Return R, G, B by number, from `color_numbers`' table of numbers by colour."""
    return {number: (c >> 16, c >> 8 & 255, c & 255) for c, number in numbers.items()}


def _check_sizes(frames: Sequence[TrueFrame], folder: Path) -> None:
    sizes = {frame.labels.shape for frame in frames if frame.labels is not None}
    if len(sizes) > 1:
        raise InputError(f"{folder} holds pictures of {len(sizes)} sizes: export all alike")


# ---- AnimeRun


def _read_scene(scene: AnimeRunScene) -> TrueShot:
    numbers: dict[int, int] = {}
    has_colors = False
    frames = []
    for index, number in enumerate(_frame_numbers(scene.stems)):
        place = f"{scene.split / scene.name} frame {scene.stems[index]}"
        frame = _scene_frame(scene, index, number, place)
        color = scene.color(index)
        if color is not None:
            has_colors = True
            _paint(frame, color_numbers(color, numbers), place)
        frames.append(frame)
    _check_sizes(frames, scene.split / scene.name)
    link(frames)
    pairs = range(len(frames) - 1)
    shot = TrueShot(
        name=str(scene.split / scene.name),
        frames=frames,
        has_colors=has_colors,
        palette=_palette(numbers),
    )
    if scene.has_matches():
        shot.matches = [_first_candidates(scene, i, frames[i], frames[i + 1]) for i in pairs]
    if scene.has_flow():
        shot.flows = [partial(_read_flow, scene, i) for i in pairs]
        if has_colors:
            shot.pictures = [partial(_read_colors, scene, i) for i in range(len(frames))]
    return shot


def _scene_frame(scene: AnimeRunScene, index: int, number: int, place: str) -> TrueFrame:
    """Describe a frame by its own segments, with the lines taken off as our segmentation does.

    A segment that lies under lines altogether keeps its pixels, so that no row is lost.
    """
    contour, labels = scene.contour(index), scene.labels(index) + 1
    ink = extract_lines(contour).ink
    if ink.shape != labels.shape:
        raise InputError(f"{place}: contour and label map differ in size; copy the scene again")
    count = int(labels.max())
    bare = np.bincount(labels[~ink], minlength=count + 1) > 0
    frame = from_picture(number, contour, np.where(ink & bare[labels], 0, labels), place)
    frame.centroid = segment_centers(labels - 1).astype(np.float32)  # of whole segments
    return frame


def _read_colors(scene: AnimeRunScene, index: int) -> NDArray[np.uint8]:
    color = scene.color(index)
    assert color is not None
    return color


def _first_candidates(
    scene: AnimeRunScene, index: int, source: TrueFrame, target: TrueFrame
) -> NDArray[np.int64]:
    rows = np.array([row[0] for row in scene.matches(index)], np.int64)
    if len(rows) != source.count or rows.max(initial=-1) >= target.count:
        raise InputError(
            f"{scene.split / scene.name} frame {scene.stems[index]}: {len(rows)} matches for "
            f"{source.count} segments; matches and label maps are of two versions, copy both again"
        )
    return rows


def _read_flow(scene: AnimeRunScene, index: int) -> FlowTruth:
    line = scene.line_area(index)
    if line is None:
        line = line_area(extract_lines(scene.contour(index)).ink)
    return FlowTruth(scene.flow(index), scene.occluded(index), line)


# ---- PaintBucket-Character


def _read_character(folder: Path) -> TrueShot:
    numbers: dict[int, int] = {}
    frames = _bucket_frames(folder, numbers)
    sheet = _bucket_frames(folder / "ref", numbers) if (folder / "ref" / "gt").is_dir() else []
    for frame in sheet:
        frame.is_sheet = True
    _check_sizes(frames, folder)
    link(frames)
    return TrueShot(
        name=str(folder),
        frames=frames,
        characters=(folder.name,),
        sheet=sheet,
        palette=_palette(numbers),
    )


def _bucket_frames(folder: Path, numbers: dict[int, int]) -> list[TrueFrame]:
    frames = []
    names = paintbucket.frame_names(folder)
    for number, name in zip(_frame_numbers(names), names, strict=True):
        stored = paintbucket.read_frame(folder, name)
        place = str(folder / "line" / f"{name}.png")
        frame = from_picture(number, stored.line, stored.labels, place)
        if stored.labels is None:
            _paint(frame, color_numbers(stored.color, numbers), place)
        else:
            # One row of pixels: the same numbering serves pictures and tables.
            frame.color = color_numbers(stored.colors[None], numbers)[0].astype(np.int64)
            frame.label = frame.color if stored.parts is None else stored.parts
        frames.append(frame)
    return frames
