"""All checks in order; what hinders one is told and keeps no other from being done."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ant_core.doctor.check import Check, guarded
from ant_core.doctor.device import check_cuda, check_device, check_versions
from ant_core.errors import Cancelled

if TYPE_CHECKING:
    from ant_core.api.model import Model
    from ant_core.matching.matcher import Device
    from ant_core.reporter import Reporter

__all__ = ["examine"]


def examine(
    device: Device, model: str | None, reporter: Reporter, cancel: threading.Event
) -> list[Check]:
    """Check everything, kernels and self-test last.

    Parameters
    ----------
    device : "auto", "cpu" or "cuda"
        Where the network is to run.
    model : str, optional
        Name or file; the model of the package if not given.
    reporter : Reporter
        Told of every kernel that is ready, and of the self-test, where small steps are welcome.
    cancel : threading.Event
        Ends the checks with Cancelled.

    Returns
    -------
    list of Check
        Versions and CUDA alone where a package cannot be loaded: the others need them all.
    """
    checks = [guarded("versions", check_versions), guarded("cuda", check_cuda)]
    if checks[0].state == "problem":
        return checks
    from ant_core.doctor.places import check_disk, check_model, check_writing

    checks.append(guarded("model", lambda: check_model(model, cancel)))
    checks.append(guarded("disk", check_disk))
    checks.append(guarded("writing", check_writing))
    loaded: list[Model] = []
    checks.append(guarded("device", lambda: _load(device, model, loaded)))
    if loaded:
        checks.append(guarded("kernels", lambda: _prepare(loaded[0], reporter, cancel)))
        checks.append(guarded("self_test", lambda: _self_test(loaded[0], reporter)))
    return checks


def _load(device: Device, model: str | None, loaded: list[Model]) -> Check:
    from ant_core.api.model import Model

    loaded.append(Model(model, device=device))
    return check_device(loaded[0].device, device)


def _prepare(model: Model, reporter: Reporter, cancel: threading.Event) -> Check:
    from ant_core.doctor.kernels import Kernels
    from ant_core.doctor.self_test import color_shot

    kernels = Kernels()

    def tell(done: int) -> None:
        if cancel.is_set():
            raise Cancelled("stopped: kernels that are compiled are kept")
        if reporter.live:
            reporter.progress(done, kernels.count, "kernels", {"step": "kernels"})

    return kernels.prepare(tell, lambda: color_shot(model))


def _self_test(model: Model, reporter: Reporter) -> Check:
    from ant_core.doctor.self_test import self_test

    if reporter.live:
        reporter.progress(0, 1, "self-test", {"step": "self_test"})
    return self_test(model)
