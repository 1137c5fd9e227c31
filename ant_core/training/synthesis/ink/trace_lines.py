"""Coloured trace lines: where an artist marks the border of a shadow or highlight for the painter.

Such a line is not seen in the finished picture; it splits a part into two segments of one id.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["RGB", "compose", "draw_colors"]

RGB = tuple[int, int, int]

#: What artists take, and how often: red, blue and green tell the painter apart what they mean.
_COLORS = (
    ((235, 30, 30), 0.34),
    ((30, 60, 235), 0.28),
    ((20, 170, 40), 0.18),
    ((245, 140, 20), 0.1),
    ((20, 190, 235), 0.1),
)


def draw_colors(rng: np.random.Generator) -> tuple[RGB, ...]:
    """Draw a clip's one to three colours of trace lines, no two of one kind."""
    share = [share for _, share in _COLORS]
    chosen = rng.choice(len(_COLORS), int(rng.integers(1, 4)), replace=False, p=share)
    colors: list[RGB] = []
    for i in chosen:
        red, green, blue = np.clip(_COLORS[i][0] + rng.integers(-30, 31, 3), 0, 255).tolist()
        colors.append((red, green, blue))
    return tuple(colors)


def compose(
    ink: NDArray[np.float32],
    trace: NDArray[np.float32],
    kind: NDArray[np.uint8],
    colors: Sequence[RGB],
    grey: int,
) -> NDArray[np.uint8]:
    """Lay trace lines, and ink over them, on white paper.

    Parameters
    ----------
    ink, trace
        (H, W) float32 cover, 0..1.
    kind
        (H, W) uint8: 1 + index of the trace line's colour; of no meaning where ``trace`` is 0.
    colors
        Colours of the trace lines.
    grey
        Grey of full ink, 0..255.

    Returns
    -------
    (H, W, 3) uint8 RGB
    """
    table = np.full((max(len(colors), int(kind.max(initial=0))) + 1, 3), 255, dtype=np.float32)
    table[1 : len(colors) + 1] = colors
    picture = 255 - (255 - table[kind]) * trace[..., None]
    picture += (grey - picture) * ink[..., None]
    return np.asarray(np.rint(picture), dtype=np.uint8)
