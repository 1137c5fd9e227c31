"""The order of work: from painted frames outwards, never across one."""

import numpy as np
import pytest

from ant_core.propagation.plan import make_plan
from ant_core.shot.shot import Drawing, Reference


def plan_for(drawn: str, painted, max_references=5, frames=None):
    """Plan a shot written as one letter a frame, from frame 1; equal letters are holds."""
    where: dict[str, list[int]] = {}
    for frame, letter in enumerate(drawn, start=1):
        if letter != " ":  # a gap in the numbers
            where.setdefault(letter, []).append(frame)
    drawings = [Drawing(letter, tuple(found)) for letter, found in where.items()]
    every = [frame for found in where.values() for frame in found]
    references = [Reference(frame, "painted", str(frame)) for frame in painted]
    return make_plan(drawings, references, frames or every, max_references)


def sources(step, kind):
    return [(source.frame, source.offset) for source in step.sources if source.kind == kind]


def test_one_painted_frame_is_followed_outwards():
    plan = plan_for("abcde", [2])
    assert [step.frame for step in plan.steps] == [1, 3, 4, 5]
    assert sources(plan.steps[3], "painted") == [(2, 3)]
    assert sources(plan.steps[3], "predicted") == [(4, 1)]


def test_between_two_painted_frames_both_sides_meet_in_the_middle():
    plan = plan_for("abcdef", [1, 6])
    assert [step.frame for step in plan.steps] == [2, 5, 3, 4]
    assert sources(plan.steps[0], "predicted") == []
    assert sources(plan.steps[2], "predicted") == [(2, 1)]
    assert sources(plan.steps[3], "predicted") == [(3, 1), (5, -1)]


def test_painted_frames_of_both_sides_are_seen_by_every_target():
    plan = plan_for("abcdef", [1, 6])
    assert sources(plan.steps[0], "painted") == [(1, 1), (6, -4)]


def test_only_the_nearest_painted_frames_are_taken_the_earlier_of_two():
    plan = plan_for("abcdefg", [1, 3, 5, 7], max_references=3)
    assert [step.frame for step in plan.steps] == [2, 4, 6]
    assert sources(plan.steps[1], "painted") == [(3, 1), (5, -1), (1, 3)]


def test_a_predicted_drawing_is_no_source_across_a_painted_frame():
    # b is predicted at frame 2 and comes again at frame 4, behind the painted frame 3.
    plan = plan_for("abcbd", [1, 3])
    steps = {step.frame: step for step in plan.steps}
    assert sorted(steps) == [2, 5]
    assert sources(steps[5], "predicted") == []


def test_held_frames_are_coloured_once_where_they_are_nearest_to_paint():
    plan = plan_for("abbbc", [1])
    assert [(step.frame, step.frames) for step in plan.steps] == [(2, (2, 3, 4)), (5, (5,))]
    assert sources(plan.steps[1], "predicted") == [(2, 1)]  # from frame 4, which shows b too


def test_frames_that_hold_a_painted_drawing_take_its_colours():
    plan = plan_for("aabaa", [1])
    assert plan.references == {1: (1, 2, 4, 5)}
    assert sources(plan.steps[0], "painted") == [(1, 1)]


def test_a_drawing_painted_twice_gives_its_holds_to_the_nearer_painting():
    plan = plan_for("aaaaaa", [1, 6])
    assert plan.references == {1: (1, 2, 3), 6: (4, 5, 6)}


def test_gaps_in_the_numbers_count_as_distance():
    plan = plan_for("a  b   c", [1])
    assert sources(plan.steps[0], "painted") == [(1, 3)]
    assert sources(plan.steps[1], "predicted") == [(4, 4)]


def test_unwanted_frames_are_not_coloured():
    plan = plan_for("abcdef", [1], frames=[3, 4])
    assert [step.frame for step in plan.steps] == [3, 4]


@pytest.mark.parametrize("seed", range(20))
def test_every_drawing_once_and_sources_always_before_their_targets(seed):
    rng = np.random.default_rng(seed)
    drawn = "".join(rng.choice(list("abcdefghij "), 30))
    frames = [f for f, letter in enumerate(drawn, start=1) if letter != " "]
    painted = sorted(rng.choice(frames, 3, replace=False).tolist())
    plan = plan_for(drawn, painted)
    covered = [f for step in plan.steps for f in step.frames]
    covered += [f for held in plan.references.values() for f in held]
    assert sorted(covered) == frames
    done: set[int] = set()
    barrier = sorted(f for held in plan.references.values() for f in held)
    for step in plan.steps:
        for source in step.sources:
            if source.kind == "painted":
                assert source.frame in painted
            else:
                assert source.frame in done
                between = range(*sorted((source.frame, step.frame)))
                assert not set(between) & set(barrier)
        done.add(step.frame)
