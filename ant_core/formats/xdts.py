"""Digital exposure sheets (.xdts): which drawing of which cel every frame shows.

The file is one line of text that says what it is, then JSON. A sheet has fields; that of the
drawings (field 0) has a track a cel, and a track the frames at which another drawing begins. The
names of the cels stand beside them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ant_core.errors import InputError
from ant_core.files import read_bytes
from ant_core.formats.frame_names import Name, number_names, parse_name
from ant_core.guard import MOST_JSON, parse_json

__all__ = ["Cel", "ExposureSheet", "read_xdts"]

_FIRST_LINE = "exchangeDigitalTimeSheet Save Data"
_DRAWINGS = 0  # fieldId of the drawings; others hold dialogue and camera work
_EMPTY = "SYMBOL_NULL_CELL"
_HOLD = ("SYMBOL_TICK_1", "SYMBOL_TICK_2", "SYMBOL_HYPHEN")  # marks on a drawing that goes on
_MOST_FRAMES = 1_000_000


@dataclass(frozen=True)
class Cel:
    """One track of a sheet.

    Attributes
    ----------
    name : str
        Such as A; the number of the track where the sheet gives no name.
    exposures : tuple of (int or None)
        The drawing that each frame of the sheet shows, from frame 1 on; None where the cel is
        empty. Where names carry letters (1, 1a, 2B) drawings are of the class `Frame`.
    """

    name: str
    exposures: tuple[int | None, ...]

    @property
    def drawings(self) -> tuple[int, ...]:
        """The drawings that are shown at all, rising."""
        return tuple(sorted({number for number in self.exposures if number is not None}))

    def frames_of(self, drawing: int) -> list[int]:
        """Return the frames of the sheet, from 1, that show a drawing."""
        return [frame for frame, shown in enumerate(self.exposures, start=1) if shown == drawing]


@dataclass(frozen=True)
class ExposureSheet:
    """A sheet: its length in frames, its cels from the lowest up, and what is odd about it."""

    name: str
    length: int
    cels: tuple[Cel, ...]
    notes: tuple[str, ...] = ()

    def cel(self, name: str) -> Cel:
        """Return a cel by its name; InputError when there is none."""
        for cel in self.cels:
            if cel.name == name:
                return cel
        raise InputError(
            f"{self.name} has no cel {name}: it has {', '.join(cel.name for cel in self.cels)}"
        )


def read_xdts(path: Path) -> ExposureSheet:
    """Read the drawings of an exposure sheet.

    Raises
    ------
    InputError
        When it is no such file, is damaged, or has no cel.
    """
    return parse_xdts(read_bytes(path, most=MOST_JSON), str(path))


def parse_xdts(data: bytes, place: str) -> ExposureSheet:
    """Read a sheet from its bytes; `place` is its name, for messages."""
    try:
        first, _, body = data.decode("utf-8-sig").partition("\n")
    except UnicodeDecodeError:
        raise _no_sheet(place, "it is not UTF-8 text") from None
    if first.strip() != _FIRST_LINE:
        raise _no_sheet(place, f"its first line is not {_FIRST_LINE!r}")
    try:
        table = parse_json(body)["timeTables"][0]
        length = int(table["duration"])
        if not 1 <= length <= _MOST_FRAMES:
            raise _no_sheet(place, f"it says it is {length} frames long")
        names = _names(table)
        tracks = next(f["tracks"] for f in table["fields"] if f["fieldId"] == _DRAWINGS)
        read = [_cel(track, length, names, place) for track in tracks]
    except StopIteration:
        raise InputError(f"{place} has no drawings: export it with its cels") from None
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise _no_sheet(place, f"{type(error).__name__}: {error}") from None
    used = [cel for cel, _ in read if cel.drawings]
    notes = tuple(
        f"{place} is {length} frames long, but cel {cel.name} goes on to frame {last}: what lies "
        "past the end is left out"
        for cel, last in read
        if last > length
    )
    if not used:
        raise InputError(f"{place} shows no drawing in any cel: export it with its cels")
    same = {cel.name for cel in used if sum(other.name == cel.name for other in used) > 1}
    if same:
        raise InputError(f"{place} has two cels called {min(same)}: rename one")
    return ExposureSheet(place, length, tuple(used), notes)


def _no_sheet(place: str, why: str) -> InputError:
    return InputError(f"{place} is no XDTS exposure sheet ({why}): export it again")


def _names(table: Mapping[str, Any]) -> dict[int, str]:
    """Return the names of the cels by track number."""
    for header in table.get("timeTableHeaders", ()):
        if header["fieldId"] == _DRAWINGS:
            return {number: str(name) for number, name in enumerate(header["names"])}
    return {}


def _cel(
    track: Mapping[str, Any], length: int, names: Mapping[int, str], place: str
) -> tuple[Cel, int]:
    """Read a track; returns its cel, and the last frame at which it has an entry."""
    number = int(track["trackNo"])
    name = names.get(number, "").strip() or str(number)
    starts: dict[int, Name | None] = {}
    called: dict[Name, str] = {}
    written: dict[Name, Name] = {}  # letters as the artist has them
    last = 0
    for entry in track["frames"]:
        value = _value(entry)
        if value is None:
            continue
        frame = int(entry["frame"])
        if value != _EMPTY:
            last = max(last, frame + 1)
        if value in _HOLD:
            continue
        drawing = None
        if value != _EMPTY:
            as_written = _name(value, f"{place}, cel {name}, frame {frame + 1}")
            drawing = as_written[0], as_written[1].lower()
            written[drawing] = as_written
            if called.setdefault(drawing, value) != value:
                raise InputError(
                    f"{place}, cel {name} has both {called[drawing]!r} and {value!r}, of one "
                    "number: rename one"
                )
        if 0 <= frame < length:
            starts[frame] = drawing
    frames = _frames(list(written.values()))
    shown: list[int | None] = []
    for frame in range(length):
        begun = starts.get(frame)
        held = shown[-1] if shown and frame not in starts else None
        shown.append(frames[begun] if begun is not None else held)
    return Cel(name, tuple(shown)), last


def _frames(names: Sequence[Name]) -> Mapping[Name, int]:
    """Return the frames of names; plain numbers where no name carries letters."""
    if not any(letters for _, letters in names):
        return {name: name[0] for name in names}
    return number_names(names)


def _value(entry: Mapping[str, Any]) -> str | None:
    """Return what begins at an entry: a drawing's name, a symbol, or None for nothing."""
    for item in entry["data"]:
        if item.get("id", 0) == 0 and item.get("values"):
            return str(item["values"][0]).strip()
    return None


def _name(value: str, where: str) -> Name:
    """Return number and letters of a drawing called 12, A12, A0012 or 12b, as file names do."""
    name = parse_name(value)
    if name is None:
        digits = re.findall(r"[0-9]{1,9}", value)
        if not digits:
            raise InputError(f"{where} shows {value!r}: give the drawing a number")
        name = int(digits[-1]), ""
    return name
