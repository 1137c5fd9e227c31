"""The run-time of the networks: ONNX Runtime on CPU or CUDA, never PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import DeviceUnavailable, ModelCorrupt
from ant_core.matching.attention import (
    AttentionTensor,
    LayerAttention,
    attention_tensors,
    mean_attention,
    with_outputs,
)
from ant_core.matching.descriptors import Descriptors, adjacency_matrix, pair_geometry
from ant_core.matching.flow import Landing, Motion, SmallDrawing
from ant_core.matching.model_file import ModelFile, default_model
from ant_core.matching.runtime import import_runtime, load_cuda, misplaced_nodes, says_too_new

__all__ = ["DrawingFeatures", "Match", "Matcher", "join"]

Device = Literal["auto", "cpu", "cuda"]
# TF32 off: scores on CUDA stay within the tolerance of those on the CPU.
_PROVIDERS: dict[str, tuple[str, dict[str, str]]] = {
    "cpu": ("CPUExecutionProvider", {}),
    "cuda": ("CUDAExecutionProvider", {"use_tf32": "0"}),
}


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
    shows_attention : bool
        Whether `explain` is to come: the graph is then loaded with its attention once, and not
        once more when that is first asked for.

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
    InputError
        With `shows_attention`, when the network has no attention that can be shown.
    """

    def __init__(
        self,
        model: Path | None = None,
        device: Device = "auto",
        threads: int | None = None,
        *,
        shows_attention: bool = False,
    ) -> None:
        path = model or default_model()
        self._file = ModelFile.read(path)
        self.model_name = str(self._file.manifest["name"])
        self.model_hash = self._file.sha256
        self.no_counterpart_threshold = float(self._file.manifest["no_counterpart_threshold"])
        self._motion = Motion()
        self._runtime = import_runtime()
        self._threads = threads or 0
        self.device = self._choose(device)
        graph = self._graph_of_explain if shows_attention else self._file.matcher
        try:
            self._encoder = self._session(self._file.encoder)
            self._matcher = self._session(graph, in_blocks=False)
            self._explaining = self._matcher if shows_attention else None
        except Exception as error:  # ONNX Runtime's own classes differ from release to release
            version, too_new = self._runtime.__version__, says_too_new(error)
            if too_new:
                raise ModelCorrupt(
                    f"{path} holds a network that is too new for ONNX Runtime {version} "
                    f"({too_new}); install a newer ONNX Runtime, or use an older model"
                ) from None
            raise ModelCorrupt(
                f"{path} holds a network that ONNX Runtime {version} cannot load "
                f"({str(error).splitlines()[0]}); copy or download it again"
            ) from None

    def _choose(self, device: Device) -> str:
        if device == "cpu":
            return "cpu"
        available = load_cuda(self._runtime)
        if device == "auto" and not available:
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
        # It keeps a plan of memory for every size that ever came, and is no faster by it here.
        options.enable_mem_pattern = False
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
        columns = sum(reference.count for reference in references)
        if not columns or not target.count:
            empty = np.zeros((target.count, columns), np.float32)
            return self._label(references, empty, *np.zeros((2, target.count), np.float32))
        used = self._feed(references, target, offsets)
        probability, *heads = self._matcher.run(self._matcher_outputs, used)
        return self._label(references, probability[0], *(head[0] for head in heads))

    def _feed(
        self,
        references: Sequence[DrawingFeatures],
        target: DrawingFeatures,
        offsets: Sequence[int],
    ) -> dict[str, NDArray[np.float32]]:
        """Return the inputs of the matcher's graph by name."""
        feed = _side("reference", references, offsets) | _side("target", [target], [0])
        if "flow" in self._matcher_inputs:
            feed["flow"] = self._evidence(references, target, offsets)
        return {name: feed[name][None] for name in self._matcher_inputs}

    def explain(
        self,
        references: Sequence[DrawingFeatures],
        target: DrawingFeatures,
        offsets: Sequence[int],
    ) -> tuple[Match, list[LayerAttention]]:
        """Match as `match` does, and tell what the target's segments attend to, layer by layer.

        Both sides must have segments.

        Raises
        ------
        InputError
            When the network has no attention that can be shown.
        """
        if self._explaining is None:
            self._explaining = self._session(self._graph_of_explain, in_blocks=False)
        tensors, outputs = self._attention, self._matcher_outputs
        names = [*outputs, *(tensor.name for tensor in tensors)]
        found = self._explaining.run(names, self._feed(references, target, offsets))
        probability, *heads = (value[0] for value in found[: len(outputs)])
        match = self._label(references, probability, *heads)
        weights = found[len(outputs) :]
        return match, [mean_attention(*pair) for pair in zip(tensors, weights, strict=True)]

    @cached_property
    def _attention(self) -> list[AttentionTensor]:
        return attention_tensors(self._file.matcher)

    @property
    def _graph_of_explain(self) -> bytes:
        return with_outputs(self._file.matcher, [tensor.name for tensor in self._attention])

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


def _side(
    name: str, drawings: Sequence[DrawingFeatures], offsets: Sequence[int]
) -> dict[str, NDArray[np.float32]]:
    """Join drawings to one side of a match: n segments; adjacency becomes block-diagonal.

    `name`, reference or target, begins the names of the graph's inputs.
    """
    joined = join(drawings)
    geometry = [
        pair_geometry(drawing.shape, drawing.box, float(offset))
        for drawing, offset in zip(drawings, offsets, strict=True)
    ]
    return {
        f"{name}_tokens": joined.tokens,
        f"{name}_geometry": np.concatenate(geometry),
        f"{name}_mask": np.ones(joined.count, np.float32),
        f"{name}_adjacency": adjacency_matrix(joined.count, joined.edges, joined.edge_weight),
    }
