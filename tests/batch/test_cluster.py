"""A batch on a real Dask cluster of this machine: two workers, one killed in the middle."""

import os
import re
import signal
import subprocess
import sys

import pytest

from scripts.benchmarks.cells import write_shot
from tests.batch.conftest import environment, frame_reasons, history

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'ant-core[farm]'")

FRAMES = 40


def write_shots(folder, count):
    """Write shots that take long enough to be stopped in the middle; returns their names."""
    names = [f"sc{number:02d}" for number in range(count)]
    for seed, name in enumerate(names):
        write_shot(folder / name, width=480, height=270, cells=60, frames=FRAMES, seed=seed)
    return names


def begin(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


@pytest.fixture
def cluster(tmp_path):
    """Start a scheduler and two workers without nannies; returns address and workers."""
    children = []
    try:
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        scheduler = begin("distributed.cli.dask_scheduler", *options)
        children.append(scheduler)
        for line in scheduler.stderr:
            if found := re.search(r"Scheduler at:\s+(tcp://\S+)", line):
                break
        workers = []
        for number in range(2):
            options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", str(number)]
            folder = ["--local-directory", str(tmp_path / "dask")]
            workers.append(begin("distributed.cli.dask_worker", found[1], *options, *folder))
            children.append(workers[-1])
            assert any("Registered to" in line for line in workers[-1].stderr)
        yield found[1], workers
    finally:
        for child in reversed(children):
            child.kill()
            child.stderr.close()
            child.wait()


def process_of(event):
    return int(re.search(r"process (\d+)", event["frame"]["worker"])[1])


def test_killed_worker_loses_nothing_and_repeats_nothing(tmp_path, cluster, start):
    address, workers = cluster
    shots, out = tmp_path / "shots", tmp_path / "out"
    names = write_shots(shots, 4)  # twice what two workers begin with
    batch = start(shots, "--out", out, "--cluster", address, "--threads", 1)
    # In the middle: one shot is done, and this worker is well into another.
    victim = None
    for event in batch:
        frame = event.get("frame")
        if frame and event["done"] >= 1 and 10 <= frame["done"] < FRAMES // 2:
            victim = process_of(event)
            os.kill(victim, signal.SIGKILL)
            break
    assert batch.end() == 0, batch.stderr
    assert victim in [worker.pid for worker in workers]
    results = batch.results()
    assert sorted(results) == names
    assert all(result["state"] == "done" for result in results.values())
    for name in names:
        assert len(history(out, name)) == 1  # its record was written once
        assert len(list((out / name / "color").glob("*.png"))) == FRAMES
    # The shot in the middle went on from the frames that the killed worker had finished.
    reasons = frame_reasons(out, event["shot"])
    assert sum(reason == "" for reason in reasons.values()) >= 5
    finished = [event["shot"] for event in batch.events if "result" in event]
    assert sorted(finished) == names  # each was told once


def test_local_cluster_colours_and_keeps(shots, tmp_path, run):
    out = tmp_path / "out"
    first = run(shots, "--out", out, "--cluster", "local", "--jobs", 2)
    assert first.code == 0, first.stderr
    assert {r["kept"] for r in first.results().values()} == {False}
    again = run(shots, "--out", out)  # the same records, from any worker
    assert {r["kept"] for r in again.results().values()} == {True}
    assert [len(history(out, name)) for name in ("a", "b")] == [1, 1]


def test_cluster_that_is_not_there_is_one_sentence(shots, tmp_path, run):
    batch = run(shots, "--out", tmp_path / "out", "--cluster", "tcp://127.0.0.1:9")
    assert batch.code == 5
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in batch.events[-1]["error"]


def test_interruption_ends_the_shots_on_the_workers(tmp_path, cluster, start, run):
    address, workers = cluster
    shots, out = tmp_path / "shots", tmp_path / "out"
    names = write_shots(shots, 3)  # two are begun, one waits
    batch = start(shots, "--out", out, "--cluster", address, "--threads", 1)
    batch.until_frame(5)
    os.kill(batch.child.pid, signal.SIGINT)
    assert batch.end() == 130
    assert all(worker.poll() is None for worker in workers)
    again = run(shots, "--out", out, "--cluster", address, "--threads", 1)
    assert again.code == 0, again.stderr
    assert all(len(history(out, name)) == 1 for name in names)
