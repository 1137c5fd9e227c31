"""Line art to label map to pixels: gap-closing segmentation of drawn animation frames.

NumPy, OpenCV and Numba only; this package knows nothing of models, files or programs.
"""

from segmentation.lines import LineArt, extract_lines
from segmentation.paint import expand_labels, paint, preview
from segmentation.regions import Segments, measure
from segmentation.trapped_ball import Segmentation, segment

__all__ = [
    "LineArt",
    "Segmentation",
    "Segments",
    "expand_labels",
    "extract_lines",
    "measure",
    "paint",
    "preview",
    "segment",
]
