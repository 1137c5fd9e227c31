#!/usr/bin/env python3
r"""Fetch the drawn characters that the sources `drawn` and `emoji` put clips together from.

    python scripts/fetch_drawn.py --data DATA

Takes the npm packages below by `npm pack` (npm 7 or later), holds them to their SHA-256 and writes,
each with its licence beside it, DATA/dicebear/STYLE/CATEGORY/NAME.json, one file a part, named as
in the package (design files under CC0 1.0), and DATA/fluent_emoji/KIND/NAME.json, one file a
drawing, in one of its skin tones (MIT). Nothing of the packages is run.

A file lists what its part is made of from back to front: `{"d": SVG path, "fill": "#rrggbb" or the
name of a colour that is free, "even_odd": true or false, "matrix": [a, b, c, d, x, y]}`, and
`{"part": CATEGORY, "matrix": [...]}` where a part of another category belongs. STYLE/figure.json is
the whole figure. What needs masks or drawn strokes is left out,
and so are icons that are blended over cloth and shapes that are seen through.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ant_core.errors import InputError, UsageError
from scripts._subcommands import exit_code

VERSION = "9.4.3"
#: Style -> SHA-256 of its package.
STYLES = {
    "lorelei": "78cbba0a6c4d14e1af7c62ffa9a73bd98a8cda02e28690110e199348cd6a9c06",
    "notionists": "edb28f4a346e50b9a810b754960cda924cfb2e05763cefddb4acb940dfb96445",
    "open-peeps": "65b664ec00dc69c068051461f2b5bd97c8335af676e36c284e906a3017c23d4f",
}
_LICENCE = "CC0 1.0"

EMOJI, EMOJI_VERSION = "@iconify-json/fluent-emoji-flat", "1.2.6"
EMOJI_SHA256 = "7d064769dee690815f823bc5bcc511d957198caf9f5edd8dd9c1aa48a6aeb175"
#: Categories that are fetched -> folder; flags and symbols have too few parts.
KINDS = {
    "Activities": "activities",
    "Animals & Nature": "animals",
    "Food & Drink": "food",
    "Objects": "objects",
    "People & Body": "people",
    "Smileys & Emotion": "faces",
    "Travel & Places": "places",
}
#: The package names its licence and holds no text of it; the notice is to stay with every copy.
_MIT = """MIT License

Copyright (c) {author}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""
_TONE = re.compile(r"-(dark|light|medium|medium-dark|medium-light)$")
_SEE_THROUGH = re.compile(r'<\w+ [^>]*\bopacity="[^>]*/>')

_COLOR = re.compile(r"\$\{escape\.xml\(`\$\{colors\.(\w+)\}`\)\}")
_SLOT = re.compile(r"\$\{\(_\w+ = \(_\w+ = components\.(\w+)\)[^}]*\}")
_PART = re.compile(r"^\s*(\w+): \(components, colors\) => (?:\{[^`]*return )?`([^`]*)`", re.M)
_FIGURE = re.compile(r"^\s*body: `([^`]*)`", re.M)

Matrix = tuple[float, float, float, float, float, float]
_SAME: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class _UnsupportedShapeError(Exception):
    """A part needs more than filled paths."""


def _matrix(text: str | None) -> Matrix:
    """Read `matrix(a b c d x y)` or `translate(x y)`."""
    if not text:
        return _SAME
    kind, numbers = text.rstrip(")").split("(")
    values = [float(number) for number in re.split(r"[ ,]+", numbers.strip())]
    if kind == "matrix" and len(values) == 6:
        a, b, c, d, x, y = values
        return a, b, c, d, x, y
    if kind == "translate" and len(values) == 2:
        return 1.0, 0.0, 0.0, 1.0, values[0], values[1]
    raise _UnsupportedShapeError(text)


def _compose(outer: Matrix, inner: Matrix) -> Matrix:
    a, b, c, d, x, y = outer
    e, f, g, h, p, q = inner
    return (
        *(a * e + c * f, b * e + d * f, a * g + c * h, b * g + d * h),
        *(a * p + c * q + x, b * p + d * q + y),
    )


