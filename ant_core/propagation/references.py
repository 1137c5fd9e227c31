"""Colours that are given: those of painted frames, and the artist's hints and locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from heapq import heappop, heappush
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.joined import FLAT_SHARE
from ant_core.color.palette import (
    NO_COLOR,
    UNPAINTED,
    Palette,
    SegmentColors,
    read_segment_colors,
)
from ant_core.color.shifted import find_shift, move_back
from ant_core.matching.fills import FLAG_DAB, LOCKED, NOT_FLAT, PAINTED, STATE_UNPAINTED, Fills
from ant_core.propagation.division import Division
from ant_core.propagation.drawings import Drawings
from ant_core.propagation.output import Output
from ant_core.propagation.prepared import Analysis
from ant_core.propagation.record import Record, digest_of
from ant_core.propagation.result import NotFlat
from ant_core.propagation.textures import number_textures
from ant_core.shot.hints import HintSet, segment_under
from ant_core.shot.shot import Reference, Shot
from segmentation import Pieces, Segmentation, cut_by_colors

__all__ = ["GivenColors", "read_painting", "read_reference"]

Colors = NDArray[np.int32]  # (P,) palette index of every piece

_NAMED = 3  # places that a note names


def read_painting(shot: Shot, output: Output, reference: Reference) -> NDArray[Any]:
    """Return the colour picture of a reference, (H, W, C) in the shot's format."""
    source = output if reference.origin == "locked" else shot.colors
    frame = reference.frame
    return shot.pixels.convert(source.read(frame), source.place(frame))


def read_reference(
    analysis: Analysis,
    reference: Reference,
    image: NDArray[Any],
    palette: Palette,
    keys: dict[str, str],
    *,
    surfaces: bool,
) -> Record:
    """Read the colours of a painted frame, piece by piece, and divide it where they meet.

    Parameters
    ----------
    analysis : Analysis
        Its line drawing.
    image : (H, W, C) in the format of the palette
        Its colour picture.
    palette : Palette
        Takes up its colours.
    keys : dict of str to str
        What the record depends on.
    surfaces : bool
        Whether a segment of several colours keeps them, so that none of them is doubted.

    Returns
    -------
    Record
        Without a thumbnail.
    """
    frame = reference.frame
    colors, shift = _read(analysis.pieces.labels, image, palette)
    index, segmentation = _divided(analysis, colors, palette, surfaces=surfaces)
    state = np.where(index == UNPAINTED, STATE_UNPAINTED, PAINTED)
    mixed = np.flatnonzero((colors.share < FLAT_SHARE) & (index != NO_COLOR))
    state[mixed] = NOT_FLAT
    if reference.origin == "locked":
        state[:] = LOCKED
    dabbed = colors.dab_at[:, 0] >= 0
    flags = np.where(dabbed, FLAG_DAB, 0).astype(np.uint8)
    pieces, of_piece = analysis.pieces, segmentation.of_piece
    sure = np.ones_like(colors.sure) if surfaces else colors.sure
    fills = replace(Fills.given(index, state, frame), flags=flags, confidence=sure)
    fills = fills.merged(of_piece, pieces.area)
    fills = replace(fills, source_segment=np.arange(1, fills.count + 1, dtype=np.int32))
    # The largest piece of a segment comes last, and so has the last word on its place.
    mixed = mixed[np.argsort(pieces.area[mixed], kind="stable")]
    not_flat = tuple(
        NotFlat(
            int(of_piece[row]),
            int(colors.second[row]),
            float(colors.second_share[row]),
            (int(colors.second_at[row, 0]), int(colors.second_at[row, 1])),
            float(colors.share[row]),
        )
        for row in mixed
    )
    division = Division.make(analysis, segmentation)
    digest = fills.digest(analysis.line_hash, palette)
    return Record(
        keys=keys,
        sources=(),
        digest=digest,
        fills=fills,
        division=division,
        not_flat=not_flat,
        gap_px=pieces.gap_px,
        lines=analysis.taken,
        notes=_notes(frame, shift, colors.dab_at[dabbed], not_flat),
    )


def _read(
    labels: NDArray[np.int32], image: NDArray[Any], palette: Palette
) -> tuple[SegmentColors, tuple[int, int] | None]:
    """Read the colours of segments; of a frame beside its lines as if it were moved back."""
    colors = read_segment_colors(labels, image, palette)
    shift = find_shift(labels, image, palette.format, colors)
    if shift is None:
        return colors, None
    moved = read_segment_colors(labels, move_back(image, shift), palette)
    better = moved.second_share.sum() < colors.second_share.sum()
    return (moved, shift) if better else (colors, None)


