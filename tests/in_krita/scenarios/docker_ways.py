"""Small documents through the docker: each colour format, each thing that can be in the way."""

import contextlib
import os

from krita_plugin.propagate_colors.host import steps, writing
from krita_plugin.propagate_colors.qt import QtGui, QtWidgets

from .dialogs import Dialogs, choose_file
from .docked import ARTIST, PREDICTED, RUN_SECONDS, Docker, frames_colored, now
from .rooms import (
    BODY,
    HALL,
    HEAD,
    KEYS,
    PAINTS,
    SIZE,
    at,
    check,
    house,
    paint,
    picture,
    pixel,
    place,
)

COLORED = {0: ARTIST, 2: PREDICTED, 4: PREDICTED}
OTHER = {BODY: 1, HALL: 2, HEAD: 0}  # what the artist paints instead


def ready(ctx, states=None, **choices):
    """Return the docker and a document that it has looked at."""
    docker = Docker(ctx)
    yield from docker.open()
    document, line, color = yield from house(ctx, **choices)
    # Without painted frames its list is empty before and after it has looked at the document.
    yield lambda: docker.widget._controller.color_layer == color, RUN_SECONDS
    painted = dict.fromkeys(choices.get("painted", (0,)), ARTIST)
    yield from docker.sees(document, painted if states is None else states)
    return docker, document, line, color


def colored(ctx, **choices):
    docker, document, line, color = yield from ready(ctx, **choices)
    said = yield from docker.propagates()
    assert frames_colored(said) == 2, said
    return docker, document, line, color


def _format(ctx, model, depth):
    docker, document, line, color = yield from ready(ctx, model=model, depth=depth)
    lines = {time: ctx.pixels(document, line, time) for time in KEYS}
    reference = ctx.pixels(document, color, 0)
    said = yield from docker.propagates()
    assert frames_colored(said) == 2, said
    yield from docker.sees(document, COLORED)
    docker.select(2)
    yield from docker.does("accept_button")
    path = ctx.file("saved.kra")
    assert document.raw.saveAs(path)
    yield from ctx.close(document)
    document = yield from ctx.open_document(path)
    yield from docker.sees(document, {**COLORED, 2: "accepted"})
    assert document.layer(color).key_times() == list(KEYS)
    assert ctx.pixels(document, color, 0) == reference
    assert {time: ctx.pixels(document, line, time) for time in KEYS} == lines
    for time in KEYS:
        yield
        check(ctx, document, color, time)
    docker.select(4)
    yield from docker.does("undo_button")
    assert document.layer(color).key_times() == [0, 2]


def rgba_u8(ctx):
    yield from _format(ctx, "RGBA", "U8")


def rgba_u16(ctx):
    yield from _format(ctx, "RGBA", "U16")


def rgba_f16(ctx):
    yield from _format(ctx, "RGBA", "F16")


def rgba_f32(ctx):
    yield from _format(ctx, "RGBA", "F32")


def graya_u8(ctx):
    yield from _format(ctx, "GRAYA", "U8")


def graya_u16(ctx):
    yield from _format(ctx, "GRAYA", "U16")


def graya_f32(ctx):
    yield from _format(ctx, "GRAYA", "F32")


def cmyka_u8(ctx):
    yield from _format(ctx, "CMYKA", "U8")


def cmyka_u16(ctx):
    yield from _format(ctx, "CMYKA", "U16")


def cmyka_f32(ctx):
    yield from _format(ctx, "CMYKA", "F32")


def lab_is_refused(ctx):
    docker = Docker(ctx)
    yield from docker.open()
    document = yield from ctx.new_document("LABA", "U16")
    yield from ctx.add_layer(document, "Lines", still=False)
    yield 0.7
    button = docker.find("propagate_button")
    said = (yield from docker.propagates()) if button.isEnabled() else button.toolTip()
    ctx.values["said"] = said
    assert said


