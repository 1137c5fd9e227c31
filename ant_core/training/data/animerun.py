"""The folder layout of AnimeRun (Siyao et al., NeurIPS 2022), read and written.

    ROOT/<train|test>/
        contour/<scene>/NNNN.png                grey line art
        Frame_Anime/<scene>/original/NNNN.png   flat colours
        Segment/<scene>/NNNN.npy                (H, W) int, from 0, every pixel has a segment
        SegMatching/<scene>/<way>/NNNN.json     {"0": [3, 7], "1": [-1], ...}, best first
        Flow/<scene>/<way>/NNNN.flo             Middlebury format, x, y in pixels
        UnMatched/<scene>/NNNN.npy              1 = seen in the next frame, 0 = occluded there
        LineArea/<scene>/NNNN.npy               0 = within 10 px of a line, 1 = flat (test only)

`way` is forward (frame k to k + 1, named after k) or backward (k + 1 to k, named after k + 1).
Files are taken in the order of their names, which may be any, and colour variants beside
`original` are left. Downloads differ in where flow and masks lie: `Flow/forward/<scene>` (as the
set's own page has it), `UnMatched/<scene>/forward`, `UnmatchedForward/<scene>` and
`Unmatched/<scene>` (as its loaders have it) are read too. The masks' meaning is that of the
published evaluation code: ones are what is easy. Masks of the backward way are written to
UnMatched/<scene>/backward.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.files import WholeFiles, read_bytes
from ant_core.formats.png import check_png, decode_png, encode_png

__all__ = ["AnimeRunScene", "AnimeRunWriter", "Way", "read_flo", "scenes"]

Way = Literal["forward", "backward"]
_MAGIC = 202021.25  # what every .flo file starts with
_FLOWS = ("Flow/{}/forward", "Flow/forward/{}")
_MASKS = ("UnMatched/{}/forward", "UnmatchedForward/{}", "UnMatched/{}", "Unmatched/{}")


def scenes(root: Path) -> list[AnimeRunScene]:
    """Return the scenes of a split folder or of ROOT's test split; [] if it is neither."""
    for split in (root, root / "test"):
        if (split / "Segment").is_dir():
            names = sorted(path.name for path in (split / "Segment").iterdir() if path.is_dir())
            return [AnimeRunScene(split, name) for name in names]
    return []


def read_png(path: Path) -> NDArray[Any]:
    """Read a whole PNG file; see `ant_core.formats.png.decode_png`."""
    data = read_bytes(path)
    check_png(data, str(path))
    return decode_png(data, str(path))


def read_flo(path: Path) -> NDArray[np.float32]:
    """Read optical flow in Middlebury's format, (H, W, 2) float32 x, y in pixels.

    Raises
    ------
    InputError
        When it is no such file or not whole.
    """
    data = read_bytes(path)
    if len(data) < 12 or struct.unpack_from("<f", data)[0] != _MAGIC:
        raise InputError(f"{path} is no .flo file: write the flow in Middlebury's format")
    width, height = struct.unpack_from("<ii", data, 4)
    if min(width, height) < 1 or len(data) != 12 + 8 * width * height:
        raise InputError(
            f"{path} is damaged ({len(data)} bytes for {width} x {height} pixels): copy it again"
        )
    return np.frombuffer(data, "<f4", offset=12).reshape(height, width, 2).astype(np.float32)


def encode_flo(flow: NDArray[np.float32]) -> bytes:
    """Pack flow, (H, W, 2) float32 x, y in pixels, in Middlebury's format."""
    height, width = flow.shape[:2]
    return struct.pack("<fii", _MAGIC, width, height) + flow.astype("<f4").tobytes()


def _read_npy(path: Path) -> NDArray[Any]:
    try:
        return np.asarray(np.load(io.BytesIO(read_bytes(path)), allow_pickle=False))
    except (ValueError, EOFError) as error:
        raise InputError(f"{path} is no array ({error}): write it again with numpy.save") from None


