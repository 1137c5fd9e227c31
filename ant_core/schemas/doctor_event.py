"""The forms of the lines that ant_core doctor prints with --json."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET

from ant_core.schemas.forms import Count, Form, Maybe, OneOrMore, told

__all__ = ["FORMS"]


class DoctorProgressForm(Form):
    """How far a check is."""

    event: Literal["progress"]
    schema: Literal[1]
    step: Annotated[
        Literal["kernels", "self_test"],
        told("kernels: they are read from the disk, or compiled; self_test: a shot is coloured"),
    ]
    done: Count
    total: OneOrMore


class DoctorCheckForm(Form):
    """What was checked, and what came of it."""

    name: Literal["versions", "cuda", "model", "disk", "writing", "device", "kernels", "self_test"]
    state: Annotated[
        Literal["good", "note", "problem"], told("a note is worth knowing and hinders nothing")
    ]
    text: str
    facts: Annotated[dict[str, Any], told("what was found, by name; names may be added")]
    remedy: Maybe[str] = UNSET


class DoctorResultForm(Form):
    """All checks."""

    event: Literal["result"]
    schema: Literal[1]
    ok: bool
    exit_code: int
    error: Maybe[Annotated[str, told("the first problem and its remedy, in one sentence")]] = UNSET
    error_type: Maybe[str] = UNSET
    checks: Maybe[
        Annotated[
            list[DoctorCheckForm],
            told("absent where the checks could not begin, or were stopped"),
        ]
    ] = UNSET


FORMS = (DoctorProgressForm, DoctorResultForm)
