"""Where Krita hides the docker: in its own Animation workspace, and in Krita 6 at the start."""

import gc

from krita_plugin.propagate_colors.qt import QtWidgets

from . import mouse
from .docked import Docker

SWITCHED_SECONDS = 1.5
COMES_SECONDS = 30.0  # on a busy machine
OFFERED_SECONDS = 3.0  # the plugin's own offer is made 2 s after Krita's start


def workspace(ctx, name):
    """Choose a workspace of Krita's menu, as the artist does."""
    window = ctx.krita.activeWindow().qwindow()
    for top in window.menuBar().actions():
        if top.menu() is None:
            continue
        top.menu().aboutToShow.emit()  # which fills the menu of workspaces
        for entry in top.menu().actions():
            if entry.menu() is not None and "workspace" in entry.text().replace("&", "").lower():
                found = {a.text().replace("&", ""): a for a in entry.menu().actions()}
                found[name].trigger()
                yield SWITCHED_SECONDS
                return
    raise AssertionError("there is no menu of workspaces")


def is_hidden(ctx):
    return Docker(ctx).widget.isHidden()


def the_docker_is_there_in_the_animation_workspace(ctx):
    yield from ctx.new_document("RGBA", "U8", (64, 48))
    docker = Docker(ctx)
    yield from docker.open()
    yield from workspace(ctx, "Animation")
    yield docker.widget.isVisible, COMES_SECONDS
    button = docker.find("propagate_button")
    assert button.visibleRegion().boundingRect().height() == button.height()
    docker.widget.close()
    yield from workspace(ctx, "Default")
    yield from workspace(ctx, "Animation")
    assert is_hidden(ctx), "the artist closed it"
    yield from docker.open()
    yield from workspace(ctx, "Default")


def a_hidden_docker_is_offered_once(ctx):
    """The offer lies over the welcome page and over a document; real presses answer it."""
    from propagate_colors.settings import DOCKER_CLOSED, DOCKER_OFFERED, DockerSettings

    yield OFFERED_SECONDS
    window = ctx.krita.activeWindow().qwindow()
    plugin = next(e for e in ctx.krita.extensions() if type(e).__name__ == "PropagateExtension")
    settings, docker = DockerSettings(ctx.host), Docker(ctx)

    def offers():
        return window.findChildren(QtWidgets.QFrame, "docker_offer")

    def offer():
        for setting in (DOCKER_OFFERED, DOCKER_CLOSED):
            settings.set(setting, "")
        docker.widget.hide()
        plugin._offer_docker()
        gc.collect()  # what nothing keeps is gone, as it is when an artist comes to answer
        yield 0.2
        (made,) = offers()
        assert made.parentWidget().rect().contains(made.geometry())
        return made

    docker.widget.show()  # answers the plugin's own offer, in Krita 6
    yield lambda: not offers(), COMES_SECONDS
    made = yield from offer()
    yield from ctx.new_document("RGBA", "U8", (64, 48))
    yield from mouse.click(made.findChild(QtWidgets.QPushButton, "offer_later"))
    yield lambda: not offers(), COMES_SECONDS
    assert is_hidden(ctx)
    plugin._offer_docker()
    yield 0.2
    assert not offers(), "once"
    made = yield from offer()
    yield from mouse.click(made.findChild(QtWidgets.QPushButton, "offer_show"))
    yield docker.widget.isVisible, COMES_SECONDS
    yield lambda: not offers(), COMES_SECONDS
    yield from offer()
    docker.widget.show()  # shown in another way
    yield lambda: not offers(), COMES_SECONDS
