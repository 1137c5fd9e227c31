"""One thread: waiting PyTorch threads spin, and take the cores from other processes."""

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)
