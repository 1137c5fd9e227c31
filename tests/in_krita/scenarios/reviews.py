"""After a run: accept, undo, run on, hints, locks, and what is shown of frames."""

from krita_plugin.propagate_colors.host import steps
from krita_plugin.propagate_colors.qt import QtGui
from tests.in_krita.scenarios.rig import BLUE, GREEN, KEYS, RED, logical, ready


def colored(ctx, **choices):
    rig = yield from ready(ctx, **choices)
    yield from rig.do("propagate")
    assert rig.states()[2] == "predicted"
    return rig


def accepted_frames_teach_and_are_not_written(ctx):
    rig = yield from colored(ctx)
    assert (yield from rig.do("accept", [2])) == []
    assert rig.states()[2] == "accepted"
    assert rig.row(2).is_reference
    yield from rig.do("propagate")
    request = rig.engine.asked("propagate")[-1]
    assert request["references"] == [0, 2]
    assert sorted(request["known"]) == ["5", "6"]
    origins = {h["frame"]: h["origin"] for h in rig.engine.asked("add_reference")}
    assert origins == {0: "painted", 2: "accepted"}
    assert rig.states()[2] == "accepted"
    rig.controller.shutdown()


def a_changed_frame_cannot_be_accepted(ctx):
    rig = yield from colored(ctx)
    yield from ctx.paint(rig.document, rig.color, 5, 1, 2, 3)
    said = yield from rig.do("accept", [5, 6])
    assert said == ["Changed since they were colored, so yours already: 5."], said
    assert rig.states() == {0: "artist", 2: "predicted", 5: "artist", 6: "accepted"}
    assert (yield from rig.do("accept", [0])) == ["There is no colored frame to accept here."]
    rig.controller.shutdown()


def a_hold_stands_for_the_frame_that_it_shows(ctx):
    rig = yield from colored(ctx)
    assert (yield from rig.do("accept", [3])) == []
    assert rig.states()[2] == "accepted"
    yield from rig.do("undo", [3, 4])
    assert rig.color_keys() == [0, 5, 6]
    rig.controller.shutdown()


def a_drawing_without_colors_stands_for_itself(ctx):
    """The colours that Krita shows over it are those of the drawing before."""
    rig = yield from colored(ctx)
    yield from rig.do("undo", [5])
    before = rig.pixels(2)
    assert [rig.controller.stands_for(time) for time in range(7)] == [0, 0, 2, 2, 2, 5, 6]
    said = yield from rig.do("undo", [5])
    assert said == ["There is no colored frame to take back here."], said
    said = yield from rig.do("accept", [5])
    assert said == ["There is no colored frame to accept here."], said
    assert (rig.states()[2], rig.pixels(2)) == ("predicted", before)
    rig.controller.shutdown()


def accept_above_a_confidence(ctx):
    rig = yield from colored(ctx)
    assert (yield from rig.do("accept_above", 0.76)) == ["No frame is that sure."]
    rig.controller.accept_above(0.75)
    rig.messages[-1][2][0][1]()  # yes, though each has a doubtful segment
    yield from rig.rests()
    assert [rig.states()[t] for t in (2, 5, 6)] == ["accepted"] * 3
    rig.controller.shutdown()


def undo_brings_back_the_absence_of_a_key(ctx):
    rig = yield from colored(ctx)
    yield from rig.do("accept", [2])
    yield from steps.goto(rig.document, 4)
    assert (yield from rig.do("undo", [2, 6])) == []
    assert rig.color_keys() == [0, 5]
    assert rig.states() == {0: "artist", 2: "todo", 5: "predicted", 6: "todo"}
    assert rig.document.current_time == 4
    assert (yield from rig.do("undo", [2])) == ["There is no colored frame to take back here."]
    rig.controller.shutdown()


def undo_brings_back_a_blank_key(ctx):
    rig = yield from ready(ctx)
    yield from steps.make_key(rig.document, rig.color, 5)
    yield from rig.do("propagate")
    yield from rig.do("propagate")
    yield from rig.do("undo", [5])
    assert rig.color_keys() == list(KEYS)
    assert rig.pixels(5) == bytes(len(rig.pixels(5)))
    rig.controller.shutdown()


