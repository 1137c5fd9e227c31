"""What a run leaves behind: report by its schema, contact sheet, summary."""

import json

import jsonschema
import numpy as np
import pytest

from ant_core.output.contact_sheet import Cell, draw_sheet, make_thumbnail, read_thumbnail
from ant_core.output.report import Summary
from ant_core.schemas import first_error, load_schema
from tests.support.drawn import BOXES, SIZE, line_drawing, load, make_shot, painting, save


@pytest.mark.parametrize("name", ["hints", "report", "event", "review_notes"])
def test_the_schemas_are_schemas(name):
    jsonschema.Draft202012Validator.check_schema(load_schema(name))


@pytest.fixture
def out(tmp_path, cli):
    """A run with everything in it: holds, doubt, a colour too many, a hint and a lock."""
    shot = make_shot(tmp_path / "shot", frames=range(1, 7), painted=[1, 6])
    mixed = painting(0)
    mixed[46:65, 22:45] = (3, 3, 3, 255)  # part of the yellow box
    save(shot / "color" / "0001.png", mixed)
    save(shot / "line" / "0008.png", line_drawing(2))
    extra = (*BOXES, ((70, 60, 16, 12), (1, 2, 3, 255)))
    save(shot / "line" / "0005.png", line_drawing(4, extra))
    hints = tmp_path / "hints.json"
    hints.write_text(
        json.dumps({"schema": 1, "hints": [{"frame": 2, "point": [25, 22], "color": [9, 9, 9]}]})
    )
    done = cli("propagate", shot, "--out", tmp_path / "out", "--hints", hints, "--json")
    assert done.code == 0, done.err
    (tmp_path / "events.jsonl").write_text(done.out, "utf-8")
    return tmp_path / "out"


def test_the_report_fits_its_schema_and_tells_everything(out):
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert first_error(report, "report") is None
    frames = {frame["frame"]: frame for frame in report["frames"]}
    assert list(frames) == [1, 2, 3, 4, 5, 6, 8]
    mixed = [s for s in frames[1]["segments"] if s["state"] == "not_flat"]
    assert len(mixed) == 1
    assert mixed[0]["second"]["share"] == pytest.approx(0.4, abs=0.15)
    x, y = mixed[0]["second"]["at"]
    second = mixed[0]["second"]["color"]
    assert load(out / "color" / "0001.png")[y, x].tolist() == second
    assert [s["state"] for s in frames[5]["segments"]].count("no_counterpart") == 1
    assert [s["color"] for s in frames[5]["segments"]].count(None) == 1
    assert frames[8]["drawing_frame"] == 3
    assert frames[8]["drawing"] == frames[3]["drawing"]
    assert frames[2]["sources"][0] == {"frame": 1, "kind": "painted", "offset": 1}
    assert report["summary"]["no_counterpart"] == 1
    assert 5 in report["summary"]["doubtful_frames"]
    assert report["model"]["name"] == "fake"
    assert report["hints"]["hints"][0]["frame"] == 2
    assert set(report["timings"]["stages"]) == {
        *("check", "read", "segment", "describe", "encode", "match", "vote", "paint", "write")
    }


def test_every_segment_says_where_it_lies(out):
    report = json.loads((out / "report.json").read_text("utf-8"))
    for frame in report["frames"]:
        segments = frame["segments"]
        assert 0.8 * SIZE[0] * SIZE[1] < sum(item["area"] for item in segments) < SIZE[0] * SIZE[1]
        image = load(out / "color" / f"{frame['frame']:04d}.png")
        for item in segments:
            (x, y), (left, top, width, height) = item["point"], item["box"]
            assert left <= x < left + width
            assert top <= y < top + height
            assert 0 < item["area"] <= width * height
            if isinstance(item["color"], list) and item["state"] != "not_flat":
                assert image[y, x].tolist() == item["color"]


def test_every_fill_names_where_it_came_from(out):
    report = json.loads((out / "report.json").read_text("utf-8"))
    frames = {frame["frame"]: frame for frame in report["frames"]}
    for frame in frames.values():
        for segment in frame["segments"]:
            if segment["state"] == "no_counterpart":
                assert segment["source"] is None
                continue
            source = frames[segment["source"]["frame"]]["segments"]
            assert source[segment["source"]["segment"] - 1]["color"] == segment["color"]


