"""The plugin's client against real processes: the server with fakes, and programs that are none."""

import logging
import os
import shlex
import sys
import time

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the client's tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.link import client as engine_client
from krita_plugin.propagate_colors.link import install
from krita_plugin.propagate_colors.link.client import EngineClient
from krita_plugin.propagate_colors.link.protocol import EngineProtocolError, Inbox, pack
from krita_plugin.propagate_colors.qt import QtCore
from tests.engine.client import ROOT, packed
from tests.krita_plugin.ui.support import application

FAKE = ROOT / "tests" / "engine" / "fake_engine.py"
FORMAT = {"model": "RGBA", "depth": "U8"}
SLOW = 1001


@pytest.fixture(scope="module")
def loop():
    """Run Qt's loop until a condition holds; what comes late is a failure."""
    app = application()

    def until(condition, seconds=60.0):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "nothing happened in time"
            app.processEvents(QtCore.QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)

    return until


@pytest.fixture
def client(loop):
    client = EngineClient({"plugin": "test", "host": "test", "device": "cpu"})
    client.states = []
    client.changed.connect(client.states.append)
    yield client
    client.shutdown()
    loop(lambda: not client._leaving)


@pytest.fixture(autouse=True)
def _clean_log(caplog):
    """No slot may have swallowed an exception."""
    caplog.set_level(logging.INFO, "propagate_colors")
    # Other tests may have given the log a file of its own.
    logger = logging.getLogger("propagate_colors")
    before, logger.propagate = logger.propagate, True
    yield
    logger.propagate = before
    assert [record for record in caplog.records if record.exc_info] == []


def script(tmp_path, text, name="program.py"):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return [sys.executable, str(path)]


def fake(tmp_path, name="engine.py"):
    """The server with fakes, which finds the checkout without PYTHONPATH."""
    return script(
        tmp_path,
        f"import runpy, sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        f"runpy.run_path({str(FAKE)!r}, run_name='__main__')\n",
        name,
    )


def ready(client, loop, command, environment=None):
    client.start(command, dict(os.environ if environment is None else environment))
    loop(lambda: client.state != engine_client.STARTING)
    assert client.state == engine_client.READY, (client.problem, client.last_lines())


def ask(client, loop, header, payload=b""):
    answers = []
    client.request(header, payload, lambda *answer: answers.append(answer))
    loop(lambda: answers and answers[-1][0]["type"] not in ("progress", "frame_result"))
    return answers


def open_shot(client, loop, width=4, height=2):
    shot = {"type": "open_shot", "shot": "a", "width": width, "height": height}
    return ask(client, loop, {**shot, "line": FORMAT, "color": FORMAT})


def propagate(frames):
    return {"type": "propagate", "shot": "a", "frames": frames, "references": [1]}


# ---- a good engine


def test_handshake_tells_model_and_device(client, loop, tmp_path):
    ready(client, loop, fake(tmp_path))
    assert client.states == ["starting", "ready"]
    assert (client.model_name, client.model_hash) == ("default", "0" * 64)
    assert client.hello["device"] == "cpu"


def test_requests_made_while_it_starts_wait_for_the_handshake(client, loop, tmp_path):
    client.start(fake(tmp_path), dict(os.environ))
    assert open_shot(client, loop)[-1][0]["type"] == "ok"


