"""What the engine's set-up can be at, and which remedies there are."""

# Nothing to show; never begun; begun and not ended; another one belongs to this plugin; ...
HIDDEN, OFFERED, UNFINISHED, NEWER, RUNNING, FAILED, READY = (
    "hidden", "offered", "unfinished", "newer", "running", "failed", "ready",
)  # fmt: skip

# What may help besides trying again.
PACK, FOLDER = "pack", "folder"
