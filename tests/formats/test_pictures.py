"""TIFF, TGA and OpenEXR pictures: read as other programs write them, written back exactly."""

import io
import sys

import numpy as np
import pytest

from ant_core.errors import InputError
from ant_core.formats.pictures import picture_format

rng = np.random.default_rng(0)


def random(dtype, *shape):
    if np.dtype(dtype).kind == "f":
        return rng.normal(0.4, 2, shape).astype(dtype)  # below 0 and above 1 too
    return rng.integers(0, np.iinfo(dtype).max + 1, shape, dtype)


def same(first, second):
    return first.dtype == second.dtype and first.tobytes() == second.tobytes()


def tiff(pixels, **options):
    tifffile = pytest.importorskip("tifffile", reason="needs the formats extra")
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **options)
    return buffer.getvalue()


def tga(pixels, mode=None, **options):
    image_module = pytest.importorskip("PIL.Image", reason="needs the formats extra")
    image = image_module.fromarray(pixels)
    buffer = io.BytesIO()
    (image.convert(mode) if mode else image).save(buffer, "TGA", **options)
    return buffer.getvalue()


def exr(channels, **header):
    openexr = pytest.importorskip("OpenEXR", reason="needs the formats extra")
    buffer = io.BytesIO()
    openexr.File({"type": openexr.scanlineimage} | header, channels).write(buffer)
    return buffer.getvalue()


# ---- TIFF