def a_locked_or_hidden_color_layer(ctx):
    docker, document, _, color = yield from ready(ctx)
    node = document.layer(color).node
    for word, change in (
        ("locked", node.setLocked),
        ("hidden", lambda on: node.setVisible(not on)),
    ):
        change(True)
        yield 0.7
        said = yield from docker.propagates()
        assert word in said, said
        assert said.endswith("."), said
        assert document.layer(color).key_times() == [0]
        change(False)
        yield 0.7
    said = yield from docker.propagates()
    assert frames_colored(said) == 2, said


def no_reference(ctx):
    docker, document, _, color = yield from ready(ctx, painted=())
    said = yield from docker.propagates()
    wanted = "There is no painted frame to learn from: paint one frame in the color layer."
    assert said == wanted, said
    assert document.layer(color).key_times() == [0]


def no_engine(ctx):
    """One sentence and a button that leads to where an engine can be named."""
    docker, document, _, color = yield from ready(ctx)
    command = os.environ["ANT_CORE"]
    dialog = yield from docker.settings()
    with without_engine(dialog):
        dialog.close()
        said = yield from docker.propagates()
        assert said == "There is no engine on this computer yet: set it up, or choose one.", said
        assert docker.find("status_label").text() == said
        assert document.layer(color).key_times() == [0]
        docker.press("message_action")
        dialog = yield from docker.settings(ask=False)
        dialog.findChild(QtWidgets.QLineEdit, "engine_field").setText(command)
    dialog.findChild(QtWidgets.QPushButton, "engine_test").click()
    status = dialog.findChild(QtWidgets.QLabel, "engine_status")
    yield lambda: status.text().startswith("ant_core "), 60.0
    models = dialog.findChild(QtWidgets.QListWidget, "model_list")
    yield lambda: models.count() > 0, 10.0
    dialog.close()
    said = yield from docker.propagates()
    assert frames_colored(said) == 2, said


@contextlib.contextmanager
def without_engine(dialog):
    """Take the engine away for a while; the settings dialog's own buttons end the one that runs."""
    kept = {name: os.environ[name] for name in ("ANT_CORE", "PATH")}
    os.environ.update(ANT_CORE="", PATH="/nowhere")
    dialog.findChild(QtWidgets.QPushButton, "restore_button").click()
    try:
        yield
    finally:
        os.environ.update(kept)


def several_line_layers(ctx):
    """Rooms whose walls lie on two layers, chosen in the docker's menu."""
    docker = Docker(ctx)
    yield from docker.open()
    document, line, color = yield from house(ctx)
    head = yield from ctx.add_layer(document, "Head lines", still=False)
    canvas = ctx.canvas(document)
    for time in KEYS:
        for uuid, rooms in ((line, (BODY, HALL)), (head, (HEAD,))):
            data = picture("RGBA", "U8", time, rooms=rooms)
            yield from writing.put(document, uuid, time, canvas, data)
    yield 0.7
    for action in docker.find("line_button", QtWidgets.QAbstractButton).menu().actions():
        if action.data() in {line, head} and not action.isChecked():
            action.trigger()
    yield 0.7
    yield from docker.sees(document, {0: ARTIST})
    said = yield from docker.propagates()
    assert frames_colored(said) == 2, said
    for time in KEYS:
        check(ctx, document, color, time)


