"""The form of the report of a shot of several cels."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta

from ant_core.schemas.forms import Count, CountsForm, Form, Maybe, OneOrMore, told
from ant_core.schemas.report import SummaryForm

__all__ = ["FORMS", "CelForm", "TotalForm"]


class ExposureForm(Form):
    """When a drawing is shown, by the exposure sheet."""

    drawing: Count
    frames: list[OneOrMore]
    name: Maybe[Annotated[str, told("as the files have it, where names carry letters")]] = UNSET


class CelForm(Form):
    """A cel and what came of it."""

    name: str
    report: Annotated[str, told("the report of the cel's own run")]
    contact_sheet: str
    review_page: str
    summary: SummaryForm
    exposures: Maybe[list[ExposureForm]] = UNSET
    missing: Maybe[
        Annotated[list[str], told("drawings of the sheet that are not there yet, by name")]
    ] = UNSET
    exposed: Maybe[Annotated[list[str], told("one file a frame that shows the cel")]] = UNSET


class TotalForm(CountsForm):
    """What the runs of all cels did, in numbers."""

    doubtful_frames: Count
    failed: Count
    kept: Count


class CelsForm(Form):
    """Report of a run of ant_core propagate over the cels of a shot."""

    schema: Literal[1]
    kind: Literal["cels"]
    exposure_sheet: str | None
    length: Annotated[OneOrMore | None, told("frames of the exposure sheet")]
    cels: Annotated[list[CelForm], Meta(min_length=1)]
    summary: TotalForm


FORMS = (CelsForm,)
