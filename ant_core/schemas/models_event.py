"""The forms of the lines that ant_core models prints with --json."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Struct

from ant_core.schemas.forms import Count, Form, Maybe, OneOrMore, Sha256, Size, told

__all__ = ["FORMS"]


class DownloadForm(Form):
    """How far a download is."""

    event: Literal["progress"]
    schema: Literal[1]
    done: Annotated[Count, told("bytes that are there")]
    total: Annotated[OneOrMore, told("bytes of the file")]
    model: Annotated[str, told("NAME@VERSION")]
    bytes_per_s: Count
    seconds_left: Size | None


class _SuccessForm(Struct):
    event: Literal["result"]
    schema: Literal[1]
    ok: Literal[True]
    exit_code: Literal[0]


class StoredModelForm(Struct, kw_only=True):
    """A model; further fields may be added."""

    name: str
    version: str
    size: Annotated[Count, told("bytes")]
    path: Annotated[str | None, told("the model file; null when it is not on this machine")]
    where: Literal["package", "own", "shared", "registry"]
    sha256: Maybe[Sha256] = UNSET
    licence: Maybe[str] = UNSET
    minimum_engine: Maybe[str] = UNSET
    card: Maybe[Annotated[str, told("Markdown")]] = UNSET
    state: Maybe[Annotated[str, told("in words, for people")]] = UNSET


class ModelListForm(_SuccessForm):
    """What list and verify found."""

    models: list[StoredModelForm]


class ModelPlacedForm(StoredModelForm, kw_only=True):
    """What path, download and import placed."""

    event: Literal["result"]
    schema: Literal[1]
    ok: Literal[True]
    exit_code: Literal[0]
    downloaded: Maybe[Annotated[bool, told("false when it was there already")]] = UNSET
    imported: Maybe[Annotated[bool, told("false when it was there already")]] = UNSET


class ModelsRemovedForm(_SuccessForm):
    """What remove removed."""

    removed: Annotated[list[str], told("NAME@VERSION each")]


class ModelsFailureForm(Struct):
    """What ended the command."""

    event: Literal["result"]
    schema: Literal[1]
    ok: Literal[False]
    exit_code: Literal[1, 2, 4, 5, 130]
    error: str
    error_type: str
    models: Maybe[Annotated[list[StoredModelForm], told("of verify")]] = UNSET


FORMS = (DownloadForm, ModelListForm, ModelPlacedForm, ModelsRemovedForm, ModelsFailureForm)