def test_planes_go_and_come_whole(client, loop, tmp_path):
    width, height = 640, 480
    plane = bytes(range(256)) * (width * height * 4 // 256)
    ready(client, loop, fake(tmp_path))
    open_shot(client, loop, width, height)
    box = [0, 0, width, height]
    give = {"type": "add_reference", "shot": "a", "frame": 1, "hash": "h", "origin": "painted"}
    give.update(box=box, bytes=len(plane))
    assert ask(client, loop, give, plane)[-1][0]["type"] == "ok"
    answers = ask(client, loop, propagate([1, 2, 3]))
    assert [header["type"] for header, _ in answers] == [
        "progress", "frame_result", "frame_result", "frame_result", "finished",
    ]  # fmt: skip
    assert [payload for _, payload in answers[1:4]] == [plane] * 3


def test_it_cannot_send_while_much_is_under_way(client, loop, tmp_path):
    ready(client, loop, fake(tmp_path))
    open_shot(client, loop, 2048, 2048)
    assert client.can_send()
    plane = bytes(2048 * 2048 * 4)
    give = {"type": "add_reference", "shot": "a", "frame": 1, "hash": "h", "origin": "painted"}
    give.update(box=[0, 0, 2048, 2048], bytes=len(plane))
    answers = []
    client.request(give, plane, lambda *answer: answers.append(answer))
    assert not client.can_send()
    loop(lambda: bool(answers))
    assert answers[0][0]["type"] == "ok"
    assert client.can_send()


def test_errors_reach_the_one_who_asked(client, loop, tmp_path):
    ready(client, loop, fake(tmp_path))
    answer, _ = ask(client, loop, {"type": "dance"})[-1]
    assert answer["type"] == "error"
    assert answer["code"] == "protocol"


def test_cancel_ends_a_run(client, loop, tmp_path):
    ready(client, loop, fake(tmp_path))
    open_shot(client, loop)
    answers = []
    number = client.request(propagate([SLOW]), b"", lambda *answer: answers.append(answer))
    loop(lambda: bool(answers))
    ask(client, loop, {"type": "cancel", "job": number})
    loop(lambda: answers[-1][0]["type"] == "error")
    assert answers[-1][0]["code"] == "cancelled"


def test_a_callback_that_fails_is_logged_and_harmless(client, loop, tmp_path, caplog):
    ready(client, loop, fake(tmp_path))

    def callback(header, payload):
        raise ValueError("a slot of ours")

    client.request({"type": "models", "action": "list"}, b"", callback)
    assert open_shot(client, loop)[-1][0]["type"] == "ok"
    loop(lambda: "a slot of ours" in caplog.text)
    caplog.clear()


# ---- ends


def test_stop_ends_the_process(client, loop, tmp_path):
    ready(client, loop, fake(tmp_path))
    client.stop()
    assert client.state == engine_client.OFF
    loop(lambda: not client._leaving)
    answer, _ = ask(client, loop, {"type": "models", "action": "list"})[-1]
    assert answer["code"] == "off"
    assert answer["message"] == "The engine is not running."


def test_an_engine_that_does_not_end_is_killed(client, loop, tmp_path, monkeypatch):
    monkeypatch.setattr(engine_client, "_LEAVE_MS", 200)
    hello = packed({"type": "hello", "re": 1, "protocol": 1})
    text = f"import sys, time\nsys.stdout.buffer.write({hello!r})\nsys.stdout.flush()\n"
    ready(client, loop, script(tmp_path, text + "time.sleep(100)\n"))
    process = client._process
    ended = []
    process.finished.connect(lambda *how: ended.append(how))
    client.stop()
    loop(lambda: bool(ended), 10)
    assert ended[0][1] == engine_client.QProcess.ExitStatus.CrashExit


def test_a_crash_is_told_and_another_start_helps(client, loop, tmp_path):
    ready(client, loop, fake(tmp_path))
    open_shot(client, loop)
    answers = []
    client.request(propagate([SLOW]), b"", lambda *answer: answers.append(answer))
    loop(lambda: bool(answers))
    client._process.kill()
    loop(lambda: client.state == engine_client.CRASHED)
    assert answers[-1][0]["code"] == "crashed"
    assert client.problem == "The engine has stopped unexpectedly; nothing was lost."
    ready(client, loop, fake(tmp_path))
    assert open_shot(client, loop)[-1][0]["type"] == "ok"
    assert client.states == ["starting", "ready", "crashed", "starting", "ready"]


# ---- no engine, or another one


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("print('hello, world!' * 3)", "does not answer as one"),
        ("raise SystemExit(3)", "ended while it started"),
        ("import time; time.sleep(100)", "did not answer in time"),
    ],
)
def test_a_program_that_is_no_engine(client, loop, tmp_path, text, sentence):
    if "time" in text:
        client._hello_ms = 300
    client.start(script(tmp_path, text), dict(os.environ))
    loop(lambda: client.state == engine_client.FAILED)
    assert sentence in client.problem


