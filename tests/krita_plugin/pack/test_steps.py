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


def works(desk):
    """Tell whether the engine in use starts."""
    command = desk.engines.command()
    return command is not None and subprocess.run(
        [*command, "doctor", "--json"], capture_output=True, check=False
    ).returncode in (0, 4)


def left(desk):
    return sorted(path.name for path in desk.engines.root.iterdir())


def refused(desk, steps, **options):
    with pytest.raises(SetupProblem) as caught:
        desk.run(steps, **options)
    return str(caught.value)


def test_an_engine_is_downloaded_checked_unpacked_tried_and_used(desk):
    tried = desk.run(desk.install())
    assert tried.device == "cpu"
    assert tried.note == ""
    name = desk.lock["id"]
    assert left(desk) == sorted([name, "current"])
    assert desk.engines.current() == name
    assert works(desk)
    folder = desk.engines.folder(name)
    assert (folder / "site/one/data.bin").stat().st_size == 400_000
    assert not list(folder.rglob("test_data.py")), "left out"
    assert not (folder / "site/one-1.0.data").exists()
    assert (folder / "asked.txt").read_text().split()[:2] == ["doctor", "serve"]
    order = list(dict.fromkeys(stage for stage, _, _ in desk.stages if stage))
    assert order == ["downloading", "checking", "unpacking", "preparing", "testing"]
    done, total = next((d, t) for s, d, t in reversed(desk.stages) if s == "downloading")
    assert (
        done
        == total
        == sum(map(_size, desk.lock["platforms"][engine_pack.KEY]["wheels"]))
        + (desk.lock["platforms"][engine_pack.KEY]["python"]["size"])
    )


def _size(entry):
    return entry["size"]


def test_an_unchanged_lock_needs_no_download(desk):
    desk.run(desk.install())
    asked = len(desk.server.asked)
    desk.run(desk.install())
    assert len(desk.server.asked) == asked


def test_an_update_of_the_engine_alone_downloads_nothing_and_keeps_the_earlier_one(desk):
    desk.run(desk.install())
    first, asked = desk.lock["id"], len(desk.server.asked)
    desk.run(desk.install(the_pack=desk.pack(engine="2")))
    second = desk.lock["id"]
    assert first != second
    assert len(desk.server.asked) == asked
    assert left(desk) == sorted([first, second, "current"])
    assert works(desk)
    desk.run(desk.install(the_pack=desk.pack(engine="3")))
    assert left(desk) == sorted([second, desk.lock["id"], "current"]), "one earlier is kept"
    assert works(desk)


def test_a_part_of_the_earlier_engine_that_was_changed_is_downloaded(desk):
    desk.run(desk.install())
    asked = len(desk.server.asked)
    (desk.engines.folder(desk.lock["id"]) / "site/two/data.bin").write_bytes(b"short")
    desk.run(desk.install(the_pack=desk.pack(engine="2")))
    assert [name for name, _ in desk.server.asked[asked:]] == ["two-1.0-py3-none-any.whl"]


def test_a_part_of_the_earlier_engine_with_other_bytes_of_the_same_length_is_downloaded(desk):
    desk.run(desk.install())
    asked = len(desk.server.asked)
    place = desk.engines.folder(desk.lock["id"]) / "site/two/data.bin"
    good = place.read_bytes()
    place.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    desk.run(desk.install(the_pack=desk.pack(engine="2")))
    assert [name for name, _ in desk.server.asked[asked:]] == ["two-1.0-py3-none-any.whl"]
    assert (desk.engines.folder(desk.lock["id"]) / "site/two/data.bin").read_bytes() == good


def test_a_piece_exchanged_after_its_check_is_not_unpacked(desk, monkeypatch, tmp_path):
    right = setting_up.Installation._unpack

    def exchanged(self, look):
        evil = tmp_path / "evil.whl"
        with zipfile.ZipFile(evil, "w") as archive:
            archive.writestr("two/evil.py", "")
        os.replace(evil, desk.engines.pieces / "two-1.0-py3-none-any.whl")
        right(self, look)

    monkeypatch.setattr(setting_up.Installation, "_unpack", exchanged)
    desk.run(desk.install())
    site = desk.engines.folder(desk.lock["id"]) / "site"
    assert (site / "two/data.bin").exists()
    assert not (site / "two/evil.py").exists()


