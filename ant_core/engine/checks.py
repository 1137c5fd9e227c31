"""What must be there before a run over a session's pictures can begin."""

from __future__ import annotations

from collections.abc import Sequence

from ant_core.engine.planes import PictureStore
from ant_core.errors import InputError
from ant_core.shot.frames import name_frames

__all__ = ["check_run"]


def check_run(
    frames: Sequence[int],
    references: Sequence[int],
    drawings: PictureStore,
    paintings: PictureStore,
    *,
    has_sheets: bool,
) -> list[str]:
    """Check that every picture was sent and that there is something to learn from.

    Parameters
    ----------
    frames, references : sequence of int
        To be coloured; to learn from.
    drawings, paintings : PictureStore
        What was sent.
    has_sheets : bool
        Whether model sheets teach as well.

    Returns
    -------
    list of str
        Warnings, a sentence each.

    Raises
    ------
    InputError
    """
    if not references and not has_sheets:
        raise InputError(
            "there is no reference: paint at least one frame and mark it as a reference, or add "
            "a model sheet"
        )
    _check_sent({*frames, *references}, drawings, "line drawing")
    _check_sent(references, paintings, "painted picture")
    painted = paintings.frames
    blank = [frame for frame in sorted(set(references)) if painted[frame].is_blank]
    if not blank:
        return []
    if len(blank) == len(set(references)) and not has_sheets:
        raise InputError(
            f"nothing is painted on the reference {name_frames(blank)}: paint it, or choose "
            "another one"
        )
    return [
        f"nothing is painted on the reference {name_frames(blank)}: it teaches to leave frames bare"
    ]


def _check_sent(frames: Sequence[int] | set[int], pictures: PictureStore, what: str) -> None:
    sent = pictures.frames
    missing = sorted(frame for frame in frames if frame not in sent)
    if missing:
        raise InputError(f"{name_frames(missing)} came without {what}: send it before the run")
