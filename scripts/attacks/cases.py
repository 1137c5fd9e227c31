"""Attacks made of cases by kind: which are tried, and what is said of each."""

from __future__ import annotations

import argparse
import random
from collections.abc import Collection, Iterable, Iterator, Mapping

__all__ = ["add_options", "chosen", "tell"]


def add_options(command: argparse.ArgumentParser, kinds: Iterable[str]) -> None:
    """Add the options of such an attack."""
    command.add_argument("--only", nargs="+", choices=list(kinds), default=list(kinds))
    command.add_argument("--seed", type=int, default=0)


def chosen(
    cases: Mapping[str, Collection[str]], kinds: Iterable[str], seed: int, most: int | None
) -> Iterator[tuple[str, str]]:
    """Yield kind and name of each case; of a kind, `most` by chance, all with None."""
    for kind in kinds:
        names = list(cases[kind])
        if most is not None:
            names = random.Random(f"{seed} {kind}").sample(names, min(most, len(names)))
        yield from ((kind, name) for name in names)


def tell(found: Iterable[tuple[str, str]]) -> int:
    """Print each case and what is wrong with it; return 1 when anything is."""
    tried = bad = 0
    for name, wrong in found:
        tried, bad = tried + 1, bad + bool(wrong)
        print(f"{name}: {wrong or 'as it should be'}", flush=True)
    print(f"{tried} cases, {bad} finds")
    return int(bad > 0)
