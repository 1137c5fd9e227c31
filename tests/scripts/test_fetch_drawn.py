import io
import json
import tarfile

import pytest

from ant_core.errors import InputError
from scripts.fetch_drawn import unpack, unpack_emoji

LICENCE = "# Design\nDesigner: nobody\nLicense: CC0 1.0 (https://example.org)\n"
INDEX = """
        body: `<g transform="translate(10 -60)">${(_b = (_a = components.head) === null || _a ===
 void 0 ? void 0 : _a.value(components, colors)) !== null && _b !== void 0 ? _b : ''}</g>`,
"""
HEAD = """
    round: (components, colors) => { var _a, _b; return `<g fill-rule="evenodd">
<path d="M0 0h9v9Z" fill="${escape.xml(`${colors.skin}`)}"/><path d="M1 1h1v1Z" fill="#fff"/></g>
<g transform="matrix(2 0 0 1 3 4)">${(_b = (_a = components.eyes) === null ? 0 : '')}</g>`; },
    icon: (components, colors) => `<path d="M0 0h1v1Z"/><g style="mix-blend-mode:difference"
><path d="M5 5h1v1Z" fill="#fff"/></g>`,
    masked: (components, colors) => `<g mask="url(#a)"><path d="M0 0h1v1Z"/></g>`,
    penned: (components, colors) => `<path d="M0 0h1v1Z" stroke="#000"/>`,
"""


def _package(folder, licence=LICENCE):
    path = folder / "style.tgz"
    files = {"LICENSE": licence, "lib/index.js": INDEX, "lib/components/head.js": HEAD}
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def _read(path):
    return json.loads(path.read_text())


def test_parts_come_out_as_their_package_names_them(tmp_path):
    root = tmp_path / "style"
    told = unpack(_package(tmp_path), root)
    assert told.endswith("2 parts, left out: head/masked, head/penned")
    assert _read(root / "figure.json") == [{"part": "head", "matrix": [1, 0, 0, 1, 10, -60]}]
    skin, white, eyes = _read(root / "head/round.json")
    assert skin == {
        "d": "M0 0h9v9Z",
        "fill": "skin",
        "even_odd": True,
        "matrix": [1, 0, 0, 1, 0, 0],
    }
    assert white["fill"] == "#ffffff"
    assert eyes == {"part": "eyes", "matrix": [2, 0, 0, 1, 3, 4]}
    (icon,) = _read(root / "head/icon.json")
    assert (icon["fill"], icon["even_odd"]) == ("#000000", False)
    assert sorted(path.name for path in (root / "head").iterdir()) == ["icon.json", "round.json"]
    assert (root / "LICENSE").read_text() == LICENCE


def test_a_package_under_other_terms_is_refused(tmp_path):
    package = _package(tmp_path, LICENCE.replace("CC0 1.0", "CC BY 4.0"))
    with pytest.raises(InputError, match="CC0"):
        unpack(package, tmp_path / "style")
    assert not (tmp_path / "style").exists()


def _emoji_package(folder, licence="MIT"):
    path = folder / "emoji.tgz"
    red, outline = '<path fill="#f00" d="M0 0h9v9Z"/>', '<path stroke="#f00" d="M0 0h9v9Z"/>'
    glow = '<path fill="#ffffff" d="M1 1h1v1Z" opacity=".5"/>'
    bodies = {
        "cook": f'<g fill="none">{red}{glow}</g>',
        "cook-medium-light": red,
        "penned": outline,
        "flag": red,
    }
    files = {
        "info": {"license": {"spdx": licence}, "author": {"name": "Somebody"}},
        "icons": {"icons": {name: {"body": body} for name, body in bodies.items()}},
        "metadata": {
            "categories": {
                "People & Body": ["cook", "cook-medium-light", "penned", "alias"],
                "Flags": ["flag"],
            }
        },
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            data = json.dumps(content).encode()
            member = tarfile.TarInfo(f"package/{name}.json")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def test_emoji_come_out_in_one_tone_with_their_licence(tmp_path):
    root = tmp_path / "fluent_emoji"
    told = unpack_emoji(_emoji_package(tmp_path), root)
    assert told.endswith("1 drawings, left out: penned")
    assert [path.name for path in root.glob("*/*")] == ["cook.json"]
    (red,) = _read(root / "people/cook.json")
    assert (red["fill"], red["d"]) == ("#ff0000", "M0 0h9v9Z")
    assert "Copyright (c) Somebody" in (root / "LICENSE").read_text()


def test_emoji_under_other_terms_are_refused(tmp_path):
    package = _emoji_package(tmp_path, licence="CC-BY-4.0")
    with pytest.raises(InputError, match="MIT"):
        unpack_emoji(package, tmp_path / "fluent_emoji")
