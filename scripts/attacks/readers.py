"""Every reader of files and answers, each with small files that it reads.

A reader may return or raise an error of the tree of `ant_core.errors`; all else is a find.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ant_core.errors import InputError
from scripts.attacks.memory_readers import ledgers, read_ledger, read_record, records
from scripts.attacks.model_readers import (
    entries,
    headers,
    models,
    read_entries,
    read_headers,
    read_model,
    read_registry,
    registries,
)
from scripts.attacks.pictures import (
    SIZE,
    as_json,
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
    return [b"exchangeDigitalTimeSheet Save Data\n" + as_json({"timeTables": [table]})]


def _read_xdts(data: bytes, scratch: Path) -> None:
    from ant_core.formats.xdts import parse_xdts

    del scratch
    parse_xdts(data, "x")


def _hints() -> list[bytes]:
    return [
        as_json(
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
    return [as_json({"schema": 1, "kind": "review_notes", "notes": [note, note | {"text": "b"}]})]


def _read_notes(data: bytes, scratch: Path) -> None:
    from ant_core.output.notes import NotePlace, attach, merge_notes, read_notes

    scratch.write_bytes(data)
    notes = merge_notes(read_notes(scratch))
    attach(notes, {"a" * 40: [NotePlace("a" * 40, (3, 4), (1, 2, 5, 6))]})


def _lists(suffix: str) -> list[bytes]:
    if suffix == ".txt":
        return [b'# shots\nshot_a --frames 1-9\n"shot b" --gap=3\n']
    if suffix == ".csv":
        return [b'shot;name;frames;gap\nshot_a;one;1-9|12;3\n"b c";two;;4\n']
    return [as_json({"defaults": {"gap": 3}, "shots": ["a", {"shot": "b", "frames": "1-9"}]})]


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
    from ant_core.formats.kra.journal import Entry, KraJournal, pack_plane
    from ant_core.formats.kra.spaces import space_named

    journal, space = KraJournal(), space_named("RGBA", "x")
    before = pack_plane(painting(4), space)
    summary = {"confidence": 0.5, "doubtful": 1, "no_counterpart": 0, "segments": 4}
    journal.record(Entry("{1}", 3, "predicted", "m" * 64, before, "a" * 32, summary, b"{}"))
    journal.record(Entry("{1}", 4, "accepted", "m" * 64, None, "b" * 32, summary))
    return [journal.dump()]


def _read_journal(data: bytes, scratch: Path) -> None:
    from ant_core.formats.kra.journal import KraJournal

    del scratch
    journal = KraJournal(data, "x")
    journal.origin("a" * 32)
    journal.dump()


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
        "record": Reader(records, read_record),
        "ledger": Reader(ledgers, read_ledger),
        "model": Reader(models, read_model),
        "model_load": Reader(models, partial(read_model, load=True)),
        "registry": Reader(registries, read_registry),
        "entry": Reader(entries, read_entries),
        "headers": Reader(headers, read_headers),
        "protocol": Reader(_messages, _read_messages),
    }
    for suffix in (".gpl", ".aco", ".ase", ".kpl"):
        found[suffix[1:]] = Reader(partial(_palettes, suffix), partial(_read_palette, suffix))
    for suffix in (".txt", ".csv", ".json"):
        found[f"list_{suffix[1:]}"] = Reader(partial(_lists, suffix), partial(_read_list, suffix))
    return found
