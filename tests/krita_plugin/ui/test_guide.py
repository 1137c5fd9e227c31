"""The guide of the first run: there while there is nothing to color from, and leading on."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.state.model import FrameRow, FrameState
from krita_plugin.propagate_colors.ui.guide import LINES, PAINT, PRESS, GuidePicture
from tests.krita_plugin.ui.support import click, commands, find, turn

BLANK = [FrameRow(0, FrameState.TODO), FrameRow(1, FrameState.HOLD, held_from=0)]
PAINTED = [FrameRow(0, FrameState.ARTIST, is_reference=True), *BLANK[1:]]


def shown(panel):
    names = ("guide_begin", "guide_suggest", "guide_sample")
    return [name for name in names if find(panel, name).isVisible()]


def test_without_a_document_there_is_the_sample(panel, controller):
    controller.change(has_document=False, frames=[])
    assert find(panel, "guide").isVisible()
    assert shown(panel) == ["guide_sample"]
    click(panel, "guide_sample")
    assert commands(controller) == [("open_sample",)]


def test_without_lines_the_guide_is_there(panel, controller):
    controller.change(line_layers=[], frames=[])
    assert shown(panel) == ["guide_sample"]


def test_with_lines_it_leads_to_the_color_layer(panel, controller):
    controller.change(frames=BLANK)
    assert shown(panel) == ["guide_begin", "guide_suggest"]
    assert find(panel, "guide_begin").text() == "Make color layer and go there"
    click(panel, "guide_begin")
    click(panel, "guide_suggest")
    assert commands(controller) == [("begin_painting",), ("suggest_frames",)]
    controller.change(color_layer="c")
    assert find(panel, "guide_begin").text() == "Go to the color layer"
    controller.change(busy="running")
    assert not find(panel, "guide_begin").isEnabled()


def test_it_goes_when_a_frame_is_painted_and_the_review_comes(panel, controller):
    controller.change(frames=BLANK)
    assert not find(panel, "review_box").isVisible()
    controller.change(frames=PAINTED)
    assert not find(panel, "guide").isVisible()
    assert find(panel, "review_box").isVisible()


def test_a_model_sheet_is_something_to_color_from(panel, controller):
    controller.change(frames=BLANK, model_sheets=["/a/hero.png"])
    assert not find(panel, "guide").isVisible()


def test_the_three_pictures_differ(panel, controller):
    controller.change(frames=BLANK)
    turn()
    pictures = panel.guide.findChildren(GuidePicture)
    images = [picture.grab().toImage() for picture in pictures]
    assert len(pictures) == len({LINES, PAINT, PRESS})
    assert images[0] != images[1]
    assert images[1] != images[2]
