"""The settings dialog stores what is set and passes it to the controller."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors import __version__, i18n
from tests.krita_plugin.ui.support import Store, click, commands, find, turn


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def dialog(make_panel, store, controller):
    panel = make_panel(store=store)
    find(panel, "settings_action").trigger()
    dialog = find(panel, "settings_dialog")
    commands(controller)
    yield dialog
    dialog.close()


def test_the_dialog_does_not_block(dialog):
    assert dialog.isVisible()
    assert not dialog.isModal()


def test_the_plugin_s_version_is_shown_beside_the_engine_s(dialog):
    assert dialog.windowTitle() == f"Propagate Colors {__version__}: settings"


def test_engine_is_tested_and_kept(dialog, store, controller):
    find(dialog, "engine_field").setText(" /opt/ant_core ")
    click(dialog, "engine_test")
    assert commands(controller) == [("set_engine_command", "/opt/ant_core"), ("ask_models",)]
    assert store.values["engine_command"] == "/opt/ant_core"
    controller.change(engine_status="ant_core 0.1.0, default, CUDA")
    assert find(dialog, "engine_status").text() == "ant_core 0.1.0, default, CUDA"


def test_a_chosen_program_with_a_blank_is_quoted(dialog, controller):
    dialog.use_program("/opt/my tools/ant_core")
    assert commands(controller) == [
        ("set_engine_command", '"/opt/my tools/ant_core"'),
        ("ask_models",),
    ]


def test_models_are_used_or_downloaded(dialog, store, controller):
    models = find(dialog, "model_list")
    assert models.count() == 2
    assert not find(dialog, "model_button").isEnabled()  # in use already
    models.setCurrentRow(1)
    assert find(dialog, "model_button").text() == "Download"
    click(dialog, "model_button")
    assert commands(controller) == [("download_model", "large")]
    controller.models = lambda: [
        {**m, "path": "/m", "in_use": False} for m in type(controller).models(controller)
    ]
    controller.changed.emit("engine")
    assert models.currentRow() == 1
    click(dialog, "model_button")
    assert commands(controller) == [("choose_model", "large")]
    assert store.values["model"] == "large"


def test_language_comes_with_the_next_start(dialog, store):
    combo = find(dialog, "language_combo")
    shown = [combo.itemText(i) for i in range(combo.count())]
    assert shown == ["As Krita", *i18n.languages().values()]
    combo.setCurrentIndex(2)
    combo.activated.emit(2)
    assert store.values["language"] == "de"


def test_device_restarts_the_engine(dialog, store, controller):
    combo = find(dialog, "device_combo")
    combo.setCurrentIndex(combo.findData("cpu"))
    combo.activated.emit(combo.currentIndex())
    assert store.values["device"] == "cpu"
    assert commands(controller) == [("set_engine_command", ""), ("ask_models",)]


def test_restore_defaults(dialog, store, controller):
    find(dialog, "engine_field").setText("/opt/x")
    click(dialog, "engine_test")
    click(dialog, "restore_button")
    assert set(store.values.values()) == {""}
    assert find(dialog, "engine_field").text() == ""


def test_a_closed_dialog_is_made_anew(make_panel):
    panel = make_panel()
    panel.show_settings()
    find(panel, "settings_dialog").close()
    turn()
    panel.show_settings()
    assert find(panel, "settings_dialog").isVisible()
    find(panel, "settings_dialog").close()


def test_the_controller_can_ask_for_the_settings(make_panel, controller):
    panel = make_panel()
    controller.changed.emit("settings")
    assert find(panel, "settings_dialog").isVisible()
    find(panel, "settings_dialog").close()


def test_a_typed_path_is_tried_as_soon_as_the_field_is_left(dialog, controller):
    field = find(dialog, "engine_field")
    field.setText("/opt/other")
    field.editingFinished.emit()
    assert commands(controller) == [("set_engine_command", "/opt/other"), ("ask_models",)]
    field.editingFinished.emit()
    assert commands(controller) == [], "nothing was changed"


def test_the_empty_field_says_what_the_status_says(dialog, controller):
    field = find(dialog, "engine_field")
    assert field.placeholderText() == "Found by itself"
    controller.change(engine_light="bad", engine_status="There is no engine.")
    assert field.placeholderText() == "None found"


def test_the_engine_that_was_set_up_is_named_and_can_be_left_or_removed(dialog, controller):
    setup = controller.engine_setup
    assert not find(dialog, "set_up_text").isVisible()
    setup.show("hidden", "", version="0.8.0", has_folder=True)
    assert find(dialog, "set_up_text").text() == "Set up: version 0.8.0"
    assert not find(dialog, "engine_back").isVisible()
    setup.show("hidden", "", earlier="0.7.0")
    assert find(dialog, "engine_back").text() == "Go back to 0.7.0"
    click(dialog, "engine_back")
    click(dialog, "engine_remove")
    turn()
    box = find(dialog, "remove_box")
    assert setup.calls == [("go_back",)], "it asks first"
    box.button(box.StandardButton.Yes).click()
    assert setup.calls == [("go_back",), ("remove",)]


def test_what_a_set_up_left_can_be_removed(dialog, controller):
    controller.engine_setup.show("unfinished", "", has_folder=True)
    assert find(dialog, "set_up_text").text() == "Setup was not finished."
    assert find(dialog, "engine_remove").isVisible()


def test_why_an_engine_was_not_changed_is_said_where_it_was_asked_for(dialog, controller):
    setup = controller.engine_setup
    setup.show("hidden", "", version="0.8.0", has_folder=True)
    assert not find(dialog, "set_up_said").isVisible()
    setup.show("hidden", "", refusal="Wait.")
    assert find(dialog, "set_up_said").text() == "Wait."
    assert find(dialog, "set_up_said").isVisible()
    setup.show("failed", "", sentence="A file is held.", refusal="")
    assert find(dialog, "set_up_said").text() == "A file is held."
    setup.show("failed", "", refusal="Wait.")
    assert find(dialog, "set_up_said").text() == "Wait.", "it is what was asked for last"


def test_nothing_can_be_changed_while_an_engine_is_set_up(dialog, controller):
    controller.engine_setup.show("running", "Unpacking", version="0.8.0")
    assert not find(dialog, "engine_remove").isEnabled()
