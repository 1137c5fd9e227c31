"""Small pictures of every format, for attacks on their readers."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from typing import Any

import numpy as np

__all__ = [
    "SIZE", "as_json", "encoded", "exr_files", "jpeg_files", "ora", "ora_files", "painting",
    "png_chunk", "png_files", "psd_files", "tga_files", "tiff_files",
]  # fmt: skip

SIZE = (24, 40)


def as_json(document: Any) -> bytes:
    """Return a document as a file."""
    return json.dumps(document).encode()


def painting(channels: int, dtype: str = "u1") -> np.ndarray:
    """Return a small picture of two flat colours."""
    full = 1 if dtype.startswith("f") else np.iinfo(dtype).max
    image = np.zeros((*SIZE, channels), dtype)
    image[4:20, 3:30] = full
    image[8:12, 6:18, : min(3, channels)] = full // 3 if full > 1 else 0.5
    return image if channels > 1 else image[:, :, 0]


def encoded(suffix: str, *shapes: tuple[int, str]) -> list[bytes]:
    """Return it as files of a format, by channels and kind of number."""
    from ant_core.formats.pictures import picture_format

    form = picture_format(f"x{suffix}")
    return [form.encode(painting(*shape), b"") for shape in shapes]


def png_files() -> list[bytes]:
    """Return small files of this format."""
    import cv2

    from ant_core.formats.png import encode_png

    grey = cv2.imencode(".png", painting(1), [cv2.IMWRITE_PNG_BILEVEL, 1])[1].tobytes()
    return [*encoded(".png", (1, "u1"), (3, "u1"), (4, "u1"), (4, "u2")), grey, _palette_png(),
            encode_png(painting(1), png_chunk(b"tRNS", b"\0\0"))]  # fmt: skip


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """Return a part of a PNG, with its length and sum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _palette_png() -> bytes:
    head = struct.pack(">IIBBBBB", 8, 4, 8, 3, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + bytes([0, 1, 2, 0, 1, 2, 0, 1]) for _ in range(4)))
    return b"\x89PNG\r\n\x1a\n" + b"".join((
        png_chunk(b"IHDR", head), png_chunk(b"PLTE", bytes(range(9))),
        png_chunk(b"tRNS", b"\0\xff"), png_chunk(b"IDAT", rows), png_chunk(b"IEND", b""),
    ))  # fmt: skip


def jpeg_files() -> list[bytes]:
    """Return small files of this format."""
    import cv2

    plain = cv2.imencode(".jpg", painting(3))[1].tobytes()
    return [
        plain,
        cv2.imencode(".jpg", painting(1))[1].tobytes(),
        cv2.imencode(".jpg", painting(3), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes(),
    ]


def tiff_files() -> list[bytes]:
    """Return small files of this format."""
    import tifffile

    plain = encoded(".tif", (1, "u1"), (3, "u1"), (4, "u2"), (4, "f4"), (2, "f2"))
    more = []
    for compression in ("none", "lzw", "packbits", "zstd"):
        out = io.BytesIO()
        how = None if compression == "none" else compression
        tifffile.imwrite(out, painting(3), compression=how, photometric="rgb", tile=(16, 16))
        more.append(out.getvalue())
    out = io.BytesIO()
    tifffile.imwrite(out, painting(4), photometric="separated", resolution=((300, 1), (300, 1)))
    palette = io.BytesIO()
    table = np.arange(3 * 256, dtype=np.uint16).reshape(3, 256)
    tifffile.imwrite(palette, painting(1), photometric="palette", colormap=table)
    return [*plain, *more, out.getvalue(), palette.getvalue()]


def tga_files() -> list[bytes]:
    """Return small files of this format."""
    from PIL import Image

    from ant_core.formats.pictures import picture_format

    form = picture_format("x.tga")
    out = io.BytesIO()
    Image.fromarray(painting(1)).convert("P").save(out, "TGA")
    return [*encoded(".tga", (1, "u1"), (3, "u1"), (4, "u1")), form.encode(painting(4), b"rle"),
            out.getvalue()]  # fmt: skip


def exr_files() -> list[bytes]:
    """Return small files of this format."""
    import OpenEXR

    plain = encoded(".exr", (4, "f2"), (3, "f4"), (1, "f2"))
    channels = {
        "ink.R": painting(1, "f2"),
        "ink.G": painting(1, "f2"),
        "ink.B": painting(1, "f2"),
    }
    more = []
    for kind in (OpenEXR.NO_COMPRESSION, OpenEXR.RLE_COMPRESSION, OpenEXR.PIZ_COMPRESSION):
        out = io.BytesIO()
        OpenEXR.File({"compression": kind, "type": OpenEXR.scanlineimage}, channels).write(out)
        more.append(out.getvalue())
    return plain + more


def ora(size: tuple[int, int], rows: str, pictures: dict[str, bytes]) -> bytes:
    """Pack an OpenRaster file from the text of its rows."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr(
            "stack.xml", f'<image w="{size[1]}" h="{size[0]}"><stack>{rows}</stack></image>'
        )
        for name, data in pictures.items():
            archive.writestr(name, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def ora_files() -> list[bytes]:
    """Return small files of this format."""
    (picture,) = encoded(".png", (4, "u1"))
    row = '<layer name="{}" src="data/0.png" x="{}" y="2" opacity="0.5"/>'
    rows = f'<stack name="G" x="1">{row.format("Line", 0)}</stack>{row.format("Paint", -3)}'
    return [ora(SIZE, rows, {"data/0.png": picture})]


def psd_files() -> list[bytes]:
    """Return small files of this format."""
    import psd_tools

    out = []
    for depth in (8, 16):
        document = psd_tools.PSDImage.new("RGB", SIZE[::-1], depth=depth)
        for name in ("Line", "Paint"):
            document.create_pixel_layer_from_array(painting(4), name=name, left=2, top=3)
        buffer = io.BytesIO()
        document.save(buffer)
        out.append(buffer.getvalue())
    return out
