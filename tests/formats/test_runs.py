"""Whole runs over sequences of every format: the outputs are in the format of the references."""

import numpy as np
import pytest

from ant_core.formats.pictures import picture_format
from tests.support.drawn import BOXES, line_drawing, painting, save

DEPTHS = {
    "tif": ["uint8", "uint16", "float32"],
    "tga": ["uint8"],
    "exr": ["float16", "float32"],
}
MODULES = {"tif": "tifffile", "tga": "PIL", "exr": "OpenEXR"}
CASES = [(suffix, dtype) for suffix, dtypes in DEPTHS.items() for dtype in dtypes]


def deep(image, dtype):
    """Bring 8 bits to another depth; floats leave [0, 1], as scene-linear colour does."""
    if np.dtype(dtype).kind == "f":
        return (image.astype(np.float64) / 255 * 1.7).astype(dtype)
    return image.astype(dtype) * np.dtype(dtype).type(257 if dtype == "uint16" else 1)


def put(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture_format(path).encode(pixels, b""))


def get(path):
    return picture_format(path).decode(path.read_bytes(), str(path))


@pytest.mark.parametrize(("suffix", "dtype"), CASES)
def test_lines_and_colours_of_one_format(tmp_path, suffix, dtype, cli):
    pytest.importorskip(MODULES[suffix], reason="needs the formats extra")
    shot = tmp_path / "shot"
    for step, frame in enumerate((101, 102, 104)):
        line = line_drawing(step)
        line = line.astype(np.float32) / 255 if suffix == "exr" else line
        put(shot / "line" / f"s_010.A.{frame:04d}.{suffix}", line)
    color = deep(painting(0), dtype)
    if color.dtype.kind == "f":
        color[:, :, 3] = 1
    put(shot / "color" / f"s_010.A.0101.{suffix}", color)
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    files = {path.name: path for path in (tmp_path / "out" / "color").iterdir()}
    assert sorted(files) == [f"s_010.A.{n:04d}.{suffix}" for n in (101, 102, 104)]
    assert files[f"s_010.A.0101.{suffix}"].read_bytes() == (
        (shot / "color" / f"s_010.A.0101.{suffix}").read_bytes()
    )
    image = get(files[f"s_010.A.0104.{suffix}"])
    assert image.dtype == dtype
    for (x, y, width, height), _ in BOXES:
        true = color[y + height // 2, x + width // 2]
        assert image[y + height // 2, x + 2 + width // 2].tobytes() == true.tobytes()
    again = cli("propagate", shot, "--out", tmp_path / "out")
    assert "kept from the last run: frames 101-102, 104" in again.err


def test_png_lines_with_tiff_colours(tmp_path, cli):
    pytest.importorskip("tifffile", reason="needs the formats extra")
    shot = tmp_path / "shot"
    for step in range(3):
        save(shot / "line" / f"A_{step + 1:03d}.png", line_drawing(step))
    put(shot / "color" / "A_001.tif", painting(0))
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    names = sorted(path.name for path in (tmp_path / "out" / "color").iterdir())
    assert names == ["A_001.tif", "A_002.tif", "A_003.tif"]


def test_painted_frames_of_two_formats_are_refused(tmp_path, cli):
    pytest.importorskip("tifffile", reason="needs the formats extra")
    shot = tmp_path / "shot"
    for step in range(3):
        save(shot / "line" / f"{step + 1:04d}.png", line_drawing(step))
    save(shot / "color" / "0001.png", painting(0))
    put(shot / "color" / "0002.tif", painting(1))
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 5
    assert "are of two formats" in done.err


def test_a_missing_library_is_one_sentence_on_the_command_line(tmp_path, cli, monkeypatch):
    import sys

    shot = tmp_path / "shot"
    for step in range(2):
        save(shot / "line" / f"{step + 1:04d}.png", line_drawing(step))
    (shot / "color").mkdir()
    (shot / "color" / "0001.exr").write_bytes(b"v/1\x01")
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 5
    assert done.err.count("\n") == 1
    assert 'pip install "ant-core[formats]"' in done.err
