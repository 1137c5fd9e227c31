"""The ways of docs/other_programs.md, run as they stand there, with the programs themselves."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support.command_line import ROOT, environment

PAGE = ROOT / "docs" / "other_programs.md"
EXAMPLES = ROOT / "samples" / "other_programs"
MOST_BYTES = 32_000  # of an example
# Folder of the example, what it needs to be run, frames of its shot.
WAYS = {
    "Synfig": ("synfig", ["synfig"], 8),
    "Pencil2D": ("pencil2d", ["pencil2d"], 4),
    "Blender": ("blender", ["blender", "xvfb-run"], 8),
}

pytestmark = pytest.mark.slow


def commands(program: str) -> str:
    """Return the commands of a program's section."""
    (section,) = re.findall(rf"^## {program} .*?(?=^## )", PAGE.read_text("utf-8"), re.M | re.S)
    (block,) = re.findall(r"```bash\n(.*?)```", section, re.S)
    return str(block)


def run_way(program: str, folder: Path) -> None:
    """Run the commands in a copy of the example's folder."""
    example, needed, _ = WAYS[program]
    missing = [name for name in needed if shutil.which(name) is None]
    if missing:
        packages = {"xvfb-run": "xvfb xauth"}
        wanted = " ".join(packages.get(name, name) for name in missing)
        pytest.skip(f"needs {' and '.join(missing)}: apt install {wanted}")
    shutil.copytree(EXAMPLES / example, folder)
    tools = folder / "tools"
    tools.mkdir()
    for name, more in (("python", ""), ("ant_core", " -m ant_core")):
        script = f'#!/bin/sh\nexec {shlex.quote(sys.executable)}{more} "$@"\n'
        (tools / name).write_text(script)
        (tools / name).chmod(0o755)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands(program)],
        cwd=folder,
        env=environment() | {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def pictures(folder: Path) -> list[np.ndarray]:
    return [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted(folder.glob("*.png"))]


def counts(picture: np.ndarray) -> dict[tuple[int, ...], int]:
    """Count the opaque pixels of every colour."""
    values, found = np.unique(picture.reshape(-1, 4), axis=0, return_counts=True)
    colors = zip(values.tolist(), found.tolist(), strict=True)
    return {tuple(value): count for value, count in colors if value[3] == 255}


def away_from_lines(drawing: np.ndarray) -> np.ndarray:
    """Return where paper, or nothing, is on and all around a pixel."""
    paper = (drawing[:, :, :3].min(axis=2) > 250) | (drawing[:, :, 3] == 0)
    return cv2.erode(paper.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0


@pytest.mark.parametrize("program", WAYS)
def test_colours_go_there_and_come_back(program, tmp_path):
    folder = tmp_path / "way"
    run_way(program, folder)
    shown, lines = pictures(folder / "final"), pictures(folder / "shot" / "line")
    painted = pictures(folder / "painted" / "color")
    assert len(shown) == len(lines) == len(painted) == WAYS[program][2]
    (given,) = pictures(folder / "shot" / "color")
    # Of what else there is, softened edges, no colour has so many pixels.
    paints = {color: count for color, count in counts(given).items() if count > 100}
    assert len(paints) >= 6
    for number, (picture, drawing, coloured) in enumerate(zip(shown, lines, painted, strict=True)):
        assert picture.shape == drawing.shape == coloured.shape
        exact = counts(coloured)
        if number:  # the painted frame itself has soft edges
            assert set(exact) == set(paints), number
        for color, count in paints.items():
            # Parts turn and hide each other; lines lie over them.
            assert 0.7 * count < exact[color] < 1.6 * count, (number, color)
        seen = away_from_lines(drawing) & (coloured[:, :, 3] == 255)
        off = np.abs(picture[seen][:, :3].astype(int) - coloured[seen][:, :3]).max(axis=1)
        assert (off <= 1).mean() > 0.999, number  # Blender's compositor may be one level off
        ink = (drawing[:, :, :3].max(axis=2) < 60) & (drawing[:, :, 3] == 255)
        assert ink.sum() > 500
        assert (picture[ink][:, :3].max(axis=1) < 110).mean() > 0.98, number


@pytest.mark.parametrize("program", WAYS)
def test_examples_are_small(program):
    files = [path for path in (EXAMPLES / WAYS[program][0]).rglob("*") if path.is_file()]
    assert 0 < sum(path.stat().st_size for path in files) < MOST_BYTES
