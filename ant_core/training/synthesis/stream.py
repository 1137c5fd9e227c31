"""Clips without end for a training that goes on for days: always new ones, the oldest dropped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ant_core.errors import InputError
from ant_core.training.data.splits import Split
from ant_core.training.synthesis.clip import clip_path, write_clip
from ant_core.training.synthesis.source import SOURCES
from ant_core.training.synthesis.wild import is_wild, named_maker

__all__ = ["StreamOptions", "stream"]

# Seeds below made the clips that the shipped weights were trained on.
_FIRST_SEED = 1_000_000
_WAIT_SECONDS = 2.0

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class StreamOptions:
    """What a stream makes."""

    data: Path  # folder with glitch_avatars, quaternius, ...
    sources: tuple[str, ...] = tuple(SOURCES)  # take turns
    wild_share: float = 0.4  # share of training clips in a circumstance; the others as drawn
    clips: int = 200  # training clips that are kept
    validation: int = 3  # validation clips of each source as drawn, and as many in a circumstance
    pairs_a_clip: int = 120  # pairs that training takes between two new clips, once all are there


def stream(
    folder: Path, options: StreamOptions, pairs: Callable[[], int], say: Say = lambda _: None
) -> None:
    """Write clips to `folder`/validation, then to `folder`/train until the process is ended.

    It may be ended at any moment; called again it goes on with the next seed. A clip in whose
    drawings no line can be told is left out.

    Parameters
    ----------
    pairs : callable
        Says how many pairs training has taken so far. A new clip waits until the last ones have
        been used, so that training gets the processor.
    say : callable
        Told of every clip.
    """
    for part in folder.glob("*/.*.npz.*"):  # of a process that was killed
        part.unlink()
    for source, seed, wild in _validation(options):
        _make(folder, options, "validation", source, seed, wild=wild, say=say)
    counter = folder / "next.json"
    index = json.loads(counter.read_text()) if counter.exists() else 0
    while True:
        source = options.sources[index % len(options.sources)]
        seed = _FIRST_SEED + index // len(options.sources)
        wild = is_wild(source, seed, options.wild_share)
        _make(folder, options, "train", source, seed, wild=wild, say=say)
        index += 1
        part = folder / ".next.json"
        part.write_text(json.dumps(index))
        part.replace(counter)
        _drop_oldest(folder / "train", options.clips)
        while index > options.clips and pairs() < (index - options.clips) * options.pairs_a_clip:
            time.sleep(_WAIT_SECONDS)


def _validation(options: StreamOptions) -> Iterator[tuple[str, int, bool]]:
    for i in range(options.validation):
        for j, source in enumerate(options.sources):
            yield source, i, False
            # Other seeds, so that the circumstances of the sources differ.
            yield source, options.validation + i * len(options.sources) + j, True


def _make(
    folder: Path,
    options: StreamOptions,
    split: Split,
    source: str,
    seed: int,
    *,
    wild: bool,
    say: Say,
) -> None:
    name, maker = named_maker(source, wild=wild)
    path = clip_path(folder, name, split, seed)
    try:
        if write_clip(maker, options.data, path, split, seed):
            say(f"{split} {path.stem}")
    except InputError as error:
        if not options.data.is_dir():
            raise
        say(f"{split} {path.stem} left out: {error}")


def _drop_oldest(folder: Path, kept: int) -> None:
    paths = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime_ns)
    for path in paths[: max(0, len(paths) - kept)]:
        path.unlink()
