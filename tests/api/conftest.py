"""Drawn shots as arrays, and a matcher that is quick."""

from __future__ import annotations

import pytest

from ant_core.api import Model
from tests.support.fakes import FakeMatcher


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model by place and shape."""
    monkeypatch.setattr("ant_core.api.model.Matcher", FakeMatcher)
    return Model(threads=1)
