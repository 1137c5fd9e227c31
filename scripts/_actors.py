"""A puppet shot: who acts in it, how, and what the camera sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Value = float | tuple[float, float]
Color = tuple[float, float, float]

# The heads' files paint the lips in two colours; a character has one palette.
ONE_PALETTE: Mapping[Color, Color] = {(0.815, 0.358, 0.215): (0.650, 0.238, 0.172)}


@dataclass(frozen=True)
class PuppetActor:
    """One puppet of a shot: its view, its keys and the way it walks.

    ``keys`` maps a frame to the values that are set there; values named ``switch-*`` hold until
    the next key, all others glide. ``shift`` moves the whole actor (Synfig units).
    """

    view: str
    keys: Mapping[int, Mapping[str, Value]]
    recolor: Mapping[Color, Color] = field(default_factory=lambda: ONE_PALETTE)

    def pose(self, frame: int) -> dict[str, Value]:
        """Give every value at a frame."""
        names = sorted({name for key in self.keys.values() for name in key})
        return {name: self._value(name, frame) for name in names}

    def _value(self, name: str, frame: int) -> Value:
        keys = [(at, key[name]) for at, key in sorted(self.keys.items()) if name in key]
        before = [pair for pair in keys if pair[0] <= frame] or keys[:1]
        after = [pair for pair in keys if pair[0] > frame]
        start, old = before[-1]
        if not after or name.startswith("switch-"):
            return old
        end, new = after[0]
        t = (frame - start) / (end - start)
        share = t * t * (3 - 2 * t)
        if isinstance(old, tuple) and isinstance(new, tuple):
            return (_mix(old[0], new[0], share), _mix(old[1], new[1], share))
        assert isinstance(old, float | int)
        assert isinstance(new, float | int)
        return _mix(old, new, share)


def _mix(old: float, new: float, share: float) -> float:
    return old + (new - old) * share


@dataclass(frozen=True)
class ActedShot:
    """A shot: actors from back to front, the camera, the frames and the painted reference."""

    name: str
    actors: tuple[PuppetActor, ...]
    camera: tuple[float, float, float]  # centre x, centre y, height of the picture in Synfig units
    frames: int
    reference: int = 1
    first: int = 1
    line_px: float = 2.2
    size: tuple[int, int] = (1920, 1080)

    def numbers(self) -> Iterable[int]:
        """Frame numbers of the shot."""
        return range(self.first, self.first + self.frames)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the camera in Synfig units."""
        x, y, height = self.camera
        width = height * self.size[0] / self.size[1]
        return (x - width / 2, y + height / 2, x + width / 2, y - height / 2)
