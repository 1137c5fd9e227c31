"""A stream of clips: always new ones, in every circumstance, and the disk does not fill."""

import numpy as np
import pytest

from ant_core.training.synthesis import stream as module
from ant_core.training.synthesis import wild
from ant_core.training.synthesis.clip import drawings, samples
from ant_core.training.synthesis.ink.circumstances import CIRCUMSTANCES
from ant_core.training.synthesis.stream import StreamOptions, stream
from ant_core.training.synthesis.wild import wild_maker


class Enough(Exception):
    """Ends a stream from outside, as a signal does."""


def made(folder, options, count, pairs=lambda: 10**9):
    """Let a stream make so many clips, and return their names."""
    names = []

    def say(text):
        names.append(text)
        if len(names) == count:
            raise Enough

    with pytest.raises(Enough):
        stream(folder, options, pairs, say)
    return names


@pytest.fixture
def options(boxes, monkeypatch, tmp_path):
    monkeypatch.setattr(wild, "load_source", lambda _: boxes)
    return StreamOptions(data=tmp_path, sources=("one", "two"), clips=3, validation=1)


def test_validation_comes_first_and_then_new_clips_without_end(options, tmp_path):
    names = made(tmp_path, options, 10)
    held_out = ["validation one_000000", "validation wild_one_000001"]
    held_out += ["validation two_000000", "validation wild_two_000002"]
    assert names[:4] == held_out
    seeds = [int(name[-7:]) for name in names[4:]]
    assert seeds == [1000000, 1000000, 1000001, 1000001, 1000002, 1000002]
    assert len(set(names)) == 10


def test_only_the_newest_clips_are_kept_and_a_stream_goes_on(options, tmp_path):
    first = made(tmp_path, options, 9)
    (tmp_path / "train" / ".left_000001.npz.77").write_bytes(b"of a killed process")
    # The last clip was stored, but not counted: it is not made again, and the next one is new.
    second = made(tmp_path, options, 2)
    assert not set(first) & set(second)
    assert int(second[0][-7:]) == 1000002
    kept = {path.stem for path in (tmp_path / "train").glob("*.npz")}
    assert len(kept) <= 4
    assert {name.split()[1] for name in second} <= kept
    assert not list((tmp_path / "train").glob(".*"))


def test_a_stream_waits_for_the_training(options, tmp_path, monkeypatch):
    asked = []

    def wait(seconds):
        asked.append(seconds)
        raise Enough

    monkeypatch.setattr(module.time, "sleep", wait)
    with pytest.raises(Enough):
        stream(tmp_path, options, lambda: 2 * options.pairs_a_clip - 1)
    # Three are kept and may be made at once, one for the pairs so far, and the next must wait.
    assert int((tmp_path / "next.json").read_text()) == 5


def test_a_share_of_the_clips_is_in_a_circumstance(options, tmp_path):
    names = made(tmp_path, options, 4 + 40)[4:]
    wild = sum("wild" in name for name in names)
    assert 8 <= wild <= 24


@pytest.mark.parametrize("name", CIRCUMSTANCES)
def test_parts_are_found_again_in_every_circumstance(boxes, name, tmp_path):
    seed = list(CIRCUMSTANCES).index(name)
    clip = wild_maker(boxes)(tmp_path, "train", seed)
    assert clip.name == f"boxes_{seed:06d}_{name}"
    found = samples(clip)[0]
    plain = samples(boxes(tmp_path, "train", seed))[0]
    assert not np.array_equal(found.drawn.image, plain.drawn.image)
    sure = set(found.part[found.purity > 0.7])
    assert len(sure & set(np.unique(found.drawn.ids))) >= 4
    again = next(drawings(wild_maker(boxes)(tmp_path, "train", seed)))
    assert np.array_equal(again.image, found.drawn.image)
