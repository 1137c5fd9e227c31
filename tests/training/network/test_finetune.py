"""A model goes on learning from a production's own frames, and is refused when it got worse."""

import json
import shutil
import sys
import tempfile
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="finetuning needs the train extra")
pytest.importorskip("scipy", reason="finetuning needs the train extra")

from ant_core.cli import main  # noqa: E402 - torch is optional
from ant_core.commands.finetune import _write  # noqa: E402
from ant_core.errors import InputError, ModelCorrupt, ModelMissing, OutputError  # noqa: E402
from ant_core.files import WholeFiles  # noqa: E402
from ant_core.matching.matcher import Matcher  # noqa: E402
from ant_core.matching.model_file import default_model  # noqa: E402
from ant_core.training.data.clips import UNSURE  # noqa: E402
from ant_core.training.data.true_shots import from_picture  # noqa: E402
from ant_core.training.network import finetune as room  # noqa: E402
from ant_core.training.network.config import TrainConfig  # noqa: E402
from ant_core.training.network.export import compare, write_model  # noqa: E402
from ant_core.training.network.finetune import finetune, read_production  # noqa: E402
from ant_core.training.network.model import CONFIGS, ModelConfig, build  # noqa: E402
from ant_core.training.network.restore import read_model  # noqa: E402
from ant_core.training.network.self_reference import self_reference_clip, warp_map  # noqa: E402


@pytest.fixture
def shot(sample, tmp_path):
    """The first frames of the sample shot, three of them coloured."""
    folder = tmp_path / "shot"
    for name in ("line", "color"):
        (folder / name).mkdir(parents=True)
    for number in (1, 2, 3):
        shutil.copy(sample / "line" / f"{number:04d}.png", folder / "line")
        shutil.copy(sample / "truth" / f"{number:04d}.png", folder / "color")
    return folder


def test_the_embedded_model_is_read_back_exactly():
    model, manifest = read_model(default_model())
    assert compare(model, default_model()) < 1e-5
    assert manifest["name"] == "ant_relative"


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_every_network_is_read_back_from_its_file(name, tmp_path):
    torch.manual_seed(0)
    model = build(CONFIGS[name]).eval()
    manifest = {"name": name, "no_counterpart_threshold": 0.0, "confidence": [[0, 0], [1, 1]]}
    write_model(model, tmp_path / "m.antmodel", manifest)
    again, _ = read_model(tmp_path / "m.antmodel")
    for key, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[key]), key


def test_files_that_hold_no_known_network_are_refused(tmp_path):
    with pytest.raises(ModelMissing, match="is missing"):
        read_model(tmp_path / "none.antmodel")
    (tmp_path / "text.antmodel").write_text("no model")
    with pytest.raises(ModelCorrupt, match="cannot be trained further"):
        read_model(tmp_path / "text.antmodel")
    small = ModelConfig(name="ant_relative", features=32, layers=2, graph_layers=1)
    manifest = {"name": "ant_relative", "no_counterpart_threshold": 0, "confidence": [[0, 0]]}
    write_model(build(small), tmp_path / "small.antmodel", manifest)
    assert read_model(tmp_path / "small.antmodel")[0].config == small
    with (
        zipfile.ZipFile(tmp_path / "small.antmodel") as known,
        zipfile.ZipFile(tmp_path / "novel.antmodel", "w") as novel,
    ):
        for name in known.namelist():
            data = known.read(name)
            if name == "manifest.json":
                data = data.replace(b'"graph_layers": 1', b'"graph_layers": 2')
            novel.writestr(name, data)
    with pytest.raises(ModelCorrupt, match="does not know"):
        read_model(tmp_path / "novel.antmodel")


def test_a_warp_without_strength_changes_nothing():
    x, y = warp_map((40, 60), 0.0, np.random.default_rng(0))
    rows, columns = np.mgrid[:40, :60]
    # The spline is sampled on a grid whose pixels are shared at the edges: half a pixel off.
    assert np.abs(x - columns).max() < 2
    assert np.abs(y - rows).max() < 2


def drawing():
    """Four boxes in a row, black lines on white."""
    line = np.full((120, 260), 255, np.uint8)
    for left in (10, 70, 130, 190):
        line[20:100, left : left + 60] = 255
        line[20:22, left : left + 60] = line[98:100, left : left + 60] = 0
        line[20:100, left : left + 2] = line[20:100, left + 58 : left + 60] = 0
    return line


def test_bent_segments_know_where_they_came_from():
    line = drawing()
    frame = from_picture(1, line)
    frame.color = np.arange(10, 10 + frame.count)
    clip = self_reference_clip("drawing", line, frame, 6, np.random.default_rng(3))
    assert len(clip.frames) == 7
    for bent in clip.frames[1:]:
        known = bent.label != UNSURE
        assert known.sum() >= 4
        np.testing.assert_array_equal(bent.color[known], bent.label[known] + 9)
        # The boxes stay in their order from left to right.
        # The ground may be divided where a bent line ends beside the canvas edge.
        inner = known & (bent.label != 1)
        boxes = [int(i) for i in np.flatnonzero(inner) if 0.05 < bent.box[i, 2] < 0.8]
        order = bent.label[sorted(boxes, key=lambda i: bent.box[i, 0])]
        original = sorted(set(order.tolist()), key=lambda i: frame.box[i - 1, 0])
        assert order.tolist() == original


