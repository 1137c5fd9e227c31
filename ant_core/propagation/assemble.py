"""From readers, an output and chosen frames to a run: the one place where a shot is checked.

A folder, a Krita document and a painting program differ in where pictures come from and in which
frames are kept; what has to hold before the first pixel is touched is the same for all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ant_core.color.pixels import PixelFormat
from ant_core.formats.base import FrameReader
from ant_core.propagation.explain import Explainer
from ant_core.propagation.options import RunOptions
from ant_core.propagation.output import Output
from ant_core.propagation.prepared import FeatureCache, MatcherLike
from ant_core.propagation.progress import Progress
from ant_core.propagation.run import Propagation, Settings
from ant_core.propagation.shades import Shade
from ant_core.propagation.timing import Timings
from ant_core.shot.hints import Hint, HintSet, NeverRule, SegmentLock
from ant_core.shot.model_sheet import ModelSheet
from ant_core.shot.shot import Shot, load_shot

__all__ = ["Assembly", "assemble"]


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """A shot that was checked, ready to be run.

    Attributes
    ----------
    shot : Shot
    output : Output
    hints : HintSet
        `frames` are all frames that are kept as the output has them.
    without_effect : tuple of str
        A sentence for each hint or lock on a frame whose colours are given anyway.
    shades : tuple of Shade
        Further layers that go with the segments.
    """

    shot: Shot
    output: Output
    hints: HintSet
    without_effect: tuple[str, ...]
    shades: tuple[Shade, ...] = ()

    def propagation(
        self,
        matcher: MatcherLike,
        options: RunOptions,
        *,
        cancel: threading.Event,
        notify: Callable[[Progress], None],
        timings: Timings | None = None,
        features: FeatureCache | None = None,
    ) -> Propagation:
        """Build the parts of the run; see `Propagation` for the parameters."""
        return Propagation(
            *self._parts(matcher, options),
            cancel=cancel,
            notify=notify,
            timings=timings,
            threads=options.threads,
            features=features,
            shades=self.shades,
            surfaces=options.surface == "auto",
        )

    def explainer(
        self,
        matcher: MatcherLike,
        options: RunOptions,
        *,
        cancel: threading.Event,
        features: FeatureCache | None = None,
    ) -> Explainer:
        """Build what explains the segments of a run that was made with these options."""
        parts = self._parts(matcher, options)
        return Explainer(*parts, cancel=cancel, threads=options.threads, features=features)

    def _parts(
        self, matcher: MatcherLike, options: RunOptions
    ) -> tuple[Shot, Output, MatcherLike, Settings, HintSet]:
        settings = Settings(gap_px=options.gap, rough=options.rough)
        return self.shot, self.output, matcher, settings, self.hints


def assemble(
    *,
    lines: FrameReader,
    colors: FrameReader,
    output: Output,
    frames: Sequence[int] | None,
    references: Sequence[int] | None,
    kept: Sequence[int],
    hints: HintSet,
    sheets: Sequence[ModelSheet],
    pixels: PixelFormat | None = None,
) -> Assembly:
    """Check frames, pictures, hints and locks of a shot; nothing is written.

    Parameters
    ----------
    lines, colors : FrameReader
        Line art of every frame; painted frames.
    output : Output
        Where the frames go; holds the pictures of the frames that are kept.
    frames : sequence of int or None
        The frames to colour; all if None.
    references : sequence of int or None
        The painted frames to learn from; all if None.
    kept : sequence of int
        Frames whose picture in the output is kept and learned from, those of `hints` included.
    sheets : sequence of ModelSheet
        References outside the shot.
    pixels : PixelFormat, optional
        What the place that the colours go to can hold; from the references if not given.

    Raises
    ------
    InputError
        When a picture, a hint or a lock cannot be used.
    UsageError
        When a frame that is asked for does not exist.
    """
    hints.check_frames(lines.frames)
    shot = load_shot(
        lines,
        colors,
        references=references,
        frames=frames,
        locked={frame: output.probe(frame) for frame in sorted(kept)},
        sheets=sheets,
        pixels=pixels,
        seen=[rule.frame for rule in hints.never if rule.frame is not None],
    )
    hints.check_values(shot.size, shot.pixels)
    given = _given_frames(shot)
    for lock in hints.locks:
        if lock.frame in shot.frames and lock.frame not in given:
            output.probe(lock.frame)
    return Assembly(
        shot=shot,
        output=output,
        hints=replace(hints, frames=tuple(sorted(kept))),
        without_effect=_without_effect(hints, given, shot),
    )


def _given_frames(shot: Shot) -> set[int]:
    """Return the frames whose drawing has its colours given."""
    given = {reference.frame for reference in shot.references}
    return {f for drawing in shot.drawings if given & set(drawing.frames) for f in drawing.frames}


def _without_effect(hints: HintSet, given: set[int], shot: Shot) -> tuple[str, ...]:
    items: list[Hint | SegmentLock | NeverRule] = [*hints.hints, *hints.locks]
    items += [rule for rule in hints.never if rule.by_drawing]
    sentences = [
        f"{item.name} has no effect: frame {item.frame} shows a painted or locked drawing"
        for item in items
        if item.frame in given
    ]
    for drawing in shot.drawings:
        if not hints.left_alone(drawing.frames):
            continue
        sentences += [
            f"{hint.name} has no effect: a never rule leaves frame {hint.frame} bare"
            for hint in hints.hints
            if hint.frame in drawing.frames and hint.frame not in given
        ]
    return tuple(sentences)
