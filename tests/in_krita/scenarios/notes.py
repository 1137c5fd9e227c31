"""The journal in the document: what is still known after it was saved and opened again."""

from krita_plugin.propagate_colors.host import writing
from krita_plugin.propagate_colors.state import journal as journals
from tests.in_krita.scenarios.rig import BLUE, GREEN, RED, logical, ready


def state_survives_save_and_reopen(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("set_gap", 4.5)
    yield from rig.do("propagate")
    yield from rig.do("accept", [2])
    yield from rig.do("give_hint", 6, (3, 3), logical(GREEN))
    states, five = rig.states(), rig.pixels(5)
    yield from rig.reopened()
    assert rig.states() == states == {0: "artist", 2: "accepted", 5: "predicted", 6: "predicted"}
    assert (rig.row(5).confidence, rig.row(0).is_reference) == (0.75, True)
    controller = rig.controller
    assert controller.gap_px == 4.5
    assert controller.line_layers == [rig.line]
    assert controller.color_layer == rig.color
    assert len(controller.color_groups()) == 3  # with the one of the hint
    assert rig.pixels(5) == five
    assert (yield from rig.do("undo", [2])) == []
    assert rig.color_keys() == [0, 5, 6]
    yield from rig.do("accept", [5])
    yield from rig.do("propagate")
    assert rig.pixels(6) == rig.predicted(6, GREEN, BLUE)
    assert rig.states() == {0: "artist", 2: "predicted", 5: "accepted", 6: "predicted"}
    controller.shutdown()


def a_frame_without_an_entry_is_unknown_until_toggled(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    rig.controller.shutdown()
    yield from rig.paint(8, GREEN, GREEN)  # while no plugin looks
    painted = rig.pixels(8)
    yield from writing.put(rig.document, rig.line, 8, rig.box, rig.drawing(8, rig.line))
    yield from rig.start()
    assert rig.states()[8] == "unknown"
    assert not rig.row(8).is_reference
    yield from rig.do("propagate")
    assert rig.engine.asked("propagate")[-1]["references"] == [0]
    assert rig.pixels(8) == painted
    yield from rig.do("toggle_reference", 8)
    assert (rig.states()[8], rig.row(8).is_reference) == ("artist", True)
    yield from rig.do("toggle_reference", 8)
    assert (rig.states()[8], rig.row(8).is_reference) == ("artist", False)
    rig.controller.shutdown()


def an_unknown_frame_that_is_painted_on_is_the_artist_s(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    rig.controller.shutdown()
    yield from rig.paint(8, GREEN, GREEN)
    yield from rig.start()
    assert rig.states()[8] == "unknown"
    yield from ctx.paint(rig.document, rig.color, 8, 4, 5, 6)
    yield from rig.look()
    assert rig.states()[8] == "artist"
    rig.controller.shutdown()


def frames_painted_in_the_session_are_the_artist_s(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    yield from rig.reopened()
    yield from rig.paint(9, GREEN, GREEN)
    yield from rig.look()
    assert rig.states()[9] == "artist"
    assert rig.row(9).is_reference
    yield from rig.do("accept", [2])
    yield from rig.reopened()
    assert rig.states()[9] == "artist"
    rig.controller.shutdown()


def a_frame_changed_while_nobody_looked_is_the_artist_s(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    rig.controller.shutdown()
    yield from ctx.paint(rig.document, rig.color, 5, 4, 5, 6)
    painted = rig.pixels(5)
    yield from rig.start()
    assert rig.states()[5] == "artist"
    yield from rig.do("propagate")
    assert rig.pixels(5) == painted
    rig.controller.shutdown()


def a_damaged_journal_costs_no_pixels(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    rig.controller.shutdown()
    pixels = {t: rig.pixels(t) for t in rig.color_keys()}
    damaged = rig.document.read_annotation(journals.KIND)[:-5]
    rig.document.write_annotation(journals.KIND, journals.DESCRIPTION, damaged)
    yield from rig.start_saying("damaged")
    assert rig.states() == dict.fromkeys((0, 2, 5, 6), "unknown")
    said = yield from rig.do("propagate")
    assert "no painted frame" in said[-1], said
    assert rig.document.read_annotation(journals.KIND) == damaged
    yield from rig.do("toggle_reference", 0)
    yield from writing.put(rig.document, rig.line, 9, rig.box, rig.drawing(9, rig.line))
    yield from rig.do("propagate")
    assert {t: rig.pixels(t) for t in pixels} == pixels
    assert rig.pixels(9) == rig.predicted(9)
    assert rig.document.read_annotation(journals.KEPT_KIND) == damaged
    journals.load(rig.document.read_annotation(journals.KIND))
    rig.controller.shutdown()


def what_was_pruned_cannot_be_undone(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    shot = rig.controller._documents.shot
    shot.journal.entry(rig.color, 5).before = journals.PRUNED
    painted = rig.pixels(5)
    said = yield from rig.do("undo", [5])
    assert said == ["What frame 5 held before is no longer kept, so it stays as it is."], said
    assert rig.pixels(5) == painted
    rig.controller.shutdown()


def every_written_frame_is_noted_at_once(ctx):
    rig = yield from ready(ctx)
    rig.engine.stop_after = 3
    rig.controller.propagate()
    yield lambda: len(rig.color_keys()) == 3, 60.0
    yield 0.3
    journal = journals.load(rig.document.read_annotation(journals.KIND))
    assert [entry.time for entry in journal] == [2, 5]
    rig.controller.cancel()
    yield from rig.rests()
    rig.controller.shutdown()


def two_documents_keep_their_own_state(ctx):
    rig = yield from ready(ctx)
    yield from rig.do("propagate")
    color = rig.color
    yield from rig.build(keys=(0, 4), painted=(0,))
    yield 0.7
    yield from rig.look()
    assert rig.states() == {0: "artist", 4: "todo"}, rig.states()
    yield from rig.do("propagate")
    assert rig.pixels(4) == rig.predicted(4, RED, BLUE)
    yield from ctx.close(rig.document)
    yield 0.7
    yield from rig.rests()
    assert rig.controller.color_layer == color
    assert rig.states() == {0: "artist", 2: "predicted", 5: "predicted", 6: "predicted"}
    rig.controller.shutdown()
