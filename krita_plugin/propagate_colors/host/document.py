"""Krita's Python interface, wrapped once: documents, layers, keyframes and their raw pixels.

Nothing here waits for Krita's event loop; what needs several turns of it is in steps.py. Handles
of closed documents answer None and those of removed layers keep answering, so everything asks
first whether its object is still there, and says so in a HostError, a sentence for the artist.
"""

from __future__ import annotations

import os
import struct
import sys
from typing import Any, Callable, NamedTuple

import krita

from ..i18n import tr
from ..pauses import pauses
from ..state.pixels import CHANNEL_BYTES, CODES, Box
from . import timeline_cells
from .history import History

SETTINGS_GROUP = "propagate_colors"
CHANNELS = {"RGBA": 4, "GRAYA": 2, "CMYKA": 5, "LABA": 4, "XYZA": 4, "YCbCrA": 4, "A": 1}
# Keys may lie past the clip's end, after the artist shortened it. 1000 looks take 0.2 ms.
SCAN_PAST_END = 2000


class HostError(Exception):
    """What Krita cannot do now: one sentence for the artist, already translated."""


class LayerInfo(NamedTuple):
    """One layer as the layer list shows it; locked and visible include what holds it."""

    uuid: str
    name: str
    kind: str
    color_model: str
    color_depth: str
    profile: str
    animated: bool
    locked: bool
    visible: bool
    depth_in_tree: int
    parent_uuid: str


class Host:
    """The running Krita."""

    def __init__(self) -> None:
        self.history_happened = History().happened

    @property
    def version_text(self) -> str:
        """Krita's own version text, like "5.2.9" or "5.1.5 (git abcdef)"."""
        return krita.Krita.instance().version()

    def version(self) -> tuple[int, int, int]:
        """Return the version as numbers."""
        return _version_numbers(self.version_text)

    def active_document(self) -> Document | None:
        """Return the document in front, or None."""
        raw = krita.Krita.instance().activeDocument()
        return None if raw is None or raw.rootNode() is None else Document(raw)

    def documents(self) -> list[Document]:
        """Return all open documents."""
        return [Document(raw) for raw in _open_documents()]

    def foreground_color(self, form: Any) -> tuple[float, ...] | None:
        """Return the foreground colour's channels as a layer stores them, alpha last.

        `form`: the layer's colour model, depth and profile. Whole numbers in U8 and U16, in logical
        order (R, G, B, A); None without a view.
        """
        window = krita.Krita.instance().activeWindow()
        view = window.activeView() if window is not None else None
        if view is None or view.document() is None or form.model not in CHANNELS:
            return None
        color = view.foregroundColor()
        color.setColorSpace(form.model, form.depth, form.profile)
        parts = list(color.components())
        # Krita's own order is that of the raw bytes: BGRA for whole numbers, RGBA for floats.
        if form.model == "RGBA" and form.depth in ("U8", "U16"):
            parts[0], parts[2] = parts[2], parts[0]
        top = {"U8": 255, "U16": 65535}.get(form.depth)
        if top:
            return tuple(round(part * top) for part in parts)
        # Krita stores the inks of float CMYK as 0 to 100, their alpha as 0 to 1.
        inks = 100 if form.model == "CMYKA" else 1
        return (*(part * inks for part in parts[:-1]), parts[-1])

    def set_foreground_color(self, layer: OpenLayer, pixel: bytes) -> None:
        """Make a pixel of a layer, as its raw bytes, the foreground colour."""
        window, info = krita.Krita.instance().activeWindow(), layer.info
        view = None if window is None else window.activeView()
        if view is None:
            return
        values = struct.unpack(f"<{CHANNELS[info.color_model]}{CODES[info.color_depth]}", pixel)
        top = {"U8": 255, "U16": 65535}.get(info.color_depth, 1.0)
        parts = [value / top for value in values]
        if info.color_model == "CMYKA" and top == 1.0:  # inks of 0 to 100, as foreground_color
            parts = [*(part / 100 for part in parts[:-1]), parts[-1]]
        color = krita.ManagedColor(info.color_model, info.color_depth, info.profile)
        color.setComponents(parts)
        view.setForeGroundColor(color)

    def read_setting(self, name: str, default: str) -> str:
        """Read one of the plugin's settings from Krita's own settings file."""
        return krita.Krita.instance().readSetting(SETTINGS_GROUP, name, default)

    def write_setting(self, name: str, value: str) -> None:
        """Write one of the plugin's settings."""
        krita.Krita.instance().writeSetting(SETTINGS_GROUP, name, value)

    def data_folder(self) -> str:
        """Return the plugin's own folder for files, made if need be.

        It is never the plugin's code folder: installing a new version deletes that.
        """
        from ..qt import QtCore

        place = QtCore.QStandardPaths.StandardLocation.AppDataLocation
        folder = os.path.join(QtCore.QStandardPaths.writableLocation(place), "propagate_colors")
        os.makedirs(folder, exist_ok=True)
        return folder


