"""Training that goes on for days: stopped, killed, held and gone on with, and judged by a decay."""

import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

torch = pytest.importorskip("torch", reason="training needs the train extra")
pytest.importorskip("onnx", reason="export needs the train extra")

from ant_core.errors import InputError, UsageError  # noqa: E402 - torch is optional
from ant_core.matching.matcher import Matcher  # noqa: E402
from ant_core.training.network import longer  # noqa: E402
from ant_core.training.network.background import Background  # noqa: E402
from ant_core.training.network.config import example, read_config  # noqa: E402
from ant_core.training.network.export import compare, write_model  # noqa: E402
from ant_core.training.network.longer import decay, train_longer  # noqa: E402
from ant_core.training.network.run import load_model  # noqa: E402
from tests.training.network.test_train import config, write_clip  # noqa: E402
from tests.training.synthesis.conftest import data  # noqa: E402, F401 - a fixture

SCRIPT = Path(__file__).parents[3] / "scripts" / "train_longer.py"


class After(threading.Event):
    """Set once it has been asked so many times."""

    def __init__(self, times):
        super().__init__()
        self.left = times

    def is_set(self):
        self.left -= 1
        return self.left < 0


@pytest.fixture
def clips(tmp_path):
    for split, count in (("train", 8), ("validation", 1)):
        (tmp_path / "clips" / split).mkdir(parents=True)
        for seed in range(count):
            write_clip(tmp_path / "clips" / split / f"made_{seed}.npz", seed)
    return tmp_path / "clips"


def stored(path):
    return torch.load(path, weights_only=True)


def test_a_run_goes_on_from_its_checkpoint(clips, tmp_path):
    run = tmp_path / "run"
    train_longer(config(), clips, run, After(4))
    first = stored(run / "last.pt")
    assert first["step"] == 3  # one question is asked before the first step
    assert first["pairs"] > 0
    train_longer(config(), clips, run, After(3))
    second = stored(run / "last.pt")
    assert second["step"] == 5
    assert second["pairs"] > first["pairs"]
    assert second["seconds"] > first["seconds"]


def test_clips_that_come_and_go_are_followed(clips, tmp_path):
    pool = longer.ClipPool(clips / "train", config())
    drawn_from = pool.refresh()
    assert len(drawn_from) == 8
    (clips / "train" / "made_0.npz").unlink()
    write_clip(clips / "train" / "new_0.npz", 99)
    pool.refresh()
    assert {clip.name for clip in drawn_from} == {f"made_{i}" for i in range(1, 8)} | {"new_0"}


def rates(monkeypatch, pairs):
    seen = []

    def step(run, source, rate):
        seen.append((run.pairs, rate))
        return 1.0, pairs

    monkeypatch.setattr(longer, "train_batch", step)
    return seen


def test_the_rate_rises_and_stays_and_a_decay_takes_it_to_zero(clips, tmp_path, monkeypatch):
    seen = rates(monkeypatch, 500)
    settings, run = config(learning_rate=1e-3), tmp_path / "run"
    train_longer(settings, clips, run, After(18))
    assert [pairs for pairs, _ in seen] == list(range(0, 8500, 500))
    assert seen[0][1] < seen[1][1] < seen[2][1] < seen[3][1] < 1e-3
    assert {rate for _, rate in seen[4:]} == {1e-3}
    seen.clear()
    decay(run / "last.pt", clips, tmp_path / "judged", 0.15, threading.Event())
    assert seen[0] == (8500, 1e-3)
    assert [rate for _, rate in seen] == sorted((rate for _, rate in seen), reverse=True)
    assert seen[2][1] == pytest.approx(1e-3 * (1 - math.sqrt(1000 / 1500)))
    assert stored(tmp_path / "judged" / "best.pt")["pairs"] == 10000
    assert stored(run / "last.pt")["pairs"] == 8500


def test_a_decay_is_scored_and_gives_a_model_that_loads(clips, tmp_path):
    run, judged = tmp_path / "run", tmp_path / "judged"
    train_longer(config(), clips, run, After(7))
    part = decay(run / "last.pt", clips, judged, 0.5, After(2))
    assert part == {}
    assert not (judged / "best.pt").exists()
    scores = decay(run / "last.pt", clips, judged, 0.5, threading.Event())
    assert scores.keys() == {"made", "all"}
    before, after = stored(run / "last.pt"), stored(judged / "best.pt")
    assert after["pairs"] >= 2 * before["pairs"]
    model = load_model(judged / "best.pt")
    out = tmp_path / "judged.antmodel"
    manifest = {"name": "ant_relative", "no_counterpart_threshold": 0.1}
    write_model(model, out, {**manifest, "confidence": [[0, 0], [1, 1]]})
    assert compare(model, out) < 2e-4
    Matcher(out, "cpu", 1)


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"plain text", b""])
def test_a_file_that_is_no_checkpoint_is_refused(clips, tmp_path, content):
    (tmp_path / "other.pt").write_bytes(content)
    for path in (tmp_path / "other.pt", tmp_path / "none.pt", clips / "train" / "made_0.npz"):
        with pytest.raises(InputError, match=r"name last\.pt"):
            decay(path, clips, tmp_path / "judged", 0.15, After(0))
    assert not (tmp_path / "judged").exists()


