"""The journal in the document: what is still known after it was saved and opened again."""

from krita_plugin.propagate_colors.host import writing
from krita_plugin.propagate_colors.state import journal as journals
from tests.in_krita.scenarios.desk import BLUE, GREEN, RED, logical, ready


def state_survives_save_and_reopen(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("set_gap", 4.5)
    yield from desk.do("propagate")
    yield from desk.do("accept", [2])
    yield from desk.do("give_hint", 6, (3, 3), logical(GREEN))
    states, five = desk.states(), desk.pixels(5)
    yield from desk.reopened()
    assert desk.states() == states == {0: "artist", 2: "accepted", 5: "predicted", 6: "predicted"}
    assert (desk.row(5).confidence, desk.row(0).is_reference) == (0.75, True)
    controller = desk.controller
    assert controller.gap_px == 4.5
    assert controller.line_layers == [desk.line]
    assert controller.color_layer == desk.color
    assert len(controller.color_groups()) == 3  # with the one of the hint
    assert desk.pixels(5) == five
    assert (yield from desk.do("undo", [2])) == []
    assert desk.color_keys() == [0, 5, 6]
    yield from desk.do("accept", [5])
    yield from desk.do("propagate")
    assert desk.pixels(6) == desk.predicted(6, GREEN, BLUE)
    assert desk.states() == {0: "artist", 2: "predicted", 5: "accepted", 6: "predicted"}
    controller.shutdown()


def a_frame_without_an_entry_is_unknown_until_toggled(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    desk.controller.shutdown()
    yield from desk.paint(8, GREEN, GREEN)  # while no plugin looks
    painted = desk.pixels(8)
    yield from writing.put(desk.document, desk.line, 8, desk.box, desk.drawing(8, desk.line))
    yield from desk.start()
    assert desk.states()[8] == "unknown"
    assert not desk.row(8).is_reference
    yield from desk.do("propagate")
    assert desk.engine.asked("propagate")[-1]["references"] == [0]
    assert desk.pixels(8) == painted
    yield from desk.do("toggle_reference", 8)
    assert (desk.states()[8], desk.row(8).is_reference) == ("artist", True)
    yield from desk.do("toggle_reference", 8)
    assert (desk.states()[8], desk.row(8).is_reference) == ("artist", False)
    desk.controller.shutdown()


def an_unknown_frame_that_is_painted_on_is_the_artist_s(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    desk.controller.shutdown()
    yield from desk.paint(8, GREEN, GREEN)
    yield from desk.start()
    assert desk.states()[8] == "unknown"
    yield from ctx.paint(desk.document, desk.color, 8, 4, 5, 6)
    yield from desk.look()
    assert desk.states()[8] == "artist"
    desk.controller.shutdown()


def frames_painted_in_the_session_are_the_artist_s(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    yield from desk.reopened()
    yield from desk.paint(9, GREEN, GREEN)
    yield from desk.look()
    assert desk.states()[9] == "artist"
    assert desk.row(9).is_reference
    yield from desk.do("accept", [2])
    yield from desk.reopened()
    assert desk.states()[9] == "artist"
    desk.controller.shutdown()


def a_frame_changed_while_nobody_looked_is_the_artist_s(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    desk.controller.shutdown()
    yield from ctx.paint(desk.document, desk.color, 5, 4, 5, 6)
    painted = desk.pixels(5)
    yield from desk.start()
    assert desk.states()[5] == "artist"
    yield from desk.do("propagate")
    assert desk.pixels(5) == painted
    desk.controller.shutdown()


def a_damaged_journal_costs_no_pixels(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    desk.controller.shutdown()
    pixels = {t: desk.pixels(t) for t in desk.color_keys()}
    damaged = desk.document.read_annotation(journals.KIND)[:-5]
    desk.document.write_annotation(journals.KIND, journals.DESCRIPTION, damaged)
    yield from desk.start_saying("damaged")
    assert desk.states() == dict.fromkeys((0, 2, 5, 6), "unknown")
    said = yield from desk.do("propagate")
    assert "no painted frame" in said[-1], said
    assert desk.document.read_annotation(journals.KIND) == damaged
    yield from desk.do("toggle_reference", 0)
    yield from writing.put(desk.document, desk.line, 9, desk.box, desk.drawing(9, desk.line))
    yield from desk.do("propagate")
    assert {t: desk.pixels(t) for t in pixels} == pixels
    assert desk.pixels(9) == desk.predicted(9)
    assert desk.document.read_annotation(journals.KEPT_KIND) == damaged
    journals.load(desk.document.read_annotation(journals.KIND))
    desk.controller.shutdown()


def what_was_pruned_cannot_be_undone(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    shot = desk.controller._desk.shot
    shot.journal.entry(desk.color, 5).before = journals.PRUNED
    painted = desk.pixels(5)
    said = yield from desk.do("undo", [5])
    assert said == ["What frame 5 held before is no longer kept, so it stays as it is."], said
    assert desk.pixels(5) == painted
    desk.controller.shutdown()


def every_written_frame_is_noted_at_once(ctx):
    desk = yield from ready(ctx)
    desk.engine.stop_after = 3
    desk.controller.propagate()
    yield lambda: len(desk.color_keys()) == 3, 60.0
    yield 0.3
    journal = journals.load(desk.document.read_annotation(journals.KIND))
    assert [entry.time for entry in journal] == [2, 5]
    desk.controller.cancel()
    yield from desk.rests()
    desk.controller.shutdown()


def two_documents_keep_their_own_state(ctx):
    desk = yield from ready(ctx)
    yield from desk.do("propagate")
    color = desk.color
    yield from desk.build(keys=(0, 4), painted=(0,))
    yield 0.7
    yield from desk.look()
    assert desk.states() == {0: "artist", 4: "todo"}, desk.states()
    yield from desk.do("propagate")
    assert desk.pixels(4) == desk.predicted(4, RED, BLUE)
    yield from ctx.close(desk.document)
    yield 0.7
    yield from desk.rests()
    assert desk.controller.color_layer == color
    assert desk.states() == {0: "artist", 2: "predicted", 5: "predicted", 6: "predicted"}
    desk.controller.shutdown()
