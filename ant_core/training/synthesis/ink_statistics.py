"""How drawings are drawn, in figures: to hold simulated ink beside ink from a hand.

Counts are per length of line and lengths relative to the picture's height, so that drawings of
different size and fullness can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.skeleton import strokes
from segmentation import extract_lines, measure, segment

__all__ = ["FIGURES", "InkFigures", "comparison", "ink_figures"]

#: Name and meaning of each figure, in the order of the table.
FIGURES = {
    "width_px": "line width, px",
    "width": "line width, 1/1000 of the height",
    "unevenness": "spread of the width within a drawing (90 % - 10 %) / median",
    "corners": "corners in 1000 px of line, of a picture 1000 px tall",
    "junctions": "junctions in as much",
    "ends": "stroke ends in as much",
    "gaps": "closed gaps in as much",
    "all_gaps": "closed gaps in a drawing",
    "segments": "segments in a drawing",
    "areas": "segment area, 1/1000000 of the picture",
    "trace": "share of the ink in trace lines, %",
}
_PERCENT = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class InkFigures:
    """Figures of one drawing.

    Attributes
    ----------
    values
        Key of `FIGURES` -> (K,) float64; one value, but one a segment for ``areas``, which leaves
        out segments that reach the picture's border.
    """

    values: dict[str, NDArray[np.float64]]


def ink_figures(image: NDArray[np.uint8]) -> InkFigures:
    """Measure a drawing, read and segmented as the product does.

    Parameters
    ----------
    image
        (H, W) grey or (H, W, 3|4) RGB(A) line drawing; not modified.
    """
    height, width = image.shape[:2]
    lines = extract_lines(image)
    found = segment(lines)
    segments = measure(found.labels)
    drawn = strokes(lines.ink, lines.line_width_px)
    length = max(drawn.length_px / height, 1e-3)
    spread = drawn.local_width_px if len(drawn.local_width_px) else np.ones(1)
    low, middle, high = np.percentile(spread, (10, 50, 90))
    inside = segments.area[~segments.touches_border]
    single = {
        "width_px": lines.line_width_px,
        "width": lines.line_width_px / height * 1000,
        "unevenness": (high - low) / middle,
        "corners": drawn.corners / length,
        "junctions": drawn.junctions / length,
        "ends": drawn.ends / length,
        "gaps": len(found.closed_gaps) / length,
        "all_gaps": len(found.closed_gaps),
        "segments": len(segments.area),
        "trace": 100 * int((lines.trace > 0).sum()) / max(1, int(lines.ink.sum())),
    }
    values = {name: np.array([value], dtype=np.float64) for name, value in single.items()}
    return InkFigures(values | {"areas": inside / (height * width) * 1e6})


def comparison(groups: Mapping[str, Sequence[InkFigures]]) -> list[str]:
    """Return a table as lines of text: for each figure a row a group, at 5 to 95 percent.

    Parameters
    ----------
    groups
        Name -> its drawings; groups without drawings are left out.
    """
    groups = {name: drawn for name, drawn in groups.items() if drawn}
    wide = max((len(name) for name in groups), default=0)
    lines = ["drawings: " + ", ".join(f"{name} {len(drawn)}" for name, drawn in groups.items())]
    lines.append(" " * (wide + 2) + "".join(f"{percent:>8} %" for percent in _PERCENT))
    for key, meaning in FIGURES.items():
        lines.append(meaning)
        for name, drawn in groups.items():
            values = np.concatenate([figures.values[key] for figures in drawn])
            points = np.percentile(values, _PERCENT) if len(values) else np.full(5, np.nan)
            lines.append(f"  {name:<{wide}}" + "".join(f"{point:>10.4g}" for point in points))
    return lines
