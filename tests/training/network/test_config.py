"""An experiment's file: every option explained, no other accepted."""

import dataclasses
import tomllib

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from ant_core.errors import InputError, UsageError  # noqa: E402 - torch is optional
from ant_core.training.network.config import TrainConfig, example, read_config  # noqa: E402


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "experiment.toml"
        path.write_text(text)
        return path

    return write


def test_the_example_holds_every_option_and_reads_back_as_the_default(write):
    assert read_config(write(example())) == TrainConfig()
    document = tomllib.loads(example())
    options = {f.name for f in dataclasses.fields(TrainConfig)}
    assert set(document) == options
    for table in ("samples", "switches"):
        fields = dataclasses.fields(getattr(TrainConfig(), table))
        assert set(document[table]) == {f.name for f in fields}
    lines = example().splitlines()
    for number, line in enumerate(lines):
        if " = " in line and not line.startswith("#"):
            assert lines[number - 1].startswith("# ")


def test_options_of_both_tables_are_taken(write):
    config = read_config(
        write('network = "ant_paper"\nminutes = 5\n[samples]\nwindow_segments = [3, 9]\n')
    )
    assert config.network == "ant_paper"
    assert config.minutes == 5.0
    assert config.samples.window_segments == (3, 9)
    assert config.tokens == TrainConfig().tokens


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("minuets = 5", "unknown option minuets: did you mean minutes"),
        ("[samples]\nmerge = 1", "unknown option merge"),
        ("samples = 3", r"write \[samples\]"),
        (
            "[switches]\ncontext_crops = true",
            "unknown option context_crops: did you mean context_crop",
        ),
        ("[switches]\ngraph = 1", "expected a value like true"),
        ("[switches]\nself_reference_share = 1.5", "expected 0 to 1"),
        ('network = "ant_paper"\n[switches]\ngraph = false', "graph is a switch of ant_relative"),
        ('minutes = "long"', "minutes in .* is 'long', expected a value like 60.0"),
        ("constant_rate = 1", "expected a value like false"),
        ("[samples]\nwindow_segments = [1]", "window_segments"),
        ('network = "ant_papers"', "no network 'ant_papers'"),
        ('device = "tpu"', "no device 'tpu'"),
        ("minutes = 0", "expected more than 0"),
    ],
)
def test_what_no_run_could_use_is_refused(write, text, says):
    with pytest.raises(UsageError, match=says):
        read_config(write(text))


@pytest.mark.parametrize("text", ["minutes =", "\xff"])
def test_a_file_that_is_no_toml_is_refused(write, text):
    with pytest.raises(InputError, match="no TOML"):
        read_config(write(text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.toml is missing"):
        read_config(tmp_path / "none.toml")
