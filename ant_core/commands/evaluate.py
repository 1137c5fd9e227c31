"""`ant_core evaluate`: models and baselines by the published protocols, on any set with truth.

`run` alone imports `ant_core.training.evaluation`, so that no other command waits for it.
"""

from __future__ import annotations

import argparse
import threading
from typing import TYPE_CHECKING

from ant_core.workflow.option_types import add_common, add_device, whole

if TYPE_CHECKING:
    from ant_core.files import WholeFiles
    from ant_core.reporter import Reporter
    from ant_core.workflow.outcome import Outcome

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "score models and baselines on shots with known colours or matches"
DESCRIPTION = """\
Score models, and three baselines beside them, by the protocols that were published with the
data sets. DATASET is a stored clip (.npz) or a folder of them, a shot with line/ and truth/
pictures or a folder of shots, or a folder in the layout of AnimeRun or PaintBucket-Character.
Prints one table; figures are percent or pixels, in brackets the 95 % interval over shots.

protocols:
  recursive        ten frames, each from the one before as predicted (AnT)
  recursive_parts  the same by unique part, of stored clips: what AnT reports
  recursive_first  the same with the first frame as second reference, as propagate does
  consecutive      each frame from the true one before it, in clips of 20 (PaintBucket)
  keyframes        from 1, 3, 5 and all model sheets (PaintBucket); keyframes_1, keyframes_3,
                   keyframes_5 or keyframes_all for one of them
  effort           an artist paints the first drawing and corrects the others one after the other:
                   the share of segments that need no click (accuracy), of those of 30 px or
                   more (over_30px), and of all if one click put right every segment of a
                   drawing that is wrong in the same way (joined)
  effort_suggested the same from the two drawings that ant_core suggest names
  regions          each segment to its segment of the next frame (AnimeRun)
  regions_colored  the same with the colours of both frames known, which decide where matches of
                   lines are in doubt (AnimeRun's coloured input)
  parts            the same for stored clips, right where the true part is the same
  flow             end-point error of the flow that the matches make (AnimeRun)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command; it has its own --json, which takes a file."""
    add = parser.add_argument
    add("datasets", metavar="DATASET", nargs="+", help="shots with their truth")
    add(
        "--model",
        metavar="FILE",
        action="append",
        default=[],
        help="model file; may be given several times (default: the one in the package)",
    )
    add(
        "--protocol",
        metavar="NAME",
        action="append",
        default=[],
        help="protocol, see above; may be given several times (default: all that the data allow)",
    )
    add("--json", metavar="FILE", help="write all figures and calibration curves to this file")
    add(
        "--pictures",
        metavar="FOLDER",
        help="draw calibration.NAME.png and, of the recursive protocol's worst segments, "
        "worst.NAME.png for every model NAME",
    )
    add("--limit", type=whole(1), metavar="N", help="take only the first N shots of each data set")
    add_device(parser, "where the networks run")
    add("--threads", type=whole(1), metavar="N", help="CPU threads (default: all cores)")
    add_common(parser, json=False)


def run(
    options: argparse.Namespace,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> Outcome:
    """Score everything on everything; see `ant_core evaluate --help`."""
    from ant_core.training.evaluation.command import EvaluateOptions, evaluate
    from ant_core.workflow.outcome import Outcome

    chosen = EvaluateOptions(
        datasets=tuple(options.datasets),
        models=tuple(options.model),
        protocols=tuple(options.protocol),
        json=options.json,
        pictures=options.pictures,
        limit=options.limit,
        device=options.device,
        threads=options.threads,
    )
    text = evaluate(chosen, reporter, cancel, files)
    return Outcome(text=text, event={"json": options.json, "pictures": options.pictures})
