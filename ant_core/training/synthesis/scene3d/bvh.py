"""Reading motion capture from Biovision's .bvh files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ant_core.errors import InputError
from ant_core.training.synthesis.scene3d.motion import RATE, Doubles, find_joints, missing_landmarks

__all__ = ["bvh_landmarks"]


@dataclass
class _Joint:
    name: str
    parent: int
    offset: Doubles
    channels: list[str]


def _hierarchy(lines: list[str], path: Path) -> tuple[list[_Joint], int]:
    """Parse the joints of a .bvh; return them and the row of the line "MOTION"."""
    joints: list[_Joint] = []
    stack: list[int] = []
    for number, line in enumerate(lines):
        words = line.split()
        if not words:
            continue
        if words[0] in ("ROOT", "JOINT", "End"):
            parent = stack[-1] if stack else -1
            name = f"{joints[parent].name}_end" if words[0] == "End" else words[1]
            joints.append(_Joint(name, parent, np.zeros(3), []))
        elif words[0] == "{":
            stack.append(len(joints) - 1)
        elif words[0] == "}":
            stack.pop()
        elif words[0] == "OFFSET":
            joints[-1].offset = np.array(words[1:4], float)
        elif words[0] == "CHANNELS":
            joints[-1].channels = words[2:]
        elif words[0] == "MOTION":
            return joints, number
    raise InputError(
        f"{path}: expected a .bvh with a MOTION section, but there is none; choose another file."
    )


def _axis_turn(axis: str, degrees: Doubles) -> Doubles:
    """Return (T, 3, 3) rotations about x, y or z."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    k = "xyz".index(axis.lower())
    i, j = (k + 1) % 3, (k + 2) % 3
    result = np.zeros((len(degrees), 3, 3))
    result[:, k, k] = 1
    result[:, i, i], result[:, j, j] = c, c
    result[:, i, j], result[:, j, i] = -s, s
    return result


def _places(joints: list[_Joint], table: Doubles) -> Doubles:
    """Return (T, J, 3): where each joint is, from the channel values (T, C)."""
    count = len(table)
    places = np.zeros((count, len(joints), 3))
    turns = np.zeros((count, len(joints), 3, 3))
    column = 0
    for k, joint in enumerate(joints):
        move, turn = np.tile(joint.offset, (count, 1)), np.tile(np.eye(3), (count, 1, 1))
        for name in joint.channels:
            if name.endswith("position"):
                move[:, "XYZ".index(name[0])] = table[:, column]
            else:
                turn = turn @ _axis_turn(name[0], table[:, column])
            column += 1
        if joint.parent < 0:
            places[:, k], turns[:, k] = move, turn
        else:
            up = turns[:, joint.parent]
            places[:, k] = places[:, joint.parent] + np.einsum("tij,tj->ti", up, move)
            turns[:, k] = up @ turn
    return places


def bvh_landmarks(path: Path) -> dict[str, Doubles]:
    """Read a .bvh movement.

    Parameters
    ----------
    path
        A file with one human skeleton, y or z up.

    Returns
    -------
    dict
        Landmark -> (T, 3) places in the file's unit, y up, :data:`RATE` a second.

    Raises
    ------
    InputError
        The file is damaged or its joints have unknown names.
    """
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    joints, start = _hierarchy(lines, path)
    try:
        period = float(lines[start + 2].split(":")[1])
        table = np.array([line.split() for line in lines[start + 3 :] if line.strip()], float)
    except (IndexError, ValueError) as error:
        raise InputError(
            f"{path}: the frames after MOTION cannot be read ({error}); export it again."
        ) from error
    wanted = np.arange(0, (len(table) - 1) * period + 1e-9, 1 / RATE)
    places = _places(
        joints, table[np.minimum(np.round(wanted / period).astype(int), len(table) - 1)]
    )
    found = find_joints([joint.name for joint in joints])
    missing = missing_landmarks(found)
    if missing:
        raise InputError(f"{path}: no joint is known as {', '.join(missing)}; rename its joints.")
    marks = {name: places[:, row] for name, row in found.items()}
    spine = marks["neck"][0] - marks["pelvis"][0]
    if abs(spine[2]) > abs(spine[1]):  # z is up
        marks = {name: place[:, [0, 2, 1]] * (1, 1, -1) for name, place in marks.items()}
    return marks
