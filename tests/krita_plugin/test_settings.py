import pytest

from krita_plugin.propagate_colors import settings
from krita_plugin.propagate_colors.settings import Settings


class Store:
    def __init__(self):
        self.values = {}

    def read_setting(self, name, default):
        return self.values.get(name, default)

    def write_setting(self, name, value):
        assert isinstance(value, str)  # Krita keeps text only
        self.values[name] = value


def test_names_are_unique_and_described():
    assert len({setting.name for setting in settings.ALL}) == len(settings.ALL)
    assert all(setting.description.endswith(".") for setting in settings.ALL)


@pytest.mark.parametrize(
    ("setting", "value"), [(settings.ENGINE_COMMAND, "/opt/ä b"), (settings.ACCEPT_ABOVE, 75)]
)
def test_a_value_returns_in_its_own_type(setting, value):
    store = Store()
    Settings(store).set(setting, value)
    assert Settings(store).get(setting) == value


def test_unset_and_broken_values_give_the_default():
    store = Store()
    store.values["accept_above"] = "many"
    assert Settings(store).get(settings.ACCEPT_ABOVE) == 90
    assert Settings(store).get(settings.DEVICE) == "auto"


def test_listeners_hear_of_changes_only():
    kept = Settings(Store())
    heard = []
    kept.changed.connect(heard.append)
    kept.set(settings.DEVICE, "auto")
    kept.set(settings.DEVICE, "cpu")
    kept.set(settings.DEVICE, "cpu")
    assert heard == [settings.DEVICE]


def test_restore_defaults():
    store = Store()
    kept = Settings(store)
    kept.set(settings.DEVICE, "cpu")
    kept.set(settings.ACCEPT_ABOVE, 50)
    kept.restore_defaults()
    assert [kept.get(setting) for setting in settings.ALL] == [
        setting.default for setting in settings.ALL
    ]
