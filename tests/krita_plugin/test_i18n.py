"""Every language has exactly the texts that the plugin shows, with the same placeholders."""

import ast
import functools
import json
import re
from pathlib import Path

import pytest

from krita_plugin.propagate_colors import i18n

PLUGIN = Path(i18n.__file__).parent
TABLES = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((PLUGIN / "languages").glob("*.json"))
}
NAMES = {"de": "Deutsch", "es": "Español", "fr": "Français", "ja": "日本語", "zh": "简体中文"}
one_form = [code for code, table in TABLES.items() if table.get("singular") == []]
each_language = pytest.mark.parametrize("code", TABLES)
LITERAL_ARGUMENTS = {"tr": 1, "mark": 1, "tr_n": 2}


@pytest.fixture(autouse=True)
def _english_afterwards():
    yield
    i18n.start("en", [])


@functools.cache
def calls(path):
    """Return (function name, first arguments) of every call of the translate helpers."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            count = LITERAL_ARGUMENTS.get(node.func.id)
            if count:
                found.append((node.func.id, node.args[:count]))
    return found


def texts():
    found = set()
    for path in PLUGIN.rglob("*.py"):
        for _, arguments in calls(path):
            found |= {a.value for a in arguments if isinstance(a, ast.Constant)}
    return found


def placeholders(text):
    return set(re.findall(r"{(\w*)", text))


def pairs():
    """Return the wordings for one and for many of every tr_n."""
    return {
        tuple(argument.value for argument in arguments)
        for path in PLUGIN.rglob("*.py")
        for name, arguments in calls(path)
        if name == "tr_n" and all(isinstance(argument, ast.Constant) for argument in arguments)
    }


@each_language
def test_a_language_has_every_text(code):
    assert sorted(texts() - set(TABLES[code]["texts"])) == []


@each_language
def test_a_language_has_no_other_text(code):
    assert sorted(set(TABLES[code]["texts"]) - texts()) == []


@each_language
def test_a_language_fills_in_the_same_values(code):
    table = TABLES[code]["texts"]
    assert [text for text in table if placeholders(text) != placeholders(table[text])] == []


@each_language
def test_a_text_begins_and_ends_with_the_same_space(code):
    table = TABLES[code]["texts"]
    edges = {text: (text[:1] == " ", text[-1:] == " ") for text in {*table, *table.values()}}
    assert [text for text in table if edges[text] != edges[table[text]] or not table[text]] == []


@each_language
def test_both_wordings_of_a_number_are_there(code):
    table = TABLES[code]["texts"]
    missing = [pair for pair in sorted(pairs()) if not all(table.get(text) for text in pair)]
    assert missing == []


@pytest.mark.parametrize("code", one_form)
def test_a_language_with_one_form_says_one_and_many_alike(code):
    table = TABLES[code]["texts"]
    alike = [(table[one].replace("1", "{n}"), table[many]) for one, many in sorted(pairs())]
    assert [pair for pair in alike if pair[0] != pair[1]] == []


def test_languages_of_one_form_are_those_that_have_one():
    assert one_form == ["ja", "zh"]


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("fr", r"[^\u202f][:;?!»]|«[^\u202f]|[^\u202f]%|\.\.\.|\""),
        ("es", r'"|\.\.\.|(?:^|\?)[^¿]*\?|(?:^|!)[^¡]*!'),
        ("ja", r'[,;!?"]|[.](?!\w)|\.\.\.|[。、\uff1f] '),
        ("zh", r'[,;:!?"]|[.](?!\w)|\.\.\.|[\uff0c。\uff1a\uff1f] '),
    ],
)
def test_a_language_has_its_own_punctuation(code, wrong):
    table = TABLES[code]["texts"]
    assert [text for text in table.values() if re.search(wrong, text)] == []


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
        (
            "fr",
            "1 image coloriée. 1 image en échec.",
            "2 images coloriées. 2 images en échec.",
        ),
        (
            "ja",
            "1 フレームを彩色しました。1 フレームは失敗しました。",
            "2 フレームを彩色しました。2 フレームは失敗しました。",
        ),
        ("zh", "已上色 1 帧。1 帧失败。", "已上色 2 帧。2 帧失败。"),
    ],
)
def test_one_frame_is_not_told_as_many(language, one, many):
    tasks = pytest.importorskip(f"{i18n.__package__}.work.tasks", exc_type=ImportError)
    i18n.start(language, [])
    said = [tasks.describe(tasks.RunOutcome(written=f, failed=f)) for f in ([3], [3, 5])]
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
        ("", ["nl-NL", "de"], "de"),
        ("", ["fr-CA", "de"], "fr"),
        ("", ["es_MX"], "es"),
        ("", ["ja-Jpan-JP"], "ja"),
        ("", ["zh"], "zh"),
        ("", ["zh-CN"], "zh"),
        ("", ["zh_CN"], "zh"),
        ("", ["zh-Hans"], "zh"),
        ("", ["zh-Hans-HK"], "zh"),
        ("", ["zh-TW", "zh-Hant-TW"], "en"),
        ("", ["zh_HK"], "en"),
        ("", ["zh-Hant"], "en"),
        ("", ["zh-Hant", "ja"], "ja"),
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
    assert i18n.languages() == {"en": "English", **NAMES}


def test_none_is_told_as_the_language_counts():
    said = {}
    for code in ("en", "de", "fr", "ja"):
        i18n.start(code, [])
        said[code] = i18n.tr_n("{n} frame colored.", "{n} frames colored.", 0)
    assert said == {
        "en": "0 frames colored.",
        "de": "0 Bilder koloriert.",
        "fr": "0 image coloriée.",
        "ja": "0 フレームを彩色しました。",
    }
