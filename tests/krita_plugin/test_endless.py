"""What cannot be fetched now is not asked for without an end, nor shown when it is out of date."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors import sheets
from krita_plugin.propagate_colors.host import steps, writing
from krita_plugin.propagate_colors.state.journal import Plane
from krita_plugin.propagate_colors.work import reading
from tests.in_krita.scenarios.desk import GREEN, RED, ready
from tests.in_krita.scenarios.reviews import colored
from tests.in_krita.scenarios.sheet_pictures import halves, picture

TURNS = 300  # a job that begins again at once takes no time: waiting for its end would not end
NOTICED_SECONDS = 1.2


def turns():
    for _ in range(TURNS):
        yield


def shows_sheet(desk, *times, before=False):
    """Ask for pictures whenever frames are told of, as an open contact sheet does; count them."""
    asked = []

    def ask(what):
        if what in {"frames", "sheet"}:
            asked.extend(t for t in times if desk.controller.sheet_picture(t, before) is None)

    desk.controller.changed.connect(ask)
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
        desk = yield from ready(ctx)
        desk.document.layer(desk.line).node.remove()
        yield from desk.look()
        shot = desk.controller._desk.shot
        shot.journal.choices.lines, shot.lines = [], []
        desk.controller.set_fix_on_canvas(True)
        yield from turns()
        assert desk.controller._worker.idle
        assert not desk.failures.texts
        assert not desk.controller.picture_awaited(0, "segments")
        desk.controller.shutdown()

    run(scenario)


def test_a_map_that_fails_in_an_unknown_way_is_asked_for_once(run, monkeypatch):
    def scenario(ctx):
        desk = yield from colored(ctx)
        tried = []
        monkeypatch.setattr(reading, "teach_drawing", lambda *_: tried.append(1) or 1 / 0)
        desk.controller.set_fix_on_canvas(True)
        yield from turns()
        assert desk.controller._worker.idle
        assert len(tried) == 1
        assert len(desk.failures.texts) == 1
        desk.controller.shutdown()

    run(scenario)


def test_a_map_waits_for_the_end_of_playback(run):
    def scenario(ctx):
        desk = yield from colored(ctx)
        desk.document.raw.playing = True
        desk.controller.set_fix_on_canvas(True)
        yield from turns()
        assert not desk.engine.asked("segment_map")
        desk.document.raw.playing = False
        assert (yield from desk.rests()) == []
        assert len(desk.engine.asked("segment_map")) == 1
        desk.controller.shutdown()

    run(scenario)


def test_a_group_of_lines_is_not_read_for_fix_on_the_canvas(run, monkeypatch):
    """That would move the playhead of an artist who scrubs."""

    def scenario(ctx):
        desk = yield from colored(ctx)
        shot = desk.controller._desk.shot
        shot.lines = [shot.lines[0]._replace(grouped=True)]
        fetched = []
        monkeypatch.setattr(desk.controller, "segment_at", lambda *place: fetched.append(place))
        desk.controller.set_fix_on_canvas(True)
        assert fetched == []
        shot.lines = [shot.lines[0]._replace(grouped=False)]
        desk.controller._prepare_fix()
        assert fetched == [(0, (0.0, 0.0))]
        desk.controller.shutdown()

    run(scenario)


def test_the_sheet_waits_for_the_end_of_playback(run, fetched):
    def scenario(ctx):
        desk = yield from ready(ctx)
        desk.document.raw.playing = True
        asked = shows_sheet(desk, 0, 2)
        yield 1.0
        yield from turns()
        assert len(asked) < 10, len(asked)
        assert fetched == [0]
        desk.document.raw.playing = False
        yield from desk.rests()
        assert desk.controller.sheet_picture(2) is not None
        desk.controller.shutdown()

    run(scenario)


def test_a_picture_that_is_damaged_is_missing_and_asked_for_once(run, fetched):
    def scenario(ctx):
        desk = yield from ready(ctx, painted=(0, 2))
        yield from desk.do("toggle_reference", 2)
        yield from desk.do("propagate")
        shot = desk.controller._desk.shot
        entry = shot.journal.entry(desk.color, 5)
        entry.before = Plane("00", (0, 0, 4, 4), b"no plane")
        shows_sheet(desk, 5, before=True)
        yield 1.0
        yield from turns()
        assert desk.controller._worker.idle
        assert fetched == [5]
        assert desk.controller.sheet_picture(5, True) is None
        desk.controller.shutdown()

    run(scenario)


def test_a_picture_asked_for_again_while_it_is_fetched_is_fetched_once(run, fetched):
    def scenario(ctx):
        desk = yield from ready(ctx)
        desk.controller.sheet_picture(0)
        yield
        yield
        desk.controller.sheet_picture(0)
        yield from desk.rests()
        assert fetched == [0]
        desk.controller.shutdown()

    run(scenario)


def test_the_sheet_shows_lines_that_were_changed(run):
    def scenario(ctx):
        desk = yield from ready(ctx)
        other = yield from picture(desk, 5)
        before = yield from picture(desk, 2)
        yield from steps.goto(desk.document, 3)  # holds frame 2
        yield NOTICED_SECONDS
        yield from writing.put(desk.document, desk.line, 2, desk.box, desk.drawing(9, desk.line))
        yield from steps.goto(desk.document, 0)
        yield NOTICED_SECONDS
        yield from desk.rests()
        assert (yield from picture(desk, 2)) != before
        assert [key.time for key in desk.controller._sheet] == [5, 2]
        assert (yield from picture(desk, 5)) == other
        yield from desk.do("set_range", 0, 5)
        assert not desk.controller._sheet
        desk.controller.shutdown()

    run(scenario)


def test_the_sheet_shows_a_still_color_layer(run):
    def scenario(ctx):
        desk = yield from ready(ctx)
        still = yield from ctx.add_layer(desk.document, "Still")
        node = desk.document.layer(still).node
        node.setPixelData(desk.colors(GREEN, RED), *desk.box)
        yield from desk.do("set_color_layer", still)
        assert halves((yield from picture(desk, 0))) == [GREEN, RED]
        desk.controller.shutdown()

    run(scenario)


def test_suggestions_are_kept_with_the_document_that_was_asked_about(run):
    def scenario(ctx):
        desk = yield from ready(ctx, painted=())
        copy = yield from ctx.new_document(name="other")
        ctx.krita.setActiveDocument(desk.document.raw)
        yield NOTICED_SECONDS
        yield from desk.rests()
        controller = desk.controller
        finish = controller._worker._done

        def switched(value):
            ctx.krita.setActiveDocument(copy.raw)
            finish(value)

        controller.suggest_frames()
        controller._worker._runner._on_result = switched
        assert (yield from desk.rests()) == []
        assert controller._desk.shot.document.key == copy.key
        assert controller.suggested == []
        ctx.krita.setActiveDocument(desk.document.raw)
        yield NOTICED_SECONDS
        assert controller.suggested == [5, 6]
        controller.sheet_picture(0)
        yield from desk.rests()
        key = desk.document.key
        yield from ctx.close(desk.document)
        yield NOTICED_SECONDS
        assert key not in controller._suggestions
        assert not controller._sheet
        controller.shutdown()

    run(scenario)


def test_suggestions_for_a_document_that_is_closed_are_dropped(run):
    def scenario(ctx):
        desk = yield from ready(ctx, painted=())
        finish = desk.controller._worker._done

        def closed(value):
            ctx.krita.closed(desk.document._raw)
            finish(value)

        desk.controller.suggest_frames()
        desk.controller._worker._runner._on_result = closed
        assert (yield from desk.rests()) == []
        assert desk.controller._suggestions == {}
        desk.controller.shutdown()

    run(scenario)
