from krita_plugin.propagate_colors.state.timeline import (
    LineLayer,
    Part,
    TimedDrawing,
    drawing_at,
    drawing_times,
    held_key,
    same_drawings,
    times_beyond,
)

LINES = LineLayer("lines", (0, 3, 8))
FACE = LineLayer("face", (2, 3, 30))
STILL = LineLayer("still")
GROUP = LineLayer("group", (1, 5), grouped=True)


def test_a_key_is_held_until_the_next():
    assert [held_key((2, 5), time) for time in (0, 2, 4, 5, 99)] == [None, 2, 2, 5, 5]
    assert held_key((), 4) is None


def test_drawings_begin_where_any_line_layer_has_a_key():
    assert drawing_times([LINES, FACE], 0, 30) == [0, 2, 3, 8, 30]
    assert drawing_times([STILL], 0, 30) == []


def test_a_drawing_held_into_the_range_is_not_of_it():
    assert drawing_times([LINES], 1, 7) == [3]


def test_keys_after_the_end_are_told_of():
    assert times_beyond([LINES, FACE], 23) == [30]


def test_several_layers_are_composed_of_the_keys_they_hold():
    assert drawing_at([LINES, FACE, STILL], 5) == TimedDrawing(
        5, (Part("lines", 3, False), Part("face", 3, False), Part("still", None, False))
    )


def test_a_layer_before_its_first_key_adds_nothing():
    assert drawing_at([LINES, FACE], 1).parts == (Part("lines", 0, False),)


def test_a_group_is_looked_at_where_one_of_its_layers_changed_last():
    assert drawing_at([GROUP], 4).parts == (Part("group", 1, True),)
    assert drawing_at([GROUP], 0).parts == (Part("group", 0, True),)


def test_a_moved_key_is_another_timeline():
    moved = LineLayer("lines", (0, 4, 8))
    assert same_drawings([LINES, FACE], (LINES, FACE))
    assert not same_drawings([LINES], [moved])
