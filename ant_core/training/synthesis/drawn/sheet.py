"""Where each pixel of a frame lies in a figure's still picture, and the flow that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.ink.noise import grid
from ant_core.training.synthesis.puppet.raster import IDENTITY, Affine, compose

__all__ = ["Field", "Sheet", "apply", "flow_between", "inverse"]

Field = NDArray[np.float32]

_SOLVER_STEPS = 12
_UNBEND_STEPS = 40  # on the few places of a bend that has fewer of them than the frame
_CLOSE_PX = 0.02


@dataclass(frozen=True)
class Sheet:
    """The map from a frame to a figure's still picture: an affine one and a smooth displacement.

    Attributes
    ----------
    outward
        Still picture -> frame, without the displacement.
    bend
        (h, w, 2) float32 x, y: pixels of the still picture that are added.
    to_bend
        Frame -> places of `bend`, which has one for every pixel unless this is said.
    frame
        Height and width of the frame; None = those of `bend`.
    """

    outward: Affine
    bend: Field
    to_bend: Affine = IDENTITY
    frame: tuple[int, int] | None = None

    def look_up(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Map (H, W) places of the frame to the still picture; bends go on beyond the frame."""
        at_x, at_y = (x, y) if self.to_bend == IDENTITY else apply(self.to_bend, x, y)
        bend = cv2.remap(self.bend, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        mapped_x, mapped_y = apply(inverse(self.outward), x, y)
        return mapped_x + bend[..., 0], mapped_y + bend[..., 1]

    @cached_property
    def _farthest(self) -> tuple[float, float]:
        """Largest displacement along x and along y."""
        bend_x, bend_y = cv2.split(np.abs(self.bend))
        return float(bend_x.max()), float(bend_y.max())

    def box(
        self, corner: tuple[int, int], shape: tuple[int, ...], moved: Affine
    ) -> tuple[slice, slice]:
        """Return the rows and columns of the frame that can show a part.

        `corner` (x, y) and `shape` (h, w) are those of its plane, `moved` where that has gone.
        """
        (x0, y0), (high, wide) = corner, shape[:2]
        x = np.array([x0, x0 + wide, x0, x0 + wide], dtype=np.float32)
        y = np.array([y0, y0, y0 + high, y0 + high], dtype=np.float32)
        x, y = apply(compose(self.outward, moved), x, y)
        a, b, c, d, _, _ = self.outward
        far_x, far_y = self._farthest
        reach_x = abs(a) * far_x + abs(c) * far_y + 2
        reach_y = abs(b) * far_x + abs(d) * far_y + 2
        high, wide = self.frame or self.bend.shape[:2]
        rows = np.clip((y.min() - reach_y, y.max() + reach_y + 1), 0, high).astype(int)
        columns = np.clip((x.min() - reach_x, x.max() + reach_x + 1), 0, wide).astype(int)
        return slice(rows[0], rows[1]), slice(columns[0], columns[1])

    @cached_property
    def _unbend(self) -> Field:
        """Return what takes a bend of fewer places away again, (h, w, 2) in the still picture."""
        a, b, c, d, _, _ = compose(self.to_bend, self.outward)
        at_x, at_y = grid(self.bend.shape[:2])
        undone: Field = -self.bend
        for _ in range(_UNBEND_STEPS):
            x, y = undone[..., 0], undone[..., 1]
            places = (
                at_x + np.float32(a) * x + np.float32(c) * y,
                at_y + np.float32(b) * x + np.float32(d) * y,
            )
            bend = cv2.remap(self.bend, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            found = -np.asarray(bend, dtype=np.float32)
            step, undone = float(np.abs(found - undone).max()), found
            if step < _CLOSE_PX:
                break
        return undone

    def _first_guess(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Return about where places of the still picture lie before the bend."""
        if self.to_bend == IDENTITY:
            return x, y
        at = apply(compose(self.to_bend, self.outward), x, y)
        undone = cv2.remap(self._unbend, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return x + undone[..., 0], y + undone[..., 1]

    def find(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Return the places of the frame that show (H, W) places of the still picture."""
        at_x, at_y = apply(self.outward, *self._first_guess(x, y))
        a, b, c, d, _, _ = self.outward
        for _ in range(_SOLVER_STEPS):
            found_x, found_y = self.look_up(at_x, at_y)
            step_x, step_y = apply((a, b, c, d, 0.0, 0.0), x - found_x, y - found_y)
            at_x, at_y = at_x + step_x, at_y + step_y
            if max(np.abs(step_x).max(), np.abs(step_y).max()) < _CLOSE_PX:
                break
        return at_x, at_y


def apply(matrix: Affine, x: Field, y: Field) -> tuple[Field, Field]:
    """Map planes of places, (H, W) float32 each."""
    a, b, c, d, tx, ty = (np.float32(n) for n in matrix)
    return a * x + c * y + tx, b * x + d * y + ty


def inverse(matrix: Affine) -> Affine:
    """Return the map that undoes another."""
    a, b, c, d, tx, ty = matrix
    area = a * d - b * c
    e, f, g, h = d / area, -b / area, -c / area, a / area
    return e, f, g, h, -(e * tx + g * ty), -(f * tx + h * ty)


def flow_between(
    here: Sheet,
    there: Sheet,
    moves: Sequence[Affine],
    move_of: NDArray[np.int32],
    box: tuple[slice, slice],
) -> Field:
    """Return the flow of a figure's pixels from one frame to another, (h, w, 2) float32 x, y.

    Parameters
    ----------
    moves
        For each part how it moves within the still picture from the one frame to the other.
    move_of
        (h, w) part of every pixel of the box, as its place in `moves`.
    box
        Rows and columns of the frame, h x w pixels, at least one.
    """
    y, x = np.mgrid[box].astype(np.float32)
    still_x, still_y = here.look_up(x, y)
    a, b, c, d, tx, ty = np.asarray(moves, dtype=np.float32).T[:, move_of]
    goal = a * still_x + c * still_y + tx, b * still_x + d * still_y + ty
    to_x, to_y = there.find(*goal)
    return np.stack((to_x - x, to_y - y), axis=-1)
