"""Runs over arrays: what goes in, what comes out, hints, locks, going on, stopping."""

from __future__ import annotations

import threading

import cv2
import numba
import numpy as np
import pytest

from ant_core import api, errors
from tests.support.drawn import BOXES, line_drawing, painting, save

LINES = {frame: line_drawing(frame) for frame in range(6)}
PAINTED = {0: painting(0)}
RED = BOXES[0][1]
INSIDE_RED = 15, 20  # x, y in frame 0
GREEN = (30, 200, 60, 255)


def at(frame, point):
    x, y = point
    return tuple(frame.image[y, x].tolist())


def moved(frame):
    return INSIDE_RED[0] + frame, INSIDE_RED[1]


def hint(frame, color):
    entry = {"frame": frame, "point": list(moved(frame)), "color": color}
    return {"schema": 1, "hints": [entry]}


def same(one, other):
    return list(one) == list(other) and all(
        (one[frame].image == other[frame].image).all()
        and one[frame].to_json()["segments"] == other[frame].to_json()["segments"]
        for frame in one
    )


def test_every_frame_gets_the_colors_of_the_painted_one(model):
    result = api.propagate(LINES, PAINTED, model=model)
    assert list(result) == sorted(LINES)
    assert (result[0].image == PAINTED[0]).all()
    assert [result[frame].role for frame in result] == ["reference"] + 5 * ["predicted"]
    for frame in result:
        assert at(result[frame], moved(frame)) == RED
    assert result.warnings == ()


def test_what_is_said_of_a_segment_is_what_the_picture_shows(model):
    frame = api.propagate(LINES, PAINTED, model=model)[3]
    found = frame.label_map()
    assert found.count == len(frame.color) == len(frame.state) == 4
    assert frame.image.dtype == frame.color.dtype == np.uint8
    for row in range(found.count):
        inside = frame.image[found.labels == row + 1]
        assert (inside == frame.color[row]).all()
    segments = frame.to_json()["segments"]
    assert [item["state"] for item in segments] == frame.state.tolist()
    assert [item["confidence"] for item in segments] == frame.confidence.round(4).tolist()
    assert [item["color"] for item in segments] == frame.color.tolist()
    assert frame.to_json()["doubtful"] == frame.doubtful.sum()


def test_a_segment_without_counterpart_is_left_bare_and_doubtful(model):
    lines = {0: line_drawing(0, BOXES[:1]), 1: line_drawing(0)}
    frame = api.propagate(lines, {0: painting(0, BOXES[:1])}, model=model)[1]
    lost = frame.state == "no_counterpart"
    assert lost.any()
    assert frame.doubtful[lost].all()
    assert not frame.image[np.isin(frame.label_map().labels, 1 + np.flatnonzero(lost))].any()


class Counted(dict):
    """A mapping that makes its pictures when asked."""

    def __getitem__(self, frame):
        return line_drawing(super().__getitem__(frame))


@pytest.mark.parametrize(
    ("lines", "painted"),
    [
        ([*LINES.values()], [PAINTED[0]]),
        ([*LINES.values()], [PAINTED[0], None, None]),
        (np.stack([*LINES.values()]), PAINTED),
        ({np.int64(frame): image for frame, image in LINES.items()}, {np.uint8(0): PAINTED[0]}),
        (Counted({frame: frame for frame in LINES}), PAINTED),
        ({frame: LINES[frame] for frame in reversed(LINES)}, PAINTED),
    ],
    ids=["list", "list with gaps", "stack", "NumPy numbers", "made when asked", "reversed"],
)
def test_frames_come_in_any_container(model, lines, painted):
    assert same(
        api.propagate(lines, painted, model=model), api.propagate(LINES, PAINTED, model=model)
    )


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32])
@pytest.mark.parametrize("stored", ["read-only", "big-endian", "turned"])
def test_values_of_every_type_come_back_bit_for_bit(model, channels, dtype, stored):
    values = painting(0)[:, :, [0, 1, 2, 0, 3][:channels] if channels > 1 else [0]]
    full = 1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    image = (values.astype(np.float64) / 255 * full).astype(dtype)
    if channels in (2, 4, 5):
        image[:, :, -1] = full
    given = image
    if stored == "big-endian":
        given = image.astype(np.dtype(dtype).newbyteorder(">"))
    elif stored == "turned":
        given = np.ascontiguousarray(image.transpose(1, 0, 2)).transpose(1, 0, 2)
    given.flags.writeable = False
    lines = {frame: LINES[frame].copy() for frame in (0, 1)}
    for line in lines.values():
        line.flags.writeable = False
    result = api.propagate(lines, {0: given}, model=model)
    assert result[0].image.dtype == result[1].image.dtype == dtype
    assert result[0].image.tobytes() == image.tobytes()
    x, y = moved(1)
    assert result[1].image[y, x].tobytes() == image[INSIDE_RED[1], INSIDE_RED[0]].tobytes()


