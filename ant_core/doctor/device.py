"""Versions, and where the network runs: providers asked for and in use, NVIDIA's libraries."""

from __future__ import annotations

import ctypes
import importlib
import platform
import sys
from importlib import metadata
from typing import Any

from ant_core import __version__
from ant_core.doctor.check import Check, broken_package
from ant_core.matching.runtime import load_cuda

__all__ = ["check_cuda", "check_device", "check_versions", "nvidia_driver"]

# Distribution -> module; of the two ONNX Runtimes one must be there, and they must not meet.
_PACKAGES = {"numpy": "numpy", "opencv-python-headless": "cv2", "numba": "numba"}
_RUNTIMES = ("onnxruntime", "onnxruntime-gpu")
# What ONNX Runtime's CUDA provider loads, by the major version of CUDA it was built for.
_LINUX = {
    "12": ("libcudart.so.12", "libcublasLt.so.12", "libcublas.so.12", "libcufft.so.11"),
    "13": ("libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13", "libcurand.so.10"),
}
_WINDOWS = {
    "12": ("cudart64_12.dll", "cublasLt64_12.dll", "cublas64_12.dll", "cufft64_11.dll"),
    "13": ("cudart64_13.dll", "cublasLt64_13.dll", "cublas64_13.dll", "cufft64_12.dll"),
}
_CUDNN = {"linux": "libcudnn.so.9", "win32": "cudnn64_9.dll"}


def check_versions() -> Check:
    """Load every package and name its version."""
    python = platform.python_version()
    facts: dict[str, Any] = {
        "ant_core": __version__,
        "python": python,
        "executable": sys.executable,
        "system": platform.system(),
        "system_version": platform.release(),
        "machine": platform.machine(),
    }
    for distribution, module in _PACKAGES.items():
        try:
            importlib.import_module(module)
        except ImportError as error:
            what, remedy = broken_package(error)
            return Check("versions", f"{distribution}: {what}", "problem", remedy, facts)
        facts[distribution] = metadata.version(distribution)
    found = [name for name in _RUNTIMES if _version(name)]
    facts |= {name: _version(name) for name in found}
    try:
        importlib.import_module("onnxruntime")
    except ImportError as error:
        what, remedy = broken_package(error)
        return Check("versions", f"onnxruntime: {what}", "problem", remedy, facts)
    names = [*_PACKAGES, *found]
    text = f"ant_core {__version__}, Python {python}, " + ", ".join(
        f"{name.removesuffix('-python-headless')} {facts[name]}" for name in names
    )
    if len(found) > 1:
        remedy = "remove both, then install one of them"
        both = "onnxruntime and onnxruntime-gpu are both installed and overwrite each other"
        return Check("versions", both, "problem", remedy, facts)
    return Check("versions", f"{text}; {platform.system()} {platform.machine()}", facts=facts)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def check_device(in_use: str, asked: str) -> Check:
    """Compare the device in use, as the session answered, with the one asked for."""
    import onnxruntime

    providers = onnxruntime.get_available_providers()
    available = [name.removesuffix("ExecutionProvider") for name in providers]
    facts = {"asked": asked, "in_use": in_use, "available": available}
    text = f"{in_use.upper()} in use, {asked} asked for"
    if in_use == "cpu" and asked != "cpu" and "CUDA" in available:
        return Check(
            "device",
            f"{text}: CUDA is installed but does not work",
            "note",
            "update the NVIDIA driver; until then the CPU does the same, slower",
            facts,
        )
    return Check("device", f"{text}; available: {', '.join(available)}", facts=facts)


def check_cuda() -> Check:
    """Look for NVIDIA's driver and the libraries that this ONNX Runtime would load."""
    driver = nvidia_driver()
    wanted = _wanted_libraries()
    if wanted:  # a library that is loaded is found by its name alone
        load_cuda(importlib.import_module("onnxruntime"))
    missing = [name for name in wanted if not _loads(name)]
    facts = {
        "driver": driver,
        "libraries": {name: name not in missing for name in wanted},
    }
    if not wanted:
        text = "this engine is made for the CPU"
        if driver is None:
            return Check("cuda", f"{text}; no NVIDIA driver found", facts=facts)
        remedy = "install the engine for NVIDIA CUDA if you want it faster"
        return Check("cuda", f"{text}; NVIDIA driver for CUDA {driver}", "note", remedy, facts)
    if driver is None:
        remedy = "install the NVIDIA driver; until then the CPU does the same, slower"
        return Check("cuda", "no NVIDIA driver found", "note", remedy, facts)
    if missing:
        remedy = "install the CUDA and cuDNN libraries of the engine for NVIDIA CUDA again"
        text = f"libraries that cannot be loaded: {', '.join(missing)}"
        return Check("cuda", text, "note", remedy, facts)
    return Check("cuda", f"NVIDIA driver for CUDA {driver}, all libraries load", facts=facts)


def nvidia_driver() -> str | None:
    """Return the newest CUDA that the NVIDIA driver serves, such as "12.8"; None without one."""
    name = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}.get(sys.platform)
    if name is None:
        return None
    version = ctypes.c_int(0)
    try:
        if ctypes.CDLL(name).cuDriverGetVersion(ctypes.byref(version)) != 0:
            return None
    except (OSError, AttributeError):
        return None
    return f"{version.value // 1000}.{version.value % 1000 // 10}"


def _wanted_libraries() -> tuple[str, ...]:
    """Name what the installed ONNX Runtime needs of CUDA; nothing where it is built without."""
    if not _version("onnxruntime-gpu"):
        return ()
    try:
        build = importlib.import_module("onnxruntime.capi.build_and_package_info")
    except ImportError:
        return ()
    major = str(getattr(build, "cuda_version", "")).partition(".")[0]
    table = _WINDOWS if sys.platform == "win32" else _LINUX
    cudnn = _CUDNN.get(sys.platform)
    return (*table[major], cudnn) if major in table and cudnn else ()


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
