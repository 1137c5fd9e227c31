"""A run that is stopped while it replaces what an earlier one made: picture and report agree."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from ant_core.files import WholeFiles
from ant_core.propagation.memory import RunState
from scripts.attacks.kills import difference, outputs_of
from tests.formats.kra_builder import Builder, Frame, Paint
from tests.support.drawn import BOXES, SIZE, line_drawing, load, make_shot, painting, save, shadow
from tests.support.reports import frames_of
from tests.workflow.test_kra_shot import ink

REPAINTED = (9, 8, 7, 255)


class Killed(BaseException):
    """The process is gone at this point."""


class Death:
    """Ends the process before a write: a file that gets its name, a line of the ledger."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, write: int) -> None:
        self.left = write
        for kind, name in ((WholeFiles, "write_pieces"), (RunState, "_append")):
            monkeypatch.setattr(kind, name, self.before(getattr(kind, name)))

    def before(self, write):
        def write_or_die(*arguments, **named):
            self.left -= 1
            if self.left <= 0:  # the threads of a process end together
                raise Killed
            return write(*arguments, **named)

        return write_or_die


def folder(root: Path) -> list[object]:
    """Write a shot of three drawings; frames 4 and 5 show the second one again."""
    shot = make_shot(root / "shot", frames=range(1, 4))
    second = shot / "line" / "0002.png"
    shutil.copy(second, shot / "line" / "0004.png")
    # The same pixels in other bytes: a drawing of its own until it is read.
    packed = cv2.imencode(".png", line_drawing(1), [cv2.IMWRITE_PNG_COMPRESSION, 0])[1].tobytes()
    assert packed != second.read_bytes()
    (shot / "line" / "0005.png").write_bytes(packed)
    save(shot / "shadow" / "0001.png", shadow())
    return ["propagate", shot, "--out", root / "out", "--shade", "shadow"]


def document(root: Path) -> list[object]:
    """Write the same as a document, without the drawing in other bytes."""
    lines = Paint("Line", {t: Frame(ink(step)) for t, step in enumerate((0, 1, 2, 1))})
    layers = [lines, Paint("Shadow", {0: Frame(shadow())}), Paint("Color", {0: Frame(first())})]
    shot = Builder(SIZE[1], SIZE[0], "shot").write(root / "shot.kra", layers)
    names = ("--line", "Line", "--color", "Color", "--shade", "Shadow")
    return ["propagate", shot, *names, "--out", root / "out" / "out.kra"]


def first(color=None) -> np.ndarray:
    image = painting(0)
    if color is not None:
        (x, y, width, height), _ = BOXES[0]
        image[y : y + height + 1, x : x + width + 1] = color
    return image


def repaint(root: Path) -> None:
    """Give a box of the painted frame another colour."""
    if (root / "shot").exists():
        save(root / "shot" / "color" / "0001.png", first(REPAINTED))
        return
    lines = Paint("Line", {t: Frame(ink(step)) for t, step in enumerate((0, 1, 2, 1))})
    color = Paint("Color", {0: Frame(first(REPAINTED))})
    layers = [lines, Paint("Shadow", {0: Frame(shadow())}), color]
    Builder(SIZE[1], SIZE[0], "shot").write(root / "shot.kra", layers)


def hint(root: Path) -> list[object]:
    """Hint the second drawing."""
    frame = 2 if (root / "shot").exists() else 1
    (x, y, width, height), _ = BOXES[0]
    point = [x + 1 + width // 2, y + height // 2]
    hints = [{"frame": frame, "point": point, "color": list(REPAINTED)}]
    (root / "hints.json").write_text(json.dumps({"schema": 1, "hints": hints}), "utf-8")
    return ["--hints", root / "hints.json"]


def made(root: Path) -> dict[str, object]:
    """Return pictures and report; what the page says of earlier runs is history."""
    return {name: what for name, what in outputs_of(root / "out").items() if "review" not in name}


@pytest.mark.parametrize("change", [repaint, hint])
@pytest.mark.parametrize("make", [folder, document])
def test_stopped_before_any_write_of_a_second_run_and_run_again(
    cli, tmp_path, monkeypatch, make, change
):
    work, kept = tmp_path / "work", tmp_path / "kept"  # one place: reports hold paths
    work.mkdir()
    command = make(work)
    assert cli(*command).code == 0
    before = made(work)
    command += change(work) or []
    shutil.copytree(work, kept)
    assert cli(*command).code == 0
    calm, wrong = made(work), []
    assert calm != before
    write, died = 0, True
    while died:
        write += 1
        shutil.rmtree(work)
        shutil.copytree(kept, work)
        died = False
        with monkeypatch.context() as patched:
            death = Death(patched, write)
            try:
                cli(*command)
            except Killed:
                died = True
        assert died == (death.left <= 0)
        assert cli(*command).code == 0
        if made(work) != calm:
            wrong.append(f"write {write}: {difference(calm, made(work))}")
    assert not wrong
    assert write > 20


def test_a_part_of_the_shot_that_is_run_again_leaves_no_old_picture_beside_a_new_record(
    cli, tmp_path
):
    """Frames 2 and 4 show one drawing, and the second run is asked for frame 2 alone."""
    command = folder(tmp_path)[:-2]
    assert cli(*command).code == 0
    repaint(tmp_path)
    assert cli(*command, "--frames", "1-2").code == 0
    assert cli(*command).code == 0
    out = tmp_path / "out"
    for frame in (2, 4, 5):
        assert load(out / "color" / f"{frame:04d}.png")[22, 24].tolist() == list(REPAINTED), frame
        colors = [segment["color"] for segment in frames_of(out)[frame]["segments"]]
        assert list(REPAINTED) in colors
