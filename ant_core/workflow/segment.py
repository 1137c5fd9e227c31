"""One line drawing to a 16-bit label map, to look at or to work on."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np

from ant_core.api.label_map import label_map_of
from ant_core.errors import Cancelled, InputError, UsageError
from ant_core.files import WholeFiles, read_bytes
from ant_core.formats.pictures import picture_format
from ant_core.formats.png import encode_png
from ant_core.propagation.pipeline import limit_threads
from ant_core.reporter import Reporter
from ant_core.workflow.outcome import Outcome
from segmentation import Rough, measure, preview

__all__ = ["run"]

_MOST_SEGMENTS = 65_535


def run(
    line: Path,
    out: Path,
    *,
    preview_path: Path | None,
    gap_px: float | None,
    rough: Rough,
    layer: str | None,
    threads: int | None,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> Outcome:
    """Segment one drawing and write label map and preview.

    Parameters
    ----------
    line, out : Path
        The line drawing; the label map to write, 16-bit grey.
    preview_path : Path or None
        Where to draw the segments in distinct colours; nowhere if None.
    gap_px : float or None
        Widest gap in a line that is closed, in pixels; derived from the drawing if None.
    rough : "auto", "keep" or "ignore"
        Whether a light coloured sketch under the ink belongs to the lines.
    layer : str or None
        The layer of an OpenEXR file; the only or the plain one if None.
    threads : int or None
        CPU threads; all cores if None.

    Raises
    ------
    UsageError, InputError, OutputError, Cancelled
    """
    _refuse_overwriting(line, [out, *([preview_path] if preview_path else [])])
    limit_threads(threads)
    data = read_bytes(line)
    form = picture_format(line, lines=True, layer=layer)
    form.check(data, str(line))
    image = form.decode(data, str(line))
    found = label_map_of(image, str(line), gap_px, rough)
    labels = found.labels
    if found.count > _MOST_SEGMENTS:
        raise InputError(
            f"{line} has {found.count} segments but a 16-bit label map holds {_MOST_SEGMENTS}: "
            "clean up specks, or close wider gaps with --gap"
        )
    _check(cancel)
    files.write(out, encode_png(labels.astype(np.uint16)))
    if preview_path:
        _check(cancel)
        files.write(preview_path, encode_png(preview(labels)))
    areas = measure(labels).area
    event = {
        "labels": str(out),
        "preview": str(preview_path) if preview_path else None,
        "segments": found.count,
        "gap_px": round(found.gap_px, 3),
        "lines": {"ground": found.ground, "rough": found.rough},
        "closed_gaps": found.closed_gaps.round(2).tolist(),
        "smallest_area_px": int(areas.min()) if found.count else 0,
    }
    reporter.say(
        f"{found.count} segments, gaps up to {found.gap_px:.1f} px closed, "
        f"{len(found.closed_gaps)} places closed"
    )
    return Outcome(text=str(out), event=event)


def _refuse_overwriting(line: Path, targets: list[Path]) -> None:
    names = [os.path.realpath(target) for target in targets]
    if os.path.realpath(line) in names:
        raise UsageError(f"the output would overwrite the drawing {line}: give another name")
    if len(set(names)) < len(names):
        raise UsageError("--out and --preview name the same file: give two names")


def _check(cancel: threading.Event) -> None:
    if cancel.is_set():
        raise Cancelled("stopped before everything was written: run the same command again")
