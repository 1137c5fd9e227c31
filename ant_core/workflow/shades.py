"""The further painted layers of `ant_core propagate --shade`, opened and checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ant_core.errors import UsageError
from ant_core.files import same_file
from ant_core.formats.base import FrameInfo
from ant_core.formats.sequence import SequenceReader
from ant_core.output.folder import OutputFolder
from ant_core.propagation.result import COLOR
from ant_core.propagation.shades import Shade, left_on_references, load_shade
from ant_core.shot.frames import describe_frames
from ant_core.shot.shot import Shot
from ant_core.workflow.propagate_options import PropagateOptions

__all__ = ["open_shades"]

_TAKEN = (COLOR, "exposed")  # folders of OUT


def open_shades(
    options: PropagateOptions,
    shot: Shot,
    output: OutputFolder,
    lines: SequenceReader,
    colors: SequenceReader,
    locked: Sequence[int],
) -> tuple[tuple[Shade, ...], list[str]]:
    """Open the further layers of a folder; nothing is written.

    Parameters
    ----------
    lines, colors : SequenceReader
        The other inputs, which nothing is written into.
    locked : sequence of int
        Frames whose files in the output are kept.

    Returns
    -------
    tuple of Shade, list of str
        And what the artist must know, in sentences.

    Raises
    ------
    InputError, OutputError, UsageError
        When a layer cannot be used, or a file in the output is in the way.
    """
    base = Path(options.shot) if options.shot is not None else Path()
    shades: list[Shade] = []
    told: list[str] = []
    inputs = [lines.folder, colors.folder]
    for pattern in options.shade:
        reader = SequenceReader(pattern, base, like=lines.frames)
        name = reader.folder.name
        _check_name(name, pattern, shades)
        inputs.append(reader.folder)
        for folder in inputs:
            if same_file(output.path / name, folder):
                raise UsageError(
                    f"--shade {pattern} would be written into the input folder {folder}: choose "
                    "another --out folder"
                )
        painted = [frame for frame in reader.frames if frame in lines.frames]
        further = output.further(name, reader, painted)
        edited = further.survey(shot.frames, painted, locked, options.overwrite)
        there = [frame for frame in locked if frame in shot.frames and further.file(frame).exists()]
        left = left_on_references(shot, further, {*painted, *edited, *there})
        if left and painted:  # what a run has moved for pictures of another kind is in their way
            kind = _kind(reader.probe(painted[0]))
            left = [frame for frame in left if _kind(further.probe(frame)) == kind]
        kept = sorted({*edited, *there, *left} - set(painted))
        shade = load_shade(name, reader, further, shot, painted, kept)
        shades.append(shade)
        told += reader.remarks()
        if edited:
            told.append(
                f"frames {describe_frames(edited)} were changed in {further.folder} since the last "
                "run: they are kept and learned from; delete a file to have it made again"
            )
        if left:
            told.append(
                f"frames {describe_frames(left)} have their colours given: they keep what earlier "
                f"runs moved into {further.folder}; paint what belongs there, or delete a file"
            )
        empty = [
            reference.frame for reference in shot.references if not shade.digest(reference.frame)
        ]
        if empty:
            told.append(
                f"painted frames {describe_frames(empty)} have nothing in --shade {pattern}: it "
                "stays empty there; save what belongs there under the same numbers"
            )
    return tuple(shades), told


def _check_name(name: str, pattern: str, shades: Sequence[Shade]) -> None:
    """Raise UsageError where a layer cannot go to the folder of its name in OUT."""
    if name.casefold() in _TAKEN or name.startswith("."):
        raise UsageError(
            f"--shade {pattern} would be written to OUT/{name}, which has another use: give "
            "its folder another name"
        )
    # Some file systems take names for equal that differ in case alone.
    if any(name.casefold() == shade.name.casefold() for shade in shades):
        raise UsageError(
            f"--shade names two layers that would go to OUT/{name}: give their folders "
            "different names"
        )


def _kind(info: FrameInfo) -> tuple[int, int, int, bool]:
    """Return size and depth of a picture."""
    return info.height, info.width, info.depth, info.floating
