"""Krita documents, read and written without Krita."""

from ant_core.formats.kra.archive import KraArchive
from ant_core.formats.kra.document import Key, KraDocument, Layer
from ant_core.formats.kra.reader import ColorReader, LineReader

__all__ = ["ColorReader", "Key", "KraArchive", "KraDocument", "Layer", "LineReader"]
