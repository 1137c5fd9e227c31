"""Colour a shot of arrays."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import cv2
import numba
import numpy as np

from ant_core.api.arrays import ArrayFrames, Frames, frame_number
from ant_core.api.label_map import check_lines_options
from ant_core.api.model import Model
from ant_core.api.result import ColoredFrame, Result, SharedRun
from ant_core.errors import Cancelled, InputError
from ant_core.guard import parse_json
from ant_core.matching.review import REVIEW_BELOW
from ant_core.output.delivery import Delivery
from ant_core.output.memory import MemoryOutput
from ant_core.output.report import notes_of
from ant_core.propagation.assemble import Assembly, assemble
from ant_core.propagation.options import SHARE, RunOptions, Surface, check_range
from ant_core.propagation.result import FrameResult
from ant_core.shot.hints import HintSet, parse_hints
from ant_core.shot.model_sheet import open_model_sheets
from segmentation import Rough

__all__ = ["Stopped", "propagate"]

OnFrame = Callable[[ColoredFrame, int, int], None]


class Stopped(Cancelled):
    """A run was cancelled; `result` has the frames that were done.

    Give it as `previous` to go on from there.
    """

    def __init__(self, message: str, result: Result) -> None:
        super().__init__(message)
        self.result = result


def propagate(
    lines: Frames,
    painted: Frames,
    *,
    frames: Iterable[int] | None = None,
    hints: Mapping[str, Any] | None = None,
    model_sheets: Sequence[str | PathLike[str]] = (),
    model: Model | None = None,
    gap_px: float | None = None,
    rough: Rough = "auto",
    review_below: float = REVIEW_BELOW,
    surface: Surface = "off",
    previous: Result | None = None,
    on_frame: OnFrame | None = None,
    cancel: threading.Event | None = None,
) -> Result:
    """Colour every frame of a shot from those that are painted, as `ant_core propagate` does.

    Parameters
    ----------
    lines : mapping of int to array, or sequence of arrays
        Line art by frame number; a sequence counts from 0. Each as in `segment`, all of one
        size. Not modified, and not copied: leave them as they are while the result is in use.
    painted : mapping of int to array, or sequence of arrays and None
        Painted frames: (H, W) grey or (H, W, C) with 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA, or
        5 CMYK and alpha; uint8, uint16, float16 or float32, all of one type; alpha is straight.
        Values come back bit for bit. Not modified.
    frames : iterable of int, optional
        The frames to colour. Default: all of `lines`.
    hints : mapping, optional
        Hints, locks and rules as in a `--hints` file, see docs/command_line.md. What a lock keeps
        is the picture in `previous`.
    model_sheets : sequence of str or path
        Files of coloured pictures outside the shot that are learned from as well.
    model : Model, optional
        Default: the one in the package, loaded for this call.
    gap_px, rough
        As in `segment`.
    review_below : float
        Confidence, 0 to 1, under which a segment counts as doubtful.
    surface : "auto" or "off"
        Whether segments painted with texture, gradients or hard shadows keep them, as `--surface`.
    previous : Result, optional
        Of an earlier call: only what depends on a change is computed again. Not modified.
    on_frame : callable, optional
        Called with each `ColoredFrame` when it is done, how many are done, and of how many; from
        this thread or another one, never twice at a time. What it raises ends the run.
    cancel : threading.Event, optional
        Set it from another thread, or in `on_frame`, to stop within a second.

    Raises
    ------
    InputError
        When a picture, a hint or a lock cannot be used, or nothing is painted.
    UsageError
        When a frame that is asked for does not exist, or a value is out of range.
    ModelMissing, ModelCorrupt, DeviceUnavailable
        When `model` is not given and cannot be loaded.
    Stopped
        When it was cancelled.
    """
    check_lines_options(gap_px, rough)
    check_range("review_below", review_below, SHARE)
    model = model or Model()
    options = RunOptions(
        model_sheet=tuple(fspath(path) for path in model_sheets),
        gap=gap_px,
        rough=rough,
        threads=model.threads,
        review_below=review_below,
        surface=surface,
    )
    options.check()
    drawings = ArrayFrames(lines, "lines")
    asked = None if frames is None else [frame_number(frame, "frames") for frame in frames]
    assembly, output = _assembled(drawings, painted, asked, hints, options, previous)
    return _Call(assembly, output, drawings, options, on_frame, cancel).run(model)


def _assembled(
    lines: ArrayFrames,
    painted: Frames,
    frames: Sequence[int] | None,
    hints: Mapping[str, Any] | None,
    options: RunOptions,
    previous: Result | None,
) -> tuple[Assembly, MemoryOutput]:
    """Check the shot."""
    colors = ArrayFrames(painted, "painted")
    sheets = open_model_sheets([Path(name) for name in options.model_sheet])
    pixels = colors.bring_to_one_format()
    given = HintSet() if hints is None else parse_hints(_plain(hints), "hints", lines.frames)
    if pixels is None and sheets:
        pixels = sheets[0].own_format()
    if pixels is None or not lines.frames:
        missing = (
            "painted frame: give one in painted, or a model sheet"
            if pixels is None
            else "line drawing: give one in lines"
        )
        raise InputError(f"the shot has no {missing}")
    first = lines.probe(lines.frames[0])
    output = MemoryOutput((first.height, first.width), pixels)
    if previous is not None:
        output.go_on_from(previous._run.output)
    assembly = assemble(
        lines=lines,
        colors=colors,
        output=output,
        frames=frames,
        references=None,
        kept=given.frames,
        hints=given,
        sheets=sheets,
        pixels=pixels,
    )
    return assembly, output


def _plain(hints: Mapping[str, Any]) -> Any:
    """Return hints as JSON has them: with Python's own numbers and lists."""

    def own(value: Any) -> Any:
        if isinstance(value, np.generic | np.ndarray):
            return value.tolist()
        raise InputError(f"hints holds a {type(value).__name__}: give numbers, lists and text")

    try:
        return parse_json(json.dumps(dict(hints), default=own))
    except (TypeError, ValueError) as error:  # keys that are no text, circles
        raise InputError(f"hints is no document: {error}") from None


