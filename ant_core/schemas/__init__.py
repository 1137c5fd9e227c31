"""What ant_core reads and writes: the check of documents, and their JSON Schemas.

A module of this room has the forms of the document of its name. `python -m ant_core.schemas report`
prints the JSON Schema of a report.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Literal

__all__ = ["SchemaName", "first_error", "load_schema"]

SchemaName = Literal[
    "batch_event",
    "batch_list",
    "batch_summary",
    "cels",
    "doctor_event",
    "event",
    "hints",
    "models_event",
    "registry",
    "report",
    "request",
    "review_notes",
]


def load_schema(name: SchemaName) -> dict[str, Any]:
    """Return the JSON Schema of a document.

    That of the requests is for one request at a time: `#/$defs/requests/hello`.
    """
    from ant_core.schemas.forms import schemas_of

    module = _module(name)
    schemas, defs = schemas_of(module.FORMS)
    body: dict[str, Any] = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
    if name == "request":
        body = {}
        defs["requests"] = dict(zip(module.REQUESTS, schemas, strict=True))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": module.__doc__}
    return head | body | {"$defs": defs}


def first_error(document: Any, name: SchemaName) -> str | None:
    """Return what is wrong with a document and where, None if it fits its form."""
    from ant_core.schemas.forms import with_whole_numbers

    forms = _module(name).FORMS
    wrong = _wrong_with_all(document, forms)
    if wrong is None:
        return None
    with contextlib.suppress(RecursionError):
        wrong = _wrong_with_all(with_whole_numbers(document), forms)
    return wrong


def _wrong_with_all(document: Any, forms: Sequence[Any]) -> str | None:
    """Return what is wrong with a document that should have exactly one of these forms."""
    from ant_core.schemas.forms import wrong_with

    wrong = [one for form in forms if (one := wrong_with(document, form)) is not None]
    if len(wrong) == len(forms) - 1:
        return None
    if len(wrong) < len(forms) - 1:
        return "the document: it is several things at once"
    # It is most likely the one that it fits the furthest.
    place, text = max(wrong, key=lambda one: len(one[0]))
    return f"{place or 'the document'}: {text}"


def _module(name: SchemaName) -> Any:
    """Return the module of a document's forms."""
    return import_module(f"ant_core.schemas.{name}")
