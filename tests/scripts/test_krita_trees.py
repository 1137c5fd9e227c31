"""Installing Krita and making trees, with every command replaced by a recorder."""

from pathlib import Path

import pytest

from scripts import _krita_trees as trees
from scripts import test as test_script


@pytest.fixture
def commands(monkeypatch, tmp_path):
    """Record commands; those that hold a word of `failing` fail."""
    seen, failing = [], set()

    def call(command, _messages, _settings):
        seen.append(" ".join(command))
        return not any(word in seen[-1] for word in failing)

    monkeypatch.setattr(trees, "_call", call)
    monkeypatch.setattr(trees, "_is_root", lambda: True)
    monkeypatch.setattr(trees, "_obstacle", lambda: None)
    monkeypatch.setattr(trees, "_mirror", lambda: "http://mirror/debian")
    monkeypatch.setattr(trees, "_configure", lambda *_: None)
    monkeypatch.setattr(trees.shutil, "which", lambda name: None if name == "krita" else name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return seen, failing


@pytest.fixture
def log(tmp_path):
    return str(tmp_path / "krita.log")


def test_krita_is_installed_where_no_password_is_needed(commands, log, monkeypatch):
    trees.install_krita(log)
    assert commands[0][-1].startswith("apt-get install -y --no-install-recommends krita ")
    commands[0].clear()
    monkeypatch.setattr(trees, "_is_root", lambda: False)
    trees.install_krita(log)
    assert commands[0] == []


def test_a_krita_that_is_there_is_left_alone(commands, log, monkeypatch):
    monkeypatch.setattr(trees.shutil, "which", lambda name: name)
    trees.install_krita(log)
    assert commands[0] == []


def test_a_failed_installation_is_reported_with_its_log(commands, log, capsys):
    commands[1].add("install")
    trees.install_krita(log)
    assert log in capsys.readouterr().err


def test_finished_trees_are_left_alone(commands, log):
    trees.make_all(log)
    assert [tree.rsplit("/", 1)[-1] for tree in trees.made()] == [name for name, _ in trees.SUITES]
    assert any("debootstrap --variant=minbase sid" in command for command in commands[0])
    commands[0].clear()
    trees.make_all(log)
    assert commands[0] == []


def test_the_newest_krita_s_tree_is_made_alone(commands, log):
    newest = trees.make_newest(log)
    assert newest.endswith("/experimental")
    assert trees.made() == [newest]
    commands[0].clear()
    assert trees.make_newest(log) == newest
    assert commands[0] == []


def test_without_the_newest_krita_s_tree_a_loud_line_says_so(commands, log, capsys):
    commands[1].add("debootstrap")
    assert trees.make_newest(log) is None
    assert capsys.readouterr().err.count("SKIPPED: the Krita of experimental") == 1


@pytest.mark.parametrize(
    ("ci", "arguments", "codes", "starts", "code"),
    [
        ("", [], [0, 0], 2, 0),
        ("", [], [0, 1], 2, 1),
        ("true", ["tests/in_krita"], [0], 1, 0),
        ("true", [], [0, 0, 0], 3, 0),
        ("true", [], [0, 0, 1], 3, 1),
        ("true", [], [0, 1, 0], 3, 1),
        ("true", [], [1, 0, 0], 3, 1),
    ],
)
def test_a_build_server_ends_with_the_newest_krita(monkeypatch, ci, arguments, codes, starts, code):
    seen, left = [], list(codes)
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(test_script.sys, "argv", ["test.py", *arguments])
    monkeypatch.setattr(test_script._env, "ensure", lambda *_, **__: "python")
    monkeypatch.setattr(
        test_script._env, "run", lambda command: seen.append(command) or left.pop(0)
    )
    monkeypatch.setattr(test_script._env, "install_package", lambda *_: None)
    monkeypatch.setattr(test_script._krita_trees, "install_krita", lambda _: None)
    monkeypatch.setattr(test_script._krita_trees, "make_newest", lambda _: "/trees/experimental")
    assert test_script.main() == code
    assert len(seen) == starts
    assert ("/trees/experimental" in seen[-1]) is (starts == 3)
    if not arguments:
        assert [test_script.IN_KRITA in command for command in seen] == [True] * starts
        assert ["--ignore" in command for command in seen] == [True] + [False] * (starts - 1)


@pytest.mark.parametrize("named", [None, "elsewhere"])
def test_the_lowest_versions_keep_compiled_kernels_of_their_own(monkeypatch, named):
    seen = []
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    if named:
        monkeypatch.setenv("NUMBA_CACHE_DIR", named)
    monkeypatch.setattr(test_script.sys, "argv", ["test.py", "--lowest", "tests/shot"])
    monkeypatch.setattr(test_script._env, "ensure", lambda *_, **__: "python")
    monkeypatch.setattr(test_script._env, "run", lambda *_, env: seen.append(env) or 0)
    assert test_script.main() == 0
    own = str(Path(test_script._env.ROOT, ".venv-lowest", "kernels"))
    assert seen[0]["NUMBA_CACHE_DIR"] == (named or own)


def test_a_tree_that_fails_costs_a_loud_line_and_not_the_others(commands, log, capsys):
    commands[1].add("forky")
    trees.make_all(log)
    assert capsys.readouterr().err.count("SKIPPED: the Krita of forky") == 1
    assert len(trees.made()) == len(trees.SUITES) - 1


def test_where_nothing_may_be_mounted_one_line_says_so(commands, log, capsys, monkeypatch):
    monkeypatch.setattr(trees, "_obstacle", lambda: "this machine may not mount")
    trees.make_all(log)
    assert commands[0] == []
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("SKIPPED")
    assert "may not mount" in line


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], True),
        (["-k", "gap"], True),
        (["tests/"], True),
        (["tests/segmentation", "-k", "gap"], False),
        (["tests/segmentation", "tests/in_krita/test_host.py"], True),
        (["--ignore", "tests/in_krita"], False),
        (["--ignore", "tests/batch", "-q"], True),
    ],
)
def test_krita_is_wanted_only_for_its_own_tests(arguments, wanted):
    assert test_script._wants(arguments, "in_krita") is wanted
