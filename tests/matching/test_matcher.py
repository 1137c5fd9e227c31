"""The run-time with the embedded model: devices, damaged files, empty drawings."""

import shutil
import subprocess
import sys
import zipfile

import numpy as np
import onnx
import pytest

from ant_core.errors import AntError, DeviceUnavailable, ModelCorrupt, ModelMissing
from ant_core.matching.descriptors import SHAPE_FEATURES, Descriptors
from ant_core.matching.matcher import Matcher
from ant_core.matching.model_file import ModelFile, default_model
from ant_core.matching.runtime import _numbers, load_cuda, misplaced_nodes

onnxruntime = pytest.importorskip("onnxruntime", reason="needs the cpu or gpu extra")


def descriptors(count, seed=0):
    rng = np.random.default_rng(seed)
    edges = np.array([[i, i + 1] for i in range(count - 1)], np.int32).reshape(-1, 2)
    return Descriptors(
        rng.integers(0, 256, (count, 4, 32, 32), dtype=np.uint8),
        rng.standard_normal((count, len(SHAPE_FEATURES))).astype(np.float32),
        rng.random((count, 4)).astype(np.float32),
        edges,
        np.ones(len(edges), np.float32),
        (64, 64),
        2.0,
    )


@pytest.fixture(scope="module")
def matcher():
    return Matcher(device="cpu", threads=1)


def test_rows_sum_to_one_over_all_references(matcher):
    references = [matcher.encode(descriptors(count, seed=count)) for count in (5, 3)]
    match = matcher.match(references, matcher.encode(descriptors(4)), [1, -2])
    assert match.probability.shape == (4, 8)
    assert match.probability.dtype == np.float32
    np.testing.assert_allclose(match.probability.sum(axis=1), 1, atol=1e-5)
    assert match.reference.tolist() == [0] * 5 + [1] * 3
    assert match.segment.tolist() == [1, 2, 3, 4, 5, 1, 2, 3]
    assert ((match.has_counterpart >= 0) & (match.has_counterpart <= 1)).all()


def test_the_same_call_twice_gives_the_same_bits(matcher):
    a, b = matcher.encode(descriptors(30)), matcher.encode(descriptors(40, seed=1))
    first, second = matcher.match([a], b, [1]), matcher.match([a], b, [1])
    np.testing.assert_array_equal(first.probability, second.probability)


@pytest.mark.parametrize(("references", "targets"), [(0, 3), (3, 0), (0, 0)])
def test_empty_drawings_match_nothing(matcher, references, targets):
    reference = matcher.encode(descriptors(references))
    match = matcher.match([reference], matcher.encode(descriptors(targets)), [1])
    assert match.probability.shape == (targets, references)
    assert match.has_counterpart.tolist() == [0.0] * targets


def test_no_reference_at_all_matches_nothing(matcher):
    match = matcher.match([], matcher.encode(descriptors(2)), [])
    assert match.probability.shape == (2, 0)


def test_confidence_rises_with_the_share_of_similarity(matcher):
    confidence = matcher.confidence(np.linspace(0, 1, 50, dtype=np.float32))
    assert (np.diff(confidence) >= 0).all()
    assert confidence.min() >= 0
    assert confidence.max() <= 1


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(ModelMissing, match=r"nothing\.antmodel"):
        Matcher(tmp_path / "nothing.antmodel")


def test_a_truncated_model_is_refused(tmp_path):
    path = tmp_path / "cut.antmodel"
    path.write_bytes(default_model().read_bytes()[:-1000])
    with pytest.raises(ModelCorrupt, match="damaged"):
        Matcher(path)


