"""Answers that are not read: work waits, memory does not grow, a cancel is heard."""

import threading
import time
import weakref

import pytest

from ant_core.engine import handlers, job_queue
from ant_core.engine.job_queue import JobQueue, ReplyWriter, RequestJob
from ant_core.engine.protocol import ProtocolMessage
from ant_core.errors import Cancelled

PAYLOAD = bytes(8 << 20)


class Stuck:
    """A stream that is not read until it is told so."""

    def __init__(self):
        self.read = threading.Event()
        self.written = 0

    def write(self, data):
        self.read.wait()
        self.written += len(data)
        return len(data)


def answering(outbox, count):
    """Give a queue so many jobs, each with a large answer; return queue, jobs and those done."""
    done = []

    def work(job):
        done.append(job.number)
        job.answer({"type": "picture"}, PAYLOAD)

    jobs_queue = JobQueue("work", work)
    jobs = [
        RequestJob(
            n,
            "preview",
            ProtocolMessage({"id": n, "type": "preview"}, b""),
            outbox,
            lambda job: None,
        )
        for n in range(count)
    ]
    for job in jobs:
        jobs_queue.put(job)
    return jobs_queue, jobs, done


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_work_waits_while_answers_are_not_read():
    stream = Stuck()
    outbox = ReplyWriter(stream, lambda: None)
    jobs_queue, _, done = answering(outbox, 40)
    most = (job_queue._MOST_WAITING // len(PAYLOAD)) + 1
    until(lambda: len(done) >= most - 1)
    time.sleep(0.3)
    assert len(done) <= most
    stream.read.set()
    assert jobs_queue.idle(30)
    assert done == list(range(40))
    assert outbox.flush(30)
    assert stream.written > 40 * len(PAYLOAD)


def test_a_job_that_waits_for_room_hears_its_cancel():
    stream = Stuck()
    outbox = ReplyWriter(stream, lambda: None)
    jobs_queue, jobs, done = answering(outbox, 20)
    until(lambda: len(done) >= 8)
    for job in jobs:
        job.cancel.set()
    assert jobs_queue.idle(30)
    assert len(done) < 20
    assert all(job.ended for job in jobs)
    stream.read.set()
    assert outbox.flush(30)


def test_short_answers_without_end_are_the_end(monkeypatch):
    monkeypatch.setattr(job_queue, "_MOST_PIECES", 100)
    gone = threading.Event()
    outbox = ReplyWriter(Stuck(), gone.set)
    for number in range(200):
        outbox.put({"type": "ok", "re": number})
    assert gone.is_set()


def test_a_storm_of_cancels_is_one_cancel():
    def stubborn(job):
        job.cancel.wait(30)
        time.sleep(0.2)
        raise Cancelled("stopped")

    stream = Stuck()
    stream.read.set()
    outbox, ended = ReplyWriter(stream, lambda: None), []
    job = RequestJob(
        1, "propagate", ProtocolMessage({"id": 1, "type": "propagate"}, b""), outbox, ended.append
    )
    jobs_queue = JobQueue("work", stubborn)
    jobs_queue.put(job)
    before = threading.active_count()
    for _ in range(2000):
        job.stop()
    assert threading.active_count() <= before + 1
    assert jobs_queue.idle(30)
    assert ended == [job]


def test_cancels_from_many_threads_are_one_cancel(monkeypatch):
    class Slow(threading.Event):
        def is_set(self):
            known = super().is_set()
            time.sleep(0.01)  # another thread asks before this one has set it
            return known

    made = []
    outbox = ReplyWriter(Stuck(), lambda: None)
    job = RequestJob(
        1, "propagate", ProtocolMessage({"id": 1, "type": "propagate"}, b""), outbox, made.append
    )
    job.cancel = Slow()
    timer = threading.Timer
    monkeypatch.setattr(threading, "Timer", lambda *given: made.append(given) or timer(*given))
    threads = [threading.Thread(target=job.stop) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([given for given in made if given is not job]) == 1


@pytest.mark.parametrize("kind", ["propagate", "suggest", "preview"])
@pytest.mark.parametrize("error", [None, Cancelled, ZeroDivisionError])
def test_memory_is_given_back_however_a_large_request_ends(monkeypatch, kind, error):
    class Plane:
        """What a request takes."""

    planes, alive = [], []

    def work(job):
        plane = Plane()
        planes.append(weakref.ref(plane))
        if error is not None:
            raise error("no")
        job.answer({"type": "ok"})

    monkeypatch.setattr(handlers, "give_back_memory", lambda: alive.append(planes[0]()))
    stream = Stuck()
    stream.read.set()
    outbox = ReplyWriter(stream, lambda: None)
    jobs_queue = JobQueue("work", work, handlers.Handlers().clear)
    jobs_queue.put(
        RequestJob(1, kind, ProtocolMessage({"id": 1, "type": kind}, b""), outbox, lambda job: None)
    )
    assert jobs_queue.idle(30)
    assert alive == ([] if kind == "preview" else [None])
