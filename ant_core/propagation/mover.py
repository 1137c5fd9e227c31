"""Moves painted surfaces and further layers along with the segments of a run.

The layer of the colours itself is called `COLOR`; others have the names of their shades. Segments
of painted frames are where pixels come from, maps say where they go, and everything else stays as
it is: without surfaces and shades nothing here has any effect.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.over import over
from ant_core.color.palette import NO_COLOR, Palette
from ant_core.color.warp import Canvas, find_surfaces, move
from ant_core.matching.fills import (
    FLAG_HINT,
    FLAG_SHADE,
    FLAG_SURFACE,
    NEVER,
    NO_COUNTERPART,
    PAINTED,
    Fills,
)
from ant_core.matching.matcher import DrawingFeatures
from ant_core.propagation.division import Division
from ant_core.propagation.drawings import Drawings
from ant_core.propagation.layer_files import LayerFiles
from ant_core.propagation.plan import Step
from ant_core.propagation.prepared import Analysis, MatcherLike
from ant_core.propagation.record import digest_of
from ant_core.propagation.result import COLOR, Solved
from ant_core.propagation.shades import Shade
from ant_core.propagation.surfaces import DOUBTFUL_SHARE, Neighbour, Surfaces, Tracker
from ant_core.propagation.timing import Timings
from ant_core.shot.shot import Reference, Shot
from segmentation import expand_labels, relabel_pieces

__all__ = ["Moved", "Mover", "Seen"]

_SURE = 0.6  # confidence from which on a painted surface is taken; flat colour asks for less
_KEPT = 3  # painted frames at hand; a target has two beside it


@dataclass(frozen=True)
class Seen:
    """What a target was matched with: its own features, and the drawings beside it."""

    encoded: DrawingFeatures
    neighbours: Sequence[Neighbour]


@dataclass(frozen=True)
class Moved:
    """What goes with a drawing.

    Attributes
    ----------
    fills : Fills
        With the flags of doubtful surfaces.
    surfaces : dict of str to Surfaces
        By layer.
    by_hand : frozenset of str
        Layers in which the drawing itself is painted.
    shown : tuple of int
        All frames that show it.
    """

    fills: Fills
    surfaces: dict[str, Surfaces] = field(default_factory=dict)
    by_hand: frozenset[str] = frozenset()
    shown: tuple[int, ...] = ()


class Mover:
    """Finds the surfaces of the drawings of a run and paints them.

    Parameters
    ----------
    matcher : MatcherLike
        Finds flow between drawings.
    shades : sequence of Shade
        Further layers.
    painting : callable
        Returns the colour picture of a reference, (H, W, C) in the shot's format.
    colors : bool
        Whether the colours themselves have surfaces.

    Attributes
    ----------
    files : LayerFiles
        Of the further layers.
    """

    def __init__(
        self,
        drawings: Drawings,
        matcher: MatcherLike,
        shot: Shot,
        palette: Palette,
        timings: Timings,
        shades: Sequence[Shade],
        painting: Callable[[Reference], NDArray[Any]],
        *,
        colors: bool,
    ) -> None:
        self._drawings = drawings
        self._matcher = matcher
        self._palette = palette
        self._timings = timings
        self._painting = painting
        self._shades = {shade.name: shade for shade in shades}
        self.files = LayerFiles(shades, shot.size)
        self._colors = colors
        painted = {reference.frame: reference for reference in shot.references}
        self._references = painted
        self._painted = {
            name: frozenset([*shade.painted, *shade.kept]) for name, shade in self._shades.items()
        }
        if colors:
            self._painted[COLOR] = frozenset(painted)
        self._solved: dict[int, Solved] = {}  # drawings that something is painted on, by frame
        # By painted frame: its segments under their lines, one inside of each, and its canvases.
        self._kept: OrderedDict[int, tuple[NDArray[np.int32], dict[str, Canvas]]] = OrderedDict()

    @property
    def active(self) -> bool:
        """Whether anything is moved at all."""
        return bool(self._painted)

    @property
    def moves_colors(self) -> bool:
        """Whether the colours themselves have surfaces."""
        return self._colors

    # ---- what results depend on

    def common_keys(self) -> dict[str, str]:
        """Return what every drawing of the run depends on, by name."""
        if not self.active:
            return {}
        shades = [
            [name, repr(shade.pixels), shade.output.format_key]
            for name, shade in sorted(self._shades.items())
        ]
        return {"moved": digest_of([self._colors, shades])}

    def keys(self, frames: Sequence[int]) -> dict[str, str]:
        """Return what a drawing shown at some frames depends on, by name."""
        if not self._shades:
            return {}
        given = [[name, [s.digest(f) for f in frames]] for name, s in sorted(self._shades.items())]
        return {"shades": digest_of(given)}

    def digest(self, own: str, surfaces: Mapping[str, Surfaces]) -> str:
        """Return the digest of a drawing with all that goes on from it, given that of its fills.

        Where its surfaces are the same and what is painted there, too, nothing that is coloured
        from it changes.
        """
        if not self.active:
            return own
        digest = hashlib.sha256(own.encode())
        for name in sorted(surfaces):
            found = surfaces[name]
            # A sheet is among the sources, whose digests count anyway.
            frames = np.unique(found.frame[(found.segment > 0) & (found.frame >= 0)]).tolist()
            paint = [[frame, self._paint_digest(name, frame)] for frame in frames]
            digest.update(digest_of([name, paint]).encode() + found.tobytes())
        return digest.hexdigest()

    def _paint_digest(self, layer: str, frame: int) -> str:
        shade = self._shades.get(layer)
        return self._references[frame].digest if shade is None else shade.digest(frame)

    # ---- painted frames

    def painted(self, frame: int, frames: Sequence[int], count: int) -> dict[str, Surfaces]:
        """Return the surfaces of a drawing, shown at some frames, where something is painted."""
        found = {}
        if COLOR in self._painted and frame in self._references:
            found[COLOR] = Surfaces.own(frame, count)
        for name, shade in self._shades.items():
            own = shade.nearest(frame, frames)
            if own is not None:
                found[name] = Surfaces.own(own, count)
        return found

    def note(self, solved: Solved, frames: Sequence[int], analysis: Analysis | None) -> None:
        """Remember a drawing, shown at some frames, on which something is painted.

        What it needs to be a source is made ready now, before the pipeline drops the drawing.
        """
        own = {shade.nearest(solved.result.frame, frames) for shade in self._shades.values()}
        if solved.result.frame in self._painted.get(COLOR, ()):
            own.add(solved.result.frame)
        for frame in own - {None}:
            assert frame is not None
            self._solved[frame] = solved
            if analysis is not None and frame not in self._kept:
                self._keep(frame, analysis, solved.result.division)

    def _keep(self, frame: int, analysis: Analysis, division: Division) -> None:
        labels = relabel_pieces(analysis.pieces.labels, division.of_piece)
        self._kept[frame] = labels, {}
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def _canvas(self, layer: str, frame: int) -> Canvas:
        """Return a painted frame of a layer."""
        solved = self._solved[frame]
        division, fills = solved.result.division, solved.result.fills
        if frame not in self._kept:
            self._keep(frame, self._drawings.pipeline.get(frame), division)
        self._kept.move_to_end(frame)
        labels, canvases = self._kept[frame]
        if layer not in canvases:
            if layer == COLOR:
                image = self._painting(self._references[frame])
                meant = self._palette.table(fills.color)
                surface = find_surfaces(labels, image, self._palette.format, meant)
            else:
                shade = self._shades[layer]
                image = shade.image(frame)
                surface = find_surfaces(labels, image, shade.pixels, None)
            grown = next((c.labels for c in canvases.values()), None)
            grown = expand_labels(labels) if grown is None else grown
            canvases[layer] = Canvas(grown, division.point, image, surface)
        return canvases[layer]

    # ---- targets

    def follow(
        self, step: Step, analysis: Analysis, filled: tuple[Fills, Division], seen: Seen
    ) -> Moved:
        """Find the surfaces of a drawing and flag the doubtful ones."""
        fills, division = filled
        if not self.active:
            return Moved(fills)
        with self._timings.measure("surfaces"):
            tracker = Tracker(
                self._matcher,
                seen.encoded,
                analysis.pieces.labels,
                division,
                fills,
                seen.neighbours,
            )
            found: dict[str, Surfaces] = {}
            flags, by_hand = fills.flags.copy(), set()
            for layer, painted in self._painted.items():
                shade = self._shades.get(layer)
                own = None if shade is None else shade.nearest(step.frame, step.frames)
                if own is not None:
                    found[layer] = Surfaces.own(own, fills.count)
                    by_hand.add(layer)
                    continue
                judged = self._judged(layer, tracker.find(layer, painted), fills)
                flags[judged.doubtful] |= FLAG_SURFACE if layer == COLOR else FLAG_SHADE
                found[layer] = judged
        return Moved(replace(fills, flags=flags), found, frozenset(by_hand), step.frames)

    def _judged(self, layer: str, surfaces: Surfaces, fills: Fills) -> Surfaces:
        """Tell whose pixels are taken through their map, and whose are doubtful."""
        wanted = (surfaces.segment > 0) & (fills.color != NO_COLOR) & (fills.state != NEVER)
        if layer == COLOR:
            wanted &= (fills.state == PAINTED) & ((fills.flags & FLAG_HINT) == 0)
        from_sheet = wanted & (surfaces.frame < 0)
        wanted &= ~from_sheet
        flat, bare = np.zeros((2, fills.count), np.bool_)
        for frame in np.unique(surfaces.frame[wanted]).tolist():
            rows = np.flatnonzero(wanted & (surfaces.frame == frame))
            canvas, at = self._canvas(layer, frame), surfaces.segment[rows] - 1
            flat[rows], bare[rows] = canvas.surface.flat[at], canvas.surface.bare[at]
        unsure = (surfaces.share < DOUBTFUL_SHARE) | (fills.confidence < _SURE)
        if layer == COLOR:
            wanted &= ~flat
            # Where flow says little, places and extents do better than one colour, but are told.
            used, doubtful = wanted & (fills.confidence >= _SURE), (wanted & unsure) | from_sheet
            return replace(surfaces, used=used, doubtful=doubtful)
        # A further layer has no flat colour to fall back to; of one value its place is sure.
        wanted &= ~bare
        # Nothing leads to what may be painted there: it is left empty, which is told.
        lost = (surfaces.segment == 0) & (fills.state != NEVER) & (fills.state != NO_COUNTERPART)
        return replace(surfaces, used=wanted, doubtful=(wanted & unsure & ~flat) | lost)

    def paint(
        self, painted: NDArray[Any], grown: NDArray[np.int32], moved: Moved
    ) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
        """Paint what goes with a drawing.

        Parameters
        ----------
        painted : (H, W, C)
            Its flat colours; not modified.
        grown : (H, W) int32
            Its segments under their lines.

        Returns
        -------
        (H, W, C) and dict of str to (H, W, C)
            Its colours, and its further layers, those left out that are painted by hand.
        """
        layers = {}
        for name, own in moved.surfaces.items():
            shade = self._shades.get(name)
            if shade is None:
                painted = self._fill(name, own, grown, painted, self._palette.format)
            elif name not in moved.by_hand:
                empty = np.empty((*grown.shape, shade.pixels.channels), shade.pixels.dtype)
                empty[:] = shade.pixels.bare()
                layers[name] = self._fill(name, own, grown, empty, shade.pixels)
        return painted, layers

    def _fill(
        self,
        layer: str,
        surfaces: Surfaces,
        grown: NDArray[np.int32],
        out: NDArray[Any],
        pixels: Any,
    ) -> NDArray[Any]:
        for frame in np.unique(surfaces.frame[surfaces.used]).tolist():
            rows = np.flatnonzero(surfaces.used & (surfaces.frame == frame))
            canvas = self._canvas(layer, frame)
            maps, segment = surfaces.map[rows], surfaces.segment[rows]
            out = move(grown, rows, maps, segment, canvas, pixels, out)
        return out

    def seen(
        self,
        painted: NDArray[Any],
        layers: Mapping[str, NDArray[Any]],
        frame: int,
        shown: Sequence[int],
    ) -> NDArray[Any]:
        """Return a drawing's colours, (H, W, C), under its further layers, to look at.

        layers: as `paint` returns them; shown: the frames that show the drawing.
        """
        for name, shade in self._shades.items():
            own = shade.nearest(frame, shown)
            image = layers.get(name) if own is None else shade.image(own)
            if image is not None and shade.pixels.has_alpha:
                painted = over(painted, image)
        return painted

    def shared(self, solved: Solved, frame: int, shown: Sequence[int]) -> Solved:
        """Return a drawing that is done as other frames show it, that have the same lines.

        What is painted on a layer of theirs goes on from there, instead of what was moved onto
        the drawing.
        """
        found = {name: shade.nearest(frame, shown) for name, shade in self._shades.items()}
        painted = {name: at for name, at in found.items() if at is not None}
        if not painted:
            return solved
        count = solved.result.fills.count
        own = {name: Surfaces.own(at, count) for name, at in painted.items()}
        result = replace(solved.result, surfaces={**solved.result.surfaces, **own})
        digest = self.digest(solved.digest, own)
        solved = replace(solved, frame=frame, result=result, digest=digest)
        self._solved |= dict.fromkeys(painted.values(), solved)
        return solved
