"""Input as it comes: what works, and what is refused in one sentence with nothing half-written."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.formats.test_png import png
from tests.support.drawn import BOXES, GROUND, line_drawing, load, make_shot, painting, save

WHITE = np.full((80, 96), 255, np.uint8)


def states(out, frame):
    report = json.loads((out / "report.json").read_text("utf-8"))
    found = {r["frame"]: r for r in report["frames"]}[frame]
    return [segment["state"] for segment in found["segments"]]


def centers(step):
    return [(x + step + w // 2, y + h // 2) for (x, y, w, h), _ in BOXES]


def colors_at(image, step):
    return [image[y, x].tolist() for x, y in centers(step)]


# ---- works


def as_alpha(grey):
    image = np.zeros((*grey.shape, 4), np.uint8)
    image[:, :, 3] = 255 - grey
    return image


LINE_KINDS = {
    "grey": lambda grey: grey,
    "rgb": lambda grey: np.repeat(grey[:, :, None], 3, axis=2),
    "ink on transparency": as_alpha,
    "16 bits": lambda grey: grey.astype(np.uint16) * 257,
    "16 bits with alpha": lambda grey: as_alpha(grey).astype(np.uint16) * 257,
}


@pytest.mark.parametrize("kind", LINE_KINDS)
def test_line_drawings_of_every_kind(tmp_path, cli, kind):
    shot = make_shot(tmp_path / "shot", frames=[1, 2, 3], painted=[1])
    for frame in (1, 2, 3):
        save(shot / "line" / f"{frame:04d}.png", LINE_KINDS[kind](line_drawing(frame - 1)))
    assert cli("propagate", shot, "--out", tmp_path / "out").code == 0
    image = load(tmp_path / "out" / "color" / "0003.png")
    assert colors_at(image, 2) == [list(color) for _, color in BOXES]


def test_palette_line_drawings_and_palette_references(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1])
    values = [(255, 255, 255), (0, 0, 0), GROUND[:3], *(color[:3] for _, color in BOXES)]

    def save_indexed(path, indices):
        from tests.formats.test_png import PALETTE, chunk

        rows = b"".join(b"\0" + bytes(row) for row in indices.tolist())
        table = chunk(b"PLTE", bytes(np.array(values, np.uint8)))
        path.write_bytes(png(indices.shape[1], indices.shape[0], 8, PALETTE, rows, table))

    for frame in (1, 2):
        indices = (line_drawing(frame - 1) == 0).astype(np.uint8)
        save_indexed(shot / "line" / f"{frame:04d}.png", indices)
    image = painting(0)[:, :, :3]
    indices = sum(i * (image == v).all(axis=2) for i, v in enumerate(values)).astype(np.uint8)
    save_indexed(shot / "color" / "0001.png", indices)
    assert cli("propagate", shot, "--out", tmp_path / "out").code == 0
    out = load(tmp_path / "out" / "color" / "0002.png")
    assert out.shape[2] == 3
    assert colors_at(out, 1) == [list(color[:3]) for _, color in BOXES]


REFERENCE_KINDS = {
    "rgb": (lambda rgba: rgba[:, :, :3], np.uint8, 3),
    "rgba": (lambda rgba: rgba, np.uint8, 4),
    "grey": (lambda rgba: rgba[:, :, 0], np.uint8, 1),
    # 16-bit values that no 8-bit value stands for
    "rgb 16 bits": (lambda rgba: rgba[:, :, :3].astype(np.uint16) * 251 + 3, np.uint16, 3),
    "rgba 16 bits": (lambda rgba: rgba.astype(np.uint16) * 251 + 3, np.uint16, 4),
    "grey 16 bits": (lambda rgba: rgba[:, :, 0].astype(np.uint16) * 251 + 3, np.uint16, 1),
}


@pytest.mark.parametrize("kind", REFERENCE_KINDS)
def test_references_of_every_kind_give_their_depth_and_exact_values(tmp_path, cli, kind):
    convert, dtype, channels = REFERENCE_KINDS[kind]
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1])
    reference = convert(painting(0))
    save(shot / "color" / "0001.png", reference)
    assert cli("propagate", shot, "--out", tmp_path / "out").code == 0
    out = load(tmp_path / "out" / "color" / "0002.png")
    assert out.dtype == dtype
    assert (out.shape[2] if out.ndim == 3 else 1) == channels
    assert colors_at(out, 1) == colors_at(reference, 0)


def test_references_with_antialiased_edges_and_missed_slivers(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1])
    big = cv2.resize(painting(0), None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    soft = cv2.resize(cv2.GaussianBlur(big, (9, 9), 0), (96, 80), interpolation=cv2.INTER_AREA)
    soft[13:31, 12] = 0  # a column of pixels left bare beside the line
    save(shot / "color" / "0001.png", soft)
    assert cli("propagate", shot, "--out", tmp_path / "out").code == 0
    assert states(tmp_path / "out", 1) == ["painted"] * 4
    out = load(tmp_path / "out" / "color" / "0002.png")
    assert colors_at(out, 1) == [list(color) for _, color in BOXES]


def test_two_colours_in_one_segment_the_larger_wins_and_it_is_told(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1])
    image = painting(0)
    image[45:52, 21:60] = (7, 7, 7, 255)
    save(shot / "color" / "0001.png", image)
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0
    assert states(tmp_path / "out", 1).count("not_flat") == 1
    assert "painted in more than one colour" in done.err
    assert load(tmp_path / "out" / "color" / "0002.png")[60, 40].tolist() == list(BOXES[2][1])


@pytest.mark.parametrize(
    ("name", "drawing"),
    [
        ("empty", WHITE),
        ("transparent", np.zeros((80, 96, 4), np.uint8)),
        ("one segment", cv2.rectangle(WHITE.copy(), (20, 20), (70, 60), 0, 2)),
    ],
)
def test_unusual_drawings_as_targets_and_as_references(tmp_path, cli, name, drawing):
    shot = make_shot(tmp_path / "shot", frames=[1, 2, 3], painted=[1, 3])
    save(shot / "line" / "0002.png", drawing)
    save(shot / "line" / "0003.png", drawing)
    save(shot / "line" / "0004.png", line_drawing(0))
    changed = line_drawing(1)
    save(shot / "line" / "0005.png", changed)
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    out = tmp_path / "out" / "color"
    assert (out / "0002.png").read_bytes() == (shot / "color" / "0003.png").read_bytes()
    assert colors_at(load(out / "0005.png"), 1) == [list(color) for _, color in BOXES]


def test_a_black_target_is_named_and_the_others_are_coloured(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=[1, 2, 3], painted=[1])
    save(shot / "line" / "0002.png", WHITE * 0)
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 1
    assert "frame 2" in done.err
    assert "no line can be told" in done.err
    assert not (tmp_path / "out" / "color" / "0002.png").exists()
    out = load(tmp_path / "out" / "color" / "0003.png")
    assert colors_at(out, 2) == [list(color) for _, color in BOXES]


NO_LINES = {
    "black": WHITE * 0,
    "black on black": np.dstack([line_drawing(0) // 255] * 3).astype(np.uint8) * 6,
    "paper": WHITE,
    "transparent": np.zeros((80, 96, 4), np.uint8),
    "one tone": np.full((80, 96, 3), (120, 90, 60), np.uint8),
}


@pytest.mark.parametrize("kind", NO_LINES)
def test_a_shot_whose_references_show_no_line_ends_in_one_sentence(tmp_path, cli, kind):
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1])
    for frame in (1, 2):
        save(shot / "line" / f"000{frame}.png", NO_LINES[kind])
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 5
    sentence = done.err.strip().splitlines()[-1]
    assert "line drawing of reference 1" in sentence
    assert "export" in sentence


def test_one_by_one_pixel(tmp_path, cli):
    shot = tmp_path / "shot"
    for frame, value in ((1, 255), (2, 254)):
        save(shot / "line" / f"{frame}.png", np.full((1, 1), value, np.uint8))
    save(shot / "color" / "1.png", np.array([[[1, 2, 3, 255]]], np.uint8))
    assert cli("propagate", shot, "--out", tmp_path / "out").code == 0
    assert load(tmp_path / "out" / "color" / "2.png").tolist() == [[[1, 2, 3, 255]]]
    save(shot / "line" / "3.png", np.zeros((1, 1), np.uint8))
    assert cli("propagate", shot, "--out", tmp_path / "out").code == 1


def test_number_gaps_and_any_start_number(tmp_path, cli):
    shot = tmp_path / "shot"
    for frame in (0, 7, 8, 1001):
        save(shot / "line" / f"cut12_{frame:04d}.png", line_drawing(frame % 9))
    save(shot / "color" / "cut12_0007.png", painting(7))
    assert cli("propagate", shot, "--out", tmp_path / "out").code == 0
    names = sorted(path.name for path in (tmp_path / "out" / "color").iterdir())
    assert names == [f"cut12_{frame:04d}.png" for frame in (0, 7, 8, 1001)]


def test_more_than_5000_segments(tmp_path, cli):
    lines = np.full((72 * 14 + 2, 72 * 14 + 2), 255, np.uint8)
    lines[::14] = lines[1::14] = 0
    lines[:, ::14] = lines[:, 1::14] = 0
    shot = tmp_path / "shot"
    save(shot / "line" / "0001.png", lines)
    moved = lines.copy()
    moved[5, 5] = 250
    save(shot / "line" / "0002.png", moved)
    yy, xx = np.mgrid[0 : lines.shape[0], 0 : lines.shape[1]] // 14
    color = np.dstack([yy * 3, xx * 3, (yy + xx) % 7, np.full_like(xx, 255)]).astype(np.uint8)
    save(shot / "color" / "0001.png", color)
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    assert len(states(tmp_path / "out", 2)) == 72 * 72
    painted = load(tmp_path / "out" / "color" / "0002.png")
    assert (painted[8::14, 8::14] == color[8::14, 8::14]).all()


@pytest.mark.parametrize(
    "name",
    ["été 夏 カット", "with  spaces and 'quotes' [1] #2 %d", "x" * 200],
    ids=["non-ascii", "odd characters", "long name"],
)
def test_unusual_paths(tmp_path, cli, name):
    shot = make_shot(tmp_path / name / "shot", frames=[1, 2], painted=[1])
    out = tmp_path / name / "出力 out"
    done = cli("propagate", shot, "--out", out, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out.splitlines()[-1])["report"] == str(out / "report.json")
    assert (out / "color" / "0002.png").exists()


def test_a_path_that_is_no_utf8_and_a_stdout_that_knows_only_ascii(
    tmp_path, fake_ant_core, monkeypatch
):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    for name in (b"caf\xe9", "café".encode()):
        folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        try:
            shot = make_shot(folder, frames=[1, 2], painted=[1])
        except OSError:
            continue  # a file system that takes no such names
        done = fake_ant_core("propagate", shot, "--out", folder / "out", text=False)
        assert done.code == 0, done.err
        report = folder / "out" / "report.json"
        assert done.out == os.fsencode(report) + b"\n"
        frames = json.loads(report.read_text("utf-8"))["frames"]
        assert frames[1]["color_file"] == str(folder / "out" / "color" / "0002.png")


def test_very_long_paths(tmp_path, cli):
    deep = tmp_path
    while len(str(deep)) < 3000:
        deep = deep / ("d" * 200)
    shot = deep / "shot"
    name = "n" * 245
    for frame in (1, 2):  # names as long as names can be
        save(shot / "line" / f"{name}_{frame:04d}.png", line_drawing(frame))
    save(shot / "color" / f"{name}_0001.png", painting(1))
    assert cli("propagate", shot, "--out", deep / "out").code == 0
    assert (deep / "out" / "color" / f"{name}_0002.png").exists()


def test_patterns_outside_a_shot_folder(tmp_path, cli, monkeypatch):
    for frame in (5, 6):
        save(tmp_path / "ink" / f"A_{frame:05d}.png", line_drawing(frame - 5))
        save(tmp_path / "ink" / f"B_{frame:05d}.png", WHITE[:10])
    save(tmp_path / "paint" / "P-5.png", painting(0))
    monkeypatch.chdir(tmp_path)
    done = cli("propagate", "--line", "ink/A_%05d.png", "--color", "paint/P-#.png", "--out", "o")
    assert done.code == 0, done.err
    names = sorted(path.name for path in (tmp_path / "o" / "color").iterdir())
    assert names == ["P-5.png", "P-6.png"]


def test_files_that_are_no_png_are_mentioned(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1])
    (shot / "line" / "0003.dpx").write_bytes(b"SDPX")
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0
    assert "warning: left out because their format cannot be read: 0003.dpx" in done.err


@pytest.mark.slow
def test_12000_by_8000_pixels(tmp_path, cli):
    shot = tmp_path / "shot"
    for frame in (1, 2):
        line = np.full((8000, 12000), 255, np.uint8)
        for column in range(4):
            corner = (300 + 2900 * column + 20 * frame, 900)
            cv2.rectangle(line, corner, (corner[0] + 2400, 7000), 0, 12)
        save(shot / "line" / f"{frame:04d}.png", line)
    color = np.zeros((8000, 12000, 4), np.uint8)
    for column in range(4):
        left = 320 + 2900 * column
        color[900:7000, left : left + 2400] = (60 * column, 90, 200 - 40 * column, 255)
    save(shot / "color" / "0001.png", color)
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    image = load(tmp_path / "out" / "color" / "0002.png")
    assert image.shape == color.shape
    for column in range(4):
        assert (
            image[4000, 1500 + 2900 * column].tolist() == color[4000, 1500 + 2900 * column].tolist()
        )


# ---- refused


def refused(done, out: Path, code: int, *told: str) -> None:
    """Check exit code, one sentence with every word, no traceback, nothing written."""
    assert done.code == code, done.err
    sentences = [line for line in done.err.splitlines() if line.startswith("ant_core: ")]
    assert len(sentences) == 1
    for text in told:
        assert text in sentences[0]
    assert "Traceback" not in done.err
    assert done.out == ""
    assert not out.exists()


def test_no_reference(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", painted=[])
    (shot / "color").mkdir()
    done = cli("propagate", shot, "--out", tmp_path / "out")
    refused(done, tmp_path / "out", 5, "no reference", "paint at least one frame")


def test_no_colour_folder(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", painted=[])
    done = cli("propagate", shot, "--out", tmp_path / "out")
    refused(done, tmp_path / "out", 5, "color", "neither a folder nor a pattern")


def test_no_shot(tmp_path, cli):
    done = cli("propagate", tmp_path / "nowhere", "--out", tmp_path / "out")
    refused(done, tmp_path / "out", 5, "nowhere")


def test_reference_without_its_line_drawing(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1])
    save(shot / "color" / "0009.png", painting(0))
    done = cli("propagate", shot, "--out", tmp_path / "out")
    refused(done, tmp_path / "out", 5, "reference frame 9", "0009.png", "no line drawing")


@pytest.mark.parametrize("layer", ["line", "color"])
def test_sizes_that_differ(tmp_path, cli, layer):
    shot = make_shot(tmp_path / "shot", frames=[1, 2, 3], painted=[1])
    save(shot / layer / "0001.png", np.full((81, 96), 255, np.uint8))
    done = cli("propagate", shot, "--out", tmp_path / "out")
    refused(done, tmp_path / "out", 5, "0001.png", "96 x 81", "96 x 80", "same size")


@pytest.mark.parametrize("layer", ["line", "color"])
@pytest.mark.parametrize("damage", ["cut off", "empty", "text", "flipped"])
def test_files_that_are_damaged_or_no_image(tmp_path, cli, layer, damage):
    shot = make_shot(tmp_path / "shot", frames=range(1, 5), painted=[1, 3])
    path = shot / layer / "0003.png"
    data = path.read_bytes()
    broken = {
        "cut off": data[: len(data) * 2 // 3],
        "empty": b"",
        "text": b"this is not a picture at all",
        "flipped": data[:60] + bytes([data[60] ^ 1]) + data[61:],
    }
    path.write_bytes(broken[damage])
    done = cli("propagate", shot, "--out", tmp_path / "out")
    refused(done, tmp_path / "out", 5, "0003.png", "export")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--frobnicate"], "--frobnicate"),
        (["--frames", "7"], "frame 7"),
        (["--frames", "one"], "no list of frames"),
        (["--references", "2"], "frame 2"),
        (["--lock", "12"], "frame 12"),
        (["--device", "tpu"], "tpu"),
        (["--gap", "-1"], "--gap"),
        (["--gap", "257"], "--gap"),
        (["--fail-under", "2"], "--fail-under"),
        (["--threads", "0"], "--threads"),
        (["--threads", "99999999999"], "--threads"),
    ],
)
def test_options_and_frames_that_make_no_sense(tmp_path, cli, arguments, told):
    shot = make_shot(tmp_path / "shot", frames=[1, 2, 3], painted=[1])
    done = cli("propagate", shot, "--out", tmp_path / "out", *arguments)
    refused(done, tmp_path / "out", 2, told)


def test_a_locked_frame_without_a_file_to_keep(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=[1, 2, 3], painted=[1])
    done = cli("propagate", shot, "--out", tmp_path / "out", "--lock", "2")
    refused(done, tmp_path / "out", 5, "frame 2 is locked but", "0002.png does not exist")


def test_hints_that_do_not_fit(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=[1, 2, 3], painted=[1])
    hints = tmp_path / "hints.json"
    hints.write_text('{"schema": 1, "hints": [{"frame": 2}]}')
    done = cli("propagate", shot, "--out", tmp_path / "out", "--hints", hints)
    refused(done, tmp_path / "out", 5, "hints.json", "hints[0]")
    hints.write_text('{"schema": 1, "locks": [{"frame": 77}]}')
    done = cli("propagate", shot, "--out", tmp_path / "out", "--hints", hints)
    refused(done, tmp_path / "out", 5, "frame 77")
    done = cli("propagate", shot, "--out", tmp_path / "out", "--hints", tmp_path / "none.json")
    refused(done, tmp_path / "out", 5, "none.json is missing")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"hints": [{"frame": 3, "point": [96, 3], "color": [1, 2, 3]}]}, "outside the picture"),
        ({"hints": [{"frame": 3, "point": [9, 3], "color": [1, 2, 300]}]}, "value 300"),
        ({"locks": [{"frame": 3, "point": [-1, 3]}]}, "outside the picture"),
        ({"locks": [{"frame": 3, "point": [9, 3]}]}, "frame 3 is locked but"),
    ],
)
def test_hints_that_cannot_be_followed_are_refused_before_anything_is_written(
    tmp_path, cli, document, told
):
    shot = make_shot(tmp_path / "shot", frames=[1, 2, 3], painted=[1])
    hints = tmp_path / "hints.json"
    hints.write_text(json.dumps({"schema": 1} | document))
    done = cli("propagate", shot, "--out", tmp_path / "out", "--hints", hints)
    refused(done, tmp_path / "out", 5, told)


def test_hints_nested_too_deep_and_with_a_byte_order_mark(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=[1, 2, 3], painted=[1])
    hints = tmp_path / "hints.json"
    hints.write_text("[" * 100_000)
    done = cli("propagate", shot, "--out", tmp_path / "out", "--hints", hints)
    refused(done, tmp_path / "out", 5, "hints.json is no JSON file")
    hints.write_text('\ufeff{"schema": 1, "hints": []}', "utf-8")
    assert cli("propagate", shot, "--out", tmp_path / "out", "--hints", hints).code == 0


@pytest.mark.parametrize("out", [".", "line", "color", "line/../../shot"])
def test_output_over_the_input(tmp_path, cli, out):
    shot = make_shot(tmp_path / "shot", frames=[1, 2, 3], painted=[1])
    before = {path: path.read_bytes() for path in shot.rglob("*.png")}
    done = cli("propagate", shot, "--out", shot / out)
    assert done.code == 2
    assert "would write into the input folder" in done.err
    assert {path: path.read_bytes() for path in shot.rglob("*.png")} == before
    assert sorted(path.name for path in shot.iterdir()) == ["color", "line"]


def test_output_through_a_link_over_the_input(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=[1, 2, 3], painted=[1])
    os.symlink(shot, tmp_path / "link")
    assert cli("propagate", shot, "--out", tmp_path / "link").code == 2


def test_output_inside_the_shot_beside_the_inputs_is_fine(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1])
    assert cli("propagate", shot, "--out", shot / "out").code == 0
