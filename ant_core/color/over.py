"""Layers over one another, to look at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.pixels import to_display

__all__ = ["over"]


def over(below: NDArray[Any], above: NDArray[Any]) -> NDArray[np.uint8]:
    """Show one picture over another, roughly, as previews do.

    Parameters
    ----------
    below, above : (H, W, C), (H, W, D)
        Each of any format that `ant_core.color.pixels` knows; not modified.

    Returns
    -------
    (H, W, 4) uint8 RGBA
    """
    (color, solid), (paint, cover) = to_display(below), to_display(above)
    left = solid * (1 - cover)
    total = cover + left
    mixed = (paint * cover + color * left) / np.maximum(total, np.float32(1e-6))
    return np.concatenate([mixed, total * 255], axis=2).round().astype(np.uint8)
