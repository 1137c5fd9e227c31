"""Noise does not pack: frames of it at 1080p stay within the limits of protocol and journal."""

import json

import numpy as np
import pytest

from ant_core.engine.job_queue import _MOST_WAITING
from ant_core.engine.protocol import MAX_HEADER, MAX_PAYLOAD
from krita_plugin.propagate_colors.link import protocol as docker
from krita_plugin.propagate_colors.state.journal import (
    PREDICTED,
    PRUNED,
    Entry,
    Journal,
    load,
    pack_plane,
    pack_result,
    unpack_plane,
)
from krita_plugin.propagate_colors.state.journal_format import LIMIT, RESULT_LIMIT, RETIRED_MOST
from krita_plugin.propagate_colors.state.pixels import Format, fingerprint
from tests.engine.client import Client
from tests.support.drawn import line_drawing, painting

SIZE = (1080, 1920)
BOXES = (
    ((200, 100, 1500, 850), (200, 120, 40, 255)),
    ((30, 300, 120, 400), (30, 200, 60, 255)),
)
STEP = 6  # pixels a frame
FRAMES = (1, 2, 3)
CANVAS_BYTES = 4 * SIZE[0] * SIZE[1]  # 8,294,400
FORMAT = {"model": "RGBA", "depth": "U8"}
LAYER, COLOR = "{1-2}", "{3-4}"


def noise(alpha):
    """The large box filled with noise, (H, W, 4) uint8; clear around it."""
    (x, y, width, height), _ = BOXES[0]
    image = np.zeros((*SIZE, 4), np.uint8)
    part = image[y : y + height + 1, x : x + width + 1]
    part[..., :3] = np.random.default_rng(4).integers(0, 256, (*part.shape[:2], 3))
    part[..., 3] = alpha
    return image


@pytest.fixture(scope="module")
def answers():
    """What the engine answers for the frames that it moved noise onto: header, payload."""
    textured, shade = painting(0, BOXES, SIZE), noise(200)
    textured[noise(255)[..., 3] > 0] = noise(255)[noise(255)[..., 3] > 0]
    height, width = SIZE
    plane = {"box": [0, 0, width, height], "bytes": CANVAS_BYTES}
    with Client() as client:
        client.hello(device="cpu")
        client.ask("open_shot", shot="s", width=width, height=height, line=FORMAT, color=FORMAT)
        for frame in FRAMES:
            ink = np.zeros((*SIZE, 4), np.uint8)
            ink[..., 3] = 255 - line_drawing(STEP * (frame - 1), BOXES, SIZE)
            fields = {"shot": "s", "frame": frame, "hash": f"l{frame}", "layers": [plane]}
            client.ask("add_drawing", ink.tobytes(), **fields)
        fields = {"shot": "s", "frame": 1, "hash": "c"}
        client.ask("add_reference", textured.tobytes(), origin="painted", **fields, **plane)
        client.ask("add_shade", shade.tobytes(), layer=LAYER, format=FORMAT, **fields, **plane)
        asked = {"shot": "s", "frames": list(FRAMES), "references": [1], "surface": "auto"}
        shades = [{"layer": LAYER, "painted": [1]}]
        found = client.answers(client.send("propagate", **asked, shades=shades))
    assert found[-1][0]["type"] == "finished", found[-1]
    return [one for one in found if one[0]["type"] == "frame_result"][1:]


def planes(header, payload):
    """Cut a payload into the planes of colours and shade, (h, w, 4) each."""
    for one in (header, *header["shades"]):
        _, _, width, height = one["box"]
        data, payload = payload[: one["bytes"]], payload[one["bytes"] :]
        yield np.frombuffer(data, np.uint8).reshape(height, width, 4)
    assert payload == b""


def test_noise_goes_through_the_protocol(answers):
    assert [header["frame"] for header, _ in answers] == [2, 3]
    for header, payload in answers:
        colors, shade = planes(header, payload)
        for image in (colors, shade):
            part = np.ascontiguousarray(image[300:400, 400:1400]).view(np.uint32)
            assert len(np.unique(part)) > 90_000, "the noise was moved"
        text = json.dumps(header, separators=(",", ":"))
        # The colours fill the canvas, the shade its box: 8.3 and 5.1 MB, sent as they are.
        assert len(payload) == CANVAS_BYTES + 5_100_000 < MAX_PAYLOAD
        assert 2 * CANVAS_BYTES < _MOST_WAITING, "a frame does not hold the engine up"
        assert len(text) < 2048 < MAX_HEADER, "1.5 kB: noise adds no colours to a result"
        sent = docker.pack(header, len(payload)) + payload
        assert list(docker.Inbox().feed(sent)) == [(header, payload)], "the docker's own limits"


def test_noise_stays_within_the_journal(answers):
    """Former pixels are 4.3 MB a frame; those of more than 15 frames are pruned."""
    form, box = Format("RGBA", "U8"), (0, 0, SIZE[1], SIZE[0])
    header, payload = answers[0]
    colors = next(iter(planes(header, payload))).tobytes()
    assert len(colors) == CANVAS_BYTES
    former, result = pack_plane(colors, box, form), pack_result(header["result"])
    assert 4_200_000 < len(former.blob) < 4_400_000
    assert len(result) < 1024 < len(json.dumps(header["result"])) < RESULT_LIMIT
    journal, count = Journal(), 2 * (LIMIT // len(former.blob))
    for time in range(count):
        after = fingerprint(bytes([time]))
        journal.record(Entry(COLOR, time, PREDICTED, "m", former, after, {}, result))
    data = journal.dump()
    assert LIMIT - len(former.blob) - 2**20 < len(data) <= LIMIT
    again = load(data)
    kept = [again.entry(COLOR, time).before for time in range(count)]
    pruned = kept.count(PRUNED)
    assert kept[:pruned] == [PRUNED] * pruned, "the frames written longest ago first"
    assert count - pruned == LIMIT // len(former.blob) == 15
    assert unpack_plane(kept[-1], form) == colors


def test_what_krita_s_undo_may_ask_for_stays_within_its_limit(answers):
    colors = next(iter(planes(*answers[0]))).tobytes()
    former = pack_plane(colors, (0, 0, SIZE[1], SIZE[0]), Format("RGBA", "U8"))
    journal, count = Journal(), 2 * (RETIRED_MOST // len(former.blob))
    for time in range(count):
        after = fingerprint(bytes([time]))
        journal.record(Entry(COLOR, time, PREDICTED, "m", former, after, {}))
        journal.forget(COLOR, time)
    back = [journal.revive(COLOR, t, fingerprint(bytes([t]))) for t in range(count)]
    assert back == [False] * (count - 15) + [True] * 15, "the latest ones"
