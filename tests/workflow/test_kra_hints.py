"""Hints and locks that the docker left in a document hold for runs without Krita too."""

from __future__ import annotations

import json
from pathlib import Path

from ant_core.formats.kra import KraArchive, KraDocument
from ant_core.formats.kra.journal import KIND
from ant_core.output.kra_journal import merge_hints
from tests.formats.kra_builder import write_zip
from tests.workflow.test_kra_shot import journal_of, layer_of, make

LAYERS = ("--line", "Line", "--color", "Color")
PINK = [250, 100, 200, 255]
BOX = [26, 22]  # in the first box at frame 4


def hint(frame: int = 4, point=BOX, color=PINK) -> dict:
    return {"frame": frame, "point": point, "color": color}


def leave(path: Path, hints=(), locks=()) -> None:
    """Put hints and locks into a document's journal, as the docker saves them."""
    document = KraDocument(KraArchive(path))
    members = {name: document.archive.read(name, 1 << 30) for name in document.archive.names}
    journal = journal_of(path)
    journal.document["hints"] = {"schema": 1, "hints": [*hints], "locks": [*locks]}
    members[document.annotation_file(KIND)] = journal.dump()
    write_zip(path, members)


def colored(cli, tmp_path) -> Path:
    """Return a document that has been coloured once, in place."""
    shot = make(tmp_path / "shot.kra")
    assert cli("propagate", shot, *LAYERS, "--in-place").code == 0
    return shot


def at_box(path: Path, frame: int = 4) -> list[int]:
    return layer_of(path)[1][frame][BOX[1], BOX[0]].tolist()


def test_noted_hints_are_applied_and_told(cli, tmp_path):
    shot = colored(cli, tmp_path)
    assert at_box(shot) != PINK
    leave(shot, [hint()])
    done = cli("propagate", shot, "--in-place")
    assert done.code == 0, done.err
    assert at_box(shot) == PINK
    assert "1 hints and 0 locks are taken from the docker's notes in shot.kra" in done.err
    report = json.loads((tmp_path / "shot.report.json").read_text())
    assert report["hints"] == {"schema": 1, "hints": [hint()], "locks": []}
    assert any("taken from the docker's notes" in text for text in report["warnings"])
    assert journal_of(shot).document["hints"]["hints"] == [hint()]


def test_noted_locks_keep_their_segment(cli, tmp_path):
    shot = colored(cli, tmp_path)
    leave(shot, [hint()])
    assert cli("propagate", shot, "--in-place").code == 0
    leave(shot, locks=[{"frame": 4, "point": BOX}])
    done = cli("propagate", shot, "--in-place")
    assert done.code == 0, done.err
    assert at_box(shot) == PINK
    leave(shot)
    assert cli("propagate", shot, "--in-place").code == 0
    assert at_box(shot) != PINK


def test_rules_of_what_is_never_coloured_hold_in_documents(cli, tmp_path):
    shot = colored(cli, tmp_path)
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"schema": 1, "never": [{"frame": 4, "point": BOX}, {"frame": 6}]}))
    done = cli("propagate", shot, "--in-place", "--hints", rules)
    assert done.code == 0, done.err
    assert at_box(shot)[3] == 0
    frames = layer_of(shot)[1]
    assert not frames[6][:, :, 3].any()
    assert frames[4][3, 3, 3] == 255
    assert (tmp_path / "shot.review.html").is_file()


def test_a_hints_file_replaces_the_notes_which_stay_in_the_document(cli, tmp_path):
    shot = colored(cli, tmp_path)
    leave(shot, [hint()])
    other = tmp_path / "hints.json"
    other.write_text(json.dumps({"schema": 1, "hints": [hint(color=[1, 2, 3, 255])]}))
    done = cli("propagate", shot, "--in-place", "--hints", other)
    assert done.code == 0, done.err
    assert at_box(shot) == [1, 2, 3, 255]
    assert "docker's notes" not in done.err
    assert journal_of(shot).document["hints"]["hints"] == [hint()]


def test_notes_without_a_place_are_left_out_with_a_sentence(cli, tmp_path):
    shot = colored(cli, tmp_path)
    strange = [hint(99), hint(point=[5000, 3]), hint(color=[70000, 0, 0, 255])]
    leave(shot, [*strange, hint()], [{"frame": 98}])
    done = cli("propagate", shot, "--in-place")
    assert done.code == 0, done.err
    assert at_box(shot) == PINK
    assert done.err.count("left out: ") == 4
    assert "1 hints and 0 locks are taken" in done.err
    assert len(journal_of(shot).document["hints"]["hints"]) == 4  # the artist's, all of them


def test_hints_of_shot_and_output_come_together(cli, tmp_path):
    shot, out = colored(cli, tmp_path), tmp_path / "out.kra"
    leave(shot, [hint()])
    assert cli("propagate", shot, "--out", out).code == 0
    assert at_box(out) == PINK
    leave(out, [])  # the artist takes it back in the output
    assert cli("propagate", shot, "--out", out).code == 0
    assert at_box(out) != PINK
    leave(shot, [hint(), hint(6)])  # and gives another one in the shot
    assert cli("propagate", shot, "--out", out).code == 0
    assert journal_of(out).document["hints"]["hints"] == [hint(6)]


def test_what_either_side_adds_or_removes():
    a, b, c = hint(2), hint(4), hint(6)

    def merged(shot, output, last):
        documents = [{"schema": 1, "hints": items} for items in (shot, output, last)]
        return merge_hints(*documents)["hints"]

    assert merged([a], [a], [a]) == [a]
    assert merged([a, b], [a, c], [a]) == [a, c, b]
    assert merged([b], [a, b], [a, b]) == [b]
    assert merged([a, b], [b], [a, b]) == [b]
    assert merged([a], [a], []) == [a]
