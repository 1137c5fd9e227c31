"""The curves of one or several training runs as a picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ant_core.errors import InputError, OutputError

__all__ = ["draw_curves", "read_log"]


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's log; a line cut off by a crash is left out."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): train a run first") from error
    entries = []
    for line in lines:
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
    return entries


def draw_curves(runs: Mapping[str, list[dict[str, Any]]], out: Path) -> None:
    """Draw loss and validation accuracy over the pairs seen.

    Parameters
    ----------
    runs : dict of str to list of dict
        Log entries by the name that the legend gives.
    out : Path
        PNG file, replaced as a whole.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for name, entries in runs.items():
        losses = [(e["pairs"], e["loss"]) for e in entries if "loss" in e]
        if losses:
            left.plot(*np.array(losses).T, label=name, linewidth=1)
        scores = [(e["pairs"], e["validation"]) for e in entries if "validation" in e]
        kinds = sorted({kind for _, score in scores for kind in score})
        for kind in kinds:
            points = [(pairs, score[kind]) for pairs, score in scores if kind in score]
            style = "-" if kind == "all" else "--"
            right.plot(*np.array(points).T, style, marker=".", label=f"{name}: {kind}")
    left.set(title="Training loss", xlabel="pairs seen", yscale="log")
    right.set(title="Validation: segments of the right colour", xlabel="pairs seen", ylabel="%")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(fontsize="small")
    part = out.with_name(out.name + ".part")
    try:
        figure.savefig(part, format="png", dpi=110)
        part.replace(out)
    except OSError as error:
        raise OutputError(
            f"{out} cannot be written ({error.strerror}): choose another folder"
        ) from error
