"""Plain data that the controller gives and the widgets show; no Qt, no Krita."""

from __future__ import annotations

from typing import NamedTuple, Tuple, Union

UNPAINTED = "unpainted"
HINT, LOCK = "hint", "lock"

# Channel values in the colour layer's own model and depth, or "unpainted".
Color = Union[Tuple[float, ...], str]
Rgb = Tuple[int, int, int]
Point = Tuple[float, float]  # x, y in document pixels
Size = Tuple[int, int]  # width, height
Picture = Tuple[int, int, bytes]  # width, height, BGRA with straight alpha


class FrameState:
    """Whose pixels a frame of the colour layer holds."""

    TODO = "todo"  # nothing there yet
    HOLD = "hold"  # shows the drawing of an earlier frame
    PREDICTED = "predicted"  # ours, to be looked at
    ACCEPTED = "accepted"  # ours, and the artist said yes
    ARTIST = "artist"  # painted or changed by the artist: never written
    FAILED = "failed"  # the engine could not colour it
    UNKNOWN = "unknown"  # not ours for sure: never written, no reference until toggled


class FrameRow(NamedTuple):
    """One frame of the strip and of the review list."""

    time: int
    state: str
    is_reference: bool = False
    confidence: float | None = None
    doubtful: int = 0
    no_counterpart: int = 0
    segments: int = 0
    held_from: int | None = None
    error: str = ""
    pending_hints: int = 0  # of segments that have not got their colour yet
    locks: int = 0
    to_look_at: int | None = None  # segments that are worth it; None: not counted
    surfaces: int = 0  # segments into which something was moved that is doubtful
    surface_layers: tuple[str, ...] = ()  # names of the layers which that is about

    @property
    def doubts(self) -> int:
        """Return how many segments are worth a look; all doubtful ones where that is unknown."""
        if self.to_look_at is None:
            return self.doubtful + self.no_counterpart
        return self.to_look_at

    @property
    def needs_review(self) -> bool:
        """Tell whether a look at its segments is worth it."""
        return self.doubts > 0


class SegmentInfo(NamedTuple):
    """What is known of one segment of a drawing."""

    segment: int
    state: str
    confidence: float
    color: Color | None
    source_frame: int | None
    source_segment: int | None
    source_name: str  # of the model sheet; "" where the source is a frame
    locked: bool
    hinted: bool
    box: tuple[int, int, int, int] | None
    doubtful: bool = False
    surface_doubtful: bool = False  # what was moved into it
    surface_layers: tuple[str, ...] = ()  # names of the layers which that is about


class MatchShown(NamedTuple):
    """A segment of another drawing that a segment was matched with."""

    name: int | str  # the frame, or the model sheet's name
    segment: int
    share: float  # of what counted for all of them, 0 to 1
    display: Rgb | None  # its colour; None: unpainted, or none
    picture: Picture  # it is outlined


class LayerShown(NamedTuple):
    """What a layer of the network looks at, tinted: drawings by frame or model sheet."""

    number: int  # from 1
    across: bool  # at other drawings, not at its own
    pictures: tuple[tuple[int | str, Picture], ...]


class Explained(NamedTuple):
    """Why a segment has its colour."""

    picture: Picture  # it is outlined
    taken: bool  # the colour was taken from the first match
    matches: tuple[MatchShown, ...]
    rest: float  # share of all other segments
    layers: tuple[LayerShown, ...]


class Explanation(NamedTuple):
    """What was asked for, and what came of it; neither an answer nor a problem: it is awaited."""

    time: int
    info: SegmentInfo
    told: Explained | None = None
    problem: str = ""


class ArtistMark(NamedTuple):
    """A hint or a lock of the artist's on a frame."""

    kind: str  # HINT or LOCK
    point: Point
    display: Rgb | None  # of a hint
    pending: bool  # it is not in the colours yet: it waits for the next run


class MistakeShown(NamedTuple):
    """The mistake that was last stepped to, on a frame that it was carried through."""

    serial: int  # another one after each step
    number: int  # from 1, the worst first
    count: int
    time: int  # its first frame
    segment: int
    box: tuple[int, int, int, int] | None


class ColorGroup(NamedTuple):
    """All segments of one colour, across frames."""

    color: Color
    display: Rgb
    segments: int
    doubtful: int
    frames: tuple[int, ...]


class LayerChoice(NamedTuple):
    """One layer in a list to choose from; `why_not` says why it cannot be chosen."""

    uuid: str
    name: str
    indent: int
    enabled: bool
    why_not: str = ""
