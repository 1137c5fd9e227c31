"""The sample shot as a document of its own, its first frame painted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..host.document import HostError
from ..host.new_document import open_sequences
from ..i18n import tr
from ..link.requests import Steps
from ..qt import QtGui

_PLUGIN = Path(__file__).resolve().parent.parent
# In the plugin's zip, and in a checkout.
_PLACES = (_PLUGIN / "sample", _PLUGIN.parents[1] / "samples" / "saha")
_EVERY = 2  # frames a drawing


def open_sample(_host: Any = None) -> Steps:
    """Steps that open it in front of the artist."""
    places = [place for place in _PLACES if place.is_dir()]
    if not places:
        raise HostError(tr("The sample shot is missing: install the plugin's zip again."))
    lines = sorted(str(path) for path in (places[0] / "line").glob("*.png"))
    painted = sorted(str(path) for path in (places[0] / "color").glob("*.png"))
    size = QtGui.QImageReader(lines[0]).size()
    # The drawings are ink on white paper, so the colours must show through.
    layers = [("Colors", painted, "normal"), ("Lines", lines, "multiply")]
    yield from open_sequences("Saha", (size.width(), size.height()), layers, _EVERY)
