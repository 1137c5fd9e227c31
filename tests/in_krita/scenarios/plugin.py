"""The plugin as Krita loaded it."""

import sys

ACTIONS = {
    "propagate_colors_run": "Ctrl+Alt+P",
    "propagate_colors_accept": "Ctrl+Alt+A",
    "propagate_colors_undo": "Ctrl+Alt+U",
    "propagate_colors_next": "Ctrl+Alt+N",
    "propagate_colors_previous": "Ctrl+Alt+B",
    "propagate_colors_sheet": "",
    "propagate_colors_fix": "Ctrl+Alt+F",
    "propagate_colors_show": "",
}


def docker_and_actions_are_there(ctx):
    assert "propagate_colors" in sys.modules, "Krita could not import the plugin: see krita.log"
    yield
    (docker,) = [d for d in ctx.krita.dockers() if d.objectName() == "propagate_colors"]
    ctx.krita.action("propagate_colors_show").trigger()
    yield 0.5
    assert docker.isVisible()
    for name, shortcut in ACTIONS.items():
        action = ctx.krita.action(name)
        assert action is not None, name
        assert action.text().replace("&", "")
        assert action.shortcut().toString() == shortcut, (name, action.shortcut().toString())
    menu = _menu(ctx.krita.activeWindow().qwindow().menuBar(), "propagate_colors_run")
    assert menu == ["tools", "tools_scripts"] or "script" in menu[-1].lower(), menu


def _menu(parent, name, path=()):
    """Return the names of the menus that lead to an action."""
    for action in parent.actions():
        if action.objectName() == name:
            return list(path)
        if action.menu() is not None:
            found = _menu(action.menu(), name, (*path, action.menu().objectName()))
            if found:
                return found
    return []
