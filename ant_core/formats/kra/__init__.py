"""Krita documents, read and written without Krita."""

from ant_core.formats.kra.archive import KraArchive
from ant_core.formats.kra.document import DocumentLayer, Key, KraDocument
from ant_core.formats.kra.reader import ColorReader, LineReader

__all__ = ["ColorReader", "DocumentLayer", "Key", "KraArchive", "KraDocument", "LineReader"]
