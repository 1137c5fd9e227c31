"""Answers that are not read: work waits, memory does not grow, a cancel is heard."""

import threading
import time

from ant_core.engine import lanes
from ant_core.engine.lanes import Job, Lane, Outbox
from ant_core.engine.protocol import Message

PAYLOAD = bytes(8 << 20)


class Stuck:
    """A stream that nobody reads until it is told so."""

    def __init__(self):
        self.read = threading.Event()
        self.written = 0

    def write(self, data):
        self.read.wait()
        self.written += len(data)
        return len(data)


def answering(outbox, count):
    """Give a lane so many jobs, each with a large answer; return lane, jobs and those done."""
    done = []

    def work(job):
        done.append(job.number)
        job.answer({"type": "picture"}, PAYLOAD)

    lane = Lane("work", work)
    jobs = [
        Job(n, "preview", Message({"id": n, "type": "preview"}, b""), outbox, lambda job: None)
        for n in range(count)
    ]
    for job in jobs:
        lane.put(job)
    return lane, jobs, done


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_work_waits_while_answers_are_not_read():
    stream = Stuck()
    outbox = Outbox(stream, lambda: None)
    lane, _, done = answering(outbox, 40)
    most = (lanes._MOST_WAITING // len(PAYLOAD)) + 1
    until(lambda: len(done) >= most - 1)
    time.sleep(0.3)
    assert len(done) <= most
    stream.read.set()
    assert lane.idle(30)
    assert done == list(range(40))
    assert outbox.flush(30)
    assert stream.written > 40 * len(PAYLOAD)


def test_a_job_that_waits_for_room_hears_its_cancel():
    stream = Stuck()
    outbox = Outbox(stream, lambda: None)
    lane, jobs, done = answering(outbox, 20)
    until(lambda: len(done) >= 8)
    for job in jobs:
        job.cancel.set()
    assert lane.idle(30)
    assert len(done) < 20
    assert all(job.ended for job in jobs)
    stream.read.set()
    assert outbox.flush(30)


def test_short_answers_without_end_are_the_end(monkeypatch):
    monkeypatch.setattr(lanes, "_MOST_PIECES", 100)
    gone = threading.Event()
    outbox = Outbox(Stuck(), gone.set)
    for number in range(200):
        outbox.put({"type": "ok", "re": number})
    assert gone.is_set()
