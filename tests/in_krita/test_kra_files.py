"""Krita documents in both directions: Krita writes and we read, we write and Krita reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from ant_core.formats.kra import KraArchive, KraDocument, LineReader
from ant_core.formats.kra.journal import KIND
from ant_core.formats.kra.owners import color_keys
from ant_core.formats.kra.reader import read_plane
from tests.in_krita import runner
from tests.support.drawn import painting, save

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
KINDS = (
    "rgba_u8",
    "rgba_u16",
    "rgba_f32",
    "graya_u8",
    "graya_u16",
    "cmyka_u8",
    "cmyka_u16",
    "cmyka_f32",
)
LINE = 'Line "co" <\u00fc>'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, krita: runner.Krita) -> Path:
    return tmp_path_factory.mktemp(f"kra_{krita.label}")


@pytest.fixture(scope="module")
def theirs(krita: runner.Krita, folder: Path) -> dict[str, tuple[Path, dict]]:
    """Documents that Krita wrote, with what it says of them."""
    names = [f"kra_files:{kind}" for kind in KINDS]
    report = runner.run(krita, names, folder / "theirs")
    found = {}
    for kind in KINDS:
        result = report.results[f"kra_files:{kind}"]
        assert result["status"] == "passed", result["text"]
        (path,) = (folder / "theirs").glob(f"try*/kra_files_{kind}_krita.kra")
        found[kind] = path, json.loads(path.with_suffix(".json").read_text())
    return found


@pytest.fixture(scope="module")
def ours(krita: runner.Krita, folder: Path, theirs) -> dict[str, tuple[Path, dict]]:
    """Documents that we wrote, with what Krita says of them."""
    place = folder / "ours"
    place.mkdir()
    for kind, (path, _) in theirs.items():
        color_shot(path, place / f"{kind}.kra", "--line", LINE, "--color", "Color")
    sheet = folder / "sheet.png"
    save(sheet, painting(0))
    more = ("--line", LINE, "--color", "Fresh", "--model-sheet", str(sheet))
    color_shot(theirs["rgba_u8"][0], place / "new_layer.kra", *more)
    without_profiles(theirs["rgba_u8"][0], place / "no_profile.kra")
    report = runner.run(
        krita,
        ["kra_files:read_ours"],
        folder / "read",
        environment={"KRA_FILES": str(place)},
        shown=[folder],
    )
    result = report.results["kra_files:read_ours"]
    assert result["status"] == "passed", result["text"]
    found = {}
    for path in place.glob("*.kra"):
        (told,) = (folder / "read").glob(f"try*/*_{path.stem}.json")
        found[path.stem] = path, json.loads(told.read_text())
    return found


def color_shot(path: Path, out: Path, *more: str) -> None:
    """Colour a document as the command line does, with a small matcher."""
    script = ROOT / "tests/support/run_with_fake.py"
    command = [sys.executable, str(script), "propagate", str(path), "--out", str(out), *more]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr


def without_profiles(path: Path, out: Path) -> None:
    """Copy a document without its layers' colour profiles, which makes Krita warn."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            if not info.filename.endswith("layer2.icc"):
                new.writestr(info, old.read(info))


def planes(path: Path) -> dict[str, dict[int, bytes]]:
    """Return what we read of every paint layer, by uuid and time, in Krita's bytes."""
    document = KraDocument(KraArchive(path))
    return {
        layer.uuid: {
            key.time: document.space(layer).format.encode(read_plane(document, layer, key))
            for key in color_keys(layer)
        }
        for layer in document.walk()
        if layer.kind == "paintlayer"
    }


def told_planes(told: dict) -> dict[str, dict[int, bytes]]:
    """Return what Krita told of every paint layer."""
    return {
        uuid: {int(t): zlib.decompress(bytes.fromhex(data)) for t, data in layer["frames"].items()}
        for uuid, layer in told["layers"].items()
        if layer["kind"] == "paintlayer"
    }


@pytest.mark.parametrize("kind", KINDS)
def test_we_read_every_frame_that_krita_wrote(theirs, kind):
    path, told = theirs[kind]
    assert planes(path) == told_planes(told)


def test_a_clone_is_one_drawing_with_its_original(theirs):
    path, _ = theirs["rgba_u8"]
    document = KraDocument(KraArchive(path))
    lines = LineReader(document, [document.find(LINE, "--line")])
    assert lines.frames == (0, 3, 12)
    assert lines.probe(3).digest == lines.probe(12).digest != lines.probe(0).digest


def test_a_group_shows_what_krita_shows_of_it(theirs):
    path, told = theirs["rgba_u8"]
    document = KraDocument(KraArchive(path))
    lines = LineReader(document, [document.find("Group", "--line")], (2, 6, 9))
    for t, data in told["groups"]["Group"].items():
        raw = np.frombuffer(zlib.decompress(bytes.fromhex(data)), np.uint8)
        krita = raw.reshape(document.height, document.width, 4)[:, :, [2, 1, 0, 3]]
        difference = np.abs(krita.astype(int) - lines.read(int(t)))
        seen = krita[:, :, 3:] > 8  # of nearly clear pixels the colour is rounded coarsely
        assert difference[:, :, 3].max() <= 1
        assert (difference * seen).max() <= 2


@pytest.mark.parametrize("kind", [*KINDS, "new_layer"])
def test_krita_opens_what_we_wrote_without_a_word_and_sees_the_same(ours, kind):
    path, told = ours[kind]
    assert told["dialogs"] == []
    assert planes(path) == told_planes(told)
    document = KraDocument(KraArchive(path))
    assert (
        told["annotation"] == document.archive.read(document.annotation_file(KIND), 1 << 20).hex()
    )


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_color_layer_changed(theirs, ours, kind):
    before, after = told_planes(theirs[kind][1]), told_planes(ours[kind][1])
    (color,) = [u for u, item in theirs[kind][1]["layers"].items() if item["name"] == "Color"]
    assert sorted(before.pop(color)) == [0, 3]
    painted = after.pop(color)
    assert sorted(painted) == [0, 3, 12]
    assert painted[3] == painted[12]
    assert any(painted[3])
    assert before == after


def test_a_new_color_layer_lies_below_the_lines_with_a_key_for_each_drawing(ours):
    _, told = ours["new_layer"]
    names = [item["name"] for item in told["layers"].values()]
    assert names.index("Fresh") == names.index(LINE) + 1
    (fresh,) = [item for item in told["layers"].values() if item["name"] == "Fresh"]
    assert fresh["times"] == [0, 3, 12]
    assert fresh["format"] == next(iter(told["layers"].values()))["format"]


def test_krita_would_have_warned_of_a_missing_profile(ours):
    assert ours["no_profile"][1]["dialogs"] != []
