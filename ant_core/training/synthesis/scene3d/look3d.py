"""Which lines and shadows an artist draws inside the parts of a rendered frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.scene3d.gltf import Floats
from ant_core.training.synthesis.scene3d.render3d import (
    Planes,
    crease_edges,
    depth_edges,
    without_specks,
)

__all__ = ["Look"]

_PLAIN_JUMP = 0.1  # a tenth of a character's height: a limb before the body, not a fold


@dataclass(frozen=True)
class Look:
    """What the artist of a clip draws inside parts.

    Attributes
    ----------
    jump
        Least jump of depth that gets a line, in world units; inf for none.
    crease
        Least bend that gets a line, radians; inf for none.
    least_px
        Shorter lines are left away.
    light, shadow
        Direction (3,) of the light in the camera's axes, and the brightness below which is shadow;
        None draws no shadows.
    """

    jump: float
    crease: float
    least_px: int
    light: Floats | None
    shadow: float

    @classmethod
    def draw(cls, rng: np.random.Generator, height: int) -> Look:
        """Draw a look for frames of ``height`` pixels."""
        light = None
        if rng.random() < 0.25:
            light = np.append(rng.uniform(-1, 1, 2) + np.array([0, 0.4]), 0.6).astype(np.float32)
            light = light / np.linalg.norm(light)
        return cls(
            jump=np.exp(rng.uniform(np.log(0.015), np.log(0.07)))
            if rng.random() < 0.95
            else np.inf,
            crease=np.radians(rng.uniform(38, 80)) if rng.random() < 0.75 else np.inf,
            least_px=int(height * rng.uniform(0.008, 0.02)),
            light=light,
            shadow=rng.uniform(-0.1, 0.3),
        )

    def plain(self) -> Look:
        """Return this look without creases and shadows, and with only the greatest jumps."""
        return replace(self, jump=_PLAIN_JUMP, crease=np.inf, light=None)

    def edges(self, planes: Planes) -> NDArray[np.bool_] | None:
        """Return the (H, W) lines inside parts, None where this look has none."""
        marked = np.zeros(planes.ids.shape, bool)
        if np.isfinite(self.jump):
            marked |= depth_edges(planes, self.jump)
        if np.isfinite(self.crease):
            marked |= crease_edges(planes, self.crease)
        marked = without_specks(marked, self.least_px)
        return marked if marked.any() else None

    def shade(self, planes: Planes) -> NDArray[np.uint8] | None:
        """Return (H, W) 1 in the cel shadow, 0 elsewhere; None without shadows."""
        if self.light is None:
            return None
        dark = (planes.normals @ self.light < self.shadow) & (planes.ids > 0)
        smooth: NDArray[np.uint8] = np.asarray(cv2.medianBlur(dark.astype(np.uint8), 7), np.uint8)
        return smooth
