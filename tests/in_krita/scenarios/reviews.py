"""After a run: accept, undo, run on, hints, locks, and what is shown of frames."""

from krita_plugin.propagate_colors.host import steps
from krita_plugin.propagate_colors.qt import QtGui
from tests.in_krita.scenarios.desk import BLUE, GREEN, KEYS, RED, logical, ready


def colored(ctx, **choices):
    desk = yield from ready(ctx, **choices)
    yield from desk.do("propagate")
    assert desk.states()[2] == "predicted"
    return desk


def accepted_frames_teach_and_are_not_written(ctx):
    desk = yield from colored(ctx)
    assert (yield from desk.do("accept", [2])) == []
    assert desk.states()[2] == "accepted"
    assert desk.row(2).is_reference
    yield from desk.do("propagate")
    request = desk.engine.asked("propagate")[-1]
    assert request["references"] == [0, 2]
    assert sorted(request["known"]) == ["5", "6"]
    origins = {h["frame"]: h["origin"] for h in desk.engine.asked("add_reference")}
    assert origins == {0: "painted", 2: "accepted"}
    assert desk.states()[2] == "accepted"
    desk.controller.shutdown()


def a_changed_frame_cannot_be_accepted(ctx):
    desk = yield from colored(ctx)
    yield from ctx.paint(desk.document, desk.color, 5, 1, 2, 3)
    said = yield from desk.do("accept", [5, 6])
    assert said == ["Changed since they were colored, so yours already: 5."], said
    assert desk.states() == {0: "artist", 2: "predicted", 5: "artist", 6: "accepted"}
    assert (yield from desk.do("accept", [0])) == ["There is no colored frame to accept here."]
    desk.controller.shutdown()


def a_hold_stands_for_the_frame_that_it_shows(ctx):
    desk = yield from colored(ctx)
    assert (yield from desk.do("accept", [3])) == []
    assert desk.states()[2] == "accepted"
    yield from desk.do("undo", [3, 4])
    assert desk.color_keys() == [0, 5, 6]
    desk.controller.shutdown()


def accept_above_a_confidence(ctx):
    desk = yield from colored(ctx)
    assert (yield from desk.do("accept_above", 0.76)) == ["No frame is that sure."]
    desk.controller.accept_above(0.75)
    desk.messages[-1][2][0][1]()  # yes, though each has a doubtful segment
    yield from desk.rests()
    assert [desk.states()[t] for t in (2, 5, 6)] == ["accepted"] * 3
    desk.controller.shutdown()


def undo_brings_back_the_absence_of_a_key(ctx):
    desk = yield from colored(ctx)
    yield from desk.do("accept", [2])
    yield from steps.goto(desk.document, 4)
    assert (yield from desk.do("undo", [2, 6])) == []
    assert desk.color_keys() == [0, 5]
    assert desk.states() == {0: "artist", 2: "todo", 5: "predicted", 6: "todo"}
    assert desk.document.current_time == 4
    assert (yield from desk.do("undo", [2])) == ["There is no colored frame to take back here."]
    desk.controller.shutdown()


def undo_brings_back_a_blank_key(ctx):
    desk = yield from ready(ctx)
    yield from steps.make_key(desk.document, desk.color, 5)
    yield from desk.do("propagate")
    yield from desk.do("propagate")
    yield from desk.do("undo", [5])
    assert desk.color_keys() == list(KEYS)
    assert desk.pixels(5) == bytes(len(desk.pixels(5)))
    desk.controller.shutdown()


def undo_after_a_second_run_goes_back_to_before_the_first(ctx):
    desk = yield from colored(ctx)
    first = desk.pixels(5)
    yield from desk.paint(0, GREEN, GREEN)
    yield from desk.do("propagate")
    assert desk.pixels(5) == desk.predicted(5, GREEN, GREEN) != first
    yield from desk.do("undo", [5])
    assert desk.color_keys() == [0, 2, 6]
    desk.controller.shutdown()


def undo_at_frame_zero(ctx):
    desk = yield from colored(ctx, painted=(6,))
    assert desk.pixels(0) == desk.predicted(0)
    assert (yield from desk.do("undo", [0])) == []
    assert desk.pixels(0) == bytes(len(desk.pixels(0)))
    assert desk.states()[0] == "todo"
    desk.controller.shutdown()


def a_changed_frame_is_not_undone(ctx):
    desk = yield from colored(ctx)
    yield from ctx.paint(desk.document, desk.color, 5, 1, 2, 3)
    painted = desk.pixels(5)
    said = yield from desk.do("undo", list(KEYS))
    assert said == ["Frame 5 was changed since it was colored, so it stays as it is."], said
    assert desk.pixels(5) == painted
    assert desk.color_keys() == [0, 5]
    desk.controller.shutdown()


