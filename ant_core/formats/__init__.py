"""Where frames come from and where they go: one module a format, behind one small interface."""

from ant_core.files import WholeFiles
from ant_core.formats.base import FrameInfo, FrameReader
from ant_core.formats.sequence import SequenceReader, SequenceWriter

__all__ = [
    "FrameInfo",
    "FrameReader",
    "SequenceReader",
    "SequenceWriter",
    "WholeFiles",
]
