"""Setting an engine up, with a real server on loopback, real files and real processes.

The pack is small and its Python a script that answers as the engine would; the whole way with a
real engine is tests/in_krita/test_setting_up.py.
"""

import json
import os
import subprocess
import zipfile

import pytest

pytest.importorskip("PyQt5.QtNetwork", reason="needs PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.link.pack import places
from krita_plugin.propagate_colors.link.pack import steps as setting_up
from krita_plugin.propagate_colors.link.pack.problems import SetupProblem
from krita_plugin.propagate_colors.link.pack.sources import PackFile
from krita_plugin.propagate_colors.work.jobs import JobCancelled
from tests.support import engine_pack, loopback


def works(setup):
    """Tell whether the engine in use starts."""
    command = setup.engines.command()
    return command is not None and subprocess.run(
        [*command, "doctor", "--json"], capture_output=True, check=False
    ).returncode in (0, 4)


def left(setup):
    return sorted(path.name for path in setup.engines.root.iterdir())


def refused(setup, steps, **options):
    with pytest.raises(SetupProblem) as caught:
        setup.run(steps, **options)
    return str(caught.value)


def test_an_engine_is_downloaded_checked_unpacked_tried_and_used(setup):
    tried = setup.run(setup.install())
    assert tried.device == "cpu"
    assert tried.note == ""
    name = setup.lock["id"]
    assert left(setup) == sorted([name, "current"])
    assert setup.engines.current() == name
    assert works(setup)
    folder = setup.engines.folder(name)
    assert (folder / "site/one/data.bin").stat().st_size == 400_000
    assert not list(folder.rglob("test_data.py")), "left out"
    assert not (folder / "site/one-1.0.data").exists()
    assert (folder / "asked.txt").read_text().split()[:2] == ["doctor", "serve"]
    order = list(dict.fromkeys(stage for stage, _, _ in setup.stages if stage))
    assert order == ["downloading", "checking", "unpacking", "preparing", "testing"]
    done, total = next((d, t) for s, d, t in reversed(setup.stages) if s == "downloading")
    assert (
        done
        == total
        == sum(map(_size, setup.lock["platforms"][engine_pack.KEY]["wheels"]))
        + (setup.lock["platforms"][engine_pack.KEY]["python"]["size"])
    )


def _size(entry):
    return entry["size"]


def test_an_unchanged_lock_needs_no_download(setup):
    setup.run(setup.install())
    asked = len(setup.server.asked)
    setup.run(setup.install())
    assert len(setup.server.asked) == asked


def test_an_update_of_the_engine_alone_downloads_nothing_and_keeps_the_earlier_one(setup):
    setup.run(setup.install())
    first, asked = setup.lock["id"], len(setup.server.asked)
    setup.run(setup.install(the_pack=setup.pack(engine="2")))
    second = setup.lock["id"]
    assert first != second
    assert len(setup.server.asked) == asked
    assert left(setup) == sorted([first, second, "current"])
    assert works(setup)
    assert (setup.engines.folder(second) / "site/shared/__init__.py").exists(), "of three wheels"
    setup.run(setup.install(the_pack=setup.pack(engine="3")))
    assert left(setup) == sorted([second, setup.lock["id"], "current"]), "one earlier is kept"
    assert works(setup)


def test_a_part_of_the_earlier_engine_that_was_changed_is_downloaded(setup):
    setup.run(setup.install())
    asked = len(setup.server.asked)
    (setup.engines.folder(setup.lock["id"]) / "site/two/data.bin").write_bytes(b"short")
    setup.run(setup.install(the_pack=setup.pack(engine="2")))
    assert [name for name, _ in setup.server.asked[asked:]] == ["two-1.0-py3-none-any.whl"]


def test_a_part_of_the_earlier_engine_with_other_bytes_of_the_same_length_is_downloaded(setup):
    setup.run(setup.install())
    asked = len(setup.server.asked)
    place = setup.engines.folder(setup.lock["id"]) / "site/two/data.bin"
    good = place.read_bytes()
    place.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    setup.run(setup.install(the_pack=setup.pack(engine="2")))
    assert [name for name, _ in setup.server.asked[asked:]] == ["two-1.0-py3-none-any.whl"]
    assert (setup.engines.folder(setup.lock["id"]) / "site/two/data.bin").read_bytes() == good


def test_a_piece_exchanged_after_its_check_is_not_unpacked(setup, monkeypatch, tmp_path):
    right = setting_up.Installation._unpack

    def exchanged(self, look):
        evil = tmp_path / "evil.whl"
        with zipfile.ZipFile(evil, "w") as archive:
            archive.writestr("two/evil.py", "")
        os.replace(evil, setup.engines.pieces / "two-1.0-py3-none-any.whl")
        right(self, look)

    monkeypatch.setattr(setting_up.Installation, "_unpack", exchanged)
    setup.run(setup.install())
    site = setup.engines.folder(setup.lock["id"]) / "site"
    assert (site / "two/data.bin").exists()
    assert not (site / "two/evil.py").exists()


def test_a_damaged_engine_is_made_anew_from_what_is_left_of_it(setup):
    pack = setup.pack()
    setup.run(setup.install(the_pack=pack))
    asked = len(setup.server.asked)
    folder = setup.engines.folder(setup.lock["id"])
    (folder / "python/bin/python3.12").write_text("damaged")
    assert not works_at_all(setup)
    setup.run(setup.install(the_pack=pack))
    assert works(setup)
    assert [name for name, _ in setup.server.asked[asked:]] == ["cpython-3.12.0-test.tar.gz"]
    assert left(setup) == sorted([setup.lock["id"], "current"])


def works_at_all(setup):
    try:
        return works(setup)
    except OSError:
        return False


def test_an_engine_that_lies_there_is_tried_before_it_is_used_again(setup):
    setup.run(setup.install())
    first = setup.lock["id"]
    pack = setup.pack(engine="2")
    setup.run(setup.install(the_pack=pack))
    setup.engines.use(first)
    (setup.engines.folder(setup.lock["id"]) / "site/ant_core/mood.txt").write_text("ill")
    wheel = setup.plugin / setup.lock["engine_wheel"]["name"]
    good = wheel.read_bytes()
    wheel.write_bytes(bytes(len(good)))
    assert "install the plugin's zip again" in refused(setup, setup.install(the_pack=pack))
    assert setup.engines.current() == first
    wheel.write_bytes(good)
    setup.run(setup.install(the_pack=pack))
    assert setup.engines.current() == setup.lock["id"]
    assert works(setup)


def test_what_cannot_be_deleted_afterwards_does_not_make_it_fail(setup, monkeypatch):
    setup.run(setup.install())
    setup.run(setup.install(the_pack=setup.pack(engine="2")))

    def held(folder):
        if "pieces" in str(folder) or ".gone" in str(folder):
            raise PermissionError("held by another program")
        return remove(folder)

    remove = places.remove_tree
    monkeypatch.setattr(places, "remove_tree", held)
    setup.run(setup.install(the_pack=setup.pack(engine="3")))
    assert setup.engines.current() == setup.lock["id"]
    assert not setup.engines.is_unfinished()
    monkeypatch.undo()
    setup.run(setup.install(the_pack=setup.pack(engine="4")))
    assert len(left(setup)) == 3, "two engines and which is in use"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("LockFailedError", "Another Krita"),
        ("PermissionError", "Nothing can be written"),
        ("UnknownError", "cannot be written to"),
    ],
)
def test_simulated_failures_of_the_lock_have_each_its_sentence(error, sentence, tmp_path):
    errors = setting_up.QtCore.QLockFile.LockError
    lock = type("Lock", (), {"error": lambda self: getattr(errors, error)})()
    assert sentence in str(setting_up._cannot_lock(lock, tmp_path))


