"""A short form of `scripts/attack.py`, with other seeds every day; what it finds names the case."""

import datetime
import random

import pytest

from scripts.attacks import mutations
from scripts.attacks.readers import readers
from scripts.attacks.spoil import spoil

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
