"""Layered references: line layers told from colour layers, values exact."""

import io
import zipfile
from xml.sax.saxutils import quoteattr

import cv2
import numpy as np
import pytest

from ant_core.errors import InputError
from ant_core.formats.layered import read_layered
from ant_core.formats.png import decode_png, encode_png
from tests.support.drawn import BOXES, line_drawing, load, painting, save

RED, BLUE, CLEAR, INK = (200, 10, 20, 255), (5, 60, 250, 255), (0, 0, 0, 0), (0, 0, 0, 255)


def flat(color, size=(20, 30), dtype=np.uint8):
    image = np.zeros((*size, 4), dtype)
    image[:] = color
    return image


def ora(entries, size=(20, 30)):
    """Pack layers, the highest first: name, pixels or a list of layers, attributes."""
    pictures = {}

    def write(items):
        text = ""
        for name, content, attributes in items:
            more = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items())
            if isinstance(content, list):
                text += f"<stack name={quoteattr(name)}{more}>{write(content)}</stack>"
            else:
                source = f"data/{len(pictures)}.png"
                pictures[source] = encode_png(content)
                text += f"<layer name={quoteattr(name)} src={quoteattr(source)}{more}/>"
        return text

    stack = f'<image w="{size[1]}" h="{size[0]}"><stack>{write(entries)}</stack></image>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr("stack.xml", stack)
        for name, data in pictures.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def psd(entries, size=(20, 30), depth=8):
    """Pack layers, the highest first, with psd-tools: name, pixels, x, y, visible."""
    psd_tools = pytest.importorskip("psd_tools", reason="needs the formats extra")
    document = psd_tools.PSDImage.new("RGB", (size[1], size[0]), depth=depth)
    for name, pixels, x, y, visible in reversed(entries):
        layer = document.create_pixel_layer_from_array(pixels, name=name, left=x, top=y)
        layer.visible = visible
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


# ---- OpenRaster


def test_layers_called_line_are_line_art():
    ink = flat(CLEAR)
    ink[5] = INK
    found = read_layered(ora([("Line art", ink, {}), ("Flats", flat(RED), {})]), "")
    assert np.array_equal(found.line, ink)
    assert np.array_equal(found.colors, flat(RED))


def test_a_group_called_ink_makes_all_its_layers_line_art():
    ink = flat(CLEAR)
    ink[5] = INK
    found = read_layered(ora([("INK", [("hair", ink, {})], {}), ("fill", flat(RED), {})]), "")
    assert np.array_equal(found.line, ink)


def test_without_a_name_all_is_colour():
    assert read_layered(ora([("a", flat(RED), {})]), "").line is None


def test_hidden_layers_do_not_count():
    hidden = {"visibility": "hidden"}
    found = read_layered(
        ora([("line", flat(INK), hidden), ("new", flat(BLUE), hidden), ("old", flat(RED), {})]), ""
    )
    assert found.line is None
    assert np.array_equal(found.colors, flat(RED))


def test_layers_lie_where_their_offsets_say_and_are_cut_at_the_border():
    small = flat(BLUE, (10, 10))
    found = read_layered(ora([("s", small, {"x": 25, "y": -4}), ("b", flat(RED), {})]), "")
    wanted = flat(RED)
    wanted[:6, 25:] = BLUE
    assert np.array_equal(found.colors, wanted)


def test_sixteen_bits_come_exactly():
    deep = flat((12345, 1, 65535, 65535), dtype=np.uint16)
    found = read_layered(ora([("paint", deep, {})]), "")
    assert found.colors.dtype == np.uint16
    assert np.array_equal(found.colors, deep)


def test_half_covered_pixels_are_mixed():
    half = flat((0, 0, 0, 255))
    found = read_layered(
        ora([("t", half, {"opacity": 0.5}), ("b", flat((200, 0, 0, 255)), {})]), ""
    )
    assert found.colors[0, 0].tolist() == [100, 0, 0, 255]


def test_a_colour_layer_that_multiplies_is_refused():
    data = ora([("shade", flat(RED), {"composite-op": "svg:multiply"}), ("b", flat(RED), {})])
    with pytest.raises(InputError, match="'shade' is blended as 'svg:multiply'"):
        read_layered(data, "a.ora")


def test_a_line_layer_may_multiply():
    data = ora([("line", flat(INK), {"composite-op": "svg:multiply"}), ("b", flat(RED), {})])
    assert np.array_equal(read_layered(data, "").line, flat(INK))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_file_cut_off_is_an_input_error(share):
    data = ora([("a", flat(RED), {})])
    with pytest.raises(InputError, match="no whole OpenRaster"):
        read_layered(data[: int(len(data) * share)], "a.ora")


# ---- Photoshop


