"""Propagate Colors: colour a shot of drawn frames from a few painted ones.

`ant_core.api` and `ant_core.errors` are the public Python interface; see docs/api.md.
"""

import os

__version__ = "0.7.0"

# ONNX Runtime reports its use over the network unless this is set before it is imported. Nothing
# of ant_core can be imported before this file, in whichever process, and children inherit it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
