"""The review page: what needs a look, what changed, and notes that outlive runs."""

import json
import re
import time
from urllib.parse import unquote

import numpy as np
import pytest

from ant_core.schemas import first_error
from ant_core.workflow import propagate
from tests.formats.kra_builder import Builder, Frame, Paint
from tests.support.browser import CONTRASTS, Browser, find_browser
from tests.support.drawn import BOXES, SIZE, line_drawing, make_shot, painting, save

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
    assert links == {"report.json", "contact_sheet.png", "color/0005.png"}


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


def wait_for(browser, saved):
    """Wait for a download: its file is there at once, but empty until it has ended."""
    end = time.monotonic() + 60
    while not saved.is_file() or saved.stat().st_size == 0:
        assert time.monotonic() < end
        browser.ask("1")  # so that the browser is heard
        time.sleep(0.05)


def test_notes_typed_on_the_page_outlive_reloads_and_runs(out, shot, cli, tmp_path, program):
    page = out / "review.html"
    with Browser(program, size=(1280, 900)) as browser:
        browser.open(page.as_uri())
        assert browser.ask("document.getElementById('save').disabled")
        browser.click(".card textarea")
        browser.type("hers & <his>")
        browser.until("localStorage.length === 1")
        come_back(browser, page, "document.querySelector('.card textarea').value", "hers & <his>")
        assert "1 note is kept in this browser" in browser.ask(
            "document.getElementById('kept').textContent"
        )
        browser.download_into(tmp_path)
        browser.click("#save")
        saved = tmp_path / "review_notes.json"
        wait_for(browser, saved)
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


def come_back(browser, page, expression, value):
    """Open a page again, until it shows what it stored on the visit before.

    On a busy machine Chromium hands storage over to the page's next process later than the page.
    """
    for _ in range(10):
        browser.open(page.as_uri())
        if browser.ask(expression) == value:
            return
        time.sleep(1)
    assert browser.ask(expression) == value


def note_on(out, text="look here", written="2026-01-01T10:00:00Z"):
    """Return a note on the first card of the page."""
    values, _ = cards(out)[0]
    place = {"drawing": values["drawing"], "frame": values["frame"]}
    place |= {name: [int(part) for part in values[name].split(",")] for name in ("point", "box")}
    return place | {"text": text, "written": written}


def write_notes(path, *notes):
    path.write_text(json.dumps({"schema": 1, "kind": "review_notes", "notes": notes}))


def texts_kept(out):
    document = json.loads((out / "review_notes.json").read_text("utf-8"))
    return {note["text"] for note in document["notes"]}


def texts_listed(out):
    """Return the lines of the list below the cards."""
    page = (out / "review.html").read_text("utf-8")
    assert page.count('class="others"') <= 1
    return re.findall(r"<li>(Frame .*?)</li>", page.partition('class="others"')[2])


def test_a_note_stays_when_its_segment_needs_no_look_any_more(out, shot, cli, tmp_path):
    note = note_on(out)
    write_notes(tmp_path / "notes.json", note)
    hints = tmp_path / "hints.json"
    hint = {"frame": 5, "point": note["point"], "color": [9, 8, 7, 255]}
    hints.write_text(json.dumps({"schema": 1, "hints": [hint]}))
    run = ("propagate", shot, "--out", out, "--hints", hints)
    for more in (("--review-notes", tmp_path / "notes.json"), ()):
        assert cli(*run, *more).code == 0
        assert [body for _, body in cards(out) if "look here" in body]


def test_a_card_without_a_picture_says_why(out, shot, cli, tmp_path, monkeypatch):
    monkeypatch.setattr("ant_core.propagation.crops._MOST", 0)
    note = note_on(out)
    write_notes(tmp_path / "notes.json", note)
    hint = {"frame": 5, "point": note["point"], "color": [9, 8, 7, 255]}
    (tmp_path / "hints.json").write_text(json.dumps({"schema": 1, "hints": [hint]}))
    other = tmp_path / "other"
    run = ("propagate", shot, "--out", other, "--review-notes", tmp_path / "notes.json")
    for more, doubtful, told in (
        ((), "1", "no picture"),
        (("--hints", tmp_path / "hints.json"), "0", "sure by now"),
    ):
        assert cli(*run, *more).code == 0
        ((values, body),) = cards(other)
        assert values["doubtful"] == doubtful
        assert f'<figure class="none">{told}</figure>' in body


def test_a_note_on_a_drawing_that_was_changed_is_not_lost(out, shot, cli):
    write_notes(out / "review_notes.json", note_on(out))  # saved there by the browser
    save(shot / "line" / "0005.png", line_drawing(4))
    assert cli("propagate", shot, "--out", out).code == 0
    (line,) = texts_listed(out)
    assert re.fullmatch(r"Frame 5 at \d+, \d+: look here", line)
    assert texts_kept(out) == {"look here"}


@pytest.mark.parametrize("more", [(), ("--lock", "5")])
def test_a_note_on_a_drawing_that_was_painted_or_locked_since_is_listed(out, shot, cli, more):
    write_notes(out / "review_notes.json", note_on(out))
    if not more:
        save(shot / "color" / "0005.png", painting(4, (*BOXES, STRANGE)))
        (out / "color" / "0005.png").unlink()
    assert cli("propagate", shot, "--out", out, *more).code == 0
    assert [line for line in texts_listed(out) if line.endswith(": look here")]


