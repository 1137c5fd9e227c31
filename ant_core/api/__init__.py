"""Colour drawn frames that are NumPy arrays: what `ant_core propagate` does, without files.

These names, the errors of `ant_core.errors`, and what docs/api.md says of both are the public
Python interface; versions follow Semantic Versioning for it. All other modules may change with
any release.
"""

from ant_core.api.arrays import Frames
from ant_core.api.label_map import LabelMap, segment
from ant_core.api.model import Model
from ant_core.api.propagate import Stopped, propagate
from ant_core.api.result import ColoredFrame, Result

__all__ = [
    "ColoredFrame",
    "Frames",
    "LabelMap",
    "Model",
    "Result",
    "Stopped",
    "propagate",
    "segment",
]
