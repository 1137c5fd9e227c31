"""The command line as a contract: exit codes, stdout for data, stderr for people."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ant_core.cli import main
from ant_core.schemas import first_error
from tests.support.command_line import environment
from tests.support.drawn import BOXES, line_drawing, load, make_shot, save

EMBEDDED = Path(__file__).parents[2] / "ant_core" / "models" / "default.antmodel"
SCRIPT = Path(__file__).parents[1] / "support" / "run_with_fake.py"


@pytest.fixture
def shot(tmp_path):
    return make_shot(tmp_path / "shot", frames=range(1, 5), painted=[1])


# ---- 0: done


def test_done(shot, tmp_path, cli):
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0
    assert done.out == f"{tmp_path / 'out' / 'report.json'}\n"
    assert "[4/4] frame 4" in done.err
    assert "contact sheet" in done.err
    assert "\x1b" not in done.err


def test_the_real_network_colours_a_small_shot(shot, tmp_path, ant_core):
    done = ant_core("propagate", shot, "--out", tmp_path / "out", "--device", "cpu", "--json")
    assert done.code == 0, done.err
    events = [json.loads(line) for line in done.out.splitlines()]
    assert all(first_error(event, "event") is None for event in events)
    assert events[-1]["device"] == "cpu"
    image = load(tmp_path / "out" / "color" / "0002.png")
    for (x, y, width, height), color in BOXES:
        assert image[y + height // 2, x + 1 + width // 2].tolist() == list(color)
    again = ant_core("propagate", shot, "--out", tmp_path / "out", "--device", "cpu")
    assert again.code == 0
    assert "kept from the last run: frames 1-4" in again.err


@pytest.mark.parametrize("arguments", [["--help"], ["propagate", "--help"], ["segment", "--help"]])
def test_help_lists_the_exit_codes(arguments, capsys):
    assert main(arguments) == 0
    text = capsys.readouterr().out
    for code in ("0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "130 "):
        assert f"\n  {code}" in text


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("ant_core 0.")


# ---- 1: unexpected


def test_something_unexpected_is_one_sentence_and_a_log(shot, tmp_path, cli, monkeypatch):
    def explode(*_args, **_options):
        raise ZeroDivisionError("the moon is full")

    monkeypatch.setattr("ant_core.propagation.assemble.load_shot", explode)
    monkeypatch.setenv("ANT_CORE_LOGS", str(tmp_path / "logs"))
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 1
    assert "the moon is full" in done.err
    assert "Traceback" not in done.err
    assert "Traceback" in (tmp_path / "logs" / "error.log").read_text("utf-8")
    assert "Traceback" in cli("propagate", shot, "--out", tmp_path / "out", "--debug").err


def test_a_drawing_that_failed_is_told_at_the_end(shot, tmp_path, cli, monkeypatch):
    from ant_core.propagation import drawings

    real = drawings.analyze

    def fails_on_frame_3(image, *rest, **options):
        if np.array_equal(image, line_drawing(2)):
            raise ValueError("cursed")
        return real(image, *rest, **options)

    monkeypatch.setattr(drawings, "analyze", fails_on_frame_3)
    done = cli("propagate", shot, "--out", tmp_path / "out", "--json")
    assert done.code == 1
    last = json.loads(done.out.splitlines()[-1])
    assert last["ok"] is False
    assert last["summary"]["failed"] == [3]
    assert first_error(last, "event") is None
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert first_error(report, "report") is None


# ---- 2: usage


@pytest.mark.parametrize(
    "arguments", [[], ["colour"], ["propagate"], ["propagate", "--out", "o"], ["segment", "a.png"]]
)
def test_a_command_line_that_makes_no_sense(arguments, cli):
    done = cli(*arguments)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1


def test_usage_errors_are_events_too(cli):
    done = cli("propagate", "--json", "--nonsense")
    assert done.code == 2
    event = json.loads(done.out)
    assert first_error(event, "event") is None
    assert event["error_type"] == "UsageError"


# ---- 3: review


def test_frames_that_need_review(shot, tmp_path, cli):
    extra = (*BOXES, ((70, 60, 16, 12), (1, 2, 3, 255)))
    save(shot / "line" / "0003.png", line_drawing(2, extra))
    assert cli("propagate", shot, "--out", tmp_path / "a").code == 0
    done = cli("propagate", shot, "--out", tmp_path / "b", "--fail-under", "0.5", "--json")
    assert done.code == 3
    last = json.loads(done.out.splitlines()[-1])
    assert last["ok"] is True
    assert 3 in last["summary"]["doubtful_frames"]
    assert (tmp_path / "b" / "color" / "0004.png").exists()


def test_no_frame_needs_review(shot, tmp_path, cli):
    assert cli("propagate", shot, "--out", tmp_path / "out", "--fail-under", "0.5").code == 0


# ---- 4: model


def write_zip(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def broken_models(folder: Path) -> dict[str, bytes | dict]:
    manifest = {"name": "x", "no_counterpart_threshold": 0, "confidence": [[0, 0]], "features": 1}
    return {
        "no zip": b"not a model",
        "empty": b"",
        "cut off": EMBEDDED.read_bytes()[:4000] if EMBEDDED.exists() else b"PK\x03\x04",
        "no manifest": {"encoder.onnx": b"", "matcher.onnx": b""},
        "other version": {
            "manifest.json": json.dumps(manifest | {"descriptor_version": 999}),
            "encoder.onnx": b"",
            "matcher.onnx": b"",
        },
        "no network": {
            "manifest.json": json.dumps(manifest | {"descriptor_version": 1}),
            "encoder.onnx": b"rubbish",
            "matcher.onnx": b"rubbish",
        },
    }


@pytest.mark.parametrize("kind", broken_models(Path()))
def test_a_model_that_is_damaged_or_none(shot, tmp_path, real_cli, kind):
    content = broken_models(tmp_path)[kind]
    path = tmp_path / "bad.antmodel"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        write_zip(path, content)
    done = real_cli("propagate", shot, "--out", tmp_path / "out", "--model", path)
    assert done.code == 4, done.err
    assert "bad.antmodel" in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_not_there(shot, tmp_path, real_cli):
    done = real_cli("propagate", shot, "--out", tmp_path / "out", "--model", tmp_path / "none")
    assert done.code == 4
    assert "no model at" in done.err
    assert not (tmp_path / "out").exists()


# ---- 6: device


def test_cuda_where_there_is_none(shot, tmp_path, real_cli):
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has CUDA")
    done = real_cli("propagate", shot, "--out", tmp_path / "out", "--device", "cuda", "--json")
    assert done.code == 6, done.err
    assert json.loads(done.out)["error_type"] == "DeviceUnavailable"
    assert not (tmp_path / "out").exists()


# ---- speaking


def test_json_is_the_only_thing_on_stdout(shot, tmp_path, fake_ant_core):
    done = fake_ant_core("propagate", shot, "--out", tmp_path / "out", "--json")
    assert done.code == 0
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [event["event"] for event in events] == ["progress"] * 4 + ["result"]


def test_a_bar_on_a_terminal(shot, tmp_path):
    import pty

    leader, follower = pty.openpty()
    command = [sys.executable, str(SCRIPT), "propagate", str(shot), "--out", str(tmp_path / "out")]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=follower,
        env=environment() | {"TERM": "xterm", "COLUMNS": "100"},
    ) as child:
        os.close(follower)
        shown = b""
        while True:
            try:
                piece = os.read(leader, 4096)
            except OSError:  # the terminal is gone with the child
                break
            if not piece:
                break
            shown += piece
        out = child.stdout.read()
    os.close(leader)
    assert child.returncode == 0
    assert b"100%" in shown
    assert b"4/4" in shown
    assert out == f"{tmp_path / 'out' / 'report.json'}\n".encode()


def test_starting_up_imports_nothing_heavy():
    code = (
        "import sys, ant_core.cli; ant_core.cli.main(['--version']); "
        "print([m for m in ('numpy', 'cv2', 'numba', 'onnxruntime', 'torch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_colouring_never_imports_torch(shot, tmp_path):
    code = (
        "import sys, runpy\n"
        f"sys.argv = ['x', 'propagate', {str(shot)!r}, '--out', {str(tmp_path / 'o')!r}]\n"
        "import ant_core.matching.matcher\n"
        "from tests.support.fakes import FakeMatcher\n"
        "ant_core.matching.matcher.Matcher = FakeMatcher\n"
        "from ant_core.cli import main\n"
        "assert main() == 0\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment(), check=True)


def test_a_reader_that_goes_away_is_no_traceback(shot, tmp_path):
    command = [sys.executable, str(SCRIPT), "propagate", str(shot), "--out", str(tmp_path / "out")]
    with subprocess.Popen(
        [*command, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as child:
        child.stdout.close()
        errors = child.stderr.read()
    assert child.returncode == 1
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors


def test_the_number_of_threads_does_not_change_the_result(shot, tmp_path, real_cli):
    for threads in (1, 2):
        out = tmp_path / str(threads)
        done = real_cli("propagate", shot, "--out", out, "--device", "cpu", "--threads", threads)
        assert done.code == 0, done.err
    for path in (tmp_path / "1" / "color").iterdir():
        assert path.read_bytes() == (tmp_path / "2" / "color" / path.name).read_bytes()


# ---- segment


def test_segment_writes_a_16_bit_label_map_and_a_preview(tmp_path, cli):
    save(tmp_path / "line.png", line_drawing(0))
    out, preview = tmp_path / "labels.png", tmp_path / "preview.png"
    done = cli("segment", tmp_path / "line.png", "--out", out, "--preview", preview, "--json")
    assert done.code == 0
    event = json.loads(done.out)
    assert first_error(event, "event") is None
    assert event["segments"] == 4
    labels = load(out)
    assert labels.dtype == np.uint16
    assert labels.shape == (80, 96)
    assert sorted(np.unique(labels)) == [0, 1, 2, 3, 4]
    colors = load(preview)
    assert len({tuple(colors[labels == i][0]) for i in range(1, 5)}) == 4


def test_segment_says_the_path_on_stdout(tmp_path, cli):
    save(tmp_path / "line.png", line_drawing(0))
    done = cli("segment", tmp_path / "line.png", "--out", tmp_path / "l.png", "--gap", "2")
    assert done.out == f"{tmp_path / 'l.png'}\n"
    assert "gaps up to 2.0 px" in done.err


@pytest.mark.parametrize("options", [["--out", "line.png"], ["--out", "a", "--preview", "a"]])
def test_segment_never_overwrites_its_input(tmp_path, cli, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "line.png", line_drawing(0))
    before = (tmp_path / "line.png").read_bytes()
    assert cli("segment", "line.png", *options).code == 2
    assert (tmp_path / "line.png").read_bytes() == before


def test_segment_refuses_what_is_no_picture(tmp_path, cli):
    (tmp_path / "line.png").write_bytes(b"nothing")
    done = cli("segment", tmp_path / "line.png", "--out", tmp_path / "labels.png")
    assert done.code == 5
    assert "not a PNG image" in done.err
    assert not (tmp_path / "labels.png").exists()


def test_segment_refuses_more_segments_than_16_bits_hold(tmp_path, cli, monkeypatch):
    monkeypatch.setattr("ant_core.workflow.segment._MOST_SEGMENTS", 3)
    save(tmp_path / "line.png", line_drawing(0))
    done = cli("segment", tmp_path / "line.png", "--out", tmp_path / "labels.png")
    assert done.code == 5
    assert "has 4 segments but a 16-bit label map holds 3" in done.err
    assert not (tmp_path / "labels.png").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("option", [(), ("--json",)])
def test_a_stdout_that_takes_nothing_is_told_in_one_sentence(shot, tmp_path, option):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, SCRIPT, "propagate", shot, "--out", tmp_path / "out", *option],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            timeout=60,
            check=False,
        )
    assert done.returncode == 5, done.stderr
    assert "ant_core: stdout cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("option", [(), ("--json",)])
def test_a_stderr_that_takes_nothing_is_no_hindrance(shot, tmp_path, option):
    with Path("/dev/full").open("w") as full:
        done = [
            subprocess.run(
                [sys.executable, SCRIPT, "propagate", shot, "--out", out, *option],
                stdout=subprocess.PIPE,
                stderr=full,
                env=environment(),
                timeout=60,
                check=False,
            )
            for out in (tmp_path / "out", shot / "line" / "0001.png")
        ]
    assert [one.returncode for one in done] == [0, 5]  # the second has nowhere to say why
    assert (tmp_path / "out" / "report.json").exists()


@pytest.mark.skipif(os.name != "posix", reason="closes streams as a shell does")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_hindrance(shot, tmp_path, closed):
    command = f'exec "$0" "$1" propagate "$2" --out "$3" {closed}'
    arguments = [sys.executable, SCRIPT, shot, tmp_path / "out"]
    done = subprocess.run(
        ["sh", "-c", command, *arguments],
        capture_output=True,
        env=environment(),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert (tmp_path / "out" / "report.json").exists()