def test_the_code_of_a_refused_hello_is_kept_until_the_next_start(client, loop, tmp_path):
    error = packed({"type": "error", "re": 1, "code": "device", "message": "CUDA cannot be used"})
    text = f"import sys\nsys.stdout.buffer.write({error!r})\nsys.stdout.flush()\nsys.stdin.read()"
    client.start(script(tmp_path, text), dict(os.environ))
    loop(lambda: client.state == engine_client.FAILED)
    assert (client.problem, client.refused) == ("CUDA cannot be used.", "device")
    ready(client, loop, fake(tmp_path))
    assert client.refused == ""


def dying(tmp_path, times, how="os._exit(3)"):
    """An engine that ends without a word at its first starts; each is a line in the file."""
    starts = tmp_path / "starts"
    text = (
        f"import os, runpy, sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        f"with open({str(starts)!r}, 'a+') as file:\n"
        "    file.write('start\\n')\n    file.seek(0)\n    count = len(file.readlines())\n"
        f"if count <= {times}:\n    {how}\n"
        f"runpy.run_path({str(FAKE)!r}, run_name='__main__')\n"
    )
    return script(tmp_path, text), lambda: len(starts.read_text().splitlines())


@pytest.mark.parametrize("how", ["os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_an_engine_that_ends_without_a_word_is_started_once_more(
    client, loop, tmp_path, caplog, how
):
    command, starts = dying(tmp_path, 1, how)
    ready(client, loop, command)
    assert client.states == ["starting", "ready"]
    assert starts() == 2
    assert ("crashed or was killed" in caplog.text) == ("kill" in how)
    assert open_shot(client, loop)[-1][0]["type"] == "ok"


def test_one_that_ends_so_twice_has_failed(client, loop, tmp_path, caplog):
    command, starts = dying(tmp_path, 9)
    client.start(command, dict(os.environ))
    loop(lambda: client.state == engine_client.FAILED)
    assert starts() == 2
    assert "ended by itself, exit status 3" in caplog.text
    assert "ended while it started" in client.problem


@pytest.mark.parametrize("how", ["sys.exit('a reason')", "sys.exit(0)"])
def test_one_with_a_reason_is_not_started_again(client, loop, tmp_path, how):
    command, starts = dying(tmp_path, 9, how)
    client.start(command, dict(os.environ))
    loop(lambda: client.state == engine_client.FAILED)
    assert starts() == 1


def test_a_program_given_up_before_it_failed_to_start_is_forgotten(client):
    process = engine_client.QProcess()
    client._leaving.append(process)
    client._on_never_started(process, engine_client.QProcess.ProcessError.Crashed)
    assert client._leaving == [process]
    client._on_never_started(process, engine_client.QProcess.ProcessError.FailedToStart)
    assert client._leaving == []


def test_a_program_that_is_not_there(client, loop, tmp_path):
    answers = []
    client.start([str(tmp_path / "nothing")], dict(os.environ))
    client.request({"type": "shutdown"}, b"", lambda *answer: answers.append(answer))
    loop(lambda: client.state == engine_client.FAILED and answers)
    assert "could not be started" in client.problem
    assert answers[-1][0]["message"] == client.problem


def test_an_engine_of_another_protocol(client, loop, tmp_path):
    hello = packed({"type": "hello", "re": 1, "protocol": 2})
    text = f"import sys\nsys.stdout.buffer.write({hello!r})\nsys.stdout.flush()\nsys.stdin.read()"
    client.start(script(tmp_path, text), dict(os.environ))
    loop(lambda: client.state == engine_client.FAILED)
    assert "protocol 1 and the engine 2" in client.problem


def test_the_engine_says_itself_why_it_will_not(client, loop, tmp_path):
    client._greeting = {"model": str(tmp_path / "missing.antmodel")}
    client.start(fake(tmp_path), dict(os.environ))
    loop(lambda: client.state == engine_client.FAILED)
    assert "missing.antmodel" in client.problem


# ---- where it runs


def test_stderr_is_kept_for_diagnostics(client, loop, tmp_path):
    text = "import sys\nfor i in range(300): print('line', i, 'Ä', file=sys.stderr)\n"
    client.start(script(tmp_path, text), dict(os.environ))
    loop(lambda: client.state == engine_client.FAILED)
    assert len(client.last_lines()) == 200
    assert client.last_lines()[-1] == "line 299 Ä"


def test_a_poisoned_environment_does_not_matter(client, loop, tmp_path):
    poison = tmp_path / "poison"
    script(poison, "raise SystemExit('the wrong module')", "json.py")
    names = ("PYTHONPATH", "PYTHONHOME", "QT_PLUGIN_PATH")
    bundle = {"APPDIR": str(poison), "LD_LIBRARY_PATH": f"{poison}/usr/lib"}
    ready(client, loop, fake(tmp_path), os.environ | dict.fromkeys(names, str(poison)) | bundle)


def test_a_path_with_spaces_and_other_alphabets(client, loop, tmp_path):
    ready(client, loop, fake(tmp_path, "mein Ordner/Füller 絵 #1/engine.py"))


# ---- the pieces of messages


def test_messages_are_put_together_from_any_pieces():
    first, second = {"type": "ok", "re": 1}, {"type": "picture", "re": 2}
    stream = pack(first) + pack(second, 3) + b"abc" + pack(first)
    for size in (1, 7, 16, 1000):
        inbox = Inbox()
        found = [
            message
            for start in range(0, len(stream), size)
            for message in inbox.feed(stream[start : start + size])
        ]
        assert found == [(first, b""), (second, b"abc"), (first, b"")]


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\n",
        b"PCP1" + b"\xff" * 12,
        packed(b"{"),
        packed(b"[]"),
        packed(b"{}"),
        packed(b'{"type": 3}'),
    ],
)
def test_what_is_no_message_is_refused(data):
    with pytest.raises(EngineProtocolError):
        list(Inbox().feed(data))


