"""The pictures of a .kra file's layers, frame by frame; nothing is kept between two frames."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.krita_layers import line_pixels, over
from ant_core.errors import InputError
from ant_core.formats.base import FrameInfo
from ant_core.formats.kra.document import DocumentLayer, Key, KraDocument
from ant_core.formats.kra.frames import PackedFrame
from ant_core.formats.kra.tiles import check_tiles, decode_tiles

__all__ = ["ColorReader", "LineReader", "drawing_times", "read_plane"]

_MOST_FILE_BYTES = 1 << 30
_SPARE_FILE_BYTES = 64 << 20
_MOST_CANVASES = 16  # that a layer may reach over, all of it packed badly
_MOST_PIXEL_BYTES = 64
_DEFAULT = ".defaultpixel"


def read_plane(
    document: KraDocument, layer: DocumentLayer, key: Key, threads: int | None = None
) -> NDArray[Any]:
    """Return what a key shows on the canvas, (H, W, C) of the layer's colour space.

    Parameters
    ----------
    document, layer, key
    threads : int, optional
        See `decode_tiles`.

    Raises
    ------
    InputError
        When the file is missing or damaged, or its colour space unknown.
    """
    return decode_tiles(
        _pixel_file(document, layer, key),
        document.space(layer),
        _bare_pixel_of(document, key),
        key.offset,
        (document.height, document.width),
        _place(document, layer, key),
        threads,
    )


def _bare_pixel_of(document: KraDocument, key: Key) -> bytes:
    """Return the stored pixel that fills what no tile of a key covers."""
    return document.archive.read(document.folder + key.file + _DEFAULT, _MOST_PIXEL_BYTES)


def _pixel_file(document: KraDocument, layer: DocumentLayer, key: Key) -> bytes:
    """Return a key's pixel file; no larger than a drawing on this canvas can be."""
    canvas = document.width * document.height * document.space(layer).pixel_bytes
    limit = min(_MOST_FILE_BYTES, _SPARE_FILE_BYTES + _MOST_CANVASES * canvas)
    return document.archive.read(document.folder + key.file, limit)


def _place(document: KraDocument, layer: DocumentLayer, key: Key) -> str:
    return f"{key.file} ({document.place(layer)})"


def drawing_times(layers: Sequence[DocumentLayer]) -> list[int]:
    """Return when one of the layers, or of those in a group, begins another picture."""
    times = {time for layer in layers for part in layer.walk() for time in part.times}
    return sorted(times) or [0]


def _digest_of_key(document: KraDocument, layer: DocumentLayer, key: Key) -> bytes:
    """Hash all that decides a key's pixels, checking that its files are whole."""
    data, bare = _pixel_file(document, layer, key), _bare_pixel_of(document, key)
    space = document.space(layer)
    check_tiles(data, space, bare, _place(document, layer, key))
    digest = hashlib.sha256(f"{space.name} {key.offset} {bare.hex()} ".encode())
    digest.update(data)
    return digest.digest()