@dataclass(frozen=True)
class AnimeRunScene:
    """One scene of a split folder; frame i is the i-th by name."""

    split: Path
    name: str

    def _files(self, folder: str, suffix: str) -> list[Path]:
        return sorted((self.split / folder).glob(f"*{suffix}"))

    @property
    def stems(self) -> list[str]:
        """Names of the frames."""
        return [path.stem for path in self._files(f"Segment/{self.name}", ".npy")]

    def labels(self, index: int) -> NDArray[np.int32]:
        """Return the label map of a frame, (H, W) int32 from 0, contiguous."""
        path = self._files(f"Segment/{self.name}", ".npy")[index]
        labels = _read_npy(path)
        if labels.ndim != 2 or labels.dtype.kind not in "iuf" or labels.min(initial=0) < 0:
            raise InputError(
                f"{path} is no label map (type {labels.dtype}, shape {labels.shape}): expected "
                "(H, W) numbers from 0"
            )
        return labels.astype(np.int32)

    def contour(self, index: int) -> NDArray[Any]:
        """Return the line art of a frame, as `decode_png` does."""
        return self._picture(f"contour/{self.name}", index)

    def color(self, index: int) -> NDArray[Any] | None:
        """Return the flat colours of a frame, or None where the set has none."""
        folder = f"Frame_Anime/{self.name}/original"
        return self._picture(folder, index) if (self.split / folder).is_dir() else None

    def _picture(self, folder: str, index: int) -> NDArray[Any]:
        files = self._files(folder, ".png")
        if len(files) != len(self.stems):
            raise InputError(
                f"{self.split / folder} holds {len(files)} pictures for {len(self.stems)} label "
                "maps: copy the scene again"
            )
        return read_png(files[index])

    def matches(self, index: int) -> list[list[int]]:
        """Return the candidates of every segment of a source frame, best first, [-1] = none.

        `index` counts the pairs of frames from 0; the source is the first of a pair.
        """
        files = self._files(f"SegMatching/{self.name}/forward", ".json")
        if len(files) != len(self.stems) - 1:
            raise InputError(
                f"{self.split / 'SegMatching' / self.name / 'forward'} holds {len(files)} files "
                f"for {len(self.stems)} frames: copy the scene again"
            )
        try:
            table = json.loads(read_bytes(files[index]))
            return [[int(j) for j in table[str(i)]] or [-1] for i in range(len(table))]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{files[index]} is no table of matches ({error!r}): copy it again"
            ) from None

    def has_matches(self) -> bool:
        """Say whether there are matches to the next frame."""
        return (self.split / "SegMatching" / self.name / "forward").is_dir()

    def has_flow(self) -> bool:
        """Say whether there is flow to the next frame, with its masks."""
        return bool(self._flows()) and bool(self._masks())

    def flow(self, index: int) -> NDArray[np.float32]:
        """Return the flow from a pair's first frame to its second, (H, W, 2) float32 in pixels."""
        return read_flo(self._flows()[index])

    def _flows(self) -> list[Path]:
        return self._first(_FLOWS, ".flo")

    def _masks(self) -> list[Path]:
        return self._first(_MASKS, ".npy")

    def _first(self, patterns: Sequence[str], suffix: str) -> list[Path]:
        """Return the files of the first folder that has any."""
        found = (self._files(pattern.format(self.name), suffix) for pattern in patterns)
        return next((files for files in found if files), [])

    def occluded(self, index: int) -> NDArray[np.bool_]:
        """Return which pixels of a pair's first frame are not seen in the second, (H, W)."""
        return np.asarray(_read_npy(self._masks()[index]) == 0)

    def line_area(self, index: int) -> NDArray[np.bool_] | None:
        """Return which pixels are within 10 px of a line, (H, W); None where the set has none."""
        files = self._files(f"LineArea/{self.name}", ".npy")
        return np.asarray(_read_npy(files[index]) == 0) if files else None


class AnimeRunWriter:
    """Writes one scene; see the top of this file for what goes where.

    Parameters
    ----------
    split : Path
        ROOT/train or ROOT/test; made if missing.
    scene : str
    """

    def __init__(self, split: Path, scene: str, files: WholeFiles) -> None:
        self._split, self._scene, self._files = split, scene, files

    def frame(
        self,
        name: str,
        contour: NDArray[np.uint8],
        labels: NDArray[np.int32],
        color: NDArray[np.uint8] | None = None,
    ) -> None:
        """Write contour (H, W), 255 = paper, labels (H, W) from 0, colours (H, W, 3) RGB."""
        self._write(f"contour/{self._scene}", f"{name}.png", encode_png(contour))
        self._write(f"Segment/{self._scene}", f"{name}.npy", _encode_npy(labels))
        if color is not None:
            folder = f"Frame_Anime/{self._scene}/original"
            self._write(folder, f"{name}.png", encode_png(color))

    def pair(
        self,
        name: str,
        way: Way,
        flow: NDArray[np.float32],
        occluded: NDArray[np.bool_],
        matches: Sequence[Sequence[int]],
    ) -> None:
        """Write what leads from the frame `name` to the next, or to the one before it."""
        scene = self._scene
        self._write(f"Flow/{scene}/{way}", f"{name}.flo", encode_flo(flow))
        table = {str(i): [int(j) for j in row] for i, row in enumerate(matches)}
        self._write(f"SegMatching/{scene}/{way}", f"{name}.json", json.dumps(table).encode())
        seen = _encode_npy((~occluded).astype(np.uint8))
        under = "" if way == "forward" else "/backward"
        self._write(f"UnMatched/{scene}{under}", f"{name}.npy", seen)

    def line_area(self, name: str, line: NDArray[np.bool_]) -> None:
        """Write where lines are near, (H, W) bool."""
        flat = _encode_npy((~line).astype(np.uint8))
        self._write(f"LineArea/{self._scene}", f"{name}.npy", flat)

    def _write(self, folder: str, name: str, data: bytes) -> None:
        place = self._split / folder
        self._files.make_folder(place)
        self._files.write(place / name, data)


def _encode_npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
