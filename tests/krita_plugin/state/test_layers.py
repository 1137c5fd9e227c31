from typing import NamedTuple

import pytest

from krita_plugin.propagate_colors import i18n
from krita_plugin.propagate_colors.state import layers


class Info(NamedTuple):
    uuid: str
    name: str
    kind: str = "paintlayer"
    color_model: str = "RGBA"
    color_depth: str = "U8"
    profile: str = ""
    animated: bool = True
    locked: bool = False
    visible: bool = True
    depth_in_tree: int = 0
    parent_uuid: str = "root"


ROUGH, LINES, COLORS = Info("r", "Rough"), Info("l", "Hero lineart"), Info("c", "Hero paint")
PAPER = Info("b", "Background", animated=False)


def test_the_layer_named_for_lines_is_proposed_with_colors_below():
    assert layers.propose([ROUGH, LINES, COLORS, PAPER]) == (["l"], "c")


@pytest.mark.parametrize(
    ("lines", "colors"),
    [
        ("Tusche", "Farben"),
        ("Trait", "Aplats"),
        ("Encrage", "Couleurs"),
        ("Líneas", "Relleno"),
        ("Entintado", "Colores"),
        ("線画", "塗り"),
        ("清書線", "彩色"),
        ("线稿", "填色"),
        ("勾线", "上色"),
    ],
)
def test_layers_named_in_other_languages_are_proposed(lines, colors):
    below = Info("c", colors)
    assert layers.propose([ROUGH, Info("l", lines), Info("x", "Portrait"), below]) == (["l"], "c")


@pytest.mark.parametrize("code", i18n.languages())
def test_a_color_layer_made_in_one_language_is_found_in_another(code):
    i18n.start(code, [])
    made = Info("o", layers.color_layer_name("Hero 1"))
    i18n.start("en", [])
    assert layers.find_color_layer([Info("l", "Hero 1"), made], Info("l", "Hero 1")) == "o"


def test_without_a_telling_name_the_top_animated_layer_has_the_lines():
    assert layers.propose([Info("x", "Layer 2"), PAPER]) == (["x"], None)


def test_nothing_animated_is_no_proposal():
    assert layers.propose([PAPER]) == ([], None)


def test_a_still_painting_is_not_proposed_for_colors():
    still = Info("s", "Background color", animated=False)
    assert layers.propose([LINES, still]) == (["l"], None)
    assert layers.propose([LINES, still, COLORS]) == (["l"], "c")
    own = Info("o", layers.color_layer_name("Hero lineart"), animated=False)
    assert layers.propose([LINES, COLORS, own]) == (["l"], "o")


def test_the_color_layer_named_after_the_lines_is_found_again_wherever_it_lies():
    own = Info("o", layers.color_layer_name("Hero lineart"))
    assert layers.find_color_layer([own, LINES, COLORS], LINES) == "o"


def test_a_locked_or_hidden_layer_is_proposed_but_cannot_be_chosen():
    for odd in (COLORS._replace(locked=True), COLORS._replace(visible=False)):
        assert layers.propose([LINES, odd]) == (["l"], "c")
        assert not layers.color_choices([odd], ["l"])[0].enabled


def test_choices_say_why_not():
    odd = Info("o", "Odd", color_model="LABA")
    group, mask = Info("g", "Group", "grouplayer"), Info("m", "Mask", "transparencymask")
    lines = layers.line_choices([LINES, odd, group, mask])
    assert [choice.enabled for choice in lines] == [True, False, True, False]
    colors = layers.color_choices([LINES, odd, group, COLORS], ["l"])
    assert [choice.enabled for choice in colors] == [False, False, False, True]
    assert all(choice.enabled or choice.why_not.endswith(".") for choice in lines + colors)


def test_members_of_a_group_are_all_in_it():
    group = Info("g", "Group", "grouplayer")
    inner = Info("i", "Inner", "grouplayer", parent_uuid="g")
    deep = Info("d", "Deep", parent_uuid="i")
    assert layers.members([group, inner, deep, LINES], "g") == [inner, deep]


def test_animated_paint_layers_other_than_lines_and_colors_can_also_be_moved():
    group = Info("g", "Group", kind="grouplayer")
    locked = Info("k", "Light", locked=True)
    infos = [group, ROUGH, LINES, COLORS, locked, PAPER]
    choices = layers.moved_choices(infos, ["l"], "c")
    assert {choice.name: choice.why_not for choice in choices} == {
        "Rough": "",
        "Hero lineart": "This is a line layer.",
        "Light": "This layer is locked: unlock it to color into it.",
        "Background": "This layer has no keyframes: animate it first.",
    }
