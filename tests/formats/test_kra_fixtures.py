"""Documents that Krita saved: our pixels have the hashes that Krita's own have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ant_core.formats.kra import KraArchive, KraDocument, LineReader
from ant_core.formats.kra.journal import plane_hash
from ant_core.formats.kra.owners import color_keys
from ant_core.formats.kra.reader import read_plane

FILES = sorted((Path(__file__).parents[1] / "data/kra").glob("*.kra"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_frame_is_what_krita_says(path):
    told = json.loads(path.with_suffix(".json").read_text("utf-8"))
    document = KraDocument(KraArchive(path))
    layers = {layer.uuid: layer for layer in document.walk() if layer.kind == "paintlayer"}
    assert layers.keys() == told.keys()
    for uuid, layer in layers.items():
        space = document.space(layer)
        assert layer.name == told[uuid]["name"]
        assert [space.format.model, space.format.depth] == told[uuid]["format"]
        frames = {
            str(key.time): plane_hash(read_plane(document, layer, key), space)
            for key in color_keys(layer)
        }
        assert frames == told[uuid]["frames"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_lines_hold_and_repeat_as_in_the_timeline(path):
    document = KraDocument(KraArchive(path))
    (line,) = [layer for layer in document.walk() if layer.name.startswith("Line")]
    reader = LineReader(document, [line])
    assert reader.frames == (0, 3, 12)
    assert reader.probe(3).digest == reader.probe(12).digest != reader.probe(0).digest
    note = document.archive.read(document.annotation_file("any_plugin/notes"), 100)
    assert note == b"\x00\x01any bytes\xff"


def test_both_versions_are_there():
    assert len(FILES) == 4