class LineReader:
    """The line art of one or several layers or groups; implements `FrameReader`.

    A layer that is named is read as it is, without its visibility and opacity. A group shows
    its visible paint layers with their opacity, as Krita does.

    Parameters
    ----------
    layers : sequence of DocumentLayer
    more_frames : iterable of int
        Frames beside those at which a drawing begins: they hold the drawing before.
    threads : int, optional

    Raises
    ------
    InputError
        When a group holds what only Krita can compose.
    """

    def __init__(
        self,
        document: KraDocument,
        layers: Sequence[DocumentLayer],
        more_frames: Iterable[int] = (),
        threads: int | None = None,
    ) -> None:
        order = list(document.walk())
        self._document = document
        # Krita lists the top layer first.
        self._layers = sorted(layers, key=order.index, reverse=True)
        self._threads = threads
        for layer in self._layers:
            self._check(layer)
        begins = drawing_times(self._layers)
        held = {frame for frame in more_frames if frame >= begins[0]}
        self._frames = tuple(sorted({*begins, *held}))

    def _check(self, layer: DocumentLayer) -> None:
        if layer.kind == "paintlayer":
            self._document.space(layer)
            return
        if layer.kind != "grouplayer":
            raise self._refuse(layer, f"it is a {layer.kind}")
        for child in layer.children:
            if not child.visible:
                continue
            masks = [item for item in child.children if item.visible and _is_mask(item)]
            if _is_mask(child) or child.kind not in ("paintlayer", "grouplayer") or masks:
                raise self._refuse(layer, f"{child.path} is a {(masks or [child])[0].kind}")
            if child.blending != "normal" or child.opacity_changes or _limits_channels(child):
                raise self._refuse(layer, f"{child.path} is blended in a way of its own")
            self._check(child)

    def _refuse(self, layer: DocumentLayer, why: str) -> InputError:
        return InputError(
            f"{self._document.place(layer)} cannot be read as line art because {why}: name the "
            "paint layers themselves, with one --line each"
        )

    @property
    def frames(self) -> tuple[int, ...]:
        """Frames at which a drawing begins, and those asked for that hold one, rising."""
        return self._frames

    def place(self, frame: int) -> str:
        """Name the document, the layers and the frame."""
        names = " + ".join(layer.path for layer in self._layers)
        return f"{self._document.path} {names} frame {frame}"

    def probe(self, frame: int) -> FrameInfo:
        """Describe the picture, its hash taken of the stored pixels and opacities."""
        digest = hashlib.sha256(f"{self._document.width} {self._document.height}".encode())
        for layer, opacity, key in self._parts(self._layers, frame):
            digest.update(b"%d %d " % (opacity, len(self._layers)))
            digest.update(_digest_of_key(self._document, layer, key))
        height, width = self._document.height, self._document.width
        return FrameInfo(height, width, self._channels, 8, digest.hexdigest())

    @property
    def _channels(self) -> int:
        """Grey and alpha for a single grey layer, RGBA for everything else."""
        only = self._layers[0]
        grey = len(self._layers) == 1 and only.kind == "paintlayer"
        return 2 if grey and self._document.space(only).format.model == "GRAYA" else 4

    def _parts(
        self, layers: Iterable[DocumentLayer], frame: int, opacity: int = 255
    ) -> Iterator[tuple[DocumentLayer, int, Key]]:
        """Yield the paint layers that show something, bottom first; see `_digest_of_key`."""
        for layer in layers:
            if layer.kind == "grouplayer":
                for child in reversed(layer.children):
                    if child.visible:
                        yield from self._parts([child], frame, opacity * child.opacity // 255)
            elif (key := layer.key_at(frame)) is not None:
                yield layer, opacity, key

    def read(self, frame: int) -> NDArray[Any]:
        """Return the line art of all layers, (H, W, C) uint8."""
        if self._channels == 2 or (len(self._layers) == 1 and self._layers[0].kind == "paintlayer"):
            return self._picture(self._layers[0], frame)
        return self._composed(self._layers, frame)

    def _composed(self, layers: Iterable[DocumentLayer], frame: int) -> NDArray[np.uint8]:
        """Lay layers over each other, bottom first; (H, W, 4) uint8."""
        result = np.zeros((self._document.height, self._document.width, 4), np.uint8)
        for layer in layers:
            result = over(result, _rgba(self._picture(layer, frame)))
        return result

    def _picture(self, layer: DocumentLayer, frame: int) -> NDArray[np.uint8]:
        """Return one layer or group, (H, W, 2 | 4) uint8."""
        if layer.kind == "grouplayer":
            parts = [child for child in reversed(layer.children) if child.visible]
            return self._group(parts, frame)
        key = layer.key_at(frame)
        model = self._document.space(layer).format.model
        if key is None:
            shape = (self._document.height, self._document.width, 2 if model == "GRAYA" else 4)
            return np.zeros(shape, np.uint8)
        return line_pixels(read_plane(self._document, layer, key, self._threads), model)

    def _group(self, parts: Iterable[DocumentLayer], frame: int) -> NDArray[np.uint8]:
        result = np.zeros((self._document.height, self._document.width, 4), np.uint8)
        for part in parts:
            picture = _rgba(self._picture(part, frame))
            if part.opacity < 255:
                picture = picture.copy()
                alpha = picture[:, :, 3].astype(np.uint16) * part.opacity
                picture[:, :, 3] = (alpha + 127) // 255
            result = over(result, picture)
        return result

    def raw(self, frame: int) -> bytes:
        """Return the pixel files of the frame, one after the other."""
        parts = self._parts(self._layers, frame)
        return b"".join(_pixel_file(self._document, layer, key) for layer, _, key in parts)


def _is_mask(layer: DocumentLayer) -> bool:
    return layer.kind.endswith("mask")


def _limits_channels(layer: DocumentLayer) -> bool:
    """Tell whether some channels are switched off; without alpha the layer is clipped."""
    return "0" in layer.element.attrs.get("channelflags", "")


def _rgba(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture if picture.shape[2] == 4 else picture[:, :, [0, 0, 0, 1]]


class ColorReader:
    """Painted keys of a colour layer; implements `FrameReader`.

    Parameters
    ----------
    frames : iterable of int
        Times of keys, those that count as painted.
    threads : int, optional
    """

    def __init__(
        self,
        document: KraDocument,
        layer: DocumentLayer,
        frames: Iterable[int],
        threads: int | None = None,
    ) -> None:
        self._document, self._layer, self._threads = document, layer, threads
        self._keys = {key.time: key for key in layer.keys}
        if not layer.animated:
            self._keys = {0: Key(0, layer.file, layer.offset)}
        self._frames = tuple(sorted(frames))

    @property
    def frames(self) -> tuple[int, ...]:
        """Times of the keys that count as painted, rising."""
        return self._frames

    def place(self, frame: int) -> str:
        """Name the document, the layer and the frame."""
        return f"{self._document.path} {self._layer.path} frame {frame}"

    def probe(self, frame: int) -> FrameInfo:
        """Describe the picture, its hash taken of the stored pixels."""
        pixels = self._document.space(self._layer).pixels
        digest = _digest_of_key(self._document, self._layer, self._keys[frame]).hex()
        size = self._document.height, self._document.width
        return FrameInfo(*size, pixels.channels, pixels.depth, digest, pixels.floating)

    def read(self, frame: int) -> NDArray[Any]:
        """Return the layer's pixels on the canvas, (H, W, C) of its colour space."""
        return read_plane(self._document, self._layer, self._keys[frame], self._threads)

    def raw(self, frame: int) -> bytes:
        """Return the frame as `PackedFrame.dump` writes it."""
        return PackedFrame.of(self.read(frame), self._document.space(self._layer)).dump()
