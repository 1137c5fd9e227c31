"""Generated clips with exact surfaces, made once and kept as pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.data.splits import Split
from scripts.benchmarks.surface_truth import Clip

__all__ = ["clip_folders", "load_clip", "load_flows"]

_FLOWS = "flow.npz"  # written last: a folder that has it is whole


def clip_folders(data: Path, clips: Path, split: Split, count: int) -> list[Path]:
    """Return the folders of the first clips of a split, those made that are not there yet."""
    folders = [clips / f"{split}_{seed:03d}" for seed in range(count)]
    for seed, folder in enumerate(folders):
        if not (folder / _FLOWS).is_file():
            print(f"making {folder}", flush=True)
            _make(data, folder, split, seed)
    return folders


def _make(data: Path, folder: Path, split: Split, seed: int) -> None:
    from ant_core.training.synthesis.clip import drawings
    from ant_core.training.synthesis.scene3d.shaded import PAINTS, make_shaded

    made = make_shaded(data, split, seed)
    for name in ("line", *PAINTS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for index, drawn in enumerate(drawings(made.clip)):
        name = f"{index + 1:04d}.png"
        cv2.imwrite(str(folder / "line" / name), drawn.image)
        for paint in PAINTS:
            image = cv2.cvtColor(made.painted(paint, index), cv2.COLOR_RGBA2BGRA)
            cv2.imwrite(str(folder / paint / name), image)
    ids = np.stack([frame.ids for frame in made.shaded]).astype(np.uint16)
    np.savez_compressed(folder / _FLOWS, flows=np.float16(np.stack(made.flows())), ids=ids)


def load_clip(folder: Path, paint: str) -> Clip:
    """Read a clip as one kind of paint has it."""
    with np.load(folder / _FLOWS) as arrays:
        ids = list(arrays["ids"].astype(np.int32))
    names = [f"{index + 1:04d}.png" for index in range(len(ids))]
    lines = [cv2.imread(str(folder / "line" / name), cv2.IMREAD_GRAYSCALE) for name in names]
    painted = [cv2.imread(str(folder / paint / name), cv2.IMREAD_UNCHANGED) for name in names]
    return Clip(lines, [cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA) for image in painted], ids)


def load_flows(folder: Path) -> NDArray[np.float32]:
    """Return the exact flows from each frame to the next, (F - 1, H, W, 2)."""
    with np.load(folder / _FLOWS) as arrays:
        return arrays["flows"].astype(np.float32)
