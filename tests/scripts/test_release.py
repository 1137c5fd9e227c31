"""A whole release of this commit, made twice from two clones, with small stand-ins for the pieces.

Python and the wheels of other projects are stand-ins of a few bytes, and nothing is asked of an
index. The wheel, source archive, plugin and models are those of a real release. A finished release
with the real pieces is tried by --release FOLDER.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from ant_core.models.release import describe, write_release
from ant_core.schemas import first_error
from krita_plugin.propagate_colors.link.pack import lock as plugin_lock
from scripts.packing.project import PackagingError, canonical, commit_time, sha256, version
from scripts.unpack_engine import unpack_engine
from tests.support.loopback import serving

pytest.importorskip("cyclonedx", reason="needs the release extra")
pytest.importorskip("build", reason="needs the dev extra")

from scripts.packing import release as releasing
from scripts.packing.resolve import Platform, PlatformSettings, Wheel

ROOT = Path(__file__).parents[2]
KEY = "linux-x86_64"
ADDRESS = "http://127.0.0.1:1/release"


def run(*command, **options):
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def clones(tmp_path_factory):
    """Two clones in folders of different length; one with files that are not committed."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this is no clone")
    found = [tmp_path_factory.mktemp("a"), tmp_path_factory.mktemp("a_longer_name") / "b"]
    for folder in found:
        run("git", "clone", "--quiet", "--depth", "1", f"file://{ROOT}", folder)
    (found[1] / "ant_core" / "junk.py").write_text("not committed")
    return found


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder of releases with one model: the embedded one by another name."""
    folder = tmp_path_factory.mktemp("models")
    source = ROOT / "ant_core" / "models" / "default.antmodel"
    write_release(describe(source, "inks", "1.0", minimum_engine="0.1.0"), source, folder)
    return folder


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Stand-ins for what is fetched: a Python archive, and a wheel of another project."""
    folder = tmp_path_factory.mktemp("kept")
    with tarfile.open(folder / "cpython-3.12.1+2026-x.tar.gz", "w:gz") as archive:
        for name in ("python/bin/python3", "python/lib/python3.12/test/test_os.py"):
            info = tarfile.TarInfo(name)
            info.size = 5
            archive.addfile(info, io.BytesIO(b"12345"))
    with zipfile.ZipFile(folder / "one-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("one/__init__.py", "1234567")
        archive.writestr("one/tests/test_one.py", "assert False")
        archive.writestr(
            "one-1.0.dist-info/METADATA", "Name: One\nVersion: 1.0\nLicense-Expression: MIT\n"
        )
    return folder


@pytest.fixture(scope="module")
def releases(clones, models, kept, tmp_path_factory):
    """The release of either clone; the second under another umask and in another time zone."""
    python, wheel = kept / "cpython-3.12.1+2026-x.tar.gz", kept / "one-1.0-py3-none-any.whl"
    settings = PlatformSettings(
        {KEY: Platform(KEY, "x", "cpu", "any", python.name, sha256(python))},
        ["*/tests/**", "python/lib/python3.*/test/**"],
    )
    found = Wheel("one", "1.0", wheel.name, "https://x/" + wheel.name, 1, sha256(wheel))
    outs = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(releasing, "resolve", lambda *_: [found])
        for number, clone in enumerate(clones):
            out = tmp_path_factory.mktemp("out")
            if number:
                (out / "of-an-earlier-release.zip").write_bytes(b"")
            scope = releasing.Scope(settings, (), models, kept=kept)
            addresses = releasing.Addresses(ADDRESS, "http://127.0.0.1:1/python")
            patch.setenv("TZ", ("UTC", "Asia/Tokyo")[number])
            before = os.umask((0o022, 0o077)[number])
            try:
                releasing.Release(out, scope, addresses, root=clone).all()
            finally:
                os.umask(before)
            outs.append(out)
    (outs[1] / "of-an-earlier-release.zip").unlink()
    return outs


@pytest.fixture(scope="module")
def out(releases):
    return releases[0]


def named(out, end):
    (path,) = out.glob(f"*{end}")
    return path


# ---- the same bytes


def test_two_clones_give_the_same_bytes(releases):
    one, two = ({path.name: sha256(path) for path in out.iterdir()} for out in releases)
    assert one == two
    assert {Path(name).suffix for name in one} >= {".whl", ".gz", ".zip", ".json", ".antmodel"}


def test_the_sums_are_those_of_every_other_file(out):
    lines = (out / "SHA256SUMS").read_text().splitlines()
    told = dict(line.split("  ")[::-1] for line in lines)
    assert told == {path.name: sha256(path) for path in out.iterdir() if path.name != "SHA256SUMS"}


def test_nothing_that_was_not_committed_is_in_it(releases):
    for out in releases:
        assert not [
            name for name in zipfile.ZipFile(named(out, ".whl")).namelist() if "junk" in name
        ]


def test_a_release_without_models_must_be_meant(clones, kept, tmp_path):
    scope = releasing.Scope(PlatformSettings({}, []), kept=kept)
    with pytest.raises(PackagingError, match="--without-models"):
        releasing.Release(tmp_path, scope, releasing.Addresses(), root=clones[0]).all()
    assert list(tmp_path.iterdir()) == []


def test_sizes_are_told_without_fetching_anything(clones, tmp_path, monkeypatch):
    settings = PlatformSettings(
        {key: Platform(key, "x", "cpu", "any", "cpython-3.12.1-x.tar.gz", "") for key in "ab"}, []
    )
    found = [Wheel(name, "1", f"{name}.whl", "https://x/", 2_000, "") for name in ("one", "two")]
    monkeypatch.setattr(
        releasing, "resolve", lambda platform, *_: found[: "ab".index(platform.key) + 1]
    )
    scope = releasing.Scope(settings, kept=tmp_path / "kept")
    made = releasing.Release(tmp_path, scope, releasing.Addresses(), root=clones[0])
    assert made.sizes() == {"a": (1, 2_000), "b": (2, 4_000)}
    assert list(tmp_path.iterdir()) == []


# ---- what is in it


def test_the_plugin_brings_the_engine_of_its_own_commit(out):
    wheel = named(out, ".whl")
    with zipfile.ZipFile(out / f"propagate_colors-{version(ROOT)}.zip") as archive:
        names = archive.namelist()
        folder = "propagate_colors/engine/"
        assert names.index(folder) < names.index(folder + "engine.lock.json")
        assert archive.read(folder + wheel.name) == wheel.read_bytes()
        text = archive.read(folder + "engine.lock.json")
        assert "propagate_colors/manual.html" in names
    assert text == (out / "engine.lock.json").read_bytes()


def test_the_plugin_reads_the_lock(out):
    text = (out / "engine.lock.json").read_text()
    pack = plugin_lock.read(text).pack(KEY)
    assert pack.version == version(ROOT)
    assert pack.engine.sha256 == sha256(named(out, ".whl"))
    assert [piece.name for piece in pack.wheels] == ["one-1.0-py3-none-any.whl"]
    assert pack.python.url == "http://127.0.0.1:1/python/cpython-3.12.1%2B2026-x.tar.gz"
    assert pack.wheels[0].url == "https://x/one-1.0-py3-none-any.whl"
    document = json.loads(text)
    number = document.pop("id")
    assert number == hashlib.sha256(canonical(document)).hexdigest()[:16]


def test_the_lock_says_what_lies_on_the_disk_after_trimming(out, tmp_path):
    document = json.loads((out / "engine.lock.json").read_text())
    assert unpack_engine(out, KEY, tmp_path) == document["platforms"][KEY]["unpacked"]
    assert (tmp_path / "python" / "bin" / "python3").read_bytes() == b"12345"
    assert (tmp_path / "site" / "one" / "__init__.py").exists()
    assert not list(tmp_path.rglob("test*"))


def test_a_pack_is_stored_and_holds_every_piece(out):
    document = json.loads((out / "engine.lock.json").read_text())
    path = out / f"propagate_colors-engine-{version(ROOT)}-{KEY}.zip"
    with zipfile.ZipFile(path) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        alone = json.loads(archive.read("engine.lock.json"))
        assert alone["id"] == document["id"]
        assert list(alone["platforms"]) == [KEY]
        part = alone["platforms"][KEY]
        for piece in (part["python"], *part["wheels"], alone["engine_wheel"]):
            data = archive.read(f"pieces/{piece['name']}")
            assert (len(data), hashlib.sha256(data).hexdigest()) == (piece["size"], piece["sha256"])


def test_the_bill_of_materials_names_every_piece_by_hash_and_licence(out):
    bill = json.loads(named(out, ".cdx.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert "timestamp" not in bill["metadata"]
    parts = {part["name"]: part for part in bill["components"]}
    assert set(parts) == {"CPython", "One"}
    assert parts["One"]["licenses"] == [{"license": {"id": "MIT"}}]
    assert bill["metadata"]["component"]["name"] == "ant-core"
    digest = bill["metadata"]["component"]["hashes"][0]["content"]
    assert digest == sha256(named(out, ".whl"))


# ---- the models


def test_the_registry_in_the_wheel_names_the_released_models_and_their_address(out):
    registry = json.loads(zipfile.ZipFile(named(out, ".whl")).read("ant_core/models/registry.json"))
    assert first_error(registry, "registry") is None
    assert registry["mirrors"] == [ADDRESS]
    assert [model["name"] for model in registry["models"]] == ["inks"]
    assert (out / "inks-1.0.antmodel").exists()
    assert (out / "inks-1.0.md").read_text().startswith("# inks 1.0")


def test_the_engine_of_the_wheel_downloads_a_model_from_the_releases_address(out, tmp_path):
    """The registry is the wheel's own; the address in it is led to a server on loopback."""
    with serving() as server:
        for path in out.iterdir():
            server.files[f"/release/{path.name}"] = path.read_bytes()
        target = tmp_path / "site"
        with zipfile.ZipFile(named(out, ".whl")) as archive:
            archive.extractall(target)
        registry = target / "ant_core" / "models" / "registry.json"
        registry.write_text(registry.read_text().replace("http://127.0.0.1:1", server.base))
        names = {name: "" for name in os.environ if name.startswith("ANT_CORE_")}
        variables = os.environ | names | {"PYTHONPATH": str(target)}
        variables["ANT_CORE_MODELS"] = str(tmp_path / "models")
        place = run(
            sys.executable, "-m", "ant_core", "models", "download", "inks",
            env=variables, cwd=tmp_path,
        )  # fmt: skip
    assert Path(place.strip()).read_bytes() == (out / "inks-1.0.antmodel").read_bytes()
    assert str(tmp_path) in place


# ---- installed into a clean place, without a network


def without_network():
    """Return what to put before a command; skips where the network cannot be cut."""
    command = ["unshare", "--user", "--map-root-user", "--net"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*command, "true"], check=False).returncode
    ):
        pytest.skip("unshare cannot cut the network here")
    return command


def test_the_source_archive_builds_the_same_engine(out, clones, tmp_path):
    path = named(out, ".tar.gz")
    with tarfile.open(path) as archive:
        assert {member.mtime for member in archive} == {commit_time(clones[0])}
    run("tar", "-xzf", path, "-C", tmp_path)
    (source,) = tmp_path.iterdir()
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir"]
    run(*without_network(), *build, tmp_path / "built", source)
    built = zipfile.ZipFile(named(tmp_path / "built", ".whl"))
    released = zipfile.ZipFile(named(out, ".whl"))
    names = [name for name in released.namelist() if not name.endswith(("RECORD", "registry.json"))]
    assert {name: built.read(name) for name in names} == {
        name: released.read(name) for name in names
    }


@pytest.mark.slow
def test_the_wheel_colours_the_sample_in_a_clean_place_without_a_network(out, tmp_path):
    target = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    run(*install, "--target", target, named(out, ".whl"))
    variables = os.environ | {"PYTHONPATH": str(target)}
    shot = ROOT / "samples" / "saha"
    run(
        *without_network(), sys.executable, "-m", "ant_core", "propagate", shot,
        "--frames", "1-3", "--out", tmp_path / "out",
        env=variables, cwd=tmp_path,
    )  # fmt: skip
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert len(report["frames"]) == 3


@pytest.mark.slow
def test_a_finished_releases_trimmed_engine_colours_the_sample_without_a_network(request, tmp_path):
    folder = request.config.getoption("--release")
    if folder is None:
        pytest.skip("needs --release FOLDER, written by scripts/package.py release")
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("the pack is for Linux")
    document = json.loads((folder / "engine.lock.json").read_text())
    assert unpack_engine(folder, KEY, tmp_path) == document["platforms"][KEY]["unpacked"]
    engine = [*without_network(), tmp_path / "python" / "bin" / "python3", "-I", "-m", "ant_core"]
    run(*engine, "doctor", cwd=tmp_path)
    shot = ROOT / "samples" / "saha"
    run(*engine, "propagate", shot, "--out", tmp_path / "out", cwd=tmp_path)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert len(report["frames"]) == 14