def test_a_decay_of_weights_alone_is_refused_and_does_not_spoil_the_next(clips, tmp_path):
    run, judged = tmp_path / "run", tmp_path / "judged"
    train_longer(config(), clips, run, After(4))
    decay(run / "last.pt", clips, tmp_path / "first", 0.5, threading.Event())
    with pytest.raises(InputError, match=r"best\.pt holds no state of a run .*: name last\.pt"):
        decay(tmp_path / "first" / "best.pt", clips, judged, 0.5, After(0))
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(InputError, match=r"holds no state"):
        decay(tmp_path / "list.pt", clips, judged, 0.5, After(0))
    assert not judged.exists()
    assert decay(run / "last.pt", clips, judged, 0.5, threading.Event()).keys() == {"made", "all"}


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 15.0, math.nan])
def test_a_share_that_is_none_is_refused(clips, tmp_path, share):
    with pytest.raises(UsageError, match="above 0 and below 1"):
        decay(tmp_path / "none.pt", clips, tmp_path / "judged", share, After(0))
    assert not (tmp_path / "judged").exists()


def test_a_probe_is_not_taken_for_the_process(tmp_path):
    """Asked twice at the same time, each must not see the other's look at the lock."""
    background = Background(tmp_path)
    (tmp_path / "train.pid").write_text(str(os.getpid()))  # of one that was killed
    probe = FileLock(tmp_path / "train.lock", thread_local=False)
    probe.acquire()
    end = threading.Timer(0.05, probe.release)
    end.start()
    assert background.pid("train") is None
    end.join()
    with FileLock(tmp_path / "train.lock"):  # a process that has not said its number yet
        assert background.pid("train") is None


def test_the_experiments_file_holds_what_it_was_given(tmp_path):
    given = config(learning_rate=3e-4, start_from="a.antmodel")
    (tmp_path / "one.toml").write_text(example(given))
    assert read_config(tmp_path / "one.toml") == given


# The processes themselves


def call(folder, *arguments, code=0):
    command = [sys.executable, str(SCRIPT), "--state", str(folder), "--nice", "0", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def eventually(true, seconds=240):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def used(pid):
    """CPU time of a process so far, in ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_training_is_started_killed_held_and_stopped(clips, data, tmp_path):  # noqa: F811
    folder = clips.parent
    (tmp_path / "small.toml").write_text(example(config()))
    background = Background(folder)
    assert "--data" in call(folder, "start", code=2)
    job = ("--data", str(data), "--source", "glitch_single", "--validation", "0")
    call(folder, "start", *job, "--experiment", str(tmp_path / "small.toml"))
    try:
        assert "both run already" in call(folder, "start")
        eventually(lambda: background.pairs() > 0)
        call(folder, "stop")
        assert background.pid("train") is None
        assert background.pid("generate") is None
        first = stored(background.run / "last.pt")
        assert first["pairs"] >= background.pairs() > 0

        call(folder, "start")
        reported = background.pairs()
        eventually(lambda: background.pairs() > reported)
        os.kill(background.pid("train"), signal.SIGKILL)
        eventually(lambda: background.pid("train") is None)
        assert "train         does not run" in call(folder, "status")
        assert stored(background.run / "last.pt")["pairs"] == first["pairs"]

        assert "started: train" in call(folder, "start")
        pids = [background.pid(role) for role in ("generate", "train")]
        assert "paused" in call(folder, "pause")
        held = [used(pid) for pid in pids]
        time.sleep(1)
        assert [used(pid) for pid in pids] == held
        call(folder, "resume")
        eventually(lambda: all(used(pid) > before for pid, before in zip(pids, held, strict=True)))
        # It goes on from the checkpoint, not from what was reported after it.
        call(folder, "stop")
        last = stored(background.run / "last.pt")
        assert last["step"] >= first["step"]
        assert last["pairs"] - first["pairs"] <= 20 * (last["step"] - first["step"])
    finally:
        call(folder, "stop")
