"""What the engine says where a segment's colour cannot be explained; see engine_texts.py."""

from __future__ import annotations

from ..i18n import mark

# The engine's text and the docker's.
WHY_SAID = (
    (
        "frame {frame} was not coloured since the engine was started: propagate again, then ask "
        "once more",
        mark(
            "Frame {frame} was not colored since the engine was started: press Propagate colors, "
            "then ask again."
        ),
    ),
    (
        "the drawing of frame {frame} has changed since it was coloured: propagate again, then ask "
        "once more",
        mark(
            "The drawing of frame {frame} has changed since it was colored: press Propagate "
            "colors, then ask again."
        ),
    ),
    (
        "what frame {frame} was coloured from has changed since: propagate again, then ask once "
        "more",
        mark(
            "What frame {frame} was colored from has changed since: press Propagate colors, then "
            "ask again."
        ),
    ),
    (
        "the colours of frame {frame} are given, painted or accepted: ask about a frame that was "
        "coloured from others",
        mark("The colors of frame {frame} are given: ask about one that was colored from others."),
    ),
    (
        "the colour of segment {segment} in frame {frame} was given by hand: ask about one that "
        "was coloured from others",
        mark("The color of this segment is given: ask about one that was colored from others."),
    ),
    (
        "nothing was matched with frame {frame}: no drawing that it could be coloured from has a "
        "segment; paint a frame that shows some",
        mark("Nothing was compared with frame {frame}: paint a frame that shows some segments."),
    ),
)