def test_painted_frames_of_fewer_channels_are_filled_up(model):
    painted = {0: PAINTED[0], 5: painting(5)[:, :, :3]}
    result = api.propagate(LINES, painted, model=model)
    assert (result[5].image == painting(5)).all()


def test_pictures_that_are_not_used_are_not_changed(model):
    lines, painted = [image.copy() for image in LINES.values()], PAINTED[0].copy()
    api.propagate(lines, [painted], model=model)
    assert (painted == PAINTED[0]).all()
    assert all((mine == given).all() for mine, given in zip(lines, LINES.values(), strict=True))


@pytest.mark.parametrize(
    ("lines", "painted", "options", "kind", "told"),
    [
        ({}, PAINTED, {}, errors.InputError, "no line drawing"),
        (LINES, {}, {}, errors.InputError, "no painted frame"),
        (LINES, {9: PAINTED[0]}, {}, errors.InputError, r"painted\[9\]"),
        (LINES, {0: PAINTED[0][:-1]}, {}, errors.InputError, r"painted\[0\].* 96 x 79"),
        (LINES | {2: LINES[2][1:]}, PAINTED, {}, errors.InputError, r"lines\[2\].* 96 x 79"),
        (LINES[0], PAINTED, {}, errors.InputError, r"lines\[0\] has the shape \(96,\)"),
        (LINES | {2: LINES[2] > 9}, PAINTED, {}, errors.InputError, r"lines\[2\].* bool"),
        (LINES | {2: "x.png"}, PAINTED, {}, errors.InputError, r"lines\[2\].* <U5"),
        (LINES, {0: np.zeros((80, 96, 6), np.uint8)}, {}, errors.InputError, "80, 96, 6"),
        (
            LINES,
            PAINTED | {1: painting(1).astype(np.uint16)},
            {},
            errors.InputError,
            r"painted\[1\] has 16 bits",
        ),
        (LINES, PAINTED | {1: painting(1)[:, :, :2]}, {}, errors.InputError, "2 channels"),
        ({-1: LINES[0]}, PAINTED, {}, errors.UsageError, "from 0 up"),
        ({"1": LINES[0]}, PAINTED, {}, errors.UsageError, "from 0 up"),
        (LINES, PAINTED, {"frames": [7]}, errors.UsageError, "frame 7 is not in the shot"),
        (LINES, PAINTED, {"frames": [1.5]}, errors.UsageError, "frames has the frame 1.5"),
        (LINES, PAINTED, {"rough": "no"}, errors.UsageError, "rough is 'no'"),
        (LINES, PAINTED, {"gap_px": 999}, errors.UsageError, "gap_px is 999"),
        (LINES, PAINTED, {"review_below": 2}, errors.UsageError, "review_below is 2"),
        (LINES, PAINTED, {"hints": hint(9, [1])}, errors.InputError, "frame 9"),
        (LINES, PAINTED, {"hints": hint(1, [300, 0, 0])}, errors.InputError, "value 300"),
        (LINES, PAINTED, {"hints": {"locks": []}}, errors.InputError, "schema"),
        (LINES, PAINTED, {"hints": {"schema": {1}}}, errors.InputError, "set"),
        (
            LINES,
            PAINTED,
            {"hints": {"schema": 1, "locks": [{"frame": 2}]}},
            errors.InputError,
            "frame 2 is locked but",
        ),
        (LINES, PAINTED, {"model_sheets": ["gone.png"]}, errors.InputError, "gone.png"),
    ],
)
def test_what_cannot_be_worked_on_is_refused_in_one_sentence(
    model, lines, painted, options, kind, told
):
    with pytest.raises(kind, match=told) as caught:
        api.propagate(lines, painted, model=model, **options)
    assert "\n" not in str(caught.value)


