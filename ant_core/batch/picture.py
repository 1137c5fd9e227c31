"""The one picture of a shot that the summary shows: the frame that most needs a look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.files import WholeFiles
from ant_core.output.contact_sheet import read_thumbnail
from ant_core.propagation.memory import RunState

__all__ = ["choose_frame", "shot_picture"]

_LONGER_SIDE_PX = 320  # sharp on screens of two pixels a point
_QUALITY = 82  # about 12 KB each: a page of 500 shots stays below 10 MB


def choose_frame(doubt: Sequence[tuple[int, int]]) -> int | None:
    """Return the frame with most doubtful segments, the middle one when there is no doubt.

    Parameters
    ----------
    doubt : sequence of (int, int)
        Frame and doubtful segments, by frame. The first of equals is taken; None when empty.
    """
    if not doubt:
        return None
    frame, most = max(doubt, key=lambda item: item[1])
    return frame if most else doubt[len(doubt) // 2][0]


def shot_picture(folder: Path, frame: int | None, sheet: Path) -> bytes:
    """Return a small JPEG of a coloured frame, else of the contact sheet; b"" without both.

    Parameters
    ----------
    folder : Path
        Output folder of the shot.
    frame : int or None
    sheet : Path
        Contact sheet of the shot.
    """
    image: NDArray[np.uint8] | None = None
    if frame is not None:
        state = RunState(folder / ".ant_core", WholeFiles())
        image = read_thumbnail(state.thumbnail(state.record_of(frame) or ""))
    if image is None and sheet.is_file():
        image = read_thumbnail(sheet.read_bytes())
    return _pack(image) if image is not None else b""


def _pack(image: NDArray[np.uint8]) -> bytes:
    """Shrink a picture, (H, W, 3) RGB, and pack it as JPEG."""
    scale = min(1.0, _LONGER_SIDE_PX / max(image.shape[:2]))
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    packed = cv2.imencode(".jpg", small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return packed.tobytes()
