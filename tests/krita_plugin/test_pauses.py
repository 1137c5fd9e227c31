"""How long calls keep the event loop waiting."""

import pytest

from krita_plugin.propagate_colors.pauses import Pauses


def test_pauses_are_summed_up_by_kind():
    pauses = Pauses(keep=3)
    for kind in ("old", "b", "a", "b"):
        with pauses.measure(kind):
            pass
    with pytest.raises(ValueError, match="x"), pauses.measure("c"):
        raise ValueError("x")
    assert [kind for kind, _ in pauses] == ["a", "b", "c"]
    summary = pauses.summary()
    assert list(summary) == ["a", "b", "c"]
    assert summary["b"].count == 1
    assert 0 <= summary["b"].median <= summary["b"].longest
    pauses.clear()
    assert pauses.summary() == {}
