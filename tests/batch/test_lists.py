"""Lists of shots: folders, patterns, text, CSV and JSON."""

import json

import pytest

from ant_core.batch.fingerprint import inputs_digest
from ant_core.batch.openjd import _shot_list
from ant_core.batch.options import ListOptions
from ant_core.batch.shots import close_to_options, read_shots
from ant_core.errors import InputError, UsageError
from ant_core.workflow.options import parse_propagate
from ant_core.workflow.propagate_options import PropagateOptions
from tests.support.drawn import make_shot


def names(shots):
    return [shot.name for shot in shots]


def write(path, text):
    path.write_text(text, "utf-8")
    return str(path)


def test_folder_is_searched_for_shots_in_order_of_their_names(tmp_path):
    for place in ("ep02/sc001", "ep01/sc010", "ep01/sc002", "out/x", ".old/sc9"):
        make_shot(tmp_path / place, frames=(1,))
    (tmp_path / "ep01" / "notes").mkdir()
    shots = read_shots([str(tmp_path)], {}, tmp_path / "out")
    assert names(shots) == ["sc002", "sc010", "sc001"]
    assert shots[0].options == PropagateOptions(shot=str(tmp_path / "ep01" / "sc002"))


def test_folder_of_another_layout_is_found_by_its_line_pattern(tmp_path):
    make_shot(tmp_path / "a", frames=(1,))
    (tmp_path / "a" / "line").rename(tmp_path / "a" / "ink")
    with pytest.raises(InputError, match="no shots are found"):
        read_shots([str(tmp_path)], {})
    (shot,) = read_shots([str(tmp_path)], {"line": "ink"})
    assert shot.options == PropagateOptions(shot=str(tmp_path / "a"), line=("ink",))
    (shot,) = read_shots([str(tmp_path)], {"line": "ink/*.png"})
    assert shot.name == "a"


def test_shots_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for place in ("ep01/sc001", "ep02/sc001"):
        make_shot(tmp_path / place, frames=(1,))
    assert names(read_shots([str(tmp_path)], {})) == ["ep01/sc001", "ep02/sc001"]


def test_pattern_is_expanded(tmp_path):
    for name in ("sc01", "sc02", "other"):
        make_shot(tmp_path / name, frames=(1,))
    assert names(read_shots([str(tmp_path / "sc*")], {})) == ["sc01", "sc02"]


def test_text_has_a_shot_a_line_with_options(tmp_path):
    (tmp_path / "with space").mkdir()
    path = write(
        tmp_path / "night.txt",
        "# tonight\n\n  sc010  \nwith space\n'sc 030' --references 1,24 --overwrite --gap=4\n",
    )
    shots = read_shots([path], {"gap": "2"})
    assert names(shots) == ["sc010", "with space", "sc 030"]
    assert shots[0].options == PropagateOptions(shot=str(tmp_path / "sc010"), gap=2)
    assert shots[2].options == PropagateOptions(
        shot=str(tmp_path / "sc 030"), gap=4, references=((1, 1), (24, 24)), overwrite=True
    )


def test_csv_has_a_column_an_option_and_empty_cells_say_nothing(tmp_path):
    path = write(
        tmp_path / "night.csv",
        "\ufeffShot;Name;Model sheet;overwrite;gap\nsc1;first;a.png|b.png;yes;\nsc2;;;no;3\n;;;;\n",
    )
    first, second = read_shots([path], {"gap": "7"})
    assert (first.name, second.name) == ("first", "sc2")
    assert first.options == PropagateOptions(
        shot=str(tmp_path / "sc1"),
        model_sheet=(str(tmp_path / "a.png"), str(tmp_path / "b.png")),
        overwrite=True,
        gap=7,
    )
    assert second.options == PropagateOptions(shot=str(tmp_path / "sc2"), gap=3)


def test_columns_of_a_tracker_are_kept(tmp_path):
    path = write(
        tmp_path / "night.csv",
        "Shot,gap,Artist,Status,version,refrences\nsc1,3,Mia,WIP|late,no,1\nsc2,,,,v2,\n",
    )
    first, second = shots = read_shots([path], {})
    assert first.options == PropagateOptions(shot=str(tmp_path / "sc1"), gap=3)
    kept = {"Artist": "Mia", "Status": "WIP|late", "version": "no", "refrences": "1"}
    assert first.columns == kept
    assert second.columns["version"] == "v2"
    # Almost an option: the batch asks.
    assert close_to_options(shots) == {"refrences": "references"}
    # What a farm's tasks read says the same.
    exported = write(tmp_path / "shots.json", json.dumps(_shot_list(shots)))
    assert read_shots([exported], {}) == shots


def test_a_row_has_layers_of_its_own(tmp_path):
    path = write(tmp_path / "n.csv", "shot,layer\nsc1,line=ink|color=paint\nsc2,\n")
    options = ListOptions(lists=(path,), layer=("beauty",))
    first, second = read_shots([path], options.defaults)
    assert (first.options.layer_of("line"), first.options.layer_of("color")) == ("ink", "paint")
    assert (second.options.layer_of("line"), second.options.layer_of("color")) == ("beauty",) * 2


