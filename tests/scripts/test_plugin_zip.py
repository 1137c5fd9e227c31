"""The plugin's zip file: complete, repeatable, and as Krita's importer wants it."""

import configparser
import zipfile

from scripts.packing.plugin import NAME
from scripts.packing.plugin import pack_plugin as package
from scripts.packing.project import ROOT, version

PLUGIN = ROOT / "krita_plugin"


def test_the_zip_holds_the_plugin_with_folder_entries(tmp_path):
    with zipfile.ZipFile(package(tmp_path)) as archive:
        names = archive.namelist()
        desktop = archive.read(f"{NAME}.desktop").decode()
    config = configparser.ConfigParser()
    config.read_string(desktop)
    # What Krita's importer looks for: the module's own folder entry, with __init__.py in it.
    assert config["Desktop Entry"]["X-KDE-Library"] == NAME
    assert f"{NAME}/" in names
    assert {f"{NAME}/{room}/" for room in ("host", "link", "state", "ui", "work")} <= set(names)
    assert f"{NAME}/__init__.py" in names
    assert f"actions/{NAME}.action" in names
    assert f"{NAME}/{config['Desktop Entry']['X-Krita-Manual']}" in names
    files = {p.relative_to(PLUGIN).as_posix() for p in (PLUGIN / NAME).rglob("*.py")}
    assert files <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_zip_holds_the_sample_shot_that_the_docker_opens(tmp_path):
    with zipfile.ZipFile(package(tmp_path)) as archive:
        names = archive.namelist()
    lines = [name for name in names if name.startswith(f"{NAME}/sample/line/0")]
    assert len(lines) == 14
    assert f"{NAME}/sample/color/0001.png" in names
    assert not [name for name in names if "truth" in name]


def test_the_same_tree_gives_the_same_bytes_under_the_version(tmp_path):
    first, second = package(tmp_path / "a"), package(tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    assert first.name == f"{NAME}-{version()}.zip"


def test_every_module_of_the_plugin_is_in_it(tmp_path):
    """Also those whose names begin as that of the folder `engine`, which is put in separately."""
    with zipfile.ZipFile(package(tmp_path)) as archive:
        names = set(archive.namelist())
    modules = {path.relative_to(PLUGIN).as_posix() for path in (PLUGIN / NAME).rglob("*.py")}
    assert f"{NAME}/engines.py" in modules
    assert modules <= names, modules - names
