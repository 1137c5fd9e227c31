"""An experiment's file: every option explained, no other accepted."""

import dataclasses
import tomllib

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from ant_core.errors import InputError, UsageError  # noqa: E402 - torch is optional
from ant_core.training.network.config import (  # noqa: E402
    TrainConfig,
    defaults,
    example,
    read_config,
    stored_config,
)
from ant_core.training.network.model import CONFIGS  # noqa: E402


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
    for table in ("samples", "switches", "paper"):
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
    assert config.tokens == defaults("ant_paper").tokens


def test_the_papers_numbers_are_its_networks_defaults(write):
    """Casey et al. 2021, section 4.2 and equation 8."""
    config = read_config(write('network = "ant_paper"'))
    assert config == defaults("ant_paper")
    assert (config.learning_rate, config.weight_decay, config.clip_norm) == (5e-4, 1e-4, 1.0)
    assert config.constant_rate
    # That batches are of 16 pairs is tested with batches, in test_train.py.
    iterations = config.pairs / (config.accumulate * config.samples.batch_pairs)
    assert iterations == 100_000
    assert config.warmup_share * iterations == 1000
    assert (config.accumulate, config.samples.references_max) == (4, 1)
    assert (config.samples.window_share, config.samples.vary_share) == (0, 0)
    assert (config.paper.layers, config.paper.cycle_weight, config.paper.labels) == (
        9,
        0.25,
        "parts",
    )
    assert config.model == CONFIGS["ant_paper"]


def test_what_a_file_sets_goes_before_the_papers_numbers(write):
    text = 'network = "ant_paper"\npairs = 9\n[samples]\nreferences_max = 3\n[paper]\npaired = true'
    config = read_config(write(text))
    assert (config.pairs, config.samples.references_max, config.model.paired) == (9, 3, True)
    assert config.samples.drop_share == 0
    assert config.learning_rate == 5e-4


def test_the_papers_example_reads_back(write):
    assert read_config(write(example(defaults("ant_paper")))) == defaults("ant_paper")


def test_a_run_from_before_the_table_goes_on_with_its_defaults():
    stored = dataclasses.asdict(TrainConfig())
    del stored["paper"]
    del stored["switches"]["cycle_weight"]
    assert stored_config(stored) == TrainConfig()


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
        ("[switches]\nfeatures = 30", "features is 30, expected a multiple of 4"),
        ("[switches]\npointwise = 0", "pointwise is 0, expected 1 or more"),
        ('network = "ant_paper"\n[switches]\nfeatures = 64', "features is a switch of"),
        ("[switches]\nself_reference_share = 1.5", "expected 0 to 1"),
        ('network = "ant_paper"\n[switches]\ngraph = false', "graph is a switch of ant_relative"),
        ('network = "ant_paper"\n[switches]\ncycle_weight = 1', "cycle_weight is a switch of"),
        ("[paper]\nlayers = 3", "options of ant_paper: ant_relative has none"),
        ('network = "ant_paper"\n[paper]\nlabels = "ids"', "choose one of parts, colors, mixed"),
        ('network = "ant_paper"\n[paper]\nlayers = -1', "expected 0 or more"),
        ("[switches]\ncycle_weight = -1.0", "cycle_weight is -1.0, expected 0 or more"),
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
