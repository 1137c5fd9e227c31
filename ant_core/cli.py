"""The command line: options, exit codes, and the edge where the last error is caught."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ant_core import __version__
from ant_core.commands.options import add_common, add_device, add_fail_under, pixels, whole
from ant_core.errors import AntError, Cancelled, UsageError

if TYPE_CHECKING:
    from ant_core.commands.outcome import Outcome
    from ant_core.formats.files import WholeFiles
    from ant_core.reporter import Reporter

__all__ = ["main", "parse"]

# Until an interrupted command is ended: a step of training and its checkpoint are worth a wait.
_PATIENCE_S = {"train": 60.0}
_STOPPED = "stopped: finished frames stay, run the same command again to go on from there"

_EXIT_CODES = """\
exit codes:
  0    done
  1    something unexpected happened, or single frames or shots failed
  2    the command line makes no sense
  3    done, but frames need review (only with --fail-under)
  4    the model is missing or damaged
  5    an input cannot be used, or the output not be written
  6    the device that was asked for is not available
  130  interrupted; finished frames stay, the same command goes on from there
"""

_PROPAGATE = """\
Colour every frame of a shot from the frames that are painted.

SHOT holds line/NNNN.png for every frame and color/NNNN.png for the painted ones.
OUT gets color/NNNN.png for every frame, report.json and contact_sheet.png.
Run it again after an edit: only what depends on the edit is computed again.
Frames changed in OUT are kept and learned from; files of others are left alone.

