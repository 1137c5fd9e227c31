"""Which way imports point, and what the run-time must do without."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "onnx", "onnxscript", "skia", "moderngl", "matplotlib", "scipy")

# The floors of ant_core from the top down. A module imports its own room and rooms below it, never
# a room above or beside. ARCHITECTURE.md draws them.
FLOORS = (
    ("__main__",),
    ("cli",),
    ("commands",),
    ("batch", "doctor"),
    ("engine", "workflow"),
    ("api",),
    ("training", "output"),
    ("propagation",),
    ("models", "shot"),
    ("matching", "formats"),
    ("color",),
    ("locks",),
    ("files", "guard", "logs", "reporter"),
    ("errors", "schemas"),
    ("__init__",),
)
# Rooms within training, from the top down.
TRAINING = (("pixels",), ("evaluation", "network"), ("synthesis",), ("data",))
# The only modules outside training that may import it, and they do so inside their functions.
DOORS = tuple(f"ant_core.commands.{name}" for name in ("evaluate", "finetune", "train"))


@cache
def imported(text: str) -> tuple[tuple[str, bool], ...]:
    """Return every module or name that a module imports, and whether a function does it."""
    return tuple(_imported(ast.parse(text)))


def _imported(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    lazy = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node in lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((f"{node.module}.{alias.name}", node in lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), node in lazy
        elif name := _name_called(node):
            yield name, node in lazy


def _name_called(node: ast.AST) -> str:
    """Return what a call of `import_module` imports, "package.*" where a field ends its text."""
    if not isinstance(node, ast.Call) or not node.args:
        return ""
    if getattr(node.func, "attr", getattr(node.func, "id", "")) not in (
        "import_module",
        "__import__",
    ):
        return ""
    name = node.args[0]
    if isinstance(name, ast.JoinedStr):
        return f"{getattr(name.values[0], 'value', '')}*"
    return str(name.value) if isinstance(name, ast.Constant) else ""


@cache
def sources() -> dict[str, str]:
    """Return the text of every module of both packages, by dotted name."""
    paths = [path for room in ("segmentation", "ant_core") for path in (ROOT / room).rglob("*.py")]
    return {module_name(path): path.read_text("utf-8") for path in paths}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def arrows(modules: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    """Return importer, imported module of these, and whether lazily, for every import."""
    found = []
    for name, text in modules.items():
        for what, lazy in imported(text):
            # `from package import name` may mean a module or something in the package.
            target = next(
                (known for known in (what, what.rpartition(".")[0]) if known in modules), ""
            )
            one_of_its_own = what.endswith(".*") and name.startswith(f"{target}.")
            if target and target != name and not one_of_its_own:
                found.append((name, target, lazy))
    return found


def wrong_imports(modules: Mapping[str, str]) -> list[str]:
    """Say which imports run up a floor, across it, through the wall of training, or relatively."""
    floor = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
    inside = {room: level for level, rooms in enumerate(TRAINING) for room in rooms}
    wrong = [
        f"{name} imports {target} relatively"
        for name, text in modules.items()
        for target, _ in imported(text)
        if target.startswith(".")
    ]
    for name, target, lazy in arrows(modules):
        here, there = name.split("."), target.split(".")
        if here[0] == "segmentation":
            if there[0] != "segmentation":
                wrong.append(f"{name} imports {target}: segmentation knows nothing of ant_core")
            continue
        if there[0] == "segmentation":
            continue
        room, other = _room(here), _room(there)
        if other == "training" and room != "training":
            if name not in DOORS or not lazy:
                wrong.append(f"{name} imports {target} through the wall")
        elif room != other and floor[room] >= floor[other]:
            wrong.append(f"{name} imports {target}, which is not below it")
        elif room == other == "training" and len(here) > 2 and len(there) > 2:
            a, b = here[2], there[2]
            if a != b and inside[a] > inside[b]:
                wrong.append(f"{name} imports {target}, which is not below it")
    return wrong


def _room(parts: list[str]) -> str:
    return parts[1] if len(parts) > 1 else "__init__"


def circles(modules: Mapping[str, str]) -> list[list[str]]:
    """Return every group of modules that import each other in a circle, lazily or not."""
    below: dict[str, set[str]] = {name: set() for name in modules}
    for name, target, _ in arrows(modules):
        below[name].add(target)
    # What is left after taking away, again and again, modules that import nothing of the rest.
    while True:
        free = {name for name, targets in below.items() if not targets & below.keys()}
        if not free:
            break
        below = {name: targets for name, targets in below.items() if name not in free}
    return [sorted(below)] if below else []


def test_every_import_points_down():
    assert wrong_imports(sources()) == []


def test_no_modules_import_each_other_in_a_circle():
    assert circles(sources()) == []


@pytest.mark.parametrize(
    ("module", "line", "what"),
    [
        ("ant_core.formats.png", "from ant_core.shot.shot import Shot", "not below"),
        ("ant_core.formats.png", "def f():\n    import ant_core.engine.server", "not below"),
        ("ant_core.workflow.cels", "from ant_core.engine.session import ShotSession", "not below"),
        ("ant_core.batch.task", "def f():\n    from ant_core.cli import main", "not below"),
        ("ant_core.api.propagate", "from ant_core.workflow.cels import run_cels", "not below"),
        ("ant_core.output.memory", "from ant_core.api.arrays import ArrayFrames", "not below"),
        ("ant_core.errors", "from ant_core import files", "not below"),
        ("ant_core.output.report", "from ant_core.training.data import clips", "wall"),
        ("ant_core.commands.train", "from ant_core.training.network import train", "wall"),
        ("ant_core.commands.serve", "def f():\n    import ant_core.training.data", "wall"),
        (
            "ant_core.commands.serve",
            "def f():\n    importlib.import_module('ant_core.training.data.clips')",
            "wall",
        ),
        (
            "ant_core.workflow.cels",
            "def f(name):\n    importlib.import_module(f'ant_core.training.{name}')",
            "wall",
        ),
        ("ant_core.formats.png", "importlib.import_module(f'ant_core.engine.{x}')", "not below"),
        ("ant_core.training.data.clips", "import ant_core.training.synthesis.clip", "not below"),
        ("segmentation.lines", "from ant_core.errors import AntError", "knows nothing"),
        ("ant_core.formats.png", "from .pictures import picture_format", "relatively"),
    ],
)
def test_a_planted_wrong_import_is_found(module, line, what):
    modules = sources()
    planted = modules | {module: f"{modules[module]}\n{line}\n"}
    (found,) = wrong_imports(planted)
    assert found.startswith(module)
    assert what in found


@pytest.mark.parametrize("line", ["from {} import x", "def f():\n    from {} import x"])
def test_a_planted_circle_is_found(line):
    modules = sources()
    above, below = next((a, b) for a, b, _ in arrows(modules) if a.startswith("ant_core.formats"))
    planted = modules | {below: f"{modules[below]}\n{line.format(above)}\n"}
    (found,) = circles(planted)
    assert {above, below} <= set(found)


def test_every_room_has_a_floor():
    rooms = {_room(name.split(".")) for name in sources() if name.startswith("ant_core")}
    assert rooms == {room for rooms in FLOORS for room in rooms}


@pytest.mark.parametrize("name", [n for n in sources() if n.startswith("segmentation")])
def test_segmentation_knows_nothing_of_models_files_or_krita(name):
    first = {target.partition(".")[0] for target, _ in imported(sources()[name])}
    assert not first & {"ant_core", "krita_plugin", "onnxruntime", "torch", "json", "PyQt5"}


@pytest.mark.parametrize(
    "name", [n for n in sources() if ".training" not in n and n not in (*DOORS,)]
)
def test_runtime_imports_no_training_package(name):
    first = {target.partition(".")[0] for target, _ in imported(sources()[name])}
    assert not first & set(HEAVY)


def test_a_run_loads_no_training_package(sample, tmp_path):
    loaded = set(HEAVY) - {"scipy"}  # Numba looks whether it is there
    code = (
        "import sys\n"
        "from ant_core.cli import main\n"
        "code = main(sys.argv[1:])\n"
        f"print(sorted(set(sys.modules) & {loaded!r}), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    arguments = ["propagate", str(sample), "--out", str(tmp_path / "out"), "--frames", "1-3"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.rstrip().endswith("[]")


def assemblers(modules: Mapping[str, str]) -> set[str]:
    """Name the modules that lay out a shot or a run themselves, where all callers have one door."""
    return {
        name
        for name, text in modules.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in ("Propagation", "load_shot")
    }


def test_files_programs_and_arrays_come_to_a_run_through_one_door():
    door = "ant_core.propagation.assemble"
    assert assemblers(sources()) == {door}
    users = {name for name, target, _ in arrows(sources()) if target == door}
    assert {"ant_core.api.propagate", "ant_core.engine.session"} <= users
    assert {"ant_core.workflow.propagate", "ant_core.workflow.krita_document"} <= users


def test_a_planted_second_door_is_found():
    name = "ant_core.api.propagate"
    planted = sources() | {name: "from ant_core.propagation import run\nrun.Propagation(shot)"}
    assert name in assemblers(planted)


def test_the_package_itself_loads_nothing_but_python():
    code = (
        "import sys; before = set(sys.modules); import ant_core\n"
        "print(sorted({m.partition('.')[0] for m in set(sys.modules) - before}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "['ant_core']\n"


# ---- what the command line's own types may reach

PARSED = re.compile(r"\bNamespace\b")
# Where a parsed command line may be handed on; everything else takes options with a type.
MAY_TAKE_PARSED = ("ant_core.cli", "ant_core.commands.", "ant_core.workflow.options")


def takes_parsed(modules: Mapping[str, str]) -> list[str]:
    """Name the functions and fields outside the command line that take a parsed one."""
    found = []
    for name, text in modules.items():
        if name.startswith("ant_core") and not name.startswith(MAY_TAKE_PARSED):
            found += [f"{name}: {hint}" for hint in _hints(ast.parse(text)) if PARSED.search(hint)]
    return found


def _hints(tree: ast.AST) -> Iterator[str]:
    """Yield every annotation and every alias that may stand for one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield ast.unparse(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            yield ast.unparse(node.returns)
        elif isinstance(node, ast.Assign):
            yield ast.unparse(node.value)


def test_a_parsed_command_line_goes_no_further_than_the_commands():
    assert takes_parsed(sources()) == []


@pytest.mark.parametrize(
    "text",
    [
        "def f(options: argparse.Namespace) -> int: ...",
        "def f(*, options: 'Namespace | None' = None): ...",
        "async def f() -> list[argparse.Namespace]: ...",
        "class Task:\n    options: argparse.Namespace",
        "RunOne = Callable[[argparse.Namespace], int]",
        "options = argparse.Namespace(**chosen)",
    ],
)
def test_a_planted_parsed_command_line_is_found(text):
    (found,) = takes_parsed({"ant_core.batch.task": text})
    assert found.startswith("ant_core.batch.task")
    assert takes_parsed({"ant_core.commands.batch": text}) == []
