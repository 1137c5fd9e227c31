"""What a batch may be told beside its list of shots."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ant_core.matching.review import REVIEW_BELOW
from ant_core.workflow.gate import Gate

if TYPE_CHECKING:
    from ant_core.matching.matcher import Device  # its module is slow to import

__all__ = ["BatchOptions", "ListOptions"]


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """Which shots there are, and what holds for all of them."""

    # Folders of shots, patterns, or files that list them.
    lists: tuple[str, ...]
    # Patterns of line drawings and painted frames of shots that do not say otherwise.
    # Default None: as of propagate.
    line: str | None = None
    color: str | None = None
    # Layers of OpenEXR files of shots that do not say otherwise. Default ().
    layer: tuple[str, ...] = ()
    # Coloured pictures outside the shots that every shot learns from. Default ().
    model_sheet: tuple[str, ...] = ()
    # Widest gap in a line that is closed, in pixels, where a shot does not say otherwise.
    # Default None: from the drawing.
    gap: float | None = None
    # Model file or name. Default None: the one in the package.
    model: str | None = None
    # Where the network runs. Default "auto": CUDA where it works.
    device: Device = "auto"
    # Confidence, 0 to 1, under which a segment counts as doubtful. Default 0.6.
    review_below: float = REVIEW_BELOW
    # What fails the job once every shot is done. Default: nothing.
    gate: Gate = field(default_factory=Gate)
    # CPU threads of an engine. Default None: its share of the cores.
    threads: int | None = None

    @property
    def defaults(self) -> dict[str, Any]:
        """What every shot gets that does not say otherwise, as in a line of a list."""
        values: dict[str, Any] = {"line": self.line, "color": self.color, "gap": self.gap}
        sheets = [str(Path(sheet).absolute()) for sheet in self.model_sheet]
        values["model-sheet"] = sheets or None
        values["layer"] = list(self.layer) or None
        return {key: value for key, value in values.items() if value is not None}

    @property
    def common(self) -> dict[str, Any]:
        """What holds for every shot, by field of `PropagateOptions`."""
        values: dict[str, Any] = {"device": self.device}
        if self.model is not None:
            model = Path(self.model)
            values["model"] = str(model.absolute()) if model.exists() else self.model
        if self.review_below != REVIEW_BELOW:
            values["review_below"] = self.review_below
        return values


@dataclass(frozen=True, kw_only=True)
class BatchOptions(ListOptions):
    """How a batch is run, and where it writes."""

    # Folder for the results of all shots.
    out: str
    # Shots at the same time. Default None: one for every two cores; with CUDA, one.
    jobs: int | None = None
    # How often a shot is begun again whose engine crashed. Default 1.
    retries: int = 1
    # Names of the shots to colour. Default (): all.
    only: tuple[str, ...] = ()
    # Whether to write the summary of what is done, and colour nothing. Default False.
    collect: bool = False
    # Address of the scheduler of a Dask cluster, or "local". Default None: no cluster.
    cluster: str | None = None
