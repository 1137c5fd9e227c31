"""Where frames come from and where they go: one module a format, behind one small interface."""

from ant_core.formats.base import FrameInfo, FrameReader, FrameWriter
from ant_core.formats.files import WholeFiles
from ant_core.formats.sequence import PngReader, PngWriter

__all__ = ["FrameInfo", "FrameReader", "FrameWriter", "PngReader", "PngWriter", "WholeFiles"]
