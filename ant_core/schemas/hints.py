"""The form of hints, locks and rules."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta

from ant_core.schemas.forms import Count, Form, Maybe, RuledForm, exactly_one, told

__all__ = ["FORMS"]

FrameRef = Annotated[
    Count | Annotated[str, Meta(pattern="^[0-9]{1,9}[A-Za-z]{0,3}$")],
    told("the number of the frame, or its name where names carry letters"),
]
Place = Annotated[
    list[float],
    Meta(min_length=2, max_length=2),
    told("x, y in pixels from the top left corner"),
]
Stroke = Annotated[list[Place], Meta(min_length=1)]
Values = Annotated[
    list[float],
    Meta(min_length=1, max_length=5),
    told(
        "channel values in the depth of the references, alpha last: grey, g a, r g b, r g b a or "
        "c m y k a"
    ),
]


class HintForm(RuledForm):
    """Fixes the colour of the segment under a point, or under most of a stroke."""

    RULE: ClassVar[dict[str, Any]] = exactly_one("point", "stroke")
    ASKED: ClassVar[str] = "a hint has a point or a stroke, and not both"

    frame: FrameRef
    color: Literal["unpainted"] | Values
    point: Maybe[Place] = UNSET
    stroke: Maybe[Stroke] = UNSET


class LockForm(RuledForm):
    """Keeps the colour of a segment, or of the whole frame without point and stroke."""

    RULE: ClassVar[dict[str, Any]] = {"not": {"required": ["point", "stroke"]}}
    ASKED: ClassVar[str] = "a lock has a point or a stroke, not both"

    frame: FrameRef
    point: Maybe[Place] = UNSET
    stroke: Maybe[Stroke] = UNSET


def _without(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, False)


class NeverForm(RuledForm):
    """Leaves bare a segment and what matches it, what would get a colour, or a drawing.

    The segment is that under a point or stroke of a frame; with a frame alone it is the drawing.
    """

    RULE: ClassVar[dict[str, Any]] = {
        "oneOf": [
            {"required": ["frame"], "properties": _without("color", "point", "stroke", "frames")},
            {"required": ["frame", "point"], "properties": _without("color", "stroke")},
            {"required": ["frame", "stroke"], "properties": _without("color", "point")},
            {"required": ["color"], "properties": _without("frame", "point", "stroke")},
        ]
    }
    ASKED: ClassVar[str] = (
        "a rule has a color, or a frame, or a frame with a point or a stroke; frames may be added "
        "to all but a frame alone"
    )

    frame: Maybe[FrameRef] = UNSET
    point: Maybe[Place] = UNSET
    stroke: Maybe[Stroke] = UNSET
    color: Maybe[Values] = UNSET
    frames: Maybe[
        Annotated[str, told("the frames on which it holds, such as 1-48,60; all without it")]
    ] = UNSET


class HintsForm(Form):
    """Hints, locks and rules of a shot."""

    schema: Literal[1]
    hints: Maybe[list[HintForm]] = UNSET
    locks: Maybe[list[LockForm]] = UNSET
    never: Maybe[list[NeverForm]] = UNSET


FORMS = (HintsForm,)
