"""--palette: the report names the colours that were used."""

import json

from ant_core.schemas import first_error
from tests.support.drawn import BOXES, make_shot

PALETTE = b"GIMP Palette\n220 40 40 Coat\n220 40 40 Hat\n30 200 60 Trousers\n9 9 9 Never used\n"


def run(tmp_path, cli, *more):
    shot = make_shot(tmp_path / "shot", frames=range(1, 4))
    done = cli("propagate", shot, "--out", tmp_path / "out", *more)
    assert done.code == 0, done.err
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert first_error(report, "report") is None
    return done, report


def test_the_report_names_colours_and_counts_their_segments(tmp_path, cli):
    (tmp_path / "hero.gpl").write_bytes(PALETTE)
    done, report = run(tmp_path, cli, "--palette", tmp_path / "hero.gpl")
    assert report["palette"]["file"] == str(tmp_path / "hero.gpl")
    names = {tuple(item["color"]): item["names"] for item in report["palette"]["colors"]}
    red, green, yellow = (color for _, color in BOXES)
    assert names[red] == ["Coat", "Hat"]
    assert names[green] == ["Trousers"]
    assert names[yellow] == []
    assert {item["segments"] for item in report["palette"]["colors"]} == {3}
    assert "2 of 4 colours are not in" in done.err


def test_without_a_palette_there_are_no_names(tmp_path, cli):
    assert run(tmp_path, cli)[1]["palette"] is None


def test_a_palette_that_is_none_stops_before_anything_is_written(tmp_path, cli):
    (tmp_path / "hero.gpl").write_bytes(b"what?")
    shot = make_shot(tmp_path / "shot", frames=range(1, 3))
    done = cli(*("propagate", shot, "--out", tmp_path / "out", "--palette", tmp_path / "hero.gpl"))
    assert done.code == 5
    assert not (tmp_path / "out").exists()
