#!/usr/bin/env python3
"""Take the pictures of the README and of the docker's manual in a real Krita, on a virtual screen.

    python scripts/screenshots.py

Needs Krita, Xvfb, Pillow and pytest, and takes some minutes: an engine is set up as an artist does
it, by the test of that, and the bundled shot is coloured.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

_SCENARIO = "portraits:of_everything"
_DOCKER = {"docker_idle", "docker_running", "docker_review"}
_WINDOW = {"window_review"}
_TEST = "tests/in_krita/test_setting_up.py"
_OVER_THE_NETWORK = "over_the_network"
_SHOWN_STAGE = "Preparing for this computer"


def main() -> int:
    """Take them and keep those that are shown; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT, help="another tree than this one")
    parser.add_argument("--tree", type=Path, help="system tree with another Krita")
    args = parser.parse_args()
    manual = args.out / "krita_plugin/propagate_colors/pictures"
    with tempfile.TemporaryDirectory(prefix="ant_core_pictures_") as folder:
        place = _of_a_run(Path(folder), args.tree)
        if place is None:
            return 1
        for path in sorted(place.glob("*.png")):
            if path.stem in _DOCKER:
                print(_keep(path, manual / path.name))
            elif path.stem in _WINDOW:
                print(_keep(path, args.out / "docs/images" / path.name))
        tests = Path(folder, "tests")
        command = [sys.executable, "-m", "pytest", "-q", _TEST, "-k", _OVER_THE_NETWORK]
        if args.tree:
            command += ["--krita", str(args.tree)]
        done = subprocess.run([*command, "--basetemp", str(tests)], cwd=ROOT, check=False)
        if done.returncode:
            return done.returncode
        for path in _keep_set_up(tests, manual):
            print(path)
    return 0


def _of_a_run(folder: Path, tree: Path | None) -> Path | None:
    """Run the scenario; returns the folder of its pictures."""
    from tests.in_krita import runner

    krita = runner.Krita(tree.resolve() if tree else None)
    missing = krita.missing()
    if missing:
        print(f"no pictures: {missing}")
        return None
    limits = {"SCENARIO_SECONDS": "600"}
    report = runner.run(krita, [_SCENARIO], folder, environment=limits, timeout=900.0)
    result = report.results[_SCENARIO]
    if result["status"] != "passed":
        print(result["text"])
        return None
    return Path(result["place"])


def _keep_set_up(tests: Path, manual: Path) -> list[Path]:
    """Keep the pictures that the test of setting up took below its folder; returns them."""
    # pytest leaves a link to the latest folder beside it.
    found = {path.parent.resolve() for path in tests.glob("*/online/*_offered.png")}
    (place,) = found
    stages = list(json.loads((place / "values.json").read_text("utf-8"))["stages"])
    running = f"stage_{stages.index(_SHOWN_STAGE) + 1}"
    names = {"offered": "set_up_offered", running: "set_up_running", "ready": "set_up_ready"}
    names |= {"docker_menu": "install_docker"}
    imports = {"import_menu": "install_menu", "import_question": "install_question"}
    kept = []
    for folder, wanted in ((place, names), (place.parent / "imported", imports)):
        for taken, name in wanted.items():
            (path,) = folder.glob(f"*_{taken}.png")
            card = name.startswith("set_up")
            kept.append(_keep(path, manual / f"{name}.png", card=card))
    return kept


def _keep(path: Path, target: Path, *, card: bool = False) -> Path:
    """Write a picture with all its colours, a large one with a palette; returns where it is.

    `card` keeps the upper part alone, where the engine's card is.
    """
    from PIL import Image

    target.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(path) as picture:
        kept = picture.convert("RGB")
        if card:
            kept = kept.crop((0, 0, kept.width, min(kept.height, 5 * kept.width // 4)))
        if path.name.startswith("window"):
            # An octree keeps rare colours, such as the dot of the engine's state.
            kept = kept.quantize(method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        kept.save(target, optimize=True)
    return target


if __name__ == "__main__":
    sys.exit(main())
