"""The server in a real process over real pipes, with fake shots."""

import hashlib
import json
import queue
import subprocess
import sys

import pytest

from ant_core import __version__
from tests.engine.client import EngineEnded, EngineFailed, packed
from tests.engine.conftest import FORMAT

PLANE = bytes(range(32))
BOX = [0, 0, 4, 2]
# Frames on which the fake shot misbehaves: waits for cancel, hears no cancel, breaks, ...
SLOW, DEAF, BROKEN, HUNGRY, LOUD, LEAVING = range(1001, 1007)


def failure(client, kind, payload=b"", **fields):
    """Return the error that a request ends with."""
    with pytest.raises(EngineFailed) as caught:
        client.ask(kind, payload, **fields)
    return caught.value.header


def run(client, *frames, **fields):
    """Begin a run; return its id once it is at work."""
    number = client.send("propagate", shot="a", frames=list(frames), references=[1], **fields)
    header, _ = client.next()
    assert (header["type"], header["re"]) == ("progress", number)
    return number


def add_reference(client, frame=1, digest="h"):
    plane = {"box": BOX, "bytes": len(PLANE)}
    return client.ask(
        "add_reference", PLANE, shot="a", frame=frame, hash=digest, origin="painted", **plane
    )[0]


# ---- greeting


def test_hello_introduces_the_engine(start):
    answer = start().hello(plugin="0.1", host="Krita 5.1.5", threads=3, background=True)
    assert answer == {
        "type": "hello",
        "re": 1,
        "protocol": 1,
        "engine": __version__,
        "model": {"name": "default", "sha256": "0" * 64},
        "device": "cpu",
        "threads": 3,
        "review_below": 0.6,
    }


def test_another_protocol_is_refused_with_both_numbers(start):
    client = start()
    error = failure(client, "hello", protocol=2)
    assert error["code"] == "protocol"
    assert "speaks protocol 2" in error["message"]
    assert "speaks 1" in error["message"]
    assert client.hello()["protocol"] == 1


@pytest.mark.parametrize("kind", ["models", "open_shot"])
def test_nothing_comes_before_hello(start, kind):
    client = start()
    fields = {
        "models": {"action": "list"},
        "open_shot": {"shot": "a", "width": 4, "height": 2, "line": FORMAT, "color": FORMAT},
    }[kind]
    assert "came before hello" in failure(client, kind, **fields)["message"]
    client.hello()
    client.ask(kind, **fields)


def test_hello_comes_once(client):
    assert "was said before" in failure(client, "hello", protocol=1)["message"]


def test_a_model_that_is_missing_can_be_replaced_by_another(start, tmp_path):
    client = start()
    error = failure(client, "hello", protocol=1, model=str(tmp_path / "none.antmodel"))
    assert "none.antmodel" in error["message"]
    client.hello()


def test_requests_may_follow_hello_without_waiting(start):
    client = start()
    client.send("hello", protocol=1)
    client.ask("open_shot", shot="a", width=4, height=2, line=FORMAT, color=FORMAT)


# ---- shots


def test_a_run_streams_results_and_planes(shot):
    assert add_reference(shot)["type"] == "ok"
    answers = shot.answers(
        shot.send("propagate", shot="a", frames=[1, 2], references=[1], known={"2": "x"})
    )
    assert [header["type"] for header, _ in answers] == [
        "progress", "frame_result", "frame_result", "finished",
    ]  # fmt: skip
    assert answers[0][0]["stage"] == "reading"
    first, plane = answers[1]
    assert (first["frame"], first["done"], first["total"]) == (1, 1, 2)
    assert (first["box"], first["bytes"], first["hash"]) == (BOX, 32, "hash of 1")
    assert plane == PLANE
    second, nothing = answers[2]
    assert "box" not in second
    assert nothing == b""
    assert answers[3][0]["summary"] == {"frames": 2}


