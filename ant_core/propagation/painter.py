"""From the colours of a drawing's segments to the files of every frame that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
from numpy.typing import NDArray

from ant_core.color.palette import Palette
from ant_core.errors import OutputError
from ant_core.propagation.crops import Crop, make_crops
from ant_core.propagation.mover import Moved, Mover
from ant_core.propagation.output import Output
from ant_core.propagation.pipeline import Pipeline
from ant_core.propagation.prepared import Analysis
from ant_core.propagation.record import Record
from ant_core.propagation.timing import Timings
from segmentation import expand_labels, paint, relabel_pieces

__all__ = ["Job", "Painter"]


@dataclass(frozen=True)
class Job:
    """A drawing to be painted and written.

    `earlier` is the record of what its frames showed before, None where that is not known.
    """

    frames: Sequence[int]
    name: str
    record: Record
    analysis: Analysis
    earlier: Record | None
    moved: Moved


class Painter:
    """Paints drawings, and writes them behind the run.

    Parameters
    ----------
    pipeline : Pipeline
        Writes what is painted.
    """

    def __init__(
        self,
        output: Output,
        palette: Palette,
        pipeline: Pipeline,
        mover: Mover,
        timings: Timings,
    ) -> None:
        self._output = output
        self._palette = palette
        self._pipeline = pipeline
        self._mover = mover
        self._timings = timings

    def paint(self, job: Job) -> None:
        """Paint a drawing and hand it to the writer."""
        with self._timings.measure("paint"):
            pieces, division = job.analysis.pieces.labels, job.record.division
            color = self._palette.table(job.record.fills.color[division.of_piece - 1])
            layers: dict[str, NDArray[Any]] = {}
            if self._mover.active:
                grown = expand_labels(pieces)
                painted = paint(grown, color, under_lines=False)
                grown = relabel_pieces(grown, division.of_piece)
                painted, layers = self._mover.paint(painted, grown, job.moved)
            else:
                painted = paint(pieces, color)
        self._pipeline.hand_over(lambda: self._write(job, painted, layers))

    def _write(self, job: Job, painted: NDArray[Any], layers: dict[str, NDArray[Any]]) -> None:
        """Pack and write a drawing for every frame that shows it; runs on the writer thread."""
        frames, record, earlier = job.frames, job.record, job.earlier
        output, palette = self._output, self._palette
        with self._timings.measure("write"):
            try:
                data = output.encode(painted)
                packed = self._mover.files.encode(layers)
                painted = self._mover.seen(painted, layers, frames[0], job.moved.shown)
                thumbnail = output.thumbnail(job.analysis.image, painted)
                crops: tuple[Crop, ...] = ()
                if thumbnail:
                    crops = make_crops(
                        output.crop,
                        palette,
                        job.analysis,
                        painted,
                        (record.fills, record.division),
                        None if earlier is None else (earlier.fills, earlier.division),
                    )
            except (ValueError, MemoryError, cv2.error) as error:
                # On the writer thread: name this frame, not the one that is being coloured by now.
                why = str(error) or "out of memory"
                raise OutputError(
                    f"frame {frames[0]} could not be packed as {output.packing} "
                    f"({why}): close other programs and run again, finished frames are kept"
                ) from error
            # Noted by each frame once all of its layers are there: a run that is stopped before
            # leaves none that has the record and not the picture.
            output.state.begin(job.name, frames)
            output.state.save(job.name, replace(record, thumbnail=thumbnail, crops=crops), palette)
            self._mover.files.put(frames, job.moved.shown, packed)
            for frame in frames:
                output.put(frame, data)
                output.state.note_record(frame, job.name)
