"""What a .kra file says of itself: canvas, layers, keyframes, annotations."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ant_core.errors import InputError, UsageError
from ant_core.formats.kra.archive import KraArchive
from ant_core.formats.kra.markup import Element, parse_xml
from ant_core.formats.kra.spaces import Space, space_named
from ant_core.guard import MOST_PIXELS

__all__ = ["DocumentLayer", "Key", "KraDocument"]

MAIN = "maindoc.xml"
_MOST_XML_BYTES = 64 << 20
_MOST_SIDE_PX = 1_000_000
_FARTHEST_PX = 1 << 30
_LATEST_TIME = 10_000_000
_NEWEST_SYNTAX = 2


@dataclass(frozen=True)
class Key:
    """One keyframe: from `time` on the layer shows a pixel file, moved by `offset` (x, y)."""

    time: int
    file: str
    offset: tuple[int, int]


@dataclass(kw_only=True)
class DocumentLayer:
    """One layer, group or mask.

    Attributes
    ----------
    name : str
    path : str
        Names from the outermost group inwards, joined by `/`.
    kind : str
        As Krita names it: paintlayer, grouplayer, transparencymask, ...
    uuid : str
    file : str
        Name of its pixel file in the layers' folder.
    space_name : str
    visible : bool
        Its own switch.
    opacity : int
        0 to 255.
    blending : str
        `normal` for the usual one.
    offset : (int, int)
        x, y in pixels of a still layer.
    keys : tuple of Key
        By time; empty for a still layer.
    animated : bool
    opacity_changes : bool
        Whether its opacity has keyframes of its own.
    children : tuple of DocumentLayer
        Top first: layers of a group, masks of a layer.
    element : Element
        Where it stands in maindoc.xml.
    """

    name: str
    path: str
    kind: str
    uuid: str
    file: str
    space_name: str
    visible: bool
    opacity: int
    blending: str
    offset: tuple[int, int]
    element: Element
    keyframes_file: str = ""
    keys: tuple[Key, ...] = ()
    animated: bool = False
    opacity_changes: bool = False
    children: tuple[DocumentLayer, ...] = field(default=())

    @property
    def times(self) -> tuple[int, ...]:
        """The times of its keys, in frames."""
        return tuple(key.time for key in self.keys)

    def key_at(self, time: int) -> Key | None:
        """Return what is shown at a time: the last key that is not after it, or the still picture.

        None before the first key.
        """
        if not self.animated:
            return Key(0, self.file, self.offset)
        place = bisect_right(self.times, time)
        return self.keys[place - 1] if place else None

    def walk(self) -> Iterator[DocumentLayer]:
        """Yield the layer and all below it in the tree, top first."""
        yield self
        for child in self.children:
            yield from child.walk()


class KraDocument:
    """A .kra file's description; pixels are read by `KraReader`.

    Raises
    ------
    InputError
        When something in it is damaged or of a version never seen.
    """

    def __init__(self, archive: KraArchive) -> None:
        self.archive = archive
        self.path: Path = archive.path
        self.text = archive.read(MAIN, _MOST_XML_BYTES)
        self.root = parse_xml(self.text, f"{MAIN} in {self.path}")
        self.image = self._image()
        self.name = self.image.attrs.get("name", "")
        self.width = self._number(self.image, "width", 1, _MOST_SIDE_PX)
        self.height = self._number(self.image, "height", 1, _MOST_SIDE_PX)
        if self.width * self.height > MOST_PIXELS:
            raise InputError(
                f"{self.path} has {self.width} x {self.height} pixels, more than the "
                f"{MOST_PIXELS} that can be worked on: scale it down"
            )
        layers = self.image.child("layers")
        if layers is None:
            raise self._damaged("it lists no layers")
        self.layers = tuple(self._layer(item, "") for item in layers.all("layer"))

    @property
    def folder(self) -> str:
        """Folder of the pixel files in the archive, with a slash at the end."""
        return f"{self.name}/layers/"

    @property
    def annotations(self) -> dict[str, Element]:
        """Annotations that plugins left, by their type."""
        found = self.image.child("Annotations")
        items = found.all("Annotation") if found is not None else ()
        return {item.attrs.get("type", ""): item for item in items}

    def annotation_file(self, kind: str) -> str:
        """Return where in the archive an annotation's content lies."""
        return f"{self.name}/annotations/{kind}"

    def walk(self) -> Iterator[DocumentLayer]:
        """Yield every layer, top first, groups before what is in them."""
        for layer in self.layers:
            yield from layer.walk()

    def find(self, selector: str, option: str) -> DocumentLayer:
        """Return the layer that a name, a path such as `Group/Line`, or a uuid names.

        Raises
        ------
        UsageError
            When there is none, or more than one.
        """
        pictures = [layer for layer in self.walk() if layer.kind in ("paintlayer", "grouplayer")]
        for key in ("uuid", "path", "name"):
            found = [layer for layer in pictures if getattr(layer, key) == selector]
            if len(found) == 1:
                return found[0]
            if found:
                paths = ", ".join(f"{layer.path} {layer.uuid}" for layer in found)
                raise UsageError(
                    f"{option} {selector!r} names {len(found)} layers of {self.path} ({paths}): "
                    "name one by its path or by its uuid"
                )
        raise UsageError(
            f"{option} {selector!r} names no layer of {self.path}: it has {self.describe_layers()}"
        )

    def describe_layers(self) -> str:
        """List the layers that can be chosen, for messages."""
        pictures = [layer for layer in self.walk() if layer.kind in ("paintlayer", "grouplayer")]
        texts = [
            layer.path + (f" ({len(layer.keys)} keyframes)" if layer.animated else "")
            for layer in pictures
        ]
        return ", ".join(texts[:20]) + (", ..." if len(texts) > 20 else "") or "no layer"

    def place(self, layer: DocumentLayer) -> str:
        """Name a layer, for messages."""
        return f"layer {layer.path} of {self.path}"

    def space(self, layer: DocumentLayer) -> Space:
        """Return the colour space of a layer; InputError when it cannot be worked on."""
        return space_named(layer.space_name, self.place(layer))

    def _image(self) -> Element:
        version = self.root.attrs.get("syntaxVersion", "")
        match = re.fullmatch(r"(\d{1,4})(\.\d{1,4})?", version)
        image = self.root.child("IMAGE")
        if self.root.name != "DOC" or image is None or match is None:
            raise self._damaged(f"{MAIN} does not describe a picture")
        if int(match[1]) > _NEWEST_SYNTAX:
            raise InputError(
                f"{self.path} is of version {version}, but only versions up to "
                f"{_NEWEST_SYNTAX}.0 are known: update ant_core, or save it with Krita 5 or 6"
            )
        return image

    def _layer(self, element: Element, above: str) -> DocumentLayer:
        attrs = element.attrs
        name = attrs.get("name", "")
        layer = DocumentLayer(
            name=name,
            path=f"{above}{name}",
            # Files of Krita 1 and early 2 say layertype.
            kind=attrs.get("nodetype") or attrs.get("layertype", ""),
            uuid=attrs.get("uuid", ""),
            file=attrs.get("filename", ""),
            space_name=attrs.get("colorspacename", ""),
            visible=attrs.get("visible", "1") != "0",
            opacity=self._number(element, "opacity", 0, 255, 255),
            blending=attrs.get("compositeop", "normal"),
            offset=(
                self._number(element, "x", -_FARTHEST_PX, _FARTHEST_PX, 0),
                self._number(element, "y", -_FARTHEST_PX, _FARTHEST_PX, 0),
            ),
            element=element,
        )
        if file := attrs.get("keyframes"):
            self._read_keyframes(layer, file)
        layer.children = tuple(
            self._layer(item, layer.path + "/")
            for group in (*element.all("layers"), *element.all("masks"))
            for item in (*group.all("layer"), *group.all("mask"))
        )
        return layer

    def _read_keyframes(self, layer: DocumentLayer, file: str) -> None:
        layer.keyframes_file = self.folder + file
        place = f"{layer.keyframes_file} in {self.path}"
        root = parse_xml(self.archive.read(layer.keyframes_file, _MOST_XML_BYTES), place)
        for channel in root.all("channel"):
            if channel.attrs.get("name") == "content":
                layer.keys = self._keys(channel, place)
                layer.animated = bool(layer.keys)
            elif channel.attrs.get("name") == "opacity":
                layer.opacity_changes = channel.child("keyframe") is not None

    def _keys(self, channel: Element, place: str) -> tuple[Key, ...]:
        keys: dict[int, Key] = {}
        for element in channel.all("keyframe"):
            time = self._number(element, "time", 0, _LATEST_TIME)
            offset = element.child("offset")
            x = y = 0
            if offset is not None:
                x = self._number(offset, "x", -_FARTHEST_PX, _FARTHEST_PX)
                y = self._number(offset, "y", -_FARTHEST_PX, _FARTHEST_PX)
            file = element.attrs.get("frame", "")
            if not file or time in keys:
                raise InputError(
                    f"{place} is damaged (the keyframe at {time}): take the file from a backup"
                )
            keys[time] = Key(time, file, (x, y))
        return tuple(keys[time] for time in sorted(keys))

    def _number(
        self, element: Element, name: str, low: int, high: int, missing: int | None = None
    ) -> int:
        text = element.attrs.get(name)
        if text is None and missing is not None:
            return missing
        if text is None or not re.fullmatch(r"-?\d{1,10}", text) or not low <= int(text) <= high:
            raise self._damaged(f"{element.name} has the {name} {text!r}")
        return int(text)

    def _damaged(self, why: str) -> InputError:
        return InputError(
            f"{self.path} is damaged ({why}): take it from a backup or save it again with Krita"
        )
