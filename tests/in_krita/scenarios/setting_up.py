"""The engine set up from the docker, as an artist does it, and the sample opened and coloured."""

import os
import time

from krita_plugin.propagate_colors.qt import QtCore, QtWidgets
from krita_plugin.propagate_colors.state.model import FrameState

from . import menus
from .dialogs import Dialogs, choose_file
from .docked import Docker
from .mouse import click
from .whole import dump, planes

SETUP_SECONDS = 1500.0  # on a machine that is busy; one that is not needs two minutes
RUN_SECONDS = 900.0
LATE_MS = 20
IDLE_SECONDS = 20.0


class Steady:
    """Notes how late a timer of 20 ms comes: how long Krita's event loop stood still."""

    def __init__(self):
        self.longest = 0.0
        self._last = time.monotonic()
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(LATE_MS)

    def _tick(self):
        now = time.monotonic()
        self.longest = max(self.longest, now - self._last - LATE_MS / 1000)
        self._last = now

    def pass_over(self):
        """Begin anew after what the test itself did."""
        self._last = time.monotonic()

    def take(self):
        """Return the longest pause since this was asked last, in seconds."""
        longest, self.longest = self.longest, 0.0
        return round(longest, 3)

    def stop(self):
        self._timer.stop()


class Card:
    """The docker's card about the engine."""

    def __init__(self, ctx, docker):
        self.ctx, self.docker = ctx, docker
        self.stages = {}  # seconds since the first, by the first word of the text

    def part(self, name):
        return self.docker.find(name)

    @property
    def text(self):
        return self.part("engine_text").text()

    @property
    def shown(self):
        return not self.part("engine_card").isHidden()

    def portrait(self, name):
        self.part("engine_card").window().grab().save(self.ctx.file(f"{name}.png"))

    def press(self, name):
        yield from click(self.part(name))

    def becomes_ready(self):
        """Wait for the end; notes when each stage began, and how still Krita stood."""
        begun, steady, pauses, due = time.monotonic(), Steady(), {}, []

        def ready():
            word = self.text.split(",")[0].split(" (")[0]
            pauses[word] = max(pauses.get(word, 0.0), steady.take())
            if word not in self.stages:
                self.stages[word] = round(time.monotonic() - begun, 2)
                due.append(f"stage_{len(self.stages)}")
            elif due:  # at the second look, when the docker has its layout
                self.portrait(due.pop())
                steady.pass_over()
            return not self.part("engine_go").isHidden()

        yield ready, SETUP_SECONDS
        self.ctx.values["stages"] = self.stages
        self.ctx.values["pauses_s"] = pauses  # the longest of each stage
        steady.stop()
        assert self.text.startswith("Ready: CPU, version "), self.text


def from_nothing_to_the_colored_sample(ctx):
    """Set up over the network, open the sample, color it, and remove the engine again."""
    docker, card = yield from _fresh(ctx)
    # What this machine does to Krita without any of it, to compare with.
    steady = Steady()
    yield IDLE_SECONDS
    ctx.values["pause_before_s"] = steady.take()
    steady.stop()
    yield from card.press("engine_go")
    yield from card.becomes_ready()
    yield from _color_the_sample(ctx, docker, card)
    yield from _remove(docker)


def from_the_offline_pack(ctx):
    """The same from $ENGINE_PACK, chosen in the file dialog."""
    docker, card = yield from _fresh(ctx)
    # Scenarios rest while a dialog is open, as jobs do, so a timer answers it.
    dialogs = Dialogs(lambda box: choose_file(box, os.environ["ENGINE_PACK"]))
    try:
        yield from card.press("engine_pack")
        yield lambda: len(dialogs.seen) == 1, 30.0
    finally:
        dialogs.stop()
    yield from card.becomes_ready()
    yield from _color_the_sample(ctx, docker, card)


def krita_is_closed_in_the_middle(ctx):
    """Begin, and let Krita be closed while the download stands still."""
    _, card = yield from _fresh(ctx)
    yield from card.press("engine_go")
    yield lambda: card.text.startswith("Downloading"), 60.0
    yield 3.0  # the server has sent what it sends by then
    card.portrait("stopped")


def it_is_gone_on_with(ctx):
    """After the next start: Continue."""
    _, card = yield from _opened(ctx)
    assert card.text == "Setup was not finished.", card.text
    card.portrait("unfinished")
    yield from card.press("engine_go")
    yield from card.becomes_ready()


def it_is_set_up(ctx):
    """Nothing more than that."""
    _, card = yield from _fresh(ctx)
    yield from card.press("engine_go")
    yield from card.becomes_ready()
    yield from card.press("engine_later")


