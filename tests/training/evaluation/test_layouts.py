"""AnimeRun's and PaintBucket's folders: written, read back, and scored from."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from ant_core.errors import InputError
from ant_core.files import WholeFiles
from ant_core.training.data.animerun import AnimeRunWriter, encode_flo, read_flo, scenes
from ant_core.training.data.paintbucket import PaintBucketFrame, read_frame, write_frame
from ant_core.training.data.sets import find_shots
from ant_core.training.data.true_shots import line_area
from ant_core.training.evaluation.benchmark import MethodResult, applies, run_protocol
from segmentation import extract_lines
from tests.training.evaluation.boxes import SIZE, boxes, flow_frames
from tests.training.evaluation.shots import Scripted


def test_animerun_folders_are_those_of_the_data_set(animerun):
    root, _ = animerun
    files = {str(path.relative_to(root / "test")) for path in root.rglob("*.*") if path.is_file()}
    assert files == {
        *(f"contour/boxes_01/{n}.png" for n in ("0001", "0002", "0003")),
        *(f"Frame_Anime/boxes_01/original/{n}.png" for n in ("0001", "0002", "0003")),
        *(f"Segment/boxes_01/{n}.npy" for n in ("0001", "0002", "0003")),
        *(f"Flow/boxes_01/forward/{n}.flo" for n in ("0001", "0002")),
        *(f"Flow/boxes_01/backward/{n}.flo" for n in ("0002", "0003")),
        *(f"SegMatching/boxes_01/forward/{n}.json" for n in ("0001", "0002")),
        *(f"SegMatching/boxes_01/backward/{n}.json" for n in ("0002", "0003")),
        *(f"UnMatched/boxes_01/{n}.npy" for n in ("0001", "0002")),
        *(f"UnMatched/boxes_01/backward/{n}.npy" for n in ("0002", "0003")),
        *(f"LineArea/boxes_01/{n}.npy" for n in ("0001", "0002")),
    }


def test_animerun_files_mean_what_the_published_code_takes_them_for(animerun):
    root, _ = animerun
    labels = np.load(root / "test/Segment/boxes_01/0001.npy")
    assert sorted(np.unique(labels)) == [0, 1, 2]  # from 0, contiguous, no line left
    matches = json.loads((root / "test/SegMatching/boxes_01/forward/0001.json").read_text())
    assert sorted(matches) == ["0", "1", "2"]
    assert matches["1"][0] == 1
    seen = np.load(root / "test/UnMatched/boxes_01/0001.npy")
    assert seen[20, 20] == 1  # inside the left box
    # Paper in front of the left box is covered by it in the next frame.
    assert (seen[20, 36:40] == 0).all()
    # Backward, it is the paper that the box has uncovered, and not what it is about to cover.
    seen = np.load(root / "test/UnMatched/boxes_01/backward/0002.npy")
    assert (seen[20, 4:8] == 0).all()
    assert (seen[20, 40:44] == 1).all()
    flat = np.load(root / "test/LineArea/boxes_01/0001.npy")
    contour = cv2.imread(str(root / "test/contour/boxes_01/0001.png"), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(flat == 0, line_area(extract_lines(contour).ink))


def test_animerun_round_trip(animerun):
    root, statistics = animerun
    (source,) = find_shots(root)
    assert source.layout == "animerun"
    shot = source.read()
    assert [frame.number for frame in shot.frames] == [1, 2, 3]
    assert [frame.count for frame in shot.frames] == [3, 3, 3]
    assert [rows.tolist() for rows in shot.matches] == [[0, 1, 2], [0, 1, 2]]
    given = list(flow_frames([4, 8, 12]))
    truth = shot.flows[1]()
    assert np.array_equal(truth.flow, given[1].forward)
    assert truth.occluded.any()
    assert truth.occluded.mean() < 0.2
    assert shot.frames[0].color.tolist() == shot.frames[2].color.tolist()
    assert len(set(shot.frames[0].color)) == 3
    table = statistics.table()
    assert (table["segments_per_frame"], table["frames"], table["sequences"]) == (3, 3, 1)
    # The boxes, 2 x 32 x 32 pixels, move by 4.
    assert table["pixel_shift_per_frame_px"] == pytest.approx(4 * 2 * 32 * 32 / (48 * 96))


def test_animerun_set_is_scored(animerun):
    root, _ = animerun
    shot = find_shots(root / "test")[0].read()
    for protocol, metric, best in (("regions", "acc", 1), ("recursive", "accuracy", 1)):
        result = MethodResult()
        assert applies(protocol, shot)
        run_protocol(protocol, shot, Scripted(), result)
        assert result.tally.figure(metric).value == best
    result = MethodResult()
    run_protocol("flow", shot, Scripted(wrong=[1, 2]), result)
    assert set(result.tally.metrics()) >= {"epe", "epe_occ", "epe_nonocc", "epe_line", "epe_s<10"}


def test_segment_under_lines_altogether_keeps_its_row(tmp_path):
    contour = np.full((20, 40), 255, np.uint8)
    contour[:, 10:14] = 0
    labels = np.zeros((20, 40), np.int32)
    labels[:, 12:] = 2
    labels[:, 11:13] = 1  # all ink
    writer = AnimeRunWriter(tmp_path / "train", "scene", WholeFiles())
    writer.frame("0001", contour, labels)
    frame = find_shots(tmp_path / "train")[0].read().frames[0]
    assert frame.count == 3
    assert frame.area.tolist() == [10 * 20, 2 * 20, 26 * 20]


def test_masks_are_found_where_downloads_have_them(animerun):
    root, _ = animerun
    (scene,) = scenes(root)
    before = scene.occluded(0)
    forward = root / "test/UnMatched/boxes_01/forward"
    forward.mkdir()
    for path in (root / "test/UnMatched/boxes_01").glob("*.npy"):
        path.rename(forward / path.name)
    assert np.array_equal(scene.occluded(0), before)


def test_flo_round_trip_and_damage(tmp_path):
    flow = np.random.default_rng(0).normal(size=(3, 5, 2)).astype(np.float32)
    path = tmp_path / "a.flo"
    path.write_bytes(encode_flo(flow))
    assert path.read_bytes()[:12] == b"PIEH" + bytes([5, 0, 0, 0, 3, 0, 0, 0])
    assert np.array_equal(read_flo(path), flow)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="damaged"):
        read_flo(path)
    path.write_bytes(b"other")
    with pytest.raises(InputError, match=r"no \.flo file"):
        read_flo(path)


def test_matches_of_another_version_are_refused(animerun):
    root, _ = animerun
    path = root / "test/SegMatching/boxes_01/forward/0002.json"
    path.write_text(json.dumps({"0": [0], "1": [1]}))
    with pytest.raises(InputError, match="two versions"):
        find_shots(root)[0].read()
    path.write_text(json.dumps({"0": [0], "2": [1]}))
    with pytest.raises(InputError, match="no table of matches"):
        find_shots(root)[0].read()


# ---- PaintBucket-Character


def bucket_frame(at, ids, parts):
    contour, color, inside = boxes(at)
    line = np.zeros((*SIZE, 4), np.uint8)
    line[contour == 0] = (0, 0, 0, 255)
    painted = np.dstack([color, np.where(inside > 0, 255, 0).astype(np.uint8)])
    painted[inside == 0] = 0
    colors = np.array([[0, 0, 0, 0], [200, 50, 0, 255], [200, 100, 0, 255]], np.uint8)
    labels = np.where(contour == 0, 0, inside + 1).astype(np.int32)
    return PaintBucketFrame(line, painted, labels, np.array(ids), colors, parts)


@pytest.mark.parametrize("parts", [None, np.array([-1, 70000, 12])], ids=["test", "train"])
def test_paintbucket_round_trip(tmp_path, parts):
    frame = bucket_frame(4, [1, 2, 70000], parts)
    write_frame(tmp_path, "0000", frame, WholeFiles())
    read = read_frame(tmp_path, "0000")
    for name in ("line", "color", "labels", "ids", "colors"):
        assert np.array_equal(getattr(read, name), getattr(frame, name)), name
    if parts is None:
        assert read.parts is None
        assert (tmp_path / "seg" / "0000.json").exists()
    else:
        assert np.array_equal(read.parts, parts)
        index = json.loads((tmp_path / "json_index" / "0000.json").read_text())
        assert index["70000"] == [28 * 28, 12]
        label = cv2.imread(str(tmp_path / "label" / "0000.png"), cv2.IMREAD_UNCHANGED)
        assert label[20, 20].tolist() == [70000 & 255, 70000 >> 8 & 255, 70000 >> 16, 255]  # BGRA
        assert label[0, 0].tolist() == [0, 0, 0, 0]


def test_paintbucket_picture_without_lines_has_segments_only(tmp_path):
    frame = bucket_frame(4, [1, 2, 3], None)
    full = replace(frame, labels=np.maximum(frame.labels, 1))
    write_frame(tmp_path, "0000", full, WholeFiles())
    assert np.array_equal(read_frame(tmp_path, "0000").labels, full.labels)


@pytest.fixture
def character(tmp_path):
    folder = tmp_path / "test" / "PaintBucket_Char" / "Someone"
    for number, at in enumerate((4, 8, 12)):
        write_frame(folder, f"{number:04d}", bucket_frame(at, [1, 2, 3], None), WholeFiles())
    write_frame(folder / "ref", "0000", bucket_frame(0, [1, 2, 3], None), WholeFiles())
    return tmp_path


def test_paintbucket_set_is_found_from_its_root_and_scored(character):
    (source,) = find_shots(character)
    shot = source.read()
    assert (source.layout, shot.characters) == ("paintbucket", ("Someone",))
    assert [frame.number for frame in shot.frames] == [0, 1, 2]
    assert shot.frames[0].color.tolist() == [0, 1, 2]  # transparent is colour 0
    assert len(shot.sheet) == 1
    for protocol in ("consecutive", "keyframes_1"):
        result = MethodResult()
        run_protocol(protocol, shot, Scripted(), result)
        assert result.tally.figure("pix_acc").value == 1
    assert result.tally.counts.characters == {"Someone"}


def test_white_without_alpha_is_background_too(character):
    path = next(character.rglob("seg/0000.json"))
    table = json.loads(path.read_text())
    table["1"] = [255, 255, 255, 0]
    path.write_text(json.dumps(table))
    assert find_shots(character)[0].read().frames[0].color[0] == 0


def test_own_data_without_segments_is_segmented(character):
    folder = character / "test" / "PaintBucket_Char" / "Someone"
    for place in (folder, folder / "ref"):
        for path in (place / "seg").iterdir():
            path.unlink()
    shot = find_shots(folder)[0].read()
    assert [frame.color.tolist() for frame in shot.frames] == [[0, 1, 2]] * 3


def test_color_table_that_lacks_a_segment_is_refused(character):
    path = character / "test" / "PaintBucket_Char" / "Someone" / "seg" / "0001.json"
    path.write_text(json.dumps({"1": [0, 0, 0, 0]}))
    with pytest.raises(InputError, match=r"0001\.json does not fit"):
        find_shots(character)[0].read()


# ---- pictures, and places that are nothing


def test_pictures_keep_the_numbers_of_their_files(tmp_path):
    for number, at in ((3, 4), (7, 8)):
        contour, color, _ = boxes(at)
        for kind, image in (("line", contour), ("truth", color)):
            (tmp_path / kind).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / kind / f"A_{number:04d}.png"), image)
    shot = find_shots(tmp_path)[0].read()
    assert [frame.number for frame in shot.frames] == [3, 7]
    assert shot.frames[1].before == 3
    assert shot.frames[1].overlap.tolist() == [0, 1, 2]
    assert shot.frames[0].color.tolist() == shot.frames[1].color.tolist()
    assert sorted(shot.frames[0].color) == [1, 2, 3]


def test_unknown_place_is_refused(tmp_path):
    with pytest.raises(InputError, match="is missing"):
        find_shots(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no data set that is known"):
        find_shots(tmp_path)
