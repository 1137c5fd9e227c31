"""What cannot be fetched now is not asked for without an end, nor shown when it is out of date."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors import sheets
from krita_plugin.propagate_colors.host import steps, writing
from krita_plugin.propagate_colors.state.journal import Plane
from krita_plugin.propagate_colors.work import reading
from tests.in_krita.scenarios.moving import with_shadow
from tests.in_krita.scenarios.reviews import colored
from tests.in_krita.scenarios.rig import GREEN, RED, ready
from tests.in_krita.scenarios.sheet_pictures import halves, picture

TURNS = 300  # a job that begins again at once takes no time: waiting for its end would not end
NOTICED_SECONDS = 1.2


def turns():
    for _ in range(TURNS):
        yield


def shows_sheet(rig, *times, before=False):
    """Ask for pictures whenever frames are told of, as an open contact sheet does; count them."""
    asked = []

    def ask(what):
        if what in {"frames", "sheet"}:
            asked.extend(t for t in times if rig.controller.sheet_picture(t, before) is None)

    rig.controller.changed.connect(ask)
    ask("frames")
    return asked


@pytest.fixture
def fetched(monkeypatch):
    """The frames whose pictures were begun."""
    found, thumbnail = [], sheets.thumbnail

    def noted(shot, time, *rest):
        found.append(time)
        return thumbnail(shot, time, *rest)

    monkeypatch.setattr(sheets, "thumbnail", noted)
    return found


def test_fix_on_the_canvas_without_lines_asks_for_nothing(run):
    def scenario(ctx):
        rig = yield from ready(ctx)
        rig.document.layer(rig.line).node.remove()
        yield from rig.look()
        shot = rig.controller._documents.shot
        shot.journal.choices.lines, shot.lines = [], []
        rig.controller.set_fix_on_canvas(True)
        yield from turns()
        assert rig.controller._worker.idle
        assert not rig.failures.texts
        assert not rig.controller.picture_awaited(0, "segments")
        rig.controller.shutdown()

    run(scenario)


def test_a_map_that_fails_in_an_unknown_way_is_asked_for_once(run, monkeypatch):
    def scenario(ctx):
        rig = yield from colored(ctx)
        tried = []
        monkeypatch.setattr(reading, "teach_drawing", lambda *_: tried.append(1) or 1 / 0)
        rig.controller.set_fix_on_canvas(True)
        yield from turns()
        assert rig.controller._worker.idle
        assert len(tried) == 1
        assert len(rig.failures.texts) == 1
        rig.controller.shutdown()

    run(scenario)


def test_a_map_waits_for_the_end_of_playback(run):
    def scenario(ctx):
        rig = yield from colored(ctx)
        rig.document.raw.playing = True
        rig.controller.set_fix_on_canvas(True)
        yield from turns()
        assert not rig.engine.asked("segment_map")
        rig.document.raw.playing = False
        assert (yield from rig.rests()) == []
        assert len(rig.engine.asked("segment_map")) == 1
        rig.controller.shutdown()

    run(scenario)


def test_a_group_of_lines_is_not_read_for_fix_on_the_canvas(run, monkeypatch):
    """That would move the playhead of an artist who scrubs."""

    def scenario(ctx):
        rig = yield from colored(ctx)
        shot = rig.controller._documents.shot
        shot.lines = [shot.lines[0]._replace(grouped=True)]
        fetched = []
        monkeypatch.setattr(rig.controller, "segment_at", lambda *place: fetched.append(place))
        rig.controller.set_fix_on_canvas(True)
        assert fetched == []
        shot.lines = [shot.lines[0]._replace(grouped=False)]
        rig.controller._prepare_click()
        assert fetched == [(0, (0.0, 0.0))]
        rig.controller.shutdown()

    run(scenario)


def test_the_sheet_waits_for_the_end_of_playback(run, fetched):
    def scenario(ctx):
        rig = yield from ready(ctx)
        rig.document.raw.playing = True
        asked = shows_sheet(rig, 0, 2)
        yield 1.0
        yield from turns()
        assert len(asked) < 10, len(asked)
        assert fetched == [0]
        rig.document.raw.playing = False
        yield from rig.rests()
        assert rig.controller.sheet_picture(2) is not None
        rig.controller.shutdown()

    run(scenario)


def test_a_picture_that_is_damaged_is_missing_and_asked_for_once(run, fetched):
    def scenario(ctx):
        rig = yield from ready(ctx, painted=(0, 2))
        yield from rig.do("toggle_reference", 2)
        yield from rig.do("propagate")
        shot = rig.controller._documents.shot
        entry = shot.journal.entry(rig.color, 5)
        entry.before = Plane("00", (0, 0, 4, 4), b"no plane")
        shows_sheet(rig, 5, before=True)
        yield 1.0
        yield from turns()
        assert rig.controller._worker.idle
        assert fetched == [5]
        assert rig.controller.sheet_picture(5, True) is None
        rig.controller.shutdown()

    run(scenario)


def test_a_picture_asked_for_again_while_it_is_fetched_is_fetched_once(run, fetched):
    def scenario(ctx):
        rig = yield from ready(ctx)
        rig.controller.sheet_picture(0)
        yield
        yield
        rig.controller.sheet_picture(0)
        yield from rig.rests()
        assert fetched == [0]
        rig.controller.shutdown()

    run(scenario)


def test_the_sheet_shows_lines_that_were_changed(run):
    def scenario(ctx):
        rig = yield from ready(ctx)
        other = yield from picture(rig, 5)
        before = yield from picture(rig, 2)
        yield from steps.goto(rig.document, 3)  # holds frame 2
        yield NOTICED_SECONDS
        yield from writing.put(rig.document, rig.line, 2, rig.box, rig.drawing(9, rig.line))
        yield from steps.goto(rig.document, 0)
        yield NOTICED_SECONDS
        yield from rig.rests()
        assert (yield from picture(rig, 2)) != before
        assert [key.time for key in rig.controller._sheet] == [5, 2]
        assert (yield from picture(rig, 5)) == other
        yield from rig.do("set_range", 0, 5)
        assert not rig.controller._sheet
        rig.controller.shutdown()

    run(scenario)


def test_the_sheet_shows_a_still_color_layer(run):
    def scenario(ctx):
        rig = yield from ready(ctx)
        still = yield from ctx.add_layer(rig.document, "Still")
        node = rig.document.layer(still).node
        node.setPixelData(rig.colors(GREEN, RED), *rig.box)
        yield from rig.do("set_color_layer", still)
        assert halves((yield from picture(rig, 0))) == [GREEN, RED]
        rig.controller.shutdown()

    run(scenario)


def test_suggestions_are_kept_with_the_document_that_was_asked_about(run):
    def scenario(ctx):
        rig = yield from ready(ctx, painted=())
        copy = yield from ctx.new_document(name="other")
        ctx.krita.setActiveDocument(rig.document.raw)
        yield NOTICED_SECONDS
        yield from rig.rests()
        controller = rig.controller
        finish = controller._worker._done

        def switched(value):
            ctx.krita.setActiveDocument(copy.raw)
            finish(value)

        controller.suggest_frames()
        controller._worker._runner._on_result = switched
        assert (yield from rig.rests()) == []
        assert controller._documents.shot.document.key == copy.key
        assert controller.suggested == []
        ctx.krita.setActiveDocument(rig.document.raw)
        yield NOTICED_SECONDS
        assert controller.suggested == [5, 6]
        controller.sheet_picture(0)
        yield from rig.rests()
        key = rig.document.key
        yield from ctx.close(rig.document)
        yield NOTICED_SECONDS
        assert key not in controller._suggestions
        assert not controller._sheet
        controller.shutdown()

    run(scenario)


def test_suggestions_for_a_document_that_is_closed_are_dropped(run):
    def scenario(ctx):
        rig = yield from ready(ctx, painted=())
        finish = rig.controller._worker._done

        def closed(value):
            ctx.krita.closed(rig.document._raw)
            finish(value)

        rig.controller.suggest_frames()
        rig.controller._worker._runner._on_result = closed
        assert (yield from rig.rests()) == []
        assert rig.controller._suggestions == {}
        rig.controller.shutdown()

    run(scenario)


def test_a_closed_document_with_moved_layers_has_no_pictures(run):
    """Widgets ask for them until the next look sees that it was closed."""

    def scenario(ctx):
        rig, _ = yield from with_shadow(ctx)
        ctx.krita.closed(rig.document._raw)
        assert rig.controller.sheet_picture(0) is None
        assert not rig.controller.picture_awaited(0, "doubtful")
        rig.controller.shutdown()

    run(scenario)
