"""From the plugin's zip to the coloured sample in the real Krita, which knows no engine.

Pieces come from a server on loopback, or from a pack in one file without any network. They are
those of tests/support/engine_pack.py, a stand-in for what a release publishes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from scripts.packing.plugin import pack_plugin
from tests import test_quality
from tests.in_krita import runner
from tests.in_krita.test_whole import accuracy, planes
from tests.support import engine_pack, loopback

pytestmark = pytest.mark.slow

SHOT = test_quality.SHOT


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    """A folder of pieces, the server that gives them out, the lock, and the plugin's zip."""
    out = tmp_path_factory.mktemp("engine_pack")
    (out / "served").mkdir()
    with loopback.serving(out / "served") as server:
        lock = engine_pack.whole(out, server.base)
        yield out, server, lock, _with_engine(out)


def _with_engine(out: Path) -> Path:
    """Pack the plugin with the engine's wheel and lock, as a release does."""
    engine = {file.name: file.read_bytes() for file in sorted((out / "engine").iterdir())}
    return pack_plugin(out, engine=engine)


@pytest.fixture(scope="module")
def command_line(tmp_path_factory) -> float:
    """Return the command line's accuracy on the sample as the docker opens it: on twos."""
    shot, out = tmp_path_factory.mktemp("on_twos"), tmp_path_factory.mktemp("command_line")
    for kind in ("line", "color"):
        (shot / kind).mkdir()
        for path in sorted((SHOT / kind).glob("*.png")):
            shutil.copy(path, shot / kind / f"{2 * int(path.stem) - 2:04}.png")
    command = [sys.executable, "-m", "ant_core", "propagate", str(shot), "--out", str(out / "twos")]
    subprocess.run(command, check=True, capture_output=True)
    (out / "color").mkdir()
    for place in sorted((out / "twos" / "color").glob("*.png"))[1:]:
        place.rename(out / "color" / f"{int(place.stem) // 2 + 1:04}.png")
    return test_quality.accuracy(out)


@pytest.fixture
def home():
    with tempfile.TemporaryDirectory(prefix="krita_tests_", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


class Offline(runner.Session):
    """A Krita in a network namespace of its own, in which there is nothing, not even loopback."""

    def _command(self, command: list[str]) -> list[str]:
        return ["unshare", "--net", *super()._command(command)]


def _can_cut_the_network() -> bool:
    return subprocess.run(["unshare", "--net", "true"], check=False).returncode == 0


def start(kind, krita, scenario: str, place: Path, home: Path, shown, **environment) -> dict:
    """Start Krita once with a home that has no plugin but what was imported."""
    place.mkdir()
    session = kind(krita, [scenario], place, home, shown, False)
    # No engine is to be found but the one that is set up.
    environment = {"SCENARIO_SECONDS": "2400", "ANT_CORE": "", **environment}
    code = session.run(environment, {}, 2700.0)
    result = session.result()["scenarios"][scenario]
    assert result["status"] == "passed", result["text"]
    assert code == 0
    (place / "values.json").write_text(json.dumps(result["values"], indent=1))
    return result["values"]


def imported(krita, packed: Path, home: Path, place: Path, kind=runner.Session, again="") -> None:
    scenario = f"installing:the_zip_is_imported{again}"
    start(kind, krita, scenario, place, home, [packed.parent], PLUGIN_ZIP=str(packed))


def engines_of(home: Path) -> Path:
    return home / "home/.local/share/krita/propagate_colors/engines"


def test_from_the_plugin_s_zip_to_the_colored_sample_over_the_network(
    krita, pieces, home, tmp_path, command_line
):
    out, server, _, packed = pieces
    imported(krita, packed, home, tmp_path / "imported")
    scenario = "setting_up:from_nothing_to_the_colored_sample"
    place = tmp_path / "online"
    values = start(runner.Session, krita, scenario, place, home, [out])
    assert {"Downloading", "Testing"} <= set(values["stages"]), values
    assert {name for name, _ in server.asked} == {p.name for p in server.folder.iterdir()}
    assert not engines_of(home).exists(), "removed without a trace"
    assert accuracy(planes(place, "color"), tmp_path / "out") >= command_line


def test_closed_in_the_middle_krita_ends_well_and_offers_to_go_on(krita, home, tmp_path):
    """With a small pack, whose engine only answers as one."""
    (tmp_path / "served").mkdir()
    with loopback.serving(tmp_path / "served") as server:
        engine_pack.small(tmp_path, server.base)
        packed = _with_engine(tmp_path)
        imported(krita, packed, home, tmp_path / "imported")
        server.behave["one-1.0-py3-none-any.whl"] = [loopback.stalls_after(100_000)]
        scenario, shown = "setting_up:krita_is_closed_in_the_middle", [tmp_path]
        start(runner.Session, krita, scenario, tmp_path / "closed", home, shown)
        assert (engines_of(home) / "pieces").is_dir()
        scenario = "setting_up:it_is_gone_on_with"
        start(runner.Session, krita, scenario, tmp_path / "gone_on", home, shown)
    assert ("one-1.0-py3-none-any.whl", "bytes=100000-") in server.asked, "where it was"


def test_from_a_pack_in_one_file_without_a_network(krita, pieces, home, tmp_path, command_line):
    if not _can_cut_the_network():
        pytest.skip("needs the right to make a network namespace")
    out, server, lock, packed = pieces
    chosen = engine_pack.offline_pack(lock, [server.folder, out / "engine"], out)
    imported(krita, packed, home, tmp_path / "imported", Offline)
    scenario = "setting_up:from_the_offline_pack"
    place, before = tmp_path / "offline", len(server.asked)
    values = start(Offline, krita, scenario, place, home, [out], ENGINE_PACK=str(chosen))
    assert "Downloading" not in values["stages"]
    assert len(server.asked) == before
    engines = engines_of(home)
    assert sorted(path.name for path in engines.iterdir()) == sorted([lock["id"], "current"])
    assert accuracy(planes(place, "color"), tmp_path / "out") >= command_line


def test_an_update_with_the_same_and_with_another_engine_go_back_and_remove(krita, home, tmp_path):
    """With small packs, whose engines only answer as one."""
    old, new, shown = engine_pack.VERSION, "9.9.9", [tmp_path]
    (tmp_path / "served").mkdir()
    with loopback.serving(tmp_path / "served") as server:
        first = engine_pack.small(tmp_path, server.base)
        packed = _with_engine(tmp_path)
        imported(krita, packed, home, tmp_path / "imported")
        start(runner.Session, krita, "setting_up:it_is_set_up", tmp_path / "set_up", home, shown)
        asked = len(server.asked)

        imported(krita, packed, home, tmp_path / "same", again="_again")
        scenario = "setting_up:nothing_is_to_be_done"
        start(runner.Session, krita, scenario, tmp_path / "kept", home, shown, OLD_VERSION=old)
        assert len(server.asked) == asked, "an unchanged list needs no download"

        second = engine_pack.small(tmp_path, server.base, version=new)
        assert first["id"] != second["id"]
        imported(krita, _with_engine(tmp_path), home, tmp_path / "newer", again="_again")
        scenario = "setting_up:it_is_updated_taken_back_and_removed"
        versions = {"OLD_VERSION": old, "NEW_VERSION": new}
        start(runner.Session, krita, scenario, tmp_path / "updated", home, shown, **versions)
        assert len(server.asked) == asked, "the parts that both have are not fetched again"
    assert not engines_of(home).exists(), "removed without a trace"
