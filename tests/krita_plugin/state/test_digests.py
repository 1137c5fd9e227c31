import pytest

from krita_plugin.propagate_colors.state import digests
from krita_plugin.propagate_colors.state.digests import AT_ONCE, Digests
from krita_plugin.propagate_colors.state.journal import Entry, pack_result


def entry(time, state="painted", confidence=0.2):
    segment = {"id": 1, "state": state, "confidence": confidence, "color": [1, 2, 3, 255]}
    packed = pack_result({"frame": time, "segments": [segment]})
    return Entry("{c}", time, "predicted", "m", None, str(time), {}, packed)


@pytest.fixture
def made(monkeypatch):
    """How many digests were made."""
    found = []
    make = digests.review.digest
    monkeypatch.setattr(
        digests.review, "digest", lambda result, below: found.append(below) or make(result, below)
    )
    return found


def test_a_few_are_made_at_once_and_only_once(made):
    entries = [entry(time) for time in range(AT_ONCE)]
    own = Digests(lambda: entries)
    assert own.complete(0.6)
    assert set(own.made(0.6)) == set(range(AT_ONCE))
    own.made(0.6)
    assert made == [0.6] * AT_ONCE


def test_many_are_made_one_a_step(made):
    entries = [entry(time) for time in range(30)]
    own = Digests(lambda: entries)
    assert not own.complete(0.6)
    assert own.made(0.6) == {}
    work = own.steps(0.6)
    next(work)
    assert len(made) == 1
    for number, _ in enumerate(work, 2):
        assert len(made) == number
    assert len(own.made(0.6)) == 30
    assert len(made) == 30


def test_another_result_or_bound_is_another_digest(made):
    entries = [entry(3)]
    own = Digests(lambda: entries)
    assert own.made(0.6)[3].marks[0].worth is not None
    entries[0] = entry(3, confidence=0.9)
    assert own.made(0.6)[3].marks[0].worth is None
    assert own.made(0.95)[3].marks[0].worth is not None
    assert made == [0.6, 0.6, 0.95]


def test_a_result_at_hand_need_not_be_unpacked(made):
    one = entry(3)
    own = Digests(lambda: [one])
    own.make(one, 0.6, one.result)
    assert own.made(0.6)[3].marks[0].worth is not None
    assert made == [0.6]


@pytest.mark.parametrize("result", [{"segments": [{}]}, {"segments": [[]]}, {"segments": 3}])
def test_a_strange_result_has_nothing_to_look_at(result):
    strange = entry(3)
    strange.packed_result = pack_result(result)
    assert Digests(lambda: [strange]).made(0.6)[3] == ((), {})
