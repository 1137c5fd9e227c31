"""The manual as a site: its links lead somewhere, and it asks no other machine for anything."""

from __future__ import annotations

import hashlib
import html
import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from ant_core.cli import COMMANDS
from scripts import manual
from tests.support.browser import Browser, find_browser

# What a page loads by itself, not what a reader may click.
LOADED = re.compile(r'<(?:link|script|img|iframe|source)\b[^>]*?\b(?:src|href)="?([^"\s>]+)')


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    out = tmp_path_factory.mktemp("pages")
    manual.write_pages(out)
    return out


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    pytest.importorskip("zensical", reason="needs the site extra")
    return [manual.build(tmp_path_factory.mktemp(name)) for name in ("a", "a_longer_name")]


def test_every_link_of_a_page_leads_to_a_page_or_a_picture(pages):
    docs = pages / "docs"
    found = 0
    for page in docs.glob("*.md"):
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
            if "://" in target or target.startswith("#"):
                continue
            found += 1
            assert (docs / target.partition("#")[0]).is_file(), f"{page.name}: {target}"
    assert found > 20


def test_every_page_is_in_the_contents_once(pages):
    import tomllib

    nav = tomllib.loads((pages / "zensical.toml").read_text("utf-8"))["project"]["nav"]
    names = re.findall(r"'([\w-]+\.md)'", str(nav))
    assert sorted(names) == sorted(path.name for path in (pages / "docs").glob("*.md"))


def test_every_part_of_the_dockers_manual_is_a_page(pages):
    text = (manual.PLUGIN / "manual.html").read_text("utf-8")
    titles = [html.unescape(title) for title in re.findall("<h2[^>]*>(.+?)</h2>", text)]
    assert len(titles) > 10
    heads = {path.read_text("utf-8").splitlines()[0] for path in (pages / "docs").glob("*.md")}
    assert {f"# {title}" for title in titles} <= heads


def test_a_place_in_the_dockers_manual_is_the_page_of_that_section(pages):
    text = (manual.PLUGIN / "manual.html").read_text("utf-8")
    places = set(re.findall('href="#([^"]+)"', text))
    assert places
    assert places <= set(re.findall('<h2 id="([^"]+)"', text))
    for place in places:
        assert (pages / "docs" / f"{place}.md").is_file()
    first_run = (pages / "docs" / "first-run-in-five-steps.md").read_text("utf-8")
    assert 'href="gaps-and-lines.html"' in first_run


def test_every_message_with_a_remedy_is_told_with_it(pages):
    text = (pages / "docs" / "messages.md").read_text("utf-8")
    row = "| The line layer has no keyframe in the chosen range | Animate it first. |"
    assert row in text.splitlines()
    table = json.loads((manual.PLUGIN / "languages" / "de.json").read_text("utf-8"))["texts"]
    told = [said for said in table if re.search(r": (Choose|choose|look|start|press) ", said)]
    assert len(told) > 10
    for said in told:
        assert html.escape(said.partition(": ")[0], quote=False)[:30] in text


def test_every_command_is_there_with_its_options(pages):
    text = (pages / "docs" / "commands.md").read_text("utf-8")
    for name in COMMANDS:
        assert f"\n## ant_core {name}\n" in text
    assert "--fail-over PERCENT" in text
    assert text.count("exit codes:") == 1


def test_two_builds_are_equal(sites):
    one, two = (
        {
            path.relative_to(site): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in site.rglob("*")
            if path.is_file()
        }
        for site in sites
    )
    assert one == two
    assert Path("index.html") in one


def test_no_page_loads_anything_from_another_machine(sites):
    loaded = [
        target
        for page in sites[0].rglob("*.html")
        for target in LOADED.findall(page.read_text("utf-8"))
    ]
    assert len(loaded) > 50
    assert [target for target in loaded if "://" in target or target.startswith("//")] == []


def test_links_and_places_in_the_built_pages_are_there(sites):
    site = sites[0]
    ids = {
        path.name: set(re.findall(r'\bid="?([^"\s>]+)', path.read_text("utf-8")))
        for path in site.glob("*.html")
    }
    wrong = []
    for page in site.glob("*.html"):
        for target in re.findall(r'<a\b[^>]*?\bhref="?([^"\s>]+)', page.read_text("utf-8")):
            if "://" in target or page.name == "404.html":
                continue
            name, _, place = html.unescape(unquote(target)).partition("#")
            name = name.removeprefix("./") or page.name
            if name == ".":
                name = "index.html"
            if not (site / name).is_file() or (place and place not in ids.get(name, ())):
                wrong.append(f"{page.name}: {target}")
    assert wrong == []


def test_it_is_searched_from_a_folder(sites):
    program = find_browser()
    if program is None:
        pytest.skip("needs a browser of the Chromium family")
    with Browser(program) as browser:
        browser.open((sites[0] / "index.html").as_uri())
        browser.click("button.md-search__button")
        browser.type("virus")
        browser.until(
            "[...document.querySelectorAll('*')].some(e => "
            "e.shadowRoot?.textContent.includes('virus scanner removed a file'))"
        )
        assert browser.errors == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(1300, 900), (500, 900)], ids=["desktop", "phone"])
def test_a_browser_without_a_network_shows_it(sites, dark, size):
    program = find_browser()
    if program is None:
        pytest.skip("needs a browser of the Chromium family")
    with Browser(program, dark=dark, size=size) as browser:
        for name in ("index.html", "messages.html", "command_line.html", "gaps-and-lines.html"):
            browser.open((sites[0] / name).as_uri())
            assert browser.ask("document.documentElement.scrollWidth") <= size[0]
            shown = "getComputedStyle(document.querySelector('h1'))"
            assert browser.ask(f"{shown}.display") == "block"
            ground = browser.ask("getComputedStyle(document.body).backgroundColor")
            assert (ground == "rgb(255, 255, 255)") != dark, ground
            images = "[...document.querySelectorAll('article img')]"
            assert browser.ask(f"{images}.every(image => image.naturalWidth > 0)")
            assert browser.errors == []
        asked = {address.partition(":")[0] for address in browser.requests}
        assert asked <= {"file", "data", "about"}
