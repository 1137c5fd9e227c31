"""Clips drawn as other people draw: in a circumstance that is drawn for each clip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ant_core.training.data.splits import Split
from ant_core.training.synthesis.ink.circumstances import CIRCUMSTANCES, styled
from ant_core.training.synthesis.ink.ink_style import draw_style
from ant_core.training.synthesis.source import ClipMaker, SourceClip, load_source, seeded

__all__ = ["is_wild", "named_maker", "wild_maker"]


def is_wild(source: str, seed: int, share: float) -> bool:
    """Tell whether a clip is one of the share that is drawn in a circumstance."""
    return bool(seeded("wild", source, seed).random() < share)


def named_maker(source: str, *, wild: bool) -> tuple[str, ClipMaker]:
    """Return how names of a source's clips begin, and what makes them."""
    maker = load_source(source)
    return (f"wild_{source}", wild_maker(maker)) if wild else (source, maker)


def wild_maker(maker: ClipMaker) -> ClipMaker:
    """Return a maker of the given maker's clips, each drawn in a circumstance.

    The circumstances take turns by the seed, so that a few clips hold all of them.
    """

    def make(data: Path, split: Split, seed: int) -> SourceClip:
        clip = maker(data, split, seed)
        names = list(CIRCUMSTANCES)
        name, shape = names[seed % len(names)], clip.frames[0].ids.shape
        style = clip.ink or draw_style(seeded("style", clip.split, clip.name), shape[0])
        ink = styled(style, name, (shape[0], shape[1]))
        return replace(clip, name=f"{clip.name}_{name}", ink=ink)

    return make
