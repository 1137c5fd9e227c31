"""The list of an engine's parts, and what this computer needs; systems by what they would say."""

import copy
import errno
import json

import pytest

from krita_plugin.propagate_colors.link.pack import lock as locks
from krita_plugin.propagate_colors.link.pack import problems
from krita_plugin.propagate_colors.link.pack.problems import SetupProblem

HASH = "ab" * 32


def wheel(name):
    return {"name": name, "url": f"https://files.example.org/{name}", "size": 10, "sha256": HASH}


def document(*wheels, key="linux-x86_64"):
    part = {
        "python": wheel("cpython-3.12.8-linux.tar.gz"),
        "wheels": [wheel(name) for name in wheels],
        "leave_out": ["numpy/**/tests/**"],
        "unpacked": 500,
    }
    name = "ant_core-0.7.0-py3-none-any.whl"
    return {
        "schema": 1,
        "version": "0.7.0",
        "id": "0123456789abcdef",
        "platforms": {key: part, f"{key}-cuda": copy.deepcopy(part)},
        "engine_wheel": {"name": name, "size": 7, "sha256": HASH},
    }


def read(data):
    return locks.read(json.dumps(data))


def test_packs_are_read_by_platform():
    lock = read(document("numpy-2.0-cp312-cp312-manylinux_2_28_x86_64.whl"))
    pack = lock.pack("linux-x86_64")
    assert (pack.id, pack.version, pack.download) == ("0123456789abcdef", "0.7.0", 20)
    assert [piece.size for piece in pack.pieces] == [10, 10, 7]
    assert lock.pack("linux-x86_64-cuda").id == "0123456789abcdef-cuda", "a folder of its own"


BREAKS = {
    "schema": lambda d: d.update(schema=2),
    "id": lambda d: d.update(id="../../x"),
    "a path as name": lambda d: d["engine_wheel"].update(name="../evil.whl"),
    "a hidden name": lambda d: d["engine_wheel"].update(name=".evil"),
    "a short hash": lambda d: d["engine_wheel"].update(sha256="ab"),
    "no size": lambda d: d["engine_wheel"].update(size=0),
    "a file address": lambda d: d["platforms"]["linux-x86_64"]["python"].update(url="file:///x"),
    "no wheels": lambda d: d["platforms"]["linux-x86_64"].pop("wheels"),
    "one name twice": lambda d: d["platforms"]["linux-x86_64"]["wheels"].extend(
        [wheel("A.whl"), wheel("a.whl")]
    ),
    "a list": lambda d: d.update(platforms=[]),
}


@pytest.mark.parametrize("damage", BREAKS)
def test_a_damaged_list_is_said_to_be_one(damage):
    data = document()
    BREAKS[damage](data)
    with pytest.raises(SetupProblem, match="list of the engine's parts is damaged"):
        read(data)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_what_is_no_list_is_said_to_be_damaged(text):
    with pytest.raises(SetupProblem, match="damaged"):
        locks.read(text)


def test_a_checkout_has_none(tmp_path):
    assert locks.read_beside_plugin(tmp_path) is None


@pytest.mark.parametrize(
    ("system", "machine", "key"),
    [
        ("Linux", "x86_64", "linux-x86_64"),
        ("Windows", "AMD64", "windows-x86_64"),
        ("Darwin", "arm64", "macos-arm64"),
        ("Darwin", "x86_64", "macos-x86_64"),
        ("Linux", "aarch64", "linux-arm64"),
        ("FreeBSD", "amd64", "FreeBSD-x86_64"),
    ],
)
def test_the_key_of_a_computer(system, machine, key):
    assert locks.platform_key(system, machine) == key


@pytest.mark.parametrize(
    ("key", "needed"),
    [
        ("macos-x86_64", "Apple silicon"),
        ("windows-arm64", "Windows on a 64-bit Intel or AMD"),
        ("linux-arm64", "Linux on a 64-bit Intel or AMD"),
        ("FreeBSD-x86_64", "needs Windows, macOS or Linux"),
    ],
)
def test_a_computer_without_a_pack_is_told_what_is_needed(key, needed):
    with pytest.raises(SetupProblem, match=needed):
        read(document()).pack(key)


WHEELS = (
    "onnxruntime-1.24.1-cp312-cp312-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
    "numba-0.62.1-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
)


