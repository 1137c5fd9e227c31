"""What forms are made of, and the check of a document against them.

A form is a struct that says which fields a JSON object has, of which types and in which bounds. It
checks what is read, and the published JSON Schema is made from it.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any, ClassVar, TypeVar, Union

import msgspec
from msgspec import Meta, Struct, UnsetType

__all__ = [
    "Box",
    "Count",
    "CountsForm",
    "Form",
    "Maybe",
    "NonEmpty",
    "OneOrMore",
    "Point",
    "RuledForm",
    "Sha256",
    "Share",
    "Size",
    "exactly_one",
    "read_form",
    "schemas_of",
    "told",
    "with_whole_numbers",
    "wrong_with",
]

_MOST_TOLD = 200  # characters of a message, which may quote a huge document
_PLACE = re.compile(r"(.*?)(?: - at (?:`key` in )?`\$\.?([^`]*)`)?", re.DOTALL)

_T = TypeVar("_T")
Maybe = Union[_T, UnsetType]  # noqa: UP007  # of a field that may be absent: its default is UNSET


def told(text: str) -> Meta:
    """Return the description that the published schema has of a field."""
    return Meta(description=text)


Count = Annotated[int, Meta(ge=0)]
OneOrMore = Annotated[int, Meta(ge=1)]
Size = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
NonEmpty = Annotated[str, Meta(min_length=1)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Point = Annotated[list[Count], Meta(min_length=2, max_length=2)]  # x, y in pixels
Box = Annotated[list[Count], Meta(min_length=4, max_length=4)]  # x, y, width, height in pixels


class Form(Struct, forbid_unknown_fields=True):
    """A JSON object that has these fields and no others."""


class CountsForm(Form):
    """What came of a shot, a cel or several, in numbers."""

    frames: Count
    drawings: Count
    segments: Count
    doubtful: Count
    no_counterpart: Count
    not_flat: Count


class RuledForm(Form):
    """A form with a rule about which of its fields are there.

    Attributes
    ----------
    RULE : dict
        As JSON Schema has it: `required`, `properties` that are false, `dependentRequired`, `not`
        and `oneOf` of such rules.
    ASKED : str
        The same in words.
    """

    RULE: ClassVar[Mapping[str, Any]] = {}
    ASKED: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Raise ValueError, which msgspec tells with its place, when the rule is broken."""
        names = self.__struct_fields__
        given = frozenset(name for name in names if getattr(self, name) is not msgspec.UNSET)
        if not _holds(type(self), given):
            raise ValueError(self.ASKED)


@cache
def _holds(form: type[RuledForm], given: frozenset[str]) -> bool:
    return _fits(given, form.RULE)


def _fits(given: frozenset[str], rule: Mapping[str, Any]) -> bool:
    """Tell whether an object with these fields keeps a rule of JSON Schema."""
    needs = [need for name, need in rule.get("dependentRequired", {}).items() if name in given]
    return (
        given.issuperset(rule.get("required", ()))
        and given.isdisjoint(rule.get("properties", ()))
        and all(given.issuperset(need) for need in needs)
        and not ("not" in rule and _fits(given, rule["not"]))
        and ("oneOf" not in rule or sum(_fits(given, one) for one in rule["oneOf"]) == 1)
    )


def exactly_one(*names: str) -> dict[str, Any]:
    """Return the rule that one of these fields is there and the others are not."""
    return {"oneOf": [{"required": [name]} for name in names]}


# ---- checking


def wrong_with(document: Any, form: Any) -> tuple[str, str] | None:
    """Return where a document breaks a form and how, None when it fits.

    Parameters
    ----------
    document : JSON value
        Not modified. A whole number is one without a point: 12.0 is none, see `with_whole_numbers`.
    form : type

    Returns
    -------
    (str, str) or None
        The place, such as `hints[2].frame`, empty for the document itself; then what is wrong.
    """
    try:
        msgspec.convert(document, form)
    except msgspec.ValidationError as error:
        found = _PLACE.fullmatch(str(error))
        assert found is not None
        text = found[1].replace("Invalid enum value", "none of the values it may have is", 1)
        return _shorten(found[2] or ""), _shorten(text[:1].lower() + text[1:])
    except UnicodeEncodeError:
        return "", "a name or a value has half a character"
    return None


def read_form(document: Any, form: type[_T]) -> _T:
    """Return a document as its form, with 12 for 12.0.

    Raises
    ------
    ValueError
        Says where the document breaks the form and how.
    """
    wrong = wrong_with(document, form)
    if wrong is not None:
        with contextlib.suppress(RecursionError):
            document = with_whole_numbers(document)
            wrong = wrong_with(document, form)
    if wrong is not None:
        raise ValueError(f"{wrong[0] or 'the document'}: {wrong[1]}")
    return msgspec.convert(document, form)


def _shorten(text: str) -> str:
    """Keep the ends of a long text: it may quote a name of a huge document."""
    return text if len(text) <= _MOST_TOLD else f"{text[:120]} ... {text[-60:]}"


def with_whole_numbers(value: Any) -> Any:
    """Return a document with 12 for 12.0 in every place, which JSON Schema takes for the same.

    Raises
    ------
    RecursionError
        When it is nested far deeper than any form.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [with_whole_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: with_whole_numbers(item) for key, item in value.items()}
    return value


# ---- publishing


def schemas_of(forms: Sequence[Any]) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return the JSON Schemas of forms, and the definitions that they refer to in `$defs`."""
    found = msgspec.json.schema_components(forms)
    schemas, defs = json.loads(re.sub(r"#/\$defs/(\w+)", _published_name, json.dumps(found)))
    rules = {form.__name__: form.RULE for form in RuledForm.__subclasses__()}
    for name, schema in defs.items():
        schema.pop("title", None)
        schema.update(rules.get(name, {}))
    return schemas, {_snake(name): schema for name, schema in defs.items()}


def _published_name(found: re.Match[str]) -> str:
    return f"#/$defs/{_snake(found[1])}"


def _snake(name: str) -> str:
    """Return the published name of a form: FrameResultForm is frame_result."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name.removesuffix("Form")).lower()
