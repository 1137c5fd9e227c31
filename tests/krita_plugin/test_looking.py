"""How much of the colour layer is read while the artist draws: no more than what changed."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors.host import hand, steps, writing
from krita_plugin.propagate_colors.log import logger
from krita_plugin.propagate_colors.state.shot import DocumentShot
from krita_plugin.propagate_colors.work import tasks
from tests.in_krita.scenarios.base import SIZE
from tests.in_krita.scenarios.rig import GREEN, RED, ready


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
        rig = yield from ready(ctx, painted=(0, 2, 5))
        assert set(reads) == {0, 2, 5}
        yield from rig.paint(6, GREEN, RED)
        reads.clear()
        yield 2.0
        yield from rig.rests()
        assert set(reads) <= {5, 6}, reads  # the frame that was left, and the new one
        assert 6 in reads
        assert rig.states()[6] == "artist"
        yield from writing.remove_key(rig.document, rig.color, 2)
        reads.clear()
        yield 2.0
        yield from rig.rests()
        assert rig.states()[2] == "todo"
        assert 0 not in reads
        rig.controller.shutdown()

    run(scenario)


def test_looking_again_reads_the_shown_frame_alone(run, reads):
    def scenario(ctx):
        rig = yield from ready(ctx, painted=(0, 2, 5))
        yield from steps.goto(rig.document, 3)
        yield 2.0
        reads.clear()
        yield from rig.do("refresh")
        assert reads == [2]
        rig.controller.shutdown()

    run(scenario)


def test_a_scan_rests_between_keys_and_during_strokes(run, monkeypatch):
    def scenario(ctx):
        rig = yield from ready(ctx, painted=(0, 2))
        shot = DocumentShot(rig.document)
        wishes = [wish for wish in tasks.scan(shot) if wish is not None]
        assert [wish for wish in wishes if wish == tasks.REST_SECONDS] == [0.03, 0.03]
        up = [wish[0] for wish in wishes if isinstance(wish, tuple)]
        assert len(up) == 2
        assert up[0]()
        monkeypatch.setattr(hand.QtWidgets.QApplication, "mouseButtons", lambda: 1)
        assert not up[0]()
        rig.controller.shutdown()

    run(scenario)


def test_another_proposed_color_layer_is_read_anew(run):
    def scenario(ctx):
        rig = yield from ready(ctx)
        old = rig.document.layer(rig.color).node
        old.setName("Paint")
        yield from rig.look()
        assert rig.controller.color_layer == rig.color
        shot = rig.controller._documents.shot
        shot.chosen.discard("color")
        shot.taught[0] = b"of the former layer"
        assert rig.states()[0] == "artist"
        rig.color = yield from steps.create_color_layer(rig.document, "Lines colors", rig.line)
        yield from rig.paint(2, GREEN, RED)
        yield 2.0
        yield from rig.rests()
        assert rig.controller.color_layer == rig.color
        states = rig.states()
        assert (states[0], states[2]) == ("todo", "artist")
        assert shot.taught == {}
        rig.controller.shutdown()

    run(scenario)


def test_a_document_that_krita_is_opening_is_taken_up_when_it_is_there_and_nothing_is_logged(
    run, caplog
):
    """As the one in front it is named before it is listed."""
    logger.addHandler(caplog.handler)

    def scenario(ctx):
        rig = yield from ready(ctx)
        raw = ctx.krita.createDocument(*SIZE, "other", "RGBA", "U8", "", 72.0)
        ctx.krita.open.remove(raw)
        raw.rootNode = lambda: raw.root  # its layers are there already
        ctx.krita.setActiveDocument(raw)
        rig.controller.refresh()
        yield 2.0
        assert rig.controller._documents.shot.document.key == rig.document.key
        ctx.krita.open.append(raw)
        yield 2.0
        assert rig.controller._documents.shot.document.key != rig.document.key
        rig.controller.shutdown()

    caplog.set_level("INFO", logger.name)
    try:
        run(scenario)
    finally:
        logger.removeHandler(caplog.handler)
    assert [text for text in caplog.messages if "looked" in text] == []