def test_a_damaged_engine_is_made_anew_from_what_is_left_of_it(desk):
    pack = desk.pack()
    desk.run(desk.install(the_pack=pack))
    asked = len(desk.server.asked)
    folder = desk.engines.folder(desk.lock["id"])
    (folder / "python/bin/python3.12").write_text("damaged")
    assert not works_at_all(desk)
    desk.run(desk.install(the_pack=pack))
    assert works(desk)
    assert [name for name, _ in desk.server.asked[asked:]] == ["cpython-3.12.0-test.tar.gz"]
    assert left(desk) == sorted([desk.lock["id"], "current"])


def works_at_all(desk):
    try:
        return works(desk)
    except OSError:
        return False


def test_an_engine_that_lies_there_is_tried_before_it_is_used_again(desk):
    desk.run(desk.install())
    first = desk.lock["id"]
    pack = desk.pack(engine="2")
    desk.run(desk.install(the_pack=pack))
    desk.engines.use(first)
    (desk.engines.folder(desk.lock["id"]) / "site/ant_core/mood.txt").write_text("ill")
    wheel = desk.plugin / desk.lock["engine_wheel"]["name"]
    good = wheel.read_bytes()
    wheel.write_bytes(bytes(len(good)))
    assert "install the plugin's zip again" in refused(desk, desk.install(the_pack=pack))
    assert desk.engines.current() == first
    wheel.write_bytes(good)
    desk.run(desk.install(the_pack=pack))
    assert desk.engines.current() == desk.lock["id"]
    assert works(desk)


def test_what_cannot_be_deleted_afterwards_does_not_make_it_fail(desk, monkeypatch):
    desk.run(desk.install())
    desk.run(desk.install(the_pack=desk.pack(engine="2")))

    def held(folder):
        if "pieces" in str(folder) or ".gone" in str(folder):
            raise PermissionError("held by another program")
        return remove(folder)

    remove = places.remove_tree
    monkeypatch.setattr(places, "remove_tree", held)
    desk.run(desk.install(the_pack=desk.pack(engine="3")))
    assert desk.engines.current() == desk.lock["id"]
    assert not desk.engines.is_unfinished()
    monkeypatch.undo()
    desk.run(desk.install(the_pack=desk.pack(engine="4")))
    assert len(left(desk)) == 3, "two engines and which is in use"


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


def test_removing_what_is_held_leaves_the_engine_in_use(desk, monkeypatch):
    desk.run(desk.install())
    name = desk.lock["id"]

    def held(old, new):
        if str(new).endswith(".gone"):
            raise PermissionError("held by another program")

    monkeypatch.setattr(places.os, "replace", held)
    with pytest.raises(PermissionError):
        desk.engines.remove_all()
    assert desk.engines.current() == name


@pytest.mark.parametrize("place", ["head", "flags"])
def test_a_pack_whose_members_cannot_be_read_is_refused(desk, tmp_path, place):
    desk.pack()
    path = engine_pack.offline_pack(desk.lock, [tmp_path / "served", desk.plugin], tmp_path)
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
    said = refused(desk, desk.install(chosen, chosen.choose(engine_pack.KEY, None)))
    assert "not what was published" in said


@pytest.mark.parametrize("mood", ["dies", "ill", "dumb"])
def test_an_engine_that_fails_its_test_leaves_the_old_one_in_use(desk, mood):
    desk.run(desk.install())
    old = desk.lock["id"]
    said = refused(desk, desk.install(the_pack=desk.pack(mood=mood)))
    assert "was not taken into use" in said
    assert ("it is damaged" in said) == (mood == "ill")
    assert desk.engines.current() == old
    assert works(desk)
    assert desk.engines.is_unfinished()


def test_a_pack_in_one_file_needs_no_network(desk, tmp_path):
    desk.pack()
    path = engine_pack.offline_pack(desk.lock, [tmp_path / "served", desk.plugin], tmp_path)
    for file in (tmp_path / "served").iterdir():
        file.unlink()
    chosen = PackFile(path)
    pack = chosen.choose(engine_pack.KEY, None)
    desk.run(desk.install(chosen, pack))
    chosen.close()
    assert desk.server.asked == []
    assert works(desk)
    assert left(desk) == sorted([desk.lock["id"], "current"])


