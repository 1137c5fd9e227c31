"""One shot of a painting program: what it sent, what was made of it, and runs over it.

Pictures stay compressed and are identified by the digests that the program gives them; runs keep
what did not change, as `ant_core propagate` does with its output folder.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.krita_layers import Box, LayerFormat, line_pixels, over, visible
from ant_core.color.pixels import PixelFormat
from ant_core.engine import pictures
from ant_core.engine.checks import check_run
from ant_core.engine.delivery import Notify, PlaneDelivery
from ant_core.engine.explaining import tell
from ant_core.engine.labels import LabelCache
from ant_core.engine.layer_output import LayerOutput
from ant_core.engine.past import PastFrame, PastRuns
from ant_core.engine.planes import (
    AskedShade,
    MemoryFrames,
    PackedPicture,
    PictureStore,
    take_picture,
)
from ant_core.engine.shades import ShadeList
from ant_core.engine.sheets import SheetList
from ant_core.errors import Cancelled, InputError, UsageError
from ant_core.formats.packed import pack
from ant_core.guard import MOST_PIXELS
from ant_core.matching.fills import REVIEW_BELOW
from ant_core.output.delivery import Delivery
from ant_core.output.report import summarize, summary_json
from ant_core.propagation.assemble import Assembly, assemble
from ant_core.propagation.division import divided_as
from ant_core.propagation.options import RunOptions
from ant_core.propagation.prepared import FeatureCache, MatcherLike
from ant_core.propagation.progress import Progress, RunResult
from ant_core.propagation.run import Settings
from ant_core.shot.hints import HintSet
from segmentation import Segmentation, join_by_lines

__all__ = ["LayerFormat", "ShotSession"]

_ORIGINS = ("painted", "accepted")


class ShotSession:
    """The engine's knowledge of one shot.

    Pictures may be added and removed between runs, and also during one, which then goes on with
    those it began with.

    Parameters
    ----------
    width, height : int
        Of the canvas, in pixels.
    line, color : LayerFormat
        Of the line layers and of the colour layer.

    Raises
    ------
    InputError
        When the canvas has no pixels or too many.
    """

    def __init__(
        self,
        width: int,
        height: int,
        line: LayerFormat,
        color: LayerFormat,
        matcher: MatcherLike,
    ) -> None:
        if min(width, height) < 1 or width * height > MOST_PIXELS:
            raise InputError(
                f"the canvas is {width} x {height} pixels, expected 1 to {MOST_PIXELS} in all: "
                "work on a smaller document"
            )
        self.size = (height, width)
        self.line, self.color = line, color
        self.matcher = matcher
        # Line art is kept as 8 bits: segmentation looks at no more.
        self._line_pixels = PixelFormat(8, min(line.channels, 4))
        self._drawings, self._references = PictureStore(), PictureStore()
        self._sheets = SheetList(color.pixels)
        self._output = LayerOutput(self.size, color)
        self.shades = ShadeList(self.size, color)
        self._past, self._labels = PastRuns(), LabelCache(self.size, self._line_pixels)
        self._features: tuple[Any, FeatureCache] = (None, FeatureCache(0))

    # ---- what the program sends

    def add_drawing(
        self, frame: int, digest: str, layers: Sequence[tuple[Box, bytes]] | None
    ) -> bool:
        """Give a frame its line drawing.

        Parameters
        ----------
        frame : int
        digest : str
            The program's own; equal digests mean equal pixels.
        layers : sequence of (Box, bytes) or None
            The line layers, bottom first, each a box of raw bytes; None when the drawing should
            be known already.

        Returns
        -------
        bool
            False when the drawing is not known and has to be sent.
        """
        kept = self._drawings.find(digest)
        if kept is None:
            if layers is None:
                return False
            kept = PackedPicture(digest, self._composed(layers), "")
        self._drawings.put(frame, replace(kept, place=f"line layer, frame {frame}"))
        return True

    def _composed(self, layers: Sequence[tuple[Box, bytes]]) -> bytes:
        canvas = np.zeros((*self.size, self._line_pixels.channels), np.uint8)
        for number, (box, data) in enumerate(layers):
            target, source = visible(box, self.size)
            pixels = line_pixels(self.line.decode_box(data, box)[source], self.line.model)
            canvas[target] = over(canvas[target], pixels) if number else pixels
        canvas *= canvas[:, :, -1:] > 0  # what lies under full transparency is no part of it
        return pack(canvas)

    def lines(self) -> MemoryFrames:
        """Return the line drawings that were sent, composed."""
        return MemoryFrames(self._drawings.frames, self.size, self._line_pixels)

    def remove_drawing(self, frame: int) -> None:
        """Forget a frame and all that was made of it; its reference stays."""
        self._drawings.remove(frame)
        self._output.remove(frame)
        self.shades.remove_drawing(frame)
        self._output.state.forget_frame(frame)
        self._past.forget(frame)

    def add_reference(
        self, frame: int, digest: str, origin: str, box: Box | None, data: bytes | None
    ) -> bool:
        """Give a frame its painted picture; returns False when it has to be sent.

        It teaches in runs that name the frame as a reference; in others it only says what
        locked segments of the frame show now.

        Parameters
        ----------
        frame : int
        digest : str
        origin : "painted" or "accepted"
        data : bytes or None
            The box's raw bytes; None when the picture should be known already.
        """
        if origin not in _ORIGINS:
            raise UsageError(f"the origin of a reference is {origin}, expected painted or accepted")
        kept = self._references.find(digest)
        if kept is None:
            if box is None or data is None:
                return False
            kept = PackedPicture(digest, take_picture(self.color, box, data, self.size), "")
        self._references.put(frame, replace(kept, place=f"{origin} colors, frame {frame}"))
        return True

    def remove_reference(self, frame: int) -> None:
        """Forget the painted picture of a frame."""
        self._references.remove(frame)

    def add_model_sheet(self, path: str) -> dict[str, Any]:
        """Read a coloured picture outside the shot; see `SheetList.add`."""
        return self._sheets.add(path)

    def remove_model_sheet(self, path: str) -> None:
        """Forget a model sheet."""
        self._sheets.remove(path)

    # ---- runs

    def propagate(
        self,
        frames: Sequence[int],
        references: Sequence[int],
        hints: HintSet,
        options: RunOptions,
        *,
        cancel: threading.Event,
        notify: Notify,
        known: Mapping[int, str],
        shades: Sequence[AskedShade] = (),
    ) -> dict[str, Any]:
        """Colour frames from references, keeping what an earlier run here already did.

        Parameters
        ----------
        frames : sequence of int
            Frames to be coloured; references among them are told of, but get no plane.
        references : sequence of int
            Frames to learn from; accepted ones count like painted ones.
        options : RunOptions
            Model sheets among them are paths given to `add_model_sheet`.
        cancel : threading.Event
            Set from another thread to stop.
        notify : Notify
            Told of each frame; may be called from two threads, never at the same time.
        known : dict of int to str
            `plane_hash` of the plane that the program still has, by frame: not sent again.
        shades : sequence of AskedShade
            Further layers that go with the segments, given to `shades` before.

        Returns
        -------
        dict
            The summary as in report.json, and `warnings`, a list of sentences.

        Raises
        ------
        InputError
            When there is nothing to learn from, a picture was not sent, or a hint does not fit.
        Cancelled
        """
        sheets = self._sheets.open(options.model_sheet)
        warnings = check_run(
            frames, references, self._drawings, self._references, has_sheets=bool(sheets)
        )
        present = self._references.frames
        given = {frame: present[frame] for frame in references}
        further = self.shades.open(shades, self._drawings)
        planes = PlaneDelivery(self._output, references, notify, known, further)
        delivery = Delivery(planes.tell)
        packed = {frame: kept.packed for frame, kept in present.items()}
        self._output.begin(packed, delivery.on_put)
        assembly = assemble(
            lines=self.lines(),
            colors=MemoryFrames(given, self.size, self.color.pixels),
            output=self._output,
            frames=frames,
            references=None,
            kept=sorted(set(hints.frames) - set(references)),
            hints=hints,
            sheets=sheets,
            pixels=self.color.pixels,
        )
        assembly = replace(assembly, shades=further.load(assembly.shot))
        run = self._run(assembly, options, cancel, delivery, planes)
        self._output.state.keep_pixels(self._drawings.digests)
        return summary_json(summarize(run.results, REVIEW_BELOW)) | {"warnings": warnings}

    def _run(
        self,
        assembly: Assembly,
        options: RunOptions,
        cancel: threading.Event,
        delivery: Delivery,
        planes: PlaneDelivery,
    ) -> RunResult:
        def on_result(progress: Progress) -> None:
            self._past.note(progress.result, propagation.palette, assembly, options)
            delivery.on_result(progress)

        propagation = assembly.propagation(
            self.matcher,
            options,
            cancel=cancel,
            notify=on_result,
            features=self._encoded(options.gap),
        )
        planes.begin(propagation.palette)
        try:
            run = propagation.run()
            delivery.check()
            return run
        except Cancelled as error:
            raise Cancelled(
                "stopped: finished frames are kept, propagate again to go on from there"
            ) from error

    def _encoded(self, gap_px: float | None) -> FeatureCache:
        """Return the encoded drawings of earlier runs, as far as they still hold."""
        key = (gap_px, self.matcher.model_hash, self.matcher.device)
        if self._features[0] != key:
            self._features = (key, FeatureCache(Settings().cached_segments))
        return self._features[1]

    def plane_hash(self, frame: int) -> str:
        """Return the hash of a finished frame: BLAKE2b, 16 bytes, over the whole canvas.

        Of the raw bytes of the layer's frame, with zeros wherever nothing is painted. Krita
        reads RGBA and GRAYA frames back like that; its blank CMYKA pixels are not zero.
        """
        return self._output.plane_hash(frame)

    # ---- looking at segments

    def preview(self, frame: int, gap_px: float | None, max_side: int | None) -> pictures.Picture:
        """Show the segments of a drawing and the gaps that are closed, at any gap width.

        As the last run divided it where that had the same width, else as its lines do.
        """
        past = self._last(frame)
        if past is not None and past.gap_px != gap_px:
            past = None
        return pictures.draw_preview(self._segmentation(frame, past, gap_px), max_side)

    def overlay(
        self,
        frame: int,
        segments: Sequence[int] | str,
        max_side: int | None,
        pieces: Sequence[int] | None = None,
    ) -> pictures.Picture:
        """Mark segments of a frame: those named, or with "doubtful" those to be looked at."""
        past = self._last(frame)
        fills = None if past is None else past.result.fills
        tints = pictures.tints_of(fills, None if isinstance(segments, str) else segments)
        return pictures.draw_tints(self._segments(frame, pieces), tints, max_side)

    def segment_map(
        self, frame: int, max_side: int | None, pieces: Sequence[int] | None = None
    ) -> pictures.Picture:
        """Return the segment id of every pixel of a drawing.

        `pieces` are those of a result that the program keeps from an earlier engine.
        """
        return pictures.draw_ids(self._segments(frame, pieces), max_side)

    def inspect(self, frame: int, point: tuple[float, float]) -> dict[str, Any]:
        """Tell about the segment under a point, x, y in pixels; on a line, about the nearest.

        Returns
        -------
        dict
            `segment` (0 when the drawing has none), `box` (x, y, width, height) and `result`,
            the segment as in the frame's result, None where no run has coloured it as it is.
        """
        x, y = point
        height, width = self.size
        if not (0 <= x < width and 0 <= y < height):
            raise InputError(
                f"the point {x:g}, {y:g} lies outside the picture of {width} x {height} pixels"
            )
        segment, box = pictures.segment_at(self._segments(frame), (x, y))
        past, result = self._last(frame), None
        if past is not None and 0 < segment <= past.result.fills.count:
            result = past.result.to_json(past.palette, REVIEW_BELOW)["segments"][segment - 1]
        return {"segment": segment, "box": list(box), "result": result}

    def explain(
        self, frame: int, segment: int, max_side: int, cancel: threading.Event
    ) -> tuple[dict[str, Any], bytes]:
        """Tell why the last run gave a segment its colour: fields and payload of the answer.

        Raises
        ------
        InputError
            When no run here has coloured the frame as it is, or the colour was given by hand.
        """
        past, run = self._past.explained(frame, self._drawing(frame).digest)
        features = self._encoded(past.gap_px)
        explainer = run.explainer(self.matcher, past.options, cancel=cancel, features=features)
        told = explainer.explain(past.result, segment)
        return tell(told, run, explainer.palette, self._labels, past.gap_px, max_side)

    def _drawing(self, frame: int) -> PackedPicture:
        kept = self._drawings.frames.get(frame)
        if kept is None:
            raise InputError(f"frame {frame} came without line drawing: send it first")
        return kept

    def _last(self, frame: int) -> PastFrame | None:
        return self._past.last(frame, self._drawing(frame).digest)

    def _segments(self, frame: int, pieces: Sequence[int] | None = None) -> NDArray[np.int32]:
        """Return the label map as the last run saw it; with the default gap where none did."""
        past = self._last(frame)
        if past is None and pieces:
            kept = divided_as(self._labels.get(frame, self._drawing(frame), None), pieces)
            if kept is not None:
                return kept.labels
        return self._segmentation(frame, past, None if past is None else past.gap_px).labels

    def _segmentation(
        self, frame: int, past: PastFrame | None, gap_px: float | None
    ) -> Segmentation:
        """Join the pieces of a drawing as a run did, or as its lines do where none did."""
        pieces = self._labels.get(frame, self._drawing(frame), gap_px)
        return join_by_lines(pieces) if past is None else past.result.division.of(pieces)
