"""File names of image sequences: which files belong, which frame each is, how new ones are named.

A pattern is a folder, or a folder and a name with one of

    A_%04d.png   A_####.png    the frame number, zero-padded
    A_*.png                    any text; the last group of digits in the name is the frame number

Letters after the number tell drawings apart where they differ from file to file: 1, 1a, 2B.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ant_core.errors import InputError
from ant_core.formats.frame_names import Frame, name_of, number_names
from ant_core.formats.pictures import SUFFIXES, picture_format

__all__ = ["NameTemplate", "Sequence", "find_sequence"]

_LAST_DIGITS = re.compile(r"([0-9]+)(?=[^0-9]*$)")
_ANY_PICTURE = re.compile(
    ".*(" + "|".join(map(re.escape, SUFFIXES)) + ")", re.IGNORECASE | re.DOTALL
)
_LETTERS = re.compile("[A-Za-z]{0,3}")  # of a drawing's name, after its number
_NEGATIVE = re.compile(r"(^|[_. ])-[0-9]+[^0-9]*$")
# Pictures of one frame or of several that are numbered as frames are but cannot be read.
_UNREADABLE = re.compile(
    r"[0-9]\.(ai|avif|bmp|cin|clip|dds|dpx|gif|hdr|heic|heif|iff|jng|jp2|jpe|jxl|j2k|kra|krz|pam|"
    r"pbm|pcx|pdf|pgm|pic|pict|pnm|ppm|psb|psp|qoi|rgb|rgba|sgi|svg|tlg|tvpp|tzp|webp|xcf)$",
    re.IGNORECASE,
)
_MAX_DIGITS = 9  # frame numbers stay within 32 bits


@dataclass(frozen=True)
class NameTemplate:
    """How a frame number becomes a file name: prefix, number, suffix.

    `padding` is the least number of digits, 0 where the names given do not tell.
    """

    prefix: str
    padding: int
    suffix: str

    def name(self, frame: int) -> str:
        """Return the file name of a frame."""
        return f"{self.prefix}{frame:0{max(self.padding, 1)}d}{self.suffix}"


@dataclass(frozen=True)
class Sequence:
    """The files that a pattern names.

    Attributes
    ----------
    folder : Path
    files : dict of int to str
        File name by frame number, in rising order of the number.
    template : NameTemplate or None
        The naming of the first file; None when there is none.
    ignored : tuple of str
        Other files of the folder that look like frames but are of no format that is read, and
        JPEG files of frames that are there without loss.
    """

    folder: Path
    files: dict[int, str]
    template: NameTemplate | None
    ignored: tuple[str, ...]


def find_sequence(
    pattern: str | os.PathLike[str], base: Path | None = None, like: Iterable[int] = ()
) -> Sequence:
    """Find the files that a pattern names.

    Parameters
    ----------
    pattern : str or path
        A folder, or a folder and a file name pattern (see the top of this module).
    base : Path, optional
        What relative patterns start from; the working folder by default.
    like : iterable of int, optional
        Frames of another sequence, whose drawings have the same numbers here.

    Raises
    ------
    InputError
        When the folder is missing or cannot be read, or two files claim one frame.
    """
    path = (base or Path()) / pattern
    if path.is_dir():
        return _collect(path, _ANY_PICTURE, None, like)
    if not _is_pattern(path.name):
        raise InputError(
            f"{path} is neither a folder nor a pattern such as A_%04d.png, A_####.png or *.png: "
            "name where the frames lie"
        )
    number = _number_in(path.name)
    width = _width(number) if number else None
    return _collect(path.parent, _matcher(path.name), width, like)


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name or _number_in(name) is not None


def _number_in(name: str) -> re.Match[str] | None:
    """Find where a pattern has its frame number."""
    # A '#' is the number only where there is no %d: "C#_%04d.png" is a note, not a counter.
    return re.search(r"%0?(\d*)d", name) or re.search(r"#+", name)


def _width(number: re.Match[str]) -> int:
    """Return how many digits a pattern's number has at least."""
    return len(number.group()) if number.group()[0] == "#" else int(number.group(1) or 0)


def _matcher(name: str) -> re.Pattern[str]:
    """Turn a name pattern into an expression; the group `frame` exists if the pattern has one."""
    number = _number_in(name)
    if number is None:
        return re.compile(_wildcards(name), re.IGNORECASE | re.DOTALL)
    digits = f"(?P<frame>[0-9]{{{max(_width(number), 1)},}})"
    before, after = name[: number.start()], name[number.end() :]
    return re.compile(_wildcards(before) + digits + _wildcards(after), re.IGNORECASE | re.DOTALL)


def _wildcards(text: str) -> str:
    parts = re.split(r"([*?])", text)
    return "".join({"*": ".*?", "?": "."}.get(part, re.escape(part)) for part in parts)