def run_on_from_a_corrected_frame(ctx):
    desk = yield from colored(ctx, keys=(0, 2, 5, 6, 8))
    yield from desk.do("accept", [2])
    kept = desk.pixels(2)
    yield from desk.paint(5, GREEN, RED)
    fixed = desk.pixels(5)
    said = yield from desk.do("run_on_from", 5)
    assert said == ["2 colored, 2 to look at."], said
    assert desk.pixels(5) == fixed
    assert desk.pixels(2) == kept
    assert desk.pixels(6) == desk.predicted(6, GREEN, RED)
    assert desk.pixels(8) == desk.predicted(8, GREEN, RED)
    assert desk.row(5).is_reference
    desk.controller.shutdown()


def run_on_from_a_frame_as_it_was_colored_is_refused(ctx):
    desk = yield from colored(ctx)
    runs = len(desk.engine.asked("propagate"))
    said = yield from desk.do("run_on_from", 5)
    assert "correct or accept it first" in said[-1], said
    assert len(desk.engine.asked("propagate")) == runs
    desk.controller.shutdown()


def run_on_from_a_frame_that_was_always_the_artist_s(ctx):
    desk = yield from colored(ctx, keys=(0, 2, 5, 6, 8), painted=(0, 8))
    assert [time for time in range(9) if desk.controller.may_run_on(time)] == list(range(9))
    yield from desk.do("toggle_reference", 8)
    assert not desk.row(8).is_reference
    yield from desk.do("run_on_from", 8)
    assert desk.row(8).is_reference
    assert desk.engine.asked("propagate")[-1]["references"] == [0, 8]
    assert desk.states()[8] == "artist"
    assert desk.pixels(8) == desk.colors(RED, BLUE)
    desk.controller.shutdown()


def run_on_from_a_blank_frame_is_refused(ctx):
    desk = yield from ready(ctx)
    yield from steps.make_key(desk.document, desk.color, 5)
    yield from desk.do("refresh")
    assert [time for time in range(7) if desk.controller.may_run_on(time)] == [0, 1, 2, 3, 4]
    said = yield from desk.do("run_on_from", 5)
    assert said == ["Frame 5 has no colors to learn from."], said
    assert desk.engine is None or not desk.engine.asked("propagate")
    desk.controller.shutdown()


def a_hint_holds_in_later_runs(ctx):
    desk = yield from colored(ctx)
    yield from desk.do("accept", [5])
    said = yield from desk.do("give_hint", 5, (3, 3), logical(GREEN))
    assert said == ["Also fix 1 later frame?"], said
    assert desk.states()[5] == "predicted"
    yield from desk.do("run_on_from", 5)
    assert desk.pixels(5) == desk.predicted(5, GREEN, BLUE)
    hints = desk.engine.asked("propagate")[-1]["hints"]
    assert hints["hints"] == [{"frame": 5, "point": [3, 3], "color": list(logical(GREEN))}]
    yield from desk.do("propagate")
    assert desk.pixels(5) == desk.predicted(5, GREEN, BLUE)
    desk.controller.segment_at(5, (4, 4))  # fetches the map, by which the place is found again
    yield from desk.rests()
    yield from desk.do("give_hint", 5, (9, 20), logical(RED))
    assert len(desk.controller._desk.shot.journal.hints["hints"]) == 1
    yield from desk.do("remove_hint", 5, (2, 40))
    assert desk.controller._desk.shot.journal.hints["hints"] == []
    said = yield from desk.do("remove_hint", 5, (2, 40))
    assert said == ["There is no hint on this segment."], said
    desk.controller.shutdown()


def a_color_is_picked_from_the_color_layer(ctx):
    """What a click with Ctrl does while the switch is on."""
    desk = yield from colored(ctx)
    yield from desk.do("go_to", 6)
    desk.controller._on_pick((50.0, 24.0))
    assert desk.controller.foreground_color()[0] == logical(BLUE)
    desk.controller._on_pick((10.0, 24.0))
    assert desk.controller.foreground_color()[0] == logical(RED)
    desk.controller._on_pick(None)
    yield from desk.do("go_to", 4)  # holds frame 2
    desk.controller._on_pick((50.0, 24.0))
    assert desk.controller.foreground_color()[0] == logical(BLUE)
    desk.controller._on_dab((10.0, 24.0))
    yield from desk.rests()
    assert desk.pixels(2) == desk.predicted(2, BLUE, BLUE)
    desk.controller.shutdown()