def undo_after_a_second_run_goes_back_to_before_the_first(ctx):
    rig = yield from colored(ctx)
    first = rig.pixels(5)
    yield from rig.paint(0, GREEN, GREEN)
    yield from rig.do("propagate")
    assert rig.pixels(5) == rig.predicted(5, GREEN, GREEN) != first
    yield from rig.do("undo", [5])
    assert rig.color_keys() == [0, 2, 6]
    rig.controller.shutdown()


def undo_at_frame_zero(ctx):
    rig = yield from colored(ctx, painted=(6,))
    assert rig.pixels(0) == rig.predicted(0)
    assert (yield from rig.do("undo", [0])) == []
    assert rig.pixels(0) == bytes(len(rig.pixels(0)))
    assert rig.states()[0] == "todo"
    rig.controller.shutdown()


def a_changed_frame_is_not_undone(ctx):
    rig = yield from colored(ctx)
    yield from ctx.paint(rig.document, rig.color, 5, 1, 2, 3)
    painted = rig.pixels(5)
    said = yield from rig.do("undo", list(KEYS))
    assert said == ["Frame 5 was changed since it was colored, so it stays as it is."], said
    assert rig.pixels(5) == painted
    assert rig.color_keys() == [0, 5]
    rig.controller.shutdown()


def run_on_from_a_corrected_frame(ctx):
    rig = yield from colored(ctx, keys=(0, 2, 5, 6, 8))
    yield from rig.do("accept", [2])
    kept = rig.pixels(2)
    yield from rig.paint(5, GREEN, RED)
    fixed = rig.pixels(5)
    said = yield from rig.do("run_on_from", 5)
    assert said == ["2 colored, 2 to look at."], said
    assert rig.pixels(5) == fixed
    assert rig.pixels(2) == kept
    assert rig.pixels(6) == rig.predicted(6, GREEN, RED)
    assert rig.pixels(8) == rig.predicted(8, GREEN, RED)
    assert rig.row(5).is_reference
    rig.controller.shutdown()


def run_on_from_a_frame_as_it_was_colored_is_refused(ctx):
    rig = yield from colored(ctx)
    runs = len(rig.engine.asked("propagate"))
    said = yield from rig.do("run_on_from", 5)
    assert "correct or accept it first" in said[-1], said
    assert len(rig.engine.asked("propagate")) == runs
    rig.controller.shutdown()


def run_on_from_a_frame_that_was_always_the_artist_s(ctx):
    rig = yield from colored(ctx, keys=(0, 2, 5, 6, 8), painted=(0, 8))
    assert [time for time in range(9) if rig.controller.may_run_on(time)] == list(range(9))
    yield from rig.do("toggle_reference", 8)
    assert not rig.row(8).is_reference
    yield from rig.do("run_on_from", 8)
    assert rig.row(8).is_reference
    assert rig.engine.asked("propagate")[-1]["references"] == [0, 8]
    assert rig.states()[8] == "artist"
    assert rig.pixels(8) == rig.colors(RED, BLUE)
    rig.controller.shutdown()


def run_on_from_a_blank_frame_is_refused(ctx):
    rig = yield from ready(ctx)
    yield from steps.make_key(rig.document, rig.color, 5)
    yield from rig.do("refresh")
    assert [time for time in range(7) if rig.controller.may_run_on(time)] == [0, 1]
    said = yield from rig.do("run_on_from", 5)
    assert said == ["Frame 5 has no colors to learn from."], said
    assert rig.engine is None or not rig.engine.asked("propagate")
    rig.controller.shutdown()


