"""Palette colours: the artist's raw values, counted per segment, copied, never averaged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color._read_kernels import group_pairs, longest_runs
from ant_core.color.joined import FLAT_SHARE, JoinedColors, join_colors
from ant_core.color.pixels import PixelFormat, from_codes, same_as_next, to_codes, to_display

__all__ = [
    "NO_COLOR",
    "UNPAINTED",
    "Palette",
    "PixelFormat",
    "SegmentColors",
    "read_segment_colors",
]

NO_COLOR = -1  # index of "no counterpart": nothing is known, nothing is painted
UNPAINTED = 0  # index of the colour "unpainted", which references teach like any other

_BAND_PIXELS = 1 << 22  # pictures are read in bands of rows, so that memory stays bounded
_SAME_SHARE = 1e-6  # shares are kept as 32 bits
_PAPER_LIGHT = 200  # levels from which on the colour about the picture's edge is paper
_LEAST_INTERIOR = 0.1  # share of a segment that must be interior for the rim to be left out


class Palette:
    """The colours of a shot, each a pixel's raw channel values, with stable indices.

    Index 0 (`UNPAINTED`) is bare: transparent, or white paper where the format has no alpha.
    """

    def __init__(self, pixels: PixelFormat) -> None:
        self.format = pixels
        self._colors: list[NDArray[Any]] = [pixels.bare()]
        # Opaque white is a colour like any other, so the bare entry is no key without alpha.
        self._index: dict[bytes, int] = {}
        self._sure: set[int] = set()
        self._never = NO_COLOR

    def __len__(self) -> int:
        return len(self._colors)

    def index(self, color: Iterable[float] | NDArray[Any]) -> int:
        """Return the index of a colour, adding it if it is new; transparent is `UNPAINTED`."""
        values = color if isinstance(color, np.ndarray) else tuple(color)
        pixel = np.array(values, self.format.dtype)
        if self.format.has_alpha and pixel[-1] == 0:
            return UNPAINTED
        key = pixel.tobytes()
        if key not in self._index:
            self._index[key] = len(self._colors)
            self._colors.append(pixel)
        return self._index[key]

    @property
    def never(self) -> int:
        """Index that means "a rule leaves this bare"; no pixel has it."""
        if self._never == NO_COLOR:
            self._never = len(self._colors)
            self._colors.append(self.format.bare())
        return self._never

    def color(self, index: int) -> tuple[Any, ...]:
        """Return the channel values of a colour as Python numbers."""
        return tuple(self._colors[index].tolist())

    def raw(self, index: int) -> str:
        """Return the bytes of a colour as hexadecimal digits: exact for floats too."""
        return self._colors[index].tobytes().hex()

    def index_of_raw(self, raw: str) -> int:
        """Return the index of a colour written by `raw`; ValueError when it is none."""
        pixel = np.frombuffer(bytes.fromhex(raw), self.format.dtype)
        if len(pixel) != self.format.channels:
            raise ValueError(f"{raw} is no colour of {self.format.channels} channels")
        return self.index(pixel)

    def order(self) -> NDArray[np.int64]:
        """Rank of each index by colour value: ties fall the same way however it was filled."""
        codes = to_codes(np.array(self._colors, self.format.dtype), self.format)
        rank = np.zeros(len(self._colors), np.int64)
        rank[1 + np.argsort(codes[1:])] = np.arange(1, len(self._colors))
        return rank

    def note_paints(self, indices: NDArray[np.int32]) -> None:
        """Remember that colours are paints of a painted frame: noisy ones may join them."""
        self._sure.update(np.unique(indices[indices > UNPAINTED]).tolist())

    def paints(self) -> NDArray[Any]:
        """Return the codes (`to_codes`) of the paints noted, rising."""
        colors = np.array([self._colors[i] for i in sorted(self._sure)], self.format.dtype)
        return np.unique(to_codes(colors.reshape(-1, self.format.channels), self.format))

    def table(self, fills: NDArray[np.int32]) -> NDArray[Any]:
        """Return the colours to paint segments with.

        Parameters
        ----------
        fills : (N,) int32
            Palette indices; `NO_COLOR` is left bare.

        Returns
        -------
        (N + 1, channels) of the format's dtype, row i for segment id i, row 0 bare
        """
        colors = np.array(self._colors, self.format.dtype)
        rows = np.concatenate([[UNPAINTED], np.maximum(fills, UNPAINTED)])
        return np.asarray(colors[rows])


@dataclass(frozen=True)
class SegmentColors:
    """What a painted frame teaches; row i is segment id i + 1.

    Attributes
    ----------
    index : (N,) int32
        Palette index of the colour meant; `NO_COLOR` for a segment without pixels.
    share : (N,) float32
        Share of the segment's interior that it covers, noise about it counted to it.
    second : (N,) int32
        Palette index of the next colour, `NO_COLOR` where there is none.
    second_share : (N,) float32
        Its share of the segment's interior.
    second_at : (N, 2) int32
        A pixel x, y of that colour, in the middle of its longest row of pixels.
    dab_at : (N, 2) int32
        A pixel x, y of the dab of paint that does not fill the segment; -1 where there is none.
    """

    index: NDArray[np.int32]
    share: NDArray[np.float32]
    second: NDArray[np.int32]
    second_share: NDArray[np.float32]
    second_at: NDArray[np.int32]
    dab_at: NDArray[np.int32]

    @property
    def sure(self) -> NDArray[np.float32]:
        """What a segment's vote counts, (N,) in [0, 1]: its share where it has two flat colours.

        Lines that leak let them into one segment, and what follows it is to be less sure.
        Gradients and noise are one colour that was meant: they count 1.
        """
        two = (self.share < FLAT_SHARE) & (self.second_share > 1 - FLAT_SHARE)
        return np.where(two, self.share, 1).astype(np.float32)


@dataclass(frozen=True)
class _Counts:
    """Pixels by segment and colour; `run` and `at` tell of the longest row of such pixels."""

    segment: NDArray[np.int64]
    code: NDArray[Any]
    pixels: NDArray[np.int64]
    interior: NDArray[np.int64]
    run: NDArray[np.int64]
    at: NDArray[np.int64]


def read_segment_colors(
    labels: NDArray[np.int32], image: NDArray[Any], palette: Palette
) -> SegmentColors:
    """Read the flat colour of every segment from a painted frame.

    The majority among a segment's interior pixels decides; its rim, where anti-aliased edges and
    missed slivers lie, counts only when there is hardly any interior. Ties go to the colour of
    lower value. Where the majority does not cover a segment, `join_colors` tells what was meant.

    Parameters
    ----------
    labels : (H, W) int32, 0 = line; not modified
    image : (H, W, C) of the palette's format; not modified
    palette : Palette
        New colours are added.
    """
    total = int(labels.max(initial=0))
    bands = _band_tops(labels)
    counts = _merge([_count_band(labels, image, palette.format, band) for band in bands])
    use = _interior_counts(counts, total)
    # By segment, then most pixels first, then lower value: the first two rows a segment count.
    order = np.lexsort((counts.code, -use, counts.segment))
    order = order[use[order] > 0]
    segment, code, use = counts.segment[order], counts.code[order], use[order]
    result = SegmentColors(
        np.full(total, NO_COLOR, np.int32),
        np.zeros(total, np.float32),
        np.full(total, NO_COLOR, np.int32),
        np.zeros(total, np.float32),
        np.zeros((total, 2), np.int32),
        np.full((total, 2), -1, np.int32),
    )
    if len(segment) == 0:
        return result
    first = np.flatnonzero(np.concatenate([[True], segment[1:] != segment[:-1]]))
    rows, most = segment[first] - 1, code[first]
    sums = np.add.reduceat(use, first)
    result.share[rows] = use[first] / sums
    has_second = np.flatnonzero(np.diff(np.append(first, len(segment))) > 1)
    chosen = first[has_second] + 1
    result.second_share[rows[has_second]] = use[chosen] / sums[has_second]
    result.second_at[rows[has_second]] = _places(counts.at[order][chosen], labels.shape[1])
    paper = _paper(image, palette.format)
    bare = np.isin(most, paper)
    odd = (result.share[rows] < FLAT_SHARE) | (bare & (result.share[rows] < 1))
    colors = _palette_indices(np.concatenate([most, code[chosen]]), palette)
    result.index[rows] = colors[: len(rows)]
    result.second[rows[has_second]] = colors[len(rows) :]
    if odd.any():
        known = np.union1d(most[~odd & ~bare], palette.paints())
        joined = join_colors(labels, image, palette.format, segment[first][odd], known, paper)
        _take(joined, result, palette, labels.shape[1])
    return result


def _take(joined: JoinedColors, result: SegmentColors, palette: Palette, width: int) -> None:
    """Write what was meant over what is most frequent."""
    colors = _palette_indices(np.concatenate([joined.code, joined.second]), palette)
    colors, seconds = colors[: len(joined.code)], colors[len(joined.code) :]
    rows = joined.segment - 1
    # Where nothing was joined the places stand, which come from the longest row of pixels.
    same = (result.index[rows] == colors) & (joined.dab_at < 0)
    same &= np.abs(result.second_share[rows] - joined.second_share) < _SAME_SHARE
    result.share[rows] = joined.share
    rows, colors, seconds = rows[~same], colors[~same], seconds[~same]
    result.index[rows] = colors
    result.second[rows] = np.where(joined.second_share[~same] > 0, seconds, NO_COLOR)
    result.second_share[rows] = joined.second_share[~same]
    result.second_at[rows] = _places(joined.second_at[~same], width)
    dabbed = joined.dab_at >= 0
    result.dab_at[joined.segment[dabbed] - 1] = _places(joined.dab_at[dabbed], width)


def _places(at: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Turn offsets into x, y; (K, 2)."""
    return np.stack([at % width, at // width], axis=1)


def _paper(image: NDArray[Any], pixels: PixelFormat) -> NDArray[Any]:
    """Return the codes of what is bare: transparent, and a light colour all about the edge."""
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    values, counts = np.unique(to_codes(edge, pixels), return_counts=True)
    commonest = values[counts.argmax() :][:1]
    light = to_display(from_codes(commonest, pixels)[None])[0].min() >= _PAPER_LIGHT
    paper = [commonest] if light and 2 * counts.max() > len(edge) else []
    clear = np.zeros((1, pixels.channels), pixels.dtype)
    bare = [to_codes(clear, pixels)] if pixels.has_alpha else []
    return np.concatenate([*bare, *paper, values[:0]])


def _band_tops(labels: NDArray[np.int32]) -> list[tuple[int, int]]:
    """Split the rows into bands of bounded size."""
    height, width = labels.shape
    step = max(1, _BAND_PIXELS // width)
    return [(top, min(top + step, height)) for top in range(0, height, step)]


def _palette_indices(codes: NDArray[Any], palette: Palette) -> NDArray[np.int32]:
    """Turn codes of pixels into palette indices, adding the new ones in order of value."""
    values, where = np.unique(codes, return_inverse=True)
    table = [palette.index(pixel) for pixel in from_codes(values, palette.format)]
    return np.array(table, np.int32)[where]


def _interior(labels: NDArray[np.int32], top: int, bottom: int) -> NDArray[np.bool_]:
    """Mark the pixels of rows top..bottom whose four neighbours belong to the same segment."""
    rows = labels[top:bottom]
    inner = np.ones(rows.shape, np.bool_)
    inner[:, 1:] &= rows[:, 1:] == rows[:, :-1]
    inner[:, :-1] &= rows[:, :-1] == rows[:, 1:]
    start = 1 if top == 0 else 0
    stop = len(rows) - (1 if bottom == len(labels) else 0)
    inner[start:] &= rows[start:] == labels[top + start - 1 : bottom - 1]
    inner[:stop] &= rows[:stop] == labels[top + 1 : top + 1 + stop]
    return inner


def _count_band(
    labels: NDArray[np.int32], image: NDArray[Any], pixels: PixelFormat, band: tuple[int, int]
) -> _Counts:
    """Count the pixels of a band of rows; flat pictures are few runs of equal pixels."""
    top, bottom = band
    segment = labels[top:bottom].ravel()
    color = np.ascontiguousarray(image[top:bottom]).reshape(-1, image.shape[2])
    inner = _interior(labels, top, bottom).ravel()
    same = same_as_next(color, pixels)
    change = (segment[1:] != segment[:-1]) | ~same | (inner[1:] != inner[:-1])
    start = np.flatnonzero(np.concatenate([[True], change]))
    length = np.diff(np.append(start, len(segment)))
    keep = segment[start] > 0
    start, length = start[keep], length[keep]
    return _grouped(
        segment[start].astype(np.int64),
        to_codes(color[start], pixels),
        length,
        np.where(inner[start], length, 0),
        length,
        top * labels.shape[1] + start + length // 2,
    )


def _grouped(
    segment: NDArray[np.int64],
    code: NDArray[Any],
    pixels: NDArray[np.int64],
    interior: NDArray[np.int64],
    run: NDArray[np.int64],
    at: NDArray[np.int64],
) -> _Counts:
    """Sum rows of equal segment and colour; the longest run, then the first, gives the place."""
    group, first = _pairs(segment, code)
    best = np.full(len(first), -1, np.int64)
    longest_runs(group, run, at, best)
    order = np.lexsort((code[first], segment[first]))
    rows, best = first[order], best[order]
    # Doubles hold sums of pixels exactly.
    sums = np.stack([np.bincount(group, part, len(first)) for part in (pixels, interior)])
    counted = sums[:, order].astype(np.int64)
    return _Counts(segment[rows], code[rows], counted[0], counted[1], run[best], at[best])


def _pairs(
    segment: NDArray[np.int64], code: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number pairs of segment and colour, (R,), and tell the first row of each number, (G,)."""
    if code.dtype.kind != "u":  # of more bytes than the kernel takes: rank them
        code = np.unique(code, return_inverse=True)[1].astype(np.uint64)
    group = np.empty(len(code), np.int64)
    return group, group_pairs(segment, code, group)


def _merge(bands: Sequence[_Counts]) -> _Counts:
    if len(bands) == 1:
        return bands[0]
    fields = ("segment", "code", "pixels", "interior", "run", "at")
    return _grouped(*(np.concatenate([getattr(band, field) for band in bands]) for field in fields))


def _interior_counts(counts: _Counts, total: int) -> NDArray[np.int64]:
    """Return the counts that decide: interior ones, or all where there is hardly any interior."""
    area = np.bincount(counts.segment, counts.pixels, total + 1)
    inside = np.bincount(counts.segment, counts.interior, total + 1)
    solid = inside >= np.maximum(1, _LEAST_INTERIOR * area)
    return np.where(solid[counts.segment], counts.interior, counts.pixels)