@pytest.mark.parametrize("compression", [None, "lzw", "adobe_deflate", "zstd"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16", "float32"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_tiff_comes_and_goes_exactly(compression, dtype, channels):
    form = picture_format("A.0001.tif")
    pixels = random(dtype, 40, 30, channels)
    if channels == 1:
        pixels = pixels[:, :, 0]
    options = {"photometric": "minisblack" if channels == 1 else "rgb", "compression": compression}
    if channels == 4:
        options["extrasamples"] = ["unassalpha"]
    data = tiff(pixels, **options)
    assert same(form.decode(data, ""), pixels)
    info = form.check(data, "")
    assert (info.height, info.width, info.channels) == (40, 30, channels)
    assert info.depth == pixels.dtype.itemsize * 8
    assert info.floating == (pixels.dtype.kind == "f")
    extras = form.extras(data, "")
    again = form.encode(pixels, extras)
    assert same(form.decode(again, ""), pixels)
    assert form.extras(again, "") == extras


def test_tiff_keeps_profile_resolution_and_kind_of_alpha():
    form = picture_format("a.tiff")
    pixels = random("uint8", 8, 9, 4)
    data = tiff(
        pixels,
        photometric="rgb",
        extrasamples=["assocalpha"],
        iccprofile=b"some profile, some bytes",
        resolution=(300, 300),
        resolutionunit="inch",
    )
    again = form.encode(pixels, form.extras(data, ""))
    assert b"some profile, some bytes" in again
    assert form.extras(again, "") == form.extras(data, "")
    assert b'"assocalpha"' in form.extras(again, "")


def test_tiff_of_one_profile_is_the_same_bytes_every_time():
    form = picture_format("a.tif")
    pixels = random("uint16", 8, 9, 3)
    assert form.encode(pixels, b"") == form.encode(pixels, b"")


def test_tiff_with_planes_one_after_the_other():
    pixels = random("uint8", 8, 9, 3)
    data = tiff(np.moveaxis(pixels, 2, 0), photometric="rgb", planarconfig="separate")
    assert same(picture_format("a.tif").decode(data, ""), pixels)


def test_tiff_whose_zero_is_white_is_turned_round():
    pixels = random("uint8", 8, 9)
    data = tiff(pixels, photometric="miniswhite")
    assert same(picture_format("a.tif").decode(data, ""), 255 - pixels)


def test_tiff_in_cmyk_has_alpha_here_and_none_in_the_file():
    form = picture_format("a.tif")
    ink = random("uint8", 8, 9, 4)
    data = tiff(ink, photometric="separated")
    pixels = form.decode(data, "")
    assert same(pixels, np.dstack([ink, np.full((8, 9), 255, np.uint8)]))
    assert form.check(data, "").channels == 5
    again = form.encode(pixels, form.extras(data, ""))
    assert same(form.decode(again, ""), pixels)
    assert form.extras(again, "") == form.extras(data, "")


def test_tiff_of_several_pages_is_refused():
    data = tiff(random("uint8", 3, 8, 9), photometric="minisblack")
    with pytest.raises(InputError, match="3 pages"):
        picture_format("a.tif").check(data, "a.tif")


# ---- TGA


@pytest.mark.parametrize("compression", [None, "tga_rle"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_tga_comes_and_goes_exactly(compression, channels):
    form = picture_format("A_0001.TGA")
    pixels = random("uint8", 20, 30, channels)
    if channels == 1:
        pixels = pixels[:, :, 0]
    data = tga(pixels, **({"compression": compression} if compression else {}))
    assert same(form.decode(data, ""), pixels)
    assert form.check(data, "").channels == channels
    again = form.encode(pixels, form.extras(data, ""))
    assert same(form.decode(again, ""), pixels)
    assert form.extras(again, "") == form.extras(data, "")
    assert again == data


@pytest.mark.parametrize(("kind", "channels"), [("rgb", 5), ("minisblack", 3), ("minisblack", 4)])
def test_tiff_with_channels_beside_colour_and_alpha_is_refused(kind, channels):
    """Five would be taken for CMYK and alpha, three greys for red, green and blue."""
    extra = ["unspecified"] * (channels - (3 if kind == "rgb" else 1))
    data = tiff(
        random("u1", 8, 9, channels), photometric=kind, extrasamples=extra, planarconfig="contig"
    )
    with pytest.raises(InputError, match=f"a.tif holds {channels} channels of uint8 as {kind}"):
        picture_format("a.tif").check(data, "a.tif")


def test_tga_whose_alpha_is_never_used_is_opaque():
    pixels = random("uint8", 5, 6, 4)
    pixels[:, :, 3] = 0
    assert same(picture_format("a.tga").decode(tga(pixels), ""), pixels[:, :, :3].copy())


def test_tga_with_a_palette_is_looked_up():
    pixels = np.zeros((6, 6, 3), np.uint8)
    pixels[:3] = (255, 0, 51)
    found = picture_format("a.tga").decode(tga(pixels, mode="P"), "")
    assert same(found, pixels)


# ---- OpenEXR


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("names", ["RGBA", "RGB", "Y", "YA"])
def test_exr_comes_and_goes_exactly(dtype, names):
    form = picture_format("shot_010.A.0001.exr")
    pixels = random(dtype, 12, 17, len(names))
    pixels[0, 0] = np.inf
    data = exr({name: pixels[:, :, i].copy() for i, name in enumerate(names)})
    if len(names) == 1:
        pixels = pixels[:, :, 0]
    assert same(form.decode(data, ""), pixels)
    info = form.check(data, "")
    assert info.floating
    assert info.channels == len(names)
    again = form.encode(pixels, form.extras(data, ""))
    assert same(form.decode(again, ""), pixels)
    assert form.extras(again, "") == form.extras(data, "")


def test_exr_is_read_in_its_display_window():
    pixels = random("float32", 4, 5, 3)
    windows = {
        "dataWindow": ((2, 1), (6, 4)),
        "displayWindow": ((0, 0), (5, 5)),
    }
    header = {name: tuple(np.array(v, np.int32) for v in w) for name, w in windows.items()}
    data = exr({name: pixels[:, :, i].copy() for i, name in enumerate("RGB")}, **header)
    found = picture_format("a.exr").decode(data, "")
    wanted = np.zeros((6, 6, 3), np.float32)
    wanted[1:5, 2:6] = pixels[:, :4]
    assert same(found, wanted)


def test_exr_packed_with_loss_is_written_without():
    openexr = pytest.importorskip("OpenEXR", reason="needs the formats extra")
    form = picture_format("a.exr")
    pixels = random("float32", 32, 32, 3)
    data = exr(
        {name: pixels[:, :, i].copy() for i, name in enumerate("RGB")},
        compression=openexr.PXR24_COMPRESSION,
    )
    assert same(form.decode(form.encode(pixels, form.extras(data, "")), ""), pixels)


def test_exr_without_colour_channels_is_refused():
    data = exr({"Z": random("float32", 4, 4)})
    with pytest.raises(InputError, match="has the channels Z"):
        picture_format("a.exr").check(data, "a.exr")


# ---- damage, and what is missing


@pytest.mark.parametrize("suffix", ["tif", "tga", "exr"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.98])
def test_a_file_cut_off_is_an_input_error(suffix, share, capfd):
    pixels = random("uint8", 40, 50, 3)
    make = {
        "tif": lambda: tiff(pixels, photometric="rgb"),
        "tga": lambda: tga(pixels),
        "exr": lambda: exr({name: random("float32", 40, 50) for name in "RGB"}),
    }
    data = make[suffix]()
    cut = data[: int(len(data) * share)]
    form = picture_format(f"a.{suffix}")
    with pytest.raises(InputError, match=f"a.{suffix} is no whole"):
        form.check(cut, f"a.{suffix}")
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("suffix", ["tif", "tga", "exr", "psd", "ora"])
def test_noise_is_an_input_error(suffix):
    for module in ("tifffile", "PIL", "OpenEXR", "psd_tools"):
        pytest.importorskip(module, reason="needs the formats extra")
    form = picture_format(f"a.{suffix}")
    for seed in range(20):
        noise = np.random.default_rng(seed).bytes(500)
        with pytest.raises(InputError):
            form.check(noise, f"a.{suffix}")


@pytest.mark.parametrize(
    ("suffix", "module"),
    [("tif", "tifffile"), ("tga", "PIL.TgaImagePlugin"), ("exr", "OpenEXR"), ("psd", "psd_tools")],
)
def test_a_missing_library_is_one_sentence(suffix, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=r'pip install "ant-core\[formats\]"'):
        picture_format(f"a.{suffix}").check(b"8BPS", f"a.{suffix}")


def test_an_unknown_format_is_one_sentence():
    with pytest.raises(InputError, match=r"a\.dpx is of no format that can be read"):
        picture_format("a.dpx")
