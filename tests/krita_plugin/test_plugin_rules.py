"""What holds for every file of the plugin."""

import ast
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[2] / "krita_plugin" / "propagate_colors"
FILES = sorted(PLUGIN.rglob("*.py"))
# Where Krita may be called: the host, what Krita loads, and the docker with its base class.
HOST = {
    "__init__.py",
    "extension.py",
    "host/dabs.py",
    "host/document.py",
    "host/new_document.py",
    "host/hand.py",
    "host/history.py",
    "host/steps.py",
    "host/timeline_cells.py",
    "host/writing.py",
    "ui/docker.py",
}


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


def test_there_are_files():
    assert len(FILES) > 10
    assert {path.relative_to(PLUGIN).as_posix() for path in FILES} >= HOST


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PLUGIN)))
def test_the_oldest_python_can_read_it(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PLUGIN)))
def test_it_imports_the_standard_library_and_qt_alone(path):
    allowed = set(sys.stdlib_module_names)
    if path == PLUGIN / "qt.py":
        allowed |= {"PyQt5", "PyQt6"}
    if path.relative_to(PLUGIN).as_posix() in HOST:
        allowed |= {"krita"}
    names = set(imports(ast.parse(path.read_text(encoding="utf-8"))))
    assert names <= allowed


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PLUGIN)))
def test_annotations_are_not_evaluated_where_the_oldest_python_could_not(path):
    text = path.read_text(encoding="utf-8")
    newer = [node for node in ast.walk(ast.parse(text)) if _is_newer_annotation(node)]
    assert not newer or "from __future__ import annotations" in text


def _is_newer_annotation(node):
    """Tell whether an annotation uses `X | Y` or `list[X]`."""
    if isinstance(node, ast.arg | ast.AnnAssign):
        found = node.annotation
    elif isinstance(node, ast.FunctionDef):
        found = node.returns
    else:
        return False
    parts = [] if found is None else list(ast.walk(found))
    return any(
        (isinstance(part, ast.BinOp) and isinstance(part.op, ast.BitOr))
        or (
            isinstance(part, ast.Subscript)
            and isinstance(part.value, ast.Name)
            and part.value.id in {"list", "dict", "tuple", "set", "type"}
        )
        for part in parts
    )
