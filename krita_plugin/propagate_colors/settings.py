"""What the artist can set, declared once: name, default, description."""

from __future__ import annotations

from typing import Any, NamedTuple

from .i18n import mark
from .signals import Signal


class Setting(NamedTuple):
    """One setting; all are text, as Krita keeps them."""

    name: str
    default: str
    description: str


ENGINE_COMMAND = Setting(
    "engine_command",
    "",
    mark(
        "Command or program that starts the engine. Empty: ANT_CORE, then the engine that was set "
        "up, then ant_core on the PATH."
    ),
)
ENGINE_FOLDER = Setting(
    "engine_folder", "", mark("Folder in which the engine is set up. Empty: Krita's own folder.")
)
MODEL = Setting("model", "", mark("Model that matches the drawings. Empty: the built-in one."))
DEVICE = Setting(
    "device", "auto", mark("Where the engine computes: auto, cpu or cuda. Auto takes a GPU if any.")
)
LANGUAGE = Setting("language", "", mark("Language of this plugin. Empty: as Krita."))
REVIEW_ORDER = Setting("review_order", "time", mark("Order of the review list: time or doubt."))
VIEWER_PLACE = Setting(
    "viewer_place", "", mark("Where the window with the current frame was: left, top, size.")
)
SHEET_PLACE = Setting("sheet_place", "", mark("Where the contact sheet was: left, top, size."))
EXPLANATION_PLACE = Setting(
    "explanation_place",
    "",
    mark("Where the window that explains a color was: left, top, size."),
)
DOCKER_CLOSED = Setting("docker_closed", "", mark("Whether the artist closed the docker."))
DOCKER_OFFERED = Setting("docker_offered", "", mark("Whether the hidden docker was offered once."))

ALL = (
    *(ENGINE_COMMAND, ENGINE_FOLDER, MODEL, DEVICE, LANGUAGE),
    *(REVIEW_ORDER, VIEWER_PLACE, SHEET_PLACE, EXPLANATION_PLACE),
    *(DOCKER_CLOSED, DOCKER_OFFERED),
)


class DockerSettings:
    """Reads and writes settings through anything with Host's read_setting and write_setting."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.changed = Signal()  # (Setting)

    def get(self, setting: Setting) -> str:
        """Return the stored value, or the default."""
        return self._store.read_setting(setting.name, "") or setting.default

    def set(self, setting: Setting, value: str) -> None:
        """Store a value; tell listeners if it differs from the present one."""
        if value == self.get(setting):
            return
        self._store.write_setting(setting.name, "" if value == setting.default else value)
        self.changed.emit(setting)

    def restore_defaults(self) -> None:
        """Set everything back, but let the engine be found where it lies."""
        for setting in ALL:
            if setting is not ENGINE_FOLDER:
                self.set(setting, setting.default)
