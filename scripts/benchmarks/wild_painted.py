"""What is done to the painted frame in the wild benchmark: a function each, from a clean figure on.

Every function is pure: figure and random generator in, picture and ground truth out.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks.wild_figures import Figure
from scripts.benchmarks.wild_variants import Picture, Variant, clean


def _on_paper(variant: Variant) -> Variant:
    """Paint the bare ground white and opaque, as formats without alpha do."""
    colors = variant.truth.colors.copy()
    colors[colors[:, 3] == 0] = 255
    painted = variant.painted.copy()
    painted[painted[..., 3] == 0] = 255
    return replace(variant, painted=painted[..., :3], truth=replace(variant.truth, colors=colors))


def painted_jpeg(figure: Figure, rng: np.random.Generator) -> Variant:
    """The painted frame went through JPEG."""
    variant = _on_paper(clean(figure, rng))
    quality = int(rng.integers(75, 91))
    _, packed = cv2.imencode(
        ".jpg", variant.painted[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    decoded = cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1]
    return replace(variant, painted=np.ascontiguousarray(decoded, np.uint8), tolerance=6)


def painted_noise(figure: Figure, rng: np.random.Generator) -> Variant:
    """Every pixel of the painted frame is off by a few steps."""
    variant = clean(figure, rng)
    off = np.rint(rng.normal(0, 1.5, (*figure.shape, 3)))
    return replace(variant, painted=_shaded(variant.painted, off), tolerance=6)


def painted_dither(figure: Figure, rng: np.random.Generator) -> Variant:
    """Flat colours dithered between two near ones in a 4 x 4 pattern."""
    variant = clean(figure, rng)
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
    height, width = figure.shape
    pattern = np.tile(bayer, (height // 4 + 1, width // 4 + 1))[:height, :width]
    off = np.where(pattern >= 8, 3, -3)[..., None]
    return replace(variant, painted=_shaded(variant.painted, off), tolerance=6)


def _shaded(painted: Picture, off: NDArray[np.float64] | NDArray[np.int64]) -> Picture:
    """Change the colours of what is painted, not its alpha."""
    moved = painted.copy()
    solid = painted[..., 3] > 0
    moved[solid, :3] = np.clip(painted[..., :3] + off, 0, 255).astype(np.uint8)[solid]
    return moved


def painted_smooth(figure: Figure, rng: np.random.Generator) -> Variant:
    """Edges between the painted colours are anti-aliased over some pixels."""
    variant = clean(figure, rng)
    painted = variant.painted.astype(np.float32)
    painted[..., :3] *= painted[..., 3:] / 255
    soft = cv2.GaussianBlur(painted, (0, 0), max(0.8, 1.5 * figure.scale))
    soft[..., :3] /= np.maximum(soft[..., 3:], 1e-3) / 255
    return replace(variant, painted=np.clip(soft, 0, 255).round().astype(np.uint8))


def painted_dabs(figure: Figure, rng: np.random.Generator) -> Variant:
    """One dab of the brush in every region, which does not fill it."""
    variant = clean(figure, rng)
    right = variant.truth
    painted = np.zeros((*figure.shape, 4), np.uint8)
    depth = cv2.distanceTransform((right.labels > 0).astype(np.uint8), cv2.DIST_L2, 5)
    for region in range(1, len(right.colors)):
        inside = np.where(right.labels == region, depth, 0)
        y, x = np.unravel_index(int(inside.argmax()), inside.shape)
        dab = np.zeros(figure.shape, np.uint8)
        cv2.circle(dab, (int(x), int(y)), max(1, round(0.45 * inside[y, x])), 1, -1)
        painted[(dab > 0) & (right.labels == region)] = right.colors[region]
    return replace(variant, painted=painted)


def painted_shift(figure: Figure, rng: np.random.Generator) -> Variant:
    """The painted frame lies some px beside its lines."""
    variant = clean(figure, rng)
    reach = max(4.0, 12 * figure.scale)
    angle = rng.uniform(0, 2 * np.pi)
    move = np.float32([[1, 0, round(reach * np.cos(angle))], [0, 1, round(reach * np.sin(angle))]])
    size = figure.shape[::-1]
    moved = cv2.warpAffine(
        variant.painted, move, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    return replace(variant, painted=np.asarray(moved, np.uint8))
