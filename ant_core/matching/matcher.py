"""The run-time of the networks: ONNX Runtime on CPU or CUDA, never PyTorch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import AntError, DeviceUnavailable, ModelCorrupt
from ant_core.matching.descriptors import Descriptors, adjacency_matrix, pair_geometry
from ant_core.matching.flow import Landing, Motion, SmallDrawing, padded
from ant_core.matching.model_file import ModelFile, default_model

__all__ = ["DrawingFeatures", "Match", "Matcher", "join"]

Device = Literal["auto", "cpu", "cuda"]
# TF32 off: scores on CUDA stay within the tolerance of those on the CPU.
_PROVIDERS: dict[str, tuple[str, dict[str, str]]] = {
    "cpu": ("CPUExecutionProvider", {}),
    "cuda": ("CUDAExecutionProvider", {"use_tf32": "0"}),
}
_OLDEST_RUNTIME = (1, 23, 2)
_MOST_MEMORY = 8 << 30  # bytes; the largest match that settings allow needs one
# ONNX Runtime keeps the arithmetic on shapes on the CPU by design; these never belong there.
_COMPUTE = {"Conv", "FusedConv", "FusedMatMul", "Gemm", "LayerNormalization", "MatMul", "Softmax"}


@dataclass(frozen=True)
class DrawingFeatures:
    """One drawing, encoded: what the matcher needs of it as reference or as target.

    tokens: (N, D) float32; shape: (N, F) float32, box: (N, 4) float32, edges: (E, 2) int32 and
    edge_weight: (E,) float32 and small as in `Descriptors`.
    """

    tokens: NDArray[np.float32]
    shape: NDArray[np.float32]
    box: NDArray[np.float32]
    edges: NDArray[np.int32]
    edge_weight: NDArray[np.float32]
    small: SmallDrawing | None = None

    @property
    def count(self) -> int:
        """The number of segments."""
        return len(self.tokens)


@dataclass(frozen=True)
class Match:
    """Which reference segments the segments of a target correspond to.

    Attributes
    ----------
    probability : (N, M) float32
        Rows sum to one over the segments of all references, concatenated in order.
    has_counterpart : (N,) float32
        Probability in [0, 1] that the segment's part is in any reference at all.
    reference : (M,) int32
        Index of the reference of each column.
    segment : (M,) int32
        Segment id (from 1) of each column within its reference.
    is_seen : (N,) float32 or None
        Probability in [0, 1] that this very piece of the part is seen in a reference; None where
        the match was not made by a model file.
    """

    probability: NDArray[np.float32]
    has_counterpart: NDArray[np.float32]
    reference: NDArray[np.int32]
    segment: NDArray[np.int32]
    is_seen: NDArray[np.float32] | None = None


_Job = tuple[Sequence[DrawingFeatures], DrawingFeatures, Sequence[int]]  # see `Matcher.match`


def _import_runtime() -> Any:
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


@cache
def _bound_memory(runtime: Any) -> None:
    """Let a graph that asks for more memory than any match needs fail, and nothing else."""
    place = runtime.OrtMemoryInfo(
        "Cpu", runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, runtime.OrtMemType.DEFAULT
    )
    runtime.create_and_register_allocator(place, runtime.OrtArenaCfg({"max_mem": _MOST_MEMORY}))


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


class Matcher:
    """Encode drawings and match them; one instance a process and device.

    Parameters
    ----------
    model : Path, optional
        Model file; the embedded one if not given.
    device : "auto", "cpu" or "cuda"
        "auto" takes CUDA where it works and the CPU otherwise; "cuda" is an error without.
    threads : int, optional
        CPU threads of ONNX Runtime; all cores if not given.

    Attributes
    ----------
    device : str
        The device really in use, read back from the session.
    model_name, model_hash : str
        Name from the manifest; SHA-256 of the file, hexadecimal.
    no_counterpart_threshold : float
        Below this `Match.has_counterpart` means "no counterpart".

    Raises
    ------
    ModelMissing, ModelCorrupt, DeviceUnavailable
    """

    def __init__(
        self, model: Path | None = None, device: Device = "auto", threads: int | None = None
    ) -> None:
        path = model or default_model()
        self._file = ModelFile.read(path)
        self.model_name = str(self._file.manifest["name"])
        self.model_hash = self._file.sha256
        self.no_counterpart_threshold = float(self._file.manifest["no_counterpart_threshold"])
        self._motion = Motion()
        self._runtime = _import_runtime()
        self._threads = threads or 0
        self.device = self._choose(device)
        try:
            self._encoder = self._session(self._file.encoder)
            self._matcher = self._session(self._file.matcher, in_blocks=False)
        except Exception as error:  # ONNX Runtime's own classes differ from release to release
            raise ModelCorrupt(
                f"{path} holds a network that ONNX Runtime {self._runtime.__version__} cannot "
                f"load ({str(error).splitlines()[0]}); copy or download it again"
            ) from None

    def _choose(self, device: Device) -> str:
        available = _PROVIDERS["cuda"][0] in self._runtime.get_available_providers()
        if device == "cpu" or (device == "auto" and not available):
            return "cpu"
        try:
            if not available:
                raise RuntimeError("this ONNX Runtime has no CUDA provider")
            self.device = "cuda"
            self._session(self._file.encoder)
        except Exception as error:
            if device == "auto":
                return "cpu"
            raise DeviceUnavailable(
                f"CUDA was asked for but cannot be used ({error}); install ant-core[gpu] and an "
                "NVIDIA driver, or use --device cpu"
            ) from None
        return "cuda"

    def _session(self, graph: bytes, *, in_blocks: bool = True) -> Any:
        """Load a graph; `in_blocks` lets its convolutions work on blocks of channels.

        That makes the encoder faster and the matcher slower, whose 17 channels would grow to 32.
        """
        options = self._runtime.SessionOptions()
        if not in_blocks:
            levels = self._runtime.GraphOptimizationLevel
            options.graph_optimization_level = levels.ORT_ENABLE_EXTENDED
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3
        options.add_session_config_entry("session.use_env_allocators", "1")
        # Idle threads that spin would take the cores from segmentation and from Krita.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        provider = _PROVIDERS[self.device]
        session = self._runtime.InferenceSession(graph, options, providers=[provider])
        # Without a usable driver ONNX Runtime only warns and quietly takes the CPU; and single
        # nodes that a provider cannot run go there without a word.
        stray = misplaced_nodes(session, provider[0])
        if stray:
            raise RuntimeError(f"ONNX Runtime would run {', '.join(stray)} on the CPU")
        return session

    def encode(self, descriptors: Descriptors) -> DrawingFeatures:
        """Encode one drawing; the result serves every match that it takes part in."""
        if descriptors.count == 0:
            width = int(self._file.manifest["features"])
            return _features(np.zeros((0, width), np.float32), descriptors)
        adjacency = adjacency_matrix(descriptors.count, descriptors.edges, descriptors.edge_weight)
        feed = {
            "crops": descriptors.crops[None],
            "shape": descriptors.shape[None],
            "box": descriptors.box[None],
            "adjacency": adjacency[None],
        }
        used = {name: feed[name] for name in self._encoder_inputs}
        (tokens,) = self._encoder.run(["tokens"], used)
        return _features(tokens[0], descriptors)

    @cached_property
    def _encoder_inputs(self) -> list[str]:
        return [item.name for item in self._encoder.get_inputs()]

    @cached_property
    def _matcher_inputs(self) -> list[str]:
        return [item.name for item in self._matcher.get_inputs()]

    @cached_property
    def _matcher_outputs(self) -> list[str]:
        """Names of probability and of both heads; one head serves as both in older files."""
        names = {item.name for item in self._matcher.get_outputs()}
        return ["probability", "counterpart", "seen" if "seen" in names else "counterpart"]

    def match(
        self,
        references: Sequence[DrawingFeatures],
        target: DrawingFeatures,
        offsets: Sequence[int],
    ) -> Match:
        """Match a target against all segments of all references in one pass.

        `offsets` are target frame number minus reference frame number, one a reference; 0 for
        references outside the shot. Without target segments, or without reference segments,
        the match is empty and nothing has a counterpart.
        """
        return self.match_batch([(references, target, offsets)])[0]

    def match_batch(self, jobs: Sequence[_Job]) -> list[Match]:
        """Match several targets in one call, padded to the largest; see `match`."""
        results: list[Match | None] = []
        live: list[int] = []
        for index, (references, target, _) in enumerate(jobs):
            columns = sum(reference.count for reference in references)
            if columns and target.count:
                live.append(index)
                results.append(None)
            else:
                empty = np.zeros((target.count, columns), np.float32)
                results.append(
                    self._label(references, empty, *np.zeros((2, target.count), np.float32))
                )
        if live:
            present = [jobs[index] for index in live]
            feed = _pad_jobs(present)
            if "flow" in self._matcher_inputs:
                sizes = (feed[f"{side}_mask"].shape[1] for side in ("target", "reference"))
                feed["flow"] = padded([self._evidence(*job) for job in present], *sizes)
            used = {name: feed[name] for name in self._matcher_inputs}
            probability, *heads = self._matcher.run(self._matcher_outputs, used)
            for row, index in enumerate(live):
                references, target, _ = jobs[index]
                counts = [reference.count for reference in references]
                matched = np.ascontiguousarray(probability[row, : target.count, : sum(counts)])
                results[index] = self._label(
                    references,
                    matched,
                    *(np.ascontiguousarray(head[row, : target.count]) for head in heads),
                )
        return [result for result in results if result is not None]

    def _evidence(
        self,
        references: Sequence[DrawingFeatures],
        target: DrawingFeatures,
        offsets: Sequence[int],
    ) -> NDArray[np.float32]:
        """Say what optical flow tells of every two segments, (N, M, 4)."""
        pictures = [reference.small for reference in references]
        counts = target.count, [reference.count for reference in references]
        return self._motion.evidence(target.small, pictures, counts, offsets)

    def landing(
        self, target: SmallDrawing, reference: SmallDrawing, *, is_far: bool = False
    ) -> Landing:
        """Return where the target's pixels lie in the reference.

        Of two drawings that were matched just before the flow is known already.
        """
        return self._motion.landing(target, reference, is_far=is_far)

    @staticmethod
    def _label(
        references: Sequence[DrawingFeatures],
        probability: NDArray[np.float32],
        counterpart: NDArray[np.float32],
        seen: NDArray[np.float32],
    ) -> Match:
        counts = [reference.count for reference in references]
        index = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
        ids = [np.arange(1, count + 1) for count in counts]
        segment = np.concatenate([np.zeros(0), *ids]).astype(np.int32)
        return Match(probability, counterpart, index, segment, seen)

    def confidence(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map the winning colour's share of similarity, (N,) in [0, 1], to the chance to be right.

        A monotone table fitted on validation shots that the network was not trained on.
        """
        table = np.asarray(self._file.manifest["confidence"], np.float64)  # (K, 2) raw, chance
        return np.interp(raw, table[:, 0], table[:, 1]).astype(np.float32)


