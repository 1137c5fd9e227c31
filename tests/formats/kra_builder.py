"""Small Krita documents, put together by hand: nothing here is shared with the code under test."""

from __future__ import annotations

import struct
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

TILE = 64
# colorspacename: dtype, channels, and where Krita stores each logical channel
SPACES = {
    "RGBA": ("u1", (2, 1, 0, 3)),
    "RGBA16": ("u2", (2, 1, 0, 3)),
    "RGBAF16": ("f2", (0, 1, 2, 3)),
    "RGBAF32": ("f4", (0, 1, 2, 3)),
    "GRAYA": ("u1", (0, 1)),
    "GRAYAU16": ("u2", (0, 1)),
    "GRAYAF32": ("f4", (0, 1)),
    "CMYK": ("u1", (0, 1, 2, 3, 4)),
    "CMYKAU16": ("u2", (0, 1, 2, 3, 4)),
    "CMYKAF32": ("f4", (0, 1, 2, 3, 4)),
}


def literals(data: bytes) -> bytes:
    """Pack bytes by LZF, plainly: nothing but literals."""
    parts = [data[i : i + 32] for i in range(0, len(data), 32)]
    return b"".join(bytes([len(part) - 1]) + part for part in parts)


def stored(image: np.ndarray, space: str) -> np.ndarray:
    """Return (H, W, P) uint8: pixels as Krita stores them."""
    dtype, order = SPACES[space]
    swapped = np.ascontiguousarray(image[:, :, list(order)].astype(dtype))
    return swapped.view(np.uint8)


def pixel_file(
    image: np.ndarray, space: str = "RGBA", at: tuple[int, int] = (0, 0), packed: bool = True
) -> bytes:
    """Return the pixel file of an image whose left top lies at a multiple of 64."""
    raw = stored(image, space)
    height, width, size = raw.shape
    tiles = []
    for y in range(0, height, TILE):
        for x in range(0, width, TILE):
            tile = np.zeros((TILE, TILE, size), np.uint8)
            part = raw[y : y + TILE, x : x + TILE]
            tile[: part.shape[0], : part.shape[1]] = part
            if packed:
                data = b"\x01" + literals(np.moveaxis(tile, 2, 0).tobytes())
            else:
                data = b"\x00" + tile.tobytes()
            tiles.append(b"%d,%d,LZF,%d\n" % (x + at[0], y + at[1], len(data)) + data)
    head = b"VERSION 2\nTILEWIDTH 64\nTILEHEIGHT 64\nPIXELSIZE %d\nDATA %d\n"
    return head % (size, len(tiles)) + b"".join(tiles)


@dataclass
class Frame:
    """One keyframe's picture."""

    image: np.ndarray
    offset: tuple[int, int] = (0, 0)
    bare: bytes | None = None
    file: str = ""  # of another frame: a clone


@dataclass
class Paint:
    """One layer or group of the document."""

    name: str
    frames: dict[int, Frame] = field(default_factory=dict)
    space: str = "RGBA"
    children: list[Paint] | None = None
    attrs: dict[str, object] = field(default_factory=dict)
    masks: str = ""
    still: Frame | None = None
    opacity_keys: bool = False
    uuid: str = ""


