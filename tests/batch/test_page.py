"""The summary page in a real browser: it sorts, filters, needs no network and hides nothing."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from ant_core.batch.board import Board
from ant_core.batch.page import render_page
from ant_core.batch.records import Records
from ant_core.batch.result import ShotResult
from ant_core.batch.shots import BatchShot
from ant_core.files import WholeFiles
from ant_core.schemas import first_error
from ant_core.workflow.gate import Gate
from ant_core.workflow.propagate_options import PropagateOptions
from tests.support.browser import CONTRASTS, Browser, find_browser

DONE = ShotResult(
    name="",
    state="done",
    frames=3,
    drawings=2,
    segments=100,
    doubt=((1, 0), (2, 1), (3, 0)),
    report="x/report.json",
    contact_sheet="x/contact_sheet.png",
    review_page="x/review.html",
    picture_frame=2,
    worker="here 1",
)
RESULTS = [
    replace(DONE, name="sc10", doubtful=5, doubtful_frames=(2,), seconds=30.0, frames=9),
    replace(DONE, name="sc9", doubtful=40, doubtful_frames=(1, 2), seconds=2.5, frames=24),
    replace(DONE, name="sc100", doubtful=0, seconds=300.0, frames=120, kept=True),
    ShotResult(
        name="sc2",
        state="failed",
        exit_code=5,
        error="the line <b>is</b> gone & away",
        error_type="InputError",
        worker="x 1",
    ),
    ShotResult(name="ep01/sc1"),
]
SHOTS = [BatchShot(result.name, PropagateOptions()) for result in RESULTS]
BY_DOUBT = ["sc2", "sc9", "sc10", "sc100", "ep01/sc1"]


@pytest.fixture
def page(tmp_path):
    """Write the summary of five shots; returns the page's path."""
    records = Records(tmp_path, WholeFiles())
    image = cv2.imencode(".jpg", np.full((60, 90, 3), 128, np.uint8))[1].tobytes()
    for result in RESULTS[:3]:
        records.write(result, "i", "o", image)
    board = Board(tmp_path, SHOTS, records, WholeFiles(), Gate())
    board.put(RESULTS[3])
    board.write()
    return board.page


@pytest.fixture
def browser():
    program = find_browser()
    if program is None:
        pytest.skip("there is no browser here: install chromium to test the summary page")
    with Browser(program) as browser:
        yield browser
        assert browser.errors == []


def shown(browser):
    return browser.ask(
        "Array.from(document.querySelectorAll('tbody tr')).filter(r => !r.hidden)"
        ".map(r => r.dataset.name)"
    )


def test_shots_with_most_doubt_stand_first(page, browser):
    browser.open(page.as_uri())
    assert shown(browser) == BY_DOUBT
    assert browser.ask("document.getElementById('count').textContent") == "5 of 5 shots"


@pytest.mark.parametrize(
    ("sort", "first", "second"),
    [
        ("name", ["ep01/sc1", "sc2", "sc9", "sc10", "sc100"], None),
        ("seconds", ["sc100", "sc10", "sc9", "ep01/sc1", "sc2"], None),
        ("frames", ["sc100", "sc9", "sc10", "ep01/sc1", "sc2"], None),
        ("doubt", ["ep01/sc1", "sc100", "sc10", "sc9", "sc2"], BY_DOUBT),
    ],
)
def test_click_on_a_heading_sorts_and_another_turns_it_round(page, browser, sort, first, second):
    browser.open(page.as_uri())
    heading = f"th[data-sort={sort}]"
    browser.click(f"{heading} button")
    assert shown(browser) == first
    way = browser.ask(f"document.querySelector('{heading}').getAttribute('aria-sort')")
    browser.click(f"{heading} button")
    # Equal values stay in the order of their names.
    assert set(shown(browser)) == set(first)
    assert shown(browser)[0] != first[0]
    assert second is None or shown(browser) == second
    turned = browser.ask(f"document.querySelector('{heading}').getAttribute('aria-sort')")
    assert {way, turned} == {"ascending", "descending"}
    assert browser.ask("document.querySelectorAll('[aria-sort]').length") == 1


