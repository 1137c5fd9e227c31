"""What the set-up of an engine does at present, in words."""

from __future__ import annotations

from ..i18n import tr
from ..link.pack.problems import megabytes
from ..link.pack.steps import CHECKING, DOWNLOADING, PREPARING, TESTING, UNPACKING, WAITING


def progress(stage: str, done: int, total: int) -> str:
    """Return the text for a stage; `done` and `total` are bytes where it downloads."""
    texts = {
        DOWNLOADING: tr(
            "Downloading, {done} of {total} MB", done=megabytes(done), total=megabytes(total)
        ),
        CHECKING: tr("Checking"),
        UNPACKING: tr("Unpacking"),
        PREPARING: tr("Preparing for this computer (about half a minute, once)"),
        TESTING: tr("Testing"),
        WAITING: tr("Waiting for the present job to end"),
    }
    return texts.get(stage, tr("Looking at the disk"))
