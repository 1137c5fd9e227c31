"""Procedural surroundings: rooms, houses, trees and moving props, each made of several flat parts.

They give a frame what characters alone lack: many segments, repeated look-alikes (panes, planks,
bricks), things that pass in front, and a camera that moves all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import skia
from numpy.typing import NDArray

from ant_core.training.synthesis.puppet.raster import Affine, affine, compose, polygon

__all__ = ["Item", "backdrop", "prop"]

Shape = tuple[skia.Path, int]  # a path and the number of its colour within the item


@dataclass(frozen=True)
class Item:
    """A rigid thing made of parts, in its own units (about 1 x 1 around the origin).

    Attributes
    ----------
    shapes
        (path, colour number) from back to front; every shape is a part of its own.
    place
        Own units -> picture pixels in the first frame.
    velocity
        Pixels a frame, in x and y.
    spin
        Radians a frame, about the item's middle.
    parallax
        How much of the camera's pan the item follows: 0 far away, 1 with the characters, more
        in front.
    """

    shapes: list[Shape]
    place: Affine
    velocity: tuple[float, float] = (0.0, 0.0)
    spin: float = 0.0
    parallax: float = 1.0

    def at(self, time: float) -> Affine:
        """Return own units -> pixels, ``time`` frames after the first, before the camera."""
        moved = (self.velocity[0] * time, self.velocity[1] * time)
        return compose(affine(move=moved), compose(self.place, affine(self.spin * time)))


def _rect(x0: float, y0: float, x1: float, y1: float) -> skia.Path:
    return polygon(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]))


def _blob(rng: np.random.Generator, x: float, y: float, rx: float, ry: float) -> skia.Path:
    count = int(rng.integers(6, 14))
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False) + rng.uniform(0, 1)
    radius = rng.uniform(0.7, 1.3, count)
    points = np.stack((x + rx * radius * np.cos(angle), y + ry * radius * np.sin(angle)), 1)
    return polygon(points, smooth=True)


def _window(rng: np.random.Generator) -> list[Shape]:
    columns, rows = (int(n) for n in rng.integers(1, 5, 2))
    shapes: list[Shape] = [(_rect(-0.5, -0.5, 0.5, 0.5), 0)]
    gap = rng.uniform(0.03, 0.12)
    for r in range(rows):
        for c in range(columns):
            x, y = -0.5 + (c + gap) / columns, -0.5 + (r + gap) / rows
            pane = _rect(x, y, x + (1 - 2 * gap) / columns, y + (1 - 2 * gap) / rows)
            shapes.append((pane, 1))
    return shapes


def _bricks(rng: np.random.Generator) -> list[Shape]:
    rows, columns = int(rng.integers(2, 6)), int(rng.integers(2, 6))
    shapes = []
    for r in range(rows):
        shift = 0.5 * (r % 2)
        for c in range(columns + 1):
            x0, x1 = (max(0.0, min(1.0, (c + d - shift) / columns)) for d in (0, 1))
            if x1 > x0:
                box = _rect(x0 - 0.5, r / rows - 0.5, x1 - 0.5, (r + 1) / rows - 0.5)
                shapes.append((box, int(rng.integers(0, 2))))
    return shapes


def _house(rng: np.random.Generator) -> list[Shape]:
    top = rng.uniform(-0.3, 0.0)
    roof = polygon(np.array([[-0.6, top], [rng.uniform(-0.3, 0.3), -0.6], [0.6, top]]))
    shapes: list[Shape] = [(_rect(-0.5, top, 0.5, 0.5), 0), (roof, 1)]
    door = rng.uniform(-0.4, 0.2)
    shapes += [(_rect(door, 0.15, door + 0.18, 0.5), 2)]
    for x in np.arange(-0.4, 0.4, rng.uniform(0.2, 0.35)):
        shapes.append((_rect(x, top + 0.06, x + 0.12, top + 0.2), 3))
    return shapes


def _tree(rng: np.random.Generator) -> list[Shape]:
    w = rng.uniform(0.05, 0.12)
    trunk = np.array([[-w, 0.5], [-w * 0.6, -0.1], [w * 0.6, -0.1], [w, 0.5]])
    shapes: list[Shape] = [(polygon(trunk), 0)]
    for _ in range(int(rng.integers(1, 6))):
        x, y = rng.uniform(-0.3, 0.3), rng.uniform(-0.45, 0.0)
        shapes.append((_blob(rng, x, y, rng.uniform(0.15, 0.35), rng.uniform(0.12, 0.3)), 1))
    return shapes


def _ball(rng: np.random.Generator) -> list[Shape]:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.stack((np.cos(angle), np.sin(angle)), 1) / 2
    shapes: list[Shape] = [(polygon(ring, smooth=True), 0)]
    count = int(rng.integers(2, 7))
    for i in range(count):
        part = (angle >= 2 * np.pi * i / count) & (angle <= 2 * np.pi * (i + 0.5) / count)
        if part.sum() > 1:
            shapes.append((polygon(np.concatenate(([[0.0, 0.0]], ring[part]))), 1 + i % 2))
    return shapes


def _crate(rng: np.random.Generator) -> list[Shape]:
    b = rng.uniform(0.06, 0.15)
    bar = np.array(
        [[-0.5 + b, 0.5 - b], [0.5 - b, -0.5 + b], [0.5 - b, -0.5 + 3 * b], [-0.5 + 3 * b, 0.5 - b]]
    )
    shapes: list[Shape] = [(_rect(-0.5, -0.5, 0.5, 0.5), 0)]
    return [*shapes, (_rect(-0.5 + b, -0.5 + b, 0.5 - b, 0.5 - b), 1), (polygon(bar), 0)]


def _table(rng: np.random.Generator) -> list[Shape]:
    thick, leg = rng.uniform(0.06, 0.15), rng.uniform(0.06, 0.12)
    top = -0.3
    shapes: list[Shape] = [
        (_rect(x, top, x + leg, 0.5), 1) for x in (-0.45, 0.45 - leg, rng.uniform(-0.3, 0.2))
    ]
    shapes.append((_rect(-0.55, top - thick, 0.55, top), 0))
    for _ in range(int(rng.integers(0, 4))):
        x, size = rng.uniform(-0.5, 0.4), rng.uniform(0.08, 0.2)
        shapes.append((_rect(x, top - thick - size, x + size * 0.7, top - thick), 2))
    return shapes


def _machine(rng: np.random.Generator) -> list[Shape]:
    """A body with blobs, boxes and dials anywhere on it; like nothing, and so like anything."""
    shapes: list[Shape] = [(_blob(rng, 0, 0, 0.45, 0.45), 0)]
    for _ in range(int(rng.integers(3, 14))):
        x, y = rng.uniform(-0.4, 0.4, 2)
        w, h = rng.uniform(0.05, 0.25, 2)
        round_one = rng.random() < 0.6
        path = _blob(rng, x, y, w, h) if round_one else _rect(x - w, y - h, x + w, y + h)
        shapes.append((path, int(rng.integers(0, 5))))
    return shapes


_STANDING: tuple[Callable[[np.random.Generator], list[Shape]], ...] = (
    _window,
    _bricks,
    _house,
    _tree,
    _table,
    _machine,
    _crate,
)
_MOVING: tuple[Callable[[np.random.Generator], list[Shape]], ...] = (
    _ball,
    _crate,
    _machine,
    _table,
)


def _hills(rng: np.random.Generator, height: int, width: int) -> list[Item]:
    """Return one to four layers of ground across the picture, each nearer and lower."""
    items = []
    levels = np.sort(rng.uniform(0.35, 0.9, int(rng.integers(1, 5))))
    for i, level in enumerate(levels):
        x = np.linspace(-0.5, 1.5, int(rng.integers(3, 12))) * width
        y = (level + rng.uniform(-0.07, 0.07, len(x))) * height
        ends = np.array([[1.5 * width, 2.0 * height], [-0.5 * width, 2.0 * height]])
        points = np.concatenate((np.stack((x, y), 1), ends))
        path = polygon(points) if rng.random() < 0.4 else polygon(points, smooth=True)
        items.append(Item([(path, 0)], affine(), parallax=(i + 1) / len(levels)))
    return items


def _placed(
    rng: np.random.Generator, shapes: list[Shape], size: float, at: NDArray[np.floating]
) -> Affine:
    stretch = (size * rng.uniform(0.6, 1.5), size * rng.uniform(0.6, 1.5))
    return affine(rng.normal(0, 0.05), stretch, (float(at[0]), float(at[1])))


def backdrop(rng: np.random.Generator, height: int, width: int, parts: int) -> list[Item]:
    """Return what stands behind the characters, about ``parts`` parts, from far to near."""
    items = _hills(rng, height, width) if rng.random() < 0.7 else []
    count = len(items)
    while count < parts:
        shapes = _STANDING[int(rng.integers(len(_STANDING)))](rng)
        at = rng.uniform((-0.1, 0.0), (1.1, 0.9)) * (width, height)
        size = rng.uniform(0.15, 0.6) * height
        items.append(Item(shapes, _placed(rng, shapes, size, at), parallax=rng.uniform(0.6, 1.0)))
        count += len(shapes)
    return items


def prop(rng: np.random.Generator, height: int, width: int) -> Item:
    """Return one moving thing of about a fifth of the picture's height."""
    shapes = _MOVING[int(rng.integers(len(_MOVING)))](rng)
    at = rng.uniform(0.0, 1.0, 2) * (width, height)
    speed = rng.normal(0, 0.012, 2) * height
    place = _placed(rng, shapes, rng.uniform(0.1, 0.35) * height, at)
    velocity = (float(speed[0]), float(speed[1]))
    return Item(shapes, place, velocity, float(rng.normal(0, 0.03)), rng.uniform(1.0, 1.3))
