"""The manual quotes what the docker says, and names shortcuts that exist."""

import html
import re
from pathlib import Path

from tests.krita_plugin.test_i18n import PLUGIN, texts

MANUAL = html.unescape((PLUGIN / "manual.html").read_text(encoding="utf-8"))
PROSE = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", MANUAL))
EXAMPLES = {
    "From frame 3, 71 % sure",
    "From frame 22, unsure (18 %)",
    "3 of 41, frame 18",
    "new",
}


def test_quoted_sentences_are_shown_by_the_docker():
    known = {text.strip() for text in texts()}
    quoted = set(re.findall("“([^”]+)”", PROSE)) - EXAMPLES
    assert len(quoted) > 4
    wrong = [
        text for text in quoted if not any(shown == text or _begins(shown, text) for shown in known)
    ]
    assert wrong == []


def _begins(shown, text):
    return text.endswith(" …") and shown.startswith(text[:-2])


def test_the_shortcuts_are_those_of_the_actions():
    actions = (Path(PLUGIN).parent / "actions" / "propagate_colors.action").read_text()
    assert set(re.findall(r"<shortcut>(.+?)</shortcut>", actions)) == set(
        re.findall(r"Ctrl\+Alt\+\w", PROSE)
    )


def test_every_picture_is_there_and_told_in_words():
    shown = re.findall(r'<img src="([^"]+)" alt="([^"]+)"', MANUAL)
    assert len(shown) == MANUAL.count("<img") > 0
    assert [name for name, _ in shown if not (PLUGIN / name).is_file()] == []
