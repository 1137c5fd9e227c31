#!/usr/bin/env python3
"""Pack the plugin for Krita, the engine, or a whole release.

    python3 scripts/package.py                       the plugin alone: the docker asks for an engine
    python3 scripts/package.py wheel                 the engine's wheel
    python3 scripts/package.py lock                  engine.lock.json, all wheels fetched
    python3 scripts/package.py pack windows-x86_64   all that one platform needs, in one file
    python3 scripts/package.py sizes                 what each platform's wheels weigh, by the index
    python3 scripts/package.py release               everything that is published
    python3 scripts/package.py requirements          what the tests are run with, after a change

The plugin alone needs the standard library only; the others the extra `release` and git, and they
pack the commit, not what was changed since. The same commit gives the same bytes.

Addresses are given here and stand nowhere else: --address where the release's own files will lie,
--python-address where the Python archives of scripts/packing/platforms.toml do, or the
variables PROPAGATE_COLORS_ADDRESS and PROPAGATE_COLORS_PYTHON_ADDRESS.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.packing.plugin import pack_plugin
from scripts.packing.project import ROOT, PackagingError

_WHAT = ("plugin", "wheel", "lock", "pack", "sizes", "release", "requirements")


def main() -> int:
    """Parse the command line and pack."""
    options = _parser().parse_args()
    try:
        if options.what == "plugin":
            print(pack_plugin(options.out))
        else:
            _engine(options)
    except PackagingError as error:
        print(f"package.py: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("what", nargs="?", choices=_WHAT, default="plugin")
    add("platforms", nargs="*", metavar="PLATFORM", help="of all but plugin and wheel (all)")
    add("--out", type=Path, default=ROOT / "dist", help="folder (default: dist)")
    add("--kept", type=Path, help="folder for what is fetched (default: pieces in --out)")
    add("--address", default=os.environ.get("PROPAGATE_COLORS_ADDRESS", ""), metavar="URL")
    add(
        "--python-address",
        default=os.environ.get("PROPAGATE_COLORS_PYTHON_ADDRESS", ""),
        metavar="URL",
    )
    add("--pieces-address", default="", metavar="URL", help="of wheels and Python archives alike")
    add("--models", type=Path, metavar="FOLDER", help="released models, see export.py --release")
    add("--without-models", action="store_true", help="release with an empty registry")
    add("--settings", type=Path, metavar="FILE", help="another platforms.toml")
    return parser


def _engine(options: argparse.Namespace) -> None:
    # Here, because the plugin alone can be packed without them.
    try:
        from scripts.packing.release import Addresses, Release, Scope
        from scripts.packing.requirements import write_requirements
        from scripts.packing.resolve import SETTINGS, PlatformSettings
    except ImportError as error:
        raise PackagingError(f"{error}: pip install '.[release]'") from None

    if options.what == "requirements":
        print(write_requirements(int(time.time())))
        return
    scope = Scope(
        PlatformSettings.read(options.settings or SETTINGS),
        options.platforms,
        options.models,
        options.without_models,
        options.kept or options.out / "pieces",
    )
    addresses = Addresses(options.address, options.python_address, options.pieces_address)
    if options.what == "sizes":
        for key, (count, size) in Release(options.out, scope, addresses).sizes().items():
            print(f"{key}: {count} wheels, {size / 1e6:.1f} MB")
        return
    options.out.mkdir(parents=True, exist_ok=True)
    release = Release(options.out, scope, addresses, print)
    if options.what == "release":
        release.all()
        return
    engine = release.wheel()
    if options.what == "lock":
        release.lock(engine)
    elif options.what == "pack":
        release.packs(engine)


if __name__ == "__main__":
    sys.exit(main())