def the_engine_knows_a_frame_before_the_first_dab(ctx):
    """While the switch is on, of every frame that is gone to."""
    desk = yield from colored(ctx)
    assert not desk.engine.asked("segment_map")
    desk.controller.set_fix_on_canvas(True)
    yield from desk.rests()
    frames = [header["frame"] for header in desk.engine.asked("segment_map")]
    yield from desk.do("go_to", 6)
    frames += [header["frame"] for header in desk.engine.asked("segment_map")][len(frames) :]
    assert frames[-1] == 6, frames
    desk.controller.set_fix_on_canvas(False)
    asked = len(desk.engine.asked("segment_map"))
    yield from desk.do("go_to", 2)
    assert len(desk.engine.asked("segment_map")) == asked
    desk.controller.shutdown()


def the_artist_s_frames_take_no_hints(ctx):
    desk = yield from colored(ctx)
    said = yield from desk.do("give_hint", 0, (3, 3), GREEN)
    assert said == ["Frame 0 is yours: paint the color there directly."], said
    desk.controller.shutdown()


def a_locked_segment_is_sent_with_the_colors_it_has(ctx):
    desk = yield from colored(ctx)
    yield from desk.do("toggle_lock", 5, (3, 3))
    yield from desk.do("propagate")
    request = desk.engine.asked("propagate")[-1]
    assert request["hints"]["locks"] == [{"frame": 5, "point": [3, 3]}]
    assert request["references"] == [0]
    assert desk.engine.asked("add_reference")[-1]["frame"] == 5
    yield from desk.do("toggle_lock", 5, (3, 3))
    yield from desk.do("propagate")
    assert desk.engine.asked("propagate")[-1]["hints"]["locks"] == []
    desk.controller.shutdown()


def a_segment_says_where_its_color_came_from(ctx):
    desk = yield from colored(ctx)
    assert desk.controller.segment_at(6, (40, 10)) is None
    yield from desk.rests()
    info = desk.controller.segment_at(6, (40, 10))
    assert (info.segment, info.state, info.confidence) == (2, "painted", 0.5)
    assert (info.color, info.source_frame, info.source_segment) == (logical(BLUE), 0, 2)
    assert info.box == (32, 0, 32, 48), info.box
    assert not info.hinted
    yield from desk.do("give_hint", 6, (50, 40), logical(RED))
    info = desk.controller.segment_at(6, (40, 10))
    assert (info.hinted, info.locked) == (True, False)
    assert desk.controller.segment_at(6, (500, 10)) is None
    desk.controller.shutdown()


def mistakes_are_stepped_through(ctx):
    """One colour that was carried through frames is one mistake; what was accepted is none."""
    desk = yield from colored(ctx)
    yield from desk.do("step_doubtful", 1)
    assert desk.controller.current_time == 2
    assert desk.controller.mistake_at(2)[1:5] == (1, 1, 2, 2)
    assert desk.controller.mistake_at(5)[1:] == (1, 1, 2, 2, (32, 0, 32, 48)), "carried to there"
    assert desk.controller.mistake_at(0) is None
    yield from desk.do("accept", [5])
    seen = []
    for direction in (1, 1, 1, -1):
        yield from desk.do("step_doubtful", direction)
        seen.append((desk.controller.current_time, desk.controller.mistake_at(2) is not None))
    assert seen == [(6, False), (2, True), (6, False), (2, True)], seen
    yield from desk.do("step_doubtful", 1)
    assert desk.controller.viewer_picture(6, 64, 48, "doubtful") is None
    assert desk.controller.picture_awaited(6, "doubtful")
    yield from desk.rests()
    assert not desk.controller.picture_awaited(6, "doubtful")
    assert desk.engine.asked("overlay")[-1]["segments"] == [2]
    picture = desk.controller.viewer_picture(6, 64, 48, "doubtful")
    assert picture[:2] == (64, 48)
    desk.controller.shutdown()


def what_was_put_right_is_stepped_past(ctx):
    """And the answer to one mistake is for all frames that it was carried through."""
    desk = yield from colored(ctx)
    yield from desk.do("step_doubtful", 1)
    said = yield from desk.do("give_hint", 2, (50, 24), logical(GREEN))
    assert said == ["Also fix 2 later frames?"], said
    assert desk.controller.mistake_at(2) is None
    yield
    message, _ = desk.controller._messages._said[desk.document.key]
    message.actions[0][1]()
    yield from desk.rests()
    said = yield from desk.do("step_doubtful", 1)
    assert said == ["No segment is doubtful."], said
    desk.controller.shutdown()


def what_is_not_doubtful_turns_pale(ctx):
    desk = yield from colored(ctx)
    desk.controller.viewer_picture(6, 64, 48, "doubtful")
    yield from desk.rests()
    _, _, plain = desk.controller.viewer_picture(6, 64, 48, "picture")
    _, _, data = desk.controller.viewer_picture(6, 64, 48, "doubtful")
    upper, lower = 4 * 64 * 10 + 4, 4 * 64 * 40 + 4  # the fake engine marks the upper half
    assert plain[upper : upper + 4] == plain[lower : lower + 4]
    assert min(data[lower : lower + 3]) > 180
    assert max(data[upper : upper + 3]) < 180
    desk.controller.viewer_picture(0, 64, 48, "doubtful")
    yield from desk.rests()
    assert len(desk.engine.asked("overlay")) == 2
    assert desk.controller.viewer_picture(0, 64, 48, "doubtful") is None
    desk.controller.shutdown()