class _Call:
    """One run, from the checked shot to its result."""

    def __init__(
        self,
        assembly: Assembly,
        output: MemoryOutput,
        lines: ArrayFrames,
        options: RunOptions,
        on_frame: OnFrame | None,
        cancel: threading.Event | None,
    ) -> None:
        self._assembly = assembly
        self._output = output
        self._lines = lines
        self._options = options
        self._on_frame = on_frame
        self._stop = _Stop(cancel)
        self._done: dict[int, FrameResult] = {}
        self._failure: Exception | None = None
        self._run: SharedRun | None = None

    def run(self, model: Model) -> Result:
        """Colour the shot; `Stopped` and what `on_frame` raised come out of it."""
        delivery = Delivery(self._tell)
        self._output.begin({}, delivery.on_put)
        with _THREADS.kept():
            propagation = self._assembly.propagation(
                model._matcher, self._options, cancel=self._stop, notify=delivery.on_result
            )
            self._run = SharedRun(self._lines, self._output, propagation.palette, self._options)
            try:
                propagation.run()
            except Cancelled:
                if self._failure is None:
                    message = "stopped: give the result so far as previous to go on from there"
                    raise Stopped(message, self._result()) from None
        if self._failure is not None:
            raise self._failure
        return self._result()

    def _result(self) -> Result:
        assert self._run is not None
        warnings = *self._assembly.without_effect, *notes_of(self._done)
        return Result(self._run, self._done, warnings)

    def _tell(self, result: FrameResult, done: int, total: int) -> None:
        """Note a frame whose picture is in place, and tell the caller of it."""
        assert self._run is not None
        self._done[result.frame] = result
        if self._on_frame is None or self._failure is not None:
            return
        try:
            self._on_frame(ColoredFrame(result, self._run), done, total)
        except Exception as error:
            # Raised from within the run, it could be taken for a drawing that cannot be coloured.
            self._failure = error
            self._stop.set()


class _Stop(threading.Event):
    """Set when the caller's event is, or by itself."""

    def __init__(self, asked: threading.Event | None) -> None:
        super().__init__()
        self._asked = asked

    def is_set(self) -> bool:
        return super().is_set() or (self._asked is not None and self._asked.is_set())


class _CallersThreads:
    """Leaves the numbers of threads of OpenCV and Numba as the caller has them.

    Numba's number is that of a thread, OpenCV's that of the process: of calls that overlap the
    last one gives it back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = 0
        self._opencv = 0

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Give the numbers back at the end."""
        kernels = numba.get_num_threads()
        with self._lock:
            if self._calls == 0:
                self._opencv = cv2.getNumThreads()
            self._calls += 1
        try:
            yield
        finally:
            numba.set_num_threads(kernels)
            with self._lock:
                self._calls -= 1
                if self._calls == 0:
                    cv2.setNumThreads(self._opencv)


_THREADS = _CallersThreads()
