"""Votes: similarity adds up by colour, nothing is invented, doubt shows."""

import doctest

import numpy as np
import pytest

from ant_core.color.palette import NO_COLOR, UNPAINTED
from ant_core.matching import sources
from ant_core.matching.fills import (
    FLAG_HINT,
    FLAG_SIDES_DISAGREE,
    LOCKED,
    NEVER,
    NO_COUNTERPART,
    PAINTED,
    STATE_UNPAINTED,
    Fills,
    no_others,
)
from ant_core.matching.matcher import Match
from ant_core.matching.sources import SheetId, source_code, source_of_code
from ant_core.matching.voting import FREE, Ballot, apply_given, shares, vote

RED, BLUE = 1, 2
RANK = np.array([0, 1, 2])


def match_of(probability, counts, counterpart=None):
    """Build a match against references of `counts` segments each."""
    probability = np.array(probability, np.float32)
    present = np.ones(len(probability)) if counterpart is None else np.array(counterpart)
    return Match(
        probability,
        present.astype(np.float32),
        np.repeat(np.arange(len(counts)), counts).astype(np.int32),
        np.concatenate([np.arange(1, n + 1) for n in counts]).astype(np.int32),
    )


def ballot(frame, offset, colors, weights=None):
    weights = [1] * len(colors) if weights is None else weights
    return Ballot(frame, offset, np.array(colors, np.int32), np.array(weights, np.float32))


def decide(match, ballots, rank=RANK, threshold=0.5):
    return vote(match, ballots, rank, lambda raw: raw, threshold)


def test_similarity_of_equal_colours_adds_up():
    # The strongest single segment is blue, but red has more in sum.
    fills = decide(match_of([[0.3, 0.3, 0.4]], [3]), [ballot(1, 1, [RED, RED, BLUE])])
    assert fills.color.tolist() == [RED]
    assert fills.confidence[0] == pytest.approx(0.6)
    assert fills.state.tolist() == [PAINTED]


def test_it_adds_up_across_references_too():
    match = match_of([[0.4, 0.35, 0.25]], [1, 2])
    fills = decide(match, [ballot(1, 1, [BLUE]), ballot(9, -7, [RED, RED])])
    assert fills.color.tolist() == [RED]


def test_source_is_the_strongest_segment_of_the_winning_colour():
    match = match_of([[0.4, 0.35, 0.25]], [1, 2])
    fills = decide(match, [ballot(1, 1, [BLUE]), ballot(9, 2, [RED, RED])])
    assert (fills.source_frame[0], fills.source_segment[0]) == (9, 1)


def test_unpainted_is_a_colour_that_references_teach():
    fills = decide(match_of([[0.9, 0.1]], [2]), [ballot(1, 1, [UNPAINTED, RED])])
    assert fills.color.tolist() == [UNPAINTED]
    assert fills.state.tolist() == [STATE_UNPAINTED]


def test_without_counterpart_nothing_is_guessed():
    match = match_of([[1, 0], [0, 1]], [2], counterpart=[0.2, 0.9])
    fills = decide(match, [ballot(1, 1, [RED, BLUE])])
    assert fills.color.tolist() == [NO_COLOR, BLUE]
    assert fills.state.tolist() == [NO_COUNTERPART, PAINTED]
    assert fills.confidence[0] == pytest.approx(0.8)  # sure that there is none
    assert fills.source_segment.tolist() == [0, 2]


def test_resembling_a_segment_that_nobody_knew_is_no_counterpart_either():
    fills = decide(match_of([[0.9, 0.1]], [2]), [ballot(5, 1, [NO_COLOR, RED])])
    assert fills.state.tolist() == [NO_COUNTERPART]


def test_a_colour_wins_over_no_colour_at_equal_similarity():
    fills = decide(match_of([[0.5, 0.5]], [2]), [ballot(5, 1, [NO_COLOR, RED])])
    assert fills.color.tolist() == [RED]


def test_equal_sums_go_to_the_lower_colour_value_however_columns_are_ordered():
    for colors in ([RED, BLUE], [BLUE, RED]):
        fills = decide(match_of([[0.5, 0.5]], [2]), [ballot(1, 1, colors)])
        assert fills.color.tolist() == [RED]


