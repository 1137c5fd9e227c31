"""The job before a first stroke: the colour layer, a key at a drawing, and the way there.

Without a key there, Krita would put what is painted into the key before it, onto another drawing.
"""

from __future__ import annotations

from ..host import hand, steps
from ..i18n import tr
from ..link.requests import Steps
from ..state.shot import DocumentShot
from . import reading, write
from .run import check_lines


def begin_painting(shot: DocumentShot, time: int | None = None) -> Steps:
    """Go to the colour layer at a drawing, made where they are missing; return the drawing's time.

    Without `time` it is the drawing that is shown.
    """
    reading.require_ready(shot)
    shot.look()
    check_lines(shot)
    yield from write.make_color_layer(shot)
    begins = _drawing(shot, shot.document.current_time if time is None else time)
    yield from steps.reachable(shot.document, shot.color or "")
    with hand.shielded(tr("Going to frame {time} …", time=begins)):
        yield from steps.make_key(shot.document, shot.color or "", begins)
        yield from steps.show_row(shot.document, shot.color or "")
    yield from reading.scan(shot)
    shot.save()
    return begins


def _drawing(shot: DocumentShot, time: int) -> int:
    """Return where the drawing shown at a time begins; before all of them, the first one."""
    times = shot.drawing_times()
    return max((begins for begins in times if begins <= time), default=times[0])
