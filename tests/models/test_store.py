"""The store: what it finds, takes in, refuses and removes."""

import errno
import json
import os
import shutil
import threading
import types
from pathlib import Path

import pytest

from ant_core.errors import Cancelled, ModelCorrupt, ModelMissing, OutputError, UsageError
from ant_core.models import ModelPlaces, Store, load_registry
from ant_core.models.installed import locate
from ant_core.models.transfer import Patience
from tests.models.conftest import make_entry, make_model, some_bytes, write_registry
from tests.support import loopback as act

CONTENT = some_bytes(100_000)
QUICK = Patience(timeout_s=0.3, tries=2, pause_s=0.01, longest_wait_s=1)


@pytest.fixture
def store(tmp_path, places, server):
    """Return a store whose registry has one model, and whose mirror has its file."""
    path = tmp_path / "registry.json"
    write_registry(path, [make_entry(CONTENT)], [f"{server.base}/m"])
    server.files["/m/inks-1.0.antmodel"] = CONTENT
    return Store(ModelPlaces(places, (tmp_path / "shared",)), lambda: load_registry(path))


def names(store):
    return [(model.label, model.where) for model in store.installed()][1:]


def test_the_embedded_model_is_always_there(store):
    first = store.installed()[0]
    assert (first.name, first.where) == ("default", "package")
    assert store.find("default").path.is_file()
    assert store.download("default") == (first, False)


def test_download_puts_file_entry_and_card(store, places, server):
    model, fetched = store.download("inks", patience=QUICK)
    assert fetched
    assert model.path == places / "inks" / "1.0" / "inks.antmodel"
    assert model.path.read_bytes() == CONTENT
    assert model.path.with_suffix(".md").read_text() == "# Inks\n"
    assert sorted(path.name for path in model.path.parent.iterdir()) == [
        "inks.antmodel",
        "inks.json",
        "inks.md",
    ]
    assert store.find("inks") == store.find("inks@1.0.0") == model
    assert store.available() == []
    assert store.download("inks") == (model, False)
    assert len(server.requests) == 1


def test_what_has_arrived_is_known_and_used(store, server):
    entry = make_entry(CONTENT)
    server.behave["/m/inks-1.0.antmodel"] = [act.cuts_after(1000), act.says(404)]
    with pytest.raises(ModelMissing):
        store.download("inks", patience=QUICK)
    assert store.arrived(entry) == 1000
    assert names(store) == []
    started = []
    store.download("inks", patience=QUICK, on_start=lambda *told: started.append(told))
    assert started == [(entry, 1000)]
    assert server.starts("/m/inks-1.0.antmodel") == [None, 1000, 1000]


@pytest.mark.parametrize("name", ["inks.antmodel.0123456789ab.part", ".part-0011223344556677"])
def test_a_part_of_another_file_is_swept_away(store, places, name):
    part = places / "inks" / "1.0" / name
    part.parent.mkdir(parents=True)
    part.write_bytes(b"old")
    store.download("inks", patience=QUICK)
    assert not part.exists()


def test_a_mirror_of_ones_own_comes_first(store, server):
    server.files["/mine/inks-1.0.antmodel"] = CONTENT
    store.download("inks", mirrors=[f"{server.base}/mine/"], patience=QUICK)
    assert [request.path for request in server.requests] == ["/mine/inks-1.0.antmodel"]


def test_no_mirror_at_all(tmp_path, places):
    path = write_registry(tmp_path / "registry.json", [make_entry(CONTENT)])
    store = Store(ModelPlaces(places), lambda: load_registry(path))
    with pytest.raises(ModelMissing, match=r"no address is known for inks@1.0.*--mirror"):
        store.download("inks")


def test_a_model_for_a_newer_engine(tmp_path, places):
    entry = make_entry(CONTENT, minimum_engine="999.1")
    path = write_registry(tmp_path / "registry.json", [entry], ["http://127.0.0.1:1"])
    store = Store(ModelPlaces(places), lambda: load_registry(path))
    with pytest.raises(ModelCorrupt, match=r"made for ant_core 999\.1 or newer.*update"):
        store.download("inks")