def join(parts: Sequence[DrawingFeatures]) -> DrawingFeatures:
    """Return the features of several still pictures as those of one, each with edges of its own."""
    starts = np.cumsum([0, *(part.count for part in parts)])
    edges = [part.edges + start for part, start in zip(parts, starts, strict=False)]
    return DrawingFeatures(
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.shape for part in parts]),
        np.concatenate([part.box for part in parts]),
        np.concatenate(edges).astype(np.int32),
        np.concatenate([part.edge_weight for part in parts]),
    )


def _features(tokens: NDArray[np.float32], descriptors: Descriptors) -> DrawingFeatures:
    return DrawingFeatures(
        tokens,
        descriptors.shape,
        descriptors.box,
        descriptors.edges,
        descriptors.edge_weight,
        descriptors.small,
    )


def _pad_jobs(jobs: Sequence[_Job]) -> dict[str, NDArray[np.float32]]:
    sides = {
        "reference": [_side(references, offsets) for references, _, offsets in jobs],
        "target": [_side([target], [0]) for _, target, _ in jobs],
    }
    feed = {}
    for side, rows in sides.items():
        longest = max(len(row["mask"]) for row in rows)
        for name, first in rows[0].items():
            square = name == "adjacency"
            shape = (longest, longest) if square else (longest, *first.shape[1:])
            block = np.zeros((len(rows), *shape), np.float32)
            for filled, row in zip(block, rows, strict=True):
                filled[tuple(slice(side) for side in row[name].shape)] = row[name]
            feed[f"{side}_{name}"] = block
    return feed


def _side(
    drawings: Sequence[DrawingFeatures], offsets: Sequence[int]
) -> dict[str, NDArray[np.float32]]:
    """Join drawings to one side of a match: n segments; adjacency becomes block-diagonal."""
    joined = join(drawings)
    geometry = [
        pair_geometry(drawing.shape, drawing.box, float(offset))
        for drawing, offset in zip(drawings, offsets, strict=True)
    ]
    return {
        "tokens": joined.tokens,
        "geometry": np.concatenate(geometry),
        "mask": np.ones(joined.count, np.float32),
        "adjacency": adjacency_matrix(joined.count, joined.edges, joined.edge_weight),
    }
