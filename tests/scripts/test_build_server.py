"""The files that build servers and pre-commit read name what is really there."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from scripts.packing.project import version

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


def test_the_release_workflow_is_made_of_what_there_is():
    flow = read(".github/workflows/release.yml")
    assert flow[True] == {"push": {"tags": ["v*"]}}  # YAML reads "on" as true
    jobs = flow["jobs"]
    assert set(jobs) == {"models", "make", "try", "draft"}
    for job in jobs.values():
        assert job["runs-on"]
        assert job["timeout-minutes"] <= 90
        assert {need for need in [job.get("needs", [])] if isinstance(need, str)} <= set(jobs)
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
    called = "\n".join(run for job in jobs.values() for run in commands(job))
    for name in re.findall(r"(?:scripts|tests|samples)/[\w/]+(?:\.py)?", called):
        assert (ROOT / name).exists(), name
    # Nothing is published that was not made twice alike and tried; nor by anything but a person.
    assert jobs["draft"]["needs"] == ["make", "try"]
    assert "--draft" in called
    assert called.count("package.py release --models models") == 2
    assert "cp" not in called.split()  # the two are made, not copied
    assert called.index("mv first/SHA256SUMS first_sums") < called.index("--out release")
    assert called.index("--out release") < called.index("cmp first_sums release/SHA256SUMS")


def test_the_release_workflow_tries_every_pack():
    jobs = read(".github/workflows/release.yml")["jobs"]
    settings = tomllib.loads((ROOT / "scripts/packing/platforms.toml").read_text("utf-8"))
    tried = {row["platform"] for row in jobs["try"]["strategy"]["matrix"]["include"]}
    assert tried | {"linux-x86_64"} == set(settings["platforms"])


def test_the_workflow_makes_no_release_of_another_version_than_the_tag_says():
    (check,) = (
        run
        for run in commands(read(".github/workflows/release.yml")["jobs"]["make"])
        if "GITHUB_REF_NAME" in run
    )
    for tag, code in ((f"v{version(ROOT)}", 0), ("v0.0.1", 1)):
        variables = {"GITHUB_REF_NAME": tag, "PATH": os.environ["PATH"]}
        assert subprocess.call(["sh", "-c", check], cwd=ROOT, env=variables) == code


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
