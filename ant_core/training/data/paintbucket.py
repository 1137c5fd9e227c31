"""The folder layout of PaintBucket-Character (Dai et al., CVPR 2024), read and written.

    train/PaintBucket_Char/<char>/      gt/NNNN.png     RGBA flat colours, paper transparent
                                        line/NNNN.png   RGBA lines, not anti-aliased
                                        seg/NNNN.png    RGB, id = R * 65536 + G * 256 + B, 0 = line
                                        label/NNNN.png  RGBA, the same code, alpha 0 = -1
                                        json_color/NNNN.json  {"1": [r, g, b, a], ...}
                                        json_index/NNNN.json  {"1": [pixels, label], ...}
    test/PaintBucket_Char/<char>/       gt/ line/ seg/NNNN.png, seg/NNNN.json (colours)
    v2, and one's own shots with a colour design sheet: ref/ with gt/ line/ seg/ of its own

Where there is no seg/, as in one's own data, `labels` is None and the colours are for the caller
to read off gt/.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.files import WholeFiles, read_bytes
from ant_core.formats.png import encode_png
from ant_core.training.data.animerun import read_png

__all__ = ["PaintBucketFrame", "characters", "frame_names", "read_frame", "write_frame"]

NO_PART = -1  # in json_index: the background, and what has no label


@dataclass(frozen=True)
class PaintBucketFrame:
    """One frame of a character.

    Attributes
    ----------
    line : (H, W, 4) uint8 RGBA
    color : (H, W, 4) uint8 RGBA
    labels : (H, W) int32 or None
        0 = line, 1..N contiguous in the order of the file's ids.
    ids : (N,) int64
        The file's own id of each segment.
    colors : (N, 4) uint8 RGBA
    parts : (N,) int64 or None
        Label of each segment, the same through the character's frames; None where the set has
        none (the test sets).
    """

    line: NDArray[np.uint8]
    color: NDArray[np.uint8]
    labels: NDArray[np.int32] | None
    ids: NDArray[np.int64]
    colors: NDArray[np.uint8]
    parts: NDArray[np.int64] | None


def characters(root: Path) -> list[Path]:
    """Return the character folders at or below a folder, by name; [] if there are none."""
    if (root / "line").is_dir() and (root / "gt").is_dir():
        return [root]
    found = {path.parent for path in root.glob("**/gt") if (path.parent / "line").is_dir()}
    return sorted(path for path in found if path.name != "ref")


def frame_names(folder: Path) -> list[str]:
    """Return the names of a character's frames, in order."""
    return sorted(path.stem for path in (folder / "line").glob("*.png"))


def read_frame(folder: Path, name: str) -> PaintBucketFrame:
    """Read one frame of a character folder, or of its ref folder.

    Raises
    ------
    InputError
        When a file is missing or damaged, or the files contradict each other.
    """
    line, color = (_rgba(read_png(folder / kind / f"{name}.png")) for kind in ("line", "gt"))
    none = np.zeros(0, np.int64)
    if not (folder / "seg" / f"{name}.png").exists():
        return PaintBucketFrame(line, color, None, none, np.zeros((0, 4), np.uint8), None)
    place = folder / "seg" / f"{name}.png"
    code = _code(read_png(place))
    if not line.shape[:2] == color.shape[:2] == code.shape:
        raise InputError(f"{place} has another size than the frame's line or gt: copy all again")
    values, index = np.unique(code, return_inverse=True)
    labels = index.reshape(code.shape).astype(np.int32) + (1 if values[0] != 0 else 0)
    ids = values[values != 0]
    colors = _table(_first(folder, "json_color", "seg", name), ids, 4)
    parts = folder / "json_index" / f"{name}.json"
    known = _table(parts, ids, 2)[:, 1] if parts.exists() else None
    return PaintBucketFrame(line, color, labels, ids, colors.astype(np.uint8), known)


def _first(folder: Path, kind: str, other: str, name: str) -> Path:
    path = folder / kind / f"{name}.json"
    return path if path.exists() else folder / other / f"{name}.json"


def _table(path: Path, ids: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Read the rows of a JSON table by segment id, (N, width)."""
    try:
        table = json.loads(read_bytes(path))
        rows = np.array([table[str(i)] for i in ids.tolist()], np.int64)
        return rows.reshape(len(ids), width)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} does not fit its seg picture ({error!r}): expected a row of {width} numbers "
            "for every id; make it again from gt"
        ) from None


def _code(image: NDArray[Any]) -> NDArray[np.int64]:
    if image.ndim == 2:
        image = np.dstack([image] * 3)
    return image[..., :3].astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])


def _uncode(values: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
    """Return (H, W, 3) uint8 of (H, W) ids from 0 up to 2^24."""
    parts = [values >> 16 & 255, values >> 8 & 255, values & 255]
    return np.stack(parts, axis=-1).astype(np.uint8)


def _rgba(image: NDArray[Any]) -> NDArray[np.uint8]:
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.ndim == 2:
        image = np.dstack([image] * 3)
    if image.shape[2] == 4:
        return image
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2RGBA))


def write_frame(folder: Path, name: str, frame: PaintBucketFrame, files: WholeFiles) -> None:
    """Write one frame as the training sets hold it; with parts None as the test sets do."""
    if frame.labels is None:
        raise ValueError("a frame without labels cannot be written; segment it first")
    seg = np.append(0, frame.ids)[frame.labels]
    keys = [str(i) for i in frame.ids.tolist()]
    colors = dict(zip(keys, frame.colors.tolist(), strict=True))
    _write(files, folder / "gt" / f"{name}.png", encode_png(frame.color))
    _write(files, folder / "line" / f"{name}.png", encode_png(frame.line))
    _write(files, folder / "seg" / f"{name}.png", encode_png(_uncode(seg)))
    if frame.parts is None:
        _write(files, folder / "seg" / f"{name}.json", json.dumps(colors).encode())
        return
    area = np.bincount(frame.labels.ravel(), minlength=len(keys) + 1)[1:]
    index = dict(zip(keys, np.stack([area, frame.parts], axis=1).tolist(), strict=True))
    part = np.append(NO_PART, frame.parts)[frame.labels]
    label = np.dstack([_uncode(np.maximum(part, 0)), np.where(part < 0, 0, 255).astype(np.uint8)])
    _write(files, folder / "label" / f"{name}.png", encode_png(label))
    _write(files, folder / "json_color" / f"{name}.json", json.dumps(colors).encode())
    _write(files, folder / "json_index" / f"{name}.json", json.dumps(index).encode())


def _write(files: WholeFiles, path: Path, data: bytes) -> None:
    files.make_folder(path.parent)
    files.write(path, data)