SHOT may be a Krita document, SHOT.kra. OUT is then one too: the same document with the missing
frames in its colour layer, ready to be reviewed in Krita.
"""

_SEGMENT = """\
Write the segments of one line drawing as a 16-bit label map: 0 is line, 1..N are segments.
"""


# These bring their own texts and options.
_ELSEWHERE = ("batch", "farm", "models", "evaluate", "train", "finetune", "recolor", "serve")


class _Parser(argparse.ArgumentParser):
    """Raises instead of exiting, so that every error ends the same way."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def _build_parser() -> _Parser:
    parser = _Parser(
        prog="ant_core",
        description="Propagate the colours of painted frames through a drawn shot.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ant_core {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_propagate(commands)
    _add_segment(commands)
    for name in _ELSEWHERE:
        _add_elsewhere(commands, name)
    return parser


def _add_command(commands: Any, name: str, help_text: str, description: str) -> _Parser:
    command: _Parser = commands.add_parser(
        name,
        help=help_text,
        description=description,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument(
        "--gap",
        type=pixels,
        metavar="PX",
        help="close gaps in lines up to this width (default: from line width and picture size)",
    )
    command.add_argument(
        "--threads", type=whole(1, 1024), metavar="N", help="CPU threads (default: all cores)"
    )
    add_common(command)
    return command


def _add_propagate(commands: Any) -> None:
    command = _add_command(
        commands, "propagate", "colour a shot from its painted frames", _PROPAGATE
    )
    add = command.add_argument
    add("shot", metavar="SHOT", nargs="?", help="folder of the shot, or a .kra file")
    add(
        "--out",
        metavar="OUT",
        help="folder for the painted frames and the report; for a .kra file the document to write",
    )
    add(
        "--in-place",
        action="store_true",
        help="write into SHOT.kra itself; the document as it was is kept as SHOT.kra~",
    )
    add(
        "--line",
        metavar="PATTERN",
        action="append",
        help="line drawings: a folder or a pattern such as A_%%04d.png, A_####.png, 'line/*.png', "
        "relative to SHOT; of a .kra file a layer or group, and several when given again",
    )
    add(
        "--color",
        metavar="PATTERN",
        help="painted frames, named likewise; of a .kra file the colour layer, made if it is new",
    )
    add(
        "--references",
        metavar="FRAMES",
        help="learn from these painted frames only, such as 1,24 (default: all painted frames)",
    )
    add("--frames", metavar="FRAMES", help="colour these frames only, such as 1-48,60")
    add(
        "--cel",
        action="append",
        metavar="NAME",
        help="colour this cel of the shot, each with its own painted frames, into OUT/NAME; may be "
        "given again. Its drawings are NAME/line, line/NAME, line/NAME_*.* or line/*.NAME.*, or "
        "where {cel} stands in --line and --color",
    )
    add(
        "--xdts",
        metavar="FILE",
        help="exposure sheet: colour each drawing that it shows once, of every cel or of those "
        "named with --cel; the report tells when each is shown",
    )
    add(
        "--expose",
        action="store_true",
        help="with --xdts, also write OUT/exposed/CEL: one file for every frame of the sheet",
    )
    add(
        "--model-sheet",
        action="append",
        metavar="FILE",
        help="learn also from this coloured picture outside the shot, of any size: a turn-around "
        "with its lines baked in, or a layered .ora or .psd file; may be given again",
    )
    add(
        "--palette",
        metavar="FILE",
        help="name the colours in the report by this palette: .gpl, .aco, .ase or .kpl",
    )
    _add_keeping(command)


def _add_keeping(command: _Parser) -> None:
    """Add what the artist fixed, what is kept, and what matches."""
    add = command.add_argument
    add("--hints", metavar="FILE", help="JSON file of hints and locks")
    add(
        "--lock",
        metavar="FRAMES",
        help="keep the painted files that these frames have in OUT, and learn from them",
    )
    add(
        "--overwrite",
        action="store_true",
        help="also replace painted files in OUT that were made or changed by others",
    )
    add(
        "--model",
        metavar="FILE",
        help="model file, or the name of one that ant_core models lists (default: the one in the "
        "package)",
    )
    add_device(command)
    add_fail_under(command)


def _add_segment(commands: Any) -> None:
    add = _add_command(
        commands, "segment", "write the segments of one line drawing", _SEGMENT
    ).add_argument
    add("line", metavar="LINE.png", help="line drawing")
    add("--out", required=True, metavar="LABELS.png", help="label map, 16-bit grey")
    add("--preview", metavar="PREVIEW.png", help="also draw the segments in distinct colours")


def _add_elsewhere(commands: Any, name: str) -> None:
    """Add a command that brings its own texts and options."""
    module = importlib.import_module(f"ant_core.commands.{name}")
    module.add_arguments(
        commands.add_parser(
            name,
            help=module.HELP,
            description=module.DESCRIPTION,
            epilog=_EXIT_CODES,
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
        unit="shot" if arguments[:1] == ["batch"] else "frame",
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
    except KeyboardInterrupt:  # so early that nobody was listening
        return _end(reporter, Cancelled.exit_code, _STOPPED, "Cancelled")
    except SystemExit as error:  # --help and --version
        return int(error.code or 0)
    except BrokenPipeError:
        # Whoever read our stdout is gone, so there is nobody to tell; the files are whole.
        silence(sys.stdout)
        return AntError.exit_code
    except Exception as error:
        # The edge of the process: nothing above can do better than log and say so.
        return _end(reporter, 1, _unexpected(error, debug=debug), "AntError")
    return outcome.exit_code


def _run(options: argparse.Namespace, reporter: Reporter) -> Outcome:
    """Run the command on a thread of its own, so that Ctrl-C is heard at once."""
    from ant_core.interrupt import PATIENCE_S, run_interruptibly

    begun: list[WholeFiles] = []
    cancel = threading.Event()

    def work() -> Outcome:
        # Imports take half a second, in which Ctrl-C must be heard too.
        from ant_core.formats.files import WholeFiles

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
        path = _log_file()
        with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"ant_core {__version__}, Python {sys.version}\n{text}\n")
    except OSError:
        return f"{what}: run again with --debug and report what it prints"
    return f"{what}: please report it with the details in {path}"


def _log_file() -> Path:
    from platformdirs import user_log_path

    return user_log_path("ant_core", appauthor=False, ensure_exists=True) / "error.log"
