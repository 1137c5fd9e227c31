"""Every picture format, as lines and as painted frames, in grey, RGB and RGBA, read-only."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ant_core.errors import InputError
from ant_core.formats.kra import reader as kra_reader
from ant_core.formats.pictures import picture_format
from ant_core.formats.sequence import SequenceReader
from tests.formats.kra_builder import Builder, Frame, Paint
from tests.formats.test_layered import ora, psd
from tests.formats.test_pictures import exr, tga, tiff
from tests.support.drawn import BOXES, SIZE, line_drawing, painting, save

CHANNELS = {"grey": 1, "rgb": 3, "rgba": 4}
FRAMES = (1, 2, 3)
# What JPEG of quality 90 may do to a flat colour away from edges (4:2:0 reaches 8 pixels far).
JPEG_NOISE = 12


def pack_png(image):
    return cv2.imencode(".png", _bgr(image))[1].tobytes()


def pack_jpeg(image):
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
    return cv2.imencode(".jpg", _bgr(image), quality)[1].tobytes()


def pack_tiff(image):
    more = {"extrasamples": ["unassalpha"]} if image.ndim == 3 and image.shape[2] == 4 else {}
    return tiff(image, photometric="minisblack" if image.ndim == 2 else "rgb", **more)


def pack_exr(image):
    planes = np.float32(image.reshape(*image.shape[:2], -1)) / 255
    names = {1: "Y", 3: "RGB", 4: "RGBA"}[planes.shape[2]]
    return exr({name: planes[:, :, i].copy() for i, name in enumerate(names)})


def _bgr(image):
    if image.ndim == 2:
        return image
    code = cv2.COLOR_RGB2BGR if image.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    return cv2.cvtColor(image, code)


PACKERS = {
    "png": pack_png,
    "tif": pack_tiff,
    "tga": tga,
    "exr": pack_exr,
    "jpg": pack_jpeg,
}
CASES = [
    (suffix, kind)
    for suffix in PACKERS
    for kind in CHANNELS
    if (suffix, kind) != ("jpg", "rgba")  # has no alpha
]
# Line layers of layered files have alpha.
LAYERED = {
    "ora": ora,
    "psd": lambda layers, size: psd([(n, p, 0, 0, True) for n, p, _ in layers], size),
}


@pytest.fixture(autouse=True)
def read_only(monkeypatch):
    """Let every picture be read into memory that must not be written, with every library."""
    for reader in (SequenceReader, kra_reader.LineReader, kra_reader.ColorReader):

        def read(self, frame, real=reader.read):
            image = real(self, frame).view()
            image.setflags(write=False)
            return image

        monkeypatch.setattr(reader, "read", read)


def lines_as(kind, step):
    grey = line_drawing(step)
    if kind == "grey":
        return grey
    rgb = np.repeat(grey[:, :, None], 3, axis=2)
    # A white layer with dark lines, as an export without transparency has it.
    return rgb if kind == "rgb" else np.dstack([rgb, np.full(SIZE, 255, np.uint8)])


def ink(step):
    return np.dstack([np.zeros((*SIZE, 3), np.uint8), 255 - line_drawing(step)])


def painted_as(kind, step):
    rgba = painting(step)
    return {"grey": rgba[:, :, 1], "rgb": rgba[:, :, :3], "rgba": rgba}[kind].copy()


def centre_values(image, step):
    places = [(y + h // 2, x + step + w // 2) for (x, y, w, h), _ in BOXES]
    return np.array([image[place] for place in [*places, (76, 90)]], np.float64).reshape(4, -1)


def put(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def coloured(out, frame):
    (path,) = out.glob(f"color/*{frame:04d}.*")
    data = path.read_bytes()
    return path, picture_format(path).decode(data, path.name)


@pytest.mark.parametrize(("suffix", "kind"), CASES)
def test_line_drawings_of_every_format_are_coloured(suffix, kind, tmp_path, cli):
    shot = tmp_path / "shot"
    for frame in FRAMES:
        put(shot / "line" / f"{frame:04d}.{suffix}", PACKERS[suffix](lines_as(kind, frame)))
    save(shot / "color" / "0001.png", painting(1))
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    assert "JPEG" not in done.err
    _, image = coloured(tmp_path / "out", 3)
    assert np.array_equal(centre_values(image, 3), centre_values(painting(3), 3))


@pytest.mark.parametrize(("suffix", "kind"), CASES)
def test_painted_frames_of_every_format_teach_their_colours(suffix, kind, tmp_path, cli):
    shot = tmp_path / "shot"
    for frame in FRAMES:
        save(shot / "line" / f"{frame:04d}.png", line_drawing(frame))
    put(shot / "color" / f"0001.{suffix}", PACKERS[suffix](painted_as(kind, 1)))
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    path, image = coloured(tmp_path / "out", 3)
    scale = 255 if suffix == "exr" else 1
    difference = np.abs(centre_values(image, 3) * scale - centre_values(painted_as(kind, 3), 3))
    if suffix == "jpg":
        assert path.suffix == ".png"  # JPEG again would add to the noise
        assert "painted frames saved as JPEG have noise in their colours" in done.err
        assert difference.max() <= JPEG_NOISE
    else:
        assert path.suffix == f".{suffix}"
        assert difference.max() < 1e-4
    assert image.reshape(*SIZE, -1).shape[2] == CHANNELS[kind]


@pytest.mark.parametrize("suffix", LAYERED)
def test_layered_files_serve_as_lines_and_as_colours(suffix, tmp_path, cli):
    shot = tmp_path / "shot"
    for frame in FRAMES:
        layers = [("Line", ink(frame), {}), ("Colours", painting(frame), {})]
        put(shot / "line" / f"{frame:04d}.{suffix}", LAYERED[suffix](layers, SIZE))
    put(shot / "color" / f"0001.{suffix}", (shot / "line" / f"0001.{suffix}").read_bytes())
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    _, image = coloured(tmp_path / "out", 3)
    assert np.array_equal(centre_values(image, 3), centre_values(painting(3), 3))


@pytest.mark.parametrize("space", ["GRAYA", "RGBA"])
def test_a_krita_document_in_grey_and_in_colour(space, tmp_path, cli):
    grey = space == "GRAYA"
    lines = {t: Frame(ink(t)[:, :, 2:] if grey else ink(t)) for t in FRAMES}
    painted = painting(1)
    first = Frame(painted[:, :, [1, 3]] if grey else painted)
    layers = [Paint("Line", lines, space=space), Paint("Color", {1: first}, space=space)]
    path = Builder(SIZE[1], SIZE[0]).write(tmp_path / "shot.kra", layers)
    done = cli("propagate", path, "--out", tmp_path / "out.kra")
    assert done.code == 0, done.err


# ---- JPEG itself


def test_jpeg_is_read_as_it_was_painted_but_for_its_noise():
    form, image = picture_format("A_0001.JPG"), painted_as("rgb", 1)
    data = pack_jpeg(image)
    info = form.check(data, "a.jpg")
    assert (info.height, info.width, info.channels, info.depth) == (*SIZE, 3, 8)
    assert form.lossy
    assert np.abs(centre_values(form.decode(data, ""), 1) - centre_values(image, 1)).max() <= 12


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 20, 100, 300, 600, -2])
def test_a_truncated_jpeg_is_one_sentence(cut):
    data = pack_jpeg(painted_as("rgb", 1))[:cut]
    for work in (picture_format("a.jpg").check, picture_format("a.jpg").decode):
        with pytest.raises(InputError, match=r"a\.jpg is no whole JPEG file"):
            work(data, "a.jpg")


def test_what_only_has_the_name_of_a_jpeg_is_one_sentence():
    with pytest.raises(InputError, match="no whole JPEG file"):
        picture_format("a.jpeg").check(pack_png(painted_as("rgb", 1)), "a.jpeg")


def test_a_preview_beside_a_frame_gives_way_and_is_named(tmp_path, cli):
    shot = tmp_path / "shot"
    for frame in FRAMES:
        save(shot / "line" / f"{frame:04d}.png", line_drawing(frame))
        put(shot / "line" / f"{frame:04d}.jpg", pack_jpeg(lines_as("rgb", 5)))
    save(shot / "color" / "0001.png", painting(1))
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    assert "left out because the frame is there without loss too: 0001.jpg, 0002.jpg" in done.err
    _, image = coloured(tmp_path / "out", 3)
    assert np.array_equal(centre_values(image, 3), centre_values(painting(3), 3))


# ---- what cannot be read


@pytest.mark.parametrize("name", ["0002.dpx", "A_0002.DPX", "0002.webp", "x.0002.cin", "2.tvpp"])
@pytest.mark.parametrize("folder", ["line", "color"])
def test_files_that_cannot_be_read_are_named(name, folder, tmp_path, cli):
    shot = tmp_path / "shot"
    save(shot / "line" / "0001.png", line_drawing(1))
    save(shot / "color" / "0001.png", painting(1))
    put(shot / folder / name, b"SDPX")
    put(shot / folder / "notes_0001.txt", b"no picture, no word about it")
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    assert f"left out because their format cannot be read: {name} in " in done.err
    assert "notes" not in done.err


@pytest.mark.parametrize("folder", ["line", "color"])
def test_where_nothing_can_be_read_the_error_names_what_is_there(folder, tmp_path, cli):
    shot = tmp_path / "shot"
    for other in {"line", "color"} - {folder}:
        save(shot / other / "0001.png", line_drawing(1))
    put(shot / folder / "0001.dpx", b"SDPX")
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 5
    assert "of no format that can be read: 0001.dpx" in done.err
