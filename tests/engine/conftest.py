"""Shared fixtures of the tests of the engine."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # tests import their helpers as tests.*
