"""Where frames come from and where they go: one module a format, behind one small interface."""

from ant_core.files import WholeFiles
from ant_core.formats.sequence import SequenceReader

__all__ = ["SequenceReader", "WholeFiles"]
