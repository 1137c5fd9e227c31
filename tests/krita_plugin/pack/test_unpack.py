"""Archives are taken apart into one folder and nowhere else; none of these tests needs Qt."""

import hashlib
import io
import os
import stat
import tarfile
import zipfile

import pytest

from krita_plugin.propagate_colors.link.pack import unpack
from krita_plugin.propagate_colors.link.pack.problems import SetupProblem


def wheel(*members):
    """Return a wheel in memory; a member is a name, or name and content."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for member in members:
            name, data = member if isinstance(member, tuple) else (member, b"x")
            archive.writestr(name, data)
    return file


def tar(*members):
    """Return a Python archive in memory: names, and (name, link) pairs."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for member in members:
            name, link = member if isinstance(member, tuple) else (member, None)
            info = tarfile.TarInfo(name)
            if link is None:
                info.size, info.mode = 1, 0o755
                archive.addfile(info, io.BytesIO(b"x"))
            else:
                info.type, info.linkname = tarfile.SYMTYPE, link
                archive.addfile(info)
    file.seek(0)
    return file


@pytest.fixture
def take(tmp_path):
    """Return a function that unpacks archives into a folder and returns its files."""
    folder = tmp_path / "outer" / "inner"
    folder.mkdir(parents=True)

    def go(*archives, leave_out=(), folds=False, most=None):
        guard, trim = unpack.Guard(folder, folds, most), unpack.Trim(leave_out)
        found = {}
        for file in archives:
            read = unpack.wheel_members if zipfile.is_zipfile(file) else unpack.python_members
            file.seek(0)
            found |= unpack.unpack(read(file, trim), folder, guard, lambda: None, lambda n: None)
        return found

    go.folder = folder
    go.outer = tmp_path / "outer"
    return go


def test_wheels_go_below_site_and_python_beside(take):
    found = take(
        wheel("a/__init__.py", "a-1.0.dist-info/METADATA"),
        tar("python/bin/python3.12", ("python/bin/python3", "python3.12")),
    )
    x = (1, hashlib.sha256(b"x").hexdigest())
    assert found == {
        "site/a/__init__.py": x,
        "site/a-1.0.dist-info/METADATA": x,
        "python/bin/python3.12": x,
        "python/bin/python3": (unpack.LINK, "python3.12"),
    }
    assert os.readlink(take.folder / "python/bin/python3") == "python3.12"
    assert (take.folder / "python/bin/python3.12").stat().st_mode & 0o100


def test_of_a_data_folder_only_what_python_reads_is_taken(take):
    parts = ("purelib/a.py", "platlib/b.so", "scripts/c", "data/d", "headers/e.h")
    found = take(wheel(*(f"a-1.0.data/{part}" for part in parts)))
    assert sorted(found) == ["site/a.py", "site/b.so"]