def test_space_is_looked_for_before_the_first_byte(store, server, monkeypatch):
    entry = make_entry(CONTENT)
    usage = types.SimpleNamespace(free=len(CONTENT) + (1 << 20) - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(OutputError, match=r"not enough room for inks@1.0.*needs 0.1 MB and 1.1 MB"):
        store.download("inks", patience=QUICK)
    assert server.requests == []
    # What is there already needs no room any more.
    part = store._part(entry)
    part.write_bytes(CONTENT[:1])
    assert store.download("inks", patience=QUICK)[1]


def test_waiting_for_another_process_can_be_stopped(store, server):
    server.behave["/m/inks-1.0.antmodel"] = [act.stalls_after(1000)]
    under_way, cancel = threading.Event(), threading.Event()
    fetched = []

    def download():
        patience = Patience(timeout_s=30)
        fetched.append(
            store.download("inks", patience=patience, on_progress=lambda done: under_way.set())
        )

    thread = threading.Thread(target=download)
    thread.start()
    assert under_way.wait(10)
    told = []

    def stop(text):
        told.append(text)
        cancel.set()

    with pytest.raises(Cancelled, match="another process works on the model"):
        store.download("inks", cancel=cancel, on_wait=stop)
    server.release.set()
    thread.join()
    assert told == ["another process works on inks@1.0: waiting for it"]
    assert fetched[0][1]


# ---- import


def test_a_file_of_the_registry_takes_its_entry(tmp_path, places, server):
    source = tmp_path / "stick" / "anything.bin"
    source.parent.mkdir()
    content = make_model(source)
    path = write_registry(tmp_path / "registry.json", [make_entry(content, version="2.5")])
    store = Store(ModelPlaces(places), lambda: load_registry(path))
    model, new = store.add(source)
    assert new
    assert (model.label, model.entry.licence) == ("inks@2.5", "Apache-2.0")
    assert model.path.read_bytes() == content
    assert store.download("inks") == (model, False)
    assert store.add(source) == (model, False)


def test_an_entry_beside_the_file_is_taken(tmp_path, store):
    content = make_model(tmp_path / "mine.antmodel")
    entry = make_entry(content, name="mine", version="3")
    (tmp_path / "mine.json").write_text(json.dumps(entry.to_json()))
    assert store.add(tmp_path / "mine.antmodel")[0].entry == entry


def test_half_a_copy_is_not_left_lying(tmp_path, store, places, monkeypatch):
    make_model(tmp_path / "mine.antmodel")

    def copy(old, new, *_):
        new.write(old.read(100))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfileobj", copy)
    with pytest.raises(OutputError, match="ANT_CORE_MODELS"):
        store.add(tmp_path / "mine.antmodel")
    assert not list(places.rglob("*.part"))


def test_otherwise_the_files_name_serves(tmp_path, store):
    make_model(tmp_path / "Mine.antmodel")
    assert store.add(tmp_path / "Mine.antmodel")[0].label == "mine@0"
    given = store.add(tmp_path / "Mine.antmodel", name="other", version="2.1")[0]
    assert given.label == "other@2.1"


@pytest.mark.parametrize("name", ["my model.antmodel", "default.antmodel"])
def test_names_that_cannot_be_taken(tmp_path, store, name):
    make_model(tmp_path / name)
    with pytest.raises(UsageError, match="with --name"):
        store.add(tmp_path / name)
    assert names(store) == []


def test_what_is_no_model_stays_outside(tmp_path, store):
    (tmp_path / "x.antmodel").write_bytes(CONTENT)
    with pytest.raises(ModelCorrupt, match="not a model file"):
        store.add(tmp_path / "x.antmodel")
    with pytest.raises(ModelMissing, match="no model at"):
        store.add(tmp_path / "y.antmodel")
    assert names(store) == []


def test_another_file_of_the_same_name_and_version_is_refused(tmp_path, store):
    make_model(tmp_path / "mine.antmodel")
    store.add(tmp_path / "mine.antmodel")
    make_model(tmp_path / "mine.antmodel", note="trained longer")
    with pytest.raises(OutputError, match=r"another mine@0 at .*remove that one first"):
        store.add(tmp_path / "mine.antmodel")


# ---- damage, shared folders, removal


@pytest.fixture
def imported(tmp_path, store):
    make_model(tmp_path / "mine.antmodel")
    return store.add(tmp_path / "mine.antmodel")[0]


def test_whole_models_pass(store, imported):
    assert [(m.label, e) for m, e in store.verify("mine")] == [("mine@0", None)]
    assert [e for _, e in store.verify(None)] == [None, None]


def test_one_changed_byte_is_noticed(store, imported):
    data = bytearray(imported.path.read_bytes())
    data[len(data) // 2] ^= 1
    imported.path.write_bytes(data)
    ((_, error),) = store.verify("mine")
    assert isinstance(error, ModelCorrupt)
    assert "its SHA-256 is" in str(error)
    assert "ant_core models remove mine@0" in str(error)


def test_a_file_that_cannot_be_read_is_damaged(store, imported, monkeypatch):
    def refuse(path, cancel=None):
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    monkeypatch.setattr("ant_core.models.installed.file_sha256", refuse)
    ((_, error),) = store.verify("mine")
    assert "it cannot be read: Input/output error" in str(error)


def test_a_truncated_file_is_noticed_at_once_and_replaced(tmp_path, store, imported):
    whole = imported.path.read_bytes()
    imported.path.write_bytes(whole[:-1])
    with pytest.raises(ModelCorrupt, match=f"has {len(whole) - 1} bytes where {len(whole)}"):
        store.find("mine")
    assert store.add(tmp_path / "mine.antmodel") == (imported, True)
    assert imported.path.read_bytes() == whole


@pytest.mark.parametrize("content", [None, "", "{}", "[1"])
def test_a_damaged_entry_is_noticed(store, imported, content):
    path = imported.path.with_suffix(".json")
    path.unlink() if content is None else path.write_text(content)
    ((_, error),) = store.verify("mine")
    assert "its entry" in str(error)


def test_shared_folders_are_read_after_ones_own_and_never_written(tmp_path, store, imported):
    shared = tmp_path / "shared"
    shutil.copytree(imported.path.parents[1], shared / "mine")
    shutil.copytree(imported.path.parent, shared / "mine" / "0.1")
    assert names(store) == [("mine@0.1", "shared"), ("mine@0", "own"), ("mine@0", "shared")]
    assert store.find("mine").where == "shared"
    assert store.find("mine@0").where == "own"
    assert [model.label for model in store.remove("mine")] == ["mine@0"]
    with pytest.raises(OutputError, match="shared folder, which is only read"):
        store.remove("mine")
    assert store.find("mine@0").where == "shared"


def test_what_lies_about_in_a_folder_is_passed_over(places, store):
    for name in ("inks/1.0/other.antmodel", "Bad/1/Bad.antmodel", "default/9/default.antmodel"):
        (places / name).parent.mkdir(parents=True, exist_ok=True)
        (places / name).write_bytes(b"x")
    assert names(store) == []


def test_removal_leaves_nothing(places, store, imported):
    assert store.remove("mine") == [imported]
    assert not (places / "mine").exists()
    with pytest.raises(ModelMissing, match="no model mine on this machine"):
        store.remove("mine")
    with pytest.raises(UsageError, match="is part of ant_core and stays"):
        store.remove("default")


def test_a_damaged_registry_does_not_touch_what_is_there(tmp_path, store, imported):
    (tmp_path / "registry.json").write_text("{")
    assert store.find("mine") == imported
    assert [error for _, error in store.verify(None)] == [None, None]


def test_what_model_means_on_the_command_line(tmp_path, store, imported, monkeypatch):
    assert locate(Path("mine")) == locate(Path("mine@0")) == imported.path
    assert locate(Path("default")) == store.installed()[0].path
    for file in ("mine.antmodel", "folder/mine", "./x.antmodel", tmp_path / "mine"):
        assert locate(Path(file)) == Path(file)
    with pytest.raises(ModelMissing, match="models download other"):
        locate(Path("other"))
    monkeypatch.chdir(tmp_path)
    Path("mine").write_bytes(b"a file of this name goes first")
    assert locate(Path("mine")) == Path("mine")
