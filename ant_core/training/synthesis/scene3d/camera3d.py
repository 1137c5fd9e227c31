"""The camera of a 3D clip, and its path over the clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.scene3d.gltf import Floats
from ant_core.training.synthesis.scene3d.render3d import look_at

__all__ = ["Camera", "draw_camera"]

_FASTEST_TURN = 0.45  # radians of the camera between two drawings
_BEFORE_WALL = 1.05  # radians of turn that keep the camera on its side of a wall


@dataclass(frozen=True)
class Camera:
    """A camera that circles a point, with everything changing evenly over the clip (0..1).

    Each pair is the value at the start and its change over the whole clip.

    Attributes
    ----------
    fov
        Vertical angle of view, radians.
    yaw, pitch, roll
        Radians.
    log_distance
        Logarithm of world units.
    target
        (2, 3): looked-at point at the start, and its change.
    """

    fov: float
    yaw: tuple[float, float]
    pitch: tuple[float, float]
    roll: tuple[float, float]
    log_distance: tuple[float, float]
    target: NDArray[np.float64]

    def view(self, share: float) -> tuple[Floats, float]:
        """Return world -> camera (4, 4) and the distance at ``share`` of the clip."""
        yaw, pitch, roll, log_distance = (
            start + change * share
            for start, change in (self.yaw, self.pitch, self.roll, self.log_distance)
        )
        distance = float(np.exp(log_distance))
        target = self.target[0] + self.target[1] * share
        away = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
        return look_at(target + distance * away, target, roll), distance


def draw_camera(
    rng: np.random.Generator,
    *,
    yaw: float,
    drawings: int,
    walled: bool,
    filled: tuple[float, float],
    pace: float = 1.0,
) -> Camera:
    """Draw a camera path: still, panning, circling, zooming, or all of it.

    Parameters
    ----------
    yaw
        Where the camera stands at first, radians.
    drawings
        How many there are in the clip.
    walled
        Whether a wall behind the scene limits the turn.
    filled
        Least and greatest height of a character, as a share of the frame's.
    pace
        Factor on everything that changes over the clip.
    """
    fov = rng.uniform(0.35, 0.9)
    share = rng.uniform(*filled)
    distance = 1.0 / (2 * np.tan(fov / 2) * share)
    moves = rng.random(5) < (0.55, 0.3, 0.15, 0.4, 0.5)
    turn = rng.choice(
        [rng.normal(0, 0.6), rng.choice([-1, 1]) * rng.uniform(1.5, 2 * np.pi)], p=[0.75, 0.25]
    )
    limit = min(_FASTEST_TURN * (drawings - 1), _BEFORE_WALL if walled else np.inf)
    turn = float(np.clip(turn, -limit, limit))
    target = np.zeros((2, 3))
    target[0] = rng.normal(0, (0.12, 0.06, 0.12)) + np.array([0, rng.uniform(0.42, 0.6), 0])
    target[1] = rng.normal(0, (0.3, 0.12, 0.3)) * moves[4] * pace
    return Camera(
        fov=fov,
        yaw=(yaw, turn * moves[0] * pace),
        pitch=(rng.normal(0.12, 0.15), rng.normal(0, 0.2) * moves[1] * pace),
        roll=(rng.normal(0, 0.04), rng.normal(0, 0.1) * moves[2] * pace),
        log_distance=(float(np.log(max(distance, 0.5))), rng.normal(0, 0.3) * moves[3] * pace),
        target=target,
    )