def test_address_keeps_the_view(page, browser):
    browser.open(f"{page.as_uri()}#sort=seconds&dir=ascending&words=sc1")
    assert shown(browser) == ["ep01/sc1", "sc10", "sc100"]
    browser.click("th[data-sort=name] button")
    address = browser.ask("location.href")
    browser.open(address)
    assert shown(browser) == ["ep01/sc1", "sc10", "sc100"]
    assert browser.ask("document.getElementById('words').value") == "sc1"


def test_filters_by_name_and_state(page, browser):
    browser.open(page.as_uri())
    browser.click("#words")
    browser.type("SC10")
    assert shown(browser) == ["sc10", "sc100"]
    browser.click("button[data-show=review]")
    assert shown(browser) == ["sc10"]
    browser.click("button[data-show=failed]")
    assert shown(browser) == []
    assert not browser.ask("document.getElementById('empty').hidden")
    assert browser.ask("document.querySelector('[aria-pressed=true]').textContent") == "Failed"


def test_keyboard_alone_is_enough(page, browser):
    browser.open(page.as_uri())
    browser.ask("document.querySelector('th[data-sort=name] button').focus()")
    browser.press("Enter")
    assert shown(browser)[0] == "ep01/sc1"
    assert browser.ask("document.activeElement.textContent") == "Shot"
    browser.press("Tab")
    assert browser.ask("document.activeElement.textContent") == "Doubt"


def test_nothing_is_asked_of_the_network(page, browser):
    browser.open(page.as_uri())
    pictures = "Array.from(document.images)"
    browser.ask(f"{pictures}.forEach(i => i.loading = 'eager')")
    assert browser.ask(f"{pictures}.length") == 3
    assert browser.ask(f"{pictures}.every(i => i.src.startsWith('data:'))")
    outside = [url for url in browser.requests if not url.startswith(("file:", "data:", "about:"))]
    assert outside == []
    assert [url for url in browser.requests if url.startswith("file:")] == [page.as_uri()]


def test_text_of_errors_is_text(page, browser):
    browser.open(page.as_uri())
    text = browser.ask("document.querySelector('[data-name=sc2] .trouble').textContent")
    assert text == RESULTS[3].error


@pytest.mark.parametrize("dark", [False, True])
def test_text_is_readable_on_its_ground(page, dark):
    program = find_browser()
    if program is None:
        pytest.skip("there is no browser here: install chromium to test the summary page")
    with Browser(program, dark=dark) as browser:
        browser.open(page.as_uri())
        ratios = browser.ask(CONTRASTS)
        assert browser.ask("matchMedia('(prefers-color-scheme: dark)').matches") == dark
    assert len(ratios) > 20
    assert min(ratio for _, ratio in ratios) >= 4.5, sorted(ratios, key=lambda r: r[1])[:5]


@pytest.mark.parametrize("width", [400, 1300])
def test_nothing_is_cut_off(page, width):
    program = find_browser()
    if program is None:
        pytest.skip("there is no browser here: install chromium to test the summary page")
    with Browser(program, size=(width, 900)) as browser:
        browser.open(page.as_uri())
        assert browser.ask("document.documentElement.scrollWidth <= innerWidth")


class _Tags(HTMLParser):
    """Checks that tags close in order, and collects links."""

    VOID = ("meta", "input", "br", "img", "line", "path")

    def __init__(self):
        super().__init__()
        self.open, self.links = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.open.append(tag)
        self.links += [value for key, value in attributes if key in ("href", "src")]

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_is_well_formed_and_links_are_relative(page):
    tags = _Tags()
    tags.feed(page.read_text("utf-8"))
    assert tags.open == []
    links = {link for link in tags.links if not link.startswith("data:")}
    assert links == {"x/report.json", "x/contact_sheet.png", "x/review.html"}


