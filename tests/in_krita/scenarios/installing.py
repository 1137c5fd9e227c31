"""The packed plugin, imported by Krita's own importer into a home that does not know it."""

import os
import sys

from krita_plugin.propagate_colors.qt import QtWidgets

from . import menus
from .dialogs import Dialogs, choose_file
from .docked import ARTIST, Docker, frames_colored
from .rooms import check, house

PLUGIN = "propagate_colors"


def the_zip_is_imported(ctx):
    """Tools > Scripts > Import Python Plugin from File, with $PLUGIN_ZIP, and Yes."""
    assert PLUGIN not in sys.modules
    assert all(docker.objectName() != PLUGIN for docker in ctx.krita.dockers())
    seen = yield from _import(ctx)
    assert len(seen) == 2, seen
    assert "Propagate Colors" in seen[1], seen
    assert ctx.krita.readSetting("python", f"enable_{PLUGIN}", "") == "true"


def the_zip_is_imported_again(ctx):
    """The same with the plugin there and at work: Krita asks whether to put it over the old one."""
    assert PLUGIN in sys.modules
    seen = yield from _import(ctx)
    assert any("overwrite" in text.lower() for text in seen), seen


def _import(ctx):
    """Import $PLUGIN_ZIP; returns the texts of the dialogs, and keeps a picture of each click."""

    def answer(box):
        if isinstance(box, QtWidgets.QMessageBox):
            box.grab().save(ctx.file("import_question.png"))
            box.button(QtWidgets.QMessageBox.StandardButton.Yes).click()
        else:
            choose_file(box, os.environ["PLUGIN_ZIP"])

    dialogs = Dialogs(answer)
    way = ("Tools", "Scripts", "Import Python Plugin from File")
    try:
        yield from menus.choose(ctx, way, "import_menu")
        yield lambda: len(dialogs.seen) > 1 and not _modal(), 60.0
    finally:
        dialogs.stop()
    ctx.values["dialogs"] = dialogs.seen
    return dialogs.seen


def _modal():
    return QtWidgets.QApplication.activeModalWidget() is not None


def the_docker_appears(ctx):
    """After the next start the docker is there and works, with everything that it needs."""
    docker = Docker(ctx)
    yield from docker.open()
    home = os.environ["HOME"]
    assert sys.modules[PLUGIN].__file__.startswith(home), sys.modules[PLUGIN].__file__
    assert ctx.krita.action("propagate_colors_run").shortcut().toString() == "Ctrl+Alt+P"
    document, _, color = yield from house(ctx)
    yield from docker.sees(document, {0: ARTIST})
    said = yield from docker.propagates()
    assert frames_colored(said) == 2, said
    check(ctx, document, color, 4)
