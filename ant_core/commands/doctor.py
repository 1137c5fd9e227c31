"""`ant_core doctor`: whether this installation can colour, and what to do where it cannot."""

from __future__ import annotations

import argparse
import threading
from typing import TYPE_CHECKING

from ant_core.workflow.option_types import add_common, add_device
from ant_core.workflow.outcome import Outcome

if TYPE_CHECKING:
    from ant_core.doctor.check import Check
    from ant_core.files import WholeFiles
    from ant_core.reporter import Reporter

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "check this installation: versions, device, model, kernels, disk, a self-test"
DESCRIPTION = """\
Check this installation and say what to do about each problem. Kernels that are not compiled yet
are compiled and kept, and a small drawn shot is coloured and looked at. Nothing is sent anywhere.

The exit code is 0 where this installation can colour, else that of the first problem.
"""
_MARKS = {"good": "ok", "note": "note", "problem": "PROBLEM"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_device(parser, "where the network is to run")
    parser.add_argument(
        "--model", metavar="NAME|FILE", help="model to check (default: the one in the package)"
    )
    add_common(parser)


def run(
    options: argparse.Namespace,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> Outcome:
    """Do every check; see `ant_core doctor --help`."""
    from ant_core.doctor.examine import examine

    del files
    checks = examine(options.device, options.model, reporter, cancel)
    event = {"checks": [check.to_json() for check in checks]}
    problems = [check for check in checks if check.state == "problem"]
    if not problems:
        return Outcome(text=_screen(checks), event=event)
    reporter.say(_screen(checks))
    first = problems[0]
    sentence = f"{first.name}: {first.text}" + (f": {first.remedy}" if first.remedy else "")
    return Outcome(
        exit_code=first.error.exit_code,
        event={**event, "error": sentence, "error_type": first.error.__name__},
    )


def _screen(checks: list[Check]) -> str:
    lines = []
    for check in checks:
        lines.append(f"{_MARKS[check.state]:8} {check.name.replace('_', ' '):10} {check.text}")
        if check.remedy:
            lines.append(f"{'':19} -> {check.remedy}")
    return "\n".join(lines)
