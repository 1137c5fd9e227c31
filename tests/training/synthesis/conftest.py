import json

import numpy as np
import pytest

from ant_core.training.synthesis.source import SourceClip, SourceFrame, seeded


def make_clip(data, split, seed):
    """Make a few coloured boxes that slide over a floor; needs no files."""
    rng = seeded("boxes", split, seed)
    speed = rng.integers(-4, 5, (6, 2))
    start = rng.integers(20, 130, (6, 2))
    frames = []
    for t in range(4):
        ids = np.zeros((200, 220), dtype=np.int32)
        ids[150:] = 7
        for part, (y, x) in enumerate(start + t * speed, 1):
            ids[y : y + 45, x : x + 45] = part
        frames.append(SourceFrame(ids))
    colors = {part: (40 * (part // 2), 100, 20) for part in range(1, 8)}
    return SourceClip(
        f"boxes_{seed:06d}", split, ("boxes",), ("slide",), frames, colors, (1, 3, 5, 7)
    )


@pytest.fixture
def boxes():
    return make_clip


SQUARE = "M-10 -10L10 -10L10 10L-10 10Z"


def _shape(d: str, color: str = "#cccccc", alpha: float = 1.0) -> dict:
    return {"kind": "fill", "color": color, "alpha": alpha, "m": [1, 0, 0, 1, 0, 0], "d": d}


@pytest.fixture
def data(tmp_path):
    """A rig of two slots with eleven garments a category, in the files' own format."""
    pytest.importorskip("skia", reason="drawing puppets needs skia-python, of the extra 'train'")
    from ant_core.training.synthesis.puppet.glitch_parts import CATEGORIES
    from ant_core.training.synthesis.puppet.puppet import ANIMATIONS

    root = tmp_path / "glitch_avatars"
    slots = {"sideTorsoContainer_mc": 20.0, "sideSkullContainer_mc": -20.0}
    pose = [[slot, [1, 0, 0, 1, 0, y]] for slot, y in slots.items()]
    labels = [name for joined, _, _ in ANIMATIONS.values() for name in joined]
    rig = {
        "frame_rate": 24,
        "labels": [[name, 3 * i, 3 * i + 2] for i, name in enumerate(labels)],
        "frames": [pose] * (3 * len(labels)),
    }
    root.mkdir()
    (root / "rig.json").write_text(json.dumps(rig))
    (root / "skin.json").write_text(json.dumps({slot: [_shape(SQUARE)] for slot in slots}))
    for c, category in enumerate(CATEGORIES):
        (root / "parts" / category).mkdir(parents=True)
        for i in range(11):
            outline = f"M-8 -8L{8 + c / 10} -8" + f"L{3 + i} 9" * 50 + "Z"
            symbol = {"slot": "sideTorsoContainer_mc", "shapes": [_shape(outline, "#3366aa")]}
            path = root / "parts" / category / f"{category}{i:02d}.json"
            path.write_text(json.dumps({"front": symbol}))
    return tmp_path
