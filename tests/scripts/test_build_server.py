"""The files that build servers and pre-commit read name what is really there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="needs the dev extra")

ROOT = Path(__file__).parents[2]


def read(name):
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def commands(job):
    return [step["run"] for step in job["steps"] if "run" in step]


def test_the_workflow_runs_what_ci_runs():
    jobs = read(".github/workflows/ci.yml")["jobs"]
    assert "sh .ci/run" in commands(jobs["all"])
    assert set(jobs["units"]["strategy"]["matrix"]["os"]) == {"windows-latest", "macos-latest"}
    for job in jobs.values():
        assert job["runs-on"]
        assert job["timeout-minutes"] <= 90
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)


def test_the_workflow_names_rooms_of_tests_that_exist():
    (units,) = commands(read(".github/workflows/ci.yml")["jobs"]["units"])
    named = re.findall(r"\S+", units)
    assert named[:2] == ["python", "scripts/test.py"]
    for room in named[2:]:
        assert list((ROOT / room).glob("test_*.py")), room


def test_pre_commit_has_the_versions_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pinned = dict(
        re.findall(
            r"^([\w-]+)==([\w.]+)$", "\n".join(project["optional-dependencies"]["dev"]), re.M
        )
    )
    repos = read(".pre-commit-config.yaml")["repos"]
    assert repos[0]["rev"] == f"v{pinned['ruff']}"
    hooks = [hook["id"] for repo in repos for hook in repo["hooks"]]
    assert hooks == ["ruff-check", "ruff-format", "mypy"]