def test_a_drawing_that_cannot_be_segmented_fails_alone(model):
    result = api.propagate(LINES | {2: np.zeros_like(LINES[2])}, PAINTED, model=model)
    assert [result[frame].role for frame in (1, 2, 3)] == ["predicted", "failed", "predicted"]
    assert "lines[2]" in result[2].error
    for ask in (lambda: result[2].image, result[2].label_map):
        with pytest.raises(errors.InputError, match=r"lines\[2\]"):
            ask()


def test_chosen_frames_alone_are_colored(model):
    result = api.propagate(LINES, PAINTED, frames=(4, 2), model=model)
    assert list(result) == [2, 4]


def test_a_model_sheet_teaches_where_nothing_is_painted(model, tmp_path):
    sheet = painting(0)
    sheet[line_drawing(0) == 0] = (0, 0, 0, 255)
    path = tmp_path / "sheet.png"
    save(path, sheet)
    result = api.propagate(LINES, {}, model_sheets=[path], model=model)
    assert result[0].role == "predicted"
    assert result[0].image.shape == (80, 96, 4)
    assert at(result[0], moved(0)) == RED
    (source,) = result[0].to_json()["sources"]
    assert source["sheet"] == path.name


# ---- hints, locks, going on


def test_a_hint_gives_its_segment_its_color(model):
    colors = list(GREEN), np.array(GREEN, np.uint8), [np.uint8(value) for value in GREEN]
    for color in colors:
        result = api.propagate(LINES, PAINTED, hints=hint(3, color), model=model)
        assert at(result[3], moved(3)) == GREEN
        assert at(result[2], moved(2)) == RED
    bare = api.propagate(LINES, PAINTED, hints=hint(3, "unpainted"), model=model)
    assert at(bare[3], moved(3)) == (0, 0, 0, 0)


def test_a_hint_on_a_painted_frame_is_told_to_be_without_effect(model):
    result = api.propagate(LINES, PAINTED, hints=hint(0, list(GREEN)), model=model)
    (warning,) = result.warnings
    assert "no effect: frame 0" in warning


def test_only_what_depends_on_a_change_is_computed_again(model):
    first = api.propagate(LINES, PAINTED, model=model)
    again = api.propagate(LINES, PAINTED, previous=first, model=model)
    assert same(first, again)
    assert [again[frame].recomputed for frame in again] == [""] * 6
    hinted = api.propagate(LINES, PAINTED, hints=hint(5, list(GREEN)), previous=first, model=model)
    assert [bool(hinted[frame].recomputed) for frame in hinted] == [False] * 5 + [True]
    fixed = {**PAINTED, 3: painting(3, [(BOXES[0][0], GREEN), *BOXES[1:]])}
    later = api.propagate(LINES, fixed, previous=first, model=model)
    assert same(later, api.propagate(LINES, fixed, model=model))
    assert at(later[4], moved(4)) == GREEN


def test_an_earlier_result_stays_as_it_was(model):
    first = api.propagate(LINES, PAINTED, model=model)
    kept = {frame: first[frame].image for frame in first}
    other = {0: painting(0, [(BOXES[0][0], GREEN), *BOXES[1:]])}
    api.propagate(LINES, other, previous=first, model=model)
    assert all((first[frame].image == kept[frame]).all() for frame in first)
    assert same(first, api.propagate(LINES, PAINTED, previous=first, model=model))


def test_another_size_or_type_begins_anew(model):
    first = api.propagate(LINES, PAINTED, model=model)
    deep = {0: PAINTED[0].astype(np.uint16) * np.uint16(257)}
    result = api.propagate(LINES, deep, previous=first, model=model)
    assert same(result, api.propagate(LINES, deep, model=model))
    lines = [np.pad(image, 4, constant_values=255) for image in LINES.values()]
    painted = {0: np.pad(PAINTED[0], ((4, 4), (4, 4), (0, 0)), mode="edge")}
    wide = api.propagate(lines, painted, previous=first, model=model)
    assert same(wide, api.propagate(lines, painted, model=model))


def test_a_locked_frame_and_a_locked_segment_keep_what_they_had(model):
    first = api.propagate(LINES, PAINTED, hints=hint(3, list(GREEN)), model=model)
    whole = {"schema": 1, "locks": [{"frame": 3}]}
    result = api.propagate(LINES, PAINTED, hints=whole, previous=first, model=model)
    assert (result[3].role, at(result[3], moved(3))) == ("locked", GREEN)
    assert at(result[4], moved(4)) == GREEN  # it teaches as a painted frame does
    one = {"schema": 1, "locks": [{"frame": 3, "point": list(moved(3))}]}
    result = api.propagate(LINES, PAINTED, hints=one, previous=first, model=model)
    assert at(result[3], moved(3)) == GREEN
    assert "locked" in result[3].state


