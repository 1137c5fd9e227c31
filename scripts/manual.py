#!/usr/bin/env python3
"""Build the manual as a site: the docker's manual, the documentation, and pages made of the code.

    python3 scripts/manual.py --out FOLDER

Needs the extra `site`. FOLDER/site is the site, which works from there without a server, its search
too. No page asks another machine for anything.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import html
import io
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

PLUGIN = ROOT / "krita_plugin" / "propagate_colors"
SITE = ROOT / "docs" / "site"

# Parts of the site, and the files that are pages of it by their titles there.
_PAGES: dict[str, dict[str, str]] = {
    "Offline and studios": {
        "Without a network": "docs/offline.md",
        "Render farms": "docs/farm.md",
        "What is written where": "docs/places.md",
    },
    "Command line": {"Guide": "docs/command_line.md", "Shade and texture": "docs/shade.md"},
    "Formats and protocol": {
        "Krita documents": "docs/kra.md",
        "Other programs": "docs/other_programs.md",
        "In Python": "docs/api.md",
        "Protocol": "docs/protocol.md",
    },
    "Model": {"Measured": "docs/measured.md", "Model card": "ant_core/models/default.md"},
    "For developers": {
        "Architecture": "ARCHITECTURE.md",
        "Decisions": "docs/decisions.md",
        "Contributing": "CONTRIBUTING.md",
        "Versions of Krita": "docs/krita_versions.md",
        "What did not help": "docs/ablations.md",
        "Networks that paint pixels": "docs/pixel_networks.md",
        "First run elsewhere": "docs/first_run_checklist.md",
        "Sources and licences": "THIRD_PARTY.md",
    },
}
_PICTURES = {".png", ".svg"}
_WORKER = "iframe-worker.js"
_SHOWN = re.compile(r'src="(pictures/[^"]+)"')
_SECTION = re.compile(r"<h2[^>]*>")
_PLACE = re.compile(r'href="#([\w-]+)"')
_LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")


def build(out: Path) -> Path:
    """Write the pages and have Zensical build them; returns the folder of the site."""
    write_pages(out)
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=out, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the site cannot be built:\n{done.stdout}{done.stderr}")
    return out / "site"


def write_pages(out: Path) -> None:
    """Write every page as Markdown, the pictures that they show, and the settings."""
    docs = out / "docs"
    shutil.rmtree(docs, ignore_errors=True)
    docs.mkdir(parents=True)
    shutil.copyfile(SITE / _WORKER, docs / _WORKER)
    copied = {path: name for part in _PAGES.values() for name, path in part.items()}
    pages = {path: f"{Path(path).stem.lower()}.md" for path in copied}
    pages["docs/site/index.md"] = "index.md"
    for source, name in pages.items():
        (docs / name).write_text(
            _moved((ROOT / source).read_text("utf-8"), source, pages, docs), "utf-8"
        )
    artist = dict(_manual(docs))
    (docs / "messages.md").write_text(_messages_page(), "utf-8")
    (docs / "commands.md").write_text(_commands_page(), "utf-8")
    nav: list[object] = [{"Start": "index.md"}, {"In Krita": _entries(artist)}]
    nav.append({"When it says …": "messages.md"})
    for part, found in _PAGES.items():
        entries = _entries({title: pages[path] for title, path in found.items()})
        if part == "Command line":
            entries.append({"Every option": "commands.md"})
        nav.append({part: entries})
    settings = (SITE / "zensical.toml").read_text("utf-8")
    (out / "zensical.toml").write_text(settings.replace("[project]\n", _project(nav), 1), "utf-8")


def _entries(pages: dict[str, str]) -> list[dict[str, str]]:
    return [{title: name} for title, name in pages.items()]


def _project(nav: list[object]) -> str:
    return f"[project]\nnav = {_toml(nav)}\n"


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


# ---- pages that are files


def _moved(text: str, source: str, pages: dict[str, str], docs: Path) -> str:
    """Return a page whose links lead to pages of the site, and whose pictures lie beside it.

    A link to a file that is no page is left out, and its words stay.
    """
    folder = posixpath.dirname(source)

    def lead(match: re.Match[str]) -> str:
        target, _, place = match[1].partition("#")
        if not target or "://" in target:
            return match[1]
        path = posixpath.normpath(posixpath.join(folder, target))
        if path in pages:
            return pages[path] + (f"#{place}" if place else "")
        if path.endswith("manual.html"):
            return f"{place or 'install'}.md"
        if Path(path).suffix in _PICTURES and (ROOT / path).is_file():
            shutil.copyfile(ROOT / path, docs / Path(path).name)
            return Path(path).name
        # Start's links are pages made below, which are no files yet.
        return target if source.startswith("docs/site/") else ""

    text = _LINK.sub(lead, text)
    return re.sub(r"(?<!!)\[([^\]]+)\]\(\)", r"\1", text)


# ---- pages made of the plugin


def _manual(docs: Path) -> Iterator[tuple[str, str]]:
    """Write a page for every section of the docker's manual; yields title and name.

    A section's id is the name of its page.
    """
    text = (PLUGIN / "manual.html").read_text("utf-8")
    body = text.partition("<body>")[2].partition("</body>")[0]
    for section in _SECTION.split(body)[1:]:
        title, _, content = section.partition("</h2>")
        title = html.unescape(title)
        name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") + ".md"
        # Markdown would take what is indented or between blank lines for its own.
        plain = "\n".join(line.strip() for line in content.splitlines() if line.strip())
        plain = _SHOWN.sub(lambda match: _copied(match[1], docs), plain)
        plain = _PLACE.sub(r'href="\1.html"', plain)
        (docs / name).write_text(f"# {title}\n\n<div>\n{plain}\n</div>\n", "utf-8")
        yield title, name


def _copied(picture: str, docs: Path) -> str:
    """Put a picture of the docker's manual beside the pages; returns how they name it."""
    shutil.copyfile(PLUGIN / picture, docs / Path(picture).name)
    return f'src="{Path(picture).name}"'


