"""Which way imports point, and what the run-time must do without."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRAINING = ("network", "synthesis", "evaluation")
HEAVY = ("torch", "onnx", "onnxscript", "skia", "moderngl", "matplotlib", "scipy")


def imported(path):
    """Names of the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def files(room):
    return sorted((ROOT / room).rglob("*.py"))


def runtime_files():
    rooms = [ROOT / "ant_core" / name for name in TRAINING]
    # The commands that lead into a training room, once they run.
    names = ("evaluate", "train", "finetune")
    rooms += [ROOT / "ant_core" / "commands" / f"{name}.py" for name in names]
    return [p for p in files("ant_core") if not any(r in (p, *p.parents) for r in rooms)]


@pytest.mark.parametrize("path", files("segmentation"), ids=lambda p: p.name)
def test_segmentation_knows_nothing_of_models_files_or_krita(path):
    first = {name.partition(".")[0] for name in imported(path)}
    assert not first & {"ant_core", "krita_plugin", "onnxruntime", "torch", "json", "PyQt5"}


@pytest.mark.parametrize("path", runtime_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_runtime_imports_no_training_code(path):
    names = set(imported(path))
    assert not {name.partition(".")[0] for name in names} & set(HEAVY)
    assert not [name for name in names if name.startswith(tuple(f"ant_core.{r}" for r in TRAINING))]


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
