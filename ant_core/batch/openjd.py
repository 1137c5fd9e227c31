"""A batch as a job of the Open Job Description (2023-09), which render farms take.

FOLDER/template.json   the job: one task a shot, then one that collects the summary
FOLDER/shots.json      the list of shots that the tasks read, with full paths
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ant_core.batch.options import ListOptions
from ant_core.batch.shots import BatchShot, read_shots
from ant_core.errors import UsageError
from ant_core.files import WholeFiles, json_bytes
from ant_core.reporter import Reporter
from ant_core.workflow.options import arguments_of, options_to_json
from ant_core.workflow.outcome import Outcome

__all__ = ["export", "job_template"]

_MOST_TASKS = 1024  # values that the format allows for a parameter of a step
_USUAL_THREADS = 2  # an engine reads ahead and writes behind, and fills about two cores
_MEMORY_MIB = 2048  # twice what a shot of 4K takes
_GRACE_S = 10  # a run ends within a second when asked to


def export(options: ListOptions, out: Path, reporter: Reporter, files: WholeFiles) -> Outcome:
    """Write the job into the folder `out`; see `ant_core farm export --help`."""
    folder = out.absolute()
    shots = read_shots(options.lists, options.defaults, folder)
    gate = {"fail_over": options.gate.fail_over, "fail_under": options.gate.fail_under}
    template = job_template(
        shots,
        arguments_of(options.common),
        options.threads or _USUAL_THREADS,
        gate=arguments_of(gate),
    )
    files.make_folder(folder)
    places = {"template": folder / "template.json", "shots": folder / "shots.json"}
    for key, document in (("shots", _shot_list(shots)), ("template", template)):
        files.write(places[key], json_bytes(document))
    reporter.say(
        f"{len(shots)} shots, one task each; try it with: openjd run {places['template']} "
        "--step Summary --run-dependencies"
    )
    event = {key: str(path) for key, path in places.items()}
    return Outcome(text=event["template"], event=event | {"tasks": len(shots)})


def _shot_list(shots: Sequence[BatchShot]) -> dict[str, Any]:
    """Write shots as a list for `ant_core batch`."""
    return {"schema": 1, "shots": [_entry(shot) for shot in shots]}


def _entry(shot: BatchShot) -> dict[str, Any]:
    columns = {"columns": shot.columns} if shot.columns else {}
    return {"name": shot.name} | options_to_json(shot.options) | columns


def job_template(
    shots: Sequence[BatchShot], common: Sequence[str], threads: int, gate: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the job template.

    Parameters
    ----------
    shots : sequence of BatchShot
    common : sequence of str
        Options of the batch that hold for every shot.
    threads : int
        Default of the job's parameter Threads: cores that a task asks for.
    gate : sequence of str
        Options of the batch that say what fails the job. Only the last task has them: a task
        that failed would keep the summary from being written.

    Raises
    ------
    UsageError
        When a name cannot stand in a template.
    """
    for shot in shots:
        if "{{" in shot.name:
            raise UsageError(
                f"shot {shot.name} has {{{{ in its name, which a job template takes for a "
                "parameter: give it another name"
            )
    names = [shot.name for shot in shots]
    groups = [names[i : i + _MOST_TASKS] for i in range(0, len(names), _MOST_TASKS)]
    color = [
        _color_step("Color" if len(groups) == 1 else f"Color {number}", group, common)
        for number, group in enumerate(groups, start=1)
    ]
    summary = {
        "name": "Summary",
        "description": "Collects what became of the shots: summary.html, .json and .csv in Out.",
        "dependencies": [{"dependsOn": step["name"]} for step in color],
        "script": _script([*_BATCH, "--collect", *common, *gate]),
    }
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "name": f"Propagate colors: {len(shots)} shots",
        "description": "Colours every shot from its painted frames; one task is one whole shot.",
        "parameterDefinitions": _parameters(threads),
        "jobEnvironments": [
            {
                "name": "ant_core",
                "description": "Progress and status of a task as lines that the farm reads.",
                "variables": {"ANT_CORE_PROGRESS": "openjd"},
            }
        ],
        "steps": [*color, summary],
    }


_BATCH = ("batch", "{{Param.Shots}}", "--out", "{{Param.Out}}")


def _parameters(threads: int) -> list[dict[str, Any]]:
    return [
        {
            "name": "Shots",
            "type": "PATH",
            "objectType": "FILE",
            "dataFlow": "IN",
            "default": "shots.json",
            "description": "The list of shots, which lies beside this template.",
        },
        {
            "name": "Out",
            "type": "PATH",
            "objectType": "DIRECTORY",
            "dataFlow": "OUT",
            "default": "results",  # the format takes no full path here
            "description": "Folder for the results, by default beside this template.",
        },
        {
            "name": "AntCore",
            "type": "STRING",
            "default": "ant_core",
            "description": "The program on the farm's machines.",
        },
        {
            "name": "Threads",
            "type": "INT",
            "default": threads,
            "minValue": 1,
            "description": "CPU threads of a task.",
        },
    ]


def _color_step(name: str, names: Sequence[str], common: Sequence[str]) -> dict[str, Any]:
    return {
        "name": name,
        "description": "Colours one shot. A task that is run again goes on where it stopped.",
        "parameterSpace": {
            "taskParameterDefinitions": [{"name": "Shot", "type": "STRING", "range": list(names)}]
        },
        "hostRequirements": {
            "amounts": [
                {"name": "amount.worker.vcpu", "min": 1},
                {"name": "amount.worker.memory", "min": _MEMORY_MIB},
            ]
        },
        "script": _script(
            [*_BATCH, "--only", "{{Task.Param.Shot}}", "--threads", "{{Param.Threads}}", *common]
        ),
    }


def _script(arguments: Sequence[str]) -> dict[str, Any]:
    return {
        "actions": {
            "onRun": {
                "command": "{{Param.AntCore}}",
                "args": list(arguments),
                "cancelation": {
                    "mode": "NOTIFY_THEN_TERMINATE",
                    "notifyPeriodInSeconds": _GRACE_S,
                },
            }
        }
    }
