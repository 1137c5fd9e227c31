"""A .kra file like another one, with painted frames in some of its layers and the journal.

Only what must change is touched: members that are not named here go over as they are packed, and
the XML keeps its text but for the elements that are put in.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ant_core.formats.kra.archive_writer import copied_archive
from ant_core.formats.kra.document import MAIN, DocumentLayer, Key, KraDocument
from ant_core.formats.kra.journal import DESCRIPTION, KIND
from ant_core.formats.kra.markup import (
    Element,
    attributes,
    parse_xml,
    set_attribute,
    splice,
    text_of_end,
)
from ant_core.formats.kra.spaces import Space

__all__ = ["NewLayer", "Painting", "kra_pieces"]

Edit = tuple[int, int, bytes]

_MOST_PROFILE_BYTES = 64 << 20
_OURS = uuid.UUID("6b1ef8a5-9c4f-5c1e-8f0e-54c40f6c61a1")  # names the uuids of layers made here
_KEYFRAMES = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE keyframes PUBLIC '-//KDE//DTD krita-keyframes 1.0//EN' \
'http://www.calligra.org/DTD/krita-keyframes-1.0.dtd'>
<keyframes xmlns="http://www.calligra.org/DTD/krita-keyframes">
 <channel name="content">
 </channel>
</keyframes>
"""
_CONTENT = b'\n <channel name="content">\n </channel>'


@dataclass(frozen=True)
class NewLayer:
    """A colour layer that is not there yet.

    Attributes
    ----------
    name : str
    below : DocumentLayer
        It comes directly below this layer or group.
    space : Space
    """

    name: str
    below: DocumentLayer
    space: Space

    @property
    def uuid(self) -> str:
        """Return its uuid as Krita writes it: the same for the same place and name."""
        return "{" + str(uuid.uuid5(_OURS, f"{self.below.uuid} {self.name}")) + "}"


@dataclass(frozen=True)
class Painting:
    """What is painted on one layer.

    Attributes
    ----------
    layer : DocumentLayer or NewLayer
    frames : dict of int to callable
        The pixel file of each key that is made or given another picture, read when it is due.
        Its default pixel is transparent.
    """

    layer: DocumentLayer | NewLayer
    frames: Mapping[int, Callable[[], bytes]]


def kra_pieces(
    document: KraDocument, paintings: Sequence[Painting], journal: bytes
) -> Iterator[bytes]:
    """Yield the file, piece by piece.

    Parameters
    ----------
    document : KraDocument
        Whose file everything else is taken from.
    paintings : sequence of Painting
        One a layer, at most one of them on a new layer.
    journal : bytes
        Content of the annotation.
    """
    texts, main = _annotated(document, journal)
    pixels: dict[str, tuple[Callable[[], bytes], bytes]] = {}
    for painting in paintings:
        plan = _Plan(document, painting.layer)
        for time in sorted(painting.frames):
            plan.put(time)
        plan.finish()
        texts |= plan.texts
        main += plan.main
        for time, name in plan.pixel_files.items():
            pixels[name] = painting.frames[time], plan.bare
    texts[MAIN] = splice(document.text, main)
    replaced = {name: data for name, data in texts.items() if name in document.archive}

    def added() -> Iterator[tuple[str, bytes]]:
        for name, data in texts.items():
            if name not in document.archive:
                yield name, data
        for name, (load, bare) in pixels.items():
            yield name, load()
            yield name + ".defaultpixel", bare

    # A file that is given other content moves to the end, so that it is packed only when due.
    moved = {name for name in pixels if name in document.archive}
    moved |= {f"{name}.defaultpixel" for name in moved}
    return copied_archive(document.archive, replaced, added(), frozenset(moved))


