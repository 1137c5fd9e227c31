"""scripts/pixels.py as it is called."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from ant_core.training.pixels.config import PixelConfig
from ant_core.training.pixels.pictures import load_pictures
from ant_core.training.pixels.train import PixelRun

ROOT = Path(__file__).parents[3]


def pixels(*words, code=0):
    """Run the script; returns what it printed."""
    command = [sys.executable, ROOT / "scripts" / "pixels.py", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A network that was never trained, in a run's folder."""
    torch.manual_seed(0)
    run = PixelRun(PixelConfig(width=0.125, threads=1), tmp_path_factory.mktemp("runs") / "scft")
    run.save("best.pt")
    return run.folder / "best.pt"


def test_the_example_trains(clips, tmp_path):
    (tmp_path / "one.toml").write_text(
        pixels("train", "--example", "few_references").replace("width = 1.0", "width = 0.125")
        + "\n"
    )
    text = (tmp_path / "one.toml").read_text().replace("pairs = 0", "pairs = 4")
    (tmp_path / "one.toml").write_text(text)
    words = ("train", tmp_path / "one.toml", "--clips", clips, "--out", tmp_path / "run")
    assert "best validation" in pixels(*words)
    assert (tmp_path / "run" / "best.pt").exists()
    assert "--out" in pixels("train", tmp_path / "one.toml", code=2)
    missing = ("train", tmp_path / "none.toml", "--clips", clips, "--out", tmp_path / "run")
    assert "none.toml" in pixels(*missing, code=5)


def test_a_table_of_figures_and_a_sheet(checkpoint, clips, tmp_path):
    sheet = tmp_path / "sheet.png"
    table = pixels(
        "evaluate",
        checkpoint,
        "--clips",
        clips / "train",
        "--sheet",
        sheet,
        "--encoder",
        checkpoint,
    )
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 6, "plain ways, then the network"
    assert rows[-1].startswith("| scft/best.pt |")
    assert all(len(row.split("|")) == 11 for row in rows)
    assert cv2.imread(str(sheet)).shape == (3 * 96, 9 * 96, 3)
    assert "no clips" in pixels("evaluate", "--clips", tmp_path / "none", code=5)


def test_a_shot_is_painted_at_its_own_size(checkpoint, clips, tmp_path):
    clip = load_pictures(next((clips / "train").glob("*.npz")))
    lines, out = tmp_path / "lines", tmp_path / "out"
    lines.mkdir()
    for frame, line in enumerate(clip.line):
        large = cv2.resize(line, (288, 192), interpolation=cv2.INTER_LINEAR)
        cv2.imwrite(str(lines / f"{frame}.png"), large)
    painted = cv2.resize(clip.color[0, 0], (288, 192))[..., ::-1]
    cv2.imwrite(str(tmp_path / "0.png"), painted)
    given = ("--lines", lines, "--out", out, "--size", "64", "--painted")
    pixels("paint", checkpoint, *given, tmp_path / "0.png")
    names = sorted(path.name for path in out.iterdir())
    assert names == [f"{frame}.png" for frame in range(len(clip.line))]
    picture = cv2.imread(str(out / "1.png"))
    assert picture.shape == (192, 288, 3)
    assert np.ptp(picture) > 0
    cv2.imwrite(str(tmp_path / "9.png"), painted)
    assert "9.png" in pixels("paint", checkpoint, *given, tmp_path / "9.png", code=5)
    cv2.imwrite(str(tmp_path / "1.png"), painted[:50])
    assert "differ in size" in pixels("paint", checkpoint, *given, tmp_path / "1.png", code=5)
    (tmp_path / "2.png").write_bytes(b"none")
    assert "no picture" in pixels("paint", checkpoint, *given, tmp_path / "2.png", code=5)


def test_a_network_is_exported(checkpoint, tmp_path):
    pytest.importorskip("onnx", reason="exporting needs the train extra")
    said = pixels("export", checkpoint, tmp_path / "scft.onnx", "--size", "64")
    assert said.startswith("largest difference")
    assert (tmp_path / "scft.onnx").exists()


