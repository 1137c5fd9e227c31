from krita_plugin.propagate_colors import settings
from krita_plugin.propagate_colors.settings import DockerSettings


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


def test_a_value_is_kept():
    store = Store()
    DockerSettings(store).set(settings.ENGINE_COMMAND, "/opt/ä b")
    assert DockerSettings(store).get(settings.ENGINE_COMMAND) == "/opt/ä b"


def test_unset_gives_the_default():
    assert DockerSettings(Store()).get(settings.DEVICE) == "auto"


def test_listeners_hear_of_changes_only():
    kept = DockerSettings(Store())
    heard = []
    kept.changed.connect(heard.append)
    kept.set(settings.DEVICE, "auto")
    kept.set(settings.DEVICE, "cpu")
    kept.set(settings.DEVICE, "cpu")
    assert heard == [settings.DEVICE]


def test_restore_defaults():
    store = Store()
    kept = DockerSettings(store)
    kept.set(settings.DEVICE, "cpu")
    kept.set(settings.REVIEW_ORDER, "doubt")
    kept.restore_defaults()
    assert [kept.get(setting) for setting in settings.ALL] == [
        setting.default for setting in settings.ALL
    ]
