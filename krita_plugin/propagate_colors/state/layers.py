"""Which layers can be chosen for lines and colours, and which are proposed. Pure."""

from __future__ import annotations

import re
from typing import Any, Collection, Iterable, Sequence

from ..i18n import tr
from .model import LayerChoice
from .pixels import Format

PAINT, GROUP = "paintlayer", "grouplayer"
_LINE_KINDS = {PAINT, GROUP, "vectorlayer", "clonelayer", "filelayer"}

# Layer names as animators give them, in the languages of the plugin.
# Words that artists name such layers by, in the plugin's languages.
_LINES = re.compile(
    r"line|ink|clean|trace|outline|linie|tusche|reinz|\btrait|encrage|línea|trazo|tinta"
    r"|線|主线|线稿|线条|描线|勾线",
    re.IGNORECASE,
)
_COLORS = re.compile(
    r"colou?r|paint|fill|flats|farb|koloriert|couleur|colo\b|aplat|remplissage|relleno"
    r"|色|塗|填",
    re.IGNORECASE,
)


def format_of(info: Any) -> Format:
    """Return how a layer stores its pixels."""
    return Format(info.color_model, info.color_depth, info.profile)


def document_format(document: Any) -> Format:
    """Return how new layers of a document store their pixels."""
    return Format(document.color_model, document.color_depth, document.profile)


def line_choices(infos: Iterable[Any]) -> list[LayerChoice]:
    """Return all layers, top first, as choices for the lines."""
    return [_choice(info, _why_no_line(info)) for info in infos]


def color_choices(infos: Sequence[Any], lines: Sequence[str]) -> list[LayerChoice]:
    """Return all layers, top first, as choices for the colours."""
    taken = with_members(infos, lines)
    return [_choice(info, _why_no_color(info, taken)) for info in infos]


def moved_choices(
    infos: Sequence[Any], lines: Sequence[str], color: str | None
) -> list[LayerChoice]:
    """Return the paint layers, top first, as choices of what also moves with the segments."""
    taken = with_members(infos, lines)
    return [
        _choice(info, _why_not_moved(info, taken))
        for info in infos
        if info.kind == PAINT and info.uuid != color
    ]


def propose(infos: Sequence[Any]) -> tuple[list[str], str | None]:
    """Guess the line layer and the colour layer by kind, animation and name."""
    animated = [info for info in infos if info.animated and not _why_no_line(info)]
    named = [info for info in animated if _LINES.search(info.name)]
    rest = [info for info in animated if not _COLORS.search(info.name)]
    line = next(iter(named or rest), None)
    if line is None:
        return [], None
    return [line.uuid], find_color_layer(infos, line)


def find_color_layer(infos: Sequence[Any], line: Any) -> str | None:
    """Return the layer named after the line layer, else the nearest animated one for colours below.

    It may be locked or hidden: a run then says so, rather than make another one. A still layer
    such as "background paint" is a finished picture, which is not to be animated.
    """
    taken = with_members(infos, [line.uuid])
    usable = [info for info in infos if not _why_never_color(info, taken)]
    for info in usable:
        if info.name == color_layer_name(line.name):
            return info.uuid
    place = infos.index(line)
    below = [info for info in usable if info.animated and infos.index(info) > place]
    return next((info.uuid for info in below if _COLORS.search(info.name)), None)


def color_layer_name(line_name: str) -> str:
    """Return the name of the colour layer that belongs to a line layer."""
    return tr("{line} colors", line=line_name)


def members(infos: Sequence[Any], group: str) -> list[Any]:
    """Return the layers in a group and in the groups in it."""
    inside = {group}
    found = []
    for info in infos:  # top first, a group before its layers
        if info.parent_uuid in inside:
            inside.add(info.uuid)
            found.append(info)
    return found


def with_members(infos: Sequence[Any], lines: Sequence[str]) -> set[str]:
    """Return the line layers and all layers in those that are groups."""
    return {*lines, *(info.uuid for line in lines for info in members(infos, line))}


def _choice(info: Any, why_not: str) -> LayerChoice:
    return LayerChoice(info.uuid, info.name, info.depth_in_tree, not why_not, why_not)


def _why_no_line(info: Any) -> str:
    if info.kind not in _LINE_KINDS:
        return tr("This kind of layer holds no lines.")
    return _why_no_format(info)


def _why_no_color(info: Any, lines: Collection[str]) -> str:
    why_not = _why_never_color(info, lines)
    if not why_not and info.locked:
        return tr("This layer is locked: unlock it to color into it.")
    if not why_not and not info.visible:
        return tr("This layer is hidden: show it to color into it.")
    return why_not


def _why_not_moved(info: Any, lines: Collection[str]) -> str:
    if not info.animated:
        return tr("This layer has no keyframes: animate it first.")
    return _why_no_color(info, lines)


def _why_never_color(info: Any, lines: Collection[str]) -> str:
    if info.kind != PAINT:
        return tr("Colors need a paint layer.")
    if info.uuid in lines:
        return tr("This is a line layer.")
    return _why_no_format(info)


def _why_no_format(info: Any) -> str:
    if format_of(info).known:
        return ""
    return tr(
        "Its color model {model} {depth} cannot be used: convert it to RGB, gray or CMYK.",
        model=info.color_model,
        depth=info.color_depth,
    )
