"""Where training runs: one CPU or GPU, or one process a GPU as torchrun starts them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager

import torch
from torch import Tensor, distributed, nn

from ant_core.errors import DeviceUnavailable

__all__ = ["Machine"]


def _has_bfloat16() -> bool:
    """Tell whether this CPU computes in bfloat16; older versions of PyTorch do not know."""
    known: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(known.get("avx512_bf16") or known.get("amx_bf16"))


class Machine:
    """The device of this process, and its share in the work.

    Parameters
    ----------
    device : "auto", "cpu" or "cuda"
    full_precision : bool
        float32 throughout instead of bfloat16 where PyTorch thinks it safe. A CPU without
        instructions for bfloat16 always computes so: it would be 10 to 50 times slower otherwise.
    threads : int
        CPU threads of PyTorch.

    Raises
    ------
    DeviceUnavailable
        When CUDA is asked for and does not work.
    """

    def __init__(self, device: str, *, full_precision: bool, threads: int) -> None:
        torch.set_num_threads(threads)
        works = torch.cuda.is_available()
        if device == "cuda" and not works:
            raise DeviceUnavailable(
                "CUDA does not work here: install PyTorch for CUDA, or train with device = "
                '"cpu" or "auto"'
            )
        self.rank = int(os.environ.get("RANK", "0"))
        self.processes = int(os.environ.get("WORLD_SIZE", "1"))
        use_cuda = works and device != "cpu"
        local = int(os.environ.get("LOCAL_RANK", "0"))
        self.device = torch.device("cuda", local) if use_cuda else torch.device("cpu")
        self._full_precision = full_precision or not (use_cuda or _has_bfloat16())
        if self.processes > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if use_cuda else "gloo")

    @property
    def is_first(self) -> bool:
        """Whether this process validates, writes and reports."""
        return self.rank == 0

    def autocast(self) -> AbstractContextManager[None]:
        """Compute in bfloat16 where PyTorch thinks it safe."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=not self._full_precision)

    def to_device(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Bring a batch to the device."""
        return {key: value.to(self.device, non_blocking=True) for key, value in batch.items()}

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Let all processes take the step of their mean gradient."""
        if self.processes == 1:
            return
        for parameter in (one for one in parameters if one.requires_grad):
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            distributed.all_reduce(parameter.grad)
            parameter.grad /= self.processes

    def agree(self, seconds: float, pairs: int, *, stop: bool) -> tuple[float, int, bool]:
        """Return clock of the slowest, pairs of all, and whether any process was stopped.

        All processes then validate and end at the same step.
        """
        if self.processes == 1:
            return seconds, pairs, stop
        longest = torch.tensor([seconds, float(stop)], dtype=torch.float64, device=self.device)
        total = torch.tensor(pairs, device=self.device)
        distributed.all_reduce(longest, distributed.ReduceOp.MAX)
        distributed.all_reduce(total)
        return float(longest[0]), int(total), bool(longest[1])

    def wait(self) -> None:
        """Wait for the other processes."""
        if self.processes > 1:
            distributed.barrier()
