"""CPU and CUDA give the same colours; run with `-m gpu` on a machine that has onnxruntime-gpu."""

import numpy as np
import pytest

from ant_core.errors import DeviceUnavailable
from ant_core.matching.matcher import Matcher
from tests.matching.test_matcher import descriptors

pytestmark = pytest.mark.gpu

# Largest difference of a probability between devices; float32, TF32 off.
SCORE_TOLERANCE = 2e-3


@pytest.fixture(scope="module")
def cuda():
    try:
        return Matcher(device="cuda")
    except DeviceUnavailable as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("count", [1, 40, 300])
def test_cuda_matches_like_the_cpu(cuda, count):
    assert cuda.device == "cuda"
    results = []
    for matcher in (cuda, Matcher(device="cpu")):
        reference = matcher.encode(descriptors(count + 5, seed=1))
        results.append(matcher.match([reference], matcher.encode(descriptors(count)), [1]))
    on_cuda, on_cpu = results
    np.testing.assert_allclose(on_cuda.probability, on_cpu.probability, atol=SCORE_TOLERANCE)
    best = on_cpu.probability.max(axis=1)
    second = np.sort(on_cpu.probability, axis=1)[:, -2]
    clear = best - second > 2 * SCORE_TOLERANCE
    np.testing.assert_array_equal(
        on_cuda.probability.argmax(axis=1)[clear], on_cpu.probability.argmax(axis=1)[clear]
    )