_COMPILES = """
import sys
sys.path.insert(0, {root!r})
from krita_plugin.propagate_colors.link.protocol import Inbox, pack

def say(**header):
    sys.stdout.buffer.write(pack(header))
    sys.stdout.buffer.flush()

inbox = Inbox()
while True:
    data = sys.stdin.buffer.read1(65536)
    if not data:
        break
    for header, _ in inbox.feed(data):
        if header["type"] == "hello":
            say(type="hello", re=header["id"], protocol=1)
        elif header["type"] == "preview":
            asked = header["id"]
            for done in (1, 2, 3):
                say(type="compiling", re=None, done=done)
        else:
            say(type="preview", re=asked)
            say(type="ok", re=header["id"])
"""


def test_kernels_that_are_compiled_are_told_until_the_answer_comes(client, loop, tmp_path):
    ready(client, loop, script(tmp_path, _COMPILES.format(root=str(ROOT))))
    answers = []
    client.request({"type": "preview"}, b"", lambda *answer: answers.append(answer))
    loop(lambda: client.compiling == 3)
    assert answers == []
    ask(client, loop, {"type": "go on"})
    assert client.compiling == 0
    assert len(answers) == 1


# ---- finding it


def program(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_setting_comes_first_then_ant_core_then_path(tmp_path):
    one, two, three = (program(tmp_path / name / "ant_core") for name in ("1", "2", "3"))
    variables = {"ANT_CORE": str(two), "PATH": str(three.parent)}
    assert install.find_engine(str(one), variables) == [str(one)]
    assert install.find_engine("  ", variables) == [str(two)]
    del variables["ANT_CORE"]
    assert install.find_engine("", variables) == [str(three)]


def test_the_engine_that_was_set_up_comes_after_ant_core_and_before_the_path(tmp_path):
    mine, path = program(tmp_path / "a" / "ant_core"), program(tmp_path / "b" / "ant_core")
    variables = {"PATH": str(path.parent)}
    set_up = ["/engines/python3", "-I", "-m", "ant_core"]
    assert install.find_engine("", variables, set_up) == set_up
    assert install.find_engine("", {**variables, "ANT_CORE": str(mine)}, set_up) == [str(mine)]
    assert install.find_engine(str(mine), variables, set_up) == [str(mine)]


@pytest.mark.parametrize("place", ["bin/ant_core", "Scripts/ant_core.exe"])
def test_a_folder_may_be_named(tmp_path, place):
    path = program(tmp_path / "my engine" / place)
    assert install.find_engine(str(tmp_path / "my engine"), {}) == [str(path)]


def test_a_path_with_blanks_needs_no_quotes(tmp_path):
    path = program(tmp_path / "die Engine" / "ant core")
    assert install.find_engine(str(path), {}) == [str(path)]
    quoted = f"{shlex.quote(str(path))} --option 'two words'"
    assert install.find_engine(quoted, {}) == [str(path), "--option", "two words"]


@pytest.mark.parametrize("text", ["/no/such/engine", "'unbalanced", "no-such-program -m x"])
def test_a_wrong_setting_is_said_not_passed_over(tmp_path, text):
    right = program(tmp_path / "ant_core")
    with pytest.raises(install.EngineNotFound, match="was not found at"):
        install.find_engine(text, {"PATH": str(right.parent)})


def test_no_engine_at_all(tmp_path):
    with pytest.raises(install.EngineNotFound, match="no engine on this computer yet"):
        install.find_engine("", {"PATH": str(tmp_path)})
    with pytest.raises(install.EngineNotFound, match="ANT_CORE names"):
        install.find_engine("", {"ANT_CORE": str(tmp_path)})


def test_the_environment_is_the_artists_again():
    sep = os.pathsep
    kritas = {
        "HOME": "/home/ann",
        "APPDIR": "/tmp/mount",
        "PYTHONHOME": "/tmp/mount/usr",
        "PYTHONPATH": "/tmp/mount/usr/lib",
        "PYTHONPATH_ORIG": "/home/ann/lib",
        "LD_LIBRARY_PATH": f"/tmp/mount/usr/lib{sep}/opt/cuda",
        "LD_PRELOAD": "/tmp/mount/lib.so",
        "PATH": f"/tmp/mount/usr/bin{sep}/tmp/mountains{sep}/usr/bin",
        "QT_PLUGIN_PATH": "/tmp/mount/plugins",
    }
    clean = install.clean_environment(kritas)
    assert clean["PYTHONPATH"] == "/home/ann/lib"
    assert clean["LD_LIBRARY_PATH"] == "/opt/cuda"
    assert clean["PATH"] == f"/tmp/mountains{sep}/usr/bin"
    assert not {"PYTHONHOME", "LD_PRELOAD", "QT_PLUGIN_PATH"} & set(clean)
    assert clean["HOME"] == "/home/ann"


def test_libraries_of_the_artist_stay_where_there_is_no_appimage():
    clean = install.clean_environment({"LD_LIBRARY_PATH": "/opt/cuda", "PYTHONPATH": "/x"})
    assert clean["LD_LIBRARY_PATH"] == "/opt/cuda"
    assert "PYTHONPATH" not in clean
