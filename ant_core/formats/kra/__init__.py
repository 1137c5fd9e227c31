"""Krita documents, read and written without Krita."""

from ant_core.formats.kra.archive import KraArchive
from ant_core.formats.kra.document import KraDocument
from ant_core.formats.kra.reader import LineReader

__all__ = ["KraArchive", "KraDocument", "LineReader"]
