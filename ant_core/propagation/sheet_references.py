"""Model sheets as references of a run: encoded once, their colours read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.palette import UNPAINTED, Palette, read_segment_colors
from ant_core.color.warp import find_surfaces
from ant_core.matching.descriptors import SHAPE_FEATURES, Descriptors
from ant_core.matching.fills import PAINTED, STATE_UNPAINTED, Fills
from ant_core.matching.matcher import DrawingFeatures, join
from ant_core.matching.sources import SheetId, SourceId, source_code
from ant_core.propagation.division import Division
from ant_core.propagation.drawings import Drawings
from ant_core.propagation.mover import Mover
from ant_core.propagation.output import Output
from ant_core.propagation.prepared import MatcherLike, analyze
from ant_core.propagation.record import Record, record_name
from ant_core.propagation.result import COLOR, FrameResult, Solved
from ant_core.propagation.surfaces import Surfaces
from ant_core.propagation.timing import Timings
from ant_core.shot.model_sheet import ModelSheet, View
from ant_core.shot.shot import Shot

__all__ = ["SheetSources", "scaled"]


def _encode_no_more(place: SheetId) -> DrawingFeatures:
    raise RuntimeError(f"the run is over, {place} is not encoded any more")


class SheetSources:
    """What the model sheets of a shot teach.

    Parameters
    ----------
    drawings : Drawings
        Is told how to encode a sheet whose features were dropped.
    keys : dict of str to str
        What every record of the run depends on.
    mover : Mover
        Knows what is moved beside flat colours. Paint of a sheet is not: between drawings of
        another size and pose there is no flow that could say where it goes.
    """

    def __init__(
        self,
        drawings: Drawings,
        matcher: MatcherLike,
        shot: Shot,
        output: Output,
        palette: Palette,
        timings: Timings,
        keys: dict[str, str],
        mover: Mover,
    ) -> None:
        self._drawings = drawings
        self._matcher = matcher
        self._shot = shot
        self._output = output
        self._palette = palette
        self._timings = timings
        self._keys = keys
        self._mover = mover
        self._solved: dict[SheetId, Solved] = {}
        self._scale: tuple[str, Descriptors | None] | None = None
        drawings.encode_sheet = self._encode

    def close(self) -> None:
        """Leave the drawings, whose way back here is a cycle; no sheet is encoded any more."""
        self._drawings.encode_sheet = _encode_no_more

    def get(self, sheet: SheetId) -> Solved:
        """Return what a sheet teaches, from the memory of an earlier run where that holds."""
        if sheet not in self._solved:
            self._solved[sheet] = self._solve(sheet)
        return self._solved[sheet]

    @property
    def records(self) -> dict[SourceId, str]:
        """Names of the records of the sheets that were asked for."""
        return {sheet: solved.record for sheet, solved in self._solved.items()}

    def _solve(self, place: SheetId) -> Solved:
        sheet, state = self._sheet(place), self._output.state
        keys = self._keys | {"sheet": sheet.digest, "drawing": self._drawing()[0]}
        # The key includes the drawing that gives the scale, because scaling changes the features.
        key = "sheet " + record_name(*keys.values())
        name = record_name("sheet", sheet.digest)
        record = state.load(name, self._palette)
        if record is None or record.keys != keys:
            record = self._sheet_record(place, key, keys)
            state.save(name, record, self._palette)
        code = source_code(place)  # where a sheet stands among frames
        state.note_record(code, name)
        names = self._shot.sheet_names
        result = FrameResult(
            frame=code,
            role="reference",
            drawing=key,
            drawing_frame=code,
            fills=record.fills,
            sheets=names,
            surfaces=record.surfaces,
        )
        return Solved(place, key, record.digest, name, result)

    def _sheet_record(self, place: SheetId, key: str, keys: dict[str, str]) -> Record:
        """Read the colours of a sheet, segment by segment."""
        views = self._sheet(place).views(self._shot.pixels)
        encoded, colors, sure, flat = self._take_apart(views)
        self._drawings.keep_features(key, encoded)
        state = np.where(colors == UNPAINTED, STATE_UNPAINTED, PAINTED)
        fills = replace(Fills.given(colors, state, place), confidence=sure)
        division = Division.whole(fills.count)
        digest = fills.digest(key, self._palette)
        surfaces = {}
        if not flat.all():
            surfaces[COLOR] = Surfaces.of_sheet(source_code(place), flat)
        digest = self._mover.digest(digest, surfaces)
        record = Record(
            keys=keys,
            sources=(),
            digest=digest,
            fills=fills,
            division=division,
            gap_px=0.0,
            surfaces=surfaces,
        )
        line, painted = _side_by_side(views, self._shot.size)
        return replace(record, thumbnail=self._output.thumbnail(line, painted))

    def _encode(self, place: SheetId) -> DrawingFeatures:
        return self._take_apart(self._sheet(place).views(self._shot.pixels))[0]

    def _take_apart(
        self, views: Sequence[View]
    ) -> tuple[DrawingFeatures, NDArray[np.int32], NDArray[np.float32], NDArray[np.bool_]]:
        """Return what all views have: features, and of the N segments three columns, (N,) each.

        Palette indices, `SegmentColors.sure`, and `Surface.flat`, which is looked at only where
        colours are moved.
        """
        drawing = self._drawing()[1]
        encoded, colors, sure, flat = [], [], [], []
        for view in views:
            self._drawings.check()
            analysis = analyze(view.line, "", None, self._timings)
            seen = analysis.descriptors
            with self._timings.measure("encode"):
                encoded.append(self._matcher.encode(scaled(seen, drawing) if drawing else seen))
            labels = analysis.segmentation.labels
            read = read_segment_colors(labels, view.colors, self._palette)
            colors.append(read.index)
            sure.append(read.sure)
            if self._mover.moves_colors:
                meant = self._palette.table(read.index)
                flat.append(find_surfaces(labels, view.colors, self._shot.pixels, meant).flat)
            else:
                flat.append(np.ones(len(read.index), np.bool_))
        return join(encoded), np.concatenate(colors), np.concatenate(sure), np.concatenate(flat)

    def _drawing(self) -> tuple[str, Descriptors | None]:
        """Return hash and descriptors of the drawing whose size the sheets are brought to.

        The shot's first; descriptors are None where it cannot be taken apart.
        """
        if self._scale is None:
            frame = self._shot.drawings[0].frames[0]
            try:
                analysis = self._drawings.pipeline.get(frame)
                self._scale = analysis.line_hash, analysis.descriptors
            except ValueError:
                self._scale = "", None
        return self._scale

    def _sheet(self, place: SheetId) -> ModelSheet:
        return self._shot.sheets[place.index]


def scaled(view: Descriptors, drawing: Descriptors) -> Descriptors:
    """Bring a view's geometry to the place and size of what a drawing of the shot shows.

    Parameters
    ----------
    view : Descriptors
        Of a view of a sheet.
    drawing : Descriptors
        Of a drawing of the shot.

    Returns
    -------
    Descriptors
        The view as it would be described had it been drawn in the shot: the box around its
        content has the centre and the area of the drawing's, its lines are as thick.
    """
    if view.count == 0 or drawing.count == 0:
        return view
    (from_centre, from_side), (to_centre, to_side) = _content(view), _content(drawing)
    scale = to_side / from_side
    box = view.box.copy()
    box[:, :2] = (box[:, :2] - from_centre) * scale + to_centre
    box[:, 2:] *= scale
    shape = view.shape.copy()
    column = {name: place for place, name in enumerate(SHAPE_FEATURES)}
    shape[:, column["log_width"]] += np.log(scale)
    shape[:, column["log_height"]] += np.log(scale)
    fuller = _fullness(view.size) / _fullness(drawing.size)
    shape[:, column["log_area"]] += np.log(scale**2 * fuller)
    shape[:, column["line_width"]] = drawing.shape[0, column["line_width"]]
    return replace(
        view, box=box, shape=shape, size=drawing.size, line_width_px=drawing.line_width_px
    )


def _content(drawing: Descriptors) -> tuple[NDArray[np.float32], float]:
    """Return centre, (2,), and side of a square as large as the box around the content.

    In the units of `Descriptors.box`; segments at the border do not count where there are others.
    """
    inner = drawing.shape[:, SHAPE_FEATURES.index("touches_border")] == 0
    box = drawing.box[inner] if inner.any() else drawing.box
    low = (box[:, :2] - box[:, 2:] / 2).min(axis=0)
    high = (box[:, :2] + box[:, 2:] / 2).max(axis=0)
    return (low + high) / 2, float(np.sqrt(max((high - low).prod(), 1e-6)))


def _fullness(size: tuple[int, int]) -> float:
    """Return the area of a picture in units of its longer side."""
    return size[0] * size[1] / max(size) ** 2


def _side_by_side(
    views: Sequence[View], size: tuple[int, int]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Lay views out in one picture of the proportions of `size`: line, colours."""
    height = max(view.line.shape[0] for view in views)
    width = sum(view.line.shape[1] for view in views)
    height = max(height, -(-width * size[0] // size[1]))
    width = max(width, -(-height * size[1] // size[0]))
    # The corner of a view is bare: its margin.
    line = np.empty((height, width, *views[0].line.shape[2:]), views[0].line.dtype)
    colors = np.empty((height, width, views[0].colors.shape[2]), views[0].colors.dtype)
    line[:], colors[:] = views[0].line[0, 0], views[0].colors[0, 0]
    left = 0
    for view in views:
        part = np.s_[: view.line.shape[0], left : left + view.line.shape[1]]
        line[part], colors[part] = view.line, view.colors
        left += view.line.shape[1]
    return line, colors
