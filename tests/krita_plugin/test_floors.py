"""The plugin's floors: imports point down, never up, never across and never in a circle."""

import ast
import functools
import graphlib
import shutil
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[2] / "krita_plugin" / "propagate_colors"
NAMES = ("propagate_colors", "krita_plugin.propagate_colors")  # in Krita, and in the tests

# Top to bottom. A floor is one room, or two that do not import each other; a room is a folder, or
# the files at the root that are named here. Files of one room may import one another.
COMMANDS = ("controller", "choosing", "engines", "explaining", "fixing", "reviewing", "sheets",
            "showing", "suggesting")  # fmt: skip
FLOORS = (
    {
        "the top": (
            "__init__",
            "extension",
            *COMMANDS,
            "open_documents",
            "editing",
            "viewing",
            "messages",
        )
    },
    {"ui": ("ui",), "work": ("work",)},
    {"host": ("host",), "link": ("link",)},
    {"state": ("state",)},
    {"the base": ("i18n", "log", "pauses", "qt", "settings", "signals", "version")},
)
# What the floors alone would allow: widgets ask the controller alone, state needs no Qt.
NEVER = {("ui", "host"), ("ui", "link"), ("state", "qt")}

PLACES = {
    name: (floor, room)
    for floor, rooms in enumerate(FLOORS)
    for room, names in rooms.items()
    for name in names
}


def read(folder):
    """Return the text of every file by its path below `folder`, like "host/steps.py"."""
    paths = sorted(folder.rglob("*.py"))
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}


def problems(files):
    """Return one sentence for every import that is wrong in `files`, texts by path."""
    graph = {path: set(imported(path, text, files)) for path, text in files.items()}
    found = [f"{path}: has no floor" for path in files if _name(path) not in PLACES]
    for path, targets in graph.items():
        reasons = (_why_not(path, target) for target in targets)
        found += [f"{path}: {reason}" for reason in reasons if reason]
    there = {path: targets & files.keys() for path, targets in graph.items()}
    try:
        graphlib.TopologicalSorter(there).prepare()
    except graphlib.CycleError as error:
        found.append("circle: " + ", ".join(sorted(set(error.args[1]))))
    return sorted(found)


def imported(path, text, files):
    """Yield what a file imports of the plugin, anywhere in it: paths, or "?" and what is not there.

    Python runs the __init__.py of every folder on the way too; that is not counted.
    """
    here = path.split("/")[:-1]
    for level, module, name in imports(text):
        below = _below(level, module, here)
        if below is not None:
            file = _file([*below, name], files) or _file(below, files)
            yield file or f"?{'.' * level}{module}"


