"""A whole run, with the fake matcher: what is written, and what is said about it."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from ant_core.errors import Cancelled, InputError, OutputError
from ant_core.formats import SequenceReader, WholeFiles
from ant_core.formats.sequence import SequenceWriter
from ant_core.matching.fills import STATES
from ant_core.matching.sources import SheetId
from ant_core.output.folder import OutputFolder
from ant_core.propagation.run import Propagation, Settings
from ant_core.shot.hints import HintSet
from ant_core.shot.shot import load_shot
from tests.support.drawn import BOXES, GROUND, line_drawing, load, make_shot, painting, save
from tests.support.fakes import FakeMatcher


def prepared(shot_folder, out, *, settings=None, hints=None, matcher=None, **options):
    lines, colors = SequenceReader(shot_folder / "line"), SequenceReader(shot_folder / "color")
    output = OutputFolder(out, lines, colors, colors.frames, WholeFiles())
    output.survey(lines.frames, colors.frames, [], overwrite=False)
    output.prepare()
    return Propagation(
        load_shot(lines, colors),
        output,
        matcher or FakeMatcher(),
        settings or Settings(),
        hints or HintSet(),
        **options,
    )


def run(shot_folder, out, **options):
    return prepared(shot_folder, out, **options).run()


def test_a_second_run_tells_its_own_error(tmp_path, monkeypatch):
    def break_off():
        raise InputError("its own")

    propagation = prepared(make_shot(tmp_path / "shot", frames=[1, 2]), tmp_path / "out")
    propagation.run()
    monkeypatch.setattr(propagation, "_check_rules", break_off)
    with pytest.raises(InputError, match="its own"):
        propagation.run()
    with pytest.raises(RuntimeError, match="the run is over"):
        propagation._drawings.encode_sheet(SheetId(0))


def test_a_drawing_that_cannot_be_packed_is_the_one_that_is_blamed(tmp_path, monkeypatch):
    make_shot(tmp_path, frames=range(1, 8), painted=[1])
    encode, calls = SequenceWriter.encode, []

    def fail_second(self, pixels):
        calls.append(pixels)
        if len(calls) == 2:
            raise MemoryError
        return encode(self, pixels)

    monkeypatch.setattr(SequenceWriter, "encode", fail_second)
    with pytest.raises(OutputError, match=r"frame 3 could not be packed as PNG \(out of memory\)"):
        run(tmp_path, tmp_path / "out")


def same_fills(painted, true):
    """Compare inside the boxes and on the ground, 3 px away from any line."""
    probes = [(x + w // 2, y + h // 2) for (x, y, w, h), _ in BOXES] + [(3, 3)]
    return all((painted[y, x] == true[y, x]).all() for x, y in probes)


def test_every_frame_is_painted_with_the_exact_colours(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=range(10, 17), painted=[12])
    result = run(shot, tmp_path / "out")
    assert sorted(result.results) == list(range(10, 17))
    allowed = {GROUND, *(color for _, color in BOXES)}
    for frame in range(10, 17):
        image = load(tmp_path / "out" / "color" / f"{frame:04d}.png")
        assert {tuple(c) for c in image.reshape(-1, 4).tolist()} <= allowed
        assert same_fills(image, painting(frame - 10))


def test_references_are_copied_byte_for_byte(tmp_path):
    shot = make_shot(tmp_path / "shot", painted=[1, 5])
    run(shot, tmp_path / "out")
    for name in ("0001.png", "0005.png"):
        source = (shot / "color" / name).read_bytes()
        assert (tmp_path / "out" / "color" / name).read_bytes() == source


def test_a_shot_that_is_painted_throughout_is_copied(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1, 2])
    result = run(shot, tmp_path / "out")
    assert [result.results[frame].role for frame in (1, 2)] == ["reference", "reference"]
    for name in ("0001.png", "0002.png"):
        painted = (tmp_path / "out" / "color" / name).read_bytes()
        assert painted == (shot / "color" / name).read_bytes()


def test_a_frame_that_shows_the_painted_drawing_gets_the_painting_itself(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1])
    save(shot / "line" / "0009.png", line_drawing(0))
    result = run(shot, tmp_path / "out")
    out = tmp_path / "out" / "color"
    assert (out / "0009.png").read_bytes() == (out / "0001.png").read_bytes()
    assert result.results[9].role == "held_reference"


def test_held_frames_are_computed_once(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1])
    for frame in (3, 4, 5):
        save(shot / "line" / f"{frame:04d}.png", line_drawing(1))
    matcher = FakeMatcher()
    result = run(shot, tmp_path / "out", matcher=matcher)
    assert len(matcher.matches) == 1
    assert {result.results[f].drawing_frame for f in (2, 3, 4, 5)} == {2}
    names = [tmp_path / "out" / "color" / f"{f:04d}.png" for f in (2, 3, 4, 5)]
    assert len({name.read_bytes() for name in names}) == 1


def test_held_frames_packed_differently_are_computed_once_too(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1])
    rgb = np.repeat(line_drawing(1)[:, :, None], 3, axis=2)
    save(shot / "line" / "0003.png", rgb)
    save(shot / "line" / "0004.png", line_drawing(1))
    data = (shot / "line" / "0004.png").read_bytes()
    import cv2

    packed = cv2.imencode(".png", line_drawing(1), [cv2.IMWRITE_PNG_COMPRESSION, 0])[1].tobytes()
    assert packed != data
    (shot / "line" / "0004.png").write_bytes(packed)
    matcher = FakeMatcher()
    run(shot, tmp_path / "out", matcher=matcher)
    assert len(matcher.matches) == 2  # frames 2 and 4 share one; 3 has other pixels (RGB)


def test_a_drawing_is_encoded_once_however_many_use_it(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=range(1, 9), painted=[1, 8])
    matcher = FakeMatcher()
    run(shot, tmp_path / "out", matcher=matcher)
    assert matcher.encoded == 8


def test_painting_a_frame_with_its_own_colours_is_the_identity(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=[1], painted=[1])
    # The same drawing a hair different, so that it is matched and not copied.
    image = line_drawing(0)
    image[0, 0] = 254
    save(shot / "line" / "0002.png", image)
    result = run(shot, tmp_path / "out")
    first, second = result.results[1].fills, result.results[2].fills
    assert first.color.tolist() == second.color.tolist()
    assert second.source_segment.tolist() == list(range(1, first.count + 1))


def test_a_segment_like_none_painted_is_left_bare_and_flagged(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1])
    extra = (*BOXES, ((70, 60, 16, 12), (1, 2, 3, 255)))
    save(shot / "line" / "0002.png", line_drawing(1, extra))
    result = run(shot, tmp_path / "out").results[2]
    states = [STATES[state] for state in result.fills.state.tolist()]
    assert states.count("no_counterpart") == 1
    image = load(tmp_path / "out" / "color" / "0002.png")
    assert image[66, 79].tolist() == [0, 0, 0, 0]


def test_the_same_run_twice_gives_the_same_bytes(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=range(1, 9), painted=[1, 8])
    for out in ("a", "b"):
        run(shot, tmp_path / out)
    for file in sorted((tmp_path / "a" / "color").iterdir()):
        assert file.read_bytes() == (tmp_path / "b" / "color" / file.name).read_bytes()


def test_sources_of_every_frame_are_recorded(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=range(1, 6), painted=[1])
    result = run(shot, tmp_path / "out").results[3]
    assert [(s.frame, s.kind, s.offset) for s in result.sources] == [
        (1, "painted", 2),
        (2, "predicted", 1),
    ]


def test_too_many_pairs_leave_out_the_farthest_references(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=range(1, 8), painted=[1, 2, 7])
    matcher = FakeMatcher()
    # 4 segments a drawing: room for two references only.
    run(shot, tmp_path / "out", matcher=matcher, settings=Settings(max_pairs=2 * 16))
    assert max(len(offsets) for offsets in matcher.matches) == 2
    assert [1, 2] in matcher.matches


def test_a_drawing_too_large_for_one_match_is_matched_in_tiles(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=range(1, 6), painted=[1])
    whole, tiled = FakeMatcher(), FakeMatcher()
    plain = run(shot, tmp_path / "a", matcher=whole)
    result = run(shot, tmp_path / "b", matcher=tiled, settings=Settings(max_pairs=8))
    assert len(tiled.matches) > len(whole.matches)
    for frame, expected in plain.results.items():
        fills = result.results[frame].fills
        assert fills.color.tolist() == expected.fills.color.tolist()
        assert fills.source_segment.tolist() == expected.fills.source_segment.tolist()


def within(seconds, holds):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_cancelled_run_goes_on_where_it_was(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=range(1, 9), painted=[1])
    ledger = tmp_path / "out" / ".ant_core" / "ledger.jsonl"
    cancel = threading.Event()
    seen = []

    def stop_after_four(progress):
        seen.append(progress.result.frame)
        if len(seen) == 4:
            # Told before they are written, which a busy machine may be late with.
            name = f"{seen[2]:04d}.png"
            within(30, lambda: ledger.exists() and name in ledger.read_text("utf-8"))
            cancel.set()

    with pytest.raises(Cancelled, match="stopped after 4 of 8 frames"):
        run(shot, tmp_path / "out", cancel=cancel, notify=stop_after_four)
    written = {path.name for path in (tmp_path / "out" / "color").iterdir()}
    assert written <= {f"{frame:04d}.png" for frame in seen}
    matcher = FakeMatcher()
    result = run(shot, tmp_path / "out", matcher=matcher)
    kept = [frame for frame, r in result.results.items() if not r.recomputed]
    assert set(kept) >= set(seen[:3])
    assert len(matcher.matches) <= 5
    run(shot, tmp_path / "fresh")
    for file in (tmp_path / "fresh" / "color").iterdir():
        assert file.read_bytes() == (tmp_path / "out" / "color" / file.name).read_bytes()


def test_one_drawing_that_cannot_be_worked_on_does_not_stop_the_others(tmp_path, monkeypatch):
    shot = make_shot(tmp_path / "shot", frames=range(1, 5), painted=[1])
    from ant_core.propagation import drawings

    real = drawings.analyze

    def fails_on_frame_3(image, *rest, **options):
        if np.array_equal(image, line_drawing(2)):
            raise ValueError("this drawing is cursed: draw it again")
        return real(image, *rest, **options)

    monkeypatch.setattr(drawings, "analyze", fails_on_frame_3)
    result = run(shot, tmp_path / "out")
    failed = result.results[3]
    assert failed.role == "failed"
    assert "cursed" in failed.error
    assert not (tmp_path / "out" / "color" / "0003.png").exists()
    assert same_fills(load(tmp_path / "out" / "color" / "0004.png"), painting(3))
    assert [s.frame for s in result.results[4].sources] == [1]
    monkeypatch.setattr(drawings, "analyze", real)
    again = run(shot, tmp_path / "out")
    assert again.results[3].role == "predicted"


def test_the_feature_cache_may_be_small(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=range(1, 30), painted=range(1, 30, 2))
    small = replace(Settings(), cached_segments=1)
    run(shot, tmp_path / "a", settings=small)
    run(shot, tmp_path / "b")
    for file in (tmp_path / "a" / "color").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / "color" / file.name).read_bytes()
