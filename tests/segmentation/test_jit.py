from __future__ import annotations

import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numba
import pytest

from segmentation import _jit


def double(x):
    return 2 * x


@pytest.fixture
def fresh(monkeypatch):
    """A kernel of this package that no cache can know."""
    monkeypatch.setattr(double, "__module__", "segmentation.fresh")
    monkeypatch.setattr(_jit.NOTICE, "given", False)
    return double


def test_a_compilation_is_announced_once_on_the_log(fresh, monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    with caplog.at_level(logging.WARNING, logger="segmentation"):
        assert _jit.kernel("int64(int64)")(fresh)(4) == 8
        assert _jit.kernel("float64(float64)")(fresh)(4.0) == 8.0
    assert [record.message[:9] for record in caplog.records] == ["compiling"]


def test_a_kernel_from_the_cache_says_nothing(fresh, monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    _jit.kernel("int64(int64)")(fresh)(4)
    assert _jit.NOTICE.given
    _jit.NOTICE.given = False
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="segmentation"):
        assert _jit.kernel("int64(int64)")(fresh)(4) == 8
    assert not caplog.records


def test_kernels_are_compiled_when_first_called_also_by_another(fresh, monkeypatch):
    made = []
    real = numba.njit

    def njit(signatures, **options):
        made.append(signatures)
        return real(signatures, nogil=options["nogil"], error_model=options["error_model"])

    monkeypatch.setattr(numba, "njit", njit)
    inner = _jit.kernel("int64(int64)")(fresh)

    def four_times(x):
        return inner(inner(x))

    outer = _jit.kernel("int64(int64)")(four_times)
    assert made == []
    assert outer(3) == 12
    assert outer(4) == 16
    assert len(made) == 2
    assert inner(1) == 2
    assert len(made) == 2


def test_threads_that_call_a_kernel_first_at_once_agree(fresh, monkeypatch, tmp_path):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    inner = _jit.kernel("int64(int64)")(fresh)

    def four_times(x):
        return inner(inner(x))

    outer = _jit.kernel("int64(int64)")(four_times)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda k: (outer, inner)[k % 2](k), range(8), timeout=60))
    assert found == [0, 2, 8, 6, 16, 10, 24, 14]


def test_without_any_writable_cache_kernels_still_work(fresh, monkeypatch):
    real = numba.njit

    def njit(signatures, **options):
        if options.pop("cache", False):
            raise RuntimeError("cannot cache function: no locator available for file")
        return real(signatures, **options)

    monkeypatch.setattr(numba, "njit", njit)
    assert _jit.kernel("int64(int64)")(fresh)(4) == 8


def test_importing_the_package_loads_nothing_heavy_and_prints_nothing():
    code = (
        "import sys, segmentation; "
        "print([m for m in ('torch', 'onnxruntime', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
