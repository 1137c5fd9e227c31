"""The card that offers the engine: what it says and what its buttons ask for."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.state.engine_states import (
    FAILED,
    FOLDER,
    HIDDEN,
    NEWER,
    OFFERED,
    READY,
    RUNNING,
    UNFINISHED,
)
from tests.krita_plugin.ui.support import QtWidgets, click, find, turn

BUTTONS = ("engine_go", "engine_pack", "engine_folder", "engine_later")


@pytest.fixture
def setup(controller):
    return controller.engine_setup


def shown(panel):
    found = {name: find(panel, name) for name in BUTTONS}
    return {name: b.text() for name, b in found.items() if b.isVisible()}


def test_nothing_is_shown_while_nothing_is_to_be_done(panel):
    assert not find(panel, "engine_card").isVisible()


@pytest.mark.parametrize(
    ("state", "go", "others"),
    [
        (OFFERED, "Set up", {"engine_pack", "engine_folder", "engine_later"}),
        (NEWER, "Update", {"engine_pack", "engine_folder", "engine_later"}),
        (UNFINISHED, "Continue", {"engine_pack", "engine_later"}),
        (FAILED, "Try again", {"engine_pack", "engine_later"}),
        (READY, "Open sample", {"engine_later"}),
    ],
)
def test_each_state_has_its_buttons(panel, setup, state, go, others):
    setup.show(state, "A sentence.")
    assert find(panel, "engine_text").text() == "A sentence."
    buttons = shown(panel)
    assert buttons.pop("engine_go") == go
    assert set(buttons) == others
    setup.show(HIDDEN, "")
    assert not find(panel, "engine_card").isVisible()


def test_a_failure_that_another_folder_may_cure_offers_that(panel, setup):
    setup.show(FAILED, "The disk is full.", ways=(FOLDER,))
    assert "engine_folder" in shown(panel)


@pytest.mark.parametrize(
    ("state", "button", "asked"),
    [
        (OFFERED, "engine_go", ("begin", False)),
        (NEWER, "engine_go", ("begin", False)),
        (UNFINISHED, "engine_go", ("again",)),
        (FAILED, "engine_go", ("again",)),
        (RUNNING, "engine_later", ("cancel",)),
        (READY, "engine_later", ("put_off",)),
        (NEWER, "engine_later", ("put_off",)),
        (OFFERED, "engine_later", ("put_off",)),
        (UNFINISHED, "engine_later", ("put_off",)),
        (FAILED, "engine_later", ("put_off",)),
    ],
)
def test_buttons_ask_for_what_they_say(panel, setup, state, button, asked):
    setup.show(state, "A sentence.")
    click(panel, button)
    assert setup.calls == [asked]


def test_the_sample_is_opened_and_the_card_goes(panel, setup, controller):
    setup.show(READY, "Ready.")
    controller.take_calls()
    click(panel, "engine_go")
    assert setup.calls == [("put_off",)]
    assert ("open_sample",) in controller.take_calls()


def test_the_card_stays_while_a_job_keeps_the_sample_from_opening(panel, setup, controller):
    setup.show(READY, "Ready.")
    controller.busy = "running"
    click(panel, "engine_go")
    assert setup.calls == []


def test_with_an_engine_no_other_folder_is_offered(panel, setup):
    setup.show(NEWER, "A newer engine.", has_engine=True)
    assert "engine_folder" not in shown(panel)
    setup.show(FAILED, "The disk is full.", ways=(FOLDER,))
    assert "engine_folder" not in shown(panel)


def test_progress_runs_to_its_end_also_beyond_two_terabytes(panel, setup):
    bar = find(panel, "engine_bar")
    setup.show(RUNNING, "Downloading", stage="downloading", done=2 << 40, total=4 << 40)
    assert bar.value() * 2 == bar.maximum()
    setup.show(RUNNING, "Preparing", stage="preparing", done=3, total=50)
    assert bar.value() * 50 == bar.maximum() * 3
    setup.show(RUNNING, "Looking", stage="", done=0, total=0)
    assert bar.maximum() == 0, "busy without an end"


def test_the_gpu_is_offered_with_its_own_sizes(panel, setup):
    assert not find(panel, "engine_gpu").isVisible()
    setup.show(OFFERED, "140 MB", gpu_offered=True)
    find(panel, "engine_gpu").setChecked(True)
    assert find(panel, "engine_text").text() == "140 MB (GPU)"
    click(panel, "engine_go")
    assert setup.calls == [("begin", True)]


def test_an_obstacle_is_said_and_only_the_folder_can_be_chosen(panel, setup):
    setup.show(OFFERED, "140 MB", hindrance="Choose a folder first.")
    assert find(panel, "engine_text").text() == "Choose a folder first."
    assert not find(panel, "engine_go").isEnabled()
    assert find(panel, "engine_folder").isEnabled()


@pytest.mark.parametrize(
    ("button", "dialog", "command"),
    [
        ("engine_pack", "engine_pack_dialog", "begin_with"),
        ("engine_folder", "engine_folder_dialog", "choose_folder"),
    ],
)
def test_what_is_chosen_in_a_dialog_is_taken(panel, setup, tmp_path, button, dialog, command):
    setup.show(OFFERED, "140 MB")
    click(panel, button)
    turn()
    box = panel.window().findChild(QtWidgets.QFileDialog, dialog)
    box.fileSelected.emit(str(tmp_path))
    box.close()
    assert setup.calls == [(command, str(tmp_path))]


@pytest.mark.parametrize("language", ["en", "de"])
def test_texts_fit_the_narrowest_docker(make_panel, setup, language):
    setup.show(OFFERED, "A sentence that is long enough to go over some lines of the docker.")
    panel = make_panel(width=240, language=language)
    for state in (OFFERED, NEWER, UNFINISHED, FAILED, READY, RUNNING):
        setup.show(state, "A sentence.", ways=(FOLDER,))
        turn()
        card = find(panel, "engine_card")
        assert card.width() <= 240
        for name in BUTTONS:
            button = find(panel, name)
            if button.isVisible():
                assert button.width() >= button.sizeHint().width() - 8, (state, button.text())
