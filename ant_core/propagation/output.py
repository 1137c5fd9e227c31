"""Where a run's frames go and what it remembers: the same to it for files and in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ant_core.color.palette import Palette
from ant_core.files import WholeFiles
from ant_core.formats.base import FrameInfo
from ant_core.propagation.record import Record
from ant_core.propagation.result import FrameResult

__all__ = ["Memory", "Output", "RunNotes", "RunOutput"]


class Memory(Protocol):
    """What earlier runs left: records of drawings by name, and which frame has which."""

    def pixels_of(self, digest: str) -> str | None:
        """Return the pixel hash of a line drawing seen before, by its `FrameInfo.digest`."""

    def note_pixels(self, digest: str, pixels: str) -> None:
        """Remember the pixel hash of a line drawing, by its `FrameInfo.digest`."""

    def record_of(self, frame: int) -> str | None:
        """Return the name of the record that a frame was last coloured by."""

    def note_record(self, frame: int, name: str) -> None:
        """Remember the name of the record that a frame was coloured by, once it shows it."""

    def begin(self, name: str, frames: Collection[int]) -> None:
        """Forget which record these frames have, and which others have the one of this name.

        Called before the record or a frame is written: what a stop leaves of them is not taken
        for done by the next run. Also on the thread that writes.
        """

    def load(self, name: str, palette: Palette) -> Record | None:
        """Return a record, None when there is none that can be read."""

    def save(self, name: str, record: Record, palette: Palette) -> None:
        """Keep a record; also called on the thread that writes."""

    def finish(self, live_digests: Collection[str]) -> None:
        """Forget what no frame uses, at the end of a whole run."""

    def close(self) -> None:
        """End of a run, whole or not."""


class Output(Protocol):
    """Painted frames, packed in some way, under their frame numbers.

    `encode`, `thumbnail` and `put` are also called on the thread that writes.
    """

    @property
    def state(self) -> Memory:
        """What earlier runs left here."""

    @property
    def packing(self) -> str:
        """What frames are packed as, for messages: "PNG"."""

    @property
    def format_key(self) -> str:
        """What beside the pixel format decides how frames are packed."""

    def place(self, frame: int) -> str:
        """Say where a frame lies once written, for messages and reports."""

    def is_intact(self, frame: int) -> bool:
        """Tell whether the frame is there as an earlier run wrote it."""

    def has_ours(self, frame: int) -> bool:
        """Tell whether the frame shows what a run has put there, and that is not blank."""

    def probe(self, frame: int) -> FrameInfo:
        """Check and describe the picture that the frame has now; InputError when it has none."""

    def read(self, frame: int) -> NDArray[Any]:
        """Return the pixels that the frame has now, (H, W, C); InputError when it has none."""

    def raw(self, frame: int) -> bytes:
        """Return the frame as packed; InputError when there is none."""

    def encode(self, painted: NDArray[Any]) -> bytes:
        """Pack a painted frame, (H, W, C) of the shot's format."""

    def thumbnail(self, line: NDArray[Any], painted: NDArray[Any]) -> bytes:
        """Return a packed small picture of a frame for its record; empty where none is shown."""

    def crop(
        self, line: NDArray[Any], painted: NDArray[Any], inside: NDArray[np.bool_], *, dark: bool
    ) -> bytes:
        """Return a packed part of a frame with a segment, (h, w), outlined; empty likewise.

        `dark` tells of light lines on a dark ground.
        """

    def put(self, frame: int, data: bytes, *, copied: bool = False) -> None:
        """Put a frame in place: what `encode` made, or `FrameReader.raw` of a painted one.

        `copied`, of a further layer: whether it is a picture of the artist's own.
        """

    def remove(self, frame: int) -> None:
        """Take away our picture of a frame that could not be coloured this time."""


@dataclass(frozen=True)
class RunNotes:
    """What an output may note of a run beside its frames.

    Attributes
    ----------
    model_hash : str
    review_below : float
        Confidence under which a segment counts as doubtful.
    palette : Palette
    gap_px : float or None
    """

    model_hash: str
    review_below: float
    palette: Palette
    gap_px: float | None


class RunOutput(Output, Protocol):
    """An output on disk, with report, contact sheet and review page beside it."""

    @property
    def files(self) -> WholeFiles:
        """What files are written with."""

    @property
    def path(self) -> Path:
        """The folder or document that was asked for."""

    def file(self, frame: int) -> Path:
        """Return the file that holds a frame once written."""

    @property
    def report_path(self) -> Path:
        """Where the report as JSON is written."""

    @property
    def sheet_path(self) -> Path:
        """Where the contact sheet is written."""

    def alone(self) -> AbstractContextManager[None]:
        """Keep the output from other processes; OutputError when one of them has it."""

    @property
    def page_path(self) -> Path:
        """The page of segments that need a look."""

    @property
    def notes_path(self) -> Path:
        """What was noted on that page."""

    def prepare(self) -> None:
        """Make the folders and take away what a killed run left unfinished."""

    def finish(self, results: Mapping[int, FrameResult], notes: RunNotes) -> None:
        """Put together what is only written whole, once every frame is done."""
