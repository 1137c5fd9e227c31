"""The form of the model registry."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ant_core.schemas.forms import Form, NonEmpty, OneOrMore, Sha256, told

__all__ = ["FORMS", "ModelEntry", "RegistryForm"]

Address = Annotated[str, Meta(pattern=r"^https?://[^@/\s]+(/[^\s]*)?$")]
Version = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9}){0,3}$")]


class ModelEntry(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is known of one version of a model."""

    name: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,63}$")]
    version: Version
    size: Annotated[OneOrMore, told("bytes")]
    sha256: Sha256
    licence: Annotated[NonEmpty, told("SPDX expression")]
    minimum_engine: Annotated[Version, told("the oldest ant_core that can run it")]
    card: Annotated[str, told("the model card, Markdown")]
    file: Annotated[
        str,
        Meta(pattern=r"^[^/\s][^\s]*$"),
        told("path below each mirror; NAME-VERSION.antmodel when not given"),
    ] = ""
    urls: Annotated[
        tuple[Address, ...],
        told("further addresses of the file itself, tried after the mirrors"),
    ] = ()

    @property
    def label(self) -> str:
        """Name and version as the command line takes them."""
        return f"{self.name}@{self.version}"

    @property
    def file_name(self) -> str:
        """Path below a mirror."""
        return self.file or f"{self.name}-{self.version}.antmodel"

    def to_json(self) -> dict[str, Any]:
        """Return the entry as the registry writes it."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return document


class RegistryForm(Form):
    """Which models there are, and where their files lie."""

    schema: Literal[1]
    mirrors: Annotated[
        list[Address],
        told("addresses of folders that hold the files of all models, tried in this order"),
    ]
    models: list[ModelEntry]


FORMS = (RegistryForm,)