def test_events_fit_their_schema_and_end_with_one_result(out):
    lines = (out.parent / "events.jsonl").read_text("utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    for event in events:
        assert first_error(event, "event") is None
    assert [event["event"] for event in events] == ["progress"] * 7 + ["result"]
    assert [event["done"] for event in events[:-1]] == list(range(1, 8))
    report = json.loads((out / "report.json").read_text("utf-8"))
    by_frame = {frame["frame"]: frame for frame in report["frames"]}
    for event in events[:-1]:
        assert event["frame_result"] == by_frame[event["frame_result"]["frame"]]
    assert events[-1]["summary"] == report["summary"]


@pytest.mark.parametrize(
    ("number", "start"),
    [
        (1, "1 frame, 1 drawing coloured, 1 segment: 0 doubtful"),
        (2, "2 frames, 2 drawings coloured, 2 segments: 0 doubtful"),
    ],
)
def test_the_summary_counts_one_as_one(number, start):
    summary = Summary(
        frames=number,
        drawings=number,
        segments=number,
        doubtful_frames=(),
        doubtful=0,
        no_counterpart=0,
        not_flat=0,
        failed=(),
        recomputed=(),
        kept=(),
    )
    assert summary.lines()[0].startswith(start)


def test_the_sheet_shows_every_frame(out):
    sheet = load(out / "contact_sheet.png")
    assert sheet.shape[2] == 3
    purple = (sheet == (166, 130, 255)).all(axis=2)  # the frame around references
    pink = (sheet == (255, 64, 150)).all(axis=2)  # a ring where there is no counterpart
    assert purple.any()
    assert pink.any()
    for _, color in BOXES[:2]:
        assert (np.abs(sheet.astype(int) - color[:3]).max(axis=2) < 6).any()


def cells(count, kind="predicted"):
    return [Cell(n, kind, 0.9, 0, np.zeros((0, 3), np.float32)) for n in range(count)]


@pytest.mark.parametrize("count", [1, 2, 7, 100, 700])
@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080), (100, 2000), (1, 1)])
def test_the_sheet_stays_of_one_size_however_long_the_shot(count, size):
    sheet = draw_sheet(cells(count), lambda _: None, size, "title", "subtitle")
    assert sheet.shape[0] * sheet.shape[1] < 40_000_000


def test_a_thumbnail_is_line_over_colour_over_paper():
    line = np.full((40, 60), 255, np.uint8)
    line[:, 29:31] = 0
    color = np.zeros((40, 60, 4), np.uint8)
    color[:, :30] = (200, 10, 10, 255)
    small = read_thumbnail(make_thumbnail(line, color))
    assert small.shape == (40, 60, 3)
    assert small[20, 10].tolist() == [200, 10, 10]
    assert small[20, 29].tolist() == [0, 0, 0]
    assert small[20, 50].tolist() == [247, 246, 243]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_thumbnails_of_transparent_and_deep_lines(dtype):
    full = np.iinfo(dtype).max
    line = np.zeros((40, 60, 4), dtype)
    line[:, 29:31, 3] = full
    color = np.full((40, 60, 1), full // 2, dtype)
    small = read_thumbnail(make_thumbnail(line, color))
    assert small[20, 29].tolist() == [0, 0, 0]
    assert abs(int(small[20, 10, 0]) - 127) <= 1


@pytest.mark.parametrize(
    ("dtype", "red"),
    [
        (np.uint8, [0, 255, 255, 0, 255]),
        (np.uint16, [0, 65535, 65535, 0, 65535]),
        (np.float32, [0, 100, 100, 0, 1]),  # ink of floating-point CMYK goes to 100
        (np.float16, [1, 0, 0, 1]),
        (np.float32, [1, -0.5, float("nan"), 1]),
        (np.float32, [3, 0, 0, 1]),
    ],
)
def test_thumbnails_of_other_colour_models(dtype, red):
    line = np.zeros((40, 60, 2), dtype)
    color = np.zeros((40, 60, len(red)), dtype)
    color[:, :30] = red
    small = read_thumbnail(make_thumbnail(line, color))
    assert small[20, 10].tolist() == [255, 0, 0]
    assert small[20, 50].tolist() == [247, 246, 243]
