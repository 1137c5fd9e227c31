"""The contact sheet: every frame of a run at a glance, doubtful places marked.

Drawn with OpenCV from thumbnails that are made while each drawing is in memory; the sheet's size
does not grow with the shot.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.color.pixels import to_display
from ant_core.matching.sources import SourceId

__all__ = ["Cell", "draw_crop", "draw_outlined", "draw_sheet", "make_thumbnail", "read_thumbnail"]

Color = tuple[int, int, int]

_THUMBNAIL_PX = 480  # longer side
_SHEET_PIXELS = 9_000_000  # all thumbnails together
_LEAST_CELL_PX = 72
_CROP = (320, 240)  # width and height of a segment's picture, at most
_LARGEST_ZOOM = 3.0
_QUALITY = 82

_BACKGROUND: Color = (36, 38, 42)
_CARD: Color = (52, 55, 60)
_DARK_GROUND = 96  # of 255: a chalkboard
_PAPER: Color = (247, 246, 243)
_TEXT: Color = (236, 237, 239)
_FAINT: Color = (150, 155, 163)
_REFERENCE: Color = (166, 130, 255)
_LOCKED: Color = (110, 170, 255)
_SURE: Color = (96, 200, 130)
_DOUBT: Color = (255, 176, 60)
_MISSING: Color = (255, 64, 150)

_FONT = cv2.FONT_HERSHEY_DUPLEX


@dataclass(frozen=True)
class Cell:
    """One frame on the sheet.

    Attributes
    ----------
    frame : int or SheetId
    kind : "reference", "held", "locked", "predicted" or "failed"
    confidence : float
        Mean, in [0, 1].
    doubtful : int
        Segments that need a look.
    marks : (K, 3) float32
        Doubtful places: x, y as shares of the picture, and 1 where there is no counterpart.
    name : str
        Shown instead of the frame's number: of a model sheet.
    """

    frame: SourceId
    kind: Literal["reference", "held", "locked", "predicted", "failed"]
    confidence: float
    doubtful: int
    marks: NDArray[np.float32]
    name: str = ""


def make_thumbnail(line: NDArray[Any], painted: NDArray[Any]) -> bytes:
    """Show line art over colour over paper, small.

    Parameters
    ----------
    line : (H, W) or (H, W, C)
    painted : (H, W, C)
        Both of any depth and channels that `ant_core.color.pixels` knows.

    Returns
    -------
    bytes
        A packed picture for `read_thumbnail`.
    """
    scale = min(1.0, _THUMBNAIL_PX / max(line.shape[:2]))
    size = (max(1, round(line.shape[1] * scale)), max(1, round(line.shape[0] * scale)))
    packed = cv2.imencode(".png", _over_paper(line, painted, size)[:, :, ::-1])[1]
    return packed.tobytes()


def draw_crop(
    line: NDArray[Any], painted: NDArray[Any], inside: NDArray[np.bool_], *, dark: bool
) -> bytes:
    """Show a part of a frame as a thumbnail does, with one segment outlined; a packed JPEG.

    Parameters
    ----------
    line : (h, w) or (h, w, C)
    painted : (h, w, C)
    inside : (h, w) bool
        The segment.
    dark : bool
        Whether light lines lie on a dark ground.
    """
    picture = draw_outlined(line, painted, inside, _CROP, dark=dark)
    packed = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return packed.tobytes()


def draw_outlined(
    line: NDArray[Any],
    painted: NDArray[Any],
    inside: NDArray[np.bool_],
    most: tuple[int, int],
    *,
    dark: bool | None = None,
) -> NDArray[np.uint8]:
    """Show a part of a frame with one segment outlined, (h, w, 3) RGB.

    Parameters are those of `draw_crop`, and `most`: width and height in pixels that it fits into,
    at most three times its own size. `dark` is told from the picture if None.
    """
    height, width = inside.shape
    scale = min(most[0] / width, most[1] / height, _LARGEST_ZOOM)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = _over_paper(line, painted, size, dark=dark)
    shape = cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_LINEAR_EXACT)
    edges = cv2.findContours(shape, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[0]
    for color, thick in (((255, 255, 255), 4), (_MISSING, 2)):
        cv2.drawContours(picture, edges, -1, color, thick, cv2.LINE_AA)
    return picture


def _over_paper(
    line: NDArray[Any], painted: NDArray[Any], size: tuple[int, int], *, dark: bool | None = None
) -> NDArray[np.uint8]:
    """Lay line art over colour over paper, (h, w, 3) RGB of a size; `dark` is told if None."""
    color, color_alpha = _small(painted, size)
    ink, ink_alpha = _small(line, size)
    over = line.ndim == 3 and line.shape[2] in (2, 4, 5)
    if not over:
        # Light lines on dark are shown as dark ones on light.
        dark = bool(np.median(ink) < _DARK_GROUND) if dark is None else dark
        ink = (255 - ink if dark else ink) / np.float32(255)
    planes = []  # one by one: NumPy is slow at arrays whose last axis is short
    for channel, paper in enumerate(_PAPER):
        plane = np.float32(paper) + (color[:, :, channel] - paper) * color_alpha[:, :, 0]
        if over:
            plane += (ink[:, :, channel] - plane) * ink_alpha[:, :, 0]
        else:
            plane *= ink[:, :, channel]
        planes.append(np.rint(plane).astype(np.uint8))
    return np.asarray(cv2.merge(planes))


def _small(
    image: NDArray[Any], size: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Resize; returns (h, w, 3) in [0, 255] and alpha (h, w, 1) in [0, 1]."""
    if image.dtype == np.float16:
        image = image.astype(np.float32)  # OpenCV does not know it
    planes = image.reshape(*image.shape[:2], -1)
    way = cv2.INTER_AREA if size[0] <= image.shape[1] else cv2.INTER_CUBIC
    # OpenCV shrinks at most four channels at once, and CMYK with alpha has five.
    parts = [
        cv2.resize(planes[:, :, first : first + 4], size, interpolation=way)
        for first in range(0, planes.shape[2], 4)
    ]
    return to_display(np.concatenate([p.reshape(size[1], size[0], -1) for p in parts], axis=2))


