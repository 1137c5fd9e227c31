"""What waits for engines does not load what engines load."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from ant_core.batch import pool
from ant_core.batch.cluster import _DASK_VARIABLES


@pytest.mark.parametrize("module", ["cluster", "pool", "command"])
def test_a_batch_and_a_worker_of_a_cluster_load_no_kernels(module):
    code = (
        f"import sys, ant_core.batch.{module};"
        "print([m for m in ('numba', 'cv2', 'onnxruntime', 'distributed') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_engine_of_a_cluster_keeps_its_memory_as_any_other(monkeypatch, tmp_path):
    """What Dask sets for its workers makes the system clear every array's pages anew."""
    started = {}

    def popen(command, **options):
        started.update(options["env"])
        return SimpleNamespace(pid=1)

    monkeypatch.setattr(subprocess, "Popen", popen)
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")
    monkeypatch.setenv("KEPT", "1")
    pool.EngineProcess(1, tmp_path / "log", 2, _DASK_VARIABLES)
    assert "MALLOC_TRIM_THRESHOLD_" not in started
    assert (started["KEPT"], started["NUMBA_NUM_THREADS"]) == ("1", "2")