def a_hint_holds_in_later_runs(ctx):
    rig = yield from colored(ctx)
    said = yield from rig.do("give_hint", 5, (3, 3), logical(GREEN))
    assert said == ["Also fix 1 later frame?"], said
    assert rig.states()[5] == "predicted"
    yield from rig.do("run_on_from", 5)
    assert rig.pixels(5) == rig.predicted(5, GREEN, BLUE)
    hints = rig.engine.asked("propagate")[-1]["hints"]
    assert hints["hints"] == [{"frame": 5, "point": [3, 3], "color": list(logical(GREEN))}]
    yield from rig.do("propagate")
    assert rig.pixels(5) == rig.predicted(5, GREEN, BLUE)
    rig.controller.segment_at(5, (4, 4))  # fetches the map, by which the place is found again
    yield from rig.rests()
    yield from rig.do("give_hint", 5, (9, 20), logical(RED))
    assert len(rig.controller._documents.shot.journal.hints["hints"]) == 1
    yield from rig.do("remove_hint", 5, (2, 40))
    assert rig.controller._documents.shot.journal.hints["hints"] == []
    said = yield from rig.do("remove_hint", 5, (2, 40))
    assert said == ["There is no hint on this segment."], said
    rig.controller.shutdown()


def a_fix_of_an_accepted_frame_leaves_it_accepted(ctx):
    """So that no later run writes it, and it teaches with the artist's fix."""
    rig = yield from colored(ctx)
    yield from rig.do("accept", [5])
    yield from rig.do("give_hint", 5, (3, 3), logical(GREEN))
    fixed = rig.predicted(5, GREEN, BLUE)
    assert (rig.states()[5], rig.pixels(5)) == ("accepted", fixed)
    yield from rig.do("propagate")
    assert (rig.states()[5], rig.pixels(5)) == ("accepted", fixed)
    assert 5 in rig.engine.asked("propagate")[-1]["references"]
    rig.controller.shutdown()


def a_color_is_picked_from_the_color_layer(ctx):
    """What a click with Ctrl does while the switch is on."""
    rig = yield from colored(ctx)
    yield from rig.do("go_to", 6)
    rig.controller._on_pick((50.0, 24.0))
    assert rig.controller.foreground_color()[0] == logical(BLUE)
    rig.controller._on_pick((10.0, 24.0))
    assert rig.controller.foreground_color()[0] == logical(RED)
    rig.controller._on_pick(None)
    yield from rig.do("go_to", 4)  # holds frame 2
    rig.controller._on_pick((50.0, 24.0))
    assert rig.controller.foreground_color()[0] == logical(BLUE)
    rig.controller._on_dab((10.0, 24.0))
    yield from rig.rests()
    assert rig.pixels(2) == rig.predicted(2, BLUE, BLUE)
    rig.controller.shutdown()


def the_engine_knows_a_frame_before_the_first_dab(ctx):
    """While the switch is on, of every frame that is gone to."""
    rig = yield from colored(ctx)
    assert not rig.engine.asked("segment_map")
    rig.controller.set_fix_on_canvas(True)
    yield from rig.rests()
    frames = [header["frame"] for header in rig.engine.asked("segment_map")]
    yield from rig.do("go_to", 6)
    frames += [header["frame"] for header in rig.engine.asked("segment_map")][len(frames) :]
    assert frames[-1] == 6, frames
    rig.controller.set_fix_on_canvas(False)
    asked = len(rig.engine.asked("segment_map"))
    yield from rig.do("go_to", 2)
    assert len(rig.engine.asked("segment_map")) == asked
    rig.controller.shutdown()


def the_artist_s_frames_take_no_hints(ctx):
    rig = yield from colored(ctx)
    said = yield from rig.do("give_hint", 0, (3, 3), GREEN)
    assert said == ["Frame 0 is yours: paint the color there directly."], said
    rig.controller.shutdown()


def a_locked_segment_is_sent_with_the_colors_it_has(ctx):
    rig = yield from colored(ctx)
    yield from rig.do("toggle_lock", 5, (3, 3))
    yield from rig.do("propagate")
    request = rig.engine.asked("propagate")[-1]
    assert request["hints"]["locks"] == [{"frame": 5, "point": [3, 3]}]
    assert request["references"] == [0]
    assert rig.engine.asked("add_reference")[-1]["frame"] == 5
    yield from rig.do("toggle_lock", 5, (3, 3))
    yield from rig.do("propagate")
    assert rig.engine.asked("propagate")[-1]["hints"]["locks"] == []
    rig.controller.shutdown()