def _divided(
    analysis: Analysis, colors: SegmentColors, palette: Palette, *, surfaces: bool
) -> tuple[Colors, Segmentation]:
    """Divide a painted drawing where its colours meet; returns the colour of every piece, too.

    With `surfaces`, pieces of which no colour covers most are textures: pieces of one have other
    commonest colours, and would be divided at every narrow place. See `number_textures`.

    A bare piece beside one that has a dab of paint, with no line between them, gets its colour:
    the dab means the whole segment. So does a smaller bare segment behind a closed gap, which the
    artist did not take for a line.
    """
    index, segment = colors.index.copy(), analysis.segmentation.of_piece
    dabbed = np.unique(segment[colors.dab_at[:, 0] >= 0])
    bare = np.isin(segment, dabbed) & (index == UNPAINTED)
    index[bare] = NO_COLOR
    scattered = surfaces & (index > UNPAINTED) & (colors.share < FLAT_SHARE)
    paint = index
    if scattered.any():
        texture = number_textures(segment, index, colors.second, scattered, palette)
        paint = np.where(texture > 0, index.max(initial=UNPAINTED) + texture, index)
    segmentation = cut_by_colors(analysis.pieces, paint)
    known = np.full(int(segmentation.of_piece.max(initial=0)) + 1, UNPAINTED, np.int32)
    known[segmentation.of_piece[~bare]] = index[~bare]
    index[bare] = known[segmentation.of_piece[bare]]
    _over_gaps(analysis.pieces, segmentation.of_piece - 1, index, colors.dab_at[:, 0] >= 0)
    return index, segmentation


def _over_gaps(
    pieces: Pieces, segment: NDArray[np.int32], index: Colors, dabbed: NDArray[np.bool_]
) -> None:
    """Give bare segments the colour of larger dabbed ones behind closed gaps, in place.

    The gap that looks least like a line goes first, and what got its colour hands it on.
    """
    if not dabbed.any():
        return
    area = np.bincount(segment, pieces.area)
    color = np.full(len(area), UNPAINTED, np.int32)
    color[segment] = index
    meant = np.zeros(len(area), np.bool_)
    meant[segment[dabbed]] = True
    rows = np.flatnonzero(pieces.passes.closed)
    rows = rows[np.argsort(pieces.passes.strength[rows], kind="stable")]
    ends = segment[pieces.passes.pieces[rows] - 1]
    larger = area[ends[:, :1]] > area[ends[:, 1:]]
    giver, taker = np.where(larger, ends, ends[:, ::-1]).T
    able = (area[taker] < area[giver]) & ~meant[taker] & (color[taker] == UNPAINTED)
    giver, taker = giver[able], taker[able]
    by_giver = np.argsort(giver, kind="stable")
    start = np.searchsorted(giver[by_giver], np.arange(len(area) + 1))
    # A gap is named by its rank. Sorted, the first ones are a heap.
    ready = np.flatnonzero((meant & (color > UNPAINTED))[giver]).tolist()
    while ready:
        gap = heappop(ready)
        new = taker[gap]
        if meant[new]:
            continue
        color[new], meant[new] = color[giver[gap]], True
        for more in by_giver[start[new] : start[new + 1]].tolist():
            heappush(ready, more)
    index[:] = np.where(meant[segment] & (index == UNPAINTED), color[segment], index)


def _notes(
    frame: int,
    shift: tuple[int, int] | None,
    dabs: NDArray[np.int32],
    not_flat: Sequence[NotFlat],
) -> tuple[str, ...]:
    """Say in one sentence each what a painted frame has that a flat one has not."""
    notes = []
    if shift is not None:
        notes.append(
            f"frame {frame} is painted {shift[0]}, {shift[1]} px (right, down) beside its lines: "
            "its colours are read as if it were moved back; move it"
        )
    if len(dabs):
        places = _places([f"{x}, {y}" for x, y in dabs.tolist()])
        notes.append(
            f"frame {frame}: paint that does not fill its segment gives {len(dabs)} of them "
            f"their colour, at {places}"
        )
    if not_flat:
        places = _places([_cause(item) for item in not_flat])
        notes.append(f"frame {frame} is not painted flat at {places}: fill the segment, or part it")
    return tuple(notes)


