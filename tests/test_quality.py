"""The embedded model on the bundled shot, through the command line: better than position.

One painted frame, every other frame coloured from it recursively, compared segment by segment
with the true colours. The shot's character and drawings are in no training data.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from ant_core.evaluation.clips import clip_from_arrays
from ant_core.evaluation.protocols import by_overlap, by_position
from ant_core.matcher import default_model
from ant_core.synthesis.clip import majority
from ant_core.synthesis.shots import shot_arrays, shot_pictures
from segmentation import extract_lines, segment

SHOT = Path(__file__).parents[1] / "samples" / "saha"
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


@pytest.fixture(scope="module")
def baselines():
    clip = clip_from_arrays("sample", shot_arrays("sample", "validation", shot_pictures(SHOT)))
    return by_position(clip.frames).accuracy, by_overlap(clip.frames).accuracy


def reaches_the_bar(score, baselines):
    position, overlap = baselines
    return 1 - score <= (1 - ERRORS_REMOVED) * (1 - position) and score > overlap


def test_model_removes_errors_of_the_position_baseline(tmp_path, baselines):
    score = propagate(tmp_path / "out")
    assert reaches_the_bar(score, baselines), (score, baselines)


def test_shuffled_weights_do_not(tmp_path, baselines):
    onnx = pytest.importorskip("onnx", reason="needs the dev extra")
    rng = np.random.default_rng(0)
    shuffled = tmp_path / "shuffled.antmodel"
    with zipfile.ZipFile(default_model()) as good, zipfile.ZipFile(shuffled, "w") as bad:
        bad.writestr("manifest.json", good.read("manifest.json"))
        for name in ("encoder.onnx", "matcher.onnx"):
            graph = onnx.load_from_string(good.read(name))
            for tensor in graph.graph.initializer:
                values = onnx.numpy_helper.to_array(tensor)
                if values.dtype == np.float32:
                    mixed = rng.permutation(values.ravel()).reshape(values.shape)
                    tensor.CopyFrom(onnx.numpy_helper.from_array(mixed, tensor.name))
            bad.writestr(name, graph.SerializeToString())
    score = propagate(tmp_path / "out", "--model", str(shuffled))
    assert not reaches_the_bar(score, baselines), (score, baselines)