@pytest.mark.parametrize(
    "name",
    [
        "../evil.py",
        "a/../../evil.py",
        "/etc/evil.py",
        "C:/evil.py",
        "a\\..\\..\\evil.py",
        "a//evil.py",
        "a/./evil.py",
        "a/con.txt",
        "a/NUL",
        "a/lpt1.py",
        "a/evil.",
        "a/evil ",
        "a/stream.py:hidden",
        "a/new\nline.py",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(take, name):
    with pytest.raises(SetupProblem, match="must not be there"):
        take(wheel("good.py", name))
    assert {path.name for path in take.outer.rglob("*") if path.is_file()} <= {"good.py"}


@pytest.mark.parametrize(
    "members",
    [
        ["python/../evil"],
        ["elsewhere/evil"],
        [("python/lib/x", "/etc/passwd")],
        [("python/lib/x", "../../evil")],
        [("python/lib/x", "../..")],
        [("python/lib", "bin"), "python/lib/evil"],
        [("python/a", "b"), ("python/a/c", "d")],
    ],
)
def test_a_link_that_leads_elsewhere_is_refused(take, members):
    with pytest.raises(SetupProblem, match="must not be there"):
        take(tar(*members))
    assert not (take.outer / "evil").exists()


def test_other_things_than_files_are_refused(take):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        info = tarfile.TarInfo("python/device")
        info.type = tarfile.CHRTYPE
        archive.addfile(info)
    with pytest.raises(SetupProblem, match="must not be there"):
        take(file)


def test_a_link_in_a_wheel_is_refused(take):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        info = zipfile.ZipInfo("a/link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(SetupProblem, match="must not be there"):
        take(file)


def test_two_names_for_one_file_are_refused_where_case_is_folded(take):
    with pytest.raises(SetupProblem, match="must not be there"):
        take(wheel("a/Data.py"), wheel("a/data.PY"), folds=True)


def test_they_are_two_files_where_it_is_not(take):
    assert len(take(wheel("a/Data.py"), wheel("a/data.PY"))) == 2


def test_one_name_written_in_two_ways_is_refused(take):
    with pytest.raises(SetupProblem, match="must not be there"):
        take(wheel("a/\u00e9.py"), wheel("a/e\u0301.py"))


def test_a_file_that_two_wheels_share_byte_for_byte_is_there_once(take):
    found = take(wheel("nvidia/__init__.py", "a.py"), wheel("nvidia/__init__.py", "b.py"))
    assert sorted(found) == ["site/a.py", "site/b.py", "site/nvidia/__init__.py"]
    assert (take.folder / "site/nvidia/__init__.py").read_bytes() == b"x"


@pytest.mark.parametrize("other", [b"y", b"xy", b""])
def test_a_name_that_stands_for_two_files_is_refused(take, other):
    with pytest.raises(SetupProblem, match="must not be there"):
        take(wheel("a/b.py"), wheel(("a/b.py", other)))
    assert (take.folder / "site/a/b.py").read_bytes() == b"x"


def test_a_link_in_place_of_a_file_is_refused(take):
    with pytest.raises(SetupProblem, match="must not be there"):
        take(tar("python/a", "python/b", ("python/a", "b")))


def test_a_file_as_a_folder_is_refused(take):
    with pytest.raises(SetupProblem, match="must not be there"):
        take(wheel("c"), wheel("c/d.py"))


def test_a_path_too_long_for_windows_asks_for_another_folder(take):
    room = len(str(take.folder)) + len("/site/a/b.py")
    assert take(wheel("a/b.py"), most=room)
    with pytest.raises(SetupProblem, match="choose a folder with a shorter") as caught:
        take(wheel("a/bc.py"), most=room)
    assert caught.value.ways == ("folder",)


def test_a_file_that_holds_more_than_it_says_is_refused(take):
    member = unpack.Member("site/bomb", 10, "", False, lambda: io.BytesIO(bytes(11)))
    guard = unpack.Guard(take.folder, False)
    with pytest.raises(SetupProblem, match="must not be there"):
        unpack.unpack(iter([member]), take.folder, guard, lambda: None, lambda n: None)


@pytest.mark.parametrize(
    ("pattern", "path", "left"),
    [
        ("numpy/**/tests/**", "numpy/tests/a.py", True),
        ("numpy/**/tests/**", "numpy/lib/tests/deep/a.py", True),
        ("numpy/**/tests/**", "numpy/testing/a.py", False),
        ("*/tests/**", "a/b/tests/c.py", False),
        ("**/tests/**", "tests/c.py", True),
        ("cv2/opencv_videoio*.dll", "cv2/opencv_videoio_ffmpeg500_64.dll", True),
        ("cv2/opencv_videoio*.dll", "cv2/x/opencv_videoio.dll", False),
        ("**/*.pyi", "a.pyi", True),
        ("a?.py", "ab.py", True),
        ("a?.py", "a/.py", False),
        ("a+b.py", "aab.py", False),
    ],
)
def test_patterns_of_what_is_left_out(pattern, path, left):
    assert unpack.Trim([pattern])(path) is left


def test_what_is_left_out_is_not_there(take):
    found = take(wheel("a/tests/t.py", "a/b.py"), leave_out=["a/tests/**"])
    assert list(found) == ["site/a/b.py"]
    assert not (take.folder / "site/a/tests").exists()


def test_a_cut_archive_is_said_to_be_damaged(take):
    data = tar("python/a", "python/b").getvalue()
    with pytest.raises(SetupProblem, match="damaged"):
        take(io.BytesIO(data[: len(data) // 2]))


def test_the_file_system_is_asked_whether_it_folds_case(tmp_path):
    assert unpack.folds_case(tmp_path) == (tmp_path / "X").exists()
    assert not list(tmp_path.iterdir())
