"""A short form of `scripts/attack.py`, with other seeds every day; what it finds names the case."""

import datetime
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ant_core.formats.kra.journal import KraJournal
from scripts.attacks import downloads, kills, mutations, protocol
from scripts.attacks.readers import readers
from scripts.attacks.spoil import spoil

ROOT = Path(__file__).parents[2]
SEED = datetime.date.today().toordinal()
# Those that take long a case, or need packages that not every machine has.
FEW = {"kra": 10, "psd": 15, "record": 20, "model_load": 20, "exr": 30, "ledger": 20, "ora": 30}
NEEDS = {"tiff": "tifffile", "tga": "PIL", "exr": "OpenEXR", "psd": "psd_tools"}


@pytest.mark.parametrize("kind", sorted(readers()))
def test_damaged_files_end_in_the_error_tree(kind, tmp_path):
    if kind in NEEDS:
        pytest.importorskip(NEEDS[kind], reason="needs the formats extra")
    reader, samples = readers()[kind], readers()[kind].samples()
    for sample in samples:
        reader.read(sample, tmp_path / "x")  # as they are, they are read
    for number in range(FEW.get(kind, 80)):
        data = mutations.case(samples, SEED, kind, number)
        told = mutations.read_one(reader, data, tmp_path / "x")
        again = f"scripts/attack.py mutations --only {kind} --seed {SEED} --case {number}"
        assert told is None, f"{told}: {again}"


def test_a_case_is_the_same_in_every_run():
    samples = readers()["png"].samples()
    first = [mutations.case(samples, 5, "png", number) for number in range(50)]
    assert first == [mutations.case(samples, 5, "png", number) for number in range(50)]
    assert len(set(first)) > 40


def test_damage_is_damage():
    data = bytes(range(256))
    changed = [spoil(data, random.Random(seed)) != data for seed in range(200)]
    assert sum(changed) > 190


def test_what_is_no_error_of_the_tree_is_a_find(tmp_path):
    def fail(data, scratch):
        raise IndexError("out of range")

    told = mutations.read_one(mutations.Reader(lambda: [b"x"], fail), b"x", tmp_path / "x")
    assert told.startswith("IndexError in test_attack.py:fail")


@pytest.mark.parametrize("kind", list(protocol.CASES))
def test_the_engine_answers_or_ends_whatever_it_is_sent(kind):
    for name, wrong in protocol.attack([kind], SEED, most=3):
        assert not wrong, f"{name}: {wrong} (protocol --only {kind} --seed {SEED})"


@pytest.mark.parametrize("kind", list(downloads.CASES))
def test_a_download_ends_whatever_the_server_does(kind):
    for name, wrong in downloads.attack([kind], SEED, most=2):
        assert not wrong, (
            f"{name}: {wrong}: scripts/attack.py downloads --only {kind} --seed {SEED}"
        )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="commands are forked")
@pytest.mark.parametrize(
    ("names", "kills"), [(["import", "segment", "recolor"], "12"), (["hinted"], "4")]
)
def test_nothing_is_lost_by_kills(names, kills):
    attack = [sys.executable, ROOT / "scripts" / "attack.py", "kills", "--seed", str(SEED)]
    bounds = ["--only", *names, "--kills", kills, "--minutes", "2"]
    done = subprocess.run([*attack, *bounds], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) kills, 0 finds", done.stdout)[1]) > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="commands are forked")
def test_a_command_dies_before_the_step_that_is_named(tmp_path):
    code = (
        "import sys; from pathlib import Path; from scripts.attacks import processes\n"
        "from scripts.attacks.commands import COMMANDS\n"
        "work, command = Path(sys.argv[1]), COMMANDS['segment']\n"
        "work.mkdir(); command.make(work)\n"
        "begin = command.arguments(work), work / 'log', {}, work / 'out'\n"
        "print(processes.wait(processes.start(*begin, 2)), len(list((work / 'out').iterdir())))\n"
        "print(processes.wait(processes.start(*begin)), processes.steps_of(work / 'log'))\n"
    )
    work = str(tmp_path / "work")
    done = subprocess.run(
        [sys.executable, "-c", code, work], capture_output=True, text=True, cwd=ROOT, check=False
    )
    # Before the label map has its name; then the part is opened and removed, two files written.
    assert done.stdout.splitlines() == ["-9 1", "0 6"], done.stderr


def test_an_attack_that_hits_is_a_find(monkeypatch):
    monkeypatch.setitem(downloads.CASES, "odd", {"fails": lambda *_: None})
    monkeypatch.setattr(downloads, "fetch", lambda *_, **__: 1 / 0)
    told = dict(downloads.attack(["odd"], 0))
    assert len(told) == 3
    assert all(text.startswith("ZeroDivisionError") for text in told.values())
    monkeypatch.setitem(
        protocol.CASES, "odd", {"is answered": protocol._asked("models", action="list")}
    )
    assert dict(protocol.attack(["odd"], 0)) == {"odd: is answered": "it was answered with models"}


def test_journals_that_differ_in_their_range_are_not_alike():
    def compared(**settings):
        journal = KraJournal()
        journal.document["settings"] |= settings
        return kills._journal(journal.dump())

    assert compared(gap_px=3.0) == compared(gap_px=5.0)
    assert compared(first=1) != compared(first=2)
