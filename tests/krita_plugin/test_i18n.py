"""German has exactly the texts that the plugin shows, with the same placeholders."""

import ast
import json
import re
from pathlib import Path

import pytest

from krita_plugin.propagate_colors import i18n

PLUGIN = Path(i18n.__file__).parent
GERMAN = json.loads((PLUGIN / "languages" / "de.json").read_text(encoding="utf-8"))["texts"]
LITERAL_ARGUMENTS = {"tr": 1, "mark": 1, "tr_n": 2}


@pytest.fixture(autouse=True)
def _english_afterwards():
    yield
    i18n.start("en", [])


def calls(path):
    """Yield (function name, first arguments) of every call of the translate helpers."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            count = LITERAL_ARGUMENTS.get(node.func.id)
            if count:
                yield node.func.id, node.args[:count]


def texts():
    found = set()
    for path in PLUGIN.rglob("*.py"):
        for _, arguments in calls(path):
            found |= {a.value for a in arguments if isinstance(a, ast.Constant)}
    return found


def placeholders(text):
    return set(re.findall(r"{(\w*)", text))


def test_german_has_every_text():
    assert sorted(texts() - set(GERMAN)) == []


def test_german_has_no_other_text():
    assert sorted(set(GERMAN) - texts()) == []


def test_german_fills_in_the_same_values():
    assert [text for text in GERMAN if placeholders(text) != placeholders(GERMAN[text])] == []


def test_no_text_speaks_of_many_where_there_may_be_one():
    alone = {
        argument.value
        for path in PLUGIN.rglob("*.py")
        for name, arguments in calls(path)
        if name != "tr_n"
        for argument in arguments
        if isinstance(argument, ast.Constant)
    }
    counted = re.compile(r"{n} (frame|segment|drawing|reference|color|layer|picture)s\b")
    assert [text for text in sorted(alone) if counted.search(text)] == []


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [
        ("en", "1 frame colored. 1 frame failed.", "2 frames colored. 2 frames failed."),
        (
            "de",
            "1 Bild koloriert. 1 Bild ist misslungen.",
            "2 Bilder koloriert. 2 Bilder sind misslungen.",
        ),
    ],
)
def test_one_frame_is_not_told_as_many(language, one, many):
    tasks = pytest.importorskip(f"{i18n.__package__}.work.tasks", exc_type=ImportError)
    i18n.start(language, [])
    said = [tasks.describe(tasks.Outcome(written=f, failed=f)) for f in ([3], [3, 5])]
    assert said == [one, many]


def test_texts_are_never_put_together_inside_the_call():
    joined = (ast.JoinedStr, ast.BinOp, ast.Call)
    wrong = [
        f"{path.name}:{argument.lineno}"
        for path in PLUGIN.rglob("*.py")
        for _, arguments in calls(path)
        for argument in arguments
        if isinstance(argument, joined)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("chosen", "preferred", "code"),
    [
        ("", ["de-AT", "en"], "de"),
        ("", ["de_DE"], "de"),
        ("", ["fr-FR", "de"], "de"),
        ("", ["xx"], "en"),
        ("", [], "en"),
        ("en", ["de"], "en"),
        ("de", ["en"], "de"),
        ("zz", ["de"], "en"),
    ],
)
def test_choice_of_the_language(chosen, preferred, code):
    assert i18n.start(chosen, preferred) == code
    assert i18n.current() == code


def test_unknown_texts_stay_english_and_values_are_filled_in():
    i18n.start("de", [])
    assert i18n.tr("no such text {n}", n=3) == "no such text 3"
    assert i18n.tr("braces {} stay without values") == "braces {} stay without values"
    assert i18n.tr_n("one", "{n} of them", 1) == "one"
    assert i18n.tr_n("one", "{n} of them", 7) == "7 of them"


def test_languages_name_themselves():
    assert i18n.languages() == {"en": "English", "de": "Deutsch"}
