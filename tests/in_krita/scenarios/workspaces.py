"""Where Krita hides the docker: in its own Animation workspace, and in Krita 6 at the start."""

from krita_plugin.propagate_colors.qt import QtWidgets

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
    from propagate_colors import extension
    from propagate_colors.settings import DOCKER_CLOSED, DOCKER_OFFERED, DockerSettings

    yield OFFERED_SECONDS
    settings = DockerSettings(ctx.host)
    for setting in (DOCKER_OFFERED, DOCKER_CLOSED):
        settings.set(setting, "")
    docker = Docker(ctx)
    docker.widget.hide()
    window = ctx.krita.activeWindow().qwindow()
    extension.offer_docker(settings)
    yield 0.2
    (offer,) = window.findChildren(QtWidgets.QFrame, "docker_offer")
    assert offer.isVisible()
    assert offer.parentWidget().rect().contains(offer.geometry())
    offer.findChild(QtWidgets.QPushButton, "offer_show").click()
    yield docker.widget.isVisible, COMES_SECONDS
    yield lambda: not window.findChildren(QtWidgets.QFrame, "docker_offer"), COMES_SECONDS
    docker.widget.hide()
    extension.offer_docker(settings)
    yield 0.2
    assert not window.findChildren(QtWidgets.QFrame, "docker_offer"), "once"
    settings.set(DOCKER_OFFERED, "")
    extension.offer_docker(settings)
    yield 0.2
    assert window.findChildren(QtWidgets.QFrame, "docker_offer")
    docker.widget.show()  # shown in another way
    yield lambda: not window.findChildren(QtWidgets.QFrame, "docker_offer"), COMES_SECONDS
