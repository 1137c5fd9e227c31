"""The form of the summary of a batch."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ant_core.schemas.forms import Count, CountsForm, Form, NonEmpty, OneOrMore, Share, Size, told

__all__ = ["FORMS", "BatchShotForm", "BatchTotalsForm"]


class BatchShotForm(CountsForm):
    """What came of a shot."""

    name: NonEmpty
    state: Annotated[
        Literal["done", "failed", "waiting"],
        told("failed: no frame was coloured; waiting: not begun, or not ended"),
    ]
    exit_code: Annotated[Literal[0, 1, 2, 3, 5], told("as ant_core propagate would have ended")]
    error: str
    error_type: str
    doubtful_frames: list[Count]
    failed_frames: list[Count]
    doubt: Annotated[
        list[Annotated[list[Count], Meta(min_length=2, max_length=2)]],
        told("of every frame: its number and its doubtful segments"),
    ]
    doubt_share: Share
    confidence: Annotated[
        Share | None, told("mean over the predicted frames; null where there is none")
    ]
    lowest_confidence: Annotated[
        Share | None,
        told("of the segments coloured from a counterpart; null where there is none"),
    ]
    seconds: Annotated[Size, told("of the run that coloured it")]
    attempts: Annotated[OneOrMore, told("more than 1 when an engine died")]
    kept: Annotated[bool, told("an earlier run had done it")]
    report: Annotated[str, told("place in OUT, empty without")]
    contact_sheet: str
    review_page: str
    picture_frame: Annotated[Count | None, told("the frame on the summary page")]
    warnings: list[str]
    device: str
    model_name: str
    model_hash: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")]
    worker: Annotated[str, told("machine and process")]
    columns: Annotated[
        dict[str, str], told("what else the list says of the shot, by the names of its columns")
    ]


class BatchTotalsForm(Form):
    """What came of all shots, in numbers."""

    shots: Count
    done: Count
    failed: Count
    waiting: Count
    kept: Count
    frames: Count
    segments: Count
    doubtful: Count
    failed_frames: Count
    shot_seconds: Annotated[Size, told("of all shots together")]


class BatchSummaryForm(Form):
    """The file summary.json of ant_core batch."""

    schema: Literal[1]
    kind: Literal["batch"]
    version: str
    written: str
    wall_s: Size
    totals: BatchTotalsForm
    shots: list[BatchShotForm]


FORMS = (BatchSummaryForm,)
