"""The forms of the lines that propagate, segment, suggest and explain print with --json."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta

from ant_core.schemas.cels import CelForm, TotalForm
from ant_core.schemas.forms import Count, Form, Maybe, OneOrMore, Share, Size, told
from ant_core.schemas.report import FrameResultForm, LinesForm, ModelFileForm, SummaryForm

__all__ = ["FORMS", "FailureForm"]

Gap = Annotated[list[float], Meta(min_length=4, max_length=4)]


class ProgressForm(Form):
    """A frame that is done."""

    event: Literal["progress"]
    schema: Literal[2]
    done: Count
    total: Count
    frame_result: FrameResultForm
    cel: Maybe[Annotated[str, told("of a run over cels")]] = UNSET


class StepForm(Form):
    """How far ant_core suggest is."""

    event: Literal["progress"]
    schema: Literal[1]
    done: Count
    total: Count


class FailureForm(Form):
    """What ended a command."""

    event: Literal["result"]
    schema: Literal[1]
    ok: Literal[False]
    exit_code: Literal[1, 2, 4, 5, 6, 130]
    error: str
    error_type: str


class _RunForm(Form):
    event: Literal["result"]
    schema: Literal[1]
    ok: bool
    exit_code: Literal[0, 1, 3]
    report: str


class _DoneForm(Form):
    event: Literal["result"]
    schema: Literal[1]
    ok: Literal[True]
    exit_code: Literal[0]


class PropagateResultForm(_RunForm):
    """What ant_core propagate did."""

    contact_sheet: str
    review_page: str
    device: Literal["cpu", "cuda"]
    model: ModelFileForm
    summary: SummaryForm
    warnings: list[str]
    error: Maybe[Annotated[str, told("only when frames failed")]] = UNSET


class CelsResultForm(_RunForm):
    """What ant_core propagate did over the cels of a shot."""

    cels: list[CelForm]
    summary: TotalForm
    error: Maybe[Annotated[str, told("only when frames failed")]] = UNSET


class SegmentResultForm(_DoneForm):
    """What ant_core segment found."""

    labels: str
    preview: str | None
    segments: Count
    gap_px: Size
    closed_gaps: Annotated[list[Gap], told("x0, y0, x1, y1 of the two sides of each gap")]
    smallest_area_px: Count
    lines: LinesForm


class SuggestionForm(Form):
    """A frame that is worth painting."""

    frame: int
    found: Annotated[
        Share,
        told(
            "mean chance that a segment of the shot is found in this frame, in those before it in "
            "the list or in the painted ones"
        ),
    ]


class SuggestResultForm(_DoneForm):
    """Which frames ant_core suggest proposes to paint."""

    painted: Annotated[list[int], told("frames that are painted already")]
    suggested: Annotated[list[SuggestionForm], told("the most useful first")]


class WeighedForm(Form):
    """A segment and how much it counted."""

    segment: OneOrMore
    score: Share
    frame: Maybe[int] = UNSET


class AttentionLayerForm(Form):
    """What one layer of the network attends to."""

    layer: OneOrMore
    to: Literal["itself", "references"]
    most: Annotated[
        list[WeighedForm],
        told(
            "what it attends to most, mean over the heads; frame is absent where that is its own "
            "drawing"
        ),
    ]


class ExplainResultForm(_DoneForm):
    """What ant_core explain tells of a segment."""

    picture: str
    frame: int
    segment: OneOrMore
    references: Annotated[
        list[int], told("painted frames that it was matched with, the nearest first")
    ]
    has_counterpart: Share
    best: Annotated[list[WeighedForm], told("the five best matches, or fewer")]
    layers: Annotated[list[AttentionLayerForm], told("in the order of computing")]


FORMS = (
    ProgressForm,
    StepForm,
    PropagateResultForm,
    CelsResultForm,
    SegmentResultForm,
    SuggestResultForm,
    ExplainResultForm,
    FailureForm,
)
