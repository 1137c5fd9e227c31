"""ONNX Runtime: whether it is there and new enough, its memory, and where it runs what."""

from __future__ import annotations

import contextlib
import io
import re
from functools import cache
from typing import Any

from ant_core.errors import AntError

__all__ = ["import_runtime", "load_cuda", "misplaced_nodes", "says_too_new"]

_OLDEST_RUNTIME = (1, 23, 2)
# What ONNX Runtime says of a network that was written for a newer one than itself.
_TOO_NEW = re.compile(r"Unsupported model IR version: \d+|Opset \d+")
_MOST_MEMORY = 8 << 30  # bytes; the largest match that settings allow needs one
# ONNX Runtime keeps the arithmetic on shapes on the CPU by design; these never belong there.
_COMPUTE = {"Conv", "FusedConv", "FusedMatMul", "Gemm", "LayerNormalization", "MatMul", "Softmax"}


def import_runtime() -> Any:
    """Return the module `onnxruntime`; AntError when it is missing or too old."""
    try:
        import onnxruntime
    except ImportError:
        raise AntError(
            "ONNX Runtime is not installed; install ant-core[cpu], or ant-core[gpu] on a machine "
            "with an NVIDIA GPU"
        ) from None
    if _numbers(onnxruntime.__version__) < _OLDEST_RUNTIME:
        raise AntError(
            f"ONNX Runtime {onnxruntime.__version__} is too old, ant_core needs 1.23.2 or newer: "
            "install ant-core[cpu] or ant-core[gpu] again"
        )
    _bound_memory(onnxruntime)
    return onnxruntime


def _numbers(version: str) -> tuple[int, ...]:
    """Return the first three numbers of a version; what follows them (`1.24.0rc1`) is left out."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def says_too_new(error: Exception) -> str:
    """Return ONNX Runtime's words for a network newer than itself, "" for any other error."""
    found = _TOO_NEW.search(str(error))
    return found[0] if found else ""


@cache
def _bound_memory(runtime: Any) -> None:
    """Let a graph that asks for more memory than any match needs fail, and nothing else."""
    place = runtime.OrtMemoryInfo(
        "Cpu", runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, runtime.OrtMemType.DEFAULT
    )
    runtime.create_and_register_allocator(place, runtime.OrtArenaCfg({"max_mem": _MOST_MEMORY}))


@cache
def load_cuda(runtime: Any) -> bool:
    """Load NVIDIA's libraries that are installed as packages; return whether CUDA may be tried.

    ONNX Runtime finds them there only when it is asked to. What it cannot load it prints, to where
    this program's data goes; that goes nowhere, since the device in use and the doctor tell of it.

    Parameters
    ----------
    runtime : module
        `onnxruntime`.

    Returns
    -------
    bool
        False where this ONNX Runtime was built without CUDA.
    """
    if "CUDAExecutionProvider" not in runtime.get_available_providers():
        return False
    with contextlib.redirect_stdout(io.StringIO()):
        runtime.preload_dlls(msvc=False, directory="")
    return True


def misplaced_nodes(session: Any, provider: str) -> list[str]:
    """Return the kinds of computing nodes of a session that run elsewhere than on `provider`.

    The session must have been made with "session.record_ep_graph_assignment_info". ONNX Runtime
    1.23, the last for Intel Macs, tells of whole sessions only.
    """
    if not hasattr(session, "get_provider_graph_assignment_info"):
        return [] if session.get_providers()[:1] == [provider] else sorted(_COMPUTE)
    return sorted(
        {
            node.op_type
            for part in session.get_provider_graph_assignment_info()
            if part.ep_name != provider
            for node in part.get_nodes()
            if node.op_type in _COMPUTE
        }
    )
