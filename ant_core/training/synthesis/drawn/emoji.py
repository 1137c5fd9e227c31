"""Clips of emoji: many flat parts, large motion, figures that pass in front of each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ant_core.errors import UsageError
from ant_core.training.data.splits import Split
from ant_core.training.synthesis.drawn.emoji_cast import FOLDER, Emoji, emoji_cast, redraws
from ant_core.training.synthesis.drawn.emoji_figure import Course, EmojiFigure, make_emoji_figure
from ant_core.training.synthesis.drawn.moments import drawn_clip
from ant_core.training.synthesis.puppet.puppet import PartColors
from ant_core.training.synthesis.source import SourceClip, seeded

__all__ = ["make_clip"]

_NAME = "emoji"
#: How often a figure is of a kind.
_SHARES = {
    "activities": 0.06,
    "animals": 0.22,
    "faces": 0.16,
    "food": 0.06,
    "objects": 0.06,
    "people": 0.4,
    "places": 0.04,
}
_LEAST_PARTS = 4  # of a drawing, so that figures are not single discs and squares
_ENOUGH = 36  # parts in the clip after which no further figure comes
_MOST = 5  # figures


def _choose(cast: tuple[Emoji, ...], rng: np.random.Generator) -> Emoji:
    """Draw a kind, then a group, then a drawing, so that large groups do not prevail."""
    usable = tuple(emoji for emoji in cast if emoji.parts >= _LEAST_PARTS) or cast
    kinds = sorted({emoji.kind for emoji in usable})
    shares = np.array([_SHARES[kind] for kind in kinds])
    kind = rng.choice(kinds, p=shares / shares.sum())
    groups = sorted({emoji.group for emoji in usable if emoji.kind == kind})
    group = rng.choice(groups)
    members = [emoji for emoji in usable if emoji.kind == kind and emoji.group == group]
    return members[int(rng.integers(len(members)))]


def _course(
    rng: np.random.Generator, place: float, frame: tuple[int, int], tall: float, last: float
) -> Course:
    """Choose where a figure goes: it crosses the page, goes some way, or stays about its place."""
    height, width = frame
    low = max(0.3 * height, 0.5 * tall)
    y0, y1 = rng.uniform(low, max(height - 0.45 * tall, low + 1), 2)
    x = width * (place + rng.uniform(-0.08, 0.08))
    way = rng.choice(("cross", "some", "stay"), p=(0.4, 0.25, 0.35))
    if way == "cross":
        ends = np.array((-0.1, 1.1)) + rng.uniform(0, 0.35, 2) * (1, -1)
        x0, x1 = width * (ends if rng.random() < 0.5 else ends[::-1])
        y1 = y0 + rng.uniform(-0.1, 0.1) * height
    elif way == "some":
        x0, x1 = x, x + width * rng.uniform(-0.4, 0.4)
    else:
        x0, x1, y1 = x, x, y0
    mirrored = last * rng.uniform(0.2, 0.8) if rng.random() < 0.2 else -1.0
    return Course((float(x0), float(y0)), (float(x1), float(y1)), last, float(mirrored))


def _figures(
    cast: tuple[Emoji, ...],
    rng: np.random.Generator,
    *,
    frame: tuple[int, int],
    count: int,
    last: float,
    palette: PartColors,
) -> tuple[list[EmojiFigure], set[str]]:
    """Draw two to five figures, until there are parts enough, and the groups they are of."""
    few = bool(rng.random() < 0.5)
    places = rng.permutation(np.linspace(0.2, 0.8, 3 if few else _MOST))
    figures, groups = list[EmojiFigure](), set[str]()
    for i, place in enumerate(places):
        if i > 1 and len(palette.colors) >= _ENOUGH:
            break
        emoji = _choose(cast, rng)
        tall = float(rng.uniform(0.55, 0.95) if few else rng.uniform(0.38, 0.7)) * min(frame)
        figures.append(
            make_emoji_figure(
                emoji,
                redraws(emoji, cast),
                rng,
                name=f"figure{i}",
                frame=frame,
                tall=tall,
                count=count,
                course=_course(rng, float(place), frame, tall, last),
                palette=palette,
            )
        )
        groups.update(figures[-1].groups)
    return figures, groups


def make_clip(data: Path, split: Split, seed: int) -> SourceClip:
    """Make one clip of 10 to 20 frames; the same arguments give the same clip.

    Two to five figures on paper.  Lines are drawn along the borders of parts in the style of a
    pen; its bends are in the flow already.

    Parameters
    ----------
    data
        Folder that holds ``fluent_emoji``, which scripts/fetch_drawn.py writes.
    split
        Only characters of this split are shown.
    seed
        Number of the clip, from 0.

    Raises
    ------
    InputError
        The data cannot be read.
    UsageError
        The split is "fresh", which has no emoji.
    """
    if split == "fresh":
        raise UsageError("The emoji have no fresh split: choose a source that begins with scene3d.")
    cast = emoji_cast(data / FOLDER)[split]
    rng = seeded(_NAME, split, seed)
    height = int(rng.integers(540, 901))
    frame = (height, int(height * rng.uniform(1.0, 1.8)))
    palette, count = PartColors(), int(rng.integers(10, 21))
    step = int(rng.choice((1, 2, 3), p=(0.3, 0.45, 0.25)))
    figures, groups = _figures(
        cast, rng, frame=frame, count=count, last=float((count - 1) * step), palette=palette
    )
    return drawn_clip(
        figures,
        rng,
        source=_NAME,
        split=split,
        seed=seed,
        size=frame,
        step=step,
        palette=palette,
        characters=(f"{_NAME}/{group}" for group in groups),
    )
