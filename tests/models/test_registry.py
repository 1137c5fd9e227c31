"""What a registry may say, and which model it gives."""

import json
import os

import pytest

from ant_core.errors import InputError, ModelMissing, UsageError
from ant_core.models import ModelPlaces, find_places, find_registry, load_registry
from ant_core.models.places import _PACKAGE
from ant_core.models.registry import engine_runs, parse_wanted, version_key
from tests.models.conftest import make_entry, write_registry


def test_the_one_in_the_package_is_sound_and_names_no_host():
    registry = load_registry(_PACKAGE / "registry.json")
    assert registry.mirrors == ()
    assert [url for entry in registry.models for url in entry.urls] == []


def test_an_entry_survives_writing_and_reading(tmp_path):
    entry = make_entry(b"abc", file="sub/inks.antmodel", urls=("https://localhost/x",))
    registry = load_registry(write_registry(tmp_path / "r.json", [entry], ["http://localhost"]))
    assert registry.models == (entry,)
    assert registry.addresses(entry, ["http://localhost:8000/m/"]) == [
        "http://localhost:8000/m/sub/inks.antmodel",
        "http://localhost/sub/inks.antmodel",
        "https://localhost/x",
    ]


def broken(**changes):
    entry = make_entry(b"abc").to_json() | changes
    return {"schema": 1, "mirrors": [], "models": [entry]}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "expected `object`, got `array`"),
        ({"schema": 2, "mirrors": [], "models": []}, "schema: none of the values it may have is 2"),
        ({"schema": 1, "models": []}, "missing required field `mirrors`"),
        ({"schema": 1, "mirrors": ["ftp://localhost"], "models": []}, r"mirrors\[0\]"),
        ({"schema": 1, "mirrors": ["http://me:pw@localhost"], "models": []}, r"mirrors\[0\]"),
        ({"schema": 1, "mirrors": ["file:///tmp"], "models": []}, r"mirrors\[0\]"),
        (broken(name="../../etc"), r"models\[0\].name"),
        (broken(name="Inks"), r"models\[0\].name"),
        (broken(name="default"), "name of the model in the package"),
        (broken(version="../1"), r"models\[0\].version"),
        (broken(size=0), r"models\[0\].size"),
        (broken(size="3"), r"models\[0\].size"),
        (broken(sha256="ABC"), r"models\[0\].sha256"),
        (broken(file="/etc/passwd"), r"models\[0\].file"),
        (broken(colour="red"), "unknown field `colour`"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path, document, said):
    path = tmp_path / "registry.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=said):
        load_registry(path)


def test_one_version_twice(tmp_path):
    entries = [make_entry(b"a", version="1.0"), make_entry(b"b", version="1.0.0")]
    with pytest.raises(InputError, match=r"inks@1.0.0 is there twice"):
        load_registry(write_registry(tmp_path / "r.json", entries))


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\xfe"])
def test_a_file_that_is_missing_or_no_json(tmp_path, content):
    path = tmp_path / "registry.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"registry\.json.*--registry"):
        load_registry(path)


def test_versions_are_ordered_by_number():
    ordered = ["0.9", "0.10", "1", "1.0.1", "1.2", "1.10"]
    assert sorted(sorted(ordered), key=version_key) == ordered
    assert version_key("1.2.0") == version_key("1.2") == version_key("1.2.dev3")


def test_the_newest_that_this_engine_runs_is_chosen(tmp_path):
    entries = [make_entry(version.encode(), version=version) for version in ("1.9", "1.10", "1.2")]
    entries.append(make_entry(b"2", version="2", minimum_engine="999"))
    registry = load_registry(write_registry(tmp_path / "r.json", entries))
    assert registry.choose("inks", None).version == "1.10"
    assert registry.choose("inks", "1.2").version == "1.2"
    assert not engine_runs(registry.choose("inks", "2"))
    with pytest.raises(ModelMissing, match=r"no model inks@3 \(it has: inks@1.9, "):
        registry.choose("inks", "3")
    with pytest.raises(ModelMissing, match="no model paints"):
        registry.choose("paints", None)


@pytest.mark.parametrize("text", ["", "Inks", "../x", "a/b", "inks@", "inks@x", "inks@1.", "@1"])
def test_names_that_are_none(text):
    with pytest.raises(UsageError, match="is no name of a model"):
        parse_wanted(text)


def test_places_and_the_nearest_registry(tmp_path):
    shared = [tmp_path / "s1", tmp_path / "s2"]
    own = tmp_path / "own"
    environment = {
        "ANT_CORE_MODELS": str(own),
        "ANT_CORE_SHARED_MODELS": os.pathsep.join([*map(str, shared), ""]),
    }
    places = find_places(environment)
    assert places == ModelPlaces(own, tuple(shared))
    assert find_registry(places, None, {}) == _PACKAGE / "registry.json"
    nearest = write_registry(shared[1] / "registry.json", [])
    assert find_registry(places, None, {}) == nearest
    named = {"ANT_CORE_REGISTRY": str(tmp_path / "named.json")}
    assert find_registry(places, None, named) == tmp_path / "named.json"
    assert find_registry(places, "given.json", named).name == "given.json"


def test_without_settings_the_platform_says_where():
    assert find_places({}).own.parts[-2:] == ("ant_core", "models")
