"""What the scripts' command lines share."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping

from ant_core.errors import AntError


def exit_code(run: Callable[[], int | None]) -> int:
    """Run a script and return its exit code; an error that a user can meet is one line."""
    try:
        return run() or 0
    except AntError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def run_subcommand(description: str | None, room: str, texts: Mapping[str, str]) -> int:
    """Run the subcommand that the command line names; return its exit code.

    Parameters
    ----------
    description : str or None
        Of the script, for --help.
    room : str
        Package of the modules; each has `add_arguments(parser)` and `run(arguments)`.
    texts : mapping
        What each subcommand does, by the name of its module.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="subcommand", required=True)
    for name, text in texts.items():
        command = commands.add_parser(name, help=text, description=text)
        # Loaded only when asked for: each needs packages that the others can do without.
        if sys.argv[1:2] == [name]:
            module = importlib.import_module(f"{room}.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    args = parser.parse_args()
    return int(args.run(args) or 0)
