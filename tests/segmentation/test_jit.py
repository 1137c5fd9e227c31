from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
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


def test_every_kernel_that_is_compiled_is_counted_and_told(fresh, monkeypatch, tmp_path):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(_jit.NOTICE, "_count", 0)
    told = []
    monkeypatch.setattr(_jit.NOTICE, "on_compile", told.append)
    # Of no module that could be imported: Numba reads it back while what it compiled lives.
    kept = _jit.kernel("int64(int64)")(fresh)
    kept(4)
    _jit.kernel("float64(float64)")(fresh)(4.0)
    assert told == [1, 2]
    _jit.kernel("int64(int64)")(fresh)(4)
    assert told == [1, 2], "that one came from the cache"


def test_a_kernel_from_the_cache_says_nothing(fresh, monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    kept = _jit.kernel("int64(int64)")(fresh)  # see above
    kept(4)
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


@pytest.fixture
def no_locator(monkeypatch):
    """Numba finds no place to cache but the one that NUMBA_CACHE_DIR names."""
    real = numba.njit

    def njit(signatures, **options):
        if options.get("cache") and not os.environ.get("NUMBA_CACHE_DIR"):
            raise RuntimeError("cannot cache function: no locator available for file")
        return real(signatures, **options)

    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    monkeypatch.setattr(numba, "njit", njit)
    monkeypatch.setattr(_jit.NOTICE, "told_place", False)
    yield
    monkeypatch.undo()
    numba.core.config.reload_config()


def test_where_nothing_can_be_written_the_cache_is_private_and_temporary(
    fresh, no_locator, monkeypatch, tmp_path, caplog
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with caplog.at_level(logging.WARNING, logger="segmentation"):
        assert _jit.kernel("int64(int64)")(fresh)(4) == 8
        assert _jit.kernel("float64(float64)")(fresh)(4.0) == 8.0
    (folder,) = tmp_path.iterdir()
    assert os.environ["NUMBA_CACHE_DIR"] == str(folder)
    assert list(folder.rglob("*.nbc"))
    told = [record.message for record in caplog.records if "kept in" in record.message]
    assert len(told) == 1
    assert str(folder) in told[0]


_FULL = """
import resource
from segmentation._jit import kernel
resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
print(kernel("int64(int64)")(lambda x: x + 1)(41))
"""


def test_on_a_full_disk_kernels_are_compiled_all_the_same(tmp_path):
    pytest.importorskip("resource", reason="limits of a process are POSIX's")
    script = tmp_path / "full.py"
    script.write_text(_FULL)
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.getcwd()},
    )
    assert done.stdout == "42\n", done.stderr
    assert "compiled kernels cannot be kept" in done.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="access goes by lists on this system")
@pytest.mark.parametrize("kind", ["open to others", "a link", "a file", "gone"])
def test_a_cache_that_others_may_have_filled_is_not_used(
    kind, fresh, no_locator, monkeypatch, tmp_path, caplog
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    place = tmp_path / "t" / f"ant_core-kernels-{os.geteuid()}"
    if kind != "gone":
        (tmp_path / "t").mkdir()
    if kind == "open to others":
        place.mkdir()
        place.chmod(0o777)
    elif kind == "a link":
        (tmp_path / "other").mkdir(mode=0o700)
        place.symlink_to(tmp_path / "other")
    elif kind == "a file":
        place.write_bytes(b"")
    with caplog.at_level(logging.WARNING, logger="segmentation"):
        assert _jit.kernel("int64(int64)")(fresh)(4) == 8
        assert _jit.kernel("float64(float64)")(fresh)(4.0) == 8.0
    assert not list(tmp_path.rglob("*.nbc"))
    told = [record.message for record in caplog.records if "kept nowhere" in record.message]
    assert len(told) == 1


def test_importing_the_package_loads_nothing_heavy_and_prints_nothing():
    code = (
        "import sys, segmentation; "
        "print([m for m in ('torch', 'onnxruntime', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