def _collect(
    folder: Path, expression: re.Pattern[str], number_width: int | None, like: Iterable[int]
) -> Sequence:
    """Take the files that fit; `number_width` is the padding that a pattern asks for."""
    spans: dict[str, tuple[int, int]] = {}
    ignored: list[str] = []
    for entry in _listing(folder):
        match = expression.fullmatch(entry)
        if match is not None:
            spans[entry] = _number_span(entry, match, folder)
        elif _UNREADABLE.search(entry):
            ignored.append(entry)
    files: dict[int, str] = {}
    frames, letters = _frames(spans, like)
    for entry, frame in frames.items():
        before = files.get(frame)
        if before is None:
            files[frame] = entry
        elif expression is _ANY_PICTURE and _lossy(before) != _lossy(entry):
            # A preview beside the frame itself.
            files[frame] = before if _lossy(entry) else entry
            ignored.append(entry if _lossy(entry) else before)
        else:
            raise InputError(
                f"{folder} holds both {files[frame]} and {entry} for frame {frame}: name one "
                "sequence with a pattern, or move the other files away"
            )
    order = sorted(files)
    template = None
    if order:
        # The smallest number shows the padding, if any does.
        first = files[order[0]]
        start, end = spans[first]
        padding = end - start if first[start] == "0" and end - start > 1 else 0
        padding = max(number_width, 1) if number_width is not None else padding
        template = NameTemplate(first[:start], padding, first[end + len(letters[first]) :])
    by_number = {frame: files[frame] for frame in order}
    return Sequence(folder, by_number, template, tuple(sorted(ignored)))


def _lossy(entry: str) -> bool:
    return picture_format(entry).lossy


def _frames(
    spans: dict[str, tuple[int, int]], like: Iterable[int]
) -> tuple[dict[str, int], dict[str, str]]:
    """Return the frame of every file, and the letters that belong to its name."""
    numbers = {entry: int(entry[start:end]) for entry, (start, end) in spans.items()}
    tails = {
        entry: entry[end:].removesuffix(Path(entry).suffix) for entry, (_, end) in spans.items()
    }
    named = [frame for frame in like if isinstance(frame, Frame)]
    letters = {entry: tail if _LETTERS.fullmatch(tail) else "" for entry, tail in tails.items()}
    alike = letters != tails or len(set(tails.values())) < 2
    if alike and not named:
        return dict(numbers), dict.fromkeys(spans, "")
    known = {name_of(frame): frame for frame in named}
    names = {(numbers[entry], tail) for entry, tail in letters.items()}
    new = {name for name in names if (name[0], name[1].lower()) not in known}
    found = known | _numbered(new, known.values())
    frames = {entry: found[numbers[entry], tail.lower()] for entry, tail in letters.items()}
    return dict(frames), letters


def _numbered(
    names: Iterable[tuple[int, str]], taken: Iterable[int]
) -> dict[tuple[int, str], Frame]:
    """Number names; behind those that have their numbers already."""
    frames, behind = number_names(names), max(taken, default=-1) + 1
    if behind == 0:
        return frames
    return {
        name: Frame(behind + place, frame.number, frame.letters)
        for place, (name, frame) in enumerate(frames.items())
    }


def _number_span(entry: str, match: re.Match[str], folder: Path) -> tuple[int, int]:
    """Return where the frame number stands in a file name."""
    if "frame" in match.re.groupindex:
        span = match.span("frame")
    else:
        found = _LAST_DIGITS.search(entry, 0, len(entry) - len(Path(entry).suffix))
        if found is None:
            raise InputError(
                f"{folder / entry} has no frame number in its name: rename it, for example to "
                "0001.png, or move it away"
            )
        span = found.span()
        if _NEGATIVE.search(Path(entry).stem):
            raise InputError(
                f"{folder / entry} has a negative frame number: frames count from 0 up, add one "
                "number to all of them, or name the files with a pattern such as A_-%04d.png"
            )
    if span[1] - span[0] > _MAX_DIGITS:
        raise InputError(
            f"{folder / entry} has a frame number of more than {_MAX_DIGITS} digits: rename it "
            "or name the number with a pattern such as A_%04d.png"
        )
    return span


def _listing(folder: Path) -> list[str]:
    """Return the names of the visible files of a folder, sorted."""
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name
                for entry in entries
                if not entry.name.startswith(".") and not entry.is_dir()
            )
    except FileNotFoundError:
        raise InputError(f"there is no folder {folder}: check the path of the shot") from None
    except OSError as error:
        raise InputError(
            f"{folder} cannot be read ({error.strerror}): check that it is a folder that you "
            "may open"
        ) from error
