"""How much of the colour layer is read while the artist draws: no more than what changed."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors.host import hand, steps, writing
from krita_plugin.propagate_colors.state.shot import DocumentShot
from krita_plugin.propagate_colors.work import tasks
from tests.in_krita.scenarios.desk import GREEN, RED, ready


@pytest.fixture
def reads(monkeypatch):
    """The times at which keys of the colour layer were read."""
    found = []
    look_at = DocumentShot.look_at
    monkeypatch.setattr(
        DocumentShot, "look_at", lambda shot, time: found.append(time) or look_at(shot, time)
    )
    return found


def test_a_new_key_alone_is_read(run, reads):
    def scenario(ctx):
        desk = yield from ready(ctx, painted=(0, 2, 5))
        assert set(reads) == {0, 2, 5}
        yield from desk.paint(6, GREEN, RED)
        reads.clear()
        yield 2.0
        yield from desk.rests()
        assert set(reads) <= {5, 6}, reads  # the frame that was left, and the new one
        assert 6 in reads
        assert desk.states()[6] == "artist"
        yield from writing.remove_key(desk.document, desk.color, 2)
        reads.clear()
        yield 2.0
        yield from desk.rests()
        assert desk.states()[2] == "todo"
        assert 0 not in reads
        desk.controller.shutdown()

    run(scenario)


def test_looking_again_reads_the_shown_frame_alone(run, reads):
    def scenario(ctx):
        desk = yield from ready(ctx, painted=(0, 2, 5))
        yield from steps.goto(desk.document, 3)
        yield 2.0
        reads.clear()
        yield from desk.do("refresh")
        assert reads == [2]
        desk.controller.shutdown()

    run(scenario)


def test_a_scan_rests_between_keys_and_during_strokes(run, monkeypatch):
    def scenario(ctx):
        desk = yield from ready(ctx, painted=(0, 2))
        shot = DocumentShot(desk.document)
        wishes = [wish for wish in tasks.scan(shot) if wish is not None]
        assert [wish for wish in wishes if wish == tasks.REST_SECONDS] == [0.03, 0.03]
        up = [wish[0] for wish in wishes if isinstance(wish, tuple)]
        assert len(up) == 2
        assert up[0]()
        monkeypatch.setattr(hand.QtWidgets.QApplication, "mouseButtons", lambda: 1)
        assert not up[0]()
        desk.controller.shutdown()

    run(scenario)


def test_another_proposed_color_layer_is_read_anew(run):
    def scenario(ctx):
        desk = yield from ready(ctx)
        old = desk.document.layer(desk.color).node
        old.setName("Paint")
        yield from desk.look()
        assert desk.controller.color_layer == desk.color
        shot = desk.controller._desk.shot
        shot.chosen.discard("color")
        shot.taught[0] = b"of the former layer"
        assert desk.states()[0] == "artist"
        desk.color = yield from steps.create_color_layer(desk.document, "Lines colors", desk.line)
        yield from desk.paint(2, GREEN, RED)
        yield 2.0
        yield from desk.rests()
        assert desk.controller.color_layer == desk.color
        states = desk.states()
        assert (states[0], states[2]) == ("todo", "artist")
        assert shot.taught == {}
        desk.controller.shutdown()

    run(scenario)
