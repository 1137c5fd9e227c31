"""Line art to label map to pixels: gap-closing segmentation of drawn animation frames.

NumPy, OpenCV and Numba only; this package knows nothing of models, files or programs.
"""

from segmentation.ground import NoLinesError
from segmentation.labels import expand_labels
from segmentation.lines import LineArt, extract_lines
from segmentation.paint import paint
from segmentation.regions import Segments, measure, preview
from segmentation.trapped_ball import Segmentation, segment

__all__ = [
    "LineArt",
    "NoLinesError",
    "Segmentation",
    "Segments",
    "expand_labels",
    "extract_lines",
    "measure",
    "paint",
    "preview",
    "segment",
]