def _places(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return "; ".join(names[:_NAMED]) + (f" and {more} more places" if more > 0 else "")


def _cause(item: NotFlat) -> str:
    """Name place and cause: another flat colour, or many."""
    place = f"{item.at[0]}, {item.at[1]}"
    if item.share > 1 - FLAT_SHARE:
        return f"{place} (another colour on {item.share:.0%} of segment {item.segment})"
    return (
        f"{place} (a gradient or noise: the colour meant covers {item.cover:.0%} of segment "
        f"{item.segment})"
    )


class GivenColors:
    """What the artist fixed by hand.

    Parameters
    ----------
    output : Output
        Holds the painted files that locks lie on.
    """

    def __init__(
        self, drawings: Drawings, palette: Palette, output: Output, hints: HintSet
    ) -> None:
        self._drawings = drawings
        self._palette = palette
        self._output = output
        self._hints = hints
        # What `keys` asks of a drawing is asked once more when it is coloured.
        self._last_locked: tuple[tuple[int, ...], dict[int, int]] | None = None

    def keys(self, frame: int, frames: Sequence[int]) -> dict[str, str]:
        """Return what a drawing shown at `frames` depends on, by name."""
        given = self._hints.on(frames)
        raw = self._palette.raw
        locked = self.locked(frames, self._drawings.pipeline.get(frame)) if given.locks else {}
        return {
            "hints": digest_of([[hint.points, hint.color] for hint in given.hints]),
            "locks": digest_of([[piece, raw(i)] for piece, i in sorted(locked.items())]),
        }

    def hinted(
        self, frames: Sequence[int], analysis: Analysis, segmentation: Segmentation, color: Colors
    ) -> dict[int, int]:
        """Return palette index by piece id, for all pieces of the segments that hints lie on.

        Of two hints on one piece the later counts. Hints of several colours on one segment
        divide it: each takes the pieces on its side of the cheapest cut between them.

        Parameters
        ----------
        segmentation : Segmentation
            As the votes divide the drawing.
        color : (P,) int32
            Palette indices that the votes give.
        """
        pieces = analysis.pieces
        under: dict[int, int] = {}
        for hint in self._hints.on(frames).hints:
            piece = segment_under(pieces.labels, hint.points)
            if piece:
                under[piece] = hint.palette_index(self._palette)
        found: dict[int, int] = {}
        by_segment: dict[int, dict[int, int]] = {}
        for piece, index in under.items():
            by_segment.setdefault(int(segmentation.of_piece[piece - 1]), {})[piece] = index
        for segment, given in by_segment.items():
            own = np.flatnonzero(segmentation.of_piece == segment)
            if len(set(given.values())) > 1:
                wanted = color.astype(np.int64).copy()
                wanted[own] = -1
                wanted[np.array(list(given)) - 1] = list(given.values())
                parts = cut_by_colors(pieces, wanted).of_piece
                for piece, index in given.items():
                    side = own[parts[own] == parts[piece - 1]]
                    found |= dict.fromkeys((side + 1).tolist(), index)
            else:
                found |= dict.fromkeys((own + 1).tolist(), next(iter(given.values())))
        return found

    def locked(self, frames: Sequence[int], analysis: Analysis) -> dict[int, int]:
        """Return palette index by piece id, as the painted files in the output have it.

        Those are read when a drawing's frames are first asked for, before the drawing is written.
        """
        key = tuple(frames)
        if self._last_locked is None or self._last_locked[0] != key:
            self._last_locked = key, self._read_locked(frames, analysis)
        return self._last_locked[1]

    def _read_locked(self, frames: Sequence[int], analysis: Analysis) -> dict[int, int]:
        colors: dict[int, int] = {}
        present: dict[int, tuple[Colors, Segmentation]] = {}
        for lock in self._hints.on(frames).locks:
            if lock.frame not in present:
                color = self._present_colors(lock.frame, analysis)
                present[lock.frame] = color, cut_by_colors(analysis.pieces, color)
            color, segmentation = present[lock.frame]
            segment = segment_under(segmentation.labels, lock.points)
            if segment:
                for row in np.flatnonzero(segmentation.of_piece == segment).tolist():
                    colors[row + 1] = int(color[row])
        return colors

    def _present_colors(self, frame: int, analysis: Analysis) -> Colors:
        image, place = self._output.read(frame), self._output.place(frame)
        image = self._palette.format.convert(image, place)
        return read_segment_colors(analysis.pieces.labels, image, self._palette).index
