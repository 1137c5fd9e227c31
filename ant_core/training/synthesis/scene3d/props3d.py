"""Procedural things for 3D scenes: crates, walls, windows, fences, trees, balls, floors.

Every flat face that an artist would fill by itself is a part; colours are shared within one thing.
They stand in front of, between and behind the characters, and repeat look-alikes on purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.scene3d.gltf import Floats

__all__ = ["Thing", "backdrop", "random_thing"]


@dataclass
class Thing:
    """A rigid triangle mesh under construction, about 1 unit tall, standing on y = 0.

    Attributes
    ----------
    points, faces, parts
        Per face-fan: corners (n, 3), triangles (m, 3) and the part.
    materials
        Colour number of each part.
    """

    points: list[NDArray[np.floating]] = field(default_factory=list)
    faces: list[NDArray[np.integer]] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    materials: list[int] = field(default_factory=list)

    def part(self, material: int) -> int:
        """Start a new part of the given colour."""
        self.materials.append(material)
        return len(self.materials) - 1

    def fan(self, corners: NDArray[np.floating], part: int) -> None:
        """Add a convex polygon (n, 3)."""
        count = len(corners)
        faces = np.stack(
            (np.zeros(count - 2, int), np.arange(1, count - 1), np.arange(2, count)), 1
        )
        self.points.append(np.asarray(corners, float))
        self.faces.append(faces)
        self.parts.append(part)

    def box(self, low: tuple[float, ...], high: tuple[float, ...], material: int) -> None:
        """Add a box between two corners; each side is a part."""
        low_, high_ = np.array(low), np.array(high)
        for axis in range(3):
            u, v = (axis + 1) % 3, (axis + 2) % 3
            for side in (low_, high_):
                corners = np.tile(side, (4, 1)).astype(float)
                corners[[0, 3], u], corners[[1, 2], u] = low_[u], high_[u]
                corners[[0, 1], v], corners[[2, 3], v] = low_[v], high_[v]
                self.fan(corners, self.part(material))

    def lathe(
        self, profile: NDArray[np.floating], sides: int, materials: list[int], sectors: int
    ) -> None:
        """Add a surface of revolution about y.

        Parameters
        ----------
        profile
            (n, 2) radius and height from bottom to top; each step is a band of parts.
        sides
            Corners of the circle.
        materials
            Colour of each band, n - 1 of them.
        sectors
            Parts around each band.
        """
        angle = np.linspace(0, 2 * np.pi, sides + 1)
        ring = np.stack((np.cos(angle), np.sin(angle)), 1)
        for band, material in enumerate(materials):
            (r0, y0), (r1, y1) = profile[band], profile[band + 1]
            ids = [self.part(material) for _ in range(sectors)]
            for k in range(sides):
                a, b = ring[k], ring[k + 1]
                quad = [[r0 * a[0], y0, r0 * a[1]], [r0 * b[0], y0, r0 * b[1]]]
                quad += [[r1 * b[0], y1, r1 * b[1]], [r1 * a[0], y1, r1 * a[1]]]
                self.fan(np.array(quad), ids[k * sectors // sides])

    def mesh(self) -> tuple[Floats, Floats, NDArray[np.int32], NDArray[np.int32]]:
        """Return vertices (V, 3), flat normals (V, 3), faces (F, 3), part of each vertex (V,)."""
        starts = np.cumsum([0, *(len(p) for p in self.points)])
        normals = []
        for corners in self.points:
            normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
            if not normal.any():
                normal = np.cross(corners[2] - corners[0], corners[-1] - corners[0])
            normals.append(np.tile(normal / max(np.linalg.norm(normal), 1e-12), (len(corners), 1)))
        return (
            np.concatenate(self.points).astype(np.float32),
            np.concatenate(normals).astype(np.float32),
            np.concatenate([f + s for f, s in zip(self.faces, starts[:-1], strict=True)]).astype(
                np.int32
            ),
            np.repeat(self.parts, np.diff(starts)).astype(np.int32),
        )


Maker = Callable[[np.random.Generator], Thing]


def _crate(rng: np.random.Generator) -> Thing:
    thing = Thing()
    x, y, z = rng.uniform(0.3, 0.7, 3)
    thing.box((-x / 2, 0, -z / 2), (x / 2, y, z / 2), 0)
    if rng.random() < 0.6:  # battens, a little proud of each upright side
        t, w = 0.015, rng.uniform(0.04, 0.09)
        for s in (-1, 1):
            for h in (0.0, y - w):
                thing.box((-x / 2 - t, h, s * z / 2 - t), (x / 2 + t, h + w, s * z / 2 + t), 1)
                thing.box((s * x / 2 - t, h, -z / 2), (s * x / 2 + t, h + w, z / 2), 1)
    return thing


def _stack(rng: np.random.Generator) -> Thing:
    thing, height = Thing(), 0.0
    for level in range(int(rng.integers(2, 6))):
        size, tall = rng.uniform(0.1, 0.35, 2), rng.uniform(0.08, 0.3)
        shift = rng.uniform(-0.05, 0.05, 2)
        low = (shift[0] - size[0], height, shift[1] - size[1])
        thing.box(low, (shift[0] + size[0], height + tall, shift[1] + size[1]), level % 3)
        height += tall
    return thing


def _fence(rng: np.random.Generator) -> Thing:
    thing = Thing()
    count, gap = int(rng.integers(3, 9)), rng.uniform(0.12, 0.25)
    width, tall = gap * rng.uniform(0.3, 0.8), rng.uniform(0.4, 0.9)
    left = -count * gap / 2
    for k in range(count):
        x = left + k * gap
        thing.box((x, 0, 0), (x + width, tall * rng.uniform(0.93, 1.0), 0.03), 0)
    for h in (0.3, 0.7):
        thing.box((left - 0.05, h * tall, 0.03), (-left + 0.02, h * tall + 0.06, 0.06), 1)
    return thing


def _tree(rng: np.random.Generator) -> Thing:
    thing = Thing()
    r, trunk = rng.uniform(0.04, 0.1), rng.uniform(0.2, 0.7)
    thing.lathe(np.array([[r * 1.3, 0], [r, trunk]]), 10, [0], 1)
    height = trunk * 0.8
    for _ in range(int(rng.integers(1, 4))):
        wide, tall = rng.uniform(0.2, 0.45), rng.uniform(0.25, 0.6)
        top = rng.choice([0.0, wide * 0.6])
        profile = np.array(
            [[0.0, height], [wide, height], [wide * 0.9, height + tall / 2], [top, height + tall]]
        )
        thing.lathe(profile, int(rng.integers(6, 14)), [2, 1, 1], 1)
        height += tall * 0.7
    return thing


def _ball(rng: np.random.Generator) -> Thing:
    thing = Thing()
    bands, sectors = int(rng.integers(2, 7)), int(rng.choice([1, 1, 2, 3, 4, 6]))
    angle = np.linspace(-np.pi / 2, np.pi / 2, bands + 1)
    radius = rng.uniform(0.15, 0.4)
    profile = np.stack((radius * np.cos(angle), radius + radius * np.sin(angle)), 1)
    thing.lathe(profile, 24, [b % int(rng.integers(1, 4)) for b in range(bands)], sectors)
    return thing


def _pot(rng: np.random.Generator) -> Thing:
    thing = Thing()
    bands = int(rng.integers(2, 7))
    heights = np.cumsum(rng.uniform(0.05, 0.25, bands + 1))
    profile = np.stack((rng.uniform(0.08, 0.35, bands + 1), heights - heights[0]), 1)
    profile = np.concatenate(([[0.0, 0.0]], profile, [[0.0, heights[-1] - heights[0]]]))
    materials = [0, *(int(m) for m in rng.integers(0, 3, bands)), 1]
    thing.lathe(profile, int(rng.integers(6, 20)), materials, int(rng.choice([1, 1, 1, 3])))
    return thing


def _table(rng: np.random.Generator) -> Thing:
    thing = Thing()
    x, z, y, t = rng.uniform(0.25, 0.6), rng.uniform(0.2, 0.4), rng.uniform(0.3, 0.6), 0.05
    thing.box((-x, y - t, -z), (x, y, z), 0)
    for sx in (-1, 1):
        for sz in (-1, 1):
            cx, cz = sx * (x - 0.06), sz * (z - 0.06)
            thing.box((cx - 0.03, 0, cz - 0.03), (cx + 0.03, y - t, cz + 0.03), 1)
    for _ in range(int(rng.integers(0, 5))):
        a, b, s, h = (
            rng.uniform(-x, x),
            rng.uniform(-z, z),
            rng.uniform(0.03, 0.1),
            rng.uniform(0.03, 0.25),
        )
        thing.box((a - s, y, b - s), (a + s, y + h, b + s), int(rng.integers(2, 5)))
    return thing


def _shelf(rng: np.random.Generator) -> Thing:
    thing = Thing()
    x, y, rows = rng.uniform(0.25, 0.6), rng.uniform(0.6, 1.2), int(rng.integers(2, 5))
    thing.box((-x, 0, -0.15), (x, y, -0.12), 1)
    for k in range(rows + 1):
        thing.box((-x, y * k / rows - 0.02, -0.12), (x, y * k / rows + 0.02, 0.12), 0)
    for k in range(rows):
        at = -x
        while at < x - 0.05:
            w, h = rng.uniform(0.03, 0.12), y / rows * rng.uniform(0.5, 0.85)
            if rng.random() < 0.8:
                low = (at, y * k / rows + 0.02, -0.1)
                thing.box(
                    low,
                    (min(at + w, x), low[1] + h, rng.uniform(0.0, 0.1)),
                    int(rng.integers(2, 6)),
                )
            at += w
    return thing


_THINGS: tuple[Maker, ...] = (_crate, _stack, _fence, _tree, _ball, _pot, _table, _shelf)


def random_thing(rng: np.random.Generator) -> Thing:
    """Return one thing to stand about, 0.3 to 1.5 units tall."""
    return _THINGS[int(rng.integers(len(_THINGS)))](rng)


def _tiles(thing: Thing, rng: np.random.Generator, extent: float, upright: float | None) -> None:
    """Add a plane of tiles: the floor, or a wall at depth ``upright`` below zero."""
    columns, rows = int(rng.integers(1, 9)), int(rng.integers(1, 7))
    height = 2 * extent if upright is None else rng.uniform(1.2, 3.0)
    xs = np.linspace(-extent, extent, columns + 1)
    ys = np.linspace(0, height, rows + 1)
    shift = rng.random() < 0.4 and columns > 2
    pair = rng.integers(0, 3, 2)
    for r in range(rows):
        offset = (xs[1] - xs[0]) / 2 * (r % 2) if shift else 0.0
        for c in range(columns):
            x0, x1 = xs[c] + offset, xs[c + 1] + offset
            corners = [(x0, ys[r]), (x1, ys[r]), (x1, ys[r + 1]), (x0, ys[r + 1])]
            if upright is None:
                quad = np.array([(x, 0.0, y - extent) for x, y in corners])
            else:
                quad = np.array([(x, y, upright) for x, y in corners])
            thing.fan(quad, thing.part(int(pair[(r + c) % 2])))


def _openings(thing: Thing, rng: np.random.Generator, depth: float) -> None:
    """Add windows, doors and pictures that stand a little out of the wall."""
    for x in np.arange(-2.2, 2.2, rng.uniform(0.5, 1.2)):
        w, h, y = (
            rng.uniform(0.15, 0.4),
            rng.uniform(0.2, 0.7),
            rng.choice([0.0, rng.uniform(0.3, 0.9)]),
        )
        z = depth + 0.03
        thing.box((x, y, depth), (x + w, y + h, z), 3)
        columns, rows = int(rng.integers(1, 4)), int(rng.integers(1, 4))
        for c in range(columns):
            for r in range(rows):
                low = np.array([x + w * (c + 0.12) / columns, y + h * (r + 0.12) / rows])
                high = np.array([x + w * (c + 0.88) / columns, y + h * (r + 0.88) / rows])
                quad = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]
                thing.fan(np.array([(a, b, z + 0.01) for a, b in quad]), thing.part(4))


def backdrop(rng: np.random.Generator) -> Thing:
    """Return a floor, and most times a wall behind it, with windows and doors at times."""
    thing = Thing()
    if rng.random() < 0.85:
        _tiles(thing, rng, rng.uniform(3.0, 5.0), None)
    depth = -rng.uniform(0.8, 2.5)
    if rng.random() < 0.75 or not thing.points:
        _tiles(thing, rng, rng.uniform(3.0, 5.0), depth)
        if rng.random() < 0.6:
            _openings(thing, rng, depth)
    return thing
