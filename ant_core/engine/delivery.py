"""What a painting program is told of each frame: its result, and its plane where it needs one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ant_core.color.krita_layers import Box
from ant_core.color.palette import Palette
from ant_core.engine.layer_output import LayerOutput
from ant_core.engine.shades import MovedPlane, Shades
from ant_core.matching.fills import REVIEW_BELOW
from ant_core.output.delivery import WITH_PICTURE
from ant_core.propagation.result import FrameResult

__all__ = ["Notify", "PlaneDelivery"]

Notify = Callable[[dict[str, Any], Box | None, bytes | None, int, int, Sequence[MovedPlane]], None]


class PlaneDelivery:
    """Adds planes to results.

    Parameters
    ----------
    references : collection of int
        Frames that the caller has painted: they need no plane.
    notify : callable
        Gets the result in its JSON form, box and bytes of the plane (both None where none is
        needed), how many frames are done, of how many, and the planes of further layers.
    known : dict of int to str
        Hash of the plane that the caller still has, by frame.
    shades : Shades
        The further layers.
    """

    def __init__(
        self,
        output: LayerOutput,
        references: Collection[int],
        notify: Notify,
        known: Mapping[int, str],
        shades: Shades,
    ) -> None:
        self._output = output
        self._references = frozenset(references)
        self._notify = notify
        self._known = known
        self._shades = shades
        self._palette: Palette | None = None

    def begin(self, palette: Palette) -> None:
        """Name the palette of the results that are to come."""
        self._palette = palette

    def tell(self, result: FrameResult, done: int, total: int) -> None:
        """Notify of one frame, whose picture is in place."""
        assert self._palette is not None
        box, data = self._plane(result)
        given = None if result.role == "predicted" else result.drawing_frame
        moved = [] if result.role == "failed" else self._shades.planes(result.frame, given)
        self._notify(result.to_json(self._palette, REVIEW_BELOW), box, data, done, total, moved)

    def _plane(self, result: FrameResult) -> tuple[Box | None, bytes | None]:
        frame = result.frame
        if result.role not in WITH_PICTURE or frame in self._references:
            return None, None
        if frame in self._known and self._known[frame] == self._output.plane_hash(frame):
            return None, None
        return self._output.plane(frame)
