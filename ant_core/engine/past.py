"""What the last runs of a session made of its frames, and of what."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace

from ant_core.color.palette import Palette
from ant_core.errors import InputError
from ant_core.propagation.assemble import Assembly
from ant_core.propagation.explain import changed_since
from ant_core.propagation.options import RunOptions
from ant_core.propagation.result import FrameResult
from ant_core.shot.shot import Shot

__all__ = ["PastFrame", "PastRuns"]

# Runs that can be repeated to explain what they did: each keeps the pictures that it was given,
# which may all be others by now.
_MOST_RUNS = 8


@dataclass(frozen=True)
class PastFrame:
    """What the last run over a frame made of it, of which drawing, and what the run was given."""

    digest: str
    result: FrameResult
    palette: Palette
    assembly: Assembly | None  # None once several later runs have been made
    options: RunOptions

    @property
    def gap_px(self) -> float | None:
        """The gap width that was asked for."""
        return self.options.gap


class PastRuns:
    """Results by frame, each with its run."""

    def __init__(self) -> None:
        self._frames: dict[int, PastFrame] = {}
        self._runs: list[weakref.ref[Shot]] = []  # those that some frame keeps, the oldest first

    def note(
        self, result: FrameResult, palette: Palette, assembly: Assembly, options: RunOptions
    ) -> None:
        """Keep the result of a frame of a run; further layers, which take no part, are not kept."""
        assembly = replace(assembly, shades=())
        digest = assembly.shot.lines.probe(result.frame).digest
        self._frames[result.frame] = PastFrame(digest, result, palette, assembly, options)
        if not self._runs or self._runs[-1]() is not assembly.shot:
            self._runs = [run for run in self._runs if run() is not None]
            self._runs.append(weakref.ref(assembly.shot))
        if len(self._runs) > _MOST_RUNS:
            oldest = self._runs.pop(0)()
            for frame, past in self._frames.items():
                if past.assembly is not None and past.assembly.shot is oldest:
                    self._frames[frame] = replace(past, assembly=None)

    def forget(self, frame: int) -> None:
        """A frame is gone."""
        self._frames.pop(frame, None)

    def last(self, frame: int, digest: str) -> PastFrame | None:
        """Return what the last run made of a frame, if it still has the drawing it had then."""
        past = self._frames.get(frame)
        return None if past is None or past.result.error or past.digest != digest else past

    def explained(self, frame: int, digest: str) -> tuple[PastFrame, Assembly]:
        """Return what a question about a frame is put to, and its run.

        Raises
        ------
        InputError
            When no run here has coloured it as it is.
        """
        past = self._frames.get(frame)
        if past is None:
            raise InputError(
                f"frame {frame} was not coloured since the engine was started: propagate again, "
                "then ask once more"
            )
        if past.result.error:
            raise InputError(past.result.error)
        if past.digest != digest:
            raise InputError(
                f"the drawing of frame {frame} has changed since it was coloured: propagate again, "
                "then ask once more"
            )
        if past.assembly is None:
            raise changed_since(frame)
        return past, past.assembly
