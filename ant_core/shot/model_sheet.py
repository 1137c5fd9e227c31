"""Model sheets: coloured pictures outside the shot that teach its colours.

A sheet may have any size and hold several views of a character. Each view is taken apart like a
drawing of the shot, and its geometry is brought to the size at which the shot draws, so that the
network sees it as it sees a painted frame.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.color.pixels import PixelFormat, to_display
from ant_core.errors import InputError
from ant_core.files import read_bytes
from ant_core.formats.layered import read_layered
from ant_core.formats.pictures import picture_format
from ant_core.shot.lines_and_colors import split_lines_and_colors
from segmentation import extract_lines

__all__ = ["ModelSheet", "View", "fit", "open_model_sheets"]

_LAYERED = (".ora", ".psd")
_LEAST_VIEW = 0.1  # of the largest figure's area: smaller ones are notes and swatches
_NEAR = 0.004  # of the longer side: parts of one figure may lie so far apart
_CUT_PX = 2  # width of the line along a cut; no margin is narrower
_MARGIN = 0.05  # of a view's longer side, left bare around it


@dataclass(frozen=True)
class View:
    """One figure of a sheet.

    Attributes
    ----------
    line : (h, w) uint8 or (h, w, C)
        Its line art, readable by `segmentation.extract_lines`.
    colors : (h, w, C) of the shot's format
        Its flat colours.
    """

    line: NDArray[Any]
    colors: NDArray[Any]


@dataclass(frozen=True)
class ModelSheet:
    """A model sheet's file; its views are read when they are needed.

    Attributes
    ----------
    name : str
        Which reports give as the source of a fill.
    path : Path
    digest : str
        Hash of the file.
    """

    name: str
    path: Path
    digest: str

    def own_format(self) -> PixelFormat:
        """Return the format in which a shot without painted frames gets this sheet's colours.

        With alpha, whether the sheet has it or not: what is unpainted must show.
        """
        data, place = read_bytes(self.path), str(self.path)
        info = picture_format(self.path).check(data, place)
        return PixelFormat(info.depth, max(info.channels, 4), info.floating)

    def views(self, pixels: PixelFormat) -> tuple[View, ...]:
        """Read the figures of the sheet, from left to right.

        A layered file's line layers are taken as they are; of a picture with its lines baked in
        they are told from its colours. Paper around the figures counts as unpainted.

        Parameters
        ----------
        pixels : PixelFormat
            Of the shot; 8-bit values are brought to 16 bits exactly (times 257).

        Raises
        ------
        InputError
            When the file cannot be read, or its colours are not flat or do not fit the shot.
        """
        data, place = read_bytes(self.path), str(self.path)
        if hashlib.sha256(data).hexdigest() != self.digest:
            raise InputError(f"{place} changed while the run was under way: start the run again")
        line = None
        if self.path.suffix.lower() in _LAYERED:
            picture = read_layered(data, place)
            line, image = picture.line, picture.colors
        else:
            image = picture_format(self.path).decode(data, place)
        colors = fit(image, pixels, place)
        if line is None:
            try:
                line, colors = split_lines_and_colors(colors, pixels)
            except ValueError as error:
                raise InputError(f"{place} cannot serve as a model sheet: {error}") from None
        views = _views(line, _without_ground(colors, pixels), pixels)
        if not views:
            raise InputError(f"{place} is empty: name a picture with a coloured figure")
        return views


def open_model_sheets(paths: Sequence[Path]) -> tuple[ModelSheet, ...]:
    """Name the model sheets of a shot, in the order given; InputError when one is missing.

    The name is the file's; with its folder where two files have the same.
    """
    names = [path.name for path in paths]
    return tuple(
        ModelSheet(
            path.name if names.count(path.name) == 1 else str(path),
            path,
            hashlib.sha256(read_bytes(path)).hexdigest(),
        )
        for path in paths
    )


def fit(image: NDArray[Any], pixels: PixelFormat, place: str) -> NDArray[Any]:
    """Bring a picture to a shot's pixel format, every value kept exactly.

    Parameters
    ----------
    image : (H, W) or (H, W, C)
        Not modified.
    place : str
        Where it comes from, for the message.

    Raises
    ------
    InputError
        When a value would have to be rounded, or the colour models differ.
    """
    if image.ndim == 2:
        image = image[:, :, None]
    if image.dtype == np.uint8 and pixels.dtype == np.uint16:
        image = image.astype(np.uint16) * np.uint16(257)
    elif image.dtype == np.uint16 and pixels.dtype == np.uint8:
        if (image % 257).any():
            raise InputError(
                f"{place} has 16 bits a channel but the shot has 8: save it with 8 bits"
            )
        image = (image // 257).astype(np.uint8)
    if image.shape[2] == 2 and pixels.channels == 4:
        image = np.concatenate([np.repeat(image[:, :, :1], 3, axis=2), image[:, :, 1:]], axis=2)
    if image.shape[2] == 4 and pixels.channels == 3:
        bare = image[:, :, 3:] == 0
        image = np.where(bare, pixels.bare(), image[:, :, :3])
    return pixels.convert(image, place)


def _without_ground(colors: NDArray[Any], pixels: PixelFormat) -> NDArray[Any]:
    """Make the paper around the figures of an opaque sheet transparent.

    Paper is a neutral, light tone all along the border; any other ground is painted.
    """
    if not pixels.has_alpha or (colors[:, :, -1] == 0).any():
        return colors
    edge = np.concatenate([colors[0], colors[-1], colors[:, 0], colors[:, -1]])
    found, counts = np.unique(edge, axis=0, return_counts=True)
    tone = found[counts.argmax()]
    shown = to_display(tone[None, None])[0]
    if counts.max() < 0.6 * len(edge) or np.ptp(shown) > 32 or shown.min() < 96:
        return colors
    paper = (colors == tone).all(axis=2)
    _, parts = cv2.connectedComponents(paper.astype(np.uint8), connectivity=4)
    border = np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])
    outside = np.isin(parts, np.unique(border[border > 0]))
    return np.where(outside[:, :, None], pixels.bare(), colors)


def _views(line: NDArray[Any], colors: NDArray[Any], pixels: PixelFormat) -> tuple[View, ...]:
    """Cut a sheet into its figures; a scene painted to its borders is one view."""
    bare = (colors == pixels.bare()).all(axis=2)
    if pixels.has_alpha:
        bare = colors[:, :, -1] == 0
    if not bare.any():
        return (View(line, colors),)
    ink = extract_lines(line).ink
    figure = (~bare | ink).astype(np.uint8)
    reach = 2 * round(_NEAR * max(figure.shape)) + 1
    joined = cv2.dilate(figure, np.ones((reach, reach), np.uint8))
    _, parts, table, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    areas = np.bincount(parts.ravel(), figure.ravel(), len(table))
    areas[0] = 0
    large = np.flatnonzero(areas >= max(1, _LEAST_VIEW * areas.max()))
    large = large[np.argsort(table[large, cv2.CC_STAT_LEFT], kind="stable")]
    views = []
    for part in large:
        x, y, width, height = (int(value) for value in table[part, :4])
        cut = np.s_[y : y + height, x : x + width]
        others = (parts[cut] != part) & np.isin(parts[cut], large)
        view = _framed(line[cut], colors[cut], others, pixels)
        cut_off = (y == 0, y + height == bare.shape[0], x == 0, x + width == bare.shape[1])
        _close(view.line, ~bare[cut] & ~others, cut_off)
        views.append(view)
    return tuple(views)


def _close(
    line: NDArray[Any], painted: NDArray[np.bool_], cut_off: tuple[bool, bool, bool, bool]
) -> None:
    """Draw a line along what the sheet's border cuts: else it is open to the bare margin.

    Parameters
    ----------
    line : (h, w) or (h, w, C)
        Of a view with its margin; drawn into.
    painted : (h', w') bool
        Without the margin.
    cut_off : (bool, bool, bool, bool)
        Whether top, bottom, left and right of `painted` are borders of the sheet.
    """
    margin = (line.shape[0] - painted.shape[0]) // 2
    rim = np.zeros(line.shape[:2], np.bool_)
    inside = rim[margin:-margin, margin:-margin]
    sides: tuple[Any, ...] = (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1])
    for side, is_cut in zip(sides, cut_off, strict=True):
        if is_cut:
            inside[side] |= painted[side]
    wide = cv2.dilate(rim.astype(np.uint8), np.ones((2 * _CUT_PX + 1,) * 2, np.uint8)) > 0
    wide[margin:-margin, margin:-margin] = False
    line[wide] = 0
    if line.ndim == 3 and line.shape[2] in (2, 4):
        line[wide, -1] = np.iinfo(line.dtype).max


def _framed(
    line: NDArray[Any], colors: NDArray[Any], others: NDArray[np.bool_], pixels: PixelFormat
) -> View:
    """Take the other figures away and leave a bare margin, as around a drawing."""
    margin = max(2, round(_MARGIN * max(others.shape)))
    height, width = (side + 2 * margin for side in others.shape)
    paper = 0 if line.ndim == 3 and line.shape[2] in (2, 4) else np.iinfo(line.dtype).max
    wide_line = np.full((height, width, *line.shape[2:]), paper, line.dtype)
    wide_colors = np.empty((height, width, colors.shape[2]), colors.dtype)
    wide_colors[:] = pixels.bare()
    inside = np.s_[margin:-margin, margin:-margin]
    wide_line[inside][~others] = line[~others]
    wide_colors[inside][~others] = colors[~others]
    return View(wide_line, wide_colors)