class _Plan:
    """Which members change for one layer, and how."""

    def __init__(self, document: KraDocument, layer: DocumentLayer | NewLayer) -> None:
        self._document = document
        self._layer = layer
        self.main: list[Edit] = []  # of maindoc.xml
        self._keys: dict[int, Key] = {}
        self._fresh: set[int] = set()
        self.texts: dict[str, bytes] = {}
        self.pixel_files: dict[int, str] = {}
        if isinstance(layer, NewLayer):
            self.bare = bytes(layer.space.pixel_bytes)
            self._file = self._unused_file()
        else:
            self.bare = bytes(document.space(layer).pixel_bytes)
            self._file = layer.file
            self._keys = {key.time: key for key in layer.keys}
            if not layer.animated:
                # Krita does the same when a still layer gets its first key.
                self._keys = {0: Key(0, layer.file, layer.offset)}
                self._fresh.add(0)

    def _unused_file(self) -> str:
        used = [re.fullmatch(r"layer(\d{1,9})", item.file) for item in self._document.walk()]
        return f"layer{max((int(match[1]) for match in used if match), default=1) + 1}"

    def put(self, time: int) -> None:
        """Give a time a picture of its own."""
        old = self._keys.get(time)
        shared = old is not None and any(
            key.file == old.file for key in self._keys.values() if key.time != time
        )
        file = old.file if old is not None and not shared else self._next_file()
        self._keys[time] = Key(time, file, (0, 0))
        self._fresh.add(time)
        self.pixel_files[time] = self._document.folder + file

    def _next_file(self) -> str:
        """Name the first picture as the layer, the others `layer3.f1`, `layer3.f2`, ..."""
        taken = {key.file for key in self._keys.values()}
        if self._file not in taken:
            return self._file
        pattern = re.compile(re.escape(self._file) + r"\.f(\d{1,9})")
        numbers = [int(match[1]) for file in taken if (match := pattern.fullmatch(file))]
        number = max(numbers, default=0) + 1
        while f"{self._document.folder}{self._file}.f{number}" in self._document.archive:
            number += 1
        return f"{self._file}.f{number}"

    def finish(self) -> None:
        """Write keyframes and, where it is new, the layer."""
        if isinstance(self._layer, NewLayer):
            name = f"{self._file}.keyframes.xml"
            self.main.append(self._new_layer(self._layer, name))
            self._add_profile(self._layer)
            self._write_keys(self._document.folder + name, _KEYFRAMES.encode())
        elif self._layer.keyframes_file:
            name = self._layer.keyframes_file
            self._write_keys(name, self._document.archive.read(name, _MOST_PROFILE_BYTES))
        else:
            name = f"{self._file}.keyframes.xml"
            self.main.append(set_attribute(self._layer.element, "keyframes", name))
            self._write_keys(self._document.folder + name, _KEYFRAMES.encode())

    def _new_layer(self, layer: NewLayer, keyframes: str) -> Edit:
        attrs = {
            "name": layer.name,
            "nodetype": "paintlayer",
            "filename": self._file,
            "keyframes": keyframes,
            "uuid": layer.uuid,
            "colorspacename": layer.space.name,
            "compositeop": "normal",
            "opacity": 255,
            "visible": 1,
            "locked": 0,
            "x": 0,
            "y": 0,
            "channelflags": "",
            "channellockflags": "",
            "collapsed": 0,
            "colorlabel": 0,
            "intimeline": 1,
            "onionskin": 0,
        }
        above = layer.below.element
        at = text_of_end(self._document.text, above)
        indent = _indent(self._document.text, above)
        return at, at, f"{indent}<layer{attributes(attrs)}/>".encode()

    def _add_profile(self, layer: NewLayer) -> None:
        """Give the new layer the image's colour profile; Krita warns where there is none."""
        document = self._document
        same = (item for item in document.walk() if item.space_name == layer.space.name)
        files = [f"{document.name}/annotations/icc"]
        files += [f"{document.folder}{item.file}.icc" for item in same]
        for file in files:
            if file in document.archive:
                data = document.archive.read(file, _MOST_PROFILE_BYTES)
                self.texts[f"{document.folder}{self._file}.icc"] = data
                return

    def _write_keys(self, name: str, text: bytes) -> None:
        root = parse_xml(text, name)
        channel = _content(root)
        if channel is None:  # so far only the layer's opacity has keyframes
            text = splice(text, [(root.inside, root.inside, _CONTENT)])
            channel = _content(parse_xml(text, name))
            assert channel is not None
        elements = {int(item.attrs["time"]): item for item in channel.all("keyframe")}
        inserted: dict[int, bytes] = {}
        edits: list[Edit] = []
        for time in sorted(self._fresh):
            new = _key_text(self._keys[time], elements.get(time))
            if time in elements:
                edits.append((elements[time].start, text_of_end(text, elements[time]), new))
                continue
            before = max((other for other in elements if other < time), default=None)
            at = channel.inside if before is None else text_of_end(text, elements[before])
            inserted[at] = inserted.get(at, b"") + b"\n  " + new
        edits += [(at, at, new) for at, new in inserted.items()]
        self.texts[name] = splice(text, edits)


def _annotated(document: KraDocument, journal: bytes) -> tuple[dict[str, bytes], list[Edit]]:
    """Return the members that hold the journal, and what changes in maindoc.xml for it."""
    texts = {document.annotation_file(KIND): journal}
    if KIND in document.annotations:
        return texts, []
    entry = f"<Annotation{attributes({'description': DESCRIPTION, 'type': KIND})}/>"
    image = document.image
    group = image.child("Annotations")
    if group is None:
        at = text_of_end(document.text, image.children[-1])
        whole = f"\n  <Annotations>\n   {entry}\n  </Annotations>"
        return texts, [(at, at, whole.encode())]
    if group.closed:
        end = text_of_end(document.text, group)
        new = f"<Annotations>\n   {entry}\n  </Annotations>".encode()
        return texts, [(group.start, end, new)]
    return texts, [(group.inside, group.inside, f"\n   {entry}".encode())]


def _content(root: Element) -> Element | None:
    """Return the channel of a keyframes file that holds the pictures."""
    found = (item for item in root.all("channel") if item.attrs.get("name") == "content")
    return next(found, None)


def _key_text(key: Key, before: Element | None) -> bytes:
    """Write a keyframe; one that is there already keeps its colour label and all else."""
    x, y = key.offset
    attrs = {"color-label": "0"} | (before.attrs if before is not None else {})
    file = attributes(attrs | {"frame": key.file, "time": key.time})
    return f'<keyframe{file}>\n   <offset type="point" x="{x}" y="{y}"/>\n  </keyframe>'.encode()


def _indent(text: bytes, element: Element) -> str:
    """Return the line break and spaces in front of an element."""
    start = element.start
    while start > 0 and text[start - 1 : start] in (b" ", b"\t"):
        start -= 1
    return "\n" + text[start : element.start].decode()
