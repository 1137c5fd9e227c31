"""The reference client, alone: a copy of its one file, and real engines."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.engine.client import packed
from tests.engine.conftest import FAKE
from tests.support.drawn import SIZE, line_drawing, load, painting

ROOT = Path(__file__).parents[3]
FILE = ROOT / "krita_plugin" / "propagate_colors" / "link" / "protocol.py"
RGBA = {"model": "RGBA", "depth": "U8"}
SLOW, DEAF = 1001, 1002  # frames at which the fake waits for a cancel, or hears none


@pytest.fixture(scope="module")
def protocol(tmp_path_factory):
    """The file as a program has it that copied it."""
    copy = tmp_path_factory.mktemp("program") / "engine_protocol.py"
    shutil.copy(FILE, copy)
    spec = importlib.util.spec_from_file_location("engine_protocol", copy)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def engine(protocol):
    """A real engine, ended afterwards."""
    with protocol.Engine(env=os.environ | {"PYTHONPATH": str(ROOT)}) as engine:
        yield engine


@pytest.fixture
def fake(protocol):
    """An engine with fakes, started."""
    with protocol.Engine(FAKE, env=os.environ | {"PYTHONPATH": str(ROOT)}) as engine:
        engine.start()
        yield engine


def test_it_needs_nothing_beside_the_standard_library(tmp_path):
    shutil.copy(FILE, tmp_path)
    code = f"import sys; sys.path = [{str(tmp_path)!r}, *sys.path]; import protocol\n"
    code += "print(*{name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == {"protocol", "__main__"}


# ---- the sample shot


def bgra(path):
    """Read a picture as Krita holds it."""
    image = load(path)
    if image.shape[2] == 3:
        image = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    return np.ascontiguousarray(image[:, :, [2, 1, 0, 3]])


def send_shot(engine, sample, frames):
    """Open the sample shot and send its pictures."""
    height, width = load(sample / "line" / "0001.png").shape[:2]
    engine.ask("open_shot", shot="saha", width=width, height=height, line=RGBA, color=RGBA)
    box = [0, 0, width, height]
    for frame in frames:
        data = bgra(sample / "line" / f"{frame:04d}.png").tobytes()
        layers = [{"box": box, "bytes": len(data)}]
        fields = {"shot": "saha", "frame": frame, "hash": f"line {frame}", "layers": layers}
        assert engine.ask("add_drawing", data, **fields)[0]["type"] == "ok"
    data = bgra(sample / "color" / "0001.png").tobytes()
    fields = {"shot": "saha", "frame": 1, "hash": "painted", "origin": "painted"}
    engine.ask("add_reference", data, box=box, bytes=len(data), **fields)
    return height, width


def propagate(engine, frames):
    return engine.send("propagate", shot="saha", frames=frames, references=[1])


def first(run, kind):
    """Wait for the first answer of a kind."""
    return next(header for header, _ in run.answers() if header["type"] == kind)


def painted(answers, size):
    """Return the planes of a run by frame, (H, W, 4) RGBA."""
    planes = {}
    for header, payload in answers:
        if "box" in header:
            x, y, width, height = header["box"]
            part = np.frombuffer(payload, np.uint8).reshape(height, width, 4)
            plane = planes.setdefault(header["frame"], np.zeros((*size, 4), np.uint8))
            plane[y : y + height, x : x + width] = part[:, :, [2, 1, 0, 3]]
    return planes


@pytest.mark.slow
def test_a_shot_is_colored_cancelled_and_survives_the_death_of_its_engine(protocol, engine, sample):
    frames = [1, 2, 3, 4, 5]
    hello = engine.start(device="cpu", plugin="test")
    assert (hello["protocol"], hello["device"]) == (1, "cpu")
    size = send_shot(engine, sample, frames)

    run = propagate(engine, frames)
    first(run, "frame_result")
    engine.cancel(run)
    with pytest.raises(protocol.EngineError) as caught:
        list(run.answers())
    assert caught.value.code == "cancelled"

    run = propagate(engine, frames)
    first(run, "frame_result")
    engine._process.kill()
    with pytest.raises(protocol.EngineError) as caught:
        list(run.answers())
    assert caught.value.code == "crashed"
    with pytest.raises(protocol.EngineError, match="start it"):
        engine.ask("preview", shot="saha", frame=1)

    engine.start(device="cpu")
    with pytest.raises(protocol.EngineError, match="not open"):  # it knows nothing
        engine.ask("preview", shot="saha", frame=1)
    send_shot(engine, sample, frames)
    answers = list(propagate(engine, frames).answers())
    assert answers[-1][0]["type"] == "finished"
    assert answers[-1][0]["summary"]["frames"] == 5
    planes = painted(answers, size)
    assert sorted(planes) == [2, 3, 4, 5]

    from ant_core import api

    lines = {frame: load(sample / "line" / f"{frame:04d}.png") for frame in frames}
    result = api.propagate(
        lines, {1: load(sample / "color" / "0001.png")}, model=api.Model(device="cpu")
    )
    for frame, plane in planes.items():
        image = result[frame].image
        channels = image.shape[2]
        assert (plane[:, :, :channels] == image).all(), frame


def test_the_example_of_the_documentation_colors_a_shot(monkeypatch):
    text = (ROOT / "docs" / "protocol.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.syspath_prepend(FILE.parent)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    shown = {}
    lines = {frame: np.dstack([line_drawing(frame)] * 4) for frame in range(1, 5)}
    for image in lines.values():
        image[:, :, 3] = 255
    names = {
        "lines": {frame: image.tobytes() for frame, image in lines.items()},
        "painted": painting(1).tobytes(),
        "show": lambda frame, box, pixels: shown.setdefault(frame, (box, pixels)),
        "height": SIZE[0],
        "width": SIZE[1],
    }
    exec(example, names)
    assert sorted(shown) == [2, 3, 4]
    box, pixels = shown[4]
    assert box == [0, 0, SIZE[1], SIZE[0]]
    ground, boxes = painting(4)[0, 0], painting(4)[20, 20]
    plane = np.frombuffer(pixels, np.uint8).reshape(*SIZE, 4)
    assert (plane[0, 0] == ground).all()
    assert (plane[20, 20] == boxes).all()


# ---- what a program may meet


def open_shot(engine):
    engine.ask("open_shot", shot="saha", width=4, height=2, line=RGBA, color=RGBA)


def test_threads_may_ask_at_the_same_time(fake):
    open_shot(fake)
    told = []

    def ask(number):
        for frame in range(number, 400, 4):
            known = fake.ask("add_drawing", shot="saha", frame=frame, hash=str(frame))[0]
            told.append((known["type"], known["re"]))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {kind for kind, _ in told} == {"need"}
    assert len({number for _, number in told}) == 400


def test_a_question_is_answered_beside_a_run(fake):
    open_shot(fake)
    run = propagate(fake, [SLOW])
    assert fake.ask("preview", timeout_s=20, shot="saha", frame=1)[0]["segments"] == 3
    fake.cancel(run)


def test_an_answer_that_is_late_is_told_of_and_can_still_be_awaited(protocol, fake):
    open_shot(fake)
    run = propagate(fake, [SLOW])
    answers = run.answers(timeout_s=0.2)
    assert next(answers)[0]["type"] == "progress"
    with pytest.raises(TimeoutError):
        next(answers)
    fake.cancel(run)
    with pytest.raises(protocol.EngineError) as caught:
        list(run.answers(timeout_s=20))
    assert caught.value.code == "cancelled"


@pytest.mark.parametrize("frame", [SLOW, DEAF])
def test_an_engine_that_is_closed_lets_nobody_wait(protocol, fake, frame):
    open_shot(fake)
    run = propagate(fake, [frame])
    next(run.answers())
    process, begin = fake._process, time.monotonic()
    fake.close()
    assert process.returncode is not None
    assert time.monotonic() - begin < 20
    for late in (run, fake.send("shutdown")):
        with pytest.raises(protocol.EngineError) as caught:
            list(late.answers(timeout_s=0))
        assert caught.value.code == "off"
    fake.start()
    open_shot(fake)


def test_closing_in_the_middle_of_an_answer_does_not_confuse_the_next_engine(fake):
    fake.ask("open_shot", shot="saha", width=2048, height=2048, line=RGBA, color=RGBA)
    plane = bytes(2048 * 2048 * 4)
    fields = {"shot": "saha", "frame": 1, "hash": "h", "origin": "painted"}
    fake.ask("add_reference", plane, box=[0, 0, 2048, 2048], bytes=len(plane), **fields)
    run = propagate(fake, list(range(30)))
    next(run.answers())
    fake.close()
    fake.start()
    open_shot(fake)


def script(tmp_path, text):
    path = tmp_path / "program.py"
    path.write_text(text, encoding="utf-8")
    return [sys.executable, str(path)]


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("print('hello, world!' * 3)", "crashed", "does not answer as an engine"),
        ("raise SystemExit(3)", "crashed", "ended unexpectedly"),
        (
            "import sys; sys.stdout.buffer.write("
            + repr(packed({"type": "error", "re": 1, "code": "usage", "message": "no"}))
            + ")",
            "usage",
            "no",
        ),
    ],
)
def test_a_program_that_is_no_engine_is_told_of_and_ended(protocol, tmp_path, text, code, told):
    engine = protocol.Engine(script(tmp_path, text))
    with pytest.raises(protocol.EngineError, match=told) as caught:
        engine.start()
    assert caught.value.code == code
    assert engine._process is None


def test_one_that_says_nothing_is_given_up(protocol, tmp_path):
    engine = protocol.Engine(script(tmp_path, "import time; time.sleep(100)"))
    with pytest.raises(TimeoutError):
        engine.start(timeout_s=0.3)
    assert engine._process is None


def test_a_program_that_is_not_there_is_an_error_of_the_system(protocol, tmp_path):
    with pytest.raises(FileNotFoundError):
        protocol.Engine([str(tmp_path / "nothing")]).start()


def test_a_request_beside_the_end_is_answered(protocol, fake):
    """It is sent, and its answer is "off" or what the engine said; nothing waits for ever."""
    ended = []

    def ask():
        try:
            while True:
                fake.ask("preview", timeout_s=20, shot="none", frame=1, max_side=64)
        except protocol.EngineError as error:
            ended.append(error.code)

    def ask_on():
        while not ended or ended[-1] not in ("off", "crashed"):
            ask()

    threads = [threading.Thread(target=ask_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    fake.close()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def test_an_answer_that_cannot_be_kept_ends_the_engine(protocol, fake, monkeypatch):
    def feed(data):
        raise MemoryError

    monkeypatch.setattr(fake._requests, "feed", feed)
    with pytest.raises(protocol.EngineError, match="MemoryError"):
        fake.ask("models", timeout_s=20, action="list")
