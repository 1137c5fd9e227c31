"""What the viewer and the explanation say of a segment, in plain words."""

from __future__ import annotations

from ..i18n import tr
from .frame_words import with_layers


def explain(info) -> str:
    """Return in plain words where a segment's colour came from, and how sure that is."""
    if info.hinted:
        text = tr("Your choice")
    elif info.state == "no_counterpart":
        text = tr("Not found in any painted frame")
    elif info.source_name:
        text = _sure(info, tr("From {name}", name=info.source_name))
    elif info.source_frame is not None:
        text = _sure(info, tr("From frame {n}", n=info.source_frame))
    else:
        text = tr("Not colored yet")
    if info.surface_doubtful:
        text = with_layers(tr("{text}, surface doubtful", text=text), info)
    return tr("{text}, locked", text=text) if info.locked else text


def _sure(info, text: str) -> str:
    percent = round(100 * info.confidence)
    if info.doubtful:
        return tr("{text}, unsure ({percent} %)", text=text, percent=percent)
    return tr("{text}, {percent} % sure", text=text, percent=percent)