def test_confidence_of_a_predicted_source_multiplies():
    fills = decide(match_of([[1.0]], [1]), [ballot(5, 1, [RED], [0.7])])
    assert fills.confidence[0] == pytest.approx(0.7)


def test_a_weak_prediction_yields_to_a_painted_segment():
    match = match_of([[0.6, 0.4]], [1, 1])
    fills = decide(match, [ballot(5, 1, [RED], [0.3]), ballot(1, 5, [BLUE])])
    assert fills.color.tolist() == [BLUE]


def test_two_sides_that_disagree_are_flagged_and_less_sure():
    match = match_of([[0.6, 0.4]], [1, 1])
    agree = decide(match, [ballot(1, 2, [RED]), ballot(9, -6, [RED])])
    split = decide(match, [ballot(1, 2, [RED]), ballot(9, -6, [BLUE])])
    assert agree.flags.tolist() == [0]
    assert agree.confidence[0] == pytest.approx(1.0)
    assert split.flags.tolist() == [FLAG_SIDES_DISAGREE]
    assert split.color.tolist() == [RED]
    assert split.confidence[0] < 0.6


def test_two_references_on_one_side_are_no_two_sides():
    match = match_of([[0.6, 0.4]], [1, 1])
    fills = decide(match, [ballot(1, 9, [RED]), ballot(4, 6, [BLUE])])
    assert fills.flags.tolist() == [0]


def test_a_whisper_from_the_other_side_is_no_contradiction():
    match = match_of([[0.95, 0.05]], [1, 1])
    fills = decide(match, [ballot(1, 2, [RED]), ballot(9, -6, [BLUE])])
    assert fills.flags.tolist() == [0]


def test_no_reference_segment_at_all():
    fills = decide(match_of(np.zeros((2, 0)), [0]), [ballot(1, 1, [])])
    assert fills.state.tolist() == [NO_COUNTERPART] * 2