def test_the_older_of_two_notes_on_one_segment_is_listed(out, shot, cli):
    newer = note_on(out, "newer", "2026-01-02T10:00:00Z")
    older = note_on(out, "older")
    older["point"] = [older["point"][0] + 1, older["point"][1]]  # as when it was two segments
    write_notes(out / "review_notes.json", older, newer)
    assert cli("propagate", shot, "--out", out).code == 0
    assert [body for _, body in cards(out) if "newer</textarea>" in body]
    assert [line.rpartition(": ")[2] for line in texts_listed(out)] == ["older"]


def test_a_card_keeps_the_place_that_its_note_was_written_at(out, shot, cli):
    """A note saved again from the page stays one note, when segments were divided since."""
    note = note_on(out)
    note["point"] = [note["point"][0] + 1, note["point"][1]]
    write_notes(out / "review_notes.json", note)
    assert cli("propagate", shot, "--out", out).code == 0
    assert note_on(out) == note


def test_a_note_on_a_frame_that_was_left_out_is_listed(out, shot, cli):
    write_notes(out / "review_notes.json", note_on(out))
    assert cli("propagate", shot, "--out", out, "--frames", "1-3").code == 0
    assert [line for line in texts_listed(out) if line.endswith(": look here")]
    assert "former" not in (out / "review.html").read_text("utf-8")


def test_notes_saved_while_a_run_goes_on_are_kept(out, shot, cli, tmp_path, monkeypatch):
    write_notes(tmp_path / "notes.json", note_on(out, "given"))
    meanwhile = note_on(out, "meanwhile", "2026-01-02T10:00:00Z")
    meanwhile["drawing"] = "0" * 64
    write_sheet = propagate.write_sheet

    def at_the_end(*arguments):
        write_notes(out / "review_notes.json", meanwhile)
        return write_sheet(*arguments)

    monkeypatch.setattr(propagate, "write_sheet", at_the_end)
    assert cli("propagate", shot, "--out", out, "--review-notes", tmp_path / "notes.json").code == 0
    assert texts_kept(out) == {"given", "meanwhile"}
    assert [line for line in texts_listed(out) if line.endswith(": meanwhile")]


def test_notes_damaged_while_a_run_goes_on_are_told_and_left_alone(
    out, shot, cli, tmp_path, monkeypatch
):
    write_notes(tmp_path / "notes.json", note_on(out))
    write_sheet = propagate.write_sheet

    def at_the_end(*arguments):
        (out / "review_notes.json").write_text("{")
        return write_sheet(*arguments)

    monkeypatch.setattr(propagate, "write_sheet", at_the_end)
    done = cli("propagate", shot, "--out", out, "--review-notes", tmp_path / "notes.json")
    assert done.code == 0
    assert "review_notes.json is no JSON file" in done.err
    assert (out / "review_notes.json").read_text() == "{"
    assert [body for _, body in cards(out) if "look here" in body]


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

    _, body = next((v, b) for v, b in cards(out) if v["frame"] == "5")
    data = base64.b64decode(re.search(r"base64,([^\"]+)", body)[1])
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1].astype(int)
    assert (np.abs(picture - painting(0)[0, 0, :3]).max(axis=2) < 20).mean() > 0.2
    assert (np.abs(picture - [255, 64, 150]).max(axis=2) < 60).any()  # the outline


@pytest.fixture
def document(tmp_path, cli, monkeypatch):
    """A document with a name that JavaScript could take for its own, coloured where it lies."""
    monkeypatch.chdir(tmp_path)
    drawings = line_drawing(0), line_drawing(1, (*BOXES, STRANGE))
    ink = [np.dstack([np.zeros((*SIZE, 3), np.uint8), 255 - drawing]) for drawing in drawings]
    lines = Paint("Line", {time: Frame(image) for time, image in enumerate(ink)})
    builder = Builder(SIZE[1], SIZE[0], "shot")
    path = tmp_path / "Bob's `${x}`.kra"
    builder.write(path, [lines, Paint("Color", {0: Frame(painting(0))})])
    layers = ("--line", "Line", "--color", "Color", "--in-place")
    assert cli("propagate", path.name, *layers).code == 0
    return path


def test_the_page_of_a_document_has_its_name_and_links_to_it(document):
    page = document.with_suffix(".review.html")
    text = page.read_text("utf-8")
    assert "<h1>Review of Bob&#39;s `${x}`.kra</h1>" in text
    links = {unquote(link) for link in re.findall(r'href="([^"]*)"', text)}
    beside = {document.with_suffix(end).name for end in (".report.json", ".contact_sheet.png")}
    assert links == {document.name, *beside}
    assert all((page.parent / link).is_file() for link in links)


def test_the_script_of_a_page_takes_every_name(document, program):
    with Browser(program, size=(1280, 900)) as browser:
        browser.open(document.with_suffix(".review.html").as_uri())
        browser.click(".card textarea")
        browser.type("look")
        told = browser.ask("document.getElementById('kept').textContent")
        assert "save them as Bob's `${x}`.review_notes.json beside this page" in told
        browser.download_into(document.parent)
        browser.click("#save")
        saved = document.with_suffix(".review_notes.json")
        wait_for(browser, saved)
        assert browser.errors == []


@pytest.mark.parametrize("name", ["shot", "."])
def test_the_page_of_a_folder_has_its_name(tmp_path, cli, monkeypatch, name):
    shot = make_shot(tmp_path / "lines", frames=range(1, 3), painted=[1, 2])
    (tmp_path / "shot").mkdir()
    monkeypatch.chdir(tmp_path / "shot" if name == "." else tmp_path)
    assert cli("propagate", shot, "--out", name).code == 0
    assert "Review of shot</h1>" in (tmp_path / "shot" / "review.html").read_text("utf-8")
