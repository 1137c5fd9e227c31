"""Which drawings are named as worth painting."""

import json
from functools import partial

import jsonschema
import numpy as np
import pytest

from ant_core.formats.sequence import SequenceReader
from ant_core.propagation.drawings import Settings
from ant_core.propagation.suggest import MOST_SOURCES, best, choose, spread, suggest, survey
from ant_core.schemas import load_schema
from tests.support.drawn import BOXES, SIZE, line_drawing, make_shot, save
from tests.support.fakes import FakeMatcher

LEFT, RIGHT = BOXES[:1], BOXES[1:]


def find_among(parts, source, target, near):
    """Find parts by their names, surely; the background is everywhere."""
    del near
    there = [name in parts[source] for name in parts[target]]
    rows = [parts[source].index(name) if name in parts[source] else 0 for name in parts[target]]
    return np.array(there, np.float32), np.array(rows)


def surveyed(*parts):
    return survey([len(p) for p in parts], range(len(parts)), partial(find_among, parts))


def test_drawing_that_shows_all_parts_comes_first():
    chances = surveyed("a", "ab", "abc", "c")
    assert [one.frame for one in choose(chances, range(4), [], 1)] == [2]


def test_the_second_shows_what_the_first_lacks():
    found = choose(surveyed("ab", "ab", "ab", "abc", "cd", "d"), range(6), [], 2)
    assert [one.frame for one in found] == [3, 4]
    assert found[-1].found == 1.0
    assert found[0].found == pytest.approx((2 * 3 + 3 + 1) / 12)


def test_painted_drawings_count_and_are_not_named():
    chances = surveyed("ab", "ab", "abcd", "d")
    assert [one.frame for one in choose(chances, range(4), [2], 1, 0.0, 0)] == [0]
    assert choose(chances, range(4), [2], 5, 0.01, 0) == []  # nothing is left to gain


def test_gain_that_is_small_ends_the_list_but_never_below_the_fewest():
    chances = surveyed("a", "a", "a")
    assert len(choose(chances, range(3), [], 3, 0.01, 2)) == 2
    assert len(choose(chances, range(3), [], 3, 0.01, 1)) == 1


def test_a_part_is_found_through_the_drawings_between():
    """Neighbours are found in each other with 0.9, drawings farther apart not at all."""

    def find(source, target, near):
        near_by = abs(source - target) == 1
        assert near_by or not near
        return np.full(1, 0.9 * near_by, np.float32), np.zeros(1, np.int64)

    chances = survey([1, 1, 1, 1], [0, 3], find)
    assert np.allclose([c[0, 0] for c in chances], [1, 0.9, 0.81, 0.729])
    assert np.allclose([c[1, 0] for c in chances], [0.729, 0.81, 0.9, 1])


def test_drawings_without_segments_take_part_without_harm():
    chances = survey([2, 0, 2], [0, 1, 2], lambda s, t, near: _all_found((2, 0, 2), s, t))
    assert [one.frame for one in choose(chances, [0, 1, 2], [], 1)] == [0]


def _all_found(counts, source, target):
    found = np.full(counts[target], float(counts[source] > 0), np.float32)
    return found, np.zeros(counts[target], np.int64)


def test_spread_has_both_ends_and_no_more_than_asked():
    assert spread(100, 24)[0] == 0
    assert spread(100, 24)[-1] == 99
    assert len(spread(100, 24)) == 24
    assert spread(3, 24) == [0, 1, 2]


@pytest.fixture
def shot(tmp_path):
    """Six drawings: boxes on the left, then one drawing with all, then those on the right."""
    for frame, boxes in enumerate((LEFT, LEFT, BOXES, RIGHT, RIGHT, RIGHT), 1):
        save(tmp_path / "line" / f"{frame:04d}.png", line_drawing(0, boxes))
    return tmp_path


def test_shot_without_any_painted_frame(shot, real_cli):
    done = real_cli("suggest", shot, "--count", "1")
    assert done.code == 0
    assert done.out.startswith("frame 3: ")


def test_events_are_as_published(shot, real_cli):
    done = real_cli("suggest", shot, "--json")
    assert done.code == 0
    events = [json.loads(line) for line in done.out.splitlines()]
    for event in events:
        jsonschema.validate(event, load_schema("event"))
    # Six frames show three drawings, and no more are named than there are.
    assert [one["frame"] for one in events[-1]["suggested"]] == [3, 1]
    assert events[-1]["painted"] == []


def test_after_painting_one_more_is_named(tmp_path, real_cli):
    shot = make_shot(tmp_path / "shot", frames=range(1, 5))
    result = json.loads(real_cli("suggest", shot, "--json").out.splitlines()[-1])
    assert result["painted"] == [1]
    assert [one["frame"] for one in result["suggested"]] == [4]


def test_shot_with_everything_painted(tmp_path, real_cli):
    shot = make_shot(tmp_path / "shot", frames=range(1, 3), painted=(1, 2))
    assert real_cli("suggest", shot).out == "every drawing is painted\n"


def test_blank_shot_is_an_error_with_a_remedy(tmp_path, real_cli):
    for frame in (1, 2):
        save(tmp_path / "line" / f"{frame:04d}.png", np.full(SIZE, 255, np.uint8))
    done = real_cli("suggest", tmp_path)
    assert done.code == 5
    assert "blank" in done.err


def test_many_painted_drawings_cost_no_more_matches():
    asked = set()

    def find(source, target, near):
        asked.add((source, target, near))
        return np.full(1, 0.5, np.float32), np.zeros(1, np.int64)

    found = best([1] * 200, list(range(0, 200, 2)), find)
    assert len(found) == 1
    assert found[0].frame % 2 == 1
    assert len({source for source, _, near in asked if not near}) == MOST_SOURCES


def test_large_drawings_are_matched_in_tiles(shot, monkeypatch):
    class Watched(FakeMatcher):
        largest = 0

        def match(self, references, target, offsets):
            self.largest = max(self.largest, target.count * sum(r.count for r in references))
            return super().match(references, target, offsets)

    lines = SequenceReader("line", shot, lines=True)
    whole, tiled = Watched(), Watched()
    expected = suggest(lines, [], whole, count=2)
    monkeypatch.setattr("ant_core.propagation.suggest._LIMITS", Settings(max_pairs=4))
    assert [one.frame for one in suggest(lines, [], tiled, count=2)] == [
        one.frame for one in expected
    ]
    assert whole.largest > 4 >= tiled.largest
