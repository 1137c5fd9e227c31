"""Why a segment has its colour, as a painting program shows it: figures and small pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.color.palette import Palette
from ant_core.engine.labels import LabelCache
from ant_core.engine.planes import MemoryFrames
from ant_core.matching.sources import SheetId, SourceId
from ant_core.output.contact_sheet import draw_outlined
from ant_core.propagation.assemble import Assembly
from ant_core.propagation.division import Division
from ant_core.propagation.explain import AttendedLayer, RepeatedMatch, WeighedSegment
from ant_core.propagation.references import read_painting
from ant_core.propagation.result import color_json
from segmentation import extract_lines, locate, segment

__all__ = ["tell"]

_AROUND = 2.6  # a picture's side in units of the segment's box
_LEAST_SHARE = 0.14  # of the drawing's longer side: what lies around says where the segment is
_SHOWN = 2  # drawings of a layer that are shown: those that it attends to most
_TINT = np.array((230, 120, 20), np.float32)  # R, G, B of what is attended to
_LEAST_TINT, _TINTED = 0.25, 0.65  # how much of it the least one gets, and the largest beyond
_PALE = 0.6  # how much paper lies over a drawing in which attention is shown


@dataclass
class _Canvas:
    """A drawing, or a view of a model sheet: line art, colours and label map, all of one size."""

    line: NDArray[Any]
    painted: NDArray[Any]
    labels: NDArray[np.int32]
    _wholes: dict[tuple[int, int], NDArray[np.uint8]] = field(default_factory=dict)

    def outlined(self, segment: int, most: int) -> NDArray[np.uint8]:
        """Draw a segment and what lies around it, (h, w, 3) RGB."""
        inside = self.labels == segment
        rows, columns = _window(inside)
        part = np.s_[rows, columns]
        around = _around(inside[part], most)
        return draw_outlined(self.line[part], self.painted[part], around, (most, most))

    def whole(self, segment: int, most: int) -> NDArray[np.uint8]:
        """Draw all of it, a segment outlined; none if 0."""
        if (segment, most) not in self._wholes:
            around = np.zeros(self.labels.shape, np.bool_)
            if segment:
                around = _around(self.labels == segment, most)
            picture = draw_outlined(self.line, self.painted, around, (most, most))
            self._wholes[segment, most] = picture
        return self._wholes[segment, most]

    def share(self, segment: int, size: tuple[int, int]) -> NDArray[np.float32]:
        """Return how much of each pixel of a picture (width, height) a segment covers, (h, w).

        From every other pixel or fewer, as long as a pixel of the picture is four of them.
        """
        step = max(1, min(self.labels.shape[0] // size[1], self.labels.shape[1] // size[0]) // 2)
        inside = self.labels[::step, ::step] == segment
        if not inside.any():
            inside = self.labels == segment
        return np.asarray(cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_AREA))


class _SegmentPictures:
    """Small pictures of the drawings of a run.

    They are asked for in the order of their bytes, and drawn one drawing after the other: those of
    a large document are not held together.
    """

    def __init__(
        self,
        assembly: Assembly,
        divisions: Mapping[SourceId, Division],
        labels: LabelCache,
        gap_px: float | None,
        most: int,
    ) -> None:
        self._shot, self._output = assembly.shot, assembly.output
        self._painted = {reference.frame: reference for reference in assembly.shot.references}
        self._divisions = divisions
        self._labels = labels
        self._gap_px = gap_px
        self._most = most
        self._asked: list[tuple[SourceId, dict[str, Any], _Draw]] = []

    def outlined(self, found: WeighedSegment) -> dict[str, Any]:
        """Ask for a segment and what lies around it; `draw` fills in what is returned."""

        def draw(canvases: Sequence[_Canvas]) -> NDArray[np.uint8]:
            canvas, segment = _of(canvases, found.segment)
            return canvas.outlined(segment, self._most)

        return self._later(found.source, draw)

    def attended(
        self, source: SourceId, found: Sequence[WeighedSegment], most: float, own: int
    ) -> dict[str, Any]:
        """Ask for a whole drawing, its segments tinted by what they weigh against `most`.

        own: the segment in question, which is outlined; 0 where it is in another drawing.
        """

        def draw(canvases: Sequence[_Canvas]) -> NDArray[np.uint8]:
            canvas, _ = _of(canvases, found[0].segment)
            bare = canvas.whole(0, self._most)
            shown = bare.astype(np.float32)
            shown += (255 - shown) * _PALE
            for one in found:
                of, segment = _of(canvases, one.segment)
                if of is canvas:
                    share = of.share(segment, bare.shape[1::-1])[..., None]
                    shown += (_TINT - shown) * (_LEAST_TINT + _TINTED * one.share / most) * share
            tinted = shown.round().astype(np.uint8)
            if not own:
                return tinted
            ring = canvas.whole(own, self._most)
            return np.where((ring != bare).any(axis=2, keepdims=True), ring, tinted)

        return self._later(source, draw)

    def _later(self, source: SourceId, draw: _Draw) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        self._asked.append((source, fields, draw))
        return fields

    def draw(self) -> bytes:
        """Draw what was asked for and return the bytes of all pictures, BGRA."""
        data = [b""] * len(self._asked)
        for source in dict.fromkeys(source for source, _, _ in self._asked):
            canvases = self._canvases(source)
            for place, (of, fields, draw) in enumerate(self._asked):
                if of == source:
                    picture = draw(canvases)
                    data[place] = cv2.cvtColor(picture, cv2.COLOR_RGB2BGRA).tobytes()
                    height, width = picture.shape[:2]
                    fields |= {"width": width, "height": height, "bytes": len(data[place])}
        return b"".join(data)

    def _canvases(self, source: SourceId) -> list[_Canvas]:
        """Return a drawing as it was in the run, or the views of a sheet."""
        if isinstance(source, SheetId):
            views = self._shot.sheets[source.index].views(self._shot.pixels)
            return [
                _Canvas(_ink(view.line), view.colors, segment(extract_lines(view.line)).labels)
                for view in views
            ]
        lines = self._shot.lines
        assert isinstance(lines, MemoryFrames)
        reference = self._painted.get(source)
        if reference is None:
            painted = self._output.read(source)
        else:
            painted = read_painting(self._shot, self._output, reference)
        pieces = self._labels.get(source, lines.kept(source), self._gap_px)
        labels = self._divisions[source].of(pieces).labels
        return [_Canvas(_ink(lines.read(source)), painted, labels)]


_Draw = Callable[[Sequence[_Canvas]], NDArray[np.uint8]]


def _of(canvases: Sequence[_Canvas], segment: int) -> tuple[_Canvas, int]:
    """Return the canvas that a segment is in, and its id there: ids go on from view to view."""
    for canvas in canvases[:-1]:
        count = int(canvas.labels.max(initial=0))
        if segment <= count:
            return canvas, segment
        segment -= count
    return canvases[-1], segment


def _around(inside: NDArray[np.bool_], most: int) -> NDArray[np.bool_]:
    """Widen a segment, so that its outline lies around it and shows the smallest one, too.

    most: longer side of the picture in which it is outlined, in pixels.
    """
    wider = max(1, round(max(inside.shape) / most))
    return np.asarray(cv2.dilate(inside.astype(np.uint8), np.ones((2 * wider + 1,) * 2)) > 0)


def tell(
    explanation: RepeatedMatch,
    assembly: Assembly,
    palette: Palette,
    labels: LabelCache,
    gap_px: float | None,
    most: int,
) -> tuple[dict[str, Any], bytes]:
    """Return fields and payload of the answer to `explain`, see docs/protocol.md.

    Parameters
    ----------
    assembly : Assembly
        Of the run that is explained.
    palette : Palette
        That of the explanation.
    labels : LabelCache
        Of the session.
    gap_px : float or None
        As the run was told.
    most : int
        Longer side of each picture, in pixels.

    Raises
    ------
    InputError
        When a model sheet cannot be read any more.
    """
    pictures = _SegmentPictures(assembly, explanation.divisions, labels, gap_px, most)
    names = assembly.shot.sheet_names
    own = WeighedSegment(explanation.frame, explanation.segment, 1.0, 0)
    fields = {
        "segment": explanation.segment,
        "picture": pictures.outlined(own),
        "taken": explanation.is_taken,
        "has_counterpart": round(explanation.has_counterpart, 4),
        "matches": [
            _named(found, names)
            | {"color": color_json(found.color, palette), "picture": pictures.outlined(found)}
            for found in explanation.best
        ],
        "rest": round(explanation.rest, 4),
        "layers": [_layer(layer, pictures, names, own) for layer in explanation.layers],
    }
    return fields, pictures.draw()


def _named(found: WeighedSegment, names: Sequence[str]) -> dict[str, Any]:
    return _origin(found.source, names) | {
        "segment": found.segment,
        "share": round(found.share, 4),
    }


def _origin(source: SourceId, names: Sequence[str]) -> dict[str, Any]:
    return {"sheet": names[source.index]} if isinstance(source, SheetId) else {"frame": source}


def _named_as(origin: dict[str, Any], picture: dict[str, Any]) -> dict[str, Any]:
    """Name the source of a picture, in the very fields that are filled in when it is drawn."""
    picture |= origin
    return picture


def _ink(line: NDArray[Any]) -> NDArray[Any]:
    """Return line art through which colours are seen: without its alpha where all is opaque."""
    has_alpha = line.ndim == 3 and line.shape[2] in (2, 4)
    return line[:, :, :-1] if has_alpha and line[:, :, -1].min() == 255 else line


def _layer(
    layer: AttendedLayer, pictures: _SegmentPictures, names: Sequence[str], own: WeighedSegment
) -> dict[str, Any]:
    weight: dict[SourceId, float] = {}
    for found in layer.most:
        weight[found.source] = weight.get(found.source, 0.0) + found.share
    shown = sorted(weight, key=lambda source: -weight[source])[:_SHOWN]
    most = max((found.share for found in layer.most), default=1.0) or 1.0
    return {
        "layer": layer.number,
        "to": "references" if layer.is_cross else "itself",
        "most": [_named(found, names) for found in layer.most],
        "pictures": [
            _named_as(
                _origin(source, names),
                pictures.attended(
                    source,
                    [one for one in layer.most if one.source == source],
                    most,
                    own.segment if source == own.source else 0,
                ),
            )
            for source in shown
        ],
    }


def _window(inside: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return rows and columns of a square around a segment, as far as the picture goes."""
    places = locate(inside.astype(np.int32))
    left, top, right, bottom = places.box[0].tolist()
    least = _LEAST_SHARE * max(inside.shape)
    side = round(max(_AROUND * (right - left), _AROUND * (bottom - top), least))
    spans = []
    for start, end, whole in ((top, bottom, inside.shape[0]), (left, right, inside.shape[1])):
        length = min(side, whole)
        low = min(max(0, (start + end - length) // 2), whole - length)
        spans.append(slice(low, low + length))
    return spans[0], spans[1]
