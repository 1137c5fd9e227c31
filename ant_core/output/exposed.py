"""One file a frame of an exposure sheet, from drawings that were coloured once each."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from ant_core.color.pixels import PixelFormat
from ant_core.errors import OutputError
from ant_core.files import WholeFiles, read_bytes
from ant_core.formats.pictures import picture_format
from ant_core.formats.xdts import Cel

__all__ = ["expose"]

_MANIFEST = ".exposed.json"  # hash of every file written, by name


def expose(
    report: Path, cel: Cel, folder: Path, files: WholeFiles, later: Collection[int] = ()
) -> list[str]:
    """Lay out a cel's coloured drawings as the sheet shows them.

    Where the cel is empty the frame is, too: transparent, or white where there is no alpha. A
    drawing that was not coloured, or is not made yet, has no files. Files of an earlier sheet that
    are not needed any more are taken away, unless they were changed.

    Parameters
    ----------
    report : Path
        Of the cel's run: it says where every drawing lies.
    folder : Path
        Gets CEL_0001.png for frame 1, and so on, in the format of the drawings.
    later : collection of int
        Frames of the sheet that show a drawing which is not made yet; None in `cel`.

    Returns
    -------
    list of str
        The files, by frame.

    Raises
    ------
    OutputError
        When a file is in the way that was changed or made by others.
    """
    frames = json.loads(read_bytes(report))["frames"]
    drawn = {item["frame"]: item["color_file"] for item in frames if item["color_file"]}
    files.make_folder(folder)
    before = _manifest(folder)
    now: dict[str, str] = {}
    written = []
    empty = _empty(Path(next(iter(drawn.values())))) if drawn else b""
    for frame, drawing in enumerate(cel.exposures, start=1):
        if not drawn or frame in later or (drawing is not None and drawing not in drawn):
            continue
        source = Path(drawn[drawing] if drawing is not None else next(iter(drawn.values())))
        path = folder / f"{cel.name}_{frame:04d}{source.suffix}"
        data = read_bytes(source) if drawing is not None else empty
        now[path.name] = hashlib.sha256(data).hexdigest()
        present = _hash(path)
        if present not in (None, now[path.name], before.get(path.name)):
            raise OutputError(f"{path} was changed or made by others: move it away and run again")
        if present != now[path.name]:
            files.write(path, data)
        written.append(str(path))
    for name in before.keys() - now.keys():
        if _hash(folder / name) == before[name]:
            with contextlib.suppress(OSError):
                (folder / name).unlink()
    files.write(folder / _MANIFEST, json.dumps(now).encode())
    return written


def _empty(like: Path) -> bytes:
    """Return a picture of nothing, of the size and format of another one."""
    data, place = read_bytes(like), str(like)
    form = picture_format(like)
    info = form.check(data, place)
    bare = PixelFormat(info.depth, info.channels, info.floating).bare()
    pixels = np.broadcast_to(bare, (info.height, info.width, info.channels))
    return form.encode(np.ascontiguousarray(pixels), form.extras(data, place))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / _MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _hash(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
