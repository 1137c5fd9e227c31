"""The line drawings of a run: taken apart, encoded and remembered, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import Cancelled, InputError
from ant_core.matching.matcher import DrawingFeatures
from ant_core.matching.sources import SheetId, SourceId
from ant_core.propagation.division import Division
from ant_core.propagation.output import Memory
from ant_core.propagation.pipeline import Pipeline
from ant_core.propagation.prepared import (
    HUGE_PIXELS,
    Analysis,
    FeatureCache,
    MatcherLike,
    analyze,
    describe_labels,
    pixel_hash,
)
from ant_core.propagation.timing import Timings
from ant_core.shot.shot import Shot
from segmentation import Rough, extract_lines, relabel_pieces

__all__ = ["Drawings", "Settings"]


@dataclass(frozen=True)
class Settings:
    """How a shot is propagated.

    Attributes
    ----------
    gap_px : float or None
        Widest gap in a line that is closed, in pixels; derived from the drawing if None.
    rough : "auto", "keep" or "ignore"
        Whether a light coloured sketch under the ink belongs to the lines.
    max_references : int
        Painted drawings a target is matched against, the nearest ones; `max_columns` bounds
        them by segments long before this does in dense shots.
    max_pairs : int
        Target times reference segments in one match, for memory (some 700 bytes each). Above
        it farther references are left out, and at last the drawing is matched in tiles.
    max_columns : int
        Reference segments in one match, for memory likewise (some 60 bytes for each two).
    disagreement_share : float
        Share of similarity from which a painted side that votes otherwise is a contradiction.
    cached_segments : int
        Segments whose encoded form is kept at hand, about 1.5 kB each, the small picture of a
        drawing counting as 400.
    """

    gap_px: float | None = None
    rough: Rough = "auto"
    max_references: int = 64
    max_pairs: int = 1_300_000
    max_columns: int = 3_000
    disagreement_share: float = 0.2
    cached_segments: int = 28_000

    def fits(self, columns: int, count: int) -> bool:
        """Tell whether so many reference and `count` target segments fit into one match."""
        return columns <= self.max_columns and columns * count <= self.max_pairs


class Drawings:
    """Reads, segments, describes and encodes the drawings of one run.

    Parameters
    ----------
    memory : Memory
        Knows the pixel hashes of drawings that earlier runs have read.
    matcher : MatcherLike
        Encodes them.
    threads : int or None
        CPU threads of the kernels; all cores if None.
    features : FeatureCache or None
        Of an earlier run with the same matcher and gap width; a new one if None.

    Attributes
    ----------
    pipeline : Pipeline
        Takes drawings apart ahead of the run, and writes behind it.
    """

    def __init__(
        self,
        shot: Shot,
        memory: Memory,
        matcher: MatcherLike,
        settings: Settings,
        *,
        timings: Timings,
        cancel: threading.Event,
        threads: int | None,
        features: FeatureCache | None = None,
    ) -> None:
        self._shot = shot
        self._memory = memory
        self._matcher = matcher
        self._settings = settings
        self._timings = timings
        self._cancel = cancel
        self._digests = {f: drawing.digest for drawing in shot.drawings for f in drawing.frames}
        self._features = features or FeatureCache(settings.cached_segments)
        # One thread means one: helpers that read ahead and write behind would be two more.
        overlap = threads != 1 and shot.size[0] * shot.size[1] <= HUGE_PIXELS
        self.pipeline = Pipeline(self._analyze, overlap=overlap, threads=threads)
        self.encode_sheet: Callable[[SheetId], DrawingFeatures]  # `SheetSources` sets it

    @property
    def line_digests(self) -> set[str]:
        """`FrameInfo.digest` of every line file of the run."""
        return set(self._digests.values())

    def check(self) -> None:
        """Raise Cancelled if the run was cancelled, or the error of a write that failed."""
        self._stop_if_asked()
        self.pipeline.check()

    def _stop_if_asked(self) -> None:
        if self._cancel.is_set():
            raise Cancelled(
                "stopped: finished frames stay, run the same command again to go on from there"
            )

    def line_hash(self, frame: int) -> str:
        """Return the pixel hash of a line drawing, without unpacking it where it is known."""
        known = self._memory.pixels_of(self._digests[frame])
        if known is None:
            # About to be needed in most cases, so the whole drawing is made ready.
            known = self.pipeline.get(frame).line_hash
            self._memory.note_pixels(self._digests[frame], known)
        return known

    def _analyze(self, frame: int) -> Analysis:
        with self._timings.measure("read"):
            image = self._shot.lines.read(frame)
            if image.shape[:2] != self._shot.size:
                raise InputError(
                    f"{self._shot.lines.place(frame)} changed its size while the run was under "
                    "way: start the run again"
                )
            line_hash = pixel_hash(image)
        self._stop_if_asked()  # a large drawing takes a good part of a second to take apart
        gap_px, rough = self._settings.gap_px, self._settings.rough
        return analyze(image, line_hash, gap_px, self._timings, rough=rough)

    def features(
        self, source: SourceId, line_hash: str, division: Division | None = None
    ) -> DrawingFeatures:
        """Return the encoded form of a drawing or sheet, made again if it was dropped.

        Segments of a drawing are those that its lines divide, or those of `division`, where
        colours divided it.
        """
        if isinstance(source, SheetId) or division is None or division.plain:
            return self._features.get(line_hash, lambda: self._encode(source))
        key = f"{line_hash} {pixel_hash(division.of_piece)}"
        return self._features.get(key, lambda: self.encode_labels(source, division.of_piece))

    def _encode(self, source: SourceId) -> DrawingFeatures:
        if isinstance(source, SheetId):
            return self.encode_sheet(source)
        descriptors = self.pipeline.get(source).descriptors
        with self._timings.measure("encode"):
            return self._matcher.encode(descriptors)

    def encode_labels(self, frame: int, of_piece: NDArray[np.int32]) -> DrawingFeatures:
        """Encode a drawing divided another way; of_piece: (P,) int32, segment of every piece."""
        analysis = self.pipeline.get(frame)
        labels = relabel_pieces(analysis.pieces.labels, of_piece)
        lines = analysis.lines or extract_lines(analysis.image, rough=self._settings.rough)
        descriptors = describe_labels(lines, labels, self._timings)
        known = analysis.descriptors.small
        if known is not None and descriptors.small is not None:
            # Flow fields are kept by picture: the one that they were computed of serves again.
            small = replace(descriptors.small, darkness=known.darkness)
            descriptors = replace(descriptors, small=small)
        with self._timings.measure("encode"):
            return self._matcher.encode(descriptors)

    def keep_features(self, line_hash: str, encoded: DrawingFeatures) -> None:
        """Keep an encoded form that was made elsewhere."""
        self._features.get(line_hash, lambda: encoded)
