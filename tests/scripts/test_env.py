"""The set-up of demo.py and test.py, without the network: pip is replaced by a recorder."""

import ast
import os
import re
import sys
import tomllib
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


@pytest.mark.parametrize("name", ["demo.py", "test.py", "_env.py", "_krita_trees.py"])
def test_scripts_parse_with_an_old_python(name):
    ast.parse((SCRIPTS / name).read_text("utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize("name", ["demo.py", "test.py", "_env.py", "_krita_trees.py"])
def test_scripts_need_only_the_standard_library(name):
    import sys

    tree = ast.parse((SCRIPTS / name).read_text("utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert names <= set(sys.stdlib_module_names) | {"_env", "_krita_trees"}


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


def test_the_lowest_versions_are_uvs_to_find(checkout, monkeypatch):
    root, installed = checkout
    (root / "pyproject.toml").write_text('[project]\nrelease = ["uv==0.1.2"]\n')
    commands = []
    monkeypatch.setattr(_env, "_logged", lambda command, log: commands.append(command) or True)
    _env.ensure(".venv-lowest", ["cpu", "train"], lowest=True)
    assert installed == ["uv==0.1.2"]
    (command,) = commands
    assert command[command.index("--resolution") + 1] == "lowest-direct"
    assert command[-1].endswith("[cpu,train]")
    assert Path(command[command.index("--excludes") + 1]).read_text() == "torch\n"


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


# ---- the list of hashes that the build server installs from


def test_the_tests_are_installed_from_hashes_where_the_list_is_for_this_system(
    checkout, monkeypatch
):
    root, installed = checkout
    (root / "scripts").mkdir()
    (root / _env.LOCK).write_text("one==1 --hash=sha256:0\n")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(_env.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(sys, "version_info", (3, 11, 2, "final", 0))
    _env.ensure(".venv-test", ["cpu", "dev"])
    assert installed == [_env.LOCK, str(root)]
    (root / _env.LOCK).write_text("one==2 --hash=sha256:0\n")
    _env.ensure(".venv-test", ["cpu", "dev"])
    assert len(installed) == 4
    _env.ensure(".venv-demo", ["cpu"])
    assert installed[4].endswith("[cpu]")
    monkeypatch.setattr(_env.platform, "machine", lambda: "aarch64")
    _env.ensure(".venv-test", ["cpu", "dev"])
    assert installed[5].endswith("[cpu,dev]")


def test_the_list_has_what_the_project_asks_for_and_no_address():
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lines = (SCRIPTS.parent / _env.LOCK).read_text("utf-8").splitlines()
    pinned = {}
    for line in lines:
        if not line.startswith("#"):
            name, found = re.fullmatch(r"(\S+)==(\S+) --hash=sha256:[0-9a-f]{64}", line).groups()
            pinned[canonicalize_name(name)] = found
    assert "://" not in "".join(lines)
    project = tomllib.loads((SCRIPTS.parent / "pyproject.toml").read_text("utf-8"))["project"]
    extras = ("cpu", "dev", "farm", "formats", "release", "site", "train")
    asked = [*project["dependencies"]]
    asked += [line for name in extras for line in project["optional-dependencies"][name]]
    on_server = {
        "sys_platform": "linux",
        "platform_machine": "x86_64",
        "python_version": "3.11",
    }
    for text in asked:
        wanted = Requirement(text)
        if wanted.name == "torch" or (wanted.marker and not wanted.marker.evaluate(on_server)):
            continue
        version = pinned[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(version), f"{text}: run scripts/package.py requirements"


@pytest.mark.parametrize(
    ("there", "calls"),
    [({"apt-get"}, 2), ({"apt-get", "b-stable"}, 0), ({"apt-get", "b"}, 0), (set(), 0)],
)
def test_a_package_is_installed_where_none_of_its_programs_is_there(
    monkeypatch, capsys, there, calls
):
    commands = []
    monkeypatch.setattr(_env.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(_env.shutil, "which", lambda name: name if name in there else None)
    monkeypatch.setattr(
        _env,
        "_logged",
        lambda command, log, settings: commands.append(command) or len(commands) < 2,
    )
    _env.install_package("b", "apt.log", ("b-stable",))
    assert [command[1] for command in commands] == ["update", "install"][:calls]
    assert ("SKIPPED: b could not be installed; see apt.log" in capsys.readouterr().err) is bool(
        calls
    )