def _version_numbers(text: str) -> tuple[int, int, int]:
    """Read "5.3.4.1" or "6.0.0-alpha (git abc)" as three numbers."""
    numbers = []
    for part in text.split(maxsplit=1)[0].split("-", maxsplit=1)[0].split(".")[:3]:
        numbers.append(int(part) if part.isdigit() else 0)
    return tuple([*numbers, 0, 0, 0][:3])


class Document:
    """An open document."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.key: str = _key(raw)

    @property
    def raw(self) -> Any:
        """Krita's document, for the steps alone; HostError once it is closed."""
        self.require_open()
        return self._raw

    def is_open(self) -> bool:
        """Tell whether the document is still open."""
        return any(raw == self._raw for raw in _open_documents())

    def is_active(self) -> bool:
        """Tell whether this is the document in front; Krita's actions work on that one."""
        return krita.Krita.instance().activeDocument() == self._raw

    def require_open(self) -> None:
        """Raise HostError if the document was closed."""
        if not self.is_open():
            raise HostError(tr("The document was closed; open it again to go on."))

    @property
    def name(self) -> str:
        """The title, or the file's name."""
        return self.raw.name() or os.path.basename(self.path)

    @property
    def path(self) -> str:
        """The file's path; "" before the first save."""
        return self.raw.fileName()

    @property
    def width(self) -> int:
        """Pixels."""
        return self.raw.width()

    @property
    def height(self) -> int:
        """Pixels."""
        return self.raw.height()

    @property
    def color_model(self) -> str:
        """Like "RGBA"."""
        return self.raw.colorModel()

    @property
    def color_depth(self) -> str:
        """Like "U8"."""
        return self.raw.colorDepth()

    @property
    def profile(self) -> str:
        """The colour profile's name."""
        return self.raw.colorProfile()

    @property
    def clip(self) -> tuple[int, int]:
        """First and last frame of the clip."""
        return self.raw.fullClipRangeStartTime(), self.raw.fullClipRangeEndTime()

    @property
    def length(self) -> int:
        """Number of frames from 0 to the clip's end."""
        return self.raw.animationLength()

    @property
    def current_time(self) -> int:
        """Frame of the playhead."""
        return self.raw.currentTime()

    def is_playing(self) -> bool:
        """Tell whether the animation is being played in the window in front."""
        return timeline_cells.is_playing()

    def layers(self) -> list[LayerInfo]:
        """Return all layers, the topmost first, groups before what they hold."""
        return [info for info, _ in self._walk()]

    def layer(self, uuid: str) -> OpenLayer | None:
        """Return the layer of that id, or None if there is none (any more)."""
        for info, node in self._walk():
            if info.uuid == uuid:
                return OpenLayer(self, node, info)
        return None

    def layers_by_uuid(self) -> dict[str, OpenLayer]:
        """Return all layers as they are now: one look at the tree instead of one a layer."""
        return {info.uuid: OpenLayer(self, node, info) for info, node in self._walk()}

    def active_layer_uuid(self) -> str | None:
        """Return the id of the layer that is selected in the layer list."""
        node = self.raw.activeNode()
        return None if node is None else _uuid(node)

    def _walk(self) -> list[tuple[LayerInfo, Any]]:
        found: list[tuple[LayerInfo, Any]] = []
        root = self.raw.rootNode()
        _collect(root, 0, _uuid(root), False, True, found)
        return found

    def read_annotation(self, kind: str) -> bytes | None:
        """Return what write_annotation stored, or None."""
        raw = self.raw
        return bytes(raw.annotation(kind)) if kind in raw.annotationTypes() else None

    def write_annotation(self, kind: str, description: str, data: bytes) -> None:
        """Store bytes in the document, to be saved with it, and mark it as modified."""
        raw = self.raw
        with pauses.measure("annotation"):
            raw.setAnnotation(kind, description, data)
        raw.setModified(True)


