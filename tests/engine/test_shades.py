"""Further painted layers of a painting program that go with the segments of a shot."""

import hashlib
import threading

import numpy as np
import pytest

from ant_core.cli import main
from ant_core.engine import shades as shades_file
from ant_core.engine.planes import AskedShade
from ant_core.engine.session import LayerFormat
from ant_core.errors import InputError
from ant_core.propagation.options import RunOptions
from ant_core.shot.hints import HintSet
from tests.engine.client import Client, EngineFailed
from tests.engine.test_sample import SHOT, bgra
from tests.engine.test_session import RGBA8, in_format, program, whole
from tests.support.drawn import SIZE, painting, shadow

FRAMES = range(1, 6)


def moved_to(frame):
    return np.roll(shadow(), frame - 1, axis=1)


def shade(krita, frame, image, form=RGBA8, layer="Shadow"):
    """Paint on a further layer."""
    data = form.encode(in_format(image, form))
    digest = hashlib.sha256(data).hexdigest()
    assert krita.session.shades.add(layer, form, frame, digest, (whole(image), data))


def run(krita, painted=(1,), layer="Shadow", references=(1,), known=None, **more):
    asked = AskedShade(layer, painted, known or {})
    return krita.run(list(FRAMES), list(references), shades=[asked], **more)


def picture(krita, frame, form=RGBA8, layer="Shadow"):
    plane = krita.moved[frame][layer]
    return form.decode(plane.data, plane.box, SIZE)


def near(image, truth):
    return float((image == truth).all(axis=2).mean())


def test_a_layer_goes_along_and_the_colours_stay_as_without_it():
    plain, krita = program(), program()
    plain.run(list(FRAMES), [1])
    assert not any(plain.moved.values())
    assert all("layers" not in result for result in plain.results.values())
    shade(krita, 1, shadow())
    run(krita)
    assert krita.planes == plain.planes
    assert krita.moved[1] == {}, "what the artist painted is not sent back"
    for frame in FRAMES[1:]:
        assert near(picture(krita, frame), moved_to(frame)) > 0.98, frame
        plane = krita.moved[frame]["Shadow"]
        assert plane.box[2] < SIZE[1], "a tight box"
        canvas = RGBA8.encode(picture(krita, frame))
        assert plane.hash == hashlib.blake2b(canvas, digest_size=16).hexdigest()
        (layer,) = krita.results[frame]["layers"]
        assert layer["name"] == "Shadow"
        assert layer["surfaces"][-1]["frame"] == 1


def test_what_the_program_still_has_is_not_sent_again_and_nothing_is_computed_again():
    krita = program()
    shade(krita, 1, shadow())
    run(krita)
    known = {frame: krita.moved[frame]["Shadow"].hash for frame in FRAMES[1:]}
    run(krita, known=known | {3: "another"})
    assert krita.recomputed() == set()
    assert [frame for frame, planes in krita.moved.items() if planes] == [3]


def test_a_frame_painted_on_the_layer_alone_is_kept_and_learned_from():
    krita, red = program(), moved_to(3)
    red[red[..., 3] > 0] = (200, 0, 0, 200)
    shade(krita, 1, shadow())
    shade(krita, 3, red)
    run(krita, painted=(1, 3))
    assert krita.moved[3] == {}
    assert 3 in krita.planes, "its colours come all the same"
    assert (picture(krita, 4)[picture(krita, 4)[..., 3] > 0] == (200, 0, 0, 200)).all()


def test_a_painted_frame_with_nothing_on_the_layer_gets_an_empty_plane():
    krita = program(painted=(1, 5))
    shade(krita, 1, shadow())
    run(krita, references=(1, 5))
    assert 5 not in krita.planes
    assert krita.moved[5]["Shadow"].data == b""


@pytest.mark.parametrize("by", ["paint", "lock"])
@pytest.mark.parametrize("engine", ["same", "new"])
def test_a_frame_whose_colours_are_given_keeps_what_was_moved_there(by, engine):
    krita = program()
    shade(krita, 1, shadow())
    run(krita)
    known = {frame: krita.moved[frame]["Shadow"].hash for frame in FRAMES[1:]}
    before = picture(krita, 4)
    if engine == "new":
        krita = program()
        shade(krita, 1, shadow())
    krita.paint(3, painting(2))
    references, hints = ((1, 3), HintSet()) if by == "paint" else ((1,), HintSet(frames=(3,)))
    for _ in range(2):
        run(krita, references=references, hints=hints, known=known)
        assert krita.moved[3] == {}, "an empty plane would wipe it"
    run(krita, references=references, hints=hints, known={3: known[3]})
    if engine == "same":
        assert near(picture(krita, 4), before) > 0.98, "it teaches as before"


def test_what_was_undone_on_a_frame_whose_colours_are_given_does_not_come_back():
    krita = program()
    shade(krita, 1, shadow())
    run(krita)
    krita.paint(3, painting(2))
    run(krita, references=(1, 3))
    assert krita.moved[3]["Shadow"].data == b""


@pytest.mark.parametrize(
    "form", [LayerFormat("GRAYA", "U16"), LayerFormat("CMYKA", "U8"), LayerFormat("RGBA", "F32")]
)
def test_a_layer_has_a_format_of_its_own(form):
    krita = program()
    shade(krita, 1, shadow(), form)
    run(krita)
    wanted = in_format(moved_to(3), form)
    assert near(picture(krita, 3, form), wanted) > 0.98