def test_a_table_of_experiments_is_trained_and_scored(clips, tmp_path):
    (clips / "validation").rename(clips / "test")
    (clips / "validation").symlink_to(clips / "train")
    options = "width = 0.125\npairs = 2\nbatch = 2\nthreads = 1\nvalidate_clips = 1\nworkers = 1\n"
    table = tmp_path / "table.toml"
    table.write_text(
        f'[few]\nnetwork = "few_references"\nshare = 0.5\ntune = 1\n{options}'
        f'[steady]\nnetwork = "temporal"\nafter = "few"\nshare = 0.5\n{options}frames = 4\n'
        f'[dots]\nnetwork = "spatial_attention"\n{options}'
    )
    out = tmp_path / "out"
    words = ("--clips", clips, "--out", out, "--minutes", 1, "--references", 1, 2, "--hints", 1, 5)
    pixels("ablate", table, *words, "--no-plain")
    results = json.loads((out / "results.json").read_text())
    found = {(row["way"], row["painted"], row["hints"]) for row in results["rows"]}
    names = {"few/best.pt", "few/best.pt, tuned", "steady/best.pt", "dots/best.pt"}
    assert {name for name, _, _ in found} == names
    assert {("few/best.pt, tuned", 3, 0), ("steady/best.pt", 2, 0), ("dots/best.pt", 1, 5)} <= found
    assert all("psnr" in row for row in results["rows"])
    assert all(lines[-1]["pairs"] == 2 for lines in results["runs"].values())
    assert (out / "steady.png").exists()
    assert "scored" not in pixels("ablate", table, *words, "--no-plain")  # as it was before
    said = pixels("ablate", table, *words[:-3], "--hints", 1, "--no-plain")
    assert said.count(" scored") == 3  # all but the tuned one, which is always of three frames
    table.write_text('[steady]\nnetwork = "temporal"\nafter = "few"\n')
    assert "above it" in pixels("ablate", table, *words, code=2)


def test_results_of_experiments_become_tables(tmp_path):
    def row(way, painted, hints, psnr):
        scores = {"psnr": psnr, "sc_psnr": psnr - 5, "ssim": 0.754, "warp_error": 20.04}
        return {"way": way, "painted": painted, "hints": hints, **scores}

    rows = [row("few/best.pt", 1, 0, 18.0), row("few/best.pt", 3, 0, 20.26)]
    rows += [row("few/best.pt, tuned", 3, 0, 21.0), row("dots/best.pt", 1, 20, 19.0)]
    runs = {
        "few": [
            {"pairs": 8, "seconds": 60, "validation": 17.3},
            {"pairs": 1234, "seconds": 5400, "validation": 16.9},
        ],
        "dots": [],
    }
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"rows": rows, "runs": runs}))
    tables = pixels("table", path).splitlines()
    assert "| way | 1 | 3 | SSIM | warp error |" in tables
    assert "| few | 18.0 / 13.0 | 20.3 / 15.3 | 0.75 | 20.0 |" in tables
    assert "| few, tuned |  | 21.0 / 16.0 | 0.75 | 20.0 |" in tables
    assert "| way | 20 | SSIM | warp error |" in tables
    assert tables[-1] == "| few | 1,234 | 1.50 | 17.3 |"
    path.write_text("[]")
    assert "results.json" in pixels("table", path, code=5)


def test_attention_is_drawn(checkpoint, clips, tmp_path):
    sheet = tmp_path / "attention.png"
    assert "same part" in pixels("attention", checkpoint, sheet, "--clips", clips / "train")
    assert cv2.imread(str(sheet)).shape == (3 * 96, 3 * 96, 3)


def test_drawn_frames_become_a_clip_that_can_be_scored(checkpoint, tmp_path):
    for frame in range(3):
        line, color = np.full((2, 90, 140, 3), 255, np.uint8)
        left = 20 + 10 * frame
        cv2.rectangle(line, (left, 20), (left + 50, 70), (0, 0, 0), 2)
        cv2.rectangle(color, (left, 20), (left + 50, 70), (40, 90, 200), -1)
        cv2.rectangle(color, (left + 20, 40), (left + 30, 50), (255, 255, 255), -1)  # a shirt
        cv2.imwrite(str(tmp_path / f"{frame}_line.png"), line)
        cv2.imwrite(str(tmp_path / f"{frame}_color.png"), color)
    lines, painted = (sorted(tmp_path.glob(f"*_{kind}.png")) for kind in ("line", "color"))
    path = tmp_path / "clips" / "box.npz"
    words = ("drawn", "--out", path, "--size", 64, "--lines", *lines, "--painted")
    pixels(*words, *painted)
    clip = load_pictures(path)
    assert clip.line.shape == (3, 64, 64)
    assert not clip.is_exact
    inside = clip.color[0, 1][clip.ids[1] > 0]
    assert np.all(inside == 255, axis=1).any(), "white inside of paint is painted"
    assert np.all(clip.color[0, 1][0, 0] == 255)
    assert clip.ids[1][0, 0] == 0
    table = pixels("evaluate", checkpoint, "--clips", path.parent, "--json", tmp_path / "f.json")
    ways = [line.split("|")[1] for line in table.splitlines() if line.startswith("|")][2:]
    assert len(ways) == 4, "those that know true parts are left out"
    found = json.loads((tmp_path / "f.json").read_text())
    assert {"psnr", "psnr_inside", "ssim"} <= found[-1].keys()
    assert not {"sc_psnr", "warp_error"} & found[-1].keys()
    assert "once in both" in pixels(*words, *painted[:2], code=5)
