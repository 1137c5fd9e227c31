"""A new document whose layers are sequences of pictures."""

from __future__ import annotations

from typing import Any, Generator, Sequence

import krita

from ..i18n import tr
from .document import Document, HostError

_REST_SECONDS = 0.3  # Krita gives a new view or layer its shape in the event loop


def open_sequences(
    name: str,
    size: tuple[int, int],
    layers: Sequence[tuple[str, Sequence[str], str]],
    step: int,
) -> Generator[Any, None, Document]:
    """Steps that show a new document in front and return it.

    `layers` are name, files and blending mode, from the bottom; a file every `step` frames.
    """
    application = krita.Krita.instance()
    window = application.activeWindow()
    if window is None:
        raise HostError(tr("Krita has no window open."))
    raw = application.createDocument(*size, name, "RGBA", "U8", "", 72.0)
    window.addView(raw)
    yield _REST_SECONDS
    for title, files, blending in layers:
        if not raw.importAnimation(list(files), 0, step):
            raise HostError(tr("Krita could not read the sample's pictures."))
        raw.waitForDone()
        yield _REST_SECONDS
        node = raw.rootNode().childNodes()[-1]
        node.setName(title)
        node.setBlendingMode(blending)
        raw.waitForDone()
    raw.setFullClipRangeEndTime(step * max(len(files) for _, files, _ in layers) - 1)
    # The timeline loses its cell at the present time when the clip's range changes: go and return.
    for time in (1, 0):
        raw.setCurrentTime(time)
        raw.waitForDone()
        yield _REST_SECONDS
    return Document(raw)
