"""Render the bundled sample shot afresh, or the validation and test shots of drawn ink.

    python scripts/render_sample.py --data DIR                        # samples/saha
    python scripts/render_sample.py --data DIR --set validation --out DIR2
    python scripts/render_sample.py --data DIR --set test --out DIR2

``--data`` is the folder of the Morevna puppets' Synfig sources, the one that holds
``character-sample.male`` (github.com/morevnaproject/characters, CC0). Needs numpy, OpenCV,
Pillow and the program ``synfig`` (on Debian: apt-get install synfig).

Each shot becomes ``line/NNNN.png`` (line art on white), ``color/NNNN.png`` (the painted reference
alone) and ``truth/NNNN.png`` (the flat colours of every frame).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent))

from _actors import ActedShot, PuppetActor
from _drawn import DrawnFrame, draw, stack
from _morevna import Layers, MorevnaPuppet
from _shots import SAMPLE, TEST, VALIDATION

SETS = {"sample": (SAMPLE,), "validation": VALIDATION, "test": TEST}
SHADES = 15  # steps of grey in an anti-aliased line; more only makes the files larger


def main() -> int:
    """Render one set of shots."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the Synfig sources")
    parser.add_argument("--set", choices=sorted(SETS), default="sample", help="which shots")
    parser.add_argument("--out", type=Path, help="folder for the shots (default: samples/)")
    parser.add_argument("--only", help="name of the one shot to render")
    parser.add_argument("--frames", help="frame numbers to render, with commas (default: all)")
    args = parser.parse_args()
    out = args.out or Path(__file__).resolve().parents[1] / "samples"
    wanted = None if args.frames is None else {int(text) for text in args.frames.split(",")}
    for shot in SETS[args.set]:
        if args.only in (None, shot.name):
            render(shot, args.data, out / shot.name, wanted)
    return 0


def render(shot: ActedShot, data: Path, out: Path, wanted: set[int] | None = None) -> None:
    """Render a shot into ``out/line``, ``out/color`` and ``out/truth``."""
    numbers = [number for number in shot.numbers() if wanted is None or number in wanted]
    actors = [_frames(actor, shot, data, numbers) for actor in shot.actors]
    for number, layers in zip(numbers, zip(*actors, strict=True), strict=True):
        drawing = draw(stack(layers), shot.line_px)
        _write(drawing, out, number, number == shot.reference)
        print(f"{shot.name} {number:04d}: {drawing.regions} regions", file=sys.stderr)
        if drawing.mixed:
            print(f"  {drawing.mixed} regions hold more than one colour", file=sys.stderr)


def _frames(
    actor: PuppetActor, shot: ActedShot, data: Path, numbers: Sequence[int]
) -> Iterator[Layers]:
    puppet = MorevnaPuppet(data, actor.view, actor.recolor)
    return puppet.render([actor.pose(number) for number in numbers], shot.box, shot.size)


def _write(drawing: DrawnFrame, out: Path, number: int, is_reference: bool) -> None:
    name = f"{number:04d}.png"
    step = 255 / SHADES
    line = np.rint(np.rint(drawing.line / step) * step).astype(np.uint8)
    _write_png(out / "line" / name, line)
    _write_png(out / "truth" / name, drawing.color)
    if is_reference:
        _write_png(out / "color" / name, drawing.color)


def _write_png(path: Path, image: NDArray[np.uint8]) -> None:
    """Write an image of few colours as a palette PNG, a third of the size of an RGB one."""
    from PIL import Image

    height, width, channels = image.shape
    packed = np.ascontiguousarray(
        np.concatenate([image, np.full_like(image[..., :1], 255)], 2) if channels == 3 else image
    ).view(np.uint32)[..., 0]
    values, index = np.unique(packed, return_inverse=True)
    if len(values) > 256:
        raise SystemExit(f"{path.name} has {len(values)} colours, expected at most 256")
    palette = values.view(np.uint8).reshape(-1, 4)
    picture = Image.fromarray(index.reshape(height, width).astype(np.uint8), "P")
    picture.putpalette(palette[:, :3].tobytes())
    alpha = {"transparency": palette[:, 3].tobytes()} if channels == 4 else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, optimize=True, **alpha)


if __name__ == "__main__":
    sys.exit(main())
