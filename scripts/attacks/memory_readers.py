"""What runs remember: records of drawings and ledgers, for attacks on their readers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scripts.attacks.pictures import as_json

__all__ = ["ledgers", "read_ledger", "read_record", "records"]


def records() -> list[bytes]:
    """Return small files of this kind."""
    from ant_core.color.palette import Palette
    from ant_core.color.pixels import PixelFormat
    from ant_core.matching.fills import Fills
    from ant_core.propagation.crops import Crop
    from ant_core.propagation.division import Division
    from ant_core.propagation.record import Record, pack_record
    from ant_core.propagation.result import SourceUsed

    count = 3
    division = Division(
        of_piece=np.arange(1, count + 1, dtype=np.int32),
        plain=np.bool_(True),
        area=np.full(count, 9, np.int64),
        box=np.zeros((count, 4), np.int32),
        point=np.zeros((count, 2), np.int32),
        closed_gaps=np.zeros((1, 4), np.float32),
        by_colors=np.zeros(1, np.bool_),
        parted=np.zeros(0, np.int32),
    )
    record = Record(
        keys={"line": "a"},
        sources=(SourceUsed(1, "painted", 1, "d"),),
        digest="e",
        fills=Fills.unknown(count),
        division=division,
        gap_px=3.0,
        thumbnail=b"picture",
        crops=(Crop(1, b"picture"),),
    )
    return [pack_record(record, Palette(PixelFormat(8, 4)))]


def read_record(data: bytes, scratch: Path) -> None:
    """Read one as a command does."""
    from ant_core.color.palette import Palette
    from ant_core.color.pixels import PixelFormat
    from ant_core.files import WholeFiles
    from ant_core.propagation.memory import RunState

    folder = scratch.parent / "state" / "drawings"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "x.npz").write_bytes(data)
    state = RunState(folder.parent, WholeFiles())
    state.load("x", Palette(PixelFormat(8, 4)))
    state.thumbnail("x")


def ledgers() -> list[bytes]:
    """Return small files of this kind."""
    rows = [["file", "0001.png", "a" * 64], ["before", "0001.png", ""], ["frame", "1", "b" * 40]]
    return [b"".join(as_json(row) + b"\n" for row in rows)]


def read_ledger(data: bytes, scratch: Path) -> None:
    """Read one as a command does."""
    from ant_core.files import WholeFiles
    from ant_core.propagation.memory import RunState

    folder = scratch.parent / "ledger"
    folder.mkdir(exist_ok=True)
    (folder / "ledger.jsonl").write_bytes(data)
    state = RunState(folder, WholeFiles())
    state.prepare()
    state.file_hash("0001.png")
    state.record_of(1)
    state.close()
