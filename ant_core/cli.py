"""The command line: options, exit codes, and the edge where the last error is caught."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ant_core import __version__
from ant_core.errors import AntError, Cancelled, UsageError
from ant_core.logs import error_log
from ant_core.workflow.options import EXIT_CODES, Parser

if TYPE_CHECKING:
    from ant_core.files import WholeFiles
    from ant_core.reporter import Reporter
    from ant_core.workflow.outcome import Outcome

__all__ = ["main", "parse"]

# Until an interrupted command is ended: a step of training and its checkpoint are worth a wait.
_PATIENCE_S = {"train": 60.0}
_UNITS = {"batch": "shot", "doctor": "kernel"}  # what the bar counts
_STOPPED = "stopped: finished frames stay, run the same command again to go on from there"

# One module each in `ant_core.commands`, in the order of --help.
COMMANDS = (
    "propagate",
    "segment",
    "suggest",
    "explain",
    "batch",
    "farm",
    "models",
    "evaluate",
    "train",
    "finetune",
    "recolor",
    "serve",
    "doctor",
)


def _build_parser() -> Parser:
    parser = Parser(
        prog="ant_core",
        description="Propagate the colours of painted frames through a drawn shot.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ant_core {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        _add_command(commands, name)
    return parser


def _add_command(commands: Any, name: str) -> None:
    """Add a command, which brings its own texts and options."""
    module = importlib.import_module(f"ant_core.commands.{name}")
    module.add_arguments(
        commands.add_parser(
            name,
            help=module.HELP,
            description=module.DESCRIPTION,
            epilog=EXIT_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
    )


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read a command line; UsageError when it makes no sense."""
    return _build_parser().parse_args(arguments)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; those of the process by default.

    Returns
    -------
    int
        The exit code; see `ant_core --help`.
    """
    from ant_core.reporter import make_reporter, silence

    arguments = list(sys.argv[1:] if argv is None else argv)
    reporter = make_reporter(
        as_json="--json" in arguments and arguments[:1] != ["evaluate"],
        unit=_UNITS.get(arguments[0] if arguments else "", "frame"),
    )
    debug = "--debug" in arguments
    try:
        options = parse(arguments)
        outcome = _run(options, reporter)
        ok = outcome.exit_code in (0, 3)
        event = {"ok": ok, "exit_code": outcome.exit_code} | outcome.event
        reporter.result(event, outcome.text)
    except AntError as error:
        if debug:
            traceback.print_exc()
        return _end(reporter, error.exit_code, str(error), type(error).__name__)
    except KeyboardInterrupt:  # before anything waits for it
        return _end(reporter, Cancelled.exit_code, _STOPPED, "Cancelled")
    except SystemExit as error:  # --help and --version
        return int(error.code or 0)
    except BrokenPipeError:
        # The reader of our stdout is gone, so nothing can be told; the files are whole.
        silence(sys.stdout)
        return AntError.exit_code
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            return _end(reporter, 1, _unexpected(error, debug=debug), "AntError")
        name = os.fsdecode(error.filename or "")
        text = f"the name {name[:40]}... is too long for this file system: give a shorter one"
        return _end(reporter, UsageError.exit_code, text, "UsageError")
    except Exception as error:
        # The edge of the process: nothing above can do better than log and say so.
        return _end(reporter, 1, _unexpected(error, debug=debug), "AntError")
    return outcome.exit_code


def _run(options: argparse.Namespace, reporter: Reporter) -> Outcome:
    """Run the command on a thread of its own, so that Ctrl-C takes effect at once."""
    from ant_core.commands.interrupt import PATIENCE_S, run_interruptibly

    begun: list[WholeFiles] = []
    cancel = threading.Event()

    def work() -> Outcome:
        # Imports take half a second, in which Ctrl-C must take effect too.
        from ant_core.files import WholeFiles

        files = WholeFiles()
        begun.append(files)
        run = importlib.import_module(f"ant_core.commands.{options.command}").run
        return run(options, reporter, cancel, files)

    patience_s = _PATIENCE_S.get(options.command, PATIENCE_S)
    return run_interruptibly(work, cancel, lambda: _give_up(reporter, begun), patience_s)


def _give_up(reporter: Reporter, begun: Sequence[WholeFiles]) -> None:
    """End the process now; a native call that cannot be stopped ends with it."""
    for files in begun:
        files.discard()
    _end(reporter, Cancelled.exit_code, _STOPPED, "Cancelled")
    os._exit(Cancelled.exit_code)


def _end(reporter: Reporter, exit_code: int, message: str, kind: str) -> int:
    reporter.result({"ok": False, "exit_code": exit_code, "error": message, "error_type": kind}, "")
    return exit_code


def _unexpected(error: Exception, *, debug: bool) -> str:
    """Log the traceback and return the one sentence for the user."""
    text = "".join(traceback.format_exception(error))
    if debug:
        print(text, file=sys.stderr, end="")  # noqa: T201 - asked for with --debug
    what = f"something unexpected happened ({type(error).__name__}: {error})"
    try:
        path = error_log()
        with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"ant_core {__version__}, Python {sys.version}\n{text}\n")
    except (OSError, RuntimeError):  # the second where an account has no home
        return f"{what}: run again with --debug and report what it prints"
    return f"{what}: please report it with the details in {path}"