def read_thumbnail(packed: bytes) -> NDArray[np.uint8] | None:
    """Unpack a thumbnail to (h, w, 3) uint8 RGB; None when there is none."""
    if not packed:
        return None
    image = cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_COLOR)
    return None if image is None else np.ascontiguousarray(image[:, :, ::-1])


@dataclass(frozen=True, kw_only=True)
class _Layout:
    columns: int
    rows: int
    width: int  # of a thumbnail, pixels
    height: int
    pad: int
    caption: int
    header: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the sheet."""
        step_x, step_y = self.step
        return (
            self.header + self.rows * step_y + self.pad,
            self.columns * step_x + self.pad,
        )

    @property
    def step(self) -> tuple[int, int]:
        return self.width + 3 * self.pad, self.height + self.caption + 3 * self.pad

    def corner(self, place: int) -> tuple[int, int]:
        """Return x, y of a card."""
        row, column = divmod(place, self.columns)
        step_x, step_y = self.step
        return self.pad + column * step_x, self.header + row * step_y


def _lay_out(count: int, aspect: float) -> _Layout:
    """Choose columns and thumbnail size for `count` pictures of width / height `aspect`."""
    width = min(float(_THUMBNAIL_PX), math.sqrt(_SHEET_PIXELS / count * aspect))
    if aspect < 1:
        width = min(width, _THUMBNAIL_PX * aspect)
    cell = max(_LEAST_CELL_PX, int(width))
    height = max(16, round(cell / aspect))
    # A sheet about as wide as a screen: 16 to 10.
    columns = max(1, min(count, round(math.sqrt(count * 1.6 * (height + 40) / cell))))
    pad = max(3, cell // 48)
    return _Layout(
        columns=columns,
        rows=-(-count // columns),
        width=cell,
        height=height,
        pad=pad,
        caption=max(18, cell // 11),
        header=64,
    )


def draw_sheet(
    cells: Sequence[Cell],
    picture: Callable[[SourceId], NDArray[np.uint8] | None],
    size: tuple[int, int],
    title: str,
    subtitle: str,
) -> NDArray[np.uint8]:
    """Draw the sheet.

    Parameters
    ----------
    cells : sequence of Cell
        In the order of the sheet.
    picture : callable
        Returns the thumbnail of a frame; called once a cell, so that few are in memory.
    size : (int, int)
        Height and width of the shot.
    title, subtitle : str
        Two lines at the top; characters beyond ASCII are shown as '?'.

    Returns
    -------
    (h, w, 3) uint8 RGB
    """
    layout = _lay_out(max(1, len(cells)), size[1] / size[0])
    height, width = layout.size
    sheet = np.full((height, max(width, 640), 3), _BACKGROUND, np.uint8)
    edge = layout.pad * 2
    _write(sheet, title, (edge, 28), 0.72, _TEXT)
    _write(sheet, subtitle, (edge, 50), 0.48, _FAINT)
    _legend(sheet)
    for place, cell in enumerate(cells):
        _draw_cell(sheet, layout, layout.corner(place), cell, picture(cell.frame))
    return sheet


def _legend(sheet: NDArray[np.uint8]) -> None:
    """Explain the marks at the top right, where there is room."""
    if sheet.shape[1] < 1100:
        return
    right = sheet.shape[1] - 20
    for text, color in (
        ("no counterpart", _MISSING),
        ("doubtful", _DOUBT),
        ("locked", _LOCKED),
        ("reference", _REFERENCE),
    ):
        (length, _), _ = cv2.getTextSize(text, _FONT, 0.48, 1)
        _write(sheet, text, (right - length, 34), 0.48, _FAINT)
        cv2.circle(sheet, (right - length - 14, 30), 6, color, -1, cv2.LINE_AA)
        right -= length + 44


def _draw_cell(
    sheet: NDArray[np.uint8],
    layout: _Layout,
    corner: tuple[int, int],
    cell: Cell,
    image: NDArray[np.uint8] | None,
) -> None:
    x, y = corner
    pad, width, height = layout.pad, layout.width, layout.height
    accent = _accent(cell)
    bottom = y + height + layout.caption + 2 * pad
    cv2.rectangle(sheet, (x, y), (x + width + 2 * pad - 1, bottom - 1), _CARD, -1)
    left, top = x + pad, y + pad
    if image is None:
        cv2.rectangle(sheet, (left, top), (left + width - 1, top + height - 1), _BACKGROUND, -1)
        cv2.line(sheet, (left, top), (left + width - 1, top + height - 1), _FAINT, 1, cv2.LINE_AA)
    else:
        sheet[top : top + height, left : left + width] = cv2.resize(
            image, (width, height), interpolation=cv2.INTER_AREA
        )
        _draw_marks(sheet[top : top + height, left : left + width], cell.marks)
    if cell.kind in ("reference", "locked"):
        thick = max(2, pad // 2)
        cv2.rectangle(
            sheet,
            (x + thick // 2, y + thick // 2),
            (x + width + 2 * pad - 1 - thick // 2, bottom - 1 - thick // 2),
            accent,
            thick,
        )
    _caption(sheet, layout, (left, bottom - pad), cell, accent)


def _accent(cell: Cell) -> Color:
    if cell.kind == "failed":
        return _MISSING
    if cell.kind in ("reference", "held"):
        return _REFERENCE
    if cell.kind == "locked":
        return _LOCKED
    return _DOUBT if cell.doubtful else _SURE


def _caption(
    sheet: NDArray[np.uint8],
    layout: _Layout,
    base: tuple[int, int],
    cell: Cell,
    accent: Color,
) -> None:
    """Write frame number on the left, state on the right, as far as there is room."""
    left, bottom = base
    scale = min(0.62, layout.caption / 40)
    baseline = bottom - max(3, layout.caption // 4)
    number = cell.name or str(cell.frame)
    _write(sheet, number, (left, baseline), scale, _TEXT)
    (used, _), _ = cv2.getTextSize(number, _FONT, scale, 1)
    for text in _states(cell) if not cell.name else ("model sheet", "sheet"):
        (length, _), _ = cv2.getTextSize(text, _FONT, scale * 0.85, 1)
        if used + length + 10 <= layout.width:
            place = (left + layout.width - length, baseline)
            _write(sheet, text, place, scale * 0.85, accent)
            return


def _states(cell: Cell) -> tuple[str, ...]:
    """Return the caption's right half, from long to short."""
    if cell.kind in ("reference", "locked", "failed"):
        return (cell.kind, cell.kind[:3])
    if cell.kind == "held":
        return ("hold of reference", "held")
    if cell.doubtful:
        return (f"{cell.doubtful} doubtful", f"{cell.doubtful}?")
    return (f"{cell.confidence:.0%} sure", f"{cell.confidence:.0%}")


def _draw_marks(picture: NDArray[np.uint8], marks: NDArray[np.float32]) -> None:
    height, width = picture.shape[:2]
    radius = max(3, width // 90)
    for x, y, missing in marks.tolist():
        center = (int(x * width), int(y * height))
        cv2.circle(picture, center, radius, (255, 255, 255), 4, cv2.LINE_AA)
        cv2.circle(picture, center, radius, _MISSING if missing else _DOUBT, 2, cv2.LINE_AA)


def _write(
    sheet: NDArray[np.uint8], text: str, place: tuple[int, int], scale: float, color: Color
) -> None:
    plain = text.encode("ascii", "replace").decode()  # OpenCV's line fonts know no more
    cv2.putText(sheet, plain, place, _FONT, scale, color, 1, cv2.LINE_AA)
