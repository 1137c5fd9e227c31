"""A loaded model."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from ant_core.matching.matcher import Device, Matcher
from ant_core.models.installed import locate
from ant_core.propagation.options import THREADS, check_range

__all__ = ["Model"]


class Model:
    """A loaded model, to be used for one call after the other; not by two threads at a time.

    Parameters
    ----------
    model : str or path, optional
        Model file, or the name of one that `ant_core models` lists. Default: the one in the
        package.
    device : "auto", "cpu" or "cuda"
        "auto" takes CUDA where it works and the CPU otherwise; "cuda" is an error without.
    threads : int, optional
        CPU threads of the network and of the kernels, 1 to 1024. Default: all cores.

    Attributes
    ----------
    device : str
        The device in use, "cpu" or "cuda".
    name, sha256 : str
        Name, and SHA-256 of the file in hexadecimal digits.
    threads : int or None

    Raises
    ------
    ModelMissing, ModelCorrupt, DeviceUnavailable, UsageError
    """

    def __init__(
        self,
        model: str | PathLike[str] | None = None,
        *,
        device: Device = "auto",
        threads: int | None = None,
    ) -> None:
        check_range("threads", threads, THREADS)
        path = None if model is None else locate(Path(model))
        self._matcher = Matcher(path, device, threads)
        self.threads = threads

    @property
    def device(self) -> str:
        """Where it runs: "cpu" or "cuda"."""
        return self._matcher.device

    @property
    def name(self) -> str:
        """The name that the model file gives itself."""
        return self._matcher.model_name

    @property
    def sha256(self) -> str:
        """SHA-256 of the model file, in hexadecimal."""
        return self._matcher.model_hash