def test_surfaces_of_the_colours_are_moved_where_that_is_asked_for():
    striped = painting(0)
    striped[45:66:4, 20:61] = (10, 10, 10, 255)
    krita = program(painted=())
    krita.paint(1, striped)
    colors = {}
    for surface in ("off", "auto"):
        krita.session.propagate(
            list(FRAMES),
            [1],
            HintSet(),
            RunOptions(surface=surface),
            cancel=threading.Event(),
            known={},
            notify=lambda result, box, data, *_: colors.update({result["frame"]: data}),
        )
        inside = np.frombuffer(colors[2], np.uint8).reshape(*SIZE, 4)[46:64, 24:58]
        assert len(np.unique(inside.reshape(-1, 4), axis=0)) == (1 if surface == "off" else 2)


def test_what_cannot_be_moved_is_said(monkeypatch):
    krita = program()
    with pytest.raises(InputError, match=r'"Shadow" came without what is painted on it \(1\)'):
        run(krita)
    shade(krita, 1, shadow())
    shade(krita, 9, shadow())
    with pytest.raises(InputError, match=r"painted on it \(2\)"):
        run(krita, painted=(1, 2))
    with pytest.raises(InputError, match=r"painted on it \(none\)"):
        run(krita, painted=())
    with pytest.raises(InputError, match='frames 9 of the layer "Shadow" came without line'):
        run(krita, painted=(1, 9))
    twice = [AskedShade("Shadow", (1,), {})] * 2
    with pytest.raises(InputError, match="twice"):
        krita.run(list(FRAMES), [1], shades=twice)
    monkeypatch.setattr(shades_file, "MAX_PAYLOAD", 2 * SIZE[0] * SIZE[1] * 4 - 1)
    with pytest.raises(InputError, match="a frame of 2 layers is"):
        run(krita)
    krita.run(list(FRAMES), [1])  # the colours alone fit


def test_another_format_is_another_layer():
    krita = program()
    shade(krita, 1, shadow())
    run(krita)
    wide = LayerFormat("RGBA", "U16")
    assert not krita.session.shades.add("Shadow", wide, 1, "unknown", None)
    shade(krita, 1, shadow(), wide)
    run(krita)
    assert near(picture(krita, 2, wide), in_format(moved_to(2), wide)) > 0.98


# ---- over the pipes, with the real engine

FORMAT = {"model": "RGBA", "depth": "U8"}


def cut(payload, planes):
    """Cut the payload of an answer into its planes."""
    found = []
    for plane in planes:
        found.append((plane, payload[: plane["bytes"]]))
        payload = payload[plane["bytes"] :]
    assert payload == b""
    return found


def on_canvas(plane, data, size):
    x, y, width, height = plane["box"]
    canvas = np.zeros((*size, 4), np.uint8)
    canvas[y : y + height, x : x + width] = np.frombuffer(data, np.uint8).reshape(height, width, 4)
    return canvas


def test_the_real_engine_moves_the_samples_shadow_as_the_command_line_does(tmp_path, capfd):
    options = ["--shade", str(SHOT / "shadow"), "--frames", "1-4", "--out", str(tmp_path)]
    assert main(["propagate", str(SHOT), *options]) == 0
    capfd.readouterr()
    with Client() as client:
        client.hello(device="cpu")
        height, width = bgra(SHOT / "line" / "0001.png").shape[:2]
        client.ask("open_shot", shot="s", width=width, height=height, line=FORMAT, color=FORMAT)
        plane = {"box": [0, 0, width, height], "bytes": width * height * 4}
        for frame in range(1, 5):
            data = bgra(SHOT / "line" / f"{frame:04d}.png").tobytes()
            client.ask("add_drawing", data, shot="s", frame=frame, hash=f"l{frame}", layers=[plane])
        data = bgra(SHOT / "color" / "0001.png").tobytes()
        client.ask("add_reference", data, shot="s", frame=1, hash="c", origin="painted", **plane)
        name = {"shot": "s", "layer": "{1-2}", "format": FORMAT, "frame": 1, "hash": "h"}
        assert client.ask("add_shade", **name)[0]["type"] == "need"
        data = bgra(SHOT / "shadow" / "0001.png").tobytes()
        client.ask("add_shade", data, **name, **plane)
        assert client.ask("add_shade", **name)[0]["type"] == "ok"
        asked = {"shot": "s", "frames": [1, 2, 3, 4], "references": [1]}
        shades = [{"layer": "{1-2}", "painted": [1]}]
        answers = client.answers(client.send("propagate", **asked, shades=shades))
        flat = client.answers(client.send("propagate", **asked))
        with pytest.raises(EngineFailed, match="does not fit protocol"):
            client.ask("propagate", **asked, shades=[{"layer": "color", "painted": [1]}])
    results = [pair for pair in answers if pair[0]["type"] == "frame_result"]
    assert "shades" not in results[0][0]
    colors = {}
    for header, payload in results[1:]:
        color, moved = cut(payload, [header, *header["shades"]])
        frame = header["frame"]
        colors[frame] = (header["box"], header["hash"], color[1])
        truth = bgra(tmp_path / "shadow" / f"{frame:04d}.png")
        truth[truth[..., 3] == 0] = 0
        np.testing.assert_array_equal(on_canvas(*moved, (height, width)), truth)
        flagged = {s["id"] for s in header["result"]["segments"] if "shade" in s.get("flags", ())}
        (layer,) = header["result"]["layers"]
        assert layer["doubtful"] == sorted(flagged)
        assert {s["id"] for s in layer["surfaces"] if s["share"] >= 0.2} - flagged
    plain = [pair for pair in flat if pair[0]["type"] == "frame_result"]
    assert all("shades" not in header for header, _ in plain)
    assert {h["frame"]: (h["box"], h["hash"], data) for h, data in plain[1:]} == colors
