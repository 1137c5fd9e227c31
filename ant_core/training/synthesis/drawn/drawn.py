"""Clips of characters that artists drew in variable-width ink, composed of parts and moved."""

from __future__ import annotations

from pathlib import Path

from ant_core.errors import UsageError
from ant_core.training.data.splits import Split
from ant_core.training.synthesis.drawn.drawn_parts import (
    FOLDER,
    cast,
    choose_parts,
    part_name,
)
from ant_core.training.synthesis.drawn.figure import make_figure
from ant_core.training.synthesis.drawn.moments import drawn_clip
from ant_core.training.synthesis.puppet.puppet import PartColors
from ant_core.training.synthesis.source import SourceClip, seeded

__all__ = ["make_clip"]

_NAME = "drawn"


def make_clip(data: Path, split: Split, seed: int) -> SourceClip:
    """Make one clip of 10 to 20 frames; the same arguments give the same clip.

    One or two figures on paper.  Their lines are the artists' own, and further ones only where two
    regions meet without any; the style of the pen is for those, its bends are in the flow already.

    Parameters
    ----------
    data
        Folder that holds ``dicebear``, which scripts/fetch_drawn.py writes.
    split
        Only parts of this split are used, beside those few that all share.
    seed
        Number of the clip, from 0.

    Raises
    ------
    InputError
        The data cannot be read.
    UsageError
        The split is "fresh", which has no drawn characters.
    """
    if split == "fresh":
        raise UsageError(
            "The drawn characters have no fresh split: choose a source that begins with scene3d."
        )
    root, rng = data / FOLDER, seeded(_NAME, split, seed)
    styles = {style: parts for style, parts in cast(root)[split].items() if parts}
    alone = rng.random() < 0.6
    height = int(rng.integers(540, 901))
    size = (height, int(height * (rng.uniform(0.7, 1.1) if alone else rng.uniform(1.2, 1.7))))
    palette, count = PartColors(), int(rng.integers(10, 21))
    step = int(rng.choice((1, 2, 3), p=(0.3, 0.45, 0.25)))
    figures, characters = [], set[str]()
    for i in range(1 if alone else 2):
        style = str(rng.choice(sorted(styles)))
        figures.append(
            make_figure(
                root / style,
                choose_parts(rng, styles[style]),
                styles[style],
                rng,
                name=f"figure{i}",
                size=size,
                count=count,
                alone=alone,
                palette=palette,
            )
        )
        shown = ((category, name) for category, name, _ in figures[-1].layers)
        characters.update(part_name(style, *part) for part in shown)
    return drawn_clip(
        figures,
        rng,
        source=_NAME,
        split=split,
        seed=seed,
        size=size,
        step=step,
        palette=palette,
        characters=characters - {""},
    )
