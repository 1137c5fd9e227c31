"""The embedded model on the bundled shot, through the command line, and on validation clips.

One painted frame, every other frame coloured from it recursively, compared segment by segment
with the true colours. No character, part or movement of them is in training data.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from ant_core.matching.descriptors import Descriptors
from ant_core.matching.matcher import Matcher, default_model
from ant_core.training.data.clips import clip_from_arrays, load_clip
from ant_core.training.data.majority import majority
from ant_core.training.data.pictures import color_numbers, read_picture, shot_pictures
from ant_core.training.evaluation.protocols import by_overlap, by_position, recursive
from ant_core.training.synthesis.clip import clip_arrays, sample
from ant_core.training.synthesis.ink.ink import Drawn
from ant_core.training.synthesis.source import SourceClip, SourceFrame
from segmentation import extract_lines, segment

SHOT = Path(__file__).parents[1] / "samples" / "saha"
CLIPS = Path(__file__).parent / "data" / "validation"
ERRORS_REMOVED = 0.30  # least share of the position baseline's errors that the model removes


def packed(path):
    """Read a picture as (H, W) int64, one number a colour, -1 where transparent."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(np.int64)
    code = picture[..., 0] << 16 | picture[..., 1] << 8 | picture[..., 2]
    return np.where(picture[..., 3] == 0, -1, code) if picture.shape[2] == 4 else code


def accuracy(out):
    """Return the share of segments of the predicted frames that have their true colour."""
    right = total = 0
    for line, truth in shot_pictures(SHOT):
        if (SHOT / "color" / line.name).exists():
            continue
        labels = segment(extract_lines(cv2.imread(str(line), cv2.IMREAD_UNCHANGED))).labels
        true, painted = packed(truth), packed(out / "color" / line.name)
        values, index = np.unique(np.concatenate([true, painted]), return_inverse=True)
        index = index.reshape(2, *true.shape).astype(np.int32)
        assert len(values) < 500
        wanted, _ = majority(labels, index[0])
        got, _ = majority(labels, index[1])
        right += int((wanted == got).sum())
        total += len(wanted)
    return right / total


def propagate(out, *options):
    command = [sys.executable, "-m", "ant_core", "propagate", str(SHOT), "--out", str(out)]
    subprocess.run([*command, *options], check=True, capture_output=True)
    return accuracy(out)


def shot_arrays():
    """Segment and describe the shot; fully transparent truth is colour 0."""
    numbers, drawn, frames = {}, [], []
    for line_path, truth_path in shot_pictures(SHOT):
        ids = color_numbers(read_picture(truth_path), numbers)
        frames.append(SourceFrame(ids))
        drawn.append(sample(Drawn(read_picture(line_path), ids)))
    colors = {n: (v >> 16, v >> 8 & 255, v & 255) for v, n in numbers.items()}
    clip = SourceClip("sample", "validation", ("sample",), ("sample",), frames, colors)
    return clip_arrays(clip, drawn)


@pytest.fixture(scope="module")
def baselines():
    clip = clip_from_arrays("sample", shot_arrays())
    return by_position(clip.frames).accuracy, by_overlap(clip.frames).accuracy


def reaches_the_bar(score, baselines):
    position, overlap = baselines
    return 1 - score <= (1 - ERRORS_REMOVED) * (1 - position) and score > overlap


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory):
    """Return a copy of the embedded model with the values of every weight in random order."""
    onnx = pytest.importorskip("onnx", reason="needs the dev extra")
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("model") / "shuffled.antmodel"
    with zipfile.ZipFile(default_model()) as good, zipfile.ZipFile(path, "w") as bad:
        bad.writestr("manifest.json", good.read("manifest.json"))
        for name in ("encoder.onnx", "matcher.onnx"):
            graph = onnx.load_from_string(good.read(name))
            for tensor in graph.graph.initializer:
                values = onnx.numpy_helper.to_array(tensor)
                if values.dtype == np.float32:
                    mixed = rng.permutation(values.ravel()).reshape(values.shape)
                    tensor.CopyFrom(onnx.numpy_helper.from_array(mixed, tensor.name))
            bad.writestr(name, graph.SerializeToString())
    return path


def test_model_removes_errors_of_the_position_baseline(tmp_path, baselines):
    score = propagate(tmp_path / "out")
    assert reaches_the_bar(score, baselines), (score, baselines)


def test_shuffled_weights_do_not(tmp_path, baselines, shuffled):
    score = propagate(tmp_path / "out", "--model", str(shuffled))
    assert not reaches_the_bar(score, baselines), (score, baselines)


def validation_scores(model):
    """Return accuracies of a model, of position and of overlap on the clips beside the tests.

    The first of each kind of validation clip, six drawings each; scripts/export.py scores more.
    """
    matcher = Matcher(model, device="cpu")

    def match(references, target):
        encoded = [
            matcher.encode(
                Descriptors(f.crops, f.shape, f.box, f.edges, f.edge_weight, (1, 1), 0.0)
            )
            for f in (*references, target)
        ]
        offsets = [target.number - reference.number for reference in references]
        found = matcher.match(encoded[:-1], encoded[-1], offsets)
        return found.probability, found.has_counterpart

    clips = [load_clip(path) for path in sorted(CLIPS.glob("*.npz"))]
    assert len(clips) == 3
    threshold = matcher.no_counterpart_threshold
    ours = [recursive(clip.frames, match, matcher.confidence, threshold) for clip in clips]
    position = [by_position(clip.frames) for clip in clips]
    overlap = [by_overlap(clip.frames) for clip in clips]
    return [
        sum(score.right for score in scores) / sum(score.segments for score in scores)
        for scores in (ours, position, overlap)
    ]


def test_model_reaches_the_bar_on_validation():
    score, *baselines = validation_scores(None)
    assert reaches_the_bar(score, baselines), (score, baselines)


def test_shuffled_weights_miss_the_bar_on_validation(shuffled):
    score, *baselines = validation_scores(shuffled)
    assert not reaches_the_bar(score, baselines), (score, baselines)