def colors_are_listed_across_frames(ctx):
    desk = yield from colored(ctx)
    groups = desk.controller.color_groups()
    assert [(g.color, g.segments, g.doubtful, g.frames) for g in groups] == [
        (logical(RED), 3, 0, (2, 5, 6)),
        (logical(BLUE), 3, 3, (2, 5, 6)),
    ]
    assert len(desk.controller.palette()) == 2
    desk.controller.shutdown()


def colors_to_choose_from_keep_their_places(ctx):
    """Though fixes change which one is the most frequent."""
    desk = yield from colored(ctx)
    assert [color for color, _ in desk.controller.palette()] == [logical(RED), logical(BLUE)]
    for time in (2, 5):
        yield from desk.do("give_hint", time, (10, 24), logical(GREEN))
    groups = [group.color for group in desk.controller.color_groups()]
    assert groups == [logical(BLUE), logical(GREEN), logical(RED)], groups
    chosen = [color for color, _ in desk.controller.palette()]
    assert chosen == [logical(RED), logical(BLUE), logical(GREEN)], chosen
    desk.controller.shutdown()


def pictures_show_lines_over_colors(ctx):
    desk = yield from colored(ctx)
    width, height, data = desk.controller.viewer_picture(3, 64, 48, "picture")
    assert (width, height) == (64, 48)
    at = 4 * (10 * 64)
    assert tuple(data[at : at + 4]) == RED
    line = at + 4 * (3 + 2 * 2)
    assert data[line + 3] == 255
    assert max(data[line : line + 3]) <= 0x14
    small = desk.controller.thumbnail(2)
    assert small[:2] == (64, 48)
    assert isinstance(QtGui.QImage(small[2], *small[:2], 256, QtGui.QImage.Format(5)), object)
    desk.controller.check_regions(None)
    yield from desk.rests()
    assert desk.engine.asked("preview")[-1]["gap_px"] is None
    assert desk.controller.viewer_picture(0, 32, 32, "segments")[:2] == (32, 24)
    yield from desk.do("set_gap", 7.0)
    before = desk.controller.viewer_picture(0, 32, 32, "segments")
    assert before[:2] == (32, 24), "what was last shown stays"
    yield from desk.rests()
    assert desk.engine.asked("preview")[-1]["gap_px"] == 7.0
    desk.controller.shutdown()


def a_picture_that_the_engine_cannot_draw_is_asked_for_once(ctx):
    desk = yield from colored(ctx)
    desk.engine.cannot = "segment_map"
    desk.controller.segment_at(5, (3, 3))
    said = yield from desk.rests()
    assert said == ["It cannot be drawn."], said
    desk.controller.segment_at(5, (4, 4))
    assert (yield from desk.rests()) == []
    desk.engine.cannot = ""
    yield from desk.look()
    desk.controller.segment_at(5, (4, 4))
    yield from desk.rests()
    assert desk.controller.segment_at(5, (4, 4)).segment == 1
    desk.controller.shutdown()


def the_range_limits_what_is_colored(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("set_range", 2, 5)
    assert [row.time for row in desk.controller.frames] == [2, 3, 4, 5]
    yield from desk.do("propagate")
    assert desk.color_keys() == [0, 2, 5]
    desk.controller.shutdown()


def commands_wait_for_the_job_to_end(ctx):
    desk = yield from ready(ctx)
    desk.engine.stop_after = 2
    desk.controller.propagate()
    for command, *arguments in (
        ("propagate",), ("undo", [2]), ("accept", [2]), ("set_range", 0, 1), ("run_on_from", 0),
        ("toggle_reference", 0), ("give_hint", 2, (1, 1), RED), ("choose_model", "other"),
    ):  # fmt: skip
        getattr(desk.controller, command)(*arguments)
    assert [text for _, text, _ in desk.messages] == [
        "Wait until the present job has ended, or stop it."
    ] * 8
    assert desk.controller.busy == "running"
    desk.controller.cancel()
    yield from desk.rests()
    assert desk.controller.busy is None
    desk.controller.shutdown()


def models_are_listed_and_chosen(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("ask_models")
    assert [row["name"] for row in desk.controller.models() if row["in_use"]] == ["fake"]
    yield from desk.do("choose_model", "other")
    assert [row["name"] for row in desk.controller.models() if row["in_use"]] == ["other"]
    assert "other" in desk.controller.engine_status
    text = desk.controller.diagnostics()
    assert "Canvas: 64 x 48" in text
    desk.controller.shutdown()
