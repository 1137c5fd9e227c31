"""The forms of the lines that ant_core batch prints with --json."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET

from ant_core.schemas.batch_summary import BatchShotForm, BatchTotalsForm
from ant_core.schemas.event import FailureForm
from ant_core.schemas.forms import Count, Form, Maybe, OneOrMore, RuledForm, exactly_one, told

__all__ = ["FORMS"]


class WorkerFrameForm(Form):
    """A frame of a shot that is done."""

    done: Count
    total: OneOrMore
    worker: str


class BatchProgressForm(RuledForm):
    """What happened to a shot; done and total count shots."""

    RULE: ClassVar[dict[str, Any]] = exactly_one("frame", "retry", "result")
    ASKED: ClassVar[str] = "exactly one of frame, retry and result says what happened"

    event: Literal["progress"]
    schema: Literal[1]
    done: Count
    total: OneOrMore
    shot: str
    frame: Maybe[WorkerFrameForm] = UNSET
    retry: Maybe[Annotated[str, told("why the shot is begun again")]] = UNSET
    result: Maybe[BatchShotForm] = UNSET


class BatchResultForm(Form):
    """What the batch did."""

    event: Literal["result"]
    schema: Literal[1]
    ok: bool
    exit_code: Literal[0, 1, 3]
    summary_page: str
    summary: str
    table: str
    totals: BatchTotalsForm
    review: Annotated[list[str], told("shots that break --fail-over or --fail-under")]
    failed: list[str]
    error: Maybe[str] = UNSET
    error_type: Maybe[str] = UNSET


FORMS = (BatchProgressForm, BatchResultForm, FailureForm)
