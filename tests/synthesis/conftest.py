import numpy as np
import pytest

from ant_core.synthesis.source import SourceClip, SourceFrame, seeded


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
