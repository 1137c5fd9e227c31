"""The command line in a process of its own, with the fake matcher in place of the network."""

import sys

import ant_core.matching.matcher
from ant_core.cli import main
from tests.support.fakes import FakeMatcher

if __name__ == "__main__":
    ant_core.matching.matcher.Matcher = FakeMatcher  # type: ignore[misc, assignment]
    raise SystemExit(main(sys.argv[1:]))