def a_segment_says_where_its_color_came_from(ctx):
    rig = yield from colored(ctx)
    assert rig.controller.segment_at(6, (40, 10)) is None
    yield from rig.rests()
    info = rig.controller.segment_at(6, (40, 10))
    assert (info.segment, info.state, info.confidence) == (2, "painted", 0.5)
    assert (info.color, info.source_frame, info.source_segment) == (logical(BLUE), 0, 2)
    assert info.box == (32, 0, 32, 48), info.box
    assert not info.hinted
    yield from rig.do("give_hint", 6, (50, 40), logical(RED))
    info = rig.controller.segment_at(6, (40, 10))
    assert (info.hinted, info.locked) == (True, False)
    assert rig.controller.segment_at(6, (500, 10)) is None
    rig.controller.shutdown()


def mistakes_are_stepped_through(ctx):
    """One colour that was carried through frames is one mistake; what was accepted is none."""
    rig = yield from colored(ctx)
    yield from rig.do("step_doubtful", 1)
    assert rig.controller.current_time == 2
    assert "step" in rig.told
    assert rig.engine.asked("segment_map")[-1]["frame"] == 2, "a click is due there"
    assert rig.controller.mistake_at(2)[1:5] == (1, 1, 2, 2)
    assert rig.controller.mistake_at(5)[1:] == (1, 1, 2, 2, (32, 0, 32, 48)), "carried to there"
    assert rig.controller.mistake_at(0) is None
    yield from rig.do("accept", [5])
    seen = []
    for direction in (1, 1, 1, -1):
        yield from rig.do("step_doubtful", direction)
        seen.append((rig.controller.current_time, rig.controller.mistake_at(2) is not None))
    assert seen == [(6, False), (2, True), (6, False), (2, True)], seen
    yield from rig.do("step_doubtful", 1)
    assert rig.controller.viewer_picture(6, 64, 48, "doubtful") is None
    assert rig.controller.picture_awaited(6, "doubtful")
    yield from rig.rests()
    assert not rig.controller.picture_awaited(6, "doubtful")
    assert rig.engine.asked("overlay")[-1]["segments"] == [2]
    picture = rig.controller.viewer_picture(6, 64, 48, "doubtful")
    assert picture[:2] == (64, 48)
    rig.controller.shutdown()


def what_was_put_right_is_stepped_past(ctx):
    """And the answer to one mistake is for all frames that it was carried through."""
    rig = yield from colored(ctx)
    yield from rig.do("step_doubtful", 1)
    said = yield from rig.do("give_hint", 2, (50, 24), logical(GREEN))
    assert said == ["Also fix 2 later frames?"], said
    assert rig.controller.mistake_at(2) is None
    yield
    message, _ = rig.controller._messages._said[rig.document.key]
    message.actions[0][1]()
    yield from rig.rests()
    said = yield from rig.do("step_doubtful", 1)
    assert said == ["No segment is doubtful."], said
    rig.controller.shutdown()


def what_is_not_doubtful_turns_pale(ctx):
    rig = yield from colored(ctx)
    rig.controller.viewer_picture(6, 64, 48, "doubtful")
    yield from rig.rests()
    _, _, plain = rig.controller.viewer_picture(6, 64, 48, "picture")
    _, _, data = rig.controller.viewer_picture(6, 64, 48, "doubtful")
    upper, lower = 4 * 64 * 10 + 4, 4 * 64 * 40 + 4  # the fake engine marks the upper half
    assert plain[upper : upper + 4] == plain[lower : lower + 4]
    assert min(data[lower : lower + 3]) > 180
    assert max(data[upper : upper + 3]) < 180
    rig.controller.viewer_picture(0, 64, 48, "doubtful")
    yield from rig.rests()
    assert len(rig.engine.asked("overlay")) == 2
    assert rig.controller.viewer_picture(0, 64, 48, "doubtful") is None
    rig.controller.shutdown()


def colors_are_listed_across_frames(ctx):
    rig = yield from colored(ctx)
    groups = rig.controller.color_groups()
    assert [(g.color, g.segments, g.doubtful, g.frames) for g in groups] == [
        (logical(RED), 3, 0, (2, 5, 6)),
        (logical(BLUE), 3, 3, (2, 5, 6)),
    ]
    assert len(rig.controller.palette()) == 2
    rig.controller.shutdown()


