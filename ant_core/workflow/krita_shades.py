"""The further painted layers of `ant_core propagate SHOT.kra --shade`, opened and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ant_core.errors import InputError, OutputError, UsageError
from ant_core.formats.kra.document import DocumentLayer, KraDocument
from ant_core.formats.kra.journal import KraJournal
from ant_core.formats.kra.reader import ColorReader
from ant_core.output.kra import KraOutput
from ant_core.output.kra_layer import ARTISTS, KraLayer, PaintedLayer
from ant_core.propagation.result import COLOR
from ant_core.propagation.shades import Shade, left_on_references, load_shade
from ant_core.shot.frames import describe_frames
from ant_core.shot.shot import Shot

__all__ = ["ShadeLayer", "load_shades", "open_shade_layers"]


@dataclass(frozen=True)
class ShadeLayer:
    """A further layer of a document, and where its frames go."""

    painted: PaintedLayer
    output: KraLayer

    @property
    def name(self) -> str:
        """The layer's name in the document."""
        return self.painted.layer.name

    @property
    def frames(self) -> list[int]:
        """The frames that the artist painted, in the shot or in the output."""
        return sorted({*self.painted.frames_of(*ARTISTS), *self.output.kept})


def open_shade_layers(
    names: Sequence[str],
    document: KraDocument,
    journal: KraJournal | None,
    taken: Sequence[DocumentLayer],
    output: KraOutput,
    threads: int | None,
) -> list[ShadeLayer]:
    """Find the further layers, and those that only earlier runs moved; nothing is written.

    Parameters
    ----------
    taken : sequence of DocumentLayer
        Those of the lines and of the colours.
    output : KraOutput
        Of the colours; the same file gets the further layers.

    Raises
    ------
    UsageError, InputError, OutputError
    """
    found: list[ShadeLayer] = []
    for name in names:
        layer = document.find(name, "--shade")
        if layer.kind != "paintlayer":
            raise InputError(
                f"{document.place(layer)} is no paint layer: name one with --shade, pixels cannot "
                "be put into other kinds"
            )
        if any(layer is part for other in taken for part in other.walk()):
            raise UsageError(
                f"--shade names {layer.path}, which --line or --color uses already: name another "
                "layer"
            )
        if any(layer is other.painted.layer for other in found):
            raise UsageError(f"--shade names {layer.path} twice: leave one out")
        uuids = [other.uuid for other in document.walk()]
        if not layer.uuid or uuids.count(layer.uuid) > 1:
            raise InputError(
                f"{document.place(layer)} has no uuid of its own, by which its frames are known: "
                "copy it in Krita, and name the copy with --shade"
            )
        names_taken = [COLOR, *(other.name.casefold() for other in found)]
        if layer.name.casefold() in names_taken:
            raise UsageError(
                f'--shade names a layer "{layer.name}", and the report has another of that name: '
                "give the layers different names"
            )
        painted = PaintedLayer.surveyed(document, layer, journal, threads)
        earlier = _earlier(output, painted, threads)
        found.append(ShadeLayer(painted, output.further(painted, earlier)))
    taken = [*taken, *(document.find(name, "--shade") for name in names)]
    _carry_over(document, journal, taken, output, threads)
    return found


def _carry_over(
    document: KraDocument,
    journal: KraJournal | None,
    taken: Sequence[DocumentLayer],
    output: KraOutput,
    threads: int | None,
) -> None:
    """Have the output keep what it has in layers that earlier runs moved and this one does not."""
    if output.earlier is None or output.earlier.journal is None:
        return
    known = {entry.layer for entry in output.earlier.journal} - {layer.uuid for layer in taken}
    for layer in document.walk():
        if layer.kind == "paintlayer" and layer.uuid in known:
            painted = PaintedLayer.surveyed(document, layer, journal, threads)
            output.further(painted, _earlier(output, painted, threads), carried=True)


def _earlier(output: KraOutput, painted: PaintedLayer, threads: int | None) -> PaintedLayer | None:
    """Return the layer in the output of an earlier run; None where it has none."""
    if output.earlier is None:
        return None
    document, journal = output.earlier.document, output.earlier.journal
    layers = {layer.uuid: layer for layer in document.walk()}
    layer = layers.get(painted.layer.uuid)
    if layer is None or journal is None:
        return None
    if all(entry.layer != layer.uuid for entry in journal):
        return None  # no run has moved it yet: it lies there as it was in the shot
    if layer.kind != "paintlayer" or layer.space_name != painted.space.name:
        raise OutputError(
            f"{document.place(layer)} has another colour space than in the shot now: move the "
            "file away, or pass --overwrite"
        )
    return PaintedLayer.surveyed(document, layer, journal, threads)


def load_shades(
    layers: Sequence[ShadeLayer], shot: Shot, threads: int | None, *, overwrite: bool
) -> tuple[tuple[Shade, ...], list[str]]:
    """Check the pictures of the further layers.

    Returns
    -------
    tuple of Shade, list of str
        And what the artist must know, in sentences.
    """
    shades: list[Shade] = []
    told: list[str] = []
    for item in layers:
        assert isinstance(item.painted.layer, DocumentLayer)
        own = item.painted.frames_of(*ARTISTS)
        if not overwrite:
            item.output.check_painted(own)
        painted = [frame for frame in own if frame in shot.lines.frames]
        reader = ColorReader(item.painted.document, item.painted.layer, painted, threads)
        kept = item.output.kept
        left = left_on_references(shot, item.output, {*painted, *kept})
        shade = load_shade(item.name, reader, item.output, shot, painted, sorted({*kept, *left}))
        shades.append(shade)
        if kept:
            told.append(
                f'frames {describe_frames(kept)} of "{item.name}" were painted in '
                f"{item.output.path} since the last run: they are kept and learned from"
            )
        if left:
            told.append(
                f"frames {describe_frames(left)} have their colours given: they keep what earlier "
                f'runs moved onto them in "{item.name}"; paint what belongs there'
            )
        empty = [r.frame for r in shot.references if not shade.digest(r.frame)]
        if empty:
            told.append(
                f'painted frames {describe_frames(empty)} have nothing in "{item.name}": it stays '
                "empty there; paint what belongs there on the same frames"
            )
    return tuple(shades), told
