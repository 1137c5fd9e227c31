#!/usr/bin/env python3
"""Take the manual's pictures of the docker in a real Krita, on a virtual screen.

    python scripts/screenshots.py --out docs/images

Needs Krita, Xvfb and Pillow, and takes a minute or two: the bundled shot is coloured for it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

_SCENARIO = "portraits:of_everything"


def main() -> int:
    """Run the scenario and keep its pictures; returns the exit code."""
    from tests.in_krita import runner

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs/images", help="folder")
    parser.add_argument("--tree", type=Path, help="system tree with another Krita")
    args = parser.parse_args()
    krita = runner.Krita(args.tree.resolve() if args.tree else None)
    missing = krita.missing()
    if missing:
        print(f"no pictures: {missing}")
        return 1
    with tempfile.TemporaryDirectory(prefix="ant_core_pictures_") as folder:
        limits = {"SCENARIO_SECONDS": "600"}
        report = runner.run(krita, [_SCENARIO], Path(folder), environment=limits, timeout=900.0)
        result = report.results[_SCENARIO]
        if result["status"] != "passed":
            print(result["text"])
            return 1
        for path in sorted(Path(result["place"]).glob("*.png")):
            print(_keep(path, args.out))
    return 0


def _keep(path: Path, out: Path) -> Path:
    """Write a picture with all its colours, a large one with a palette; returns where it is."""
    from PIL import Image

    out.mkdir(parents=True, exist_ok=True)
    with Image.open(path) as picture:
        kept = picture.convert("RGB")
        if path.name.startswith("window"):
            # An octree keeps rare colours, such as the dot of the engine's state.
            kept = kept.quantize(method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        kept.save(out / path.name, optimize=True)
    return out / path.name


if __name__ == "__main__":
    sys.exit(main())
