"""What is said of documents that break their form, and the command that prints schemas."""

import json
import subprocess
import sys

import pytest

from ant_core.schemas import first_error, load_schema
from ant_core.schemas.forms import read_form
from ant_core.schemas.registry import ModelEntry

SUCCESS = {"event": "result", "schema": 1, "ok": True, "exit_code": 0}
HINT = {"frame": 1, "point": [1, 2], "color": [0]}
DEEP = json.loads("[" * 900 + "]" * 900)
ENTRY = {
    "name": "inks", "version": "1.0", "size": 3.0, "sha256": "0" * 64, "licence": "MIT",
    "minimum_engine": "0", "card": "",
}  # fmt: skip


def shots(*rows):
    return {"shots": [*rows]}


@pytest.mark.parametrize(
    ("name", "document", "said"),
    [
        ("hints", [], "the document: expected `object`, got `array`"),
        ("hints", {"schema": 1, "x": 1}, "the document: object contains unknown field `x`"),
        ("hints", {"schema": 2}, "schema: none of the values it may have is 2"),
        ("hints", {"schema": 1, "locks": [{}]}, "locks[0]: object missing required field `frame`"),
        (
            "hints",
            {"schema": 1, "hints": [HINT, HINT | {"stroke": [[1, 2]]}]},
            "hints[1]: a hint has a point or a stroke, and not both",
        ),
        (
            "hints",
            {"schema": 1, "hints": [HINT | {"frame": True}]},
            "hints[0].frame: expected `int | str`, got `bool`",
        ),
        (
            "hints",
            {"schema": 1, "\ud800": 1},
            "the document: a name or a value has half a character",
        ),
        ("hints", {"schema": 1.5, "hints": DEEP}, "schema: expected `int`, got `float`"),
        ("batch_list", shots("a", {"shot": ""}), "shots[1].shot: expected `str` of length >= 1"),
        (
            "batch_list",
            shots({"shot": "a", "frames": [1, "b"]}),
            "shots[0].frames: expected a text, a number, true, false, null or a list of one kind",
        ),
        (
            "batch_list",
            shots() | {"defaults": {"columns": {"a": 1}}},
            "defaults.columns[...]: expected `str`, got `int`",
        ),
        (
            "models_event",
            SUCCESS | {"models": [], "removed": []},
            "the document: it is several things at once",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(name, document, said):
    assert first_error(document, name) == said


def test_a_message_about_a_huge_name_is_short():
    wrong = first_error({"schema": 1, "x" * 100_000: 1}, "hints")
    assert "unknown field" in wrong
    assert len(wrong) < 300


def test_whole_numbers_with_a_point_are_whole_in_documents():
    assert first_error({"schema": 1.0, "hints": [HINT | {"frame": 12.0}]}, "hints") is None
    assert first_error({"schema": 1, "hints": [HINT | {"frame": 12.5}]}, "hints") is not None
    assert read_form(ENTRY, ModelEntry).size == 3


def test_an_entry_that_is_written_reads_back():
    entry = read_form(ENTRY | {"urls": ["https://a.b/c"]}, ModelEntry)
    written = json.loads(json.dumps(entry.to_json()))
    assert written == ENTRY | {"urls": ["https://a.b/c"]}
    assert read_form(written, ModelEntry) == entry
    with pytest.raises(ValueError, match="sha256: expected `str` matching"):
        read_form(ENTRY | {"sha256": "0"}, ModelEntry)


def test_the_command_prints_a_schema():
    run = [sys.executable, "-m", "ant_core.schemas", "hints"]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == load_schema("hints")