def test_names_cannot_break_the_page(tmp_path):
    name = "ep & <script>alert(1)</script> 'x' @ROWS@ #1 100%"
    result = replace(DONE, name=name, report=f"{name}/report.json")
    board = Board(tmp_path, [], Records(tmp_path, WholeFiles()), WholeFiles(), Gate())
    board.put(result)
    text = render_page(board.summary(), {})
    assert "<script>alert" not in text
    assert "%23" in text
    tags = _Tags()
    tags.feed(text)
    assert tags.open == []


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t="])
@pytest.mark.parametrize("before", ["", "a;", "a; ", "a,", "a\t", "a\n"])
def test_spreadsheet_takes_no_cell_for_a_formula(tmp_path, sign, before):
    """Whichever character it takes for the end of a cell."""
    board = Board(tmp_path, [], Records(tmp_path, WholeFiles()), WholeFiles(), Gate())
    board.put(replace(DONE, name=f"{before}{sign}1+1", error=f"{before}{sign}cmd"))
    board.write()
    text = (tmp_path / "summary.csv").read_text("utf-8")
    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            assert not [cell for cell in row if cell.lstrip(' "\t\r\n')[:1] in [*"=+-@"]]
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["error"].replace("'", "") == f"{before}{sign}cmd"


@pytest.fixture
def tracked(tmp_path):
    """The summary of five shots of a tracker's list."""
    artists = ("Mia", "Jo <b>", "Mia", "", "Mia")
    shots = [
        BatchShot(
            result.name, PropagateOptions(), {"Artist": artist, "Version": f"v{n}", "status": "wip"}
        )
        for n, (result, artist) in enumerate(zip(RESULTS, artists, strict=True))
    ]
    board = Board(tmp_path, shots, Records(tmp_path, WholeFiles()), WholeFiles(), Gate())
    for result in RESULTS:
        board.put(replace(result, columns={"Artist": "of an older list"}))
    board.write()
    return tmp_path


def test_columns_of_a_tracker_are_in_every_summary(tracked):
    summary = json.loads((tracked / "summary.json").read_text("utf-8"))
    assert first_error(summary, "batch_summary") is None
    assert summary["shots"][1]["columns"] == {"Artist": "Jo <b>", "Version": "v1", "status": "wip"}
    with (tracked / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["Artist"] for row in rows] == ["Mia", "Jo <b>", "Mia", "", "Mia"]
    assert rows[0]["Version"] == "v0"
    page = (tracked / "summary.html").read_text("utf-8")
    assert "Artist: Jo &lt;b&gt;, Version: v1, status: wip" in page
    assert "of an older list" not in page


def test_the_page_has_a_row_an_artist(tracked):
    page = (tracked / "summary.html").read_text("utf-8")
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert page.count('class="groups"') == 1  # every shot has its own version, all one status
    row = page.split('<tr data-group="Mia">')[1].split("</tr>")[0]
    numbers = re.findall(r'<td class="number">([^<]*)</td>', row)
    # sc10, sc100 and one that waits: 9 + 120 frames, 5 of 200 segments
    assert numbers == ["3", "2", "1", "0", "129", "2.5 %"]
    row = page.split('<tr data-group="(none)">')[1].split("</tr>")[0]
    assert re.findall(r'<td class="number">([^<]*)</td>', row)[3] == "1"


def test_an_artist_filters_the_shots(tracked, browser):
    browser.open((tracked / "summary.html").as_uri() + "#words=Mia")
    rows = browser.ask(
        "Array.from(document.querySelectorAll('#shots tbody tr')).filter(r => !r.hidden)"
        ".map(r => r.dataset.name)"
    )
    assert sorted(rows) == ["ep01/sc1", "sc10", "sc100"]
