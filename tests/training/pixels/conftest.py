"""Small painted clips made of two squares that move."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from ant_core.training.pixels.pictures import PictureClip

FRAMES = 4


def moving(name="clip", colors=((200, 40, 40), (40, 90, 200)), step=2, size=64):
    """Two squares, the second with a gradient, that move right by `step` pixels a frame."""
    ids = np.zeros((FRAMES, size, size), np.int16)
    rest = np.zeros((FRAMES, size, size, 3), np.float16)
    color = np.full((1, FRAMES, size, size, 3), 255, np.uint8)
    line = np.full((FRAMES, size, size), 255, np.uint8)
    y, x = np.mgrid[:20, :20]
    for frame in range(FRAMES):
        for part, (top, left) in enumerate(((6, 8), (36, 24)), 1):
            box = np.s_[top : top + 20, left + step * frame : left + step * frame + 20]
            ids[frame][box] = part
            rest[frame][box] = np.stack([x / 100, y / 100, np.zeros_like(x)], -1)
            shade = 1 if part == 1 else (0.6 + x / 50)[..., None]
            color[0, frame][box] = np.clip(np.array(colors[part - 1]) * shade, 0, 255)
            line[frame][box] = np.where((x % 19 == 0) | (y % 19 == 0), 0, 255)
    flow = np.zeros((FRAMES - 1, size, size, 2), np.float16)
    flow[..., 0] = step
    return PictureClip(name, ("soft",), line, color, ids, rest, flow)


@pytest.fixture
def clip():
    return moving()


@pytest.fixture
def clips(tmp_path):
    """A folder with stored clips of two splits."""
    for split, count in (("train", 3), ("validation", 1)):
        for number in range(count):
            rng = np.random.default_rng([number, count])
            store(
                moving(f"{split}{number}", rng.integers(20, 235, (2, 3)), size=96), tmp_path / split
            )
    return tmp_path


@pytest.fixture
def large():
    """A clip that is large enough for three discriminators."""
    return moving(size=96)


def store(clip, folder):
    import json

    folder.mkdir(exist_ok=True)
    planes = {name: getattr(clip, name) for name in ("line", "color", "ids", "rest", "flow")}
    meta = np.array(json.dumps({"name": clip.name, "paints": clip.paints}))
    np.savez_compressed(folder / f"{clip.name}.npz", meta=meta, **planes)
