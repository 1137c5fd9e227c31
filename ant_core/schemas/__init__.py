"""The JSON Schemas of what ant_core reads and writes, and the check against them."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, Literal

__all__ = ["first_error", "load_schema"]

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
    """Return a schema as a dict."""
    file = resources.files("ant_core.schemas") / f"{name}.schema.json"
    schema: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return schema


def first_error(document: Any, name: SchemaName) -> str | None:
    """Return what is wrong with a document and where, None if it fits its schema."""
    import jsonschema

    validator = jsonschema.Draft202012Validator(load_schema(name))
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    if error is None:
        return None
    place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
    return f"{place.lstrip('.') or 'the document'}: {error.message}"
