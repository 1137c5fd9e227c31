"""The real engine on the bundled shot: what it suggests, and the time left that a run tells."""

from tests.in_krita.scenarios.sample import Watched, sample_document

DRAWINGS = 13
AHEAD = 3  # frames after which the time left is told


def started(ctx):
    document, line, color = yield from sample_document(ctx, DRAWINGS)
    watched = Watched(ctx)
    watched.controller.refresh()
    watched.controller.set_line_layers([line])
    watched.controller.set_color_layer(color)
    yield lambda: watched.controller._worker.idle, 100.0
    watched.messages.clear()
    return watched, document


def frames_are_suggested(ctx):
    """Beside one painted frame the engine names one drawing, and it is marked."""
    watched, document = yield from started(ctx)
    controller = watched.controller
    told = []
    controller.progress.connect(lambda *progress: told.append(progress))
    controller.suggest_frames()
    assert controller.busy == "suggesting"
    yield lambda: controller._worker.idle, 240.0
    (time,) = controller.suggested
    assert time in range(2, 2 * DRAWINGS, 2), time
    ((_, text, actions),) = [message for message in watched.messages if message[1]]
    assert text == f"Painting frame {time} next would help most.", text
    texts = {progress[3] for progress in told}
    assert {f"Reading {DRAWINGS} drawings", "Comparing the drawings"} <= texts, texts
    actions[0][1]()
    yield lambda: controller._worker.idle, 60.0
    assert document.current_time == time
    assert document.active_layer_uuid() == controller.color_layer
    controller.shutdown()


def the_time_left_is_told(ctx):
    """From the third frame on, at each but the last; how right it is, test_pace tells."""
    watched, _ = yield from started(ctx)
    controller = watched.controller
    told = {}

    def note(done, total, seconds_left, text):
        if text.startswith("Coloring"):
            told[done] = (total, seconds_left)

    controller.progress.connect(note)
    controller.propagate()
    yield lambda: controller._worker.idle, 240.0
    assert sorted(told) == list(range(DRAWINGS)), told
    assert {total for total, _ in told.values()} == {DRAWINGS - 1}
    assert [told[done][1] for done in range(AHEAD)] == [None] * AHEAD, told
    assert all(told[done][1] > 0 for done in range(AHEAD, DRAWINGS - 1)), told
    assert told[DRAWINGS - 1][1] == 0
    ctx.values["seconds left"] = [told[done][1] for done in range(AHEAD, DRAWINGS)]
    controller.shutdown()