class Builder:
    """Collects the members of a document."""

    def __init__(self, width: int, height: int, name: str = "shot", space: str = "RGBA") -> None:
        self.width, self.height, self.name, self.space = width, height, name, space
        self.members: dict[str, bytes] = {}
        self._count = 1

    def layer_xml(self, layer: Paint) -> str:
        self._count += 1
        file = f"layer{self._count}"
        layer.uuid = layer.uuid or f"{{00000000-0000-4000-8000-{self._count:012d}}}"
        attrs: dict[str, object] = {
            "name": layer.name,
            "filename": file,
            "uuid": layer.uuid,
            "nodetype": "grouplayer" if layer.children is not None else "paintlayer",
            "visible": 1,
            "opacity": 255,
            "compositeop": "normal",
            "x": 0,
            "y": 0,
            "channelflags": "",
            "locked": 0,
        }
        inside = ""
        if layer.children is not None:
            children = "".join(self.layer_xml(child) for child in layer.children)
            inside = f"\n   <layers>\n{children}   </layers>\n  "
        else:
            attrs["colorspacename"] = layer.space
            if layer.frames:
                attrs["keyframes"] = f"{file}.keyframes.xml"
                self._keyframes(layer, file)
            else:
                self._picture(layer, file, layer.still or Frame(np.zeros((0, 0, _channels(layer)))))
            self.members[f"{self.name}/layers/{file}.icc"] = b"profile"
        attrs |= layer.attrs
        text = "".join(f" {key}={quoteattr(str(value))}" for key, value in attrs.items())
        return f"  <layer{text}>{inside}{layer.masks}</layer>\n"

    def _picture(self, layer: Paint, file: str, frame: Frame) -> None:
        dtype, order = SPACES[layer.space]
        size = np.dtype(dtype).itemsize * len(order)
        place = f"{self.name}/layers/{file}"
        self.members[place] = pixel_file(frame.image, layer.space)
        self.members[place + ".defaultpixel"] = frame.bare or bytes(size)

    def _keyframes(self, layer: Paint, file: str) -> None:
        rows = []
        for number, (time, frame) in enumerate(layer.frames.items()):
            name = frame.file or (file if number == 0 else f"{file}.f{number}")
            if not frame.file:
                frame.file = name
                self._picture(layer, name, frame)
            x, y = frame.offset
            rows.append(
                f'  <keyframe time="{time}" color-label="0" frame="{name}">\n'
                f'   <offset x="{x}" y="{y}" type="point"/>\n  </keyframe>\n'
            )
        more = (
            '<channel name="opacity"><keyframe time="0"/></channel>' if layer.opacity_keys else ""
        )
        self.members[f"{self.name}/layers/{file}.keyframes.xml"] = (
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE keyframes PUBLIC 'a' 'b'>\n"
            '<keyframes xmlns="http://www.calligra.org/DTD/krita-keyframes">\n'
            f' <channel name="content">\n{"".join(rows)} </channel>\n {more}</keyframes>\n'
        ).encode()

    def main(self, layers: list[Paint], more: str = "", version: str = "2.0") -> bytes:
        inside = "".join(self.layer_xml(layer) for layer in layers)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            "<!DOCTYPE DOC PUBLIC '-//KDE//DTD krita 2.0//EN' 'http://x/krita-2.0.dtd'>\n"
            '<DOC xmlns="http://www.calligra.org/DTD/krita" editor="Krita" '
            f'syntaxVersion="{version}" kritaVersion="5.2.9">\n'
            f' <IMAGE name={quoteattr(self.name)} width="{self.width}" height="{self.height}" '
            f'colorspacename="{self.space}" profile="p" mime="application/x-kra" '
            'x-res="72" y-res="72">\n <layers>\n'
            f"{inside} </layers>\n{more} <animation>\n"
            '   <range from="0" to="20" type="timerange"/>\n  </animation>\n </IMAGE>\n</DOC>\n'
        ).encode()

    def write(self, path: Path, layers: list[Paint], more: str = "") -> Path:
        main = self.main(layers, more)
        members = {
            "mimetype": b"application/x-krita",
            "maindoc.xml": main,
            "documentinfo.xml": b"<info/>",
            "preview.png": b"a small picture",
            **self.members,
            f"{self.name}/annotations/icc": b"the profile of the image",
            "mergedimage.png": b"a large picture",
            f"{self.name}/animation/index.xml": b"<animation/>",
        }
        return write_zip(path, members)


class _Info(zipfile.ZipInfo):
    """A member whose name is UTF-8 without the flag that says so."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode(), self.flag_bits


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    """Write members as Krita does: names in UTF-8 without saying so, the mimetype not packed."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            info = _Info(name, (2026, 11, 21, 12, 0, 0))
            info.external_attr = 0o100444 << 16
            info.create_system = 3
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(info, data, kind)
    return path


def _channels(layer: Paint) -> int:
    return len(SPACES[layer.space][1])


def poke(data: bytes, place: int, form: str, *values: int) -> bytes:
    """Overwrite part of some bytes."""
    changed = bytearray(data)
    struct.pack_into(form, changed, place, *values)
    return bytes(changed)
