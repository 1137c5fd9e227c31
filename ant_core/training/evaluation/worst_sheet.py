"""The sheet of the worst segments: a row a mistake."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.evaluation.worst import Worst, WrongSegment
from ant_core.training.evaluation.worst_tiles import TILE_PX

__all__ = ["draw_worst"]

_GAP = 8
_TEXT_PX = 300
_SWATCH = (90, 56)  # width, height
_LINE_PX = 20
_INK = (30, 30, 30)
_HEAD_PX = 64
_COLUMNS = ("reference: what the colour was copied from", "target: the wrong segment")


def draw_worst(worst: Worst, method: str) -> bytes:
    """Draw both lists side by side and return the sheet as PNG, 8 bits RGB."""
    head = [
        f"{method}: {worst.made} segments wrong by their match, {worst.handed_on} by a wrong "
        f"colour handed on, {worst.unpainted} left unpainted; close by and with surroundings, "
        "mistakes handed on and segments of up to 10 px left out"
    ]
    lists = (("surest wrong fills", worst.surest), ("largest wrong segments", worst.largest))
    columns = [_column(title, mistakes) for title, mistakes in lists if mistakes]
    if not columns:
        columns = [_blank(_LINE_PX * 2, 6 * TILE_PX)]
        _write(columns[0], ["no segment is wrong"], _GAP, _LINE_PX)
    height = max(len(column) for column in columns)
    page = np.hstack([_padded(column, height) for column in columns])
    top = _blank(2 * _LINE_PX, page.shape[1])
    _write(top, head, _GAP, _LINE_PX)
    sheet = cv2.cvtColor(np.vstack([top, page]), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", sheet, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()


def _column(title: str, mistakes: Sequence[WrongSegment]) -> NDArray[np.uint8]:
    rows = [_row(mistake) for mistake in mistakes]
    head = _blank(_HEAD_PX, rows[0].shape[1])
    _write(head, [title.upper()], _GAP, _LINE_PX)
    pair = 2 * (TILE_PX + _GAP)
    for index, text in enumerate(_COLUMNS):
        _write(head, [text], _GAP + index * pair, _HEAD_PX - _GAP)
    return np.vstack([head, *rows])


def _row(mistake: WrongSegment) -> NDArray[np.uint8]:
    width = 4 * (TILE_PX + _GAP) + _TEXT_PX + 2 * _GAP
    row = _blank(TILE_PX + _GAP, width)
    pictures = [*(mistake.source_tiles or (None, None)), *mistake.target_tiles]
    for index, tile in enumerate(pictures):
        left = _GAP + index * (TILE_PX + _GAP)
        if tile is not None:
            row[:TILE_PX, left : left + TILE_PX] = tile
        else:
            _write(row, ["no colour was copied"] if index == 0 else [], left, TILE_PX // 2)
        cv2.rectangle(row, (left, 0), (left + TILE_PX - 1, TILE_PX - 1), (190, 190, 190))
    left = _GAP + 4 * (TILE_PX + _GAP)
    _swatches(row, mistake, left)
    _write(row, _text(mistake), left, _SWATCH[1] + 2 * _LINE_PX + _GAP)
    return row


def _text(mistake: WrongSegment) -> list[str]:
    said = "left unpainted" if mistake.source is None else f"said {mistake.confidence:.0%} sure"
    source = ""
    if mistake.source is not None:
        source = f"from frame {mistake.source[0]}, segment {mistake.source[1]}"
    return [
        said,
        f"frame {mistake.frame}, segment {mistake.segment}, {mistake.area} px",
        source,
        PurePath(mistake.shot).stem,
    ]


def _swatches(row: NDArray[np.uint8], mistake: WrongSegment, left: int) -> None:
    for index, (name, number) in enumerate(
        (("predicted", mistake.predicted), ("true", mistake.truth))
    ):
        at = left + index * (_SWATCH[0] + 2 * _GAP)
        corner = (at + _SWATCH[0], _SWATCH[1])
        color = mistake.color_of(number)
        if color is not None:
            cv2.rectangle(row, (at, 0), corner, color, cv2.FILLED)
        cv2.rectangle(row, (at, 0), corner, _INK)
        if color is None:
            _write(row, ["none" if number < 0 else "clear"], at + _GAP, _SWATCH[1] // 2 + 4)
        _write(row, [f"{name} {number}" if number > 0 else name], at, _SWATCH[1] + _LINE_PX)


def _write(picture: NDArray[np.uint8], lines: Sequence[str], left: int, base: int) -> None:
    for index, line in enumerate(lines):
        place = (left, base + index * _LINE_PX)
        # The drawn font knows no letters beyond ASCII.
        plain = line.encode("ascii", "replace").decode()
        cv2.putText(picture, plain, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, _INK, 1, cv2.LINE_AA)


def _blank(height: int, width: int) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 255, np.uint8)


def _padded(column: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    return np.vstack([column, _blank(height - len(column), column.shape[1])])