def colors_to_choose_from_keep_their_places(ctx):
    """Though fixes change which one is the most frequent."""
    rig = yield from colored(ctx)
    assert [color for color, _ in rig.controller.palette()] == [logical(RED), logical(BLUE)]
    for time in (2, 5):
        yield from rig.do("give_hint", time, (10, 24), logical(GREEN))
    groups = [group.color for group in rig.controller.color_groups()]
    assert groups == [logical(BLUE), logical(GREEN), logical(RED)], groups
    chosen = [color for color, _ in rig.controller.palette()]
    assert chosen == [logical(RED), logical(BLUE), logical(GREEN)], chosen
    rig.controller.shutdown()


def pictures_show_lines_over_colors(ctx):
    rig = yield from colored(ctx)
    width, height, data = rig.controller.viewer_picture(3, 64, 48, "picture")
    assert (width, height) == (64, 48)
    at = 4 * (10 * 64)
    assert tuple(data[at : at + 4]) == RED
    line = at + 4 * (3 + 2 * 2)
    assert data[line + 3] == 255
    assert max(data[line : line + 3]) <= 0x14
    small = rig.controller.thumbnail(2)
    assert small[:2] == (64, 48)
    assert isinstance(QtGui.QImage(small[2], *small[:2], 256, QtGui.QImage.Format(5)), object)
    rig.controller.check_regions(None)
    yield from rig.rests()
    assert rig.engine.asked("preview")[-1]["gap_px"] is None
    assert rig.controller.viewer_picture(0, 32, 32, "segments")[:2] == (32, 24)
    yield from rig.do("set_gap", 7.0)
    before = rig.controller.viewer_picture(0, 32, 32, "segments")
    assert before[:2] == (32, 24), "what was last shown stays"
    yield from rig.rests()
    assert rig.engine.asked("preview")[-1]["gap_px"] == 7.0
    rig.controller.shutdown()


def a_picture_that_the_engine_cannot_draw_is_asked_for_once(ctx):
    rig = yield from colored(ctx)
    rig.engine.cannot = "segment_map"
    rig.controller.segment_at(5, (3, 3))
    said = yield from rig.rests()
    assert said == ["It cannot be drawn."], said
    rig.controller.segment_at(5, (4, 4))
    assert (yield from rig.rests()) == []
    rig.engine.cannot = ""
    yield from rig.look()
    rig.controller.segment_at(5, (4, 4))
    yield from rig.rests()
    assert rig.controller.segment_at(5, (4, 4)).segment == 1
    rig.controller.shutdown()


def the_range_limits_what_is_colored(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("set_range", 2, 5)
    assert [row.time for row in rig.controller.frames] == [2, 3, 4, 5]
    yield from rig.do("propagate")
    assert rig.color_keys() == [0, 2, 5]
    rig.controller.shutdown()


def commands_wait_for_the_job_to_end(ctx):
    rig = yield from ready(ctx)
    rig.engine.stop_after = 2
    rig.controller.propagate()
    for command, *arguments in (
        ("propagate",), ("undo", [2]), ("accept", [2]), ("set_range", 0, 1), ("run_on_from", 0),
        ("toggle_reference", 0), ("give_hint", 2, (1, 1), RED), ("choose_model", "other"),
    ):  # fmt: skip
        getattr(rig.controller, command)(*arguments)
    assert [text for _, text, _ in rig.messages] == [
        "Wait until the present job has ended, or stop it."
    ] * 8
    assert rig.controller.busy == "running"
    rig.controller.cancel()
    yield from rig.rests()
    assert rig.controller.busy is None
    rig.controller.shutdown()


def models_are_listed_and_chosen(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("ask_models")
    assert [row["name"] for row in rig.controller.models() if row["in_use"]] == ["fake"]
    yield from rig.do("choose_model", "other")
    assert [row["name"] for row in rig.controller.models() if row["in_use"]] == ["other"]
    assert "other" in rig.controller.engine_status
    text = rig.controller.diagnostics()
    assert "Canvas: 64 x 48" in text
    rig.controller.shutdown()
