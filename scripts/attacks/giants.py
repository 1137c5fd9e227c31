"""Files that claim to be giants, are none, or never end: refused soon and in little memory.

Each goes through a command or the protocol, in a process whose peak and processor time are read:
other work on the machine counts in neither. What it says must be one sentence of the error tree.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from scripts.attacks.commands import make_shot
from scripts.attacks.engine import FORMAT, Client
from scripts.attacks.pictures import ora, png_chunk
from scripts.attacks.readers import FIXTURES
from scripts.benchmarks.peak import try_run

__all__ = ["add_arguments", "run"]

_MOST_MB = 500.0
_LINE_LAYER = 'Line "co" <ü>'  # of the document that is made a giant
_MOST_S = 2.0
_LONGEST_S = 120.0  # by the clock: then it waits for what never comes


def png(width: int, height: int) -> bytes:
    """Return a PNG of nothing, packed as tightly as can be, with all its rows."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    pack = zlib.compressobj(9)
    row = bytes(4 * width + 1)
    data = b"".join(pack.compress(row) for _ in range(height)) + pack.flush()
    chunks = png_chunk(b"IHDR", head) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def claimed_png(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and holds a few bytes."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    data = png_chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + data + png_chunk(b"IEND", b"")


def bomb(name: str, size: int, more: dict[str, bytes] | None = None) -> bytes:
    """Return a zip archive with a member of so many zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in (more or {}).items():
            archive.writestr(member, data)
        with archive.open(name, "w", force_zip64=True) as file:
            block = bytes(1 << 24)
            for _ in range(size >> 24):
                file.write(block)
    return out.getvalue()


def _tga(width: int, height: int) -> bytes:
    return struct.pack("<BBBHHBHHHHBB", 0, 0, 10, 0, 0, 0, 0, 0, width, height, 32, 8) + bytes(5000)


def _tiff(width: int, height: int) -> bytes:
    import tifffile

    out = io.BytesIO()
    tifffile.imwrite(out, np.zeros((7, 5, 3), np.uint8), photometric="rgb", metadata=None)
    data = out.getvalue()
    for tag, value in ((256, width), (257, height)):
        at = data.index(struct.pack("<H", tag), 8)
        kind = struct.pack("<HHII", tag, 4, 1, value)
        data = data[:at] + kind + data[at + 12 :]
    return data


def _exr(width: int, height: int) -> bytes:
    import OpenEXR

    out = io.BytesIO()
    plane = np.zeros((7, 5), np.float16)
    header = {"compression": OpenEXR.PIZ_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, dict.fromkeys("RGB", plane)).write(out)
    old, new = (struct.pack("<4i", 0, 0, w - 1, h - 1) for w, h in ((5, 7), (width, height)))
    return out.getvalue().replace(old, new)


def _psd(width: int, height: int) -> bytes:
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, height, width, 8, 3)
    return head + struct.pack(">IIIH", 0, 0, 0, 1) + bytes(4000)


def _jpeg(width: int, height: int) -> bytes:
    import cv2

    data = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def _layers(count: int, side: int) -> bytes:
    row = '<layer name="L{}" src="data/0.png"/>'
    return ora(
        (side, side), "".join(row.format(i) for i in range(count)), {"data/0.png": png(side, side)}
    )


def _kra(width: int, height: int) -> bytes:
    """Return an intact document with another size."""
    out = io.BytesIO()
    source = FIXTURES / "krita_6.0.4_rgba_u8.kra"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "maindoc.xml":
                data = data.replace(b' width="130"', b' width="%d"' % width)
                data = data.replace(b' height="100"', b' height="%d"' % height)
            new.writestr(name.encode("cp437").decode("utf-8"), data)  # as Krita wrote it
    return out.getvalue()


Files = dict[str, Callable[[], bytes]]
PICTURES: Files = {
    "a PNG of 30,000 x 30,000 as line.png": lambda: claimed_png(30_000, 30_000),
    "a PNG that claims 16,000 x 16,000.png": lambda: claimed_png(16_000, 16_000),
    "a PNG of 900 MP, all of it there.png": lambda: png(30_000, 30_000),
    "a blank PNG of 16,384 x 16,384, all of it there.png": lambda: png(16_384, 16_384),
    "a TIFF of 60,000 x 60,000.tif": lambda: _tiff(60_000, 60_000),
    "a TIFF that claims 16,000 x 16,000.tif": lambda: _tiff(16_000, 16_000),
    "a TGA of 60,000 x 60,000.tga": lambda: _tga(60_000, 60_000),
    "a TGA that claims 16,000 x 16,000.tga": lambda: _tga(16_000, 16_000),
    "an OpenEXR of 60,000 x 60,000.exr": lambda: _exr(60_000, 60_000),
    "an OpenEXR that claims 16,000 x 16,000.exr": lambda: _exr(16_000, 16_000),
    "a JPEG that claims 60,000 x 60,000.jpg": lambda: _jpeg(60_000, 60_000),
    "a Photoshop file of 30,000 x 30,000.psd": lambda: _psd(30_000, 30_000),
    "an OpenRaster file with 3 GB of zeros.ora": lambda: bomb("stack.xml", 3 << 30),
    "an OpenRaster file of 30,000 x 30,000.ora": lambda: ora((30_000, 30_000), "", {}),
    "an OpenRaster file with 3,000 layers.ora": lambda: _layers(3000, 1000),
    "an OpenRaster file with a layer of 900 MP.ora": lambda: ora(
        (100, 100), '<layer name="a" src="a.png"/>', {"a.png": claimed_png(30_000, 30_000)}
    ),
    "XML of blanks.ora": lambda: bomb("stack.xml", 1 << 29),
}
PALETTES: Files = {
    "a palette with 3 GB of zeros.kpl": lambda: bomb("colorset.xml", 3 << 30),
    "a palette of brackets.kpl": lambda: bomb("colorset.xml", 1 << 26),
}
HINTS: Files = {
    "hints nested deeply.json": lambda: b"[" * 1_000_000,
    "hints of 100 MB.json": lambda: b'{"schema": 1, "hints": [' + b" " * 100_000_000 + b"]}",
}
MODELS: Files = {
    "a model with 3 GB of zeros.antmodel": lambda: bomb("manifest.json", 3 << 30),
    "a model nested deeply.antmodel": lambda: bomb("x", 0, {"manifest.json": b"[" * 100_000}),
}
DOCUMENTS: Files = {
    "a document of 30,000 x 30,000.kra": lambda: _kra(30_000, 30_000),
    "a document of 16,384 x 16,384, blank but for a corner.kra": lambda: _kra(16_384, 16_384),
    "a document with 3 GB of zeros.kra": lambda: bomb(
        "maindoc.xml", 3 << 30, {"mimetype": b"application/x-krita"}
    ),
}
BLANK = {"box": [0, 0, 0, 0], "bytes": 0}  # a layer on which nothing is drawn
_NO_FILES = ("/dev/zero", "FIFO", "FOLDER")


def _cases(home: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each case: what it is, and the arguments of the command."""
    shot = make_shot(home / "shot")
    out = ["--out", str(home / "out")]
    lines, colors = str(shot / "line"), str(shot / "color")
    for name, path in _written(home, PICTURES | {}):
        folder = path.parent / "pictures"
        folder.mkdir()
        path.rename(folder / f"0001{path.suffix}")
        yield (
            f"{name} as a painted frame",
            ["propagate", "--line", lines, "--color", str(folder), *out],
        )
        if path.suffix not in (".ora", ".psd"):
            yield (
                f"{name} in segment",
                ["segment", str(folder / f"0001{path.suffix}"), "--out", str(home / "labels.png")],
            )
        yield (
            f"{name} as a model sheet",
            ["propagate", str(shot), "--model-sheet", str(folder / f"0001{path.suffix}"), *out],
        )
    for name, path in _written(home, PALETTES):
        yield name, ["recolor", colors, "--from", str(path), "--to", str(path), *out]
    for name, path in _written(home, HINTS):
        yield name, ["propagate", str(shot), "--hints", str(path), *out]
    for name, path in _written(home, MODELS):
        yield f"{name} for a run", ["propagate", str(shot), "--model", str(path), *out]
        yield f"{name} imported", ["models", "import", str(path)]
    for name, path in _written(home, DOCUMENTS):
        yield (
            name,
            [
                "propagate",
                str(path),
                "--line",
                _LINE_LAYER,
                "--color",
                "Color",
                "--out",
                str(home / "out.kra"),
            ],
        )
    os.mkfifo(home / "FIFO")
    (home / "FOLDER").mkdir()
    for what in _NO_FILES:
        place = str(home / what) if "/" not in what else what
        yield f"{what} as hints", ["propagate", str(shot), "--hints", place, *out]
        yield f"{what} as a model", ["propagate", str(shot), "--model", place, *out]
        yield f"{what} imported", ["models", "import", place]
        yield f"{what} as a palette", ["recolor", colors, "--from", place, "--to", place, *out]
        yield f"{what} in segment", ["segment", place, "--out", str(home / "labels.png")]
        yield f"{what} as a registry", ["models", "list", "--registry", place]
        link = home / f"link{len(what)}.kra"
        link.symlink_to(place)
        yield (
            f"{what} as a document",
            ["propagate", str(link), "--line", "A", "--color", "B", "--out", str(home / "o.kra")],
        )
        xdts = home / f"link{len(what)}.xdts"
        xdts.symlink_to(place)
        yield f"{what} as an exposure sheet", ["propagate", str(shot), "--xdts", str(xdts), *out]


def _written(home: Path, files: Files) -> Iterator[tuple[str, Path]]:
    """Make the files one at a time: some are large."""
    for number, (name, make) in enumerate(files.items()):
        folder = home / f"{id(files)}_{number}"
        folder.mkdir()
        path = folder / f"file{Path(name).suffix}"
        path.write_bytes(make())
        yield name, path


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of this attack."""
    command.add_argument("--only", default="", help="cases whose name holds this")


def run(args: argparse.Namespace) -> int:
    """Try everything; 1 when anything was slow, large, or no sentence."""
    bad = tried = 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        base = try_run(["models", "list"])
        print(f"a command that does next to nothing: {base.cpu_s:.1f} s, {base.peak_mb:.0f} MB")
        for name, arguments in _cases(home):
            if args.only not in name:
                continue
            ended = try_run(arguments, longest_s=_LONGEST_S)
            said = ended.said.splitlines() or [""]
            wrong = _wrong(ended.cpu_s - base.cpu_s, ended.peak_mb, ended.exit_code, said)
            tried, bad = tried + 1, bad + bool(wrong)
            used = f"{ended.cpu_s:6.1f} s of CPU {ended.peak_mb:6.0f} MB"
            print(f"{used} {ended.exit_code} {name}: {wrong or said[-1][:150]}", flush=True)
        if args.only in "protocol":
            for name, wrong in _protocol(home):
                tried, bad = tried + 1, bad + bool(wrong)
                print(f"protocol, {name}: {wrong or 'refused'}", flush=True)
    print(f"{tried} giants, {bad} finds")
    return int(bad > 0)


def _wrong(took_s: float, peak_mb: float, code: int, said: list[str]) -> str:
    """Say what is wrong with how a case ended."""
    if code not in (4, 5):
        return f"it ended with {code}: {said[-1:]}"
    errors = [row for row in said if row.startswith("ant_core: ")]
    if len(errors) != 1 or "unexpected" in errors[0] or any("Traceback" in row for row in said):
        return f"it said {said[-4:]}"
    if took_s > _MOST_S:
        return f"it took {took_s:.1f} s more than nothing"
    return f"it took {peak_mb:.0f} MB" if peak_mb > _MOST_MB else ""


def _protocol(home: Path) -> Iterator[tuple[str, str]]:
    """Yield what the engine is asked and what is wrong with its answer."""
    places = [
        ("/dev/zero", "/dev/zero"),
        ("FIFO", str(home / "FIFO")),
        ("a folder", str(home / "FOLDER")),
    ]
    with Client() as client:
        client.ask("hello", protocol=1, device="cpu", threads=1)
        client.ask("open_shot", shot="a", width=64, height=64, line=FORMAT, color=FORMAT)
        for name, place in places:
            for kind, fields in (
                ("choose_model", {"path": place}),
                ("add_model_sheet", {"shot": "a", "path": place}),
                ("models", {"action": "import", "path": place}),
            ):
                yield f"{kind} of {name}", _refused(client, kind, **fields)
        for side in (16_384, 60_000):
            fields = {"width": side, "height": side, "line": FORMAT, "color": FORMAT}
            yield f"a shot of {side} x {side}", _refused(client, "open_shot", shot="b", **fields)
            client.ask("add_drawing", shot="b", frame=1, hash="h", layers=[BLANK])
            asked = {"shot": "b", "frame": 1, "gap_px": None, "max_side": 400}
            yield f"preview of {side} x {side}", _refused(client, "preview", **asked)
        large = client.peak_mb() > _MOST_MB
        yield "memory of the engine", f"{client.peak_mb():.0f} MB" if large else ""


def _refused(client: Client, kind: str, **fields: Any) -> str:
    """Ask the engine for what it must refuse; say what is wrong with its answer."""
    begun_s = client.cpu_s()
    answer = client.ask(kind, **fields)
    took_s = client.cpu_s() - begun_s
    if answer["type"] != "error" or answer["code"] == "internal":
        return json.dumps(answer)[:200]
    return f"it took {took_s:.1f} s" if took_s > _MOST_S else ""