def hints_and_locks(ctx):
    """A click into the viewer gives a segment another colour, or keeps the one it has."""
    docker, document, _, color = yield from colored(ctx)
    docker.widget.setFloating(True)
    docker.widget.resize(420, 900)
    try:
        yield from steps.goto(document, 2)
        yield 0.8
        menu = docker.click(document, place(HALL, 2))  # the first click
        swatch = _swatch(menu, pixel("RGBA", "U8", 0))
        pressed = now()
        swatch.click()  # the second
        yield lambda: at(document, color, 2, HALL) == pixel("RGBA", "U8", 0), 60.0
        ctx.values["seconds until it shows"] = round(now() - pressed, 2)
        said = yield from docker.ends()
        assert said == "Also fix 1 later frame?", said
        check(ctx, document, color, 2, {**PAINTS, HALL: 0})
        check(ctx, document, color, 4)
        docker.press("message_action")  # the third: the mistake as it was carried
        said = yield from docker.ends()
        assert said == "2 frames fixed.", said
        check(ctx, document, color, 4, {**PAINTS, HALL: 0})
        assert document.current_time == 2
        yield from steps.goto(document, 4)
        yield 0.5
        menu = docker.click(document, place(BODY, 4))
        (lock,) = [a for a in menu.actions() if a.objectName() == "lock_action"]
        lock.trigger()
        menu.close()
        yield from paint(ctx, document, color, 0, OTHER)
        yield from steps.goto(document, 2)
        yield 0.7
        said = yield from docker.propagates()
        assert frames_colored(said) == 2, said
        assert at(document, color, 4, BODY) == pixel("RGBA", "U8", 0), "locked"
        assert at(document, color, 4, HALL) == pixel("RGBA", "U8", 0), "hinted"
        check(ctx, document, color, 2, {**OTHER, HALL: 0})
    finally:
        docker.widget.setFloating(False)


def _swatch(menu, raw):
    blue, green, red, _ = raw
    (found,) = [
        button
        for button in menu.findChildren(QtWidgets.QToolButton)
        if button.toolTip() == f"#{red:02x}{green:02x}{blue:02x}"
    ]
    return found


def run_on_from_here(ctx):
    """A fix in the middle writes only what depends on it: a room that no reference knew."""
    known = {BODY: PAINTS[BODY], HALL: PAINTS[HALL]}
    docker, document, _, color = yield from ready(ctx, keys=(0, 2, 4, 6), fill=known, late=(HEAD,))
    said = yield from docker.propagates()
    assert frames_colored(said) == 3, said
    before = ctx.pixels(document, color, 2)
    assert at(document, color, 6, HEAD) != pixel("RGBA", "U8", PAINTS[HEAD])
    yield from paint(ctx, document, color, 4, PAINTS)
    yield from docker.sees(document, {0: ARTIST, 2: PREDICTED, 4: ARTIST, 6: PREDICTED})
    docker.select(4)
    said = yield from docker.does("run_on_button")
    assert frames_colored(said) == 1, said
    assert ctx.pixels(document, color, 2) == before
    check(ctx, document, color, 4)
    check(ctx, document, color, 6)


def a_model_sheet(ctx):
    """A picture outside the document teaches a shot in which nothing is painted."""
    sheet = ctx.file("sheet.png")
    _write_sheet(sheet)
    docker, document, _, color = yield from ready(ctx, painted=())
    yield from _add_sheet(docker, sheet)
    said = yield from docker.propagates()
    assert frames_colored(said) == 3, said
    # Three bare boxes say little about which is which: not all are painted, nor all rightly.
    paints = {pixel("RGBA", "U8", paint) for paint in PAINTS.values()}
    for time in KEYS:
        found = {at(document, color, time, room) for room in PAINTS}
        assert found & paints
        assert found <= paints | {bytes(4)}
    assert docker.states == dict.fromkeys(KEYS, PREDICTED)


def _write_sheet(path):
    kind = QtGui.QImage.Format.Format_ARGB32
    sheet = QtGui.QImage(picture("RGBA", "U8", 0, PAINTS), *SIZE, kind).copy()
    painter = QtGui.QPainter(sheet)
    painter.drawImage(0, 0, QtGui.QImage(picture("RGBA", "U8", 0), *SIZE, kind))
    painter.end()
    assert sheet.save(path)


def _add_sheet(docker, path):
    menu = docker.find("sheets_menu", QtWidgets.QMenu)
    menu.aboutToShow.emit()
    dialogs = Dialogs(
        lambda box: choose_file(box, path)
    )  # a job's steps rest while the dialog is open
    try:
        menu.actions()[0].trigger()
        yield 0.5
    finally:
        dialogs.stop()
    assert len(dialogs.seen) == 1, dialogs.seen
    yield 0.5
