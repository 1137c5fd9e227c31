"""The review page: what needs a look, what changed, and notes that outlive runs."""

import json
import re

import pytest

from ant_core.schemas import first_error
from tests.support.browser import CONTRASTS, Browser, find_browser
from tests.support.drawn import BOXES, line_drawing, make_shot, painting, save

STRANGE = ((70, 60, 16, 12), (1, 2, 3, 255))  # a box that no painted frame has


@pytest.fixture
def shot(tmp_path):
    shot = make_shot(tmp_path / "shot & <b>", frames=range(1, 7), painted=[1, 6])
    save(shot / "line" / "0005.png", line_drawing(4, (*BOXES, STRANGE)))
    return shot


@pytest.fixture
def out(tmp_path, shot, cli):
    out = tmp_path / "out & <b>"
    assert cli("propagate", shot, "--out", out).code == 0
    return out


@pytest.fixture
def program():
    program = find_browser()
    if program is None:
        pytest.skip("there is no browser here: install chromium to test the review page")
    return program


def cards(out):
    """Return the cards of the page: what stands in their first tag, and all of their HTML."""
    page = (out / "review.html").read_text("utf-8")
    found = re.findall(r"<article(.*?)>(.*?)</article>", page, re.DOTALL)
    return [(dict(re.findall(r'data-(\w+)="([^"]*)"', head)), body) for head, body in found]


def test_segments_without_counterpart_stand_first_with_their_place(out):
    values, body = cards(out)[0]
    report = json.loads((out / "report.json").read_text("utf-8"))
    segments = report["frames"][4]["segments"]
    (strange,) = [item for item in segments if item["state"] == "no_counterpart"]
    assert values["frame"] == "5"
    assert values["bare"] == "1"
    assert [int(part) for part in values["point"].split(",")] == strange["point"]
    assert [int(part) for part in values["box"].split(",")] == strange["box"]
    assert values["drawing"] == report["frames"][4]["drawing"]
    x, y = strange["point"]
    assert 70 < x - 4 < 86
    assert 60 < y < 72
    assert strange["others"]  # what it resembles most, so that it can be judged
    assert "No counterpart" in body
    assert body.count("data:image/jpeg") == 1


def test_names_are_text_and_links_are_relative(out):
    page = (out / "review.html").read_text("utf-8")
    assert "Review of out &amp; &lt;b&gt;" in page
    links = set(re.findall(r'href="([^"]*)"', page))
    assert {"report.json", "contact_sheet.png", "color/0005.png"} >= links


def test_what_a_run_changes_is_shown_before_and_after(out, shot, cli, tmp_path):
    assert all(values["changed"] == "0" for values, _ in cards(out))
    hints = tmp_path / "hints.json"
    hint = {"frame": 3, "point": [24, 22], "color": [9, 8, 7, 255]}
    hints.write_text(json.dumps({"schema": 1, "hints": [hint]}))
    assert cli("propagate", shot, "--out", out, "--hints", hints).code == 0
    changed = [(values, body) for values, body in cards(out) if values["changed"] == "1"]
    body = next(body for values, body in changed if values["frame"] == "3")
    assert body.count("data:image/jpeg") == 2
    assert "9 8 7 255" in body
    assert "220 40 40 255" in body  # the colour before
    assert "its hints changed" in body
    assert cli("propagate", shot, "--out", out, "--hints", hints).code == 0
    assert all(values["changed"] == "0" for values, _ in cards(out))


def test_notes_typed_on_the_page_outlive_reloads_and_runs(out, shot, cli, tmp_path, program):
    page = out / "review.html"
    with Browser(program, size=(1280, 900)) as browser:
        browser.open(page.as_uri())
        assert browser.ask("document.getElementById('save').disabled")
        browser.click(".card textarea")
        browser.type("hers & <his>")
        browser.open(page.as_uri())
        assert browser.ask("document.querySelector('.card textarea').value") == "hers & <his>"
        assert "1 note is kept in this browser" in browser.ask(
            "document.getElementById('kept').textContent"
        )
        browser.download_into(tmp_path)
        browser.click("#save")
        saved = tmp_path / "review_notes.json"
        # There at once, but empty until the download has ended; gone if the browser ends first.
        while not saved.is_file() or saved.stat().st_size == 0:
            browser.ask("1")
        outside = [u for u in browser.requests if not u.startswith(("file:", "data:", "blob:"))]
        assert [url for url in outside if url != "about:blank"] == []
        assert browser.errors == []
    assert first_error(json.loads(saved.read_text("utf-8")), "review_notes") is None
    assert cli("propagate", shot, "--out", out, "--review-notes", saved).code == 0
    kept = (out / "review_notes.json").read_text("utf-8")
    assert cli("propagate", shot, "--out", out).code == 0  # without the option
    assert (out / "review_notes.json").read_text("utf-8") == kept
    with Browser(program, size=(1280, 900)) as browser:  # one that knows nothing of it
        browser.open(page.as_uri())
        assert browser.ask("document.querySelector('.card textarea').value") == "hers & <his>"
        browser.click("button[data-show=noted]")
        assert browser.ask("document.getElementById('count').textContent").startswith("1 of ")


