"""What waits for engines does not load what engines load."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["cluster", "pool", "command"])
def test_a_batch_and_a_worker_of_a_cluster_load_no_kernels(module):
    code = (
        f"import sys, ant_core.batch.{module};"
        "print([m for m in ('numba', 'cv2', 'onnxruntime', 'distributed') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
