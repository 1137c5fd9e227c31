"""The options of one `ant_core propagate`, wherever they were given.

Made by `ant_core.workflow.options`, from a command line, a line of a batch or JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ant_core.errors import UsageError
from ant_core.propagation.options import FILES, NO_INFLUENCE, SHARE, RunOptions, check_range
from ant_core.shot.frames import FrameRanges
from ant_core.workflow.gate import Gate

if TYPE_CHECKING:
    from ant_core.matching.matcher import Device  # its module is slow to import

__all__ = ["PERCENT", "ROLES", "PropagateOptions"]

PERCENT = (0.0, 100.0)
ROLES = ("line", "color")


@dataclass(frozen=True, kw_only=True)
class PropagateOptions(RunOptions):
    """What one shot is coloured from, where the result goes, and what fails it."""

    # Folder of the shot, or a .kra file. Default None: `line` and `color` name everything.
    shot: str | None = None
    # Folder for frames and report; of a .kra file the document to write. Default None: `in_place`.
    out: str | None = field(default=None, metadata=NO_INFLUENCE)
    # Whether to write into the .kra file itself. Default False.
    in_place: bool = False
    # Pattern of the line drawings, relative to `shot`; of a .kra file one or more layers.
    # Default (): the folder line, or the layer that is clear.
    line: tuple[str, ...] = field(default=(), metadata=FILES)
    # Pattern of the painted frames, or the colour layer. Default None: likewise.
    color: str | None = field(default=None, metadata=FILES)
    # Further painted layers that go with the segments, each a pattern as `color`. Default ().
    shade: tuple[str, ...] = field(default=(), metadata=FILES)
    # Layers of OpenEXR files: one for all of them, or `line=NAME` and `color=NAME`.
    # Default (): the only one, or the plain picture.
    layer: tuple[str, ...] = ()
    # Painted frames to learn from. Default None: all.
    references: FrameRanges | None = None
    # Frames to colour. Default None: all.
    frames: FrameRanges | None = None
    # Names of the cels to colour, each with its own painted frames. Default (): those of `xdts`.
    cel: tuple[str, ...] = ()
    # Exposure sheet. Default None.
    xdts: str | None = field(default=None, metadata=FILES)
    # Whether to write a file for every frame of the exposure sheet too. Default False.
    expose: bool = False
    # Palette file that names the colours in the report. Default None.
    palette: str | None = field(default=None, metadata=FILES)
    # JSON file of hints and locks. Default None.
    hints: str | None = field(default=None, metadata=FILES)
    # JSON file of notes that the review page saved. Default None.
    review_notes: str | None = field(default=None, metadata=FILES)
    # Frames whose painted file in `out` is kept and learned from. Default None.
    lock: FrameRanges | None = None
    # Whether to replace painted files in `out` that others made or changed. Default False.
    overwrite: bool = False
    # Model file, or the name of an installed one. Default None: the one in the package.
    model: str | None = field(default=None, metadata=NO_INFLUENCE)  # its content counts by itself
    # Where the network runs: "auto", "cpu" or "cuda". Default "auto": CUDA where it works.
    device: Device = "auto"
    # Percent of doubtful segments, 0 to 100, above which the job fails. Default None: never.
    fail_over: float | None = field(default=None, metadata=NO_INFLUENCE)
    # Confidence, 0 to 1, under which one segment fails the job. Default None: never.
    fail_under: float | None = field(default=None, metadata=NO_INFLUENCE)

    @property
    def is_kra(self) -> bool:
        """Whether the shot is a Krita document."""
        return self.shot is not None and self.shot.lower().endswith(".kra")

    @property
    def has_cels(self) -> bool:
        """Whether more than one plain run is asked for."""
        return bool(self.cel or self.xdts)

    def layer_of(self, role: str) -> str | None:
        """Return the layer that OpenEXR files of a role, "line" or "color", are read from."""
        return self._layers().get(role)

    def _layers(self) -> dict[str, str]:
        """Return the layers by role; UsageError where one role has two."""
        layers: dict[str, str] = {}
        for text in self.layer:
            role, equals, name = text.partition("=")
            known = equals and role in ROLES
            for one in (role,) if known else ROLES:
                if one in layers:
                    raise UsageError(
                        f"--layer names two layers for {one}: give one NAME, or line=NAME and "
                        "color=NAME"
                    )
                layers[one] = name if known else text
        return layers

    @property
    def gate(self) -> Gate:
        """What fails the job."""
        return Gate(fail_over=self.fail_over, fail_under=self.fail_under)

    def check(self) -> None:
        """Raise UsageError where a value or a combination makes no sense; reads no file."""
        super().check()
        check_range("--fail-over", self.fail_over, PERCENT, " %")
        check_range("--fail-under", self.fail_under, SHARE)
        self._layers()
        self._check_cels()
        if self.is_kra:
            self._check_document()
        else:
            self._check_folder()

    def _check_document(self) -> None:
        if self.in_place and self.out is not None:
            raise UsageError("--in-place and --out contradict each other: leave one out")
        if self.layer:
            raise UsageError(
                "--layer is for OpenEXR files: name layers of a .kra file with --line and --color"
            )
        if not self.in_place and self.out is None:
            raise UsageError(
                "--out is missing: name the document to write, such as shot_colored.kra, or pass "
                "--in-place"
            )

    def _check_folder(self) -> None:
        if self.shot is None and not self.has_cels and not (self.line and self.color):
            raise UsageError(
                "no shot is named: give the SHOT folder, or both --line and --color patterns"
            )
        if len(self.line) > 1:
            raise UsageError(
                "--line is given twice: only layers of a .kra file can be put together"
            )
        if self.in_place:
            raise UsageError("--in-place is for .kra files: a folder's frames always go to --out")
        if self.out is None:
            raise UsageError("--out is missing: name the folder for the painted frames")

    def _check_cels(self) -> None:
        if self.expose and not self.xdts:
            raise UsageError("--expose needs the exposure sheet: name it with --xdts")
        if self.expose and self.shade:
            raise UsageError("--expose writes no files of --shade layers: leave one of them out")
        if not self.has_cels:
            return
        if self.is_kra:
            raise UsageError(
                "--cel and --xdts are for image sequences: a .kra file has its own timing"
            )
        if self.lock and len(self.cel) != 1:
            raise UsageError("--lock names frames of one cel: give one --cel with it")
        for name in self.cel:
            if not name.strip() or any(c in name for c in "/\\*?") or name in (".", ".."):
                raise UsageError(f"--cel {name!r} is no name of a cel: write for example A")
