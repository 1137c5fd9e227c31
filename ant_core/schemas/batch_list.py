"""The form of a list of shots for ant_core batch."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct

from ant_core.schemas.forms import Form, Maybe, NonEmpty, told, wrong_with

__all__ = ["FORMS"]


class ShotOptionsForm(Struct):
    """The shot (its path), its name, and options of ant_core propagate, with _ for -."""

    shot: Maybe[NonEmpty] = UNSET
    name: Maybe[NonEmpty] = UNSET
    columns: Maybe[
        Annotated[
            dict[str, str], told("what a tracker says of the shot, passed through to the summary")
        ]
    ] = UNSET


# Of an option: a flag, a value, a list of frames, several values of an option that may be repeated.
_VALUES: tuple[Any, ...] = (str | float | bool | None, list[int], list[str])
Options = Annotated[
    dict[str, Any],
    Meta(
        extra_json_schema={
            "properties": msgspec.json.schema(ShotOptionsForm)["$defs"]["ShotOptionsForm"][
                "properties"
            ],
            "additionalProperties": {"anyOf": [msgspec.json.schema(value) for value in _VALUES]},
        }
    ),
]


class BatchListForm(Form):
    """A list of shots for ant_core batch; a bare array stands for its shots."""

    shots: list[Annotated[NonEmpty, told("path of the shot")] | Options]
    schema: Maybe[Literal[1]] = UNSET
    defaults: Maybe[Annotated[Options, told("of every shot that does not say otherwise")]] = UNSET

    def __post_init__(self) -> None:
        """Raise ValueError as msgspec says it where a shot has a wrong option."""
        rows = {f"shots[{number}]": shot for number, shot in enumerate(self.shots)}
        for place, options in {"defaults": self.defaults, **rows}.items():
            if isinstance(options, dict):
                _check_options(options, place)


def _check_options(options: dict[str, Any], place: str) -> None:
    wrong = wrong_with(options, ShotOptionsForm)
    for name, value in options.items():
        known = name in ShotOptionsForm.__struct_fields__
        if wrong is None and not known and all(wrong_with(value, kind) for kind in _VALUES):
            wrong = name, "expected a text, a number, true, false, null or a list of one kind"
    if wrong is not None:
        raise ValueError(f"{wrong[1]} - at `$.{place}.{wrong[0]}`")


FORMS = (BatchListForm,)