def test_what_is_known_need_not_be_sent(shot):
    ask = {"shot": "a", "frame": 1, "hash": "h"}
    assert shot.ask("add_drawing", **ask)[0]["type"] == "need"
    layers = [{"box": BOX, "bytes": 32}, {"box": [1, 1, 1, 1], "bytes": 4}]
    assert shot.ask("add_drawing", bytes(36), **ask, layers=layers)[0]["type"] == "ok"
    assert shot.ask("add_drawing", **ask)[0]["type"] == "ok"
    assert shot.ask("add_reference", **ask, origin="painted")[0]["type"] == "need"
    add_reference(shot)
    assert shot.ask("add_reference", **ask, origin="accepted")[0]["type"] == "ok"
    shot.ask("remove_drawing", shot="a", frame=1)
    assert shot.ask("add_drawing", **ask)[0]["type"] == "need"


def test_bytes_that_do_not_fit_are_refused(shot):
    layers = [{"box": BOX, "bytes": 32}]
    error = failure(shot, "add_drawing", bytes(31), shot="a", frame=1, hash="h", layers=layers)
    assert error["code"] == "protocol"
    assert "32 bytes and its payload is 31" in error["message"]


def test_an_open_shot_keeps_what_it_knows_and_another_format_does_not(shot):
    size = {"shot": "a", "width": 4, "height": 2, "color": FORMAT}
    add_reference(shot)
    known = {"shot": "a", "frame": 1, "hash": "h", "origin": "painted"}
    shot.ask("open_shot", **size, line=FORMAT)
    assert shot.ask("add_reference", **known)[0]["type"] == "ok"
    shot.ask("open_shot", **size, line=FORMAT | {"profile": "linear"})
    assert shot.ask("add_reference", **known)[0]["type"] == "need"


def test_a_format_that_is_not_known_is_an_input_error(client):
    line = {"model": "LABA", "depth": "U8"}
    error = failure(client, "open_shot", shot="a", width=4, height=2, line=line, color=FORMAT)
    assert error["code"] == "input"
    assert "LABA" in error["message"]


def test_a_picture_that_could_not_be_sent_is_refused(client):
    error = failure(
        client, "open_shot", shot="a", width=60_000, height=60_000, line=FORMAT, color=FORMAT
    )
    assert error["code"] == "input"


def test_four_shots_stay_open(shot):
    def reference(name):
        return shot.ask("remove_reference", shot=name, frame=1)

    for name in ("b", "c", "d"):
        shot.ask("open_shot", shot=name, width=4, height=2, line=FORMAT, color=FORMAT)
    reference("a")
    shot.ask("open_shot", shot="e", width=4, height=2, line=FORMAT, color=FORMAT)
    for name in ("a", "c", "d", "e"):
        reference(name)
    assert "'b' is not open" in failure(shot, "remove_reference", shot="b", frame=1)["message"]


def test_pictures_and_questions(shot, tmp_path):
    view = {"shot": "a", "frame": 1, "max_side": 100}
    header, picture = shot.ask("preview", **view, gap_px=None)
    assert header["type"] == "preview"
    assert (header["width"], header["height"], header["segments"]) == (2, 1, 3)
    assert len(picture) == 8
    assert shot.ask("overlay", **view, segments="doubtful")[0]["type"] == "picture"
    assert shot.ask("segment_map", **view)[0]["type"] == "segment_map"
    shot.ask("add_drawing", shot="a", frame=1, hash="h", layers=[])
    assert shot.ask("inspect", shot="a", frame=1, point=[1, 1])[0]["segment"] == 1
    sheet = tmp_path / "Füller 絵.png"
    sheet.touch()
    assert shot.ask("add_model_sheet", shot="a", path=str(sheet))[0]["name"] == sheet.name
    shot.ask("remove_model_sheet", shot="a", path=str(sheet))
    assert failure(shot, "add_model_sheet", shot="a", path="\ud800")["code"] == "input"


def test_another_model_closes_the_shots(shot, tmp_path):
    model = tmp_path / "other.antmodel"
    model.touch()
    answer, _ = shot.ask("choose_model", path=str(model))
    assert answer["model"] == {"name": str(model), "sha256": "1" * 64}
    assert "not open" in failure(shot, "preview", shot="a", frame=1)["message"]
    assert failure(shot, "choose_model", name="no-such-model")["code"] == "model"


