"""The options of one shot: made by one parser, checked and written by one function each."""

import doctest
import random
from dataclasses import FrozenInstanceError, fields, replace

import pytest

from ant_core.batch.task import ShotTask
from ant_core.errors import UsageError
from ant_core.propagation.options import RunOptions
from ant_core.shot import frames
from ant_core.workflow import gate, options
from ant_core.workflow.options import (
    arguments_of,
    options_from_json,
    options_to_json,
    parse_propagate,
)
from ant_core.workflow.propagate_options import PropagateOptions

# Two values of every option that the parser takes together with any others.
VALUES = {
    "model_sheet": [("a b.png",), ("--odd", "2.png")],
    "gap": [0.0, 8.25],
    "rough": ["keep", "ignore"],
    "threads": [1, 1024],
    "review_below": [0.0, 0.75],
    "shot": ["sc 010", "-sc010"],
    "line": [("A_%04d.png",), ("line/*.png",)],
    "color": ["color,1", "--color"],
    "shade": [("shadow",), ("light/A_*.png", "blush")],
    "surface": ["auto", "auto"],
    "layer": [("ink",), ("line=a b", "color=c.d")],
    "references": [((1, 1), (24, 24)), ((3, 9),)],
    "frames": [((1, 48), (60, 60)), ((7, 7),)],
    "cel": [("A",), ("A",)],
    "xdts": ["cut.xdts", "1"],
    "palette": ["hero.gpl", "=x"],
    "hints": ["hints.json", "{cel}.json"],
    "review_notes": ["review_notes.json", "a b.json"],
    "lock": [((2, 2),), ((1, 3),)],
    "overwrite": [True, True],
    "model": ["default", "a/b.antmodel"],
    "device": ["cpu", "cuda"],
    "fail_over": [0.0, 5.5],
    "fail_under": [0.0, 0.6],
}


def random_options(seed):
    chosen = random.Random(seed)
    names = chosen.sample(sorted(VALUES), chosen.randint(0, len(VALUES)))
    values = {name: chosen.choice(VALUES[name]) for name in names}
    if "lock" in values and "xdts" in values:
        values["cel"] = ("A",)
    return PropagateOptions(**{"shot": "sc010", "out": "OUT"} | values)


def test_every_option_is_tried():
    others = {"out", "in_place", "expose"}
    assert {field.name for field in fields(PropagateOptions)} == {*VALUES, *others}


@pytest.mark.parametrize("seed", range(40))
def test_what_is_written_is_read_again(seed):
    given = random_options(seed)
    given.check()
    assert options_from_json(options_to_json(given)) == given


@pytest.mark.parametrize("given", [{"shot": "a.kra", "in_place": True}, {"expose": True}])
def test_flags_are_read_again(given):
    options = PropagateOptions(**{"shot": "s"} | given)
    if not options.is_kra:
        options = replace(options, out="OUT", xdts="cut.xdts")
    assert options_from_json(options_to_json(options)) == options


def test_only_what_differs_from_the_default_is_written():
    assert options_to_json(PropagateOptions()) == {}
    assert options_to_json(PropagateOptions(shot="s", review_below=0.6)) == {"shot": "s"}


def test_task_of_an_engine_is_read_again():
    given = PropagateOptions(shot="/x/sc1", out="/out/sc1", frames=((1, 9),), threads=3)
    task = ShotTask("sc1", given, "/out", attempt=2)
    assert ShotTask.from_json(task.to_json()) == task


def test_unknown_name_is_refused():
    with pytest.raises(UsageError, match="--fraems"):
        options_from_json({"shot": "s", "out": "o", "fraems": "1"})


def test_options_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        PropagateOptions().gap = 2.0


def test_percent_may_carry_its_sign():
    for text in ("5", "5%", "5.0 %"):
        assert parse_propagate(["s", "--out=o", f"--fail-over={text}"]).fail_over == 5.0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["s"], "--out is missing: name the folder"),
        (["s.KRA"], "--out is missing: name the document"),
        (["s.kra", "--out=o.kra", "--in-place"], "contradict each other"),
        (["s", "--out=o", "--in-place"], "--in-place is for .kra files"),
        (["--line=x", "--out=o"], "no shot is named"),
        (["s", "--line=x", "--line=y", "--out=o"], "--line is given twice"),
        (["s.kra", "--out=o.kra", "--layer=ink"], "--layer is for OpenEXR files"),
        (["s", "--out=o", "--layer=a", "--layer=line=b"], "--layer names two layers for line"),
        (["s", "--out=o", "--expose"], "--expose needs the exposure sheet"),
        (["s.kra", "--out=o", "--cel=A"], "for image sequences"),
        (["s", "--out=o", "--cel=A", "--cel=B", "--lock=1"], "frames of one cel"),
        (["s", "--out=o", "--cel=A/B"], "no name of a cel"),
        (["s", "--out=o", "--frames=x"], "--frames 'x' is no list of frames"),
        (["s", "--out=o", "--references=9-3"], "--references '9-3' runs backwards"),
        (["s", "--out=o", "--fail-over=101%"], "invalid share in percent"),
        (["s", "--out=o", "--fail-over=many"], "invalid share in percent"),
        (["s", "--out=o", "--fail-under=1.1"], "--fail-under: invalid share"),
        (["s", "--out=o", "--review-below=-1"], "--review-below: invalid share"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_file_is_read(arguments, told):
    with pytest.raises(UsageError, match=told):
        parse_propagate(arguments)


@pytest.mark.parametrize(
    "wrong",
    [
        {"gap": -1.0},
        {"gap": 257.0},
        {"gap": float("nan")},
        {"threads": 0},
        {"review_below": 1.5},
    ],
)
def test_values_of_a_painting_program_are_checked_too(wrong):
    (name,) = wrong
    with pytest.raises(UsageError, match=f"--{name.replace('_', '-')} is .*: give a value from"):
        RunOptions(**wrong).check()


def test_nothing_is_said_of_an_empty_value():
    assert arguments_of({"gap": None, "overwrite": False, "cel": [], "hints": ""}) == []


@pytest.mark.parametrize("module", [frames, gate, options])
def test_examples_are_true(module):
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