def _shapes(
    node: ElementTree.Element, given: dict[str, str], matrix: Matrix
) -> Iterator[dict[str, Any]]:
    own = given | node.attrib
    if "mix-blend-mode" in own.get("style", ""):
        return  # an icon, printed on cloth
    if any(own.get(name) for name in ("mask", "style", "stroke")) or node.tag == "ellipse":
        raise _UnsupportedShapeError(node.tag)
    matrix = _compose(matrix, _matrix(node.attrib.get("transform")))
    if node.tag == "slot":
        yield {"part": node.attrib["name"], "matrix": matrix}
    elif node.tag == "path":
        even_odd = own.get("fill-rule") == "evenodd"
        fill = own.get("fill", "#000")
        fill = re.sub(r"^#(.)(.)(.)$", r"#\1\1\2\2\3\3", fill)
        yield {"d": own["d"], "fill": fill, "even_odd": even_odd, "matrix": matrix}
    elif node.tag in ("svg", "g"):
        passed = {name: own[name] for name in ("fill", "fill-rule") if name in own}
        for child in node:
            yield from _shapes(child, passed, matrix)
    else:
        raise _UnsupportedShapeError(node.tag)


def _items(text: str) -> list[dict[str, Any]] | None:
    """Return what a drawing is made of; None where it needs more than filled paths."""
    text = _SLOT.sub(r'<slot name="\1"/>', text)
    try:
        return list(_shapes(ElementTree.fromstring(f"<svg>{text}</svg>"), {}, _SAME))
    except _UnsupportedShapeError:
        return None


def _write(path: Path, items: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(items, indent=0) + "\n", encoding="utf-8")


def unpack(archive: Path, root: Path) -> str:
    """Write the parts of a package; return a line that says how many."""
    with tarfile.open(archive) as package:
        texts = {
            member.name.removeprefix("package/"): _COLOR.sub(r"\1", file.read().decode())
            for member in package.getmembers()
            if (file := package.extractfile(member)) is not None
        }
    if f"License: {_LICENCE}" not in texts["LICENSE"]:
        raise InputError(f"{archive.name} is not under {_LICENCE}: leave this style out.")
    found = _FIGURE.search(texts["lib/index.js"])
    figure = _items(found.group(1)) if found else None
    if not figure:
        raise InputError(f"{archive.name} holds no figure: use version {VERSION}.")
    _write(root / "figure.json", figure)
    (root / "LICENSE").write_text(texts["LICENSE"], encoding="utf-8")
    written, left_out = 0, []
    for name, text in sorted(texts.items()):
        category = Path(name).stem
        if not name.startswith("lib/components/") or category == "index":
            continue
        for part, drawing in _PART.findall(text):
            items = _items(drawing)
            if items:
                _write(root / category / f"{part}.json", items)
                written += 1
            else:
                left_out.append(f"{category}/{part}")
    return f"{root}: {written} parts, left out: {', '.join(left_out) or 'none'}"


def unpack_emoji(archive: Path, root: Path) -> str:
    """Write the drawings of the package of emoji; return a line that says how many."""
    with tarfile.open(archive) as package:
        info, icons, metadata = (
            json.loads(file.read())
            for name in ("info", "icons", "metadata")
            if (file := package.extractfile(f"package/{name}.json")) is not None
        )
    if info["license"]["spdx"] != "MIT":
        raise InputError(f"{archive.name} is not under the MIT licence: leave it out.")
    root.mkdir(parents=True, exist_ok=True)
    notice = _MIT.format(author=info["author"]["name"])
    (root / "LICENSE").write_text(notice, encoding="utf-8")
    written, left_out = 0, []
    for category, kind in KINDS.items():
        for name in sorted(metadata["categories"].get(category, ())):
            if name not in icons["icons"] or _TONE.search(name):
                continue
            items = _items(_SEE_THROUGH.sub("", icons["icons"][name]["body"]))
            if items and all(re.fullmatch("#[0-9a-f]{6}", item["fill"]) for item in items):
                _write(root / kind / f"{name}.json", items)
                written += 1
            else:
                left_out.append(name)
    return f"{root}: {written} drawings, left out: {', '.join(left_out) or 'none'}"


def _fetch(name: str, version: str, sha256: str, folder: Path) -> Path:
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), f"{name}@{version}"]
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise UsageError("npm is not installed: install Node.js, which brings it.") from error
    except subprocess.CalledProcessError as error:
        raise InputError(f"npm could not fetch {name}@{version}: is there a network?") from error
    archive = folder / f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"
    if hashlib.sha256(archive.read_bytes()).hexdigest() != sha256:
        raise InputError(
            f"{name}@{version} is not the package that was checked: its SHA-256 differs."
        )
    return archive


def _run() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with glitch_avatars, ...")
    data = parser.parse_args().data
    with tempfile.TemporaryDirectory() as folder:
        for style, sha256 in STYLES.items():
            archive = _fetch(f"@dicebear/{style}", VERSION, sha256, Path(folder))
            print(unpack(archive, data / "dicebear" / style), file=sys.stderr)
        archive = _fetch(EMOJI, EMOJI_VERSION, EMOJI_SHA256, Path(folder))
        print(unpack_emoji(archive, data / "fluent_emoji"), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(exit_code(_run))
