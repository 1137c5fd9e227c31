"""What comes from the engine faster than it is taken."""

import tracemalloc

import pytest

from krita_plugin.propagate_colors import i18n
from krita_plugin.propagate_colors.link.requests import Call, EngineError, EngineRequests

PLANE = 16 << 20  # bytes


def _plane(number):
    return bytes([number]) * PLANE


def test_planes_that_wait_take_little_memory_and_come_back_as_they_were():
    call = Call()
    tracemalloc.start()
    for number in range(40):
        call({"type": "frame_result", "frame": number}, _plane(number))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 6 * PLANE
    for number in range(40):
        header, payload = call.take()
        assert (header["frame"], payload) == (number, _plane(number))
    assert not call.ready()


def test_what_was_taken_leaves_room_for_more():
    call = Call()
    for _ in range(3):
        for number in range(6):
            call({"type": "frame_result"}, _plane(number))
        assert [call.take()[1][0] for _ in range(6)] == list(range(6))
    assert call._unpacked == 0


def test_an_error_is_raised_in_its_turn():
    call = Call()
    call({"type": "progress"})
    call({"type": "error", "code": "input", "message": "no"})
    assert call.over
    call.take()
    with pytest.raises(EngineError, match=r"No\."):
        call.take()


def test_an_error_of_the_engine_is_told_in_the_docker_s_language():
    i18n.start("fr", [])
    call = Call()
    call({"type": "error", "code": "internal", "message": "not enough memory"})
    with pytest.raises(EngineError, match="La mémoire ne suffit pas"):
        call.take()
    i18n.start("en", [])


def test_segments_are_doubtful_alike_before_the_engine_is_started():
    from ant_core.matching.fills import REVIEW_BELOW
    from krita_plugin.propagate_colors.link import requests

    assert requests.DOUBTFUL_BELOW == REVIEW_BELOW


class Client:
    """Has what EngineRequests asks of a client."""

    def __init__(self):
        self.compiling = 0
        self.call = None

    def request(self, header, payload, callback):
        self.call = callback
        return 1


def test_time_in_which_kernels_are_compiled_counts_towards_no_limit():
    client = Client()
    steps = EngineRequests(client).ask({"type": "preview"})
    next(steps)
    client.compiling = 3
    for _ in range(5):
        steps.throw(TimeoutError())
    client.call({"type": "preview"}, b"seen")
    with pytest.raises(StopIteration) as ended:
        next(steps)
    assert ended.value.value == ({"type": "preview"}, b"seen")


def test_an_engine_that_compiles_nothing_and_is_silent_is_given_up():
    steps = EngineRequests(Client()).ask({"type": "preview"})
    next(steps)
    with pytest.raises(EngineError, match="does not answer"):
        steps.throw(TimeoutError())
