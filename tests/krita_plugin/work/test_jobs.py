import pytest

from krita_plugin.propagate_colors.work.jobs import JobCancelled, Runner
from tests.krita_plugin.mock_krita import Clock


class Ends:
    def __init__(self):
        self.results, self.errors = [], []

    def run(self, generator, clock=None, until=lambda: False):
        clock = clock or Clock()
        runner = Runner(generator, "job", self.results.append, self.errors.append, clock)
        clock.run(until)
        return runner


@pytest.fixture
def ends():
    return Ends()


def test_a_job_starts_only_when_the_loop_turns(ends):
    steps = []

    def job():
        steps.append("first")
        yield
        steps.append("second")
        return 7

    clock = Clock()
    Runner(job(), "job", ends.results.append, ends.errors.append, clock)
    assert steps == []
    clock.run(lambda: bool(steps))
    assert (steps, ends.results) == (["first"], [])
    clock.run()
    assert (steps, ends.results, ends.errors) == (["first", "second"], [7], [])


def test_every_yield_is_a_step_of_its_own_and_waits_as_told(ends):
    clock, times = Clock(), []

    def job():
        for wish in (None, 0, 0.5, (lambda: clock.now() >= 2.0), (lambda: True, 3.0)):
            yield wish
            times.append(round(clock.now(), 1))

    ends.run(job(), clock)
    assert times == [0, 0, 0.5, 2.0, 2.0]
    assert ends.results == [None]


def test_a_condition_that_never_comes_is_a_timeout_in_the_job(ends):
    def job():
        try:
            yield (lambda: False), 1.5
        except TimeoutError:
            return "late"

    ends.run(job())
    assert ends.results == ["late"]


def test_a_condition_that_fails_raises_in_the_job(ends):
    def broken():
        raise ValueError("x")

    def job():
        yield broken

    ends.run(job())
    assert [type(error) for error in ends.errors] == [ValueError]


def test_cancel_cuts_a_wait_short_and_lets_the_job_clean_up(ends):
    clock, steps = Clock(), []

    def job():
        try:
            yield 1000.0
        finally:
            yield 0.1
            steps.append("cleaned up")

    runner = Runner(job(), "job", ends.results.append, ends.errors.append, clock)
    clock.later(1.0, runner.cancel)
    clock.later(1.05, runner.cancel)
    clock.run(lambda: runner.done)
    assert clock.now() < 2.0
    assert steps == ["cleaned up"]
    assert [type(error) for error in ends.errors] == [JobCancelled]


def test_cancel_from_within_a_step_comes_at_the_next_one(ends):
    runners = []

    def job():
        runners[0].cancel()
        yield lambda: False

    clock = Clock()
    runners.append(Runner(job(), "job", ends.results.append, ends.errors.append, clock))
    clock.run()
    assert [type(error) for error in ends.errors] == [JobCancelled]
    assert clock.now() < 1


def test_a_cancel_in_a_nested_event_loop_waits_for_the_step_to_end(ends):
    clock, runners, seen = Clock(), [], []

    def job():
        runners[0].cancel()
        clock.run()  # as Krita 6 does while it waits for strokes
        seen.append("the step ended")
        yield
        seen.append("not reached")

    runners.append(Runner(job(), "job", ends.results.append, ends.errors.append, clock))
    clock.run()
    assert seen == ["the step ended"]
    assert [type(error) for error in ends.errors] == [JobCancelled]


def test_cancel_after_the_end_does_nothing(ends):
    def job():
        yield

    runner = ends.run(job())
    runner.cancel()
    assert (ends.results, ends.errors) == ([None], [])


def test_a_job_rests_while_a_dialog_runs_its_own_loop(ends):
    clock, open_until = Clock(), 3.0
    clock.resting = lambda: clock.now() < open_until
    times = []

    def job():
        times.append(clock.now())
        yield

    ends.run(job(), clock)
    assert times[0] >= open_until
