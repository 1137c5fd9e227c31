"""The cast of the fresh test split: figures and movements that no other split has shown.

Mesh2Motion's pack holds figures on the rigs of its animated ones. Of a file with movements its own
figure trains, and plays train's movements alone; those that carry a name held out elsewhere are
played by no figure. They are lent here to the figures on the same rig.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ant_core.training.data.splits import FRESH_FIGURES, Split, fresh_motion
from ant_core.training.synthesis.scene3d.gltf import Channel, Floats, GltfModel, ModelMotion
from ant_core.training.synthesis.scene3d.skinning import multiply

__all__ = ["PACK", "fresh_files", "lend", "lent_motions"]

PACK = "mesh2motion"
# Words that end a name and make another version of a movement: root motion, in its place, looped.
_VERSION = frozenset({"rm", "root", "motion", "rootmotion", "in", "place", "inplace", "loop"})


def fresh_files(data: Path) -> list[tuple[Path, Path]]:
    """Return each figure's file and that of its movements.

    data: the folder of the packs. Figures whose files are absent are left out.
    """
    folder = data / PACK
    pairs = [
        (folder / f"{name}.glb", folder / f"{lender}.glb") for name, lender in FRESH_FIGURES.items()
    ]
    return [(path, lender) for path, lender in pairs if path.is_file()]


def lent_motions(
    lender: Path, names: dict[str, str], clip_split: dict[str, Split]
) -> list[tuple[Path, str, str]]:
    """Return the movements of a file that its own figure plays in no version.

    "Walk" is left out where "Walk RM", the same with root motion, trains.

    Parameters
    ----------
    names : dict of str to str
        Name in the file -> bare name, of all its movements.
    clip_split : dict of str to Split
        Split of every bare name; train's are played.

    Returns
    -------
    list of (Path, str, str)
        File, name there, and the name that the fresh split knows it by.
    """
    trained = {_plain(bare) for bare in names.values() if clip_split[bare] == "train"}
    return [
        (lender, name, fresh_motion(lender.stem, bare))
        for name, bare in names.items()
        if _plain(bare) not in trained
        and clip_split[bare] != "train"
        and not bare.lower().startswith("rest")
    ]


def _plain(bare: str) -> str:
    """Return a movement's name in small letters without the words that tell its version."""
    words = bare.lower().replace("_", " ").replace("-", " ").split()
    while len(words) > 1 and words[-1] in _VERSION:
        words.pop()
    return " ".join(words)


def lend(model: GltfModel, lender: GltfModel, name: str) -> ModelMotion:
    """Return a movement of another model on the same rig.

    Joints are found by name and turned as far from their own rest as the lender's turn from
    theirs; places and sizes of joints are the figure's own. Joints that it lacks are left out.
    """
    row = {joint: i for i, joint in enumerate(model.node_names)}
    motion = lender.motions[name]
    channels = []
    for channel in motion.channels:
        at = row.get(lender.node_names[channel.node])
        if at is None or channel.path != "rotation":
            continue
        turn = multiply(_inverse(lender.rotation[channel.node])[None], channel.values)
        values = multiply(model.rotation[at][None], turn).astype(np.float32)
        channels.append(Channel(at, "rotation", channel.times, values, channel.step))
    return ModelMotion(name, tuple(channels), motion.duration_s)


def _inverse(a: Floats) -> Floats:
    """Return the inverse of a unit quaternion (4,) as x, y, z, w."""
    return a * np.array([-1, -1, -1, 1], np.float32)
