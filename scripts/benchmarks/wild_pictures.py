"""Pictures of the wild benchmark without ground truth, and sheets to look at what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks import wild_shot
from scripts.benchmarks.wild_shot import Done
from scripts.benchmarks.wild_variants import Variant

# x, y within parts of linefiller_example.png that must be different regions.
LINEFILLER = {
    "face": (860, 560),
    "fringe": (879, 282),
    "side hair": (705, 600),
    "jacket": (560, 850),
    "background": (200, 300),
}
_JOINED_PX = 1000
_TILE_PX = 640


def without_truth(bench: Path) -> Iterator[tuple[str, str]]:
    """Check the pictures of the bench folder: text of each, and what it misses."""
    yield from linefiller(bench / "wild" / "linefiller_example.png")
    yield from _edges()
    yield from _dashes()


def linefiller(path: Path) -> Iterator[tuple[str, str]]:
    """Name the parts of the open portrait that share a segment, and how large it is."""
    from segmentation import extract_lines, segment

    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise SystemExit(f"{path}: no readable picture there; pass the bench folder with --bench")
    labels = segment(extract_lines(picture)).labels
    area = np.bincount(labels.ravel())
    names = list(LINEFILLER)
    owner = [int(labels[y, x]) for x, y in LINEFILLER.values()]
    for name, label in zip(names, owner, strict=True):
        if label == 0:
            yield f"linefiller: the point of {name} is ink", "ink "
    for i, first in enumerate(names):
        for k in range(i + 1, len(names)):
            if owner[i] == owner[k] > 0:
                px = int(area[owner[i]])
                yield (
                    f"linefiller: {first} and {names[k]} share a segment of {px} px",
                    "joined " if px > _JOINED_PX else "",
                )
    yield f"linefiller: {area.size - 1} segments, {len(set(owner))} of 5 parts apart", ""


def _edges() -> Iterator[tuple[str, str]]:
    """A half disc whose line stops short of the canvas edge: two segments at a gap of 10 px."""
    for short in (0, 1, 2, 3, 4, 8):
        picture = np.full((640, 640), 255, np.uint8)
        cv2.circle(picture, (639, 320), 150, 0, 3)
        if short:
            picture[:, -short:] = 255
        found = _count(picture, 10.0)
        yield f"half disc {short} px short: {found} segments", "" if found == 2 else "segments "


def _dashes() -> Iterator[tuple[str, str]]:
    """Two rooms that overlap, in a 2 px binary line with a hole of 3 px every 22 px.

    Four segments, as without the holes: each room alone, where both are, and outside.
    """
    for seed in range(4):
        rng = np.random.default_rng(seed)
        picture = np.full((640, 640), 255, np.uint8)
        cv2.rectangle(picture, (150, 200), (320, 400), 0, 2)
        cv2.ellipse(picture, (360, 300), (140, 45), 12, 0, 360, 0, 2)
        ys, xs = np.nonzero(picture == 0)
        for i in rng.choice(len(ys), len(ys) // 45, replace=False):
            picture[max(0, ys[i] - 1) : ys[i] + 2, max(0, xs[i] - 1) : xs[i] + 2] = 255
        found = _count(picture, None)
        yield f"dashed rooms {seed}: {found} segments", "" if found == 4 else "segments "


def _count(picture: NDArray[np.uint8], gap_px: float | None) -> int:
    from segmentation import extract_lines, segment

    return int(segment(extract_lines(picture), gap_px).labels.max())


def write(out: Path, circumstance: str, figure: str, size: int, shown: Variant) -> None:
    """Write lines and painted frame of a variant."""
    out.mkdir(parents=True, exist_ok=True)
    stem = f"{circumstance} {figure} {size}".replace(" ", "_").replace(",", "")
    wild_shot.write_png(out / f"{stem}_line.png", _visible(shown))
    wild_shot.write_png(out / f"{stem}_painted.png", shown.painted)


def write_result(
    out: Path, circumstance: str, figure: str, size: int, target: Variant, done: Done
) -> None:
    """Write the second frame as it was coloured, wrong regions in magenta."""
    stem = f"{circumstance} {figure} {size}".replace(" ", "_").replace(",", "")
    truth = target.truth
    shown = np.zeros((*truth.labels.shape, 4), np.uint8) if done.painted is None else done.painted
    wrong = np.setdiff1d(truth.counted(), wild_shot.right(target, done.painted))
    hatch = np.indices(truth.labels.shape).sum(axis=0) % 6 < 2
    shown = shown.copy()
    shown[np.isin(truth.labels, wrong) & hatch] = (255, 0, 255, 255)
    shown[truth.labels == 0] = (0, 0, 0, 255)
    wild_shot.write_png(out / f"{stem}_result.png", shown)


def _visible(shown: Variant) -> NDArray[np.uint8]:
    """Show CMYK as a screen does, roughly."""
    if not shown.cmyk:
        return shown.lines
    ink = shown.lines[..., :4].astype(np.float32) / 255
    if shown.lines.shape[2] == 5:
        ink *= shown.lines[..., 4:].astype(np.float32) / 255
    return np.rint(255 * (1 - ink[..., :3]) * (1 - ink[..., 3:])).astype(np.uint8)


def sheets(out: Path) -> None:
    """Lay the pictures of each circumstance side by side: sheet_NAME.png."""
    groups: dict[str, list[Path]] = {}
    for path in sorted(out.glob("*_line.png")):
        name, _, _ = path.stem.removesuffix("_line").rpartition("_")
        for figure in ("_saha_ink", "_saha", "_portrait", "_fox", "_bench"):
            name = name.removesuffix(figure)
        groups.setdefault(name, []).append(path)
    for name, paths in groups.items():
        rows = []
        for path in paths:
            stem = path.stem.removesuffix("_line")
            row = [_tile(out / f"{stem}_{kind}.png") for kind in ("line", "painted", "result")]
            rows.append(cv2.hconcat([tile for tile in row if tile is not None]))
        cv2.imwrite(str(out / f"sheet_{name}.png"), cv2.vconcat(_same_width(rows)))


def _tile(path: Path) -> NDArray[np.uint8] | None:
    if not path.exists():
        return None
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        return None
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    if picture.shape[2] == 4:
        picture = np.where(picture[..., 3:] > 0, picture[..., :3], 235).astype(np.uint8)
    zoom = min(1.0, _TILE_PX / max(picture.shape))
    small = cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    cv2.putText(small, path.stem, (6, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 255), 1)
    return np.asarray(small, np.uint8)


def _same_width(rows: list[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    width = max(row.shape[1] for row in rows)
    pad = cv2.BORDER_CONSTANT
    return [
        np.asarray(cv2.copyMakeBorder(row, 0, 4, 0, width - row.shape[1], pad, value=(90, 90, 90)))
        for row in rows
    ]
