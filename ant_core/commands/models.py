"""`ant_core models`: list, download, check, import and remove models."""

from __future__ import annotations

import argparse
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ant_core.errors import UsageError
from ant_core.workflow.option_types import add_common
from ant_core.workflow.outcome import Outcome

if TYPE_CHECKING:
    from ant_core.files import WholeFiles
    from ant_core.models import Installed, Store
    from ant_core.reporter import Reporter

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "list, download, check, import and remove models"
DESCRIPTION = """\
The models on this machine and those that can be had. Only download touches the network.

NAME is a model's name, or NAME@VERSION; without a version the newest that fits this engine.
Models lie in the folder ANT_CORE_MODELS (default: the platform's cache folder), and are also read
from the folders in ANT_CORE_SHARED_MODELS. ANT_CORE_REGISTRY names the registry file, which says
what there is and where. The model "default" is part of ant_core and always there.
"""
_ADDRESS = re.compile(r"https?://[^@/\s]+(/\S*)?")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands and their options."""
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    common.add_argument("--registry", metavar="FILE", help="registry file to use")
    add_common(common)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, help_text: str) -> Callable[..., Any]:
        return actions.add_parser(
            name, help=help_text, description=help_text, parents=[common], allow_abbrev=False
        ).add_argument

    add("list", "list the models on this machine and those that can be downloaded")
    download = add("download", "fetch a model; goes on where an earlier download stopped")
    download("name", metavar="NAME")
    download(
        "--mirror",
        metavar="URL",
        action="append",
        default=[],
        help="folder with the files, tried before those of the registry; may be given several "
        "times",
    )
    add("verify", "compare the files of one model or of all with their hashes")(
        "name", metavar="NAME", nargs="?"
    )
    add("path", "print where a model's file lies")("name", metavar="NAME")
    add("remove", "remove a model from your folder")("name", metavar="NAME")
    take = add("import", "copy a model file into your folder")
    take("file", metavar="FILE")
    take("--name", metavar="NAME", help="name to give (default: that in the registry, or FILE's)")
    take("--version", metavar="VERSION", help="version to give (default: that in the registry)")


def run(
    options: argparse.Namespace,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> Outcome:
    """Run one action; see `ant_core models --help`."""
    # Here, because every command line reads the options above and only one in many gets here.
    from ant_core.models import Store, find_places, find_registry, load_registry

    places = find_places()
    store = Store(places, lambda: load_registry(find_registry(places, options.registry)), files)
    if options.action == "download":
        return _download(options, store, reporter, cancel)
    if options.action == "import":
        model, new = store.add(
            Path(options.file),
            name=options.name,
            version=options.version,
            cancel=cancel,
            on_wait=reporter.say,
        )
        reporter.say(f"{model.label} is {'imported' if new else 'already there'}")
        return _placed(model, {"imported": new})
    if options.action == "verify":
        return _verify(store, options.name, reporter, cancel)
    if options.action == "path":
        return _placed(store.find(options.name), {})
    if options.action == "remove":
        gone = store.remove(options.name, cancel)
        labels = [model.label for model in gone]
        return Outcome(text="\n".join(labels), event={"removed": labels})
    return _list(store)


def _placed(model: Installed, event: dict[str, Any]) -> Outcome:
    from ant_core.models.listing import model_row

    return Outcome(text=str(model.path), event=model_row(model, "") | event)


def _download(
    options: argparse.Namespace, store: Store, reporter: Reporter, cancel: threading.Event
) -> Outcome:
    from ant_core.commands.download_progress import DownloadProgress

    for mirror in options.mirror:
        if not _ADDRESS.fullmatch(mirror):
            raise UsageError(
                f"--mirror {mirror} is no address of a folder: it must begin with https:// or "
                "http:// and hold no user name"
            )
    progress = DownloadProgress(reporter, as_json=options.json)
    try:
        model, fetched = store.download(
            options.name,
            mirrors=options.mirror,
            on_start=lambda entry, done: progress.start(entry.label, entry.size, done),
            on_progress=progress.update,
            on_wait=reporter.say,
            cancel=cancel,
        )
    finally:
        progress.close()
    reporter.say(f"{model.label} is {'downloaded' if fetched else 'already there'}")
    return _placed(model, {"downloaded": fetched})


def _verify(store: Store, name: str | None, reporter: Reporter, cancel: threading.Event) -> Outcome:
    from ant_core.models.listing import model_row

    rows, errors = [], []
    for model, error in store.verify(name, cancel):
        rows.append(model_row(model, "damaged" if error else "whole"))
        if error is None:
            reporter.say(f"{model.label} is whole")
        else:
            errors.append(error)
    event: dict[str, Any] = {"models": rows}
    if errors:
        # Each is a sentence of its own; the last goes out as the error of the command.
        for error in errors[:-1]:
            reporter.say(str(error))
        return Outcome(
            exit_code=errors[-1].exit_code,
            event=event | {"error": str(errors[-1]), "error_type": type(errors[-1]).__name__},
        )
    return Outcome(event=event)


def _list(store: Store) -> Outcome:
    from ant_core.models.listing import list_models

    rows = list_models(store)
    return Outcome(text=_table(rows), event={"models": rows})


def _table(rows: list[dict[str, Any]]) -> str:
    """Return aligned columns: name, version, size, licence, state."""
    from ant_core.reporter import aligned

    cells = [("NAME", "VERSION", "SIZE", "LICENCE", "STATE")]
    for row in rows:
        size = f"{row['size'] / 1e6:.1f} MB"
        licence = row.get("licence", "unknown")
        cells.append((row["name"], row["version"], size, licence, row["state"]))
    return aligned(cells)