def write_note(path, out, text="look here"):
    values, _ = cards(out)[0]
    place = {"drawing": values["drawing"], "frame": values["frame"]}
    place |= {name: [int(part) for part in values[name].split(",")] for name in ("point", "box")}
    note = place | {"text": text, "written": "2026-01-01T10:00:00Z"}
    path.write_text(json.dumps({"schema": 1, "kind": "review_notes", "notes": [note]}))
    return note


def test_a_note_stays_when_its_segment_needs_no_look_any_more(out, shot, cli, tmp_path):
    note = write_note(tmp_path / "notes.json", out)
    hints = tmp_path / "hints.json"
    hint = {"frame": 5, "point": note["point"], "color": [9, 8, 7, 255]}
    hints.write_text(json.dumps({"schema": 1, "hints": [hint]}))
    run = ("propagate", shot, "--out", out, "--hints", hints)
    for more in (("--review-notes", tmp_path / "notes.json"), ()):
        assert cli(*run, *more).code == 0
        assert [body for _, body in cards(out) if "look here" in body]


def test_a_note_on_a_drawing_that_was_changed_is_not_lost(out, shot, cli, tmp_path):
    write_note(out / "review_notes.json", out)  # saved there by the browser
    save(shot / "line" / "0005.png", line_drawing(4))
    assert cli("propagate", shot, "--out", out).code == 0
    page = (out / "review.html").read_text("utf-8")
    assert "Notes on former drawings" in page
    assert re.search(r"<li>Frame 5 at \d+, \d+: look here</li>", page)
    assert "look here" in (out / "review_notes.json").read_text("utf-8")


@pytest.mark.parametrize("text", ["{", '{"schema": 1}', '{"notes": [1]}', "[]"])
def test_notes_that_are_none_end_in_one_sentence(shot, cli, tmp_path, text):
    notes = tmp_path / "notes.json"
    notes.write_text(text)
    done = cli("propagate", shot, "--out", tmp_path / "other", "--review-notes", notes)
    assert done.code == 5
    assert "from the review page" in done.err
    assert not (tmp_path / "other").exists()


def test_kept_notes_that_are_damaged_are_told_before_anything_is_coloured(out, shot, cli):
    (out / "review_notes.json").write_text("{")
    report = (out / "report.json").read_bytes()
    done = cli("propagate", shot, "--out", out)
    assert done.code == 5
    assert "review_notes.json is no JSON file" in done.err
    assert (out / "report.json").read_bytes() == report


def test_a_shot_without_doubt_has_a_page_too(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=range(1, 3), painted=[1, 2])
    assert cli("propagate", shot, "--out", tmp_path / "out").code == 0
    assert "No segment needs a look." in (tmp_path / "out" / "review.html").read_text("utf-8")


@pytest.mark.parametrize("dark", [False, True])
def test_text_is_readable_and_nothing_is_cut_off(out, program, dark):
    for width in (400, 1280):
        with Browser(program, dark=dark, size=(width, 900)) as browser:
            browser.open((out / "review.html").as_uri())
            assert browser.ask("document.documentElement.scrollWidth <= innerWidth")
            ratios = browser.ask(CONTRASTS)
        assert len(ratios) > 20
        assert min(ratio for _, ratio in ratios) >= 4.5, sorted(ratios, key=lambda r: r[1])[:5]


def test_pictures_show_the_colours(out):
    import base64

    import cv2
    import numpy as np

    _, body = next((v, b) for v, b in cards(out) if v["frame"] == "5")
    data = base64.b64decode(re.search(r"base64,([^\"]+)", body)[1])
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1].astype(int)
    assert (np.abs(picture - painting(0)[0, 0, :3]).max(axis=2) < 20).mean() > 0.2
    assert (np.abs(picture - [255, 64, 150]).max(axis=2) < 60).any()  # the outline