class OpenLayer:
    """A layer of an open document, as it is now; look it up again after the event loop turned."""

    def __init__(self, document: Document, node: Any, info: LayerInfo) -> None:
        self._document = document
        self.node = node
        self.info = info

    @property
    def pixel_size(self) -> int:
        """Bytes of one pixel."""
        model, depth = self.info.color_model, self.info.color_depth
        if model not in CHANNELS or depth not in CHANNEL_BYTES:
            raise HostError(
                tr(
                    'The layer "{name}" has the color model {model} {depth}, which cannot be '
                    "worked with; convert the image to RGBA, GRAYA or CMYKA.",
                    name=self.info.name,
                    model=model,
                    depth=depth,
                )
            )
        return CHANNELS[model] * CHANNEL_BYTES[depth]

    def key_times(self) -> list[int]:
        """Return the times of all keyframes, those past the clip's end included."""
        if not self.info.animated:
            return []
        has_key: Callable[[int], bool] = self.node.hasKeyframeAtTime
        end = max(self._document.length, self._document.current_time) + SCAN_PAST_END
        return [t for t in range(end) if has_key(t)]

    def is_still(self) -> bool:
        """Tell whether there are no keyframes of pixels; Krita says animated for others too.

        Those of the opacity, say: the pixels are then those of a still layer, at every time.
        """
        return not self.info.animated or not self.key_times()

    def laid_on(self) -> tuple[bool, float]:
        """Return whether the layer multiplies what lies below it, and its opacity in [0, 1]."""
        return self.node.blendingMode() == "multiply", self.node.opacity() / 255

    def has_key(self, t: int) -> bool:
        """Tell whether there is a keyframe exactly at t."""
        return self.node.hasKeyframeAtTime(t)

    def read(self, t: int, box: Box) -> bytes:
        """Return the raw pixels of the keyframe at t, or of a still layer, rows first.

        Channels are in Krita's own order: BGRA for whole numbers, RGBA for floats, CMYKA, GA.
        Raises HostError where t has no keyframe: Krita gives nothing for held frames.
        """
        with pauses.measure("read"):
            if self.has_key(t) or not self.is_still():
                data = bytes(self.node.pixelDataAtTime(*box, t))
            else:
                data = bytes(self.node.pixelData(*box))
        expected = box[2] * box[3] * self.pixel_size
        if len(data) != expected:
            raise HostError(
                tr(
                    'Frame {time} of the layer "{name}" could not be read: it has no keyframe '
                    "of its own.",
                    time=t,
                    name=self.info.name,
                )
            )
        return data

    def is_blank(self, t: int, box: Box) -> bool:
        """Tell whether every pixel of the box is fully transparent at key t."""
        data = self.read(t, box)
        if data == bytes(len(data)):
            return True
        size, alpha = self.pixel_size, CHANNEL_BYTES[self.info.color_depth]
        # An eraser leaves the colour and takes the alpha, the last channel in every model.
        planes = (data[size - 1 - i :: size] for i in range(alpha))
        return all(plane == bytes(len(plane)) for plane in planes)


_met: list[tuple[Any, str, str]] = []  # open documents, the ids of their roots, their keys


def _key(raw: Any) -> str:
    """Return what tells an open document from all others, the same through all handles of it.

    The root layer's id nearly does, and is a new one when the file is read again. But a copy that
    Krita makes of an open image has all the ids of its original.
    """
    root, opened = _uuid(raw.rootNode()), _open_documents()
    _met[:] = [entry for entry in _met if entry[0] in opened]
    for known, its_root, key in _met:
        if known == raw and its_root == root:
            return key
    taken, key = {key for _, _, key in _met}, root
    while key in taken:
        key += "+"
    _met.append((raw, root, key))
    return key


def _open_documents() -> list:
    return _owned(krita.Krita.instance().documents())


def _owned(items: list) -> list:
    """Let Python free the objects of a list with its last reference to them.

    Krita's bindings never free them, which costs 0.7 KiB for every layer and look.
    """
    for item in items:
        bindings = sys.modules.get(type(type(item)).__module__)  # PyQt's sip; not for the mock
        if hasattr(bindings, "transferback"):
            bindings.transferback(item)
    return items


def _uuid(node: Any) -> str:
    return node.uniqueId().toString()


def _collect(parent, depth, parent_uuid, locked, visible, found) -> None:
    for node in reversed(_owned(parent.childNodes())):  # Krita lists them from the bottom
        info = LayerInfo(
            uuid=_uuid(node),
            name=node.name(),
            kind=node.type(),
            color_model=node.colorModel(),
            color_depth=node.colorDepth(),
            profile=node.colorProfile(),
            animated=node.animated(),
            locked=locked or node.locked(),
            visible=visible and node.visible(),
            depth_in_tree=depth,
            parent_uuid=parent_uuid,
        )
        found.append((info, node))
        _collect(node, depth + 1, info.uuid, info.locked, info.visible, found)
