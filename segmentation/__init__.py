"""Line art to label map to pixels: gap-closing segmentation of drawn animation frames.

NumPy, OpenCV and Numba only; this package knows nothing of models, files or programs.
"""

from segmentation.channels import to_bytes
from segmentation.ground import NoLinesError
from segmentation.labelling import cut_by_colors, label_pieces, merge_pieces, settle_doubts
from segmentation.labels import expand_labels
from segmentation.lines import LineArt, extract_lines, line_width
from segmentation.paint import paint
from segmentation.passes import Passes
from segmentation.pieces import Pieces, find_pieces
from segmentation.places import Places, locate
from segmentation.regions import Segments, measure, preview
from segmentation.rough import Rough
from segmentation.trapped_ball import Segmentation, join_by_lines, joined, relabel_pieces, segment

__all__ = [
    "LineArt",
    "NoLinesError",
    "Passes",
    "Pieces",
    "Places",
    "Rough",
    "Segmentation",
    "Segments",
    "cut_by_colors",
    "expand_labels",
    "extract_lines",
    "find_pieces",
    "join_by_lines",
    "joined",
    "label_pieces",
    "line_width",
    "locate",
    "measure",
    "merge_pieces",
    "paint",
    "preview",
    "relabel_pieces",
    "segment",
    "settle_doubts",
    "to_bytes",
]