def test_json_has_defaults_and_rows(tmp_path):
    document = {
        "defaults": {"frames": "1-9", "model_sheet": ["sheet.png"]},
        "shots": ["sc1", {"shot": "sc2", "references": [1, 24], "frames": None, "name": "x/y"}],
    }
    path = write(tmp_path / "night.json", json.dumps(document))
    first, second = read_shots([path], {})
    sheets = (str(tmp_path / "sheet.png"),)
    assert first.options == PropagateOptions(
        shot=str(tmp_path / "sc1"), frames=((1, 9),), model_sheet=sheets
    )
    assert second.name == "x/y"
    assert second.options == PropagateOptions(
        shot=str(tmp_path / "sc2"), references=((1, 1), (24, 24)), model_sheet=sheets
    )


def test_patterns_of_a_row_without_a_folder_start_from_the_list(tmp_path):
    path = write(tmp_path / "n.json", '[{"line": "sc1/ink/*.png", "color": "paint"}]')
    (shot,) = read_shots([path], {})
    assert shot.name == "ink"
    assert shot.options == PropagateOptions(
        line=(str(tmp_path / "sc1/ink/*.png"),), color=str(tmp_path / "paint")
    )


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("n.txt", "sc1 --fraems 1", "n.txt line 1.*--fraems"),
        ("n.txt", "sc1 sc2", "line 1: 'sc2' follows the path"),
        ("n.txt", "'sc1", "quotation mark has no partner"),
        ("n.txt", "sc1 --threads 4", "threads holds for the whole batch"),
        ("n.txt", "sc1 --gap wide", "invalid width in pixels"),
        ("n.csv", "shot,gap\nsc1,1,2\n", "line 2 has 3 cells"),
        ("n.json", '[{"name": "x"}]', r"shots\[0\] names no shot"),
        ("n.json", '[{"shot": "a", "name": "../a"}]', "no name for a folder"),
        ("n.json", '[{"shot": "a", "name": "Summary.html"}]', "no name for a folder"),
        ("n.txt", "sc1.kra --in-place", "in-place has no place in a batch"),
        ("n.json", '["a/x", {"shot": "b", "name": "X"}]', "both named X"),
        ("n.json", '["a", {"shot": "b", "name": "a/b"}]', "inside the results of another"),
        ("n.txt", "sc1 --fail-over 5%", "fail-over holds for the whole batch"),
        ("n.txt", "sc1 --frames one", "line 1: --frames 'one' is no list of frames"),
        ("n.txt", "sc1 --expose", "line 1: --expose needs the exposure sheet"),
    ],
)
def test_row_that_makes_no_sense_is_named(tmp_path, name, text, words):
    with pytest.raises(UsageError, match=words):
        read_shots([write(tmp_path / name, text)], {})


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("n.csv", b"path,gap\nsc1,1\n", "no column named shot"),
        ("n.json", b"[1]", "no list of shots: shots"),
        ("n.json", b"{", "is no JSON"),
        ("n.txt", b"\xff\xfe", "not UTF-8"),
        ("n.txt", b"# nothing\n", "no shots are found"),
        ("n.pdf", b"", "no list of shots"),
    ],
)
def test_file_that_is_no_list_is_refused(tmp_path, name, data, words):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=words):
        read_shots([str(tmp_path / name)], {})


def test_missing_list_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"there is no .*gone\.txt"):
        read_shots([str(tmp_path / "gone.txt")], {})


def test_what_krita_left_when_it_was_killed_is_no_shot(tmp_path):
    for name in ("a.kra", "a.kra~", "a.kra-autosave.kra", ".b.kra-autosave.kra"):
        (tmp_path / name).touch()
    assert names(read_shots([str(tmp_path)], {})) == ["a"]


def test_a_file_named_as_a_frame_number_changes_nothing(tmp_path, monkeypatch):
    """Else another --frames would be taken for the same whenever such files are the same."""
    for name in ("shot.kra", "1", "2"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)

    def digest(frames):
        options = parse_propagate(["shot.kra", f"--frames={frames}", "--out=o.kra"])
        return inputs_digest(options, "model", lambda: None)

    assert digest("1") != digest("2")


def test_a_line_longer_than_a_name_may_be(tmp_path):
    make_shot(tmp_path / "sc1", frames=(1,))
    frames = ",".join(map(str, range(1, 200, 2)))
    (shot,) = read_shots([write(tmp_path / "l.txt", f"sc1 --frames {frames}\n")], {})
    assert shot.name == "sc1"
    assert str(shot.options.frames) != "None"


@pytest.mark.parametrize("letter", ["a", "é"])
def test_a_name_is_measured_in_bytes_with_its_longest_ending(tmp_path, letter):
    fits = 255 - len(".lock-holder")
    name = letter * (fits // len(letter.encode()))
    rows = [{"shot": "sc1", "name": name}]
    (shot,) = read_shots([write(tmp_path / "l.json", json.dumps(rows))], {})
    assert shot.name == name
    longer = write(tmp_path / "l.json", json.dumps([{"shot": "sc1", "name": name + letter}]))
    with pytest.raises(UsageError, match=r"has \d+ bytes in one part, at most 243 fit"):
        read_shots([longer], {})


@pytest.mark.parametrize("command", [("batch",), ("propagate",), ("segment",)])
def test_a_name_that_no_file_can_have_is_one_sentence(tmp_path, cli, command):
    done = cli(*command, "x" * 300, "--out", tmp_path / "out")
    assert done.code in (2, 5)
    assert "unexpected" not in done.err
    assert len([line for line in done.err.splitlines() if line.startswith("ant_core: ")]) == 1