def test_a_flipped_byte_is_noticed(tmp_path):
    data = bytearray(default_model().read_bytes())
    data[len(data) // 2] ^= 0xFF
    path = tmp_path / "flipped.antmodel"
    path.write_bytes(data)
    with pytest.raises(ModelCorrupt, match="damaged"):
        Matcher(path)


def test_another_kind_of_file_is_refused(tmp_path):
    path = tmp_path / "picture.antmodel"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(ModelCorrupt, match="not a model file"):
        Matcher(path)


def test_a_manifest_without_what_it_needs_is_refused(tmp_path):
    path = tmp_path / "poor.antmodel"
    with zipfile.ZipFile(default_model()) as good, zipfile.ZipFile(path, "w") as bad:
        bad.writestr("manifest.json", '{"name": "poor", "descriptor_version": 1, "features": 8}')
        for name in ("encoder.onnx", "matcher.onnx"):
            bad.writestr(name, good.read(name))
    with pytest.raises(ModelCorrupt, match="lacks no_counterpart_threshold, confidence"):
        Matcher(path)


def test_a_graph_that_does_not_load_is_refused(tmp_path):
    node = onnx.helper.make_node("Identity", ["missing"], ["tokens"])
    output = onnx.helper.make_tensor_value_info("tokens", onnx.TensorProto.FLOAT, None)
    graph = onnx.helper.make_graph([node], "g", [], [output])
    unusable = onnx.helper.make_model(graph).SerializeToString()
    path = tmp_path / "broken.antmodel"
    with zipfile.ZipFile(default_model()) as good, zipfile.ZipFile(path, "w") as bad:
        bad.writestr("manifest.json", good.read("manifest.json"))
        bad.writestr("encoder.onnx", unusable)
        bad.writestr("matcher.onnx", good.read("matcher.onnx"))
    with pytest.raises(ModelCorrupt, match="cannot load"):
        Matcher(path, device="cpu")


@pytest.mark.parametrize(
    ("written", "newer", "told"),
    [
        (b"\x08\x08", b"\x08\x63", "IR version: 99"),
        (b"B\x02\x10\x11", b"B\x02\x10\x63", "Opset 99"),
    ],
)
def test_a_network_newer_than_the_runtime_asks_for_a_newer_runtime(tmp_path, written, newer, told):
    path = tmp_path / "new.antmodel"
    with zipfile.ZipFile(default_model()) as good, zipfile.ZipFile(path, "w") as new:
        for name in good.namelist():
            data = good.read(name)
            new.writestr(name, data.replace(written, newer, 1) if "encoder" in name else data)
    with pytest.raises(ModelCorrupt, match=told) as caught:
        Matcher(path, device="cpu")
    assert "install a newer ONNX Runtime" in str(caught.value)
    assert "download it again" not in str(caught.value)


def test_asking_for_cuda_without_it_is_a_clear_error():
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has a CUDA provider")
    with pytest.raises(DeviceUnavailable, match="--device cpu"):
        Matcher(device="cuda")
    assert Matcher(device="auto").device == "cpu"


class CudaRuntime:
    """Stands for an ONNX Runtime for CUDA, which prints what it cannot load."""

    def __init__(self):
        self.asked = []

    def get_available_providers(self):
        return ["CUDAExecutionProvider", "CPUExecutionProvider"]

    def preload_dlls(self, **options):
        self.asked.append(options)
        sys.stdout.write("Failed to load libcublas.so.13\n")


def test_simulated_cuda_libraries_that_are_packages_are_loaded_and_nothing_is_printed(capsys):
    runtime = CudaRuntime()
    assert load_cuda(runtime)
    assert load_cuda(runtime)
    assert runtime.asked == [{"msvc": False, "directory": ""}], "once a process"
    assert capsys.readouterr().out == ""


def test_a_runtime_for_the_cpu_loads_nothing_of_cuda():
    runtime = CudaRuntime()
    runtime.get_available_providers = lambda: ["CPUExecutionProvider"]
    assert not load_cuda(runtime)
    assert runtime.asked == []


def test_single_nodes_on_another_device_are_noticed():
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    graph = ModelFile.read(default_model()).matcher
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    assert misplaced_nodes(session, "CPUExecutionProvider") == []
    # Seen from CUDA, a session that fell back to the CPU has all its nodes in the wrong place.
    assert "MatMul" in misplaced_nodes(session, "CUDAExecutionProvider")


def test_the_model_fits_the_package():
    assert default_model().stat().st_size <= 16 * 1024 * 1024


def test_matching_never_imports_torch():
    code = (
        "import sys; from ant_core.matching.matcher import Matcher; Matcher(device='cpu');"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_onnxruntime_one_sentence_names_both_extras(tmp_path):
    # A package of that name that cannot be imported stands before the real one.
    broken = tmp_path / "onnxruntime"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError('not installed')")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r});"
        "from ant_core.matching.matcher import Matcher;"
        "from ant_core.errors import AntError\n"
        "try: Matcher()\n"
        "except AntError as error: print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "ant-core[cpu]" in run.stdout
    assert "ant-core[gpu]" in run.stdout
    shutil.rmtree(broken)


# ---- older ONNX Runtimes


def test_simulated_runtime_without_the_assignment_of_nodes_tells_of_whole_sessions():
    class Session:
        def get_providers(self):
            return ["CPUExecutionProvider"]

    assert misplaced_nodes(Session(), "CPUExecutionProvider") == []
    assert "MatMul" in misplaced_nodes(Session(), "CUDAExecutionProvider")


@pytest.mark.parametrize("version", ["1.22.1", "1.23.1", "1.9", "strange"])
def test_a_runtime_that_is_too_old_is_said_with_what_to_do(version, monkeypatch):
    monkeypatch.setattr(onnxruntime, "__version__", version)
    with pytest.raises(AntError, match=r"too old.*again") as caught:
        Matcher(device="cpu")
    assert "download it" not in str(caught.value)


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("1.24rc1", (1, 24, 0)), ("1.23.2", (1, 23, 2)), ("1.32.0+cu13", (1, 32, 0))],
)
def test_versions_are_read_whatever_follows_the_numbers(version, numbers):
    assert _numbers(version) == numbers