def test_a_line_drawing_that_changed_since_has_no_label_map(model):
    lines = {frame: image.copy() for frame, image in LINES.items()}
    result = api.propagate(lines, PAINTED, model=model)
    assert result[2].label_map().count == 4
    lines[2][:] = 255
    with pytest.raises(errors.InputError, match=r"lines\[2\] has changed"):
        result[2].label_map()


# ---- progress and stopping


@pytest.mark.parametrize("threads", [1, 2])
def test_each_frame_is_told_of_once_with_its_picture(monkeypatch, model, threads):
    model.threads = threads  # with two, pictures are written by a thread of their own
    told = []

    def on_frame(frame, done, total):
        told.append((frame.frame, done, total, at(frame, moved(frame.frame))))

    result = api.propagate(LINES, PAINTED, model=model, on_frame=on_frame)
    assert [done for _, done, _, _ in told] == [1, 2, 3, 4, 5, 6]
    assert {total for _, _, total, _ in told} == {6}
    assert {frame: color for frame, _, _, color in told} == dict.fromkeys(result, RED)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_stopped_run_goes_on_where_it_stopped(model, threads):
    model.threads = threads
    cancel = threading.Event()

    def on_frame(frame, done, total):
        if done == 3:
            cancel.set()

    with pytest.raises(api.Stopped) as caught:
        api.propagate(LINES, PAINTED, model=model, on_frame=on_frame, cancel=cancel)
    assert isinstance(caught.value, errors.Cancelled)
    part = caught.value.result
    assert 3 <= len(part) < 6
    assert all(at(part[frame], moved(frame)) == RED for frame in part)
    whole = api.propagate(LINES, PAINTED, model=model, previous=part)
    assert same(whole, api.propagate(LINES, PAINTED, model=model))
    kept = {frame for frame in whole if not whole[frame].recomputed}
    assert kept == set(part)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("when", [1, 3, 6])
def test_what_on_frame_raises_reaches_the_caller(model, threads, when):
    model.threads = threads

    def on_frame(frame, done, total):
        if done == when:
            raise ValueError("mine")  # of a kind that means a bad drawing inside the run

    with pytest.raises(ValueError, match="mine"):
        api.propagate(LINES, PAINTED, model=model, on_frame=on_frame)


def test_the_callers_threads_stay_as_they_were(model):
    model.threads = 1
    before = cv2.getNumThreads(), numba.get_num_threads()
    cv2.setNumThreads(2)
    try:
        seen = []
        api.propagate(
            LINES, PAINTED, model=model, on_frame=lambda *_: seen.append(cv2.getNumThreads())
        )
        assert set(seen) == {1}
        assert (cv2.getNumThreads(), numba.get_num_threads()) == (2, before[1])
    finally:
        cv2.setNumThreads(before[0])


def test_runs_on_several_threads_do_not_meet(model):
    del model  # but the matcher of those that are made here is quick
    expected = api.propagate(LINES, PAINTED)
    results = {}

    def run(number):
        results[number] = api.propagate(LINES, PAINTED, model=api.Model())

    threads = [threading.Thread(target=run, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 3
    assert all(same(result, expected) for result in results.values())


def test_the_callers_threads_outlive_calls_that_overlap(model):
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    other = threading.Thread(target=api.propagate, args=(LINES, PAINTED), kwargs={"model": model})

    def begin(frame, done, total):
        if done == 2:
            other.start()

    try:
        api.propagate(LINES, PAINTED, model=model, on_frame=begin)
        other.join()
        assert cv2.getNumThreads() == 2
    finally:
        cv2.setNumThreads(before)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"lines": {0: [[1, 2], [3]]}}, errors.InputError),
        ({"gap_px": "3"}, errors.UsageError),
        ({"review_below": "half"}, errors.UsageError),
        ({"hints": {("a", 1): []}}, errors.InputError),
        ({"hints": {"schema": 1, "hints": {1, 2}}}, errors.InputError),
    ],
)
def test_arguments_of_other_kinds_are_refused_in_one_sentence(model, arguments, error):
    with pytest.raises(error):
        api.propagate(**{"lines": LINES, "painted": PAINTED, "model": model} | arguments)


def test_a_drawing_that_is_no_array_has_no_segments():
    with pytest.raises(errors.InputError, match="is no array"):
        api.segment([[1, 2], [3]])
