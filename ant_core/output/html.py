"""Pages: templates in the package, filled in with every value escaped."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from jinja2 import Environment  # importing it takes a good part of a command's start

__all__ = ["render"]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    package = resources.files("ant_core")
    pages = Environment(
        loader=FunctionLoader(lambda name: (package / name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["link"] = lambda path: quote(path, errors="surrogateescape")
    return pages


def render(template: str, **values: Any) -> str:
    """Fill in a page.

    Parameters
    ----------
    template : str
        Its place in the package, such as "output/pages/review.html".
    values
        What it shows. The filter `link` writes a relative path as an address.
    """
    return _environment().get_template(template).render(**values)