def test_photoshop_layers_are_told_by_name_too():
    ink = flat(CLEAR)
    ink[5] = INK
    entries = [
        ("Lineart", ink, 0, 0, True),
        ("hidden", flat(BLUE), 0, 0, False),
        ("spot", flat(BLUE, (4, 4)), 2, 3, True),
        ("colour", flat(RED), 0, 0, True),
    ]
    found = read_layered(psd(entries), "")
    wanted = flat(RED)
    wanted[3:7, 2:6] = BLUE
    assert np.array_equal(found.colors, wanted)
    assert np.array_equal(found.line[5], ink[5])
    assert not found.line[6:, :, 3].any()


def test_photoshop_files_of_sixteen_bits_come_exactly():
    deep = flat((12345, 1, 65534, 65535), dtype=np.uint16)
    found = read_layered(psd([("paint", deep, 0, 0, True)], depth=16), "")
    assert found.colors.dtype == np.uint16
    assert np.array_equal(found.colors, deep)


def test_a_photoshop_mask_hides_what_it_hides():
    psd_tools = pytest.importorskip("psd_tools", reason="needs the formats extra")
    from PIL import Image

    document = psd_tools.PSDImage.new("RGB", (30, 20))
    seen = flat(RED)
    seen[:8, :, 3] = 0  # psd-tools keeps the alpha of such a picture as the mask of the layer
    layer = document.create_pixel_layer(Image.fromarray(seen), name="paint")
    assert layer.has_mask()
    buffer = io.BytesIO()
    document.save(buffer)
    assert np.array_equal(read_layered(buffer.getvalue(), "").colors[:, :, 3], seen[:, :, 3])


def test_a_photoshop_layer_that_multiplies_is_refused():
    psd_tools = pytest.importorskip("psd_tools", reason="needs the formats extra")
    from PIL import Image
    from psd_tools.constants import BlendMode

    document = psd_tools.PSDImage.new("RGB", (30, 20))
    layer = document.create_pixel_layer(Image.fromarray(flat(RED)), name="shade")
    layer.blend_mode = BlendMode.MULTIPLY
    buffer = io.BytesIO()
    document.save(buffer)
    with pytest.raises(InputError, match="'shade' is blended"):
        read_layered(buffer.getvalue(), "a.psd")


# ---- in a run


@pytest.mark.parametrize("suffix", ["ora", "psd"])
def test_a_layered_reference_colours_a_shot(tmp_path, suffix, cli):
    shot = tmp_path / "shot"
    for frame in (1, 2, 3):
        save(shot / "line" / f"{frame:04d}.png", line_drawing(frame - 1))
    ink = np.zeros((80, 96, 4), np.uint8)
    ink[:, :, 3] = 255 - line_drawing(0)
    pack = {
        "ora": lambda: ora([("Line", ink, {}), ("Color", painting(0), {})], (80, 96)),
        "psd": lambda: psd(
            [("Line", ink, 0, 0, True), ("Color", painting(0), 0, 0, True)], (80, 96)
        ),
    }
    (shot / "color").mkdir()
    (shot / "color" / f"0001.{suffix}").write_bytes(pack[suffix]())
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    files = sorted(path.name for path in (tmp_path / "out" / "color").iterdir())
    assert files == ["0001.png", "0002.png", "0003.png"]
    assert np.array_equal(load(tmp_path / "out" / "color" / "0001.png"), painting(0))
    image = load(tmp_path / "out" / "color" / "0003.png")
    for (x, y, width, height), color in BOXES:
        assert image[y + height // 2, x + 2 + width // 2].tolist() == list(color)


def test_a_layered_model_sheet_needs_no_telling_apart(tmp_path):
    from ant_core.color.pixels import PixelFormat
    from ant_core.shot.model_sheet import open_model_sheets

    ink = np.zeros((80, 96, 4), np.uint8)
    ink[:, :, 3] = 255 - line_drawing(0)
    path = tmp_path / "sheet.ora"
    path.write_bytes(ora([("Line", ink, {}), ("Color", painting(0), {})], (80, 96)))
    (view,) = open_model_sheets([path])[0].views(PixelFormat(8, 4))
    assert np.array_equal(view.line, ink)
    assert np.array_equal(view.colors, painting(0))


def test_line_layers_serve_as_line_drawings(tmp_path, cli):
    ink = np.zeros((80, 96, 4), np.uint8)
    ink[:, :, 3] = 255 - line_drawing(0)
    path = tmp_path / "A_0001.ora"
    path.write_bytes(ora([("Line", ink, {}), ("Color", painting(0), {})], (80, 96)))
    done = cli("segment", path, "--out", tmp_path / "labels.png")
    assert done.code == 0, done.err
    labels = decode_png((tmp_path / "labels.png").read_bytes(), "")
    assert labels.max() == 4
    assert cv2.connectedComponents((labels == 0).astype(np.uint8))[0] == 4
