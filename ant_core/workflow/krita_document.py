"""`ant_core propagate SHOT.kra`: which layers and frames, and whose pixels; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError, OutputError, UsageError
from ant_core.files import WholeFiles, same_file
from ant_core.formats.kra.archive import KraArchive
from ant_core.formats.kra.document import DocumentLayer, KraDocument
from ant_core.formats.kra.journal import KraJournal
from ant_core.formats.kra.owners import read_journal
from ant_core.formats.kra.reader import ColorReader, LineReader
from ant_core.formats.kra.spaces import Space, space_named
from ant_core.formats.kra.writer import NewLayer
from ant_core.output.kra import KraOutput
from ant_core.output.kra_layer import PaintedLayer
from ant_core.propagation.assemble import assemble
from ant_core.shot.frames import describe_frames
from ant_core.shot.hints import HintSet, parse_hints
from ant_core.shot.model_sheet import open_model_sheets
from ant_core.workflow.krita_shades import ShadeLayer, load_shades, open_shade_layers
from ant_core.workflow.prepare import PreparedShot, chosen_frames, read_hints
from ant_core.workflow.propagate_options import PropagateOptions

__all__ = ["open_document", "prepare_kra"]

_SUFFIX = ".kra"


def prepare_kra(options: PropagateOptions, files: WholeFiles) -> PreparedShot:
    """Read the options and check every input of a shot that is a Krita document.

    Raises
    ------
    UsageError, InputError, OutputError
    """
    assert options.shot is not None
    path = Path(options.shot)
    out = _out(options, path)
    document = KraDocument(KraArchive(path))
    journal = read_journal(document)
    lines = _line_layers(document, options.line, journal)
    layer = _color_layer(document, options.color, lines, journal)
    color = _color(document, layer, journal, options.threads)
    earlier = None if same_file(out, path) else _earlier(out, color, options)
    output = KraOutput(out, color, earlier, [layer.uuid for layer in lines], files)
    taken = [*lines, *([layer] if isinstance(layer, DocumentLayer) else [])]
    shades = open_shade_layers(options.shade, document, journal, taken, output, options.threads)
    return _job(options, lines, color, output, shades)


def open_document(options: PropagateOptions) -> tuple[LineReader, list[int]]:
    """Return the line drawings of a Krita document, and the frames that the artist painted.

    Raises
    ------
    UsageError, InputError
    """
    assert options.shot is not None
    document = KraDocument(KraArchive(Path(options.shot)))
    journal = read_journal(document)
    lines = _line_layers(document, options.line, journal)
    layer = _color_layer(document, options.color, lines, journal)
    painted = _references(_color(document, layer, journal, options.threads))
    return LineReader(document, lines, painted, options.threads), painted


def _job(
    options: PropagateOptions,
    line_layers: Sequence[DocumentLayer],
    color: PaintedLayer,
    output: KraOutput,
    shade_layers: Sequence[ShadeLayer],
) -> PreparedShot:
    document = color.document
    painted = color.frames_of("artist", "accepted", "unknown")
    toggled = color.journal.references_on if color.journal is not None else set()
    painted += [frame for frame in color.frames_of("predicted") if frame in toggled]
    further = [frame for layer in shade_layers for frame in layer.frames]
    shown = [*painted, *output.kept, *further]
    lines = LineReader(document, line_layers, shown, options.threads)
    colors = _color_reader(document, color, painted, options.threads)
    chosen = chosen_frames(options.references, colors.frames, "--references", "painted frame")
    references = _references(color) if chosen is None else chosen
    if not options.overwrite:
        output.check_painted(references)
    frames = chosen_frames(options.frames, lines.frames, "--frames", "line drawing")
    size = document.height, document.width
    hints, hints_document, told = _hints(options, lines, output, size, color.space.pixels)
    left = sorted(set(painted) - set(references))
    wanted = [f for f in (lines.frames if frames is None else frames) if f not in left]
    assembly = assemble(
        lines=lines,
        colors=colors,
        output=output,
        frames=wanted,
        references=references,
        kept=sorted({*hints.frames, *output.kept} - set(references)),
        hints=hints,
        sheets=open_model_sheets([Path(name) for name in options.model_sheet]),
        pixels=color.space.pixels,
    )
    shades, of_shades = load_shades(
        shade_layers, assembly.shot, options.threads, overwrite=options.overwrite
    )
    assembly = replace(assembly, shades=shades)
    warnings = [*_warnings(color, output, left), *told, *assembly.without_effect, *of_shades]
    return PreparedShot(assembly, output, hints_document, tuple(warnings))


def _hints(
    options: PropagateOptions,
    lines: LineReader,
    output: KraOutput,
    size: tuple[int, int],
    pixels: PixelFormat,
) -> tuple[HintSet, dict[str, Any], list[str]]:
    """Return hints and locks, their document, and what is to be told of them.

    Without --hints those that the docker left are taken. Timeline and canvas may have changed
    since then: what has no place any more is left out, a whole night's run does not end for it.
    """
    given, document = read_hints(options, lines)
    noted = output.hints
    if options.hints or not (noted.get("hints") or noted.get("locks")):
        return given, document, []
    place = f"the docker's notes in {output.path.name}"
    found = parse_hints(noted, place)
    warnings: list[str] = []

    def fits(one: HintSet, locks: Sequence[int] = ()) -> bool:
        """Tell whether frames, values and locked files are there; keeps a warning if not."""
        try:
            one.check_frames(lines.frames)
            one.check_values(size, pixels)
            for frame in locks:
                output.probe(frame)
        except InputError as error:
            warnings.append(f"left out: {error}")
            return False
        return True

    hints = tuple(item for item in found.hints if fits(HintSet(hints=(item,))))
    locks = tuple(item for item in found.locks if fits(HintSet(locks=(item,)), [item.frame]))
    frames = {frame for frame in found.frames if fits(HintSet(frames=(frame,)), [frame])}
    warnings.append(
        f"{len(hints)} hints and {len(locks) + len(frames)} locks are taken from {place}: pass "
        "--hints with a file to use others"
    )
    whole = tuple(sorted({*frames, *given.frames}))
    return HintSet(hints, locks, whole), noted, warnings


def _out(options: PropagateOptions, path: Path) -> Path:
    """Return where the document is written."""
    if options.in_place:
        return path
    assert options.out is not None  # `PropagateOptions.check`
    out = Path(options.out)
    if out.suffix.lower() != _SUFFIX:
        out /= path.name
    if same_file(out, path):
        raise UsageError(f"--out {out} is the shot itself: choose another name, or pass --in-place")
    return out


def _line_layers(
    document: KraDocument, names: Sequence[str] | None, journal: KraJournal | None
) -> list[DocumentLayer]:
    """Return the line layers, bottom first; guessed where it is clear which one is meant."""
    if names:
        found = [document.find(name, "--line") for name in names]
        for layer in found:
            if any(other is not layer and other in layer.walk() for other in found):
                raise UsageError(f"--line names {layer.path} and a layer in it: leave one out")
        order = list(document.walk())
        unique = {order.index(layer): layer for layer in found}
        return [unique[place] for place in sorted(unique, reverse=True)]
    noted = _noted(document, journal, "line")
    if noted:
        return noted
    named = [
        layer
        for layer in document.walk()
        if layer.kind == "paintlayer" and layer.animated and _sounds_like_line(layer.name)
    ]
    if len(named) != 1:
        raise UsageError(
            f"it is not clear which layer of {document.path} holds the lines: name it with "
            f"--line, there are {document.describe_layers()}"
        )
    return named


def _sounds_like_line(name: str) -> bool:
    return any(word in name.lower() for word in ("line", "ink"))


def _noted(document: KraDocument, journal: KraJournal | None, role: str) -> list[DocumentLayer]:
    """Return the layers that were chosen when the document was last worked on."""
    if journal is None:
        return []
    uuids = [uuid for uuid, item in journal.document["layers"].items() if item["role"] == role]
    return [layer for layer in reversed(list(document.walk())) if layer.uuid in uuids]


def _color_layer(
    document: KraDocument,
    name: str | None,
    lines: Sequence[DocumentLayer],
    journal: KraJournal | None,
) -> DocumentLayer | NewLayer:
    if name is None:
        return _guessed_color(document, lines, journal)
    if not any(name in (layer.name, layer.path, layer.uuid) for layer in document.walk()):
        return NewLayer(name, lines[0], _document_space(document))
    layer = document.find(name, "--color")
    if layer.kind != "paintlayer":
        raise InputError(
            f"{document.place(layer)} is no paint layer: name one for the colours, or a name "
            "that is not taken to have one made"
        )
    if layer in lines:
        raise UsageError(f"--color and --line both name {layer.path}: name two layers")
    if any(layer in line.walk() for line in lines):
        raise UsageError(
            f"--line names a group that the colour layer {layer.path} is in, so that its colours "
            "would be taken for lines: name the line layers in the group, with one --line each"
        )
    return layer


def _guessed_color(
    document: KraDocument, lines: Sequence[DocumentLayer], journal: KraJournal | None
) -> DocumentLayer | NewLayer:
    noted = _noted(document, journal, "color")
    inside = [part for line in lines for part in line.walk()]
    if noted and noted[0] not in inside:
        return noted[0]
    named = [
        layer
        for layer in document.walk()
        if layer.kind == "paintlayer"
        and layer not in inside
        and any(word in layer.name.lower() for word in ("colo", "paint", "fill"))
    ]
    if len(named) == 1:
        return named[0]
    if not named:
        return NewLayer(f"{lines[0].name} color", lines[0], _document_space(document))
    raise UsageError(
        f"it is not clear which layer of {document.path} holds the colours: name it with "
        f"--color, there are {document.describe_layers()}"
    )


def _document_space(document: KraDocument) -> Space:
    return space_named(document.image.attrs.get("colorspacename", ""), str(document.path))


def _color(
    document: KraDocument,
    layer: DocumentLayer | NewLayer,
    journal: KraJournal | None,
    threads: int | None,
) -> PaintedLayer:
    if isinstance(layer, NewLayer):
        return PaintedLayer(document, layer, journal, {})
    return PaintedLayer.surveyed(document, layer, journal, threads)


def _color_reader(
    document: KraDocument, color: PaintedLayer, frames: Sequence[int], threads: int | None
) -> ColorReader:
    layer = color.layer if isinstance(color.layer, DocumentLayer) else color.layer.below
    return ColorReader(document, layer, frames, threads)


def _references(color: PaintedLayer) -> list[int]:
    """Return the frames to learn from where the options do not say."""
    frames = set(color.frames_of("artist", "accepted"))
    if color.journal is not None:
        painted = {time for time, item in color.painted.items() if item.owner != "blank"}
        frames |= color.journal.references_on & painted
        frames -= color.journal.references_off
    return sorted(frames)


def _earlier(out: Path, color: PaintedLayer, options: PropagateOptions) -> PaintedLayer | None:
    """Read what an earlier run, and the artist after it, left where the output goes."""
    if not out.exists() or options.overwrite:
        return None
    document = KraDocument(KraArchive(out))
    layers = {layer.uuid: layer for layer in document.walk()}
    layer = layers.get(color.layer.uuid)
    journal = read_journal(document)
    if journal is None or layer is None:
        raise OutputError(
            f"{out} is in the way and was not written by an earlier run: choose another --out or "
            "pass --overwrite"
        )
    size = color.document.width, color.document.height
    same_size = (document.width, document.height) == size
    if not same_size or layer.space_name != color.space.name:
        raise OutputError(
            f"{out} has another size or colour space than the shot now: move it away, or pass "
            "--overwrite"
        )
    return PaintedLayer.surveyed(document, layer, journal)


def _warnings(color: PaintedLayer, output: KraOutput, left: Sequence[int]) -> list[str]:
    warnings = []
    if output.kept:
        warnings.append(
            f"frames {describe_frames(output.kept)} were painted or accepted in {output.path} "
            "since the last run: they are kept and learned from"
        )
    if output.was_saved_since:
        warnings.append(
            f"{output.path} was saved since the last run: of its changes those to the colour layer "
            "and to layers that --shade has moved are kept, all else comes from "
            f"{color.document.path}; the former file is kept as {output.path.name}~"
        )
    if left:
        warnings.append(
            f"frames {describe_frames(left)} are painted but no references: they stay as they "
            "are and teach nothing; name them with --references to learn from them"
        )
    return warnings
