"""Colour a shot of two drawings through the command line, and count what came out right."""

from __future__ import annotations

import contextlib
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks.wild_variants import Variant

# A region is right when this share of its inside has the right colour, and what has not is smaller
# than so many regions that just count.
_RIGHT, _WRONG_REGIONS = 0.95, 10
# The inside begins this deep: the rims of soft and rough lines belong to no region.
_RIM_PX = 2.5


@dataclass(frozen=True)
class Done:
    """What a run of the command line left.

    Attributes
    ----------
    exit_code : int
    said : str, last line on stderr
    painted : (H, W, 4) uint8 RGBA, the second frame, or None where it was not written
    """

    exit_code: int
    said: str
    painted: NDArray[np.uint8] | None


def colour(reference: Variant, target: Variant) -> Done:
    """Paint `target` from the painted `reference`, default options, in this process."""
    with tempfile.TemporaryDirectory(prefix="wild_") as folder:
        shot, out = Path(folder, "shot"), Path(folder, "out")
        (shot / "color").mkdir(parents=True)
        (shot / "line").mkdir()
        _write_lines(shot / "line" / "0001", reference)
        _write_lines(shot / "line" / "0002", target)
        write_png(shot / "color" / "0001.png", reference.painted)
        code, said = _propagate(shot, out)
        written = out / "color" / "0002.png"
        painted = read_rgba(written) if written.exists() else None
    return Done(code, said, painted)


def _propagate(shot: Path, out: Path) -> tuple[int, str]:
    """Run the command line; returns its exit code and the last thing it said."""
    from ant_core.cli import main

    stdout, stderr = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        code = main(["propagate", str(shot), "--out", str(out)])
    said = [text for text in stderr.getvalue().splitlines() if text.strip()]
    return code, said[-1] if said else ""


def right(target: Variant, painted: NDArray[np.uint8] | None) -> list[int]:
    """Counted regions of the target whose pixels got their colour.

    Where the artist's frame was not flat, several near colours would do; all regions of one true
    colour must then have the same, the commonest of them.
    """
    truth = target.truth
    if painted is None or painted.shape[:2] != truth.labels.shape:
        return []
    # Nothing is painted where alpha is 0; the colour beneath does not count.
    bare = np.where(painted[..., 3:] > 0, painted, 0).astype(np.uint8)
    inside = _insides(truth.labels)
    area = np.bincount(inside.ravel(), minlength=len(truth.colors))
    got, most = _commonest(bare, inside, len(truth.colors))
    even = (most >= _RIGHT * area) & (area - most <= _WRONG_REGIONS * truth.counted_px)
    counted = truth.counted()
    found: list[int] = []
    for color in np.unique(truth.colors[counted], axis=0):
        regions = [int(r) for r in counted if (truth.colors[r] == color).all()]
        values, which = np.unique(got[regions], axis=0, return_inverse=True)
        votes = np.bincount(which.ravel(), weights=area[regions])
        meant = values[votes.argmax()] if target.tolerance else color
        near = np.abs(meant.astype(int) - color).max() <= target.tolerance
        found += [r for r in regions if near and even[r] and (got[r] == meant).all()]
    return sorted(found)


def _insides(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Take the rim off every region that is wide enough to keep half of its pixels."""
    depth = cv2.distanceTransform((labels > 0).astype(np.uint8), cv2.DIST_L2, 5)
    deep = np.where(depth > _RIM_PX, labels, 0)
    area, left = np.bincount(labels.ravel()), np.bincount(deep.ravel(), minlength=labels.max() + 1)
    return np.where((2 * left >= area)[labels], deep, labels).astype(np.int32)


def _commonest(
    painted: NDArray[np.uint8], labels: NDArray[np.int32], count: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Commonest colour of every region, (count, 4) uint8, and how many of its pixels have it."""
    packed = np.ascontiguousarray(painted).view(np.uint32)[..., 0].ravel()
    values, index = np.unique(packed, return_inverse=True)
    keys, votes = np.unique(labels.ravel() * np.int64(len(values)) + index, return_counts=True)
    region, value = keys // len(values), keys % len(values)
    order = np.argsort(votes, kind="stable")  # the last assignment, of most votes, stays
    best, most = np.zeros(count, np.int64), np.zeros(count)
    best[region[order]], most[region[order]] = value[order], votes[order]
    colors = values[best].astype(np.uint32).view(np.uint8).reshape(-1, 4)
    return colors, most


def write_png(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write grey, RGB or RGBA."""
    order = {2: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    code = order[picture.shape[2] if picture.ndim == 3 else 2]
    if not cv2.imwrite(str(path), picture if code is None else cv2.cvtColor(picture, code)):
        raise SystemExit(f"{path}: cannot be written")


def read_rgba(path: Path) -> NDArray[np.uint8]:
    """Read a PNG as RGBA."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3:
        raise SystemExit(f"{path}: expected a colour picture")
    code = cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGBA
    return np.asarray(cv2.cvtColor(picture, code), np.uint8)


def _write_lines(stem: Path, variant: Variant) -> None:
    if not variant.cmyk:
        write_png(stem.with_suffix(".png"), variant.lines)
        return
    import tifffile

    extra = ["unassalpha"] if variant.lines.shape[2] == 5 else None
    tifffile.imwrite(
        stem.with_suffix(".tif"), variant.lines, photometric="separated", extrasamples=extra
    )
