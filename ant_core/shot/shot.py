"""Plain data of a shot: its frames, its drawings, and the frames whose colours are given.

Frames keep their own numbers, everywhere. Held frames share one drawing, which is coloured once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError, UsageError
from ant_core.formats.base import FrameInfo, FrameReader
from ant_core.shot.frames import describe_frames
from ant_core.shot.model_sheet import ModelSheet

__all__ = [
    "Drawing",
    "Reference",
    "Shot",
    "load_shot",
]

Origin = Literal["painted", "locked"]


@dataclass(frozen=True)
class Drawing:
    """One distinct line image and the frames that show it, in rising order."""

    digest: str
    frames: tuple[int, ...]


@dataclass(frozen=True)
class Reference:
    """A frame whose colours are given.

    Attributes
    ----------
    frame : int
    origin : "painted" or "locked"
        Painted by the artist in the shot, or kept as it is in the output.
    digest : str
        Of the colour picture.
    """

    frame: int
    origin: Origin
    digest: str


@dataclass(frozen=True)
class Shot:
    """A sequence of frames of one cut and one size.

    Attributes
    ----------
    size : (int, int)
        Height and width in pixels of every picture.
    lines : FrameReader
        Line art of every frame.
    colors : FrameReader
        Painted frames.
    frames : tuple of int
        The frames to be coloured or copied, rising.
    drawings : tuple of Drawing
        The distinct line images of `frames` and of the references, by first frame.
    references : tuple of Reference
        Rising by frame; also those outside `frames`.
    pixels : PixelFormat
        What every painted frame gets.
    sheets : tuple of ModelSheet
        References outside the shot.
    """

    size: tuple[int, int]
    lines: FrameReader
    colors: FrameReader
    frames: tuple[int, ...]
    drawings: tuple[Drawing, ...]
    references: tuple[Reference, ...]
    pixels: PixelFormat
    sheets: tuple[ModelSheet, ...] = ()

    @property
    def sheet_names(self) -> tuple[str, ...]:
        """Names of the model sheets, in order."""
        return tuple(sheet.name for sheet in self.sheets)


def load_shot(
    lines: FrameReader,
    colors: FrameReader,
    *,
    references: Sequence[int] | None = None,
    frames: Sequence[int] | None = None,
    locked: Mapping[int, FrameInfo] | None = None,
    sheets: Sequence[ModelSheet] = (),
    pixels: PixelFormat | None = None,
    seen: Sequence[int] = (),
) -> Shot:
    """Check every picture of a shot and lay out its drawings and references.

    Parameters
    ----------
    lines, colors : FrameReader
        Line art of every frame; painted frames.
    references : sequence of int, optional
        The frames to learn from; every painted one by default.
    frames : sequence of int, optional
        The frames to colour; all by default.
    locked : dict of int to FrameInfo, optional
        Frames whose present colour picture is kept, which then teaches like a painted one.
    sheets : sequence of ModelSheet, optional
        References outside the shot, besides or instead of painted frames.
    pixels : PixelFormat, optional
        What the place that the colours go to can hold; from the references if not given.
    seen : sequence of int, optional
        Frames whose line drawings are looked at, coloured or not.

    Raises
    ------
    InputError
        No reference, a reference without line drawing, sizes or depths that differ, damage.
    UsageError
        A frame asked for that does not exist.
    """
    if not lines.frames:
        raise InputError(
            "the shot has no line drawings: expected pictures with frame numbers, such as "
            f"line/0001.png, or a --line pattern that names them{_unread(lines)}"
        )
    chosen = _chosen_references(lines, colors, references, bool(sheets))
    wanted = _chosen_frames(lines, frames)
    locked = locked or {}
    _check_locks(chosen, locked)
    needed = sorted({*wanted, *chosen, *locked, *seen})
    line_infos = {frame: lines.probe(frame) for frame in needed}
    color_infos = {frame: colors.probe(frame) for frame in chosen}
    size = _common_size(lines, line_infos, colors, color_infos)
    _check_locked_size(size, locked)
    given = [
        *(Reference(frame, "painted", color_infos[frame].digest) for frame in chosen),
        *(Reference(frame, "locked", info.digest) for frame, info in locked.items()),
    ]
    return Shot(
        size=size,
        lines=lines,
        colors=colors,
        frames=tuple(wanted),
        drawings=_drawings(line_infos),
        references=tuple(sorted(given, key=lambda reference: reference.frame)),
        pixels=pixels or _common_format(colors, color_infos, locked, sheets),
        sheets=tuple(sheets),
    )


def _chosen_references(
    lines: FrameReader, colors: FrameReader, references: Sequence[int] | None, has_sheets: bool
) -> list[int]:
    chosen = list(colors.frames if references is None else references)
    if not chosen and not has_sheets:
        raise InputError(
            "the shot has no reference: paint at least one frame and save it under its frame "
            f"number, such as color/0001.png, or name a --model-sheet{_unread(colors)}"
        )
    known, painted = set(lines.frames), set(colors.frames)
    for frame in chosen:
        if frame not in painted:
            raise UsageError(
                f"reference frame {frame} is not painted: there are painted frames "
                f"{describe_frames(colors.frames)}"
            )
        if frame not in known:
            raise InputError(
                f"reference frame {frame} ({colors.place(frame)}) has no line drawing: add the "
                "line drawing of this frame or take the painted file away"
            )
    return sorted(chosen)


def _unread(reader: FrameReader) -> str:
    """Name the files that look like frames but cannot be read; layers of a document have none."""
    names: Sequence[str] = getattr(reader, "ignored", ())
    few = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f" (of no format that can be read: {few})" if names else ""


def _chosen_frames(lines: FrameReader, frames: Sequence[int] | None) -> list[int]:
    if frames is None:
        return list(lines.frames)
    known = set(lines.frames)
    for frame in frames:
        if frame not in known:
            raise UsageError(
                f"frame {frame} is not in the shot: there are line drawings of frames "
                f"{describe_frames(lines.frames)}"
            )
    return sorted(set(frames))


def _common_size(
    lines: FrameReader,
    line_infos: dict[int, FrameInfo],
    colors: FrameReader,
    color_infos: dict[int, FrameInfo],
) -> tuple[int, int]:
    """Return the size that most line drawings have; InputError names the one that differs."""
    sizes = [(info.height, info.width) for info in line_infos.values()]
    usual = max(dict.fromkeys(sizes), key=sizes.count)
    for reader, infos, what in ((lines, line_infos, "drawing"), (colors, color_infos, "reference")):
        for frame, info in infos.items():
            if (info.height, info.width) != usual:
                raise InputError(
                    f"{what} frame {frame} ({reader.place(frame)}) is {info.width} x "
                    f"{info.height} but the shot is {usual[1]} x {usual[0]}: export all frames "
                    "at the same size"
                )
    return usual


def _check_locks(references: Sequence[int], locked: Mapping[int, FrameInfo]) -> None:
    both = sorted(set(references) & set(locked))
    if both:
        raise UsageError(
            f"frame {both[0]} is a reference and locked at the same time: leave it out of one of "
            "the two"
        )


def _check_locked_size(size: tuple[int, int], locked: Mapping[int, FrameInfo]) -> None:
    for frame, info in locked.items():
        if (info.height, info.width) != size:
            raise InputError(
                f"the painted file of locked frame {frame} is {info.width} x {info.height} but "
                f"the shot is {size[1]} x {size[0]}: unlock the frame or mend the file"
            )


def _common_format(
    colors: FrameReader,
    infos: dict[int, FrameInfo],
    locked: Mapping[int, FrameInfo],
    sheets: Sequence[ModelSheet],
) -> PixelFormat:
    kinds: dict[tuple[int, bool], int] = {}
    for frame, info in infos.items():
        kinds.setdefault((info.depth, info.floating), frame)
    if len(kinds) > 1:
        low, high = sorted(kinds)[:2]
        raise InputError(
            f"reference {colors.place(kinds[low])} has {PixelFormat(low[0], 1, low[1]).depth_name} "
            f"but {colors.place(kinds[high])} has {high[0]}: export all references with the same "
            "depth"
        )
    if not kinds:
        return sheets[0].own_format()
    channels = max(info.channels for info in (*infos.values(), *locked.values()))
    depth, floating = next(iter(kinds))
    return PixelFormat(depth, channels, floating)


def _drawings(infos: dict[int, FrameInfo]) -> tuple[Drawing, ...]:
    frames: dict[str, list[int]] = {}
    for frame in sorted(infos):
        frames.setdefault(infos[frame].digest, []).append(frame)
    return tuple(Drawing(digest, tuple(found)) for digest, found in frames.items())
