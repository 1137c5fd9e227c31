"""What came of one shot, as the summary, the events and the records have it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from ant_core.workflow.gate import Gate

__all__ = ["SCHEMA", "ShotResult"]

SCHEMA = 1

State = Literal["done", "failed", "waiting"]


@dataclass(frozen=True, kw_only=True)
class ShotResult:
    """What came of one shot.

    Attributes
    ----------
    name : str
    state : "done", "failed" or "waiting"
        Coloured, wholly or but for single frames; not coloured at all; not begun or not ended.
    exit_code : int
        As `ant_core propagate` would have ended; 3 where a limit of the batch is broken.
    error, error_type : str
        Empty when all is well.
    frames, drawings, segments, doubtful, no_counterpart, not_flat : int
        As the report of the shot counts them.
    doubtful_frames, failed_frames : tuple of int
    doubt : tuple of (int, int)
        Of every frame: its number and its doubtful segments.
    confidence : float or None
        Mean over predicted frames, in [0, 1].
    lowest_confidence : float or None
        Of the segments that were coloured from a counterpart, in [0, 1].
    seconds : float
        Time that the run took; of an earlier run where `kept`.
    attempts : int
        How often it was begun; more than 1 after an engine crashed.
    kept : bool
        Whether an earlier run had done it all.
    report, contact_sheet, review_page : str
        Their places in OUT, empty without.
    picture_frame : int or None
        The frame that `thumbnail` shows: the one with most doubtful segments.
    warnings : tuple of str
    device, model_name, model_hash, worker : str
        What coloured it, and on which machine.
    columns : dict of str to str
        What else the list says of the shot.
    """

    name: str
    state: State = "waiting"
    exit_code: int = 0
    error: str = ""
    error_type: str = ""
    frames: int = 0
    drawings: int = 0
    segments: int = 0
    doubtful: int = 0
    no_counterpart: int = 0
    not_flat: int = 0
    doubtful_frames: tuple[int, ...] = ()
    failed_frames: tuple[int, ...] = ()
    doubt: tuple[tuple[int, int], ...] = ()
    confidence: float | None = None
    lowest_confidence: float | None = None
    seconds: float = 0.0
    attempts: int = 1
    kept: bool = False
    report: str = ""
    contact_sheet: str = ""
    review_page: str = ""
    picture_frame: int | None = None
    warnings: tuple[str, ...] = field(default=())
    device: str = ""
    model_name: str = ""
    model_hash: str = ""
    worker: str = ""
    columns: dict[str, str] = field(default_factory=dict)

    @classmethod
    def given_up(cls, name: str, attempts: int, error: str) -> ShotResult:
        """Return that of a shot whose process crashed too often to begin it again."""
        return cls(
            name=name,
            state="failed",
            exit_code=1,
            error=error,
            error_type="AntError",
            attempts=attempts,
        )

    @property
    def doubt_share(self) -> float:
        """Doubtful segments as a share of all, in [0, 1]."""
        return self.doubtful / self.segments if self.segments else 0.0

    def judged(self, gate: Gate) -> ShotResult:
        """Return it with exit code 3 if it is whole but breaks a limit, with 0 if it does not."""
        if self.exit_code not in (0, 3) or self.state != "done":
            return self
        fails = gate.fails(
            segments=self.segments,
            doubtful=self.doubtful,
            no_counterpart=self.no_counterpart,
            lowest_confidence=self.lowest_confidence,
        )
        return replace(self, exit_code=3 if fails else 0)

    def to_json(self) -> dict[str, Any]:
        """Return it as the schema has it."""
        return asdict(self) | {"doubt_share": round(self.doubt_share, 5)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> ShotResult:
        """Read what `to_json` wrote; TypeError when it is something else."""
        values = {key: value for key, value in document.items() if key != "doubt_share"}
        if "lowest_confidence" not in values:
            raise TypeError("written before there was a lowest confidence: no gate can judge it")
        result = cls(**values)
        return replace(
            result,
            doubtful_frames=tuple(result.doubtful_frames),
            failed_frames=tuple(result.failed_frames),
            doubt=tuple((frame, count) for frame, count in result.doubt),
            warnings=tuple(result.warnings),
        )