def _messages_page() -> str:
    """Return the page of all that the docker tells besides what is on its buttons.

    What to do stands after the colon or semicolon of each.
    """
    table = json.loads((PLUGIN / "languages" / "de.json").read_text("utf-8"))["texts"]
    settings = ast.parse((PLUGIN / "settings.py").read_text("utf-8"))
    explained = {node.value for node in ast.walk(settings) if isinstance(node, ast.Constant)}
    rows = []
    for text in sorted(set(table) - explained, key=str.lower):
        said, mark, remedy = _split(text)
        if mark and not re.fullmatch(r"\{\w+\}\.", remedy):
            rows.append(f"| {_cell(said)} | {_cell(remedy[:1].upper() + remedy[1:])} |")
    head = "# When it says …\n\nWords in {braces} stand for what is meant in your document.\n\n"
    return head + "| it says | so |\n| --- | --- |\n" + "\n".join(rows) + "\n"


def _split(text: str) -> tuple[str, str, str]:
    """Divide a sentence of the docker into what is so and what to do."""
    if not text.endswith(".") or len(text.split()) < 5:
        return text, "", ""
    found = re.fullmatch(r"(.+?)([:;]) (.+)", text)
    return (found[1], found[2], found[3]) if found else (text, "", "")


def _cell(text: str) -> str:
    return html.escape(text, quote=False).replace("|", "\\|")


def _commands_page() -> str:
    """Return what every command answers to --help."""
    from ant_core.cli import COMMANDS, main

    os.environ["COLUMNS"] = "100"
    lines = ["# Every option", ""]
    for name in ("", *COMMANDS):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            main([*([name] if name else []), "--help"])
        text = said.getvalue()
        if name:  # the exit codes stand with the first
            text = text.partition("\nexit codes")[0].rstrip() + "\n"
        lines += [f"## ant_core {name}".rstrip(), "", "```", text.rstrip(), "```", ""]
    return "\n".join(lines)


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "manual")
    print(build(parser.parse_args().out) / "index.html")


if __name__ == "__main__":
    main()
