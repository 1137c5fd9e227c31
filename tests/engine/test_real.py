"""The real engine with the embedded model, over its pipes, on the bundled shot."""

import subprocess

import pytest

from tests.engine.client import Client, EngineFailed
from tests.engine.test_sample import SHOT, bgra

FORMAT = {"model": "RGBA", "depth": "U8"}
FRAMES = [1, 2, 3, 4]


@pytest.fixture(scope="module")
def shot():
    """The engine with four drawings of the shot and its painted frame; the client has `size`."""
    with Client(stderr=subprocess.PIPE) as client:
        client.hello(background=True)
        height, width = bgra(SHOT / "line" / "0001.png").shape[:2]
        client.size = (width, height)
        client.ask("open_shot", shot="s", width=width, height=height, line=FORMAT, color=FORMAT)
        plane = {"box": [0, 0, width, height], "bytes": width * height * 4}
        for frame in FRAMES:
            data = bgra(SHOT / "line" / f"{frame:04d}.png").tobytes()
            client.ask("add_drawing", data, shot="s", frame=frame, hash=f"l{frame}", layers=[plane])
        data = bgra(SHOT / "color" / "0001.png").tobytes()
        client.ask("add_reference", data, shot="s", frame=1, hash="c1", origin="painted", **plane)
        yield client
        client.ask("shutdown")
        assert b"Traceback" not in client.process.stderr.read()


def propagate(client, **fields):
    number = client.send("propagate", shot="s", frames=FRAMES, references=[1], **fields)
    return client.answers(number)


def test_every_frame_comes_with_its_plane_and_known_ones_without(shot):
    answers = propagate(shot)
    results = [(header, data) for header, data in answers if header["type"] == "frame_result"]
    assert [header["frame"] for header, _ in results] == FRAMES
    assert "box" not in results[0][0]  # the reference
    for header, data in results[1:]:
        assert header["bytes"] == len(data) == header["box"][2] * header["box"][3] * 4 > 0
        assert header["result"]["role"] == "predicted"
    assert answers[-1][0]["summary"]["frames"] == 4
    known = {str(header["frame"]): header["hash"] for header, _ in results[1:]}
    again = propagate(shot, known=known)
    assert [len(data) for _, data in again] == [0] * len(again)


def test_it_tells_about_the_segment_under_a_point(shot):
    propagate(shot)
    width, height = shot.size
    answer, _ = shot.ask("inspect", shot="s", frame=3, point=[width // 2, height // 2])
    assert answer["result"]["id"] == answer["segment"] > 0
    header, ids = shot.ask("segment_map", shot="s", frame=3)
    at = 4 * ((height // 2) * header["width"] + width // 2)
    assert int.from_bytes(ids[at : at + 4], "little") in (answer["segment"], 0)


def test_it_explains_a_segment(shot):
    asked = {"shot": "s", "frame": 3, "segment": 1, "max_side": 64}
    results = [header["result"] for header, _ in propagate(shot) if "result" in header]
    source = next(it for it in results if it["frame"] == 3)["segments"][0]["source"]
    header, payload = shot.ask("explain", **asked)
    first = header["matches"][0]
    assert {"frame": first["frame"], "segment": first["segment"]} == source
    layers = [one for layer in header["layers"] for one in layer["pictures"]]
    pictures = [header["picture"], *(one["picture"] for one in header["matches"]), *layers]
    assert sum(one["bytes"] for one in pictures) == len(payload)
    assert all(max(one["width"], one["height"]) == 64 for one in pictures)


def test_it_names_frames_that_are_worth_painting(shot):
    number = shot.send("suggest", shot="s", painted=[], count=2)
    *steps, (last, _) = shot.answers(number)
    assert [step["done"] for step, _ in steps] == list(range(1, 2 * len(FRAMES) + 1))
    assert len({one["frame"] for one in last["suggested"]} & set(FRAMES)) == 2
    assert 0 < last["suggested"][0]["found"] <= last["suggested"][1]["found"] <= 1
    after = shot.ask("suggest", shot="s", painted=[1])[0]["suggested"]
    assert len(after) == 1
    assert after[0]["frame"] != 1
    with pytest.raises(EngineFailed, match="frame 77"):
        shot.ask("suggest", shot="s", painted=[77])


def test_a_run_is_cancelled_in_mid_frame_and_the_next_goes_on(shot):
    job = shot.send("propagate", shot="s", frames=FRAMES, references=[1], gap_px=7)
    assert shot.next()[0]["type"] == "progress"
    shot.send("cancel", job=job)
    assert shot.answers(job, timeout_s=10)[-1][0]["code"] == "cancelled"
    assert propagate(shot, gap_px=7)[-1][0]["type"] == "finished"


def test_a_colour_model_that_is_not_known_gets_a_sentence(shot):
    number = shot.send(
        "open_shot",
        shot="lab",
        width=4,
        height=4,
        line={"model": "LABA", "depth": "U8"},
        color=FORMAT,
    )
    header, _ = shot.answers(number)[-1]
    assert (header["type"], header["code"]) == ("error", "input")
    assert "LABA" in header["message"]


def test_a_greeting_compiles_nothing_though_no_kernel_is_compiled_yet(tmp_path):
    with Client(environment={"NUMBA_CACHE_DIR": str(tmp_path)}) as client:
        client.hello(background=True)
        client.ask("models", action="list")  # by then what follows the greeting is done, too
        assert [path.name for path in tmp_path.rglob("*.nb[ic]")] == []
