"""The command line, as the tests of ant_core run it."""

from tests.ant_core.conftest import cli, real_cli

__all__ = ["cli", "real_cli"]
