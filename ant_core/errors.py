"""The error tree of ant_core, and the exit code of each class.

    AntError                 1  anything unexpected that we can still put into a sentence
    ├── UsageError           2  a command line or settings that make no sense
    ├── ModelError           4
    │   ├── ModelMissing        no model file where one was expected
    │   └── ModelCorrupt        a file that is no model, or a damaged one
    ├── InputError           5  pictures, folders or hints that cannot be worked on
    ├── OutputError          5  a place that cannot be written to, or a full disk
    ├── DeviceUnavailable    6  a device was asked for that is not there
    ├── ProtocolError        5  a message of the engine protocol that cannot be understood
    └── Cancelled          130  the user stopped the run

Every message is one sentence that says what, where, what was expected and what to do.
"""

from __future__ import annotations

__all__ = [
    "AntError",
    "Cancelled",
    "DeviceUnavailable",
    "InputError",
    "ModelCorrupt",
    "ModelError",
    "ModelMissing",
    "OutputError",
    "ProtocolError",
    "UsageError",
]


class AntError(Exception):
    """Base of all errors that a user can meet; the message is meant for them."""

    exit_code = 1


class UsageError(AntError):
    """The command line or the settings contradict themselves or the shot."""

    exit_code = 2


class ModelError(AntError):
    """The network's weights cannot be used."""

    exit_code = 4


class ModelMissing(ModelError):
    """There is no model file at the given place."""


class ModelCorrupt(ModelError):
    """The file is no model, is damaged, or is of another kind or version."""


class InputError(AntError):
    """A picture, folder, hint or lock cannot be worked on."""

    exit_code = 5


class OutputError(AntError):
    """The output cannot be written."""

    exit_code = 5


class DeviceUnavailable(AntError):
    """The device that was asked for is not there or cannot run the model."""

    exit_code = 6


class ProtocolError(AntError):
    """A message of the engine protocol is malformed or out of order."""

    exit_code = 5


class Cancelled(AntError):
    """The user stopped the run."""

    exit_code = 130