def test_a_damaged_pack_in_one_file_is_refused_and_nothing_is_unpacked(desk, tmp_path):
    desk.pack()
    path = engine_pack.offline_pack(desk.lock, [tmp_path / "served", desk.plugin], tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    chosen = PackFile(path)
    said = refused(desk, desk.install(chosen, chosen.choose(engine_pack.KEY, None)))
    assert "not what was published" in said
    assert left(desk) == []


def test_a_pack_for_another_system_is_named(desk, tmp_path):
    desk.pack()
    path = engine_pack.offline_pack(desk.lock, [tmp_path / "served", desk.plugin], tmp_path)
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


def test_a_disk_without_room_is_told_first_with_both_figures(desk, monkeypatch):
    usage = type("Usage", (), {"free": 21_000_000})
    monkeypatch.setattr(setting_up.shutil, "disk_usage", lambda path: usage)
    said = refused(desk, desk.install())
    assert "needs 53 MB and 21 MB are free" in said
    assert desk.server.asked == []


def test_cancelled_while_downloading_it_goes_on_where_it_was(desk):
    name = "two-1.0-py3-none-any.whl"
    desk.pack()
    desk.server.behave[name] = [loopback.stalls_after(150_000)]
    desk.limits = None

    def there():
        part = desk.engines.pieces / f"{name}.part"
        return part.exists() and part.stat().st_size == 150_000

    with pytest.raises(JobCancelled):
        desk.run(desk.install(), cancel_when=there)
    assert desk.engines.is_unfinished()
    desk.server.asked.clear()
    desk.run(desk.install())
    assert desk.server.asked == [(name, "bytes=150000-"), ("three-1.0-py3-none-any.whl", "")]
    assert works(desk)


def test_pieces_that_were_changed_on_the_disk_meanwhile_are_fetched_again(desk):
    desk.pack()
    desk.engines.pieces.mkdir(parents=True)
    wheel = desk.lock["platforms"][engine_pack.KEY]["wheels"][0]
    (desk.engines.pieces / wheel["name"]).write_bytes(bytes(wheel["size"]))
    desk.run(desk.install())
    assert works(desk)
    assert [name for name, _ in desk.server.asked].count(wheel["name"]) == 1


def test_a_damaged_wheel_of_the_plugin_itself_asks_for_the_zip(desk):
    pack = desk.pack()
    wheel = desk.plugin / desk.lock["engine_wheel"]["name"]
    wheel.write_bytes(bytes(wheel.stat().st_size))
    assert "install the plugin's zip again" in refused(desk, desk.install(the_pack=pack))


def test_removing_leaves_nothing(desk):
    desk.run(desk.install())
    desk.run(desk.install(the_pack=desk.pack(engine="2")))
    desk.engines.remove_all()
    assert not desk.engines.root.exists()


def test_removing_leaves_what_is_not_ours(desk):
    desk.run(desk.install())
    others = ["mine.txt", "my engines.new", "0123456789abcdefg", "old.gone"]
    for name in others:
        (desk.engines.root / name).mkdir()
        (desk.engines.root / name / "work.kra").touch()
    desk.engines.remove_all()
    assert left(desk) == sorted(others)
    assert all((desk.engines.root / name / "work.kra").exists() for name in others)


def test_a_piece_without_an_address_is_named(desk):
    pack = desk.pack()
    pack = pack._replace(python=pack.python._replace(url=""))
    said = refused(desk, desk.install(the_pack=pack))
    assert said == (
        "The plugin's list has no address of cpython-3.12.0-test.tar.gz: use a downloaded pack."
    )
    assert desk.server.asked == []


def test_going_back_uses_the_earlier_engine(desk):
    desk.run(desk.install())
    first = desk.lock["id"]
    desk.run(desk.install(the_pack=desk.pack(engine="2")))
    assert desk.engines.earlier() == first
    desk.engines.use(first)
    assert desk.engines.current() == first
    assert desk.engines.earlier() == desk.lock["id"]
    assert works(desk)


def test_a_second_krita_waits_its_turn(desk, tmp_path):
    from krita_plugin.propagate_colors.qt import QtCore

    desk.engines.root.mkdir(parents=True)
    lock = QtCore.QLockFile(str(desk.engines.root / "setup.lock"))
    lock.setStaleLockTime(0)
    assert lock.tryLock(0)
    try:
        assert "Another Krita" in refused(desk, desk.install())
    finally:
        lock.unlock()


def test_the_lock_s_pieces_are_read_back_as_installed(desk):
    desk.run(desk.install())
    installed = json.loads((desk.engines.folder(desk.lock["id"]) / "installed.json").read_text())
    assert installed["version"] == engine_pack.VERSION
    files = installed["pieces"][desk.lock["platforms"][engine_pack.KEY]["python"]["sha256"]]
    assert files["python/bin/python3"] == [-1, "python3.12"], "a link"
