"""Looking at generated data: a page of samples, figures of stored clips and of drawings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError, OutputError
from ant_core.files import read_bytes
from ant_core.training.data.pictures import read_picture
from ant_core.training.data.splits import Split, intersections
from ant_core.training.synthesis.clip import drawings, samples
from ant_core.training.synthesis.ink_statistics import InkFigures, comparison, ink_figures
from ant_core.training.synthesis.source import load_source
from segmentation import preview

__all__ = ["ink_beside", "preview_page", "statistics"]

_CELL_PX = 420


def _cell(picture: NDArray[np.uint8], caption: str = "") -> NDArray[np.uint8]:
    """Fit a picture into a square white cell."""
    scale = _CELL_PX / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = small if small.ndim == 3 else cv2.cvtColor(small, cv2.COLOR_GRAY2RGB)
    cell = np.full((_CELL_PX + 4, _CELL_PX + 4, 3), 255, dtype=np.uint8)
    cell[: small.shape[0], : small.shape[1]] = small[:_CELL_PX, :_CELL_PX]
    place = (4, _CELL_PX - 4)
    cv2.putText(cell, caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (200, 0, 0), 1, cv2.LINE_AA)
    return cell


def _part_colors(part: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return one fixed colour a part id, (N, 3) uint8; paper is white."""
    table = np.random.default_rng(7).integers(70, 250, (int(part.max(initial=0)) + 1, 3))
    table[0] = 255
    return np.asarray(table[part], dtype=np.uint8)


def preview_page(data: Path, split: Split, jobs: Sequence[tuple[str, int]], path: Path) -> None:
    """Write a page: a row a clip: its first drawing, that one's segments, true parts of two.

    Segments take distinct colours; in the last two cells equal colour means equal part, so that a
    wrong or unsteady truth is seen at once.

    Raises
    ------
    OutputError
        The page could not be written.
    """
    rows = []
    for source, seed in jobs:
        clip = load_source(source)(data, split, seed)
        drawn = samples(clip)
        later = drawn[min(2, len(drawn) - 1)]
        cells = [_cell(drawn[0].drawn.image, f"{clip.name} {clip.frames[0].ids.shape}")]
        cells.append(_cell(preview(drawn[0].labels), f"{len(drawn[0].part)} segments"))
        for shown in (drawn[0], later):
            colors = np.concatenate((np.zeros((1, 3), np.uint8), _part_colors(shown.part)))
            cells.append(_cell(colors[shown.labels], f"purity {np.mean(shown.purity):.3f}"))
        rows.append(np.hstack(cells))
    if not cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)):
        raise OutputError(f"{path} could not be written: give a .png in a folder that exists.")


def statistics(places: Sequence[Path]) -> list[str]:
    """Return lines of text: figures of stored clips, and what splits share.

    Parameters
    ----------
    places
        Folders that clips were written to, as files or in a published layout; they are looked at
        together, a folder SPLIT of one beside the same of another.

    Raises
    ------
    InputError
        A place is no folder.
    """
    lines: list[str] = []
    used: dict[str, set[str]] = {}
    for place in places:
        if not place.is_dir():
            raise InputError(
                f"{place} is no folder: --out names the folder that clips were written to."
            )
        for folder in sorted(p for p in place.iterdir() if p.is_dir()):
            found, shown = _figures(folder)
            if found:
                lines += found
                used.setdefault(folder.name, set()).update(shown)
    shared = intersections(used)
    lines += [f"{a} and {b} SHARE {sorted(names)}" for (a, b), names in shared.items()]
    if not shared:
        lines.append("no character, part or motion is in two splits")
    return lines


def _figures(folder: Path) -> tuple[list[str], set[str]]:
    """Return the figures of a split's clips, and the names of all that they show."""
    shown: set[str] = set()
    records = sorted(folder.glob("clips/*.json"))
    lines = [f"{folder.name}: {len(records)} clips in a published layout"] if records else []
    for path in records:
        about = json.loads(read_bytes(path))
        shown |= {*about["characters"], *about["motions"]}
    clips = sorted(folder.glob("*.npz"))
    if not clips:
        return lines, shown
    segments, purity, width, area = [], [], [], []
    for path in clips:
        with np.load(path) as stored:
            segments.append(np.diff(stored["frame_start"]))
            purity.append(stored["purity"])
            width.append(stored["line_width_px"])
            area.append(stored["area"])
            meta = json.loads(str(stored["meta"]))
            shown |= {*meta["characters"], *meta["motions"]}
    lines.append(f"{folder.name}: {len(clips)} clips, {sum(map(len, segments))} drawings")
    for name, values in (
        ("segments a drawing", segments),
        ("purity", purity),
        ("line width px", width),
        ("segment area px", area),
    ):
        points = np.percentile(np.concatenate(values), (5, 25, 50, 75, 95))
        text = ", ".join(f"{point:.4g}" for point in points)
        lines.append(f"  {name}: 5, 25, 50, 75, 95 % at {text}")
    return lines, shown


def ink_beside(
    data: Path, split: Split, jobs: Sequence[tuple[str, int]], folders: Sequence[Path]
) -> list[str]:
    """Return lines of text: how generated drawings are drawn, beside pictures of drawn ink.

    Parameters
    ----------
    jobs
        Source and seed of each clip; its first drawing is measured.
    folders
        Each with line drawings: PNG pictures called something with "line", or in a folder "line".

    Raises
    ------
    InputError
        A folder holds no such picture.
    """
    groups: dict[str, list[InkFigures]] = {}
    for folder in folders:
        pictures = [p for p in sorted(folder.rglob("*.png")) if _is_line_drawing(p)]
        if not pictures:
            raise InputError(f"{folder} holds no line drawings: name them *line*.png or line/*.png")
        groups[folder.name] = [ink_figures(read_picture(path)) for path in pictures]
    for source, seed in jobs:
        first = next(drawings(load_source(source)(data, split, seed)))
        groups.setdefault(source, []).append(ink_figures(first.image))
    return comparison(groups)


def _is_line_drawing(path: Path) -> bool:
    return "line" in path.stem or path.parent.name == "line"
