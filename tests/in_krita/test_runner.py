"""The runner, with shell scripts in the place of Krita and of the virtual screen."""

import json
import sys
from pathlib import Path

import pytest

from tests.in_krita import runner

SCREEN = f"""#!{sys.executable}
import os, sys, time
os.write(int(sys.argv[2]), b"7\\n")
os.close(int(sys.argv[2]))
time.sleep(60)
"""
# $1: what the n-th start does, by lines; each start takes the next one.
KRITA = """#!/bin/sh
count=$(cat {folder}/count 2>/dev/null || echo 0)
echo $((count + 1)) > {folder}/count
exec sh {folder}/start$count "$HOME/.."
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Return a function that sets what each start of Krita does: a result, an exit code."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def script(name, text):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)

    def starts(*what):
        for number, (result, code) in enumerate(what):
            (folder / f"result{number}").write_text(json.dumps(result))
            orders = '$(sed \'s/.*"out": "\\([^"]*\\)".*/\\1/\' "$1/orders.json")'
            copy = f'cp {folder}/result{number} "{orders}/result.json"' if result else ":"
            script(f"start{number}", f"{copy}\nexit {code}\n")

    script("Xvfb", SCREEN)
    script("krita", KRITA.format(folder=folder))
    monkeypatch.setattr(runner, "SYSTEM_PATH", f"{folder}:{runner.SYSTEM_PATH}")
    monkeypatch.setenv("PATH", f"{folder}:{runner.SYSTEM_PATH}")
    return starts


def result(finished, **statuses):
    scenarios = {name: {"status": status, "text": None} for name, status in statuses.items()}
    return {"krita": "5.9", "finished": finished, "running": "x", "scenarios": scenarios}


def run(tmp_path):
    return runner.run(runner.Krita(), ["a", "b"], tmp_path / "out")


def test_a_good_run_is_started_once(fake, tmp_path):
    fake((result(True, a="passed", b="passed"), 0))
    report = run(tmp_path)
    assert (report.version, report.notes) == ("5.9", [])
    assert [report.results[name]["status"] for name in "ab"] == ["passed", "passed"]


@pytest.mark.parametrize("second", ["passed", "failed"])
def test_a_scenario_that_failed_is_tried_once_more_alone_and_noted(fake, tmp_path, second):
    fake((result(True, a="passed", b="failed"), 0), (result(True, b=second), 0))
    report = run(tmp_path)
    assert [report.results[name]["status"] for name in "ab"] == ["passed", second]
    (note,) = report.notes
    assert note.startswith("b failed and was tried again")
    orders = json.loads((tmp_path / "out/try2/result.json").read_text())
    assert set(orders["scenarios"]) == {"b"}
    assert Path(report.results["a"]["place"]).name == "try1"


def test_a_crash_in_the_middle_is_tried_again_with_what_is_left_and_noted(fake, tmp_path):
    fake((result(False, a="passed"), 139), (result(True, b="passed"), 0))
    report = run(tmp_path)
    assert set(report.results) == {"a", "b"}
    (note,) = report.notes
    assert "139" in note
    assert "tried again" in note
    orders = json.loads((tmp_path / "out/try2/result.json").read_text())
    assert set(orders["scenarios"]) == {"b"}


def test_a_crash_while_closing_is_tried_again_too(fake, tmp_path):
    good = result(True, a="passed", b="passed")
    fake((good, 139), (good, 0))
    assert "while closing" in run(tmp_path).notes[0]


def test_two_crashes_are_a_failure(fake, tmp_path):
    fake((None, 1), (None, 1))
    with pytest.raises(runner.KritaFailed, match="gave up"):
        run(tmp_path)


def test_a_tree_is_entered_with_every_folder_once(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    file = tmp_path / "it's.txt"
    file.touch()
    shown = [tmp_path / "a", tmp_path / "a/b", file]
    *unshare, script = runner.in_tree(tmp_path / "tree", shown, ["krita", "x y"])
    assert unshare == ["unshare", "--mount", "sh", "-c"]
    assert script.count(f"mount --rbind {tmp_path}/a ") == 1
    assert f"{tmp_path}/a/b" not in script
    assert "touch" in script
    assert script.splitlines()[0] == "set -e"
    assert "krita" in script.splitlines()[-1]
