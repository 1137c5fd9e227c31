"""The controller's commands about layers, range, gaps and references: what a run works with."""

from __future__ import annotations

from typing import Any, Callable, Sequence

from .open_documents import OpenDocuments
from .state import layers
from .state.model import LayerChoice


class Choosing:
    """What the artist chose for the document in front."""

    _documents: OpenDocuments
    _free: Callable[[], bool]
    _guard: Callable[[Callable[[], Any]], bool]
    _refused: set[Any]
    _scan: Callable[[], None]
    close_message: Callable[[], None]

    @property
    def line_choices(self) -> list[LayerChoice]:
        """Layers to choose lines from, the topmost first."""
        shot = self._documents.shot
        return [] if shot is None else layers.line_choices(shot.infos)

    @property
    def color_choices(self) -> list[LayerChoice]:
        """Layers to choose the colours' from."""
        shot = self._documents.shot
        return [] if shot is None else layers.color_choices(shot.infos, self.line_layers)

    @property
    def moved_choices(self) -> list[LayerChoice]:
        """Layers that may be moved along with the colours."""
        shot = self._documents.shot
        if shot is None:
            return []
        return layers.moved_choices(shot.infos, self.line_layers, shot.color)

    @property
    def moved_layers(self) -> list[str]:
        """Uuids of the layers that also move."""
        shot = self._documents.shot
        return [] if shot is None else shot.moved_layers()

    @property
    def surfaces(self) -> bool:
        """Whether painted surfaces move too."""
        shot = self._documents.shot
        return shot is not None and shot.journal.choices.surfaces

    @property
    def line_layers(self) -> list[str]:
        """Uuids of the layers with the lines."""
        shot = self._documents.shot
        return [] if shot is None else list(shot.journal.choices.lines)

    @property
    def color_layer(self) -> str | None:
        """Uuid of the layer with the colours; None where there is none yet."""
        shot = self._documents.shot
        return None if shot is None else shot.color

    @property
    def frame_range(self) -> tuple[int, int]:
        """First and last frame to be coloured."""
        return self._documents.range

    @property
    def gap_px(self) -> float | None:
        """Widest gap to close, in pixels; None = the engine decides."""
        shot = self._documents.shot
        return None if shot is None else shot.journal.choices.gap_px

    @property
    def model_sheets(self) -> list[str]:
        """Paths of the model sheets."""
        shot = self._documents.shot
        return [] if shot is None else list(shot.journal.choices.model_sheets)

    def set_line_layers(self, uuids: Sequence[str]) -> None:
        """Take the lines from these layers."""
        self._choose(lines=list(uuids))

    def set_color_layer(self, uuid: str | None) -> None:
        """Write colours into this layer; None: a new one below the lines."""
        self._choose(color=uuid)

    def set_moved_layers(self, uuids: Sequence[str]) -> None:
        """Move what is painted on these layers along with the segments."""
        self._choose(moved=list(uuids))

    def set_surfaces(self, kept: bool) -> None:
        """Keep what is painted in more than one colour, or give each segment one."""
        self._choose(surfaces=kept)

    def set_range(self, first: int, last: int) -> None:
        """Colour the drawings that begin within these frames."""
        self._choose(first=min(first, last), last=max(first, last))

    def set_gap(self, px: float | None) -> None:
        """Close gaps in lines up to this width; None: as the drawing suggests."""
        self._choose(gap_px=px)

    def add_model_sheet(self, path: str) -> None:
        """Learn from a picture outside the document, too."""
        if path not in self.model_sheets:
            self._choose(model_sheets=[*self.model_sheets, path])

    def remove_model_sheet(self, path: str) -> None:
        """Learn from a picture no longer."""
        self._choose(model_sheets=[kept for kept in self.model_sheets if kept != path])

    def _choose(self, **choices: Any) -> None:
        if self._free():
            self._refused.clear()
            if "color" in choices:
                self.close_message()  # its answers are about the layer chosen before
            self._guard(lambda: self._documents.choose(choices))
            self._scan()

    def toggle_reference(self, time: int) -> None:
        """Let a painted frame teach the others, or no longer."""
        if self._free():
            self._guard(lambda: self._documents.shot.toggle_reference(time))
            self._documents.changed("frames")
