"""A release can be served, downloaded and imported as it lies there."""

import json
import re
from pathlib import Path

import pytest

from ant_core.errors import InputError, OutputError, UsageError
from ant_core.matching.matcher import default_model
from ant_core.models import ModelPlaces, Store, load_registry
from ant_core.models.installed import embedded
from ant_core.models.release import describe, model_card, write_beside, write_release
from ant_core.training.data.splits import CHARACTERS
from ant_core.training.evaluation.card import card_notes, splits_section
from tests.models.conftest import make_model

ROOT = Path(__file__).parents[2]
THIRD_PARTY = "## Drawings and data\n\n| work | licence |\n| --- | --- |\n| inks | CC0 |\n"


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "run" / "out.antmodel"
    path.parent.mkdir()
    make_model(path)
    return path


def test_a_release_is_downloaded_from_a_server_that_serves_its_folder(
    tmp_path, model, places, server
):
    folder = tmp_path / "release"
    for version in ("1.0", "1.1"):
        write_release(describe(model, "inks", version, notes="Drawn by hand."), model, folder)
    for path in folder.iterdir():
        server.files[f"/{path.name}"] = path.read_bytes()
    registry = load_registry(folder / "registry.json")
    assert [entry.label for entry in registry.models] == ["inks@1.0", "inks@1.1"]
    store = Store(ModelPlaces(places), lambda: registry)
    installed, fetched = store.download("inks", mirrors=[server.base])
    assert (installed.label, fetched) == ("inks@1.1", True)
    assert installed.path.with_suffix(".md").read_text().endswith("\nDrawn by hand.\n")
    assert [error for _, error in store.verify(None)] == [None, None]


def test_a_released_file_is_imported_with_the_entry_beside_it(tmp_path, model, places):
    target = write_release(describe(model, "inks", "1.1"), model, tmp_path / "release")
    empty = load_registry(embedded().path.with_name("registry.json"))
    added, _ = Store(ModelPlaces(places), lambda: empty).add(target)
    assert (added.label, added.entry.licence) == ("inks@1.1", "Apache-2.0")


def test_a_release_never_changes_and_mirrors_stay(tmp_path, model):
    folder = tmp_path / "release"
    entry = describe(model, "inks", "1.0")
    write_release(entry, model, folder)
    document = json.loads((folder / "registry.json").read_text())
    document["mirrors"] = ["https://localhost/models"]
    (folder / "registry.json").write_text(json.dumps(document))
    write_release(entry, model, folder)
    assert load_registry(folder / "registry.json").mirrors == ("https://localhost/models",)
    make_model(model, note="other")
    with pytest.raises(OutputError, match=r"has another inks@1\.0\.0 already"):
        write_release(describe(model, "inks", "1.0.0"), model, folder)


@pytest.mark.parametrize(("name", "version"), [("Inks", "1"), ("inks", "1.x"), ("inks", "v1")])
def test_names_and_versions_are_checked(model, name, version):
    with pytest.raises(UsageError):
        describe(model, name, version)


def test_the_embedded_model_is_not_released_by_its_name(tmp_path, model):
    with pytest.raises(UsageError, match="another name"):
        write_release(describe(model, "default", "1"), model, tmp_path / "release")


def test_the_card_tells_what_the_manifest_tells():
    scores = {"clips": 5, "accuracy": 81.4}
    manifest = {"name": "net", "descriptor_version": 1, "validation": {"drawn": scores}}
    card = model_card(manifest, "inks", "1.0", "CC0-1.0")
    assert "- licence: CC0-1.0\n" in card
    assert "| kind | clips | accuracy |\n| --- | ---: | ---: |\n| drawn | 5 | 81.4 |\n" in card
    assert "pairs" not in card


def test_pictures_lie_beside_the_card_that_shows_them(tmp_path, model):
    pictures = {"inks-1.0.curves.png": b"curves", "inks-1.0.worst.png": b"worst"}
    notes = card_notes("Drawn by hand.", THIRD_PARTY, "| a |", dict.fromkeys(pictures, "Seen"))
    entry = describe(model, "inks", "1.0", notes=notes)
    write_beside(entry, model, pictures=pictures)
    write_release(entry, model, tmp_path / "release", pictures)
    for card in (model.with_suffix(".md"), tmp_path / "release" / "inks-1.0.md"):
        shown = re.findall(r"!\[Seen\]\((.+?)\)", card.read_text())
        assert {name: (card.parent / name).read_bytes() for name in shown} == pictures


def test_the_card_gives_licence_and_credit_of_every_source():
    notes = card_notes("Drawn by hand.", (ROOT / "THIRD_PARTY.md").read_text("utf-8"))
    for name in ("Tiny Speck", "Quaternius", "Kay Lousberg", "Morevna Project", "MakeHuman", "MIT"):
        assert name in notes
    assert "onnxruntime" not in notes.lower()
    assert "NumPy" not in notes  # libraries are no sources
    with pytest.raises(InputError, match="no table below"):
        card_notes("", "# Credits\n\n## Libraries\n")


def test_the_card_names_every_character_that_is_held_out():
    section = splits_section()
    for characters in CHARACTERS.values():
        assert all(name in section for name in characters)
    assert "| kaykit_adventurers | Barbarian | Rogue, Rogue_Hooded |" in section


def test_the_card_does_not_say_that_splits_share_no_texture():
    rules = " ".join(splits_section().split())
    assert "No character, part, puppet or clip of movement is in two splits" in rules
    assert "one palette of Mesh2Motion colours figures of train and of fresh alike" in rules


def test_sections_that_say_nothing_are_left_out():
    notes = card_notes("Drawn by hand.", THIRD_PARTY)
    assert notes.startswith("Drawn by hand.\n\n## Sources")
    assert "## Measured" not in notes
    assert "## Pictures" not in notes
    assert "| bars |" in card_notes("", THIRD_PARTY, "| bars |\n")


def test_an_entry_beside_the_embedded_model_is_read(tmp_path, monkeypatch):
    copy = tmp_path / "default.antmodel"
    copy.write_bytes(default_model().read_bytes())
    monkeypatch.setattr("ant_core.models.installed._EMBEDDED", copy)
    assert embedded().entry is None
    entry = describe(copy, "default", "3.0")
    write_beside(entry, copy)
    assert embedded().entry == entry
    embedded().check()