@functools.cache
def imports(text):
    """Return level, module and name of every import in a text; one made by a call has no name."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [(0, alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.level, node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Call) and _called(node) in {"import_module", "__import__"}:
            found.append((0, f"{_called(node)}()", ""))
    return found


def _below(level, module, here):
    """Return a module's names below the plugin; None when it is not the plugin's."""
    if level:
        base = here[: len(here) + 1 - level] if level <= len(here) + 1 else ["?"]
        return base + (module.split(".") if module else [])
    if module.endswith("()"):
        return [module]
    for name in NAMES:
        if module == name or module.startswith(f"{name}."):
            return [part for part in module[len(name) :].split(".") if part]
    return None


def _file(parts, files):
    """Return the path of a module or package among `files`, or None."""
    name = "/".join(part for part in parts if part)
    paths = (f"{name}.py", f"{name}/__init__.py".lstrip("/"))
    return next((path for path in paths if path in files), None)


def _called(call):
    return getattr(call.func, "attr", None) or getattr(call.func, "id", None)


def _name(path):
    return path.split("/", maxsplit=1)[0].removesuffix(".py")


def _why_not(path, target):
    if target.startswith("?"):
        return f"cannot tell what {target[1:]} imports"
    if _name(path) not in PLACES or _name(target) not in PLACES:
        return ""  # told of once already
    (floor, room), (its_floor, its_room) = PLACES[_name(path)], PLACES[_name(target)]
    if its_floor < floor:
        return f"imports {target}, up from {room} to {its_room}"
    if its_floor == floor and its_room != room:
        return f"imports {target}, across from {room} to {its_room}"
    if (_name(path), _name(target)) in NEVER:
        return f"imports {target}, which {room} must do without"
    return ""


def test_imports_point_down():
    assert problems(read(PLUGIN)) == []


def test_every_place_in_the_table_exists():
    assert {_name(path) for path in read(PLUGIN)} == set(PLACES)


@pytest.fixture
def tree(tmp_path):
    """A copy of the plugin in which lines can be planted."""
    return Path(shutil.copytree(PLUGIN, tmp_path / "propagate_colors"))


def plant(tree, path, text):
    """Append to a file, or make it; return what is then wrong."""
    with open(tree / path, "a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")
    return problems(read(tree))


UP = [
    ("state/new.py", "from ..host.document import Host", "host/document.py, up from state to host"),
    ("state/new.py", "from ..link import requests", "link/requests.py, up from state to link"),
    ("host/new.py", "from ..work import jobs", "work/jobs.py, up from host to work"),
    ("link/new.py", "from ..work.jobs import Runner", "work/jobs.py, up from link to work"),
    ("ui/new.py", "from ..controller import Controller", "controller.py, up from ui to the top"),
    ("work/new.py", "from .. import viewing", "viewing.py, up from work to the top"),
    ("work/new.py", "from .. import __version__", "__init__.py, up from work to the top"),
    ("signals.py", "from .state import model", "state/model.py, up from the base to state"),
    ("signals.py", "from . import state", "state/__init__.py, up from the base to state"),
]
ACROSS = [
    (
        "host/new.py",
        "from ..link.requests import EngineRequests",
        "link/requests.py, across from host to link",
    ),
    ("link/new.py", "from ..host import steps", "host/steps.py, across from link to host"),
    ("ui/new.py", "from ..work import tasks", "work/tasks.py, across from ui to work"),
    ("work/new.py", "from ..ui.look import flags", "ui/look.py, across from work to ui"),
]
WITHOUT = [
    ("ui/new.py", "from ..host import pictures", "host/pictures.py, which ui must do without"),
    ("ui/new.py", "from ..link import requests", "link/requests.py, which ui must do without"),
    ("state/new.py", "from ..qt import QtGui", "qt.py, which state must do without"),
]


@pytest.mark.parametrize(("path", "line", "told"), UP + ACROSS + WITHOUT)
@pytest.mark.parametrize(
    "wrap",
    [
        "{}",
        "def lazy():\n    {}",
        "class Late:\n    def lazy(self):\n        if self:\n            {}",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {}",
        "try:\n    {}\nexcept ImportError:\n    pass",
    ],
    ids=["plain", "function", "method", "typing", "try"],
)
def test_a_planted_wrong_import_is_found(tree, path, line, told, wrap):
    assert plant(tree, path, wrap.format(line)) == [f"{path}: imports {told}"]


@pytest.mark.parametrize(
    "line",
    [
        "import propagate_colors.work.jobs",
        "import krita_plugin.propagate_colors.work.jobs as work_jobs",
        "from propagate_colors.work import jobs",
        "from propagate_colors.work.jobs import Runner",
        "from krita_plugin.propagate_colors.work.jobs import Runner",
    ],
)
def test_an_absolute_import_counts_too(tree, line):
    told = "link/new.py: imports work/jobs.py, up from link to work"
    assert plant(tree, "link/new.py", line) == [told]


@pytest.mark.parametrize(
    ("path", "line", "members"),
    [
        ("state/pixels.py", "from .journal import Entry", "state/journal.py, state/pixels.py"),
        ("i18n.py", "from . import settings", "i18n.py, settings.py"),
        ("state/model.py", "from . import model", "state/model.py"),
    ],
)
@pytest.mark.parametrize("wrap", ["{}", "def lazy():\n    {}"], ids=["plain", "function"])
def test_a_planted_circle_is_found(tree, path, line, members, wrap):
    assert plant(tree, path, wrap.format(line)) == [f"circle: {members}"]


def test_a_circle_of_three_files_is_found(tree):
    plant(tree, "work/one.py", "from . import two")
    plant(tree, "work/two.py", "from .three import x")
    found = plant(tree, "work/three.py", "x = 1\n\ndef lazy():\n    from .one import two")
    assert found == ["circle: work/one.py, work/three.py, work/two.py"]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("from ..host.gone import x", "..host.gone"),
        ("from ..gone import x", "..gone"),
        ("from ... import x", "..."),
        ("import propagate_colors.gone", "propagate_colors.gone"),
        ("import importlib\nimportlib.import_module('propagate_colors.ui')", "import_module()"),
        ("__import__('propagate_colors.ui')", "__import__()"),
    ],
)
def test_an_import_that_cannot_be_followed_is_found(tree, line, named):
    told = f"work/new.py: cannot tell what {named} imports"
    assert plant(tree, "work/new.py", line) == [told]


def test_a_new_file_at_the_root_needs_a_floor(tree):
    assert plant(tree, "new.py", "from .work import jobs") == ["new.py: has no floor"]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("state/new.py", "from ..i18n import tr"),
        ("host/new.py", "from ..state import pixels"),
        ("work/new.py", "from ..link.requests import EngineRequests"),
        ("work/new.py", "from .jobs import Runner"),
        ("ui/new.py", "from ..state.model import FrameRow"),
        ("viewing.py", "from .ui import look"),
        ("link/new.py", "import json, os.path\nfrom collections import deque"),
    ],
)
def test_a_right_import_is_no_problem(tree, path, line):
    assert plant(tree, path, line) == []