def test_removing_what_is_held_leaves_the_engine_in_use(setup, monkeypatch):
    setup.run(setup.install())
    name = setup.lock["id"]

    def held(old, new):
        if str(new).endswith(".gone"):
            raise PermissionError("held by another program")

    monkeypatch.setattr(places.os, "replace", held)
    with pytest.raises(PermissionError):
        setup.engines.remove_all()
    assert setup.engines.current() == name


@pytest.mark.parametrize("place", ["head", "flags"])
def test_a_pack_whose_members_cannot_be_read_is_refused(setup, tmp_path, place):
    setup.pack()
    path = engine_pack.offline_pack(setup.lock, [tmp_path / "served", setup.plugin], tmp_path)
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("pieces/two-1.0-py3-none-any.whl").header_offset
    data = bytearray(path.read_bytes())
    if place == "head":
        data[start : start + 4] = b"none"
    else:  # encrypted, says the list of members
        name = data.rindex(b"pieces/two-1.0-py3-none-any.whl")
        data[name - 46 + 8] |= 1
    path.write_bytes(data)
    chosen = PackFile(path)
    said = refused(setup, setup.install(chosen, chosen.choose(engine_pack.KEY, None)))
    assert "not what was published" in said


@pytest.mark.parametrize("mood", ["dies", "ill", "dumb"])
def test_an_engine_that_fails_its_test_leaves_the_old_one_in_use(setup, mood):
    setup.run(setup.install())
    old = setup.lock["id"]
    said = refused(setup, setup.install(the_pack=setup.pack(mood=mood)))
    assert "was not taken into use" in said
    assert ("it is damaged" in said) == (mood == "ill")
    assert setup.engines.current() == old
    assert works(setup)
    assert setup.engines.is_unfinished()


