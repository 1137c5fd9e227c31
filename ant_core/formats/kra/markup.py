"""The XML of a .kra file as a small tree that knows where each element stands in the text.

Edits are made in the text, so that all that is not edited stays as Krita wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from ant_core.errors import InputError

__all__ = ["Element", "attributes", "parse_xml", "set_attribute", "splice", "text_of_end"]

_ENCODING = re.compile(rb"""\s*<(?!\?xml[^>]*encoding=(?!["']utf-8["']))""", re.IGNORECASE)
_DEEPEST = 200
_MOST_ELEMENTS = 1_000_000


@dataclass
class Element:
    """One element.

    Attributes
    ----------
    name : str
        Without its namespace prefix.
    attrs : dict of str to str
    start : int
        Where its `<` stands, in bytes.
    inside : int
        Where its content begins, just behind the `>` of the start tag.
    end : int
        Where its content ends: at the `<` of the end tag; equal to `inside` in `<name/>`.
    closed : bool
        Whether it is written as `<name/>`.
    children : list of Element
    """

    name: str
    attrs: dict[str, str]
    start: int
    inside: int = 0
    end: int = 0
    closed: bool = False
    children: list[Element] = field(default_factory=list)

    def child(self, name: str) -> Element | None:
        """Return the first child of a name, None without one."""
        return next((item for item in self.children if item.name == name), None)

    def all(self, name: str) -> Iterator[Element]:
        """Yield the children of a name."""
        return (item for item in self.children if item.name == name)


def parse_xml(data: bytes, place: str) -> Element:
    """Parse XML into a tree; entities of its own are refused, nothing outside is fetched.

    Raises
    ------
    InputError
        When it is not well formed, or larger or deeper than a drawing can be.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    root: list[Element] = []
    stack: list[Element] = []
    count = 0

    def refuse(*_: object) -> NoReturn:
        raise InputError(
            f"{place} is damaged (it declares entities, which Krita never does): take the file "
            "from a backup"
        )

    def begin(name: str, attrs: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(stack) >= _DEEPEST or count > _MOST_ELEMENTS:
            raise _damaged(place, "it has too many elements")
        element = Element(name.rpartition(":")[2], attrs, parser.CurrentByteIndex)
        (stack[-1].children if stack else root).append(element)
        stack.append(element)

    def finish(_: str) -> None:
        stack.pop().end = parser.CurrentByteIndex

    parser.StartElementHandler = begin
    parser.EndElementHandler = finish
    parser.EntityDeclHandler = refuse
    parser.UnparsedEntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, UnicodeError, ValueError) as error:
        raise _damaged(place, str(error)) from None
    if _ENCODING.match(data) is None:  # else the places in the text would not be bytes of it
        raise _damaged(place, "its text is not UTF-8")
    _find_insides(root[0], data)
    return root[0]


def _find_insides(root: Element, data: bytes) -> None:
    """Find where each start tag ends; a `>` within a value does not end it."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        at, quote = element.start, 0
        while quote or data[at] != 0x3E:
            byte = data[at]
            if quote:
                quote = 0 if byte == quote else quote
            elif byte in (0x22, 0x27):
                quote = byte
            at += 1
        element.inside = at + 1
        element.closed = data[at - 1 : at] == b"/"
        if element.closed:
            element.end = element.inside
        waiting.extend(element.children)


def text_of_end(data: bytes, element: Element) -> int:
    """Return where an element is over: just behind the `>` of its end tag."""
    return element.end if element.closed else data.index(b">", element.end) + 1


def splice(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """Replace parts of a text; all else stays byte for byte.

    Parameters
    ----------
    edits : list of (start, stop, new bytes)
        Must not overlap.
    """
    pieces, at = [], 0
    for start, stop, new in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [data[at:start], new]
        at = stop
    return b"".join([*pieces, data[at:]])


def attributes(values: dict[str, object]) -> str:
    """Write attributes, each with a space before it."""
    return "".join(f" {name}={quoteattr(str(value))}" for name, value in values.items())


def set_attribute(element: Element, name: str, value: str) -> tuple[int, int, bytes]:
    """Return the edit that adds an attribute that an element does not have."""
    at = element.inside - (2 if element.closed else 1)
    return at, at, attributes({name: value}).encode()


def _damaged(place: str, why: str) -> InputError:
    return InputError(f"{place} is damaged ({why}): take the file from a backup or save it again")
