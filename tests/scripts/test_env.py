"""The set-up of demo.py and test.py, without the network: pip is replaced by a recorder."""

import ast
import os
import re
from pathlib import Path

import pytest

from scripts import _env

SCRIPTS = Path(_env.__file__).parent


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout whose environments are empty folders and whose pip writes down its work."""
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    installed = []

    def create(folder):
        python = Path(_env._python_of(folder))
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()

    def pip(python, log, *what):
        installed.append(what[-1])
        return True

    monkeypatch.setattr(_env, "ROOT", str(tmp_path))
    monkeypatch.setattr(_env, "_create", create)
    monkeypatch.setattr(_env, "_runs", os.path.exists)
    monkeypatch.setattr(_env, "_pip", pip)
    return tmp_path, installed


@pytest.mark.parametrize(
    "name", ["demo.py", "test.py", "_browser.py", "_env.py", "_krita_trees.py"]
)
def test_scripts_parse_with_an_old_python(name):
    ast.parse((SCRIPTS / name).read_text("utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize(
    "name", ["demo.py", "test.py", "_browser.py", "_env.py", "_krita_trees.py"]
)
def test_scripts_need_only_the_standard_library(name):
    import sys

    tree = ast.parse((SCRIPTS / name).read_text("utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert names <= set(sys.stdlib_module_names) | {"_browser", "_env", "_krita_trees"}


@pytest.mark.parametrize("version", [(2, 7), (3, 6, 15), (3, 10, 13), (3, 15, 0)])
def test_other_pythons_are_refused_in_one_sentence(version):
    with pytest.raises(_env.SetupError, match=r"^This is Python .*3\.11 to 3\.14: .*\.$"):
        _env.check_python(version)


@pytest.mark.parametrize("version", [(3, 11, 2), (3, 14, 0)])
def test_supported_pythons_pass(version):
    _env.check_python(version)


def test_versions_agree_with_the_package():
    text = (SCRIPTS.parent / "pyproject.toml").read_text("utf-8")
    low, high = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', text).groups()
    assert ((3, int(low)), (3, int(high) - 1)) == (_env.OLDEST, _env.NEWEST)


def test_second_start_installs_nothing(checkout):
    _, installed = checkout
    python = _env.ensure(".venv-demo", ["cpu"])
    assert [entry.rpartition("[")[2] for entry in installed] == ["cpu]"]
    assert _env.ensure(".venv-demo", ["cpu"]) == python
    assert len(installed) == 1


def test_a_changed_package_description_installs_again(checkout):
    root, installed = checkout
    _env.ensure(".venv-demo", ["cpu"])
    (root / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    _env.ensure(".venv-demo", ["cpu"])
    assert len(installed) == 2


def test_without_pytorch_the_training_packages_are_left_out(checkout, monkeypatch):
    tried = []

    def pip(python, log, *what):
        tried.append(what[-1])
        return not what[-1].startswith("torch")

    monkeypatch.setattr(_env, "_pip", pip)
    _env.ensure(".venv-test", ["dev", "cpu"], torch=True)
    assert tried[:-1] == list(_env.TORCH)
    assert tried[-1].endswith("[cpu,dev]")


def test_a_failed_installation_is_tried_again(checkout, monkeypatch):
    def pip(python, log, *what):
        Path(log).write_text("Temporary failure in name resolution")
        return False

    with monkeypatch.context() as patch:
        patch.setattr(_env, "_pip", pip)
        with pytest.raises(_env.SetupError, match="network connection"):
            _env.ensure(".venv-demo", ["cpu"])
    _env.ensure(".venv-demo", ["cpu"])
    assert len(checkout[1]) == 1


def test_no_venv_module_ends_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(_env, "_try", lambda *command: False)
    with pytest.raises(_env.SetupError, match=r"apt-get install python3-venv\) and start"):
        _env._create(str(tmp_path / "environment"))


def test_errors_become_one_line_and_a_code(capsys):
    def fail():
        raise _env.SetupError("One sentence.")

    assert _env.main_of(fail) == 1
    assert capsys.readouterr() == ("", "One sentence.\n")
