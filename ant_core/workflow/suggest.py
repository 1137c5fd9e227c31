"""Which drawings of a shot to paint: `ant_core suggest`."""

from __future__ import annotations

import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ant_core.errors import UsageError
from ant_core.formats.base import FrameReader
from ant_core.formats.sequence import SequenceReader
from ant_core.matching.matcher import Matcher
from ant_core.models.installed import locate
from ant_core.propagation.pipeline import limit_threads
from ant_core.propagation.suggest import suggest
from ant_core.reporter import Reporter
from ant_core.workflow.krita_document import open_document
from ant_core.workflow.outcome import Outcome
from ant_core.workflow.propagate_options import PropagateOptions

__all__ = ["open_painted", "run"]


def run(
    options: PropagateOptions,
    count: int | None,
    reporter: Reporter,
    cancel: threading.Event,
) -> Outcome:
    """Name the frames that are best painted; see `ant_core suggest --help`.

    Parameters
    ----------
    options : PropagateOptions
        Of them are used: shot, line, color, layer, gap, rough, threads, model and device.
    count : int or None
        How many to name; see `ant_core.propagation.suggest.suggest`.

    Raises
    ------
    UsageError, InputError, Cancelled
    """
    lines, painted, _ = open_painted(options)
    limit_threads(options.threads)
    model = locate(Path(options.model)) if options.model else None
    found = suggest(
        lines,
        painted,
        Matcher(model, options.device, options.threads),
        count=count,
        gap_px=options.gap,
        rough=options.rough,
        done=lambda done, total, what: reporter.progress(done, total, what, {}),
        cancel=cancel,
    )
    event: dict[str, Any] = {
        "painted": sorted(painted),
        "suggested": [one.to_json() for one in found],
    }
    if not found:
        return Outcome(text="every drawing is painted", event=event)
    texts = [f"frame {one.frame}: then an estimated {one.found:.0%} are found" for one in found]
    return Outcome(text="\n".join(texts), event=event)


def open_painted(options: PropagateOptions) -> tuple[FrameReader, Collection[int], list[Path]]:
    """Open a shot that is looked at: line drawings, painted frames, and the files of both."""
    assert options.shot is not None
    base = Path(options.shot)
    if options.is_kra:
        return *open_document(options), [base]
    if len(options.line) > 1:
        raise UsageError("--line is given twice: only layers of a .kra file can be put together")
    line = options.line[0] if options.line else "line"
    lines = SequenceReader(line, base, lines=True, layer=options.layer_of("line"))
    files = [Path(lines.place(frame)) for frame in lines.frames]
    if options.color is None and not (base / "color").exists():
        return lines, (), files
    layer = options.layer_of("color")
    colors = SequenceReader(options.color or "color", base, like=lines.frames, layer=layer)
    return lines, colors.frames, files + [Path(colors.place(frame)) for frame in colors.frames]