def test_a_production_holds_frames_out(shot):
    production = read_production([shot], seed=0)
    assert production.frames == 3
    (references, held), *more = production.checks
    assert not more
    assert [frame.number for frame in references] == [1, 3]
    assert [frame.number for frame in held] == [2]
    learned = {id(frame) for clip in production.clips for frame in clip.frames}
    assert id(held[0]) not in learned


def test_one_coloured_frame_is_not_enough(shot):
    for number in (2, 3):
        (shot / "color" / f"{number:04d}.png").unlink()
    with pytest.raises(InputError, match="paint or accept at least one more"):
        read_production([shot], seed=0)


def test_the_command_writes_a_model_that_works(shot, tmp_path, capsys):
    out = tmp_path / "show.antmodel"
    bounds = ["--minutes", "60", "--pairs", "1"]
    assert main(["finetune", str(shot), "--out", str(out), *bounds, "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["finetuned"]["after"] >= result["finetuned"]["before"]
    matcher = Matcher(out, "cpu", 1)
    assert matcher.model_hash != Matcher(None, "cpu", 1).model_hash
    assert main(["propagate", str(shot), "--out", str(tmp_path / "o"), "--model", str(out)]) == 0


def test_the_weight_of_the_cycle_loss_reaches_the_training(shot, tmp_path, monkeypatch):
    asked = []

    def keep(model, production, config, **_):
        asked.append(config)
        return model

    monkeypatch.setattr(room, "finetune", keep)
    monkeypatch.setattr(room, "check", lambda *_: 50.0)
    command = ["finetune", str(shot), "--out", str(tmp_path / "show.antmodel")]
    assert main(command) == 0
    assert main([*command, "--cycle", "0.25"]) == 0
    assert [config.switches.cycle_weight for config in asked] == [0.0, 0.25]


def test_so_many_pairs_give_the_same_model_every_time(shot):
    network, _ = read_model(default_model())
    config = TrainConfig(pairs=30, device="cpu", learning_rate=1e-4)
    first, again = (
        finetune(network, read_production([shot], seed=0), config).state_dict() for _ in range(2)
    )
    assert any(not torch.equal(value, first[key]) for key, value in network.state_dict().items())
    assert all(torch.equal(value, first[key]) for key, value in again.items())


def clock(step_s):
    """Return a clock on which so much time goes by whenever it is looked at."""
    seconds = iter(range(0, 10_000_000, step_s))
    return SimpleNamespace(perf_counter=lambda: float(next(seconds)))


def test_no_clock_has_a_say_in_a_model_of_so_many_pairs(shot, monkeypatch):
    """A slow start, a pause: the learning rate falls with the pairs alone."""
    network, _ = read_model(default_model())
    config = TrainConfig(pairs=8, minutes=5.0, tokens=800, device="cpu", learning_rate=1e-4)
    models, told = [], []
    for step_s in (1, 250):  # two steps take it beyond five minutes
        monkeypatch.setattr(room, "time", clock(step_s))
        production = read_production([shot], seed=0)
        model = finetune(network, production, config, notify=lambda *said: told.append(said))
        models.append(model.state_dict())
    assert [seconds for seconds, _, _ in told] == [250, 500]
    assert told[0][1] < config.pairs <= told[1][1]
    assert all(torch.equal(value, models[0][key]) for key, value in models[1].items())


def test_so_many_pairs_end_with_the_time_nonetheless(shot, monkeypatch):
    network, _ = read_model(default_model())
    monkeypatch.setattr(room, "time", clock(121))
    told = []
    config = TrainConfig(pairs=100_000, minutes=2.0, device="cpu", learning_rate=1e-4)
    production = read_production([shot], seed=0)
    finetune(network, production, config, notify=lambda *said: told.append(said))
    assert [seconds for seconds, _, _ in told] == [121]


def test_a_model_that_got_worse_is_not_kept(shot, tmp_path, capsys, monkeypatch):
    scores = iter([90.0, 80.0])
    monkeypatch.setattr(room, "check", lambda *_: next(scores))
    out = tmp_path / "show.antmodel"
    assert main(["finetune", str(shot), "--out", str(out), "--minutes", "0.01"]) == 1
    assert "80.0 against 90.0" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a limit stands for a full disk")
def test_a_full_disk_keeps_the_model_that_lay_there(tmp_path):
    import resource

    network, manifest = read_model(default_model())
    out = tmp_path / "show.antmodel"
    out.write_bytes(b"of last week")
    (tmp_path / ".part-0011223344556677").write_bytes(b"of a run that was killed")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(OutputError, match="the disk is full or its quota used up"):
            _write(network, out, manifest, {}, WholeFiles())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert out.read_bytes() == b"of last week"
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_nothing_is_written_beside_the_model(shot, tmp_path, monkeypatch):
    """What a kill would leave lying elsewhere, no later run sweeps."""
    elsewhere = tmp_path / "tmp"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    monkeypatch.setattr(tempfile, "mkdtemp", lambda *_, **__: pytest.fail("a temporary folder"))
    out = tmp_path / "new" / "show.antmodel"
    assert main(["finetune", str(shot), "--out", str(out), "--minutes", "0.01"]) in (0, 1)
    assert not any(elsewhere.iterdir())
