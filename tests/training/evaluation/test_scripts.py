"""The two commands of a release: the proof, and the card that shows it."""

import json
import sys

import pytest

from ant_core.matching.model_file import ModelFile
from scripts import card, prove
from tests.models.conftest import make_model
from tests.support.fakes import FakeMatcher


@pytest.fixture
def proof(shots, tmp_path, monkeypatch):
    """Prove a fake model on two shots; return the folder and the exit code."""
    pytest.importorskip("matplotlib")
    model = tmp_path / "net.antmodel"
    make_model(model)
    monkeypatch.setattr(prove, "Matcher", FakeMatcher)
    out = tmp_path / "proof"
    arguments = ["--single", shots, "--paper", model, "--model", model, "--out", out]
    monkeypatch.setattr(sys, "argv", ["prove.py", *map(str, arguments)])
    return out, prove.main()


def test_a_proof_is_a_table_a_document_and_pictures(proof):
    out, code = proof
    assert code == 1  # no bar of the other sets was measured
    names = sorted(path.name for path in out.iterdir())
    assert names == ["calibration.png", "proof.json", "proof.md", "worst_single.png"]
    document = json.loads((out / "proof.json").read_text())
    assert set(document["models"]) == {"ours", "ant_paper"}
    bars = {bar["figure"]: bar for bar in document["bars"]}
    removed = bars["errors with one reference removed by five"]
    assert removed["ours"]["value"] == pytest.approx(75)
    assert removed["met"] is True
    assert bars["accuracy by part"]["met"] is None  # pictures tell colours alone


def test_the_card_shows_the_proof(proof, tmp_path, monkeypatch):
    notes = tmp_path / "notes.md"
    notes.write_text("## Limits\n\nNone known.\n")
    log = tmp_path / "run" / "log.jsonl"
    log.parent.mkdir()
    log.write_text('{"pairs": 8, "loss": 1.5}\n{"pairs": 16, "loss": 1.0}\n')
    model = tmp_path / "net.antmodel"
    arguments = ["--model", model, "--version", "2.0", "--notes", notes, "--proof", proof[0]]
    arguments += ["--run", f"ours={log.parent}", "--release", tmp_path / "release"]
    monkeypatch.setattr(sys, "argv", ["card.py", *map(str, arguments)])
    assert card.main() == 0
    text = model.with_suffix(".md").read_text()
    assert "None known." in text
    assert "| Single characters | recursive_parts | accuracy by part | AnT 94.25 |" in text
    for name in ("calibration", "worst_single", "curves"):
        for folder in (tmp_path, tmp_path / "release"):
            assert (folder / f"net-2.0.{name}.png").read_bytes().startswith(b"\x89PNG")
        assert f"(net-2.0.{name}.png)" in text
    entry = json.loads(model.with_suffix(".json").read_text())
    assert entry["sha256"] == ModelFile.read(model).sha256
    assert entry["card"] == text


def test_a_run_without_a_name_is_refused(tmp_path, monkeypatch, capsys):
    model = tmp_path / "net.antmodel"
    make_model(model)
    notes = tmp_path / "notes.md"
    notes.write_text("None.")
    arguments = ["--model", model, "--version", "1", "--notes", notes, "--run", tmp_path]
    monkeypatch.setattr(sys, "argv", ["card.py", *map(str, arguments)])
    assert card.main() != 0
    assert "NAME=FOLDER" in capsys.readouterr().err
