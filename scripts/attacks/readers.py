"""Every reader of files and answers, each with small files that it reads.

A reader may return or raise an error of the tree of `ant_core.errors`; all else is a find.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ant_core.errors import InputError
from scripts.attacks.pictures import (
    SIZE,
    exr_files,
    jpeg_files,
    ora_files,
    painting,
    png_files,
    psd_files,
    tga_files,
    tiff_files,
)

__all__ = ["Disagreement", "Reader", "readers"]

FIXTURES = Path(__file__).parents[2] / "tests" / "data" / "kra"


class Disagreement(Exception):
    """A check that passed what cannot be unpacked as it said."""


@dataclass(frozen=True)
class Reader:
    """Small files of one kind, and what reads them; `scratch` is a file to put them into."""

    samples: Callable[[], list[bytes]]
    read: Callable[[bytes, Path], None]


# ---- pictures


def _read_picture(suffix: str, data: bytes, scratch: Path, *, lines: bool = False) -> None:
    """Read a picture as a run does: check it, unpack it, write another one like it."""
    del scratch
    from ant_core.formats.pictures import picture_format

    form = picture_format(f"x{suffix}", lines=lines)
    info = form.check(data, "x")
    pixels = form.decode(data, "x")
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    told = (info.height, info.width, info.channels, info.depth, info.floating)
    found = (*pixels.shape[:2], channels, pixels.dtype.itemsize * 8, pixels.dtype.kind == "f")
    if told != found:
        raise Disagreement(f"{told} was checked and {found} unpacked")
    form.encode(pixels[:4, :4].copy(), form.extras(data, "x"))
    if form.passed_over is not None:
        form.passed_over(data, "x")
    if form.alone is not None:
        form.alone(data, "x")


# ---- palettes, sheets, hints, lists


def _palettes(kind: str) -> list[bytes]:
    if kind == ".gpl":
        return [b"GIMP Palette\nName: x\nColumns: 3\n#\n  0 10 255 Sky\n200 1 2\n"]
    if kind == ".aco":
        rows = struct.pack(">5H", 0, 65535, 0, 257, 0) + struct.pack(">5H", 2, 0, 65535, 9, 1)
        name = struct.pack(">I", 4) + "Sky\0".encode("utf-16-be")
        named = rows[:10] + name + rows[10:] + name
        return [struct.pack(">HH", 1, 2) + rows + struct.pack(">HH", 2, 2) + named]
    if kind == ".ase":
        block = struct.pack(">H", 4) + "Sky\0".encode("utf-16-be") + b"RGB "
        block += struct.pack(">3fH", 0.1, 0.5, 1.0, 0)
        return [b"ASEF" + struct.pack(">HHI", 1, 0, 1) + struct.pack(">HI", 1, len(block)) + block]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "krita/x-colorset")
        archive.writestr(
            "colorset.xml",
            '<Colorset><ColorSetEntry name="Sky" id="1"><RGB r="0.1" g="0.5" b="1"/>'
            '</ColorSetEntry><ColorSetEntry name="K"><CMYK c="0" m="0" y="0" k="1"/>'
            "</ColorSetEntry></Colorset>",
        )
    return [out.getvalue()]


def _read_palette(suffix: str, data: bytes, scratch: Path) -> None:
    from ant_core.color.pixels import PixelFormat
    from ant_core.formats.palettes import read_palette

    path = scratch.with_suffix(suffix)
    path.write_bytes(data)
    palette = read_palette(path)
    for form in (PixelFormat(8, 4), PixelFormat(32, 4, floating=True), PixelFormat(16, 5)):
        palette.names_of(form)
        palette.by_name(form)


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


def _xdts() -> list[bytes]:
    frames = [
        {"frame": at, "data": [{"id": 0, "values": [value]}]}
        for at, value in ((0, "1"), (2, "SYMBOL_TICK_1"), (3, "2a"), (6, "SYMBOL_NULL_CELL"))
    ]
    table = {
        "duration": 8,
        "name": "sheet",
        "timeTableHeaders": [{"fieldId": 0, "names": ["A"]}],
        "fields": [{"fieldId": 0, "tracks": [{"trackNo": 0, "frames": frames}]}],
    }
    return [b"exchangeDigitalTimeSheet Save Data\n" + _json({"timeTables": [table]})]


def _read_xdts(data: bytes, scratch: Path) -> None:
    from ant_core.formats.xdts import parse_xdts

    del scratch
    parse_xdts(data, "x")


def _hints() -> list[bytes]:
    return [
        _json(
            {
                "schema": 1,
                "hints": [
                    {"frame": 1, "point": [4, 5], "color": [255, 220, 180, 255]},
                    {"frame": "2", "stroke": [[1, 1], [20.5, 12]], "color": "unpainted"},
                ],
                "locks": [{"frame": 2}, {"frame": 1, "point": [3, 2]}],
                "never": [
                    {"frame": 1, "point": [5, 6], "frames": "1-3,7"},
                    {"color": [0, 0, 0, 255]},
                    {"frame": 3},
                ],
            }
        )
    ]


def _read_hints(data: bytes, scratch: Path) -> None:
    from ant_core.color.palette import Palette
    from ant_core.color.pixels import PixelFormat
    from ant_core.shot.hints import parse_hints, read_document, segment_under

    del scratch
    pixels, frames = PixelFormat(8, 4), (1, 2, 3)
    hints = parse_hints(read_document(data, "x"), "x", frames)
    hints.check_frames(frames)
    hints.check_values(SIZE, pixels)
    labels = np.zeros(SIZE, np.int32)
    labels[5:9, 6:20] = 1
    palette = Palette(pixels)
    for hint in hints.on(frames).hints:
        segment_under(labels, hint.points)
        hint.palette_index(palette)
    hints.left_alone(frames)


def _notes() -> list[bytes]:
    note = {"drawing": "a" * 40, "point": [3, 4], "box": [1, 2, 5, 6], "frame": "7"}
    note |= {"text": "look", "written": "2026-01-01T00:00:00Z"}
    return [_json({"schema": 1, "kind": "review_notes", "notes": [note, note | {"text": "b"}]})]


def _read_notes(data: bytes, scratch: Path) -> None:
    from ant_core.output.notes import Place, attach, merge_notes, read_notes

    scratch.write_bytes(data)
    notes = merge_notes(read_notes(scratch))
    attach(notes, {"a" * 40: [Place("a" * 40, (3, 4), (1, 2, 5, 6))]})


def _lists(suffix: str) -> list[bytes]:
    if suffix == ".txt":
        return [b'# shots\nshot_a --frames 1-9\n"shot b" --gap=3\n']
    if suffix == ".csv":
        return [b'shot;name;frames;gap\nshot_a;one;1-9|12;3\n"b c";two;;4\n']
    return [_json({"defaults": {"gap": 3}, "shots": ["a", {"shot": "b", "frames": "1-9"}]})]


def _read_list(suffix: str, data: bytes, scratch: Path) -> None:
    from ant_core.batch.shots import read_shots

    path = scratch.with_suffix(suffix)
    path.write_bytes(data)
    read_shots([str(path)], {}, scratch.parent / "out")


# ---- Krita documents


def _kra() -> list[bytes]:
    return [
        (FIXTURES / f"krita_{name}.kra").read_bytes()
        for name in ("6.0.4_rgba_u8", "5.1.5_cmyka_u16")
    ]


def _read_kra(data: bytes, scratch: Path) -> None:
    from ant_core.formats.kra.archive import KraArchive
    from ant_core.formats.kra.document import KraDocument
    from ant_core.formats.kra.owners import color_keys, read_journal, survey
    from ant_core.formats.kra.reader import LineReader, read_plane

    path = scratch.with_suffix(".kra")
    path.write_bytes(data)
    document = KraDocument(KraArchive(path))
    journal = read_journal(document)
    for layer in list(document.walk())[:4]:
        if layer.kind == "paintlayer":
            for key in color_keys(layer)[:1]:
                read_plane(document, layer, key, 1)
            survey(document, layer, journal, color_keys(layer)[:1], 1)
        elif layer.kind == "grouplayer":
            reader = LineReader(document, [layer], threads=1)
            for frame in reader.frames[:1]:
                reader.probe(frame)
                reader.read(frame)


def _tiles() -> list[bytes]:
    from ant_core.formats.kra.spaces import space_named
    from ant_core.formats.kra.tiles import encode_tiles

    space = space_named("RGBA", "x")
    noisy = np.random.default_rng(0).integers(0, 256, (70, 70, 4), np.uint8)
    return [encode_tiles(image, space, bytes(4)) for image in (painting(4), noisy)]


def _read_tiles(data: bytes, scratch: Path) -> None:
    from ant_core.formats.kra.spaces import space_named
    from ant_core.formats.kra.tiles import check_tiles, decode_tiles

    del scratch
    space = space_named("RGBA", "x")
    check_tiles(data, space, bytes(4), "x")
    decode_tiles(data, space, bytes(4), (0, 0), (70, 70), "x", 1)


def _journal() -> list[bytes]:
    from ant_core.formats.kra.journal import Entry, Journal, Plane
    from ant_core.formats.kra.spaces import space_named

    journal, space = Journal(), space_named("RGBA", "x")
    before = Plane.of(painting(4), space)
    summary = {"confidence": 0.5, "doubtful": 1, "no_counterpart": 0, "segments": 4}
    journal.record(Entry("{1}", 3, "predicted", "m" * 64, before, "a" * 32, summary, b"{}"))
    journal.record(Entry("{1}", 4, "accepted", "m" * 64, None, "b" * 32, summary))
    return [journal.dump()]


def _read_journal(data: bytes, scratch: Path) -> None:
    from ant_core.formats.kra.journal import Journal

    del scratch
    journal = Journal(data, "x")
    journal.origin("a" * 32)
    journal.dump()


# ---- what runs remember


def _record() -> list[bytes]:
    from ant_core.color.palette import Palette
    from ant_core.color.pixels import PixelFormat
    from ant_core.matching.fills import Fills
    from ant_core.propagation.crops import Crop
    from ant_core.propagation.division import Division
    from ant_core.propagation.memory import Record, pack_record
    from ant_core.propagation.result import SourceUsed

    count = 3
    division = Division(
        np.arange(1, count + 1, dtype=np.int32),
        np.bool_(True),
        np.full(count, 9, np.int64),
        np.zeros((count, 4), np.int32),
        np.zeros((count, 2), np.int32),
        np.zeros((1, 4), np.float32),
        np.zeros(1, np.bool_),
    )
    record = Record(
        {"line": "a"},
        (SourceUsed(1, "painted", 1, "d"),),
        "e",
        Fills.unknown(count),
        division,
        (),
        3.0,
        b"picture",
        crops=(Crop(1, b"picture"),),
    )
    return [pack_record(record, Palette(PixelFormat(8, 4)))]


def _read_record(data: bytes, scratch: Path) -> None:
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


def _ledger() -> list[bytes]:
    rows = [["file", "0001.png", "a" * 64], ["before", "0001.png", ""], ["frame", "1", "b" * 40]]
    return [b"".join(_json(row) + b"\n" for row in rows)]


def _read_ledger(data: bytes, scratch: Path) -> None:
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


# ---- models


def _field(number: int, content: bytes | int) -> bytes:
    """Return a field of a protocol buffer."""
    if isinstance(content, int):
        return _varint(number << 3) + _varint(content)
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _graph() -> bytes:
    """Return a small graph of ONNX, written by hand: y = x + w."""
    weight = (
        _field(1, 4) + _field(2, 1) + _field(8, b"w") + _field(9, struct.pack("<4f", 1, 2, 3, 4))
    )
    node = _field(1, b"x") + _field(1, b"w") + _field(2, b"y") + _field(4, b"Add")
    kind = _field(1, _field(1, 1) + _field(2, _field(1, _field(1, 4))))
    value = [_field(1, name) + _field(2, kind) for name in (b"x", b"y")]
    graph = _field(1, node) + _field(2, b"g") + _field(5, weight)
    graph += _field(11, value[0]) + _field(12, value[1])
    return _field(1, 9) + _field(7, graph) + _field(8, _field(1, b"") + _field(2, 17))


def _model() -> list[bytes]:
    from ant_core.matching.descriptors import DESCRIPTOR_VERSION

    manifest = {
        "name": "small",
        "descriptor_version": DESCRIPTOR_VERSION,
        "features": 64,
        "no_counterpart_threshold": 0.4,
        "confidence": [[0.0, 0.1], [0.5, 0.5], [1.0, 0.99]],
        "card": "text",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("manifest.json", _json(manifest))
        archive.writestr("encoder.onnx", _graph())
        archive.writestr("matcher.onnx", _graph())
    return [out.getvalue()]


def _read_model(data: bytes, scratch: Path, *, load: bool = False) -> None:
    from ant_core.matching.model_file import ModelFile

    path = scratch.with_suffix(".antmodel")
    path.write_bytes(data)
    if not load:
        ModelFile.read(path)
        return
    from ant_core.matching.matcher import Matcher

    Matcher(path, "cpu", 1)


def _entry() -> dict[str, Any]:
    return {
        "name": "small", "version": "1.2.0", "size": 1000, "sha256": "a" * 64,
        "licence": "Apache-2.0", "minimum_engine": "0.1.0", "card": "# small",
        "urls": ["https://example.org/small.antmodel"],
    }  # fmt: skip


def _registry() -> list[bytes]:
    return [_json({"schema": 1, "mirrors": ["https://example.org/models"], "models": [_entry()]})]


def _read_registry(data: bytes, scratch: Path) -> None:
    from ant_core.models import load_registry
    from ant_core.models.registry import engine_runs

    scratch.write_bytes(data)
    registry = load_registry(scratch)
    for entry in registry.models:
        engine_runs(entry)
        registry.addresses(entry)
        _json(entry.to_json())
        (entry.label + entry.card).encode()  # a name that no file can have


def _entries() -> list[bytes]:
    return [_json(_entry())]


def _read_entries(data: bytes, scratch: Path) -> None:
    """Read the entry beside a model as a listing does, which is to say what is there."""
    from ant_core.models.installed import installed
    from ant_core.models.places import Places

    folder = scratch.parent / "models" / "small" / "1.2.0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.antmodel").write_bytes(b"")
    (folder / "small.json").write_bytes(data)
    for model in installed(Places(scratch.parent / "models")):
        model.problem()


def _headers() -> list[bytes]:
    return [b"Retry-After: 120\nContent-Length: 1000\nContent-Range: bytes 10-999/1000\n",
            b"Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\nContent-Length: 5\n"]  # fmt: skip


def _read_headers(data: bytes, scratch: Path) -> None:
    import http.client

    from ant_core.models import http as transfer

    del scratch
    try:
        headers = http.client.parse_headers(io.BytesIO(data + b"\r\n"))
    except http.client.HTTPException:
        return
    transfer._retry_after(headers.get("Retry-After"))
    for status in (200, 206):
        answer = type("Answer", (), {"status": status, "headers": headers})
        try:
            transfer._start(answer, 10, 1000)
        except (transfer.Trouble, transfer.Refused):
            continue


# ---- the protocol


def _messages() -> list[bytes]:
    from ant_core.engine.protocol import pack

    requests = (
        {"type": "hello", "id": 1, "protocol": 1, "threads": 1},
        {"type": "open_shot", "id": 2, "shot": "a", "width": 8, "height": 8,
         "line": {"model": "RGBA", "depth": "U8"}, "color": {"model": "RGBA", "depth": "U8"}},
        {"type": "add_reference", "id": 3, "shot": "a", "frame": 1, "hash": "h",
         "origin": "painted", "box": [0, 0, 1, 1], "bytes": 4},
        {"type": "propagate", "id": 4, "shot": "a", "frames": [1], "references": [2]},
    )  # fmt: skip
    return [b"".join(map(bytes, pack(request, b"1234"))) for request in requests]


def _read_messages(data: bytes, scratch: Path) -> None:
    from ant_core.engine.protocol import check_request, error_answer, read_message, request_id

    del scratch
    stream = io.BytesIO(data)
    try:
        while (message := read_message(stream)) is not None:
            request_id(message.header)
            check_request(message.header)
    except InputError as error:
        error_answer(1, error)


def readers() -> dict[str, Reader]:
    """Return every reader by the name that a find carries."""
    found = {
        "png": Reader(png_files, partial(_read_picture, ".png")),
        "jpeg": Reader(jpeg_files, partial(_read_picture, ".jpg")),
        "tiff": Reader(tiff_files, partial(_read_picture, ".tif")),
        "tga": Reader(tga_files, partial(_read_picture, ".tga")),
        "exr": Reader(exr_files, partial(_read_picture, ".exr")),
        "ora": Reader(ora_files, partial(_read_picture, ".ora")),
        "ora_lines": Reader(ora_files, partial(_read_picture, ".ora", lines=True)),
        "psd": Reader(psd_files, partial(_read_picture, ".psd")),
        "xdts": Reader(_xdts, _read_xdts),
        "hints": Reader(_hints, _read_hints),
        "notes": Reader(_notes, _read_notes),
        "kra": Reader(_kra, _read_kra),
        "kra_tiles": Reader(_tiles, _read_tiles),
        "kra_journal": Reader(_journal, _read_journal),
        "record": Reader(_record, _read_record),
        "ledger": Reader(_ledger, _read_ledger),
        "model": Reader(_model, _read_model),
        "model_load": Reader(_model, partial(_read_model, load=True)),
        "registry": Reader(_registry, _read_registry),
        "entry": Reader(_entries, _read_entries),
        "headers": Reader(_headers, _read_headers),
        "protocol": Reader(_messages, _read_messages),
    }
    for suffix in (".gpl", ".aco", ".ase", ".kpl"):
        found[suffix[1:]] = Reader(partial(_palettes, suffix), partial(_read_palette, suffix))
    for suffix in (".txt", ".csv", ".json"):
        found[f"list_{suffix[1:]}"] = Reader(partial(_lists, suffix), partial(_read_list, suffix))
    return found
