"""Whose pixels each key of a colour layer holds; the docker in Krita goes by the same rules.

A key without a visible pixel is blank. With an entry in the journal the hash decides: the
noted pixels are ours, others are the artist's. Without an entry they are the artist's, unless the
document has a journal that does not know the frame: it may stem from a run whose notes were lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ant_core.formats.kra.document import DocumentLayer, Key, KraDocument
from ant_core.formats.kra.journal import KIND, LIMIT, KraJournal, plane_hash
from ant_core.formats.kra.reader import read_plane

__all__ = ["OwnedKey", "Owner", "color_keys", "read_journal", "survey"]

Owner = Literal["blank", "predicted", "accepted", "artist", "unknown"]


@dataclass(frozen=True)
class OwnedKey:
    """One key of a colour layer: whose it is, and the hash of its pixels on the canvas."""

    owner: Owner
    hash: str


def read_journal(document: KraDocument) -> KraJournal | None:
    """Return the document's journal, None when it has none; InputError when it is damaged."""
    if KIND not in document.annotations:
        return None
    name = document.annotation_file(KIND)
    if name not in document.archive:
        return None
    # Krita does not bound what others write; some room over our own limit.
    return KraJournal(document.archive.read(name, 2 * LIMIT), str(document.path))


def color_keys(layer: DocumentLayer) -> tuple[Key, ...]:
    """Return the keys of a layer; a still layer has one at 0, as if it were animated."""
    return layer.keys if layer.animated else (Key(0, layer.file, layer.offset),)


def survey(
    document: KraDocument,
    layer: DocumentLayer,
    journal: KraJournal | None,
    keys: Iterable[Key] | None = None,
    threads: int | None = None,
) -> dict[int, OwnedKey]:
    """Look at every key of a colour layer.

    Parameters
    ----------
    document, layer
    journal : KraJournal or None
        None where the document had none.
    keys : iterable of Key, optional
        All by default.
    threads : int, optional
        See `decode_tiles`.

    Returns
    -------
    dict of int to OwnedKey
        By time.
    """
    found: dict[int, OwnedKey] = {}
    known: dict[tuple[str, tuple[int, int]], tuple[bool, str]] = {}  # clones are read once
    space = document.space(layer)
    for key in color_keys(layer) if keys is None else keys:
        place = key.file, key.offset
        if place not in known:
            image = read_plane(document, layer, key, threads)
            known[place] = bool(image[:, :, -1].any()), plane_hash(image, space)
        visible, digest = known[place]
        if journal is not None and visible:
            _take_up(journal, layer.uuid, key.time, digest)
        found[key.time] = OwnedKey(_owner(layer, key.time, visible, digest, journal), digest)
    return found


def _take_up(journal: KraJournal, layer: str, time: int, digest: str) -> None:
    """Note again pixels of ours that Krita's redo brought back where we wrote them."""
    entry = journal.entry(layer, time)
    if entry is None or entry.after != digest:
        journal.revive(layer, time, digest)


def _owner(
    layer: DocumentLayer, time: int, visible: bool, digest: str, journal: KraJournal | None
) -> Owner:
    entry = journal.entry(layer.uuid, time) if journal is not None else None
    if entry is not None and entry.after == digest:
        return entry.state
    if not visible:
        return "blank"
    origin = journal.origin(digest) if journal is not None else None
    if origin is not None:  # undone in Krita, moved or copied; a copy of an accepted one stays
        return "predicted" if origin == "predicted" else "unknown"
    if entry is not None or journal is None:
        return "artist"
    toggled = time in journal.references_on or time in journal.references_off
    return "artist" if toggled else "unknown"
