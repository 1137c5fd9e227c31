"""What is known of a frame, in words."""

from __future__ import annotations

from typing import Sequence

from ..i18n import tr, tr_n
from ..state.model import FrameRow, FrameState, SegmentInfo
from . import look, said_marks


def describe(row: FrameRow, suggested: bool = False) -> str:
    """Return everything that is known of a frame, a fact a line."""
    lines = [tr("Frame {n}", n=row.time)]
    if suggested:
        lines.append(tr("Paint this frame first"))
    if row.state == FrameState.HOLD and row.held_from is not None:
        lines.append(tr("Holds frame {n}", n=row.held_from))
    else:
        lines.append(tr(look.STATE_NAMES[look.shown_state(row)]))
    lines += facts(row)
    if row.state == FrameState.UNKNOWN:
        lines.append(tr("Painted before this plugin knew it: never overwritten."))
    lines += said_marks.facts(row)
    if row.is_reference:
        lines.append(tr("Reference: other frames take their colors from it"))
    elif may_refer(row):
        lines.append(tr("Click below the cell to make it a reference"))
    return "\n".join(lines)


def may_refer(row: FrameRow) -> bool:
    """Return whether the frame has colours that others could take."""
    return row.state not in {FrameState.TODO, FrameState.HOLD, FrameState.FAILED}


def facts(row: FrameRow) -> list[str]:
    """Return confidence, doubtful segments and the like, as far as there are any."""
    if row.error:
        return [row.error]
    found = []
    if row.confidence is not None:
        found.append(tr("{percent} % sure", percent=round(100 * row.confidence)))
    if row.doubtful:
        found.append(tr_n("1 doubtful segment", "{n} doubtful segments", row.doubtful))
    if row.surfaces:
        text = tr_n("1 doubtful surface", "{n} doubtful surfaces", row.surfaces)
        found.append(with_layers(text, row))
    if row.no_counterpart:
        found.append(
            tr_n(
                "1 segment without counterpart",
                "{n} segments without counterpart",
                row.no_counterpart,
            )
        )
    return found


def with_layers(text: str, one: FrameRow | SegmentInfo) -> str:
    """Name the layers that a word on doubtful surfaces is about, where they are known."""
    names = ", ".join(one.surface_layers)
    return tr("{text} ({names})", text=text, names=names) if names else text


def undo_text(times: Sequence[int]) -> str:
    """Say what Undo acts on."""
    if len(times) == 1:
        return tr("Undo frame {n}", n=times[0])
    if not times:
        return tr("Undo")
    return tr_n("Undo {n} frame", "Undo {n} frames", len(times))
