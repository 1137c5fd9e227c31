import pytest

from krita_plugin.propagate_colors.work.jobs import JobCancelled
from krita_plugin.propagate_colors.work.worker import Task, Worker, was_preempted
from krita_plugin.propagate_colors.work.write import finish_before_cancel
from tests.krita_plugin.mock_krita import Clock


class Bench:
    """A worker, the order in which its tasks went, and what became of them."""

    def __init__(self):
        self.clock = Clock()
        self.events = []
        self.worker = Worker(self.clock, lambda: None, self._failed)

    def _failed(self, task, error):
        self.events.append((task.name, type(error).__name__, was_preempted(task, error)))

    def task(self, name, busy=None, turns=3, error=None):
        def steps():
            self.events.append(f"{name} begins")
            for _ in range(turns):
                yield
            if error is not None:
                raise error
            return name

        return Task(name, busy, steps, lambda value: self.events.append(f"{value} ends"))


@pytest.fixture
def bench(mock):
    return Bench()


def test_quiet_tasks_run_one_after_the_other(bench):
    bench.worker.quietly(bench.task("a"))
    bench.worker.quietly(bench.task("b"))
    assert bench.worker.busy is None
    bench.clock.run()
    assert bench.events == ["a begins", "a ends", "b begins", "b ends"]
    assert bench.worker.idle


def test_a_waiting_quiet_task_is_replaced_by_one_of_its_name(bench):
    for name in ("a", "b", "b"):
        bench.worker.quietly(bench.task(name))
    bench.clock.run()
    assert bench.events.count("b begins") == 1


def test_a_quiet_task_gives_way_and_runs_again(bench):
    bench.worker.quietly(bench.task("quiet"))
    assert bench.worker.start(bench.task("loud", "running"))
    assert bench.worker.busy == "running"
    bench.clock.run()
    assert bench.events == [
        ("quiet", "JobCancelled", True), "loud begins", "loud ends", "quiet begins", "quiet ends",
    ]  # fmt: skip


@pytest.mark.parametrize("way", [lambda worker: worker.give_up("quiet"), Worker.drop_quiet])
def test_a_quiet_task_that_was_given_up_is_not_run_again(bench, way):
    bench.worker.quietly(bench.task("quiet"))
    way(bench.worker)
    assert bench.worker.start(bench.task("loud", "running"))
    bench.clock.run()
    assert bench.events == [("quiet", "JobCancelled", True), "loud begins", "loud ends"]


def test_a_second_loud_task_is_refused(bench):
    assert bench.worker.start(bench.task("one", "running"))
    assert not bench.worker.start(bench.task("two", "running"))
    bench.clock.run()
    assert bench.events == ["one begins", "one ends"]


def test_cancel_ends_the_loud_task_alone(bench):
    bench.worker.quietly(bench.task("quiet"))
    bench.worker.cancel()
    bench.clock.run()
    assert bench.events == ["quiet begins", "quiet ends"]
    bench.worker.start(bench.task("loud", "running", turns=50))
    bench.clock.run(lambda: "loud begins" in bench.events)
    bench.worker.cancel()
    bench.clock.run()
    assert bench.events[-1] == ("loud", "JobCancelled", False)


def test_a_loud_task_is_cancelled_while_it_waits_for_a_quiet_one(bench):
    bench.worker.quietly(bench.task("quiet", turns=9))
    bench.clock.run(lambda: "quiet begins" in bench.events)
    bench.worker.start(bench.task("loud", "running"))
    bench.worker.cancel()
    assert bench.worker.busy is None
    bench.clock.run()
    assert "loud begins" not in bench.events
    assert ("loud", "JobCancelled", False) in bench.events
    assert bench.events[-1] == "quiet ends"
    assert bench.worker.start(bench.task("next", "running"))


def test_after_an_error_the_next_one_runs(bench):
    bench.worker.start(bench.task("bad", "running", error=ValueError("x")))
    bench.worker.quietly(bench.task("next"))
    bench.clock.run()
    assert bench.events == ["bad begins", ("bad", "ValueError", False), "next begins", "next ends"]


def test_a_task_may_start_another_at_its_end(bench):
    second = bench.task("second", "running")
    first = bench.task("first", "running")._replace(
        on_result=lambda _: bench.events.append(bench.worker.start(second))
    )
    bench.worker.start(first)
    bench.clock.run()
    assert bench.events == ["first begins", True, "second begins", "second ends"]


def test_nothing_starts_after_the_end(bench):
    bench.worker.quietly(bench.task("a", turns=9))
    bench.worker.close()
    bench.worker.quietly(bench.task("b"))
    assert not bench.worker.start(bench.task("c", "running"))
    bench.clock.run()
    assert [event for event in bench.events if isinstance(event, str)] == []


def unbroken_job(events):
    def whole():
        for number in range(3):
            yield
            events.append(number)
        return "value"

    events.append((yield from finish_before_cancel(whole())))


def test_unbroken_steps_end_before_a_cancel_counts():
    events = []
    job = unbroken_job(events)
    next(job)
    next(job)
    job.throw(JobCancelled())
    with pytest.raises(JobCancelled):
        for _ in job:
            pass
    assert events == [0, 1, 2]


def test_unbroken_steps_return_their_value():
    events = []
    for _ in unbroken_job(events):
        pass
    assert events == [0, 1, 2, "value"]


def test_errors_reach_unbroken_steps():
    def whole():
        try:
            yield
        except TimeoutError:
            yield "caught"

    job = finish_before_cancel(whole())
    next(job)
    assert job.throw(TimeoutError()) == "caught"