def nothing_is_to_be_done(ctx):
    """After an import of the same plugin the engine stays, and nothing is offered."""
    docker = Docker(ctx)
    yield from docker.open()
    yield 1.0
    assert not Card(ctx, docker).shown
    yield from _version_is(docker, os.environ["OLD_VERSION"])


def it_is_updated_taken_back_and_removed(ctx):
    """A newer plugin offers its engine; the one before stays for Go back; then both are removed."""
    old, new = os.environ["OLD_VERSION"], os.environ["NEW_VERSION"]
    docker, card = yield from _opened(ctx)
    assert card.text.startswith("A newer engine belongs to this plugin."), card.text
    card.portrait("newer")
    yield from card.press("engine_go")
    yield from card.becomes_ready()
    assert f"version {new}" in card.text, card.text
    yield from card.press("engine_later")
    dialog = yield from docker.settings()
    back = dialog.findChild(QtWidgets.QPushButton, "engine_back")
    assert old in back.text(), back.text()
    dialog.grab().save(ctx.file("settings_newer.png"))
    yield from click(back)
    yield lambda: new in back.text(), 60.0
    dialog.grab().save(ctx.file("settings_older.png"))
    dialog.close()
    yield 0.3
    assert not card.shown, "gone back from on purpose: not offered again"
    yield from _version_is(docker, old)
    yield from _remove(docker)


def _version_is(docker, version):
    """The settings name the engine in use."""
    dialog = yield from docker.settings()
    texts = [label.text() for label in dialog.findChildren(QtWidgets.QLabel)]
    assert any(f"version {version}" in text for text in texts), texts
    dialog.close()
    yield 0.3


def _shown_by_its_menu(ctx):
    """Tools > Scripts > Show Propagate Colors: without a document Krita 6 has all dockers off."""
    widget = Docker(ctx).widget
    widget.setVisible(False)
    yield 0.5
    yield from menus.choose(ctx, ("Tools", "Scripts", "Show Propagate Colors"), "docker_menu")
    yield widget.isVisible, 30.0


def _opened(ctx):
    docker = Docker(ctx)
    yield from docker.open()
    # As an artist who wants to see it whole does: out of the column, beside the canvas.
    docker.widget.setFloating(True)
    docker.widget.resize(280, 900)
    yield 0.5
    card = Card(ctx, docker)
    assert card.shown
    return docker, card


def _fresh(ctx):
    yield from _shown_by_its_menu(ctx)
    docker, card = yield from _opened(ctx)
    assert card.text.startswith("One more step: the coloring engine."), card.text
    ctx.values["offer"] = card.text
    card.portrait("offered")
    return docker, card


def _color_the_sample(ctx, docker, card):
    card.portrait("ready")
    begun = time.monotonic()
    yield from card.press("engine_go")
    yield lambda: ctx.host.active_document() is not None and docker.idle, 120.0
    assert not card.shown
    button = docker.find("propagate_button")
    yield button.isEnabled, 60.0
    ctx.values["sample_open_s"] = round(time.monotonic() - begun, 2)
    yield lambda: FrameState.ARTIST in docker.states.values(), 60.0
    begun = time.monotonic()
    yield from click(button)
    yield lambda: not docker.idle, 30.0
    yield lambda: docker.idle, RUN_SECONDS
    ctx.values["colored_s"] = round(time.monotonic() - begun, 2)
    ctx.values["said"] = docker.message
    assert docker.message.startswith("13 colored"), docker.message
    document = ctx.host.active_document()
    ids = {info.name: info.uuid for info in document.layers()}
    dump(ctx, "color", planes(ctx, document, ids["Colors"]))
    ctx.krita.activeWindow().qwindow().grab().save(ctx.file("colored.png"))


def _remove(docker):
    """Settings, Remove, and yes: nothing of the engine is left."""
    from krita_plugin.propagate_colors.host.document import Host

    engines = os.path.join(Host().data_folder(), "engines")
    assert os.path.isdir(engines)
    dialog = yield from docker.settings()
    yes = QtWidgets.QMessageBox.StandardButton.Yes
    dialogs = Dialogs(lambda box: box.button(yes).click())
    try:
        yield from click(dialog.findChild(QtWidgets.QPushButton, "engine_remove"))
        yield lambda: not os.path.exists(engines), 60.0
    finally:
        dialogs.stop()
    dialog.close()
    yield 0.3
    assert docker.find("engine_text").text().startswith("One more step"), "it can be set up again"