def test_the_same_model_again_keeps_the_shots(shot):
    shot.ask("choose_model", name="default")
    shot.ask("preview", shot="a", frame=1)


# ---- while a run is at work


def test_a_run_is_cancelled_at_once(shot):
    job = run(shot, 1, SLOW)
    cancel = shot.send("cancel", job=job)
    answers = [shot.next(), shot.next(), shot.next()]
    by_request = {header["re"]: header for header, _ in answers}
    assert by_request[cancel]["type"] == "ok"
    assert by_request[job]["code"] == "cancelled"
    assert by_request[job]["exit_code"] == 130


def test_a_run_that_does_not_hear_is_answered_for(shot):
    job = run(shot, DEAF)  # sleeps for four seconds
    shot.send("cancel", job=job)
    assert shot.answers(job, timeout_s=2)[-1][0]["code"] == "cancelled"
    # Its late results are dropped; the next run waits for it.
    assert shot.answers(shot.send("propagate", shot="a", frames=[1], references=[]))[-1][0][
        "summary"
    ] == {"frames": 1}


def test_what_waits_can_be_cancelled(shot):
    job = run(shot, SLOW)
    waiting = shot.send("remove_drawing", shot="a", frame=1)
    shot.send("cancel", job=waiting)
    assert shot.answers(waiting)[-1][0]["code"] == "cancelled"
    shot.send("cancel", job=job)
    assert shot.answers(job)[-1][0]["code"] == "cancelled"


def test_a_second_run_meanwhile_is_busy(shot):
    job = run(shot, SLOW)
    error = failure(shot, "propagate", shot="a", frames=[1], references=[1])
    assert error["code"] == "busy"
    shot.send("cancel", job=job)
    assert shot.answers(job)[-1][0]["code"] == "cancelled"
    assert shot.ask("propagate", shot="a", frames=[1], references=[])[0]["type"] == "finished"


def test_questions_are_answered_during_a_run(shot):
    shot.ask("add_drawing", shot="a", frame=1, hash="h", layers=[])
    job = run(shot, SLOW)
    assert shot.ask("inspect", shot="a", frame=1, point=[0, 0])[0]["segment"] == 1
    assert shot.ask("preview", shot="a", frame=1)[0]["segments"] == 3
    assert shot.ask("models", action="list")[0]["models"][0]["name"] == "default"
    shot.send("cancel", job=job)
    assert shot.answers(job)[-1][0]["code"] == "cancelled"


def test_cancel_of_what_has_ended_is_fine(shot):
    assert shot.ask("cancel", job=1)[0]["type"] == "ok"
    assert shot.ask("cancel", job=12345)[0]["type"] == "ok"


def test_an_id_at_work_is_not_taken_again(shot):
    job = run(shot, SLOW)
    shot.write(packed({"id": job, "type": "cancel", "job": job}))
    header, _ = shot.next()
    assert (header["re"], header["code"]) == (None, "protocol")
    shot.send("cancel", job=job)
    assert shot.answers(job)[-1][0]["code"] == "cancelled"
    shot.write(packed({"id": job, "type": "models", "action": "list"}))
    assert shot.answers(job)[-1][0]["type"] == "models"


# ---- trouble


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (BROKEN, "ZeroDivisionError: the moon is full"),
        (HUNGRY, "not enough memory"),
        (LEAVING, "SystemExit"),
    ],
)
def test_a_request_that_breaks_breaks_nothing_else(start, frame, message):
    client = start(stderr=subprocess.PIPE)
    client.hello()
    client.ask("open_shot", shot="a", width=4, height=2, line=FORMAT, color=FORMAT)
    error = failure(client, "propagate", shot="a", frames=[frame], references=[])
    assert (error["code"], error["exit_code"]) == ("internal", 1)
    assert message in error["message"]
    assert "\n" not in error["message"]
    assert client.ask("propagate", shot="a", frames=[1], references=[])[0]["type"] == "finished"
    client.ask("shutdown")
    assert b"Traceback" in client.process.stderr.read()