@pytest.mark.parametrize("seed", range(6))
def test_permuting_segments_permutes_the_answer_and_chunks_do_not_matter(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    count, counts = 9, [4, 7, 3]
    probability = rng.dirichlet(np.ones(sum(counts)), count)
    present = rng.random(count)
    colors = [rng.integers(-1, 3, n) for n in counts]
    ballots = [
        ballot(f, o, c, rng.random(len(c)))
        for f, o, c in zip((1, 5, 9), (2, -2, -6), colors, strict=True)
    ]
    plain = decide(match_of(probability, counts, present), ballots)
    order = rng.permutation(count)
    monkeypatch.setattr("ant_core.matching.voting._CHUNK_CELLS", 30)
    moved = decide(match_of(probability[order], counts, present[order]), ballots)
    for name in (
        "color",
        "state",
        "confidence",
        "source_frame",
        "source_segment",
        "flags",
        "other_color",
        "other_share",
    ):
        assert np.array_equal(getattr(plain, name)[order], getattr(moved, name)), name
    known = set(np.concatenate(colors).tolist()) | {NO_COLOR}
    assert set(plain.color.tolist()) <= known
    assert ((plain.confidence >= 0) & (plain.confidence <= 1)).all()


def test_hints_and_locks_have_the_last_word():
    fills = Fills.unknown(3)
    given = apply_given(fills, 12, {1: RED, 2: RED}, {}, {2: UNPAINTED})
    assert given.color.tolist() == [RED, UNPAINTED, NO_COLOR]
    assert given.state.tolist() == [PAINTED, LOCKED, NO_COUNTERPART]
    assert given.confidence[:2].tolist() == [1, 1]
    assert given.flags.tolist() == [FLAG_HINT, 0, 0]
    assert given.source_frame.tolist() == [12, 12, 0]
    assert fills.color.tolist() == [NO_COLOR] * 3  # not modified


def test_alternatives_are_the_next_colours_with_their_shares():
    match = match_of([[0.6, 0.3, 0.1], [0.99, 0.01, 0.0]], [3])
    fills = decide(match, [ballot(1, 1, [RED, BLUE, UNPAINTED])])
    assert fills.other_color.tolist() == [[BLUE, UNPAINTED], [NO_COLOR, NO_COLOR]]
    np.testing.assert_allclose(fills.other_share, [[0.3, 0.1], [0, 0]], atol=1e-6)


def test_without_counterpart_the_colour_it_resembles_most_is_the_first_alternative():
    match = match_of([[0.7, 0.3]], [2], [0.1])
    fills = decide(match, [ballot(1, 1, [RED, BLUE])])
    assert fills.state.tolist() == [NO_COUNTERPART]
    assert fills.color.tolist() == [NO_COLOR]
    assert fills.other_color.tolist() == [[RED, BLUE]]
    np.testing.assert_allclose(fills.other_share, [[0.7, 0.3]], atol=1e-6)


def test_what_has_no_colour_itself_is_no_alternative():
    fills = decide(match_of([[0.6, 0.4]], [2]), [ballot(5, 1, [RED, NO_COLOR])])
    assert fills.other_color.tolist() == [[NO_COLOR, NO_COLOR]]


def test_a_rule_wins_over_a_hint_and_a_lock_over_both():
    bare = 3
    given = apply_given(
        Fills.unknown(3), 12, {1: RED, 2: RED, 3: RED}, {2: bare, 3: bare}, {3: BLUE}
    )
    assert given.color.tolist() == [RED, bare, BLUE]
    assert given.state.tolist() == [PAINTED, NEVER, LOCKED]


def test_shares_are_what_speaks_for_each_colour():
    match = match_of([[0.5, 0.3, 0.2], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], [3], [1, 1, 0.4])
    classes, found = shares(match, [ballot(1, 1, [BLUE, RED, BLUE], [1, 1, 0.5])], RANK, 0.5)
    assert classes.tolist() == [RED, BLUE]
    np.testing.assert_allclose(found[0], [0.3 / 0.9, 0.6 / 0.9], rtol=1e-6)
    np.testing.assert_allclose(found[1], [0, 1], rtol=1e-6)
    assert found[2].tolist() == [0, 0]  # without counterpart


def test_a_chosen_colour_wins_whatever_the_votes():
    match = match_of([[0.6, 0.4], [0.6, 0.4], [0.6, 0.4]], [2], [1, 1, 0.3])
    given = [ballot(7, 1, [RED, BLUE])]
    chosen = np.array([BLUE, FREE, BLUE])
    fills = vote(match, given, RANK, lambda raw: raw, 0.5, chosen=chosen)
    assert fills.color.tolist() == [BLUE, RED, BLUE]
    assert fills.source_segment.tolist() == [2, 1, 2]
    # Nothing is surer than that it has a counterpart at all.
    assert fills.confidence.tolist() == pytest.approx([0.4, 0.6, 0.3])


def test_pieces_merge_to_the_fill_of_their_segment():
    fills = Fills(
        color=np.array([RED, BLUE, RED, RED], np.int32),
        state=np.array([PAINTED, PAINTED, NO_COUNTERPART, PAINTED], np.uint8),
        confidence=np.array([0.5, 0.25, 1.0, 1.0], np.float32),
        source_frame=np.array([1, 2, 3, 4], np.int32),
        source_segment=np.array([5, 6, 7, 8], np.int32),
        flags=np.array([FLAG_HINT, 0, 0, FLAG_SIDES_DISAGREE], np.uint8),
        **no_others(4),
    )
    merged = fills.merged(np.array([1, 2, 3, 1], np.int32), np.array([30, 9, 9, 10]))
    assert merged.color.tolist() == [RED, BLUE, RED]
    assert merged.confidence.tolist() == pytest.approx([0.625, 0.25, 1])
    assert merged.source_segment.tolist() == [5, 6, 7]  # of the largest piece
    assert merged.flags.tolist() == [FLAG_HINT | FLAG_SIDES_DISAGREE, 0, 0]
    replaced = fills.replaced(np.array([1]), merged.taken(np.array([0])))
    assert replaced.color.tolist() == [RED, RED, RED, RED]
    assert fills.color.tolist() == [RED, BLUE, RED, RED]


@pytest.mark.parametrize("source", [0, 1, 999_999, SheetId(0), SheetId(7)])
def test_source_is_read_again_from_its_code(source):
    assert source_of_code(source_code(source)) == source


def test_codes_of_model_sheets_are_those_of_earlier_records():
    assert [source_code(SheetId(place)) for place in range(3)] == [-1, -2, -3]


def test_examples_of_sources_are_true():
    found = doctest.testmod(sources)
    assert (found.attempted, found.failed) == (2, 0)