def test_an_older_linux_is_told_what_is_needed():
    pack = read(document(*WHEELS)).pack("linux-x86_64")
    locks.require_system(pack, libc="2.27")
    locks.require_system(pack, libc="")  # unknown, as with musl: the test of the engine tells
    with pytest.raises(SetupProblem, match=r"glibc 2\.27 or newer, and this one has 2\.17"):
        locks.require_system(pack, libc="2.17")


def test_an_older_macos_is_told_what_is_needed():
    name = "onnxruntime-1.24.1-cp312-cp312-macosx_14_0_arm64.whl"
    pack = read(document(name, key="macos-arm64")).pack("macos-arm64")
    locks.require_system(pack, macos="14.0")
    locks.require_system(pack, macos="15.2")
    with pytest.raises(SetupProblem, match=r"macOS 14 or newer, and this Mac has 13\.6\.1"):
        locks.require_system(pack, macos="13.6.1")


def test_the_nvidia_driver_is_found_by_its_files(tmp_path):
    assert not locks.has_nvidia_driver(str(tmp_path), "")
    (tmp_path / "System32").mkdir()
    (tmp_path / "System32/nvcuda.dll").touch()
    assert locks.has_nvidia_driver(str(tmp_path / "x"), str(tmp_path))
    (tmp_path / "proc/driver/nvidia").mkdir(parents=True)
    (tmp_path / "proc/driver/nvidia/version").touch()
    assert locks.has_nvidia_driver(str(tmp_path), "")


@pytest.mark.parametrize(
    ("environment", "program", "closed"),
    [
        ({}, r"C:\Program Files\WindowsApps\49800Krita_5.2\krita.exe", "store"),
        ({}, r"C:\Program Files\Krita (x64)\bin\krita.exe", ""),
        ({"APP_SANDBOX_CONTAINER_ID": "org.krita"}, "/Applications/krita.app/x", "sandbox"),
        ({}, "/usr/bin/krita", ""),
    ],
)
def test_a_krita_that_is_closed_in_is_recognised(environment, program, closed):
    assert locks.closed_in(environment, program) == closed


# ---- errors of the file system, as Windows would raise them


def windows(code, number=errno.EACCES):
    error = PermissionError(number, "denied")
    error.winerror = code
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (windows(5), "holds a file"),
        (windows(32), "holds a file"),
        (windows(225, errno.EINVAL), "virus scanner removed a file"),
        (windows(112, errno.ENOSPC), "is full"),
        (OSError(errno.ENOSPC, "no space"), "is full"),
        (PermissionError(errno.EACCES, "denied"), "Nothing can be written"),
        (OSError(errno.EROFS, "read-only"), "Nothing can be written"),
        (OSError(errno.EIO, "I/O error"), "cannot be written to"),
    ],
)
def test_an_error_of_the_disk_is_one_sentence_with_the_folder(error, sentence):
    problem = problems.explain(error, "/a/folder")
    assert sentence in str(problem)
    assert "/a/folder" in str(problem)
    assert problem.ways == ("folder",)


@pytest.mark.parametrize("code", [5, 32, 33, 225])
def test_a_file_that_a_scanner_holds_is_waited_for(code):
    left, waits = [windows(code), windows(code)], []

    def call():
        if left:
            raise left.pop()
        return "done"

    assert problems.retrying(call, sleep=waits.append) == "done"
    assert waits == [0.1, 0.2]


def test_it_is_not_waited_for_ever_and_for_nothing_else():
    waits = []

    def held():
        raise windows(32)

    def full():
        raise OSError(errno.ENOSPC, "no space")

    with pytest.raises(PermissionError):
        problems.retrying(held, sleep=waits.append)
    assert 5 < sum(waits) < 10
    with pytest.raises(OSError, match="no space"):
        problems.retrying(full, sleep=waits.append)
    assert len(waits) == 6


def test_a_folder_is_deleted_with_what_cannot_be_written_in_it(tmp_path):
    folder = tmp_path / "a"
    (folder / "b").mkdir(parents=True)
    (folder / "b/c").touch()
    (folder / "b/c").chmod(0o400)
    problems.remove_tree(folder)
    assert not folder.exists()
    problems.remove_tree(folder)  # gone already


def test_both_figures_are_named_where_the_disk_has_no_room():
    text = str(problems.disk_full(640_000_000, 120_400_000, "D:\\engines"))
    assert "640 MB" in text
    assert "120 MB are free in D:\\engines" in text