def test_a_pack_in_one_file_needs_no_network(setup, tmp_path):
    setup.pack()
    path = engine_pack.offline_pack(setup.lock, [tmp_path / "served", setup.plugin], tmp_path)
    for file in (tmp_path / "served").iterdir():
        file.unlink()
    chosen = PackFile(path)
    pack = chosen.choose(engine_pack.KEY, None)
    setup.run(setup.install(chosen, pack))
    chosen.close()
    assert setup.server.asked == []
    assert works(setup)
    assert left(setup) == sorted([setup.lock["id"], "current"])


def test_a_damaged_pack_in_one_file_is_refused_and_nothing_is_unpacked(setup, tmp_path):
    setup.pack()
    path = engine_pack.offline_pack(setup.lock, [tmp_path / "served", setup.plugin], tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    chosen = PackFile(path)
    said = refused(setup, setup.install(chosen, chosen.choose(engine_pack.KEY, None)))
    assert "not what was published" in said
    assert left(setup) == []


def test_a_pack_for_another_system_is_named(setup, tmp_path):
    setup.pack()
    path = engine_pack.offline_pack(setup.lock, [tmp_path / "served", setup.plugin], tmp_path)
    with pytest.raises(SetupProblem, match=r"is for .* and this computer needs windows-x86_64"):
        PackFile(path).choose("windows-x86_64", None)


def test_a_pack_that_is_gone_is_named(tmp_path):
    with pytest.raises(SetupProblem, match=r"a\.zip is not there any more"):
        PackFile(tmp_path / "a.zip")


@pytest.mark.parametrize("content", [b"", b"PK nothing"])
def test_a_file_that_is_no_pack_is_refused(tmp_path, content):
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(SetupProblem, match="no engine pack"):
        PackFile(path)


def test_a_disk_without_room_is_told_first_with_both_figures(setup, monkeypatch):
    usage = type("Usage", (), {"free": 21_000_000})
    monkeypatch.setattr(setting_up.shutil, "disk_usage", lambda path: usage)
    said = refused(setup, setup.install())
    assert "needs 53 MB and 21 MB are free" in said
    assert setup.server.asked == []


def test_cancelled_while_downloading_it_goes_on_where_it_was(setup):
    name = "two-1.0-py3-none-any.whl"
    setup.pack()
    setup.server.behave[name] = [loopback.stalls_after(150_000)]
    setup.limits = None

    def there():
        part = setup.engines.pieces / f"{name}.part"
        return part.exists() and part.stat().st_size == 150_000

    with pytest.raises(JobCancelled):
        setup.run(setup.install(), cancel_when=there)
    assert setup.engines.is_unfinished()
    setup.server.asked.clear()
    setup.run(setup.install())
    assert setup.server.asked == [(name, "bytes=150000-"), ("three-1.0-py3-none-any.whl", "")]
    assert works(setup)


def test_pieces_that_were_changed_on_the_disk_meanwhile_are_fetched_again(setup):
    setup.pack()
    setup.engines.pieces.mkdir(parents=True)
    wheel = setup.lock["platforms"][engine_pack.KEY]["wheels"][0]
    (setup.engines.pieces / wheel["name"]).write_bytes(bytes(wheel["size"]))
    setup.run(setup.install())
    assert works(setup)
    assert [name for name, _ in setup.server.asked].count(wheel["name"]) == 1


def test_a_damaged_wheel_of_the_plugin_itself_asks_for_the_zip(setup):
    pack = setup.pack()
    wheel = setup.plugin / setup.lock["engine_wheel"]["name"]
    wheel.write_bytes(bytes(wheel.stat().st_size))
    assert "install the plugin's zip again" in refused(setup, setup.install(the_pack=pack))


def test_removing_leaves_nothing(setup):
    setup.run(setup.install())
    setup.run(setup.install(the_pack=setup.pack(engine="2")))
    setup.engines.remove_all()
    assert not setup.engines.root.exists()


def test_removing_leaves_what_is_not_ours(setup):
    setup.run(setup.install())
    others = ["mine.txt", "my engines.new", "0123456789abcdefg", "old.gone"]
    for name in others:
        (setup.engines.root / name).mkdir()
        (setup.engines.root / name / "work.kra").touch()
    setup.engines.remove_all()
    assert left(setup) == sorted(others)
    assert all((setup.engines.root / name / "work.kra").exists() for name in others)


def test_a_piece_without_an_address_is_named(setup):
    pack = setup.pack()
    pack = pack._replace(python=pack.python._replace(url=""))
    said = refused(setup, setup.install(the_pack=pack))
    assert said == (
        "The plugin's list has no address of cpython-3.12.0-test.tar.gz: use a downloaded pack."
    )
    assert setup.server.asked == []


def test_going_back_uses_the_earlier_engine(setup):
    setup.run(setup.install())
    first = setup.lock["id"]
    setup.run(setup.install(the_pack=setup.pack(engine="2")))
    assert setup.engines.earlier() == first
    setup.engines.use(first)
    assert setup.engines.current() == first
    assert setup.engines.earlier() == setup.lock["id"]
    assert works(setup)


def test_a_second_krita_waits_its_turn(setup, tmp_path):
    from krita_plugin.propagate_colors.qt import QtCore

    setup.engines.root.mkdir(parents=True)
    lock = QtCore.QLockFile(str(setup.engines.root / "setup.lock"))
    lock.setStaleLockTime(0)
    assert lock.tryLock(0)
    try:
        assert "Another Krita" in refused(setup, setup.install())
    finally:
        lock.unlock()


def test_the_lock_s_pieces_are_read_back_as_installed(setup):
    setup.run(setup.install())
    installed = json.loads((setup.engines.folder(setup.lock["id"]) / "installed.json").read_text())
    assert installed["version"] == engine_pack.VERSION
    files = installed["pieces"][setup.lock["platforms"][engine_pack.KEY]["python"]["sha256"]]
    assert files["python/bin/python3"] == [-1, "python3.12"], "a link"