def test_what_a_library_prints_stays_out_of_the_stream(start):
    client = start(stderr=subprocess.PIPE)
    client.hello()
    client.ask("open_shot", shot="a", width=4, height=2, line=FORMAT, color=FORMAT)
    client.ask("propagate", shot="a", frames=[LOUD], references=[])
    client.ask("shutdown")
    assert b"a library that prints" in client.process.stderr.read()


def test_malformed_messages_are_answered_and_the_stream_goes_on(client):
    for data in (packed(b"{"), packed(b"[]", b"xyz"), packed({}), packed({"id": 0})):
        client.write(data)
        header, _ = client.next()
        assert (header["type"], header["re"], header["code"]) == ("error", None, "protocol")
    assert failure(client, "dance")["re"] == 2
    client.ask("models", action="list")


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n\r\n", b"PCP1" + b"\xff" * 12, packed({"id": 1}, b"xy")[:-1]]
)
def test_a_broken_stream_is_answered_and_ends(client, data):
    client.write(data)
    client.close_stdin()
    header, _ = client.next()
    assert (header["type"], header["re"], header["code"]) == ("error", None, "protocol")
    with pytest.raises(EngineEnded):
        client.next()
    assert client.process.wait(10) == 5


def test_an_oversized_message_ends_it_without_waiting_for_the_rest(client):
    client.write(b"PCP1" + (2).to_bytes(4, "little") + (1 << 40).to_bytes(8, "little"))
    assert "at most" in client.next()[0]["message"]
    assert client.process.wait(10) == 5


def test_shutdown_ends_it_also_during_a_run(shot):
    job = run(shot, DEAF)
    number = shot.send("shutdown")
    assert shot.answers(number)[-1][0]["type"] == "ok"
    with pytest.raises(EngineEnded):
        shot.answers(job, timeout_s=10)
    assert shot.process.wait(10) == 0


def test_nothing_is_said_that_was_not_asked(client):
    with pytest.raises(queue.Empty):
        client.next(0.2)


# ---- models


def test_models_are_downloaded_and_removed_with_progress(start, tmp_path, models_server):
    address, content = models_server
    digest = hashlib.sha256(content).hexdigest()
    entry = {"name": "inks", "version": "1.0", "size": len(content), "sha256": digest}
    entry |= {"licence": "Apache-2.0", "minimum_engine": "0.1", "card": ""}
    entry |= {"urls": [f"{address}/inks.antmodel"]}
    registry = tmp_path / "registry.json"
    registry.write_text(json.dumps({"schema": 1, "mirrors": [], "models": [entry]}))
    names = {"ANT_CORE_MODELS": str(tmp_path / "models"), "ANT_CORE_REGISTRY": str(registry)}
    client = start(environment=names | {"no_proxy": "127.0.0.1"})
    client.hello()

    def states(action, **fields):
        answers = client.answers(client.send("models", action=action, **fields))
        assert answers[-1][0]["type"] == "models", answers[-1][0]
        rows = answers[-1][0]["models"]
        return {row["name"]: row["state"] for row in rows}, answers[:-1]

    assert states("list")[0]["inks"] == "not downloaded"
    after, progress = states("download", name="inks")
    assert after["inks"] == "installed"
    assert progress[-1][0]["stage"] == "downloading"
    assert progress[-1][0]["done"] == progress[-1][0]["total"] == len(content)
    assert states("verify", name="inks")[0]["inks"] == "damaged"  # it is no model at all
    assert states("remove", name="inks")[0]["inks"] == "not downloaded"
    assert failure(client, "models", action="remove", name="inks")["code"] == "model"
    assert failure(client, "models", action="import", path=str(registry))["code"] == "model"


@pytest.fixture
def models_server(tmp_path):
    """A web server with one file of a megabyte."""
    content = bytes(range(256)) * 4096
    folder = tmp_path / "www"
    folder.mkdir()
    (folder / "inks.antmodel").write_bytes(content)
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        port = server.stdout.readline().split(" port ")[1].split()[0]
        yield f"http://127.0.0.1:{port}", content
        server.kill()
